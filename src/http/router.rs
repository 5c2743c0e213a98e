//! Finds the row of a request.

use hyper::{Method, header::HeaderValue};

use super::route::Route;
use crate::metrics::{Meter, Traffic};

/// The base under which every path is served a second time.
pub(super) const BASE: &str = "/api/v1";

/// All rows, by path.
pub struct Router {
    paths: matchit::Router<usize>,
    resources: Vec<Resource>,
    traffic: Traffic,
    /// Counts the requests for the methods of a path.
    options: Meter,
    /// Counts the requests of no row.
    unmatched: Meter,
}

/// What is at one path.
pub(super) struct Resource {
    /// The path as the table writes it.
    pub(super) pattern: &'static str,
    /// The methods that it takes, as a header's value.
    pub(super) allow: HeaderValue,
    routes: Vec<(Route, Meter)>,
}

/// Two rows of the table cannot stand together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} cannot be at {path}: {reason}")]
pub struct RouterError {
    operation: &'static str,
    path: &'static str,
    reason: String,
}

impl Router {
    /// Take the table, and count its requests in `traffic`.
    ///
    /// # Errors
    ///
    /// [`RouterError`] if a path is malformed, or the same as another's.
    pub fn new(routes: Vec<Route>, traffic: &Traffic) -> Result<Self, RouterError> {
        let (mut paths, mut resources) = (matchit::Router::new(), Vec::<Resource>::new());
        for route in routes {
            let meter = traffic.meter(route.operation, route.path, known(&route.method));
            let error = |reason: String| RouterError { operation: route.operation, path: route.path, reason };
            match resources.iter_mut().find(|resource| resource.pattern == route.path) {
                Some(resource) if resource.route(&route.method).is_some() => {
                    return Err(error("another row has this method".to_owned()));
                }
                Some(resource) => resource.routes.push((route, meter)),
                None => {
                    paths.insert(route.path, resources.len()).map_err(|reason| error(reason.to_string()))?;
                    let allow = HeaderValue::from_static("");
                    resources.push(Resource { pattern: route.path, allow, routes: vec![(route, meter)] });
                }
            }
        }
        for resource in &mut resources {
            resource.allow = resource.methods();
        }
        let (options, unmatched) =
            (traffic.meter("options", "-", "OPTIONS"), traffic.meter("unmatched", "-", "-"));
        Ok(Self { paths, resources, traffic: traffic.clone(), options, unmatched })
    }

    /// What is at `path`, bare or under the base, and the part of it that varies.
    pub(super) fn find(&self, path: &str) -> Option<(&Resource, Option<String>)> {
        let bare = path.strip_prefix(BASE).filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let found = self.paths.at(bare).ok()?;
        let variable = found.params.iter().next().map(|(_, value)| value.to_owned());
        Some((self.resources.get(*found.value)?, variable))
    }
}

impl Router {
    /// What counts the requests with `method` for `resource`.
    pub(super) fn meter<'a>(&'a self, resource: Option<&'a Resource>, method: &Method) -> &'a Meter {
        match resource {
            Some(_) if *method == Method::OPTIONS => &self.options,
            Some(resource) => resource.row(method).map_or(&self.unmatched, |(_, meter)| meter),
            None => &self.unmatched,
        }
    }

    /// What counts the requests of all rows.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// What counts the requests of no row.
    pub(super) fn unmatched(&self) -> &Meter {
        &self.unmatched
    }
}

impl Resource {
    /// The row for `method`. A `HEAD` is a `GET` whose body is not sent.
    pub(super) fn route(&self, method: &Method) -> Option<&Route> {
        self.row(method).map(|(route, _)| route)
    }

    fn row(&self, method: &Method) -> Option<&(Route, Meter)> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.routes.iter().find(|(route, _)| route.method == method)
    }

    fn methods(&self) -> HeaderValue {
        let mut methods: Vec<_> = self.routes.iter().map(|(route, _)| route.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }
}

/// The method for logs and metrics: a client may send any word.
pub(super) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.resources.iter().map(|resource| resource.pattern)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::{
        App, Problem, Request,
        route::{Public, Quota, get, post},
        routes::routes,
    };

    fn router(routes: Vec<Route>) -> Result<Router, RouterError> {
        Router::new(routes, &Traffic::default())
    }

    async fn nothing(_: Arc<App>, _: Request<(), ()>) -> Result<(), Problem> {
        std::future::ready(Ok(())).await
    }

    fn at(path: &'static str) -> Route {
        get("a", path, Public, Quota::Unlimited, nothing, "")
    }

    #[test]
    fn the_table_stands() {
        router(routes()).unwrap();
        let mut names: Vec<_> = routes().iter().map(|route| route.operation).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "an operation's name is used twice");
    }

    #[test]
    fn each_path_is_found_bare_and_under_the_base() {
        let router = router(vec![
            at("/a"),
            post("b", "/a", Public, Quota::Unlimited, nothing, ""),
            at("/u/{id}"),
            at("/w/{*path}"),
        ])
        .unwrap();
        let pattern = |path| router.find(path).map(|(resource, _)| resource.pattern);
        let cases = [
            ("/a", Some("/a")),
            ("/api/v1/a", Some("/a")),
            ("/api/v1/api/v1/a", None),
            ("/api/v1a", None),
            ("/api/v1", None),
            ("/a/", None),
            ("/u/7", Some("/u/{id}")),
            ("/u/7/8", None),
            ("/w/x/y", Some("/w/{*path}")),
            ("", None),
            ("*", None),
        ];
        for (path, expected) in cases {
            assert_eq!(pattern(path), expected, "{path}");
        }
        let (resource, variable) = router.find("/api/v1/u/7").unwrap();
        assert_eq!(
            (resource.allow.to_str().unwrap(), variable.as_deref()),
            ("GET, HEAD, OPTIONS", Some("7"))
        );
        assert_eq!(router.find("/a").unwrap().0.allow, "GET, POST, HEAD, OPTIONS");
    }

    #[test]
    fn two_rows_for_one_thing_are_refused() {
        assert!(router(vec![at("/a"), at("/a")]).is_err());
        assert!(router(vec![at("/u/{id}"), at("/u/{name}")]).is_err());
    }
}
