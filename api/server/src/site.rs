//! The web page and GraphiQL, from files inside the binary.
//!
//! The builds of both are not in the repository; `cargo xtask web` makes them. A hub that was built without them serves a
//! page that says so, and everything else works.

mod file;
#[cfg(test)]
mod tests;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use self::file::respond;
use crate::refusal::Refusal;

/// The build of the web page.
#[derive(RustEmbed)]
#[folder = "../../mobile-sdk/web/dist"]
#[allow_missing = true]
struct WebPage;

/// The build of GraphiQL.
#[derive(RustEmbed)]
#[folder = "graphiql/dist"]
#[allow_missing = true]
struct GraphiQl;

/// Finds a file of a build by its path.
type Find = fn(&str) -> Option<EmbeddedFile>;

/// Only what comes from the hub itself, no inline scripts, no inline styles.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);

/// As the page's, but the editor writes styles of its own and draws its icons from data.
const GRAPHIQL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Ingle</title>\
    <h1>This build has no web page</h1><p>Run <code>cargo xtask web</code> and build the hub again. The API is at \
    <a href=\"/graphiql\">/graphiql</a> and <a href=\"/schema.graphql\">/schema.graphql</a>.</p></html>";

/// Every address that nobody else has: a file of the page, or the page itself for a path that it made up.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    answer(WebPage::get, &method, uri.path(), &headers)
}

/// `GET /graphiql`.
pub(crate) async fn graphiql_page(headers: HeaderMap) -> Response {
    match respond(GraphiQl::get, "index.html", &headers) {
        Some(response) => with_policy(response, GRAPHIQL_POLICY),
        None => not_built(),
    }
}

/// `GET /graphiql/…`: a file of GraphiQL.
pub(crate) async fn graphiql_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // The page at /graphiql names its files as /graphiql/assets/….
    match respond(GraphiQl::get, &path, &headers) {
        Some(response) => with_policy(response, GRAPHIQL_POLICY),
        None => not_found(&path).into_response(),
    }
}

fn answer(find: Find, method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return not_found(path).into_response();
    }
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    if let Some(response) = respond(find, name, headers) {
        return with_policy(response, PAGE_POLICY);
    }
    let is_place_in_page = !name.rsplit('/').next().unwrap_or_default().contains('.') || name == "index.html";
    let wants_page = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    if !(is_place_in_page && wants_page) && path != "/" {
        return not_found(path).into_response();
    }
    match respond(find, "index.html", headers) {
        Some(response) => with_policy(response, PAGE_POLICY),
        None => not_built(),
    }
}

fn with_policy(mut response: Response, policy: HeaderValue) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn not_built() -> Response {
    let response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response();
    with_policy(response, PAGE_POLICY)
}

fn not_found(path: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is nothing at {path}"))
}
