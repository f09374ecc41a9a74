use std::fmt::Write as _;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Find;
use crate::refusal::Refusal;

/// Encodings of which a build may hold a compressed copy beside a file, the smallest first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Serves a file in the best encoding that the client takes; `None` when there is no such file.
///
/// A build may leave out the plain file where it has copies: every browser takes at least one of the encodings.
pub(super) fn respond(find: Find, name: &str, headers: &HeaderMap) -> Option<Response> {
    if ENCODINGS.iter().any(|(_, suffix)| name.ends_with(suffix)) {
        return None;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut copies = ENCODINGS
        .iter()
        .filter_map(|(encoding, suffix)| Some((*encoding, find(&format!("{name}{suffix}"))?)))
        .peekable();
    let has_copies = copies.peek().is_some();
    let (encoding, file) = match copies.find(|(encoding, _)| takes(accepted, encoding)) {
        Some((encoding, file)) => (Some(encoding), file),
        None => match find(name) {
            Some(file) => (None, file),
            None if has_copies => return Some(only_compressed().into_response()),
            None => return None,
        },
    };

    let tag = entity_tag(&file.metadata.sha256_hash())?;
    let is_known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|known| {
        known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|known| known == "*" || tag == known)
    });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data.into_owned()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    // What the bundler names by its content never changes; all else is asked for each time, and mostly not sent.
    let is_hashed = name.starts_with("assets/");
    let caching = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::ETAG, tag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

fn only_compressed() -> Refusal {
    let message = "this file is kept compressed only; accept the encoding gzip or br";
    Refusal::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
        .with_header(header::VARY, HeaderValue::from_static("accept-encoding"))
}

/// Does the `Accept-Encoding` header name it, with a quality above 0?
fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let quality = parameters.trim().strip_prefix("q=").and_then(|quality| quality.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && quality.is_none_or(|quality| quality > 0.0)
    })
}

/// The first 16 bytes of a hash: enough to tell versions of one file apart.
fn entity_tag(hash: &[u8]) -> Option<HeaderValue> {
    let mut tag = String::from("\"");
    for byte in hash.iter().take(16) {
        write!(tag, "{byte:02x}").ok()?;
    }
    tag.push('"');
    HeaderValue::try_from(tag).ok()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
