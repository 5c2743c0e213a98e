//! What a handler reads from a request's target: a part of the path, and the query.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{code::Code, problem::Problem, query, schemas::Schemas};

/// What a handler reads from the target: `()`, a [`Path`], a [`Query`], or both of them.
///
/// A handler that reads no query is not disturbed by one: proxies and people add to addresses what they like.
pub trait Target: Sized + Send {
    /// Read it from the part of the path that varies, and from what follows the question mark.
    ///
    /// # Errors
    ///
    /// [`Code::PathUnknown`] if nothing can be at such a path, [`Code::FieldInvalid`] for a bad parameter of the query.
    fn read(variable: Option<&str>, query: &str) -> Result<Self, Problem>;

    /// The parameters as OpenAPI describes them, at the `path` of the table.
    fn parameters(path: &str, schemas: &mut Schemas) -> Vec<Value>;
}

/// The part of the path that the table writes as `{name}`, whatever its name.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The query, read by the rules of a body: a parameter that is missing, unknown, bad or there twice is refused by name.
///
/// `Q` is a struct that denies unknown fields, with fields of one value each: numbers, `bool`, text, an enum, or an
/// `Option` of these.
#[derive(Debug, Clone, Copy)]
pub struct Query<Q>(pub Q);

impl Target for () {
    fn read(_: Option<&str>, _: &str) -> Result<Self, Problem> {
        Ok(())
    }

    fn parameters(_: &str, _: &mut Schemas) -> Vec<Value> {
        Vec::new()
    }
}

impl<T: FromStr + JsonSchema + Send> Target for Path<T> {
    fn read(variable: Option<&str>, _: &str) -> Result<Self, Problem> {
        let text = variable.ok_or_else(|| Problem::internal("the row's path has no {part}"))?;
        text.parse().map(Self).map_err(|_| Problem::new(Code::PathUnknown))
    }

    fn parameters(path: &str, schemas: &mut Schemas) -> Vec<Value> {
        let schema = schemas.request::<T>();
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let described = parts.map(|name| {
            let name = name.trim_start_matches('*');
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        });
        described.collect()
    }
}

impl<Q: DeserializeOwned + JsonSchema + Send> Target for Query<Q> {
    fn read(_: Option<&str>, query: &str) -> Result<Self, Problem> {
        query::parse(query).map(Self)
    }

    fn parameters(_: &str, schemas: &mut Schemas) -> Vec<Value> {
        let object = schemas.query::<Q>();
        let required = object["required"].as_array().cloned().unwrap_or_default();
        let fields = object["properties"].as_object().into_iter().flatten();
        let described = fields.map(|(name, schema)| {
            json!({"name": name, "in": "query", "required": required.contains(&json!(name)), "schema": schema})
        });
        described.collect()
    }
}

impl<P: Target, Q: Target> Target for (P, Q) {
    fn read(variable: Option<&str>, query: &str) -> Result<Self, Problem> {
        Ok((P::read(variable, query)?, Q::read(variable, query)?))
    }

    fn parameters(path: &str, schemas: &mut Schemas) -> Vec<Value> {
        let mut all = P::parameters(path, schemas);
        all.extend(Q::parameters(path, schemas));
        all
    }
}
