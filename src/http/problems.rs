//! What a refusal means: the page that a problem's `type` leads to.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::{Html, PageOr},
    request::Request,
    target::Path,
};

/// A refusal, explained.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Explanation {
    code: Code,
    title: &'static str,
    status: u16,
    advice: &'static str,
}

/// Explain the code that the path names: as a page, or as JSON for a client that asks for that.
pub(super) async fn get(
    _: Arc<App>,
    request: Request<(), (), Path<Code>>,
) -> Result<PageOr<Html, Explanation>, Problem> {
    let Path(code) = request.target;
    if request.head.accepts("application/json") && !request.head.accepts("text/html") {
        return Ok(PageOr::Data(Explanation {
            code,
            title: code.title(),
            status: code.status().as_u16(),
            advice: code.advice(),
        }));
    }
    let (title, status) = (escape(code.title()), code.status());
    Ok(PageOr::Page(Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} ({code})</title>\n\
         <h1>{title}</h1>\n<p>{}</p>\n<p>Code <code>{code}</code>, sent with the status {status}.</p>\n</html>\n",
        escape(code.advice()),
    ))))
}

/// `text` as it stands in HTML outside of tags.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
