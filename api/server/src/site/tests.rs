use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, Metadata};

use super::answer;

/// A build of a page with a compressed script, and a style sheet that is there compressed only.
fn build(name: &str) -> Option<EmbeddedFile> {
    let data: &'static [u8] = match name {
        "index.html" => b"<html>",
        "assets/main-1a2b.js" => b"plain",
        "assets/main-1a2b.js.br" => b"brotli",
        "assets/main-1a2b.js.gz" => b"gzip",
        "assets/only-3c4d.css.gz" => b"gzip",
        _ => return None,
    };
    let hash = std::array::from_fn(|at| data.get(at % data.len()).copied().unwrap_or_default());
    Some(EmbeddedFile { data: Cow::Borrowed(data), metadata: Metadata::__rust_embed_new(hash, None, None) })
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn get(path: &str, headers: &[(HeaderName, &str)]) -> Got {
    let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
    let response = answer(build, &Method::GET, path, &headers);
    Got { status: response.status(), headers: response.headers().clone() }
}

#[test]
fn a_file_comes_in_the_smallest_encoding_that_is_accepted() {
    let check = |accepted: &str, expected: &str| {
        let got = get("/assets/main-1a2b.js", &[(header::ACCEPT_ENCODING, accepted)]);
        assert_eq!((got.status, got.header("content-encoding")), (StatusCode::OK, expected), "{accepted}");
        assert_eq!(got.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(got.header("vary"), "accept-encoding");
    };
    check("gzip, deflate, br, zstd", "br");
    check("gzip, deflate", "gzip");
    check("br;q=0, gzip;q=0.5", "gzip");
    check("brotli, identity", "");
    check("", "");
}

#[test]
fn a_file_that_is_kept_compressed_needs_a_client_that_takes_it() {
    let path = "/assets/only-3c4d.css";
    assert_eq!(get(path, &[(header::ACCEPT_ENCODING, "gzip")]).header("content-encoding"), "gzip");
    assert_eq!(get(path, &[]).status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(get("/assets/only-3c4d.css.gz", &[]).status, StatusCode::NOT_FOUND);
}

#[test]
fn what_is_named_by_its_content_is_kept_for_ever_and_the_page_is_asked_for_each_time() {
    assert_eq!(get("/assets/main-1a2b.js", &[]).header("cache-control"), "public, max-age=31536000, immutable");
    let page = get("/", &[]);
    assert_eq!(page.header("cache-control"), "no-cache");
    let tag = page.header("etag");
    assert_eq!(tag.len(), 34);
    for known in [tag, "*", &format!("W/{tag}"), &format!("\"other\", {tag}")] {
        let again = get("/", &[(header::IF_NONE_MATCH, known)]);
        assert_eq!((again.status, again.header("etag")), (StatusCode::NOT_MODIFIED, tag), "{known}");
    }
    assert_eq!(get("/", &[(header::IF_NONE_MATCH, "\"other\"")]).status, StatusCode::OK);
}

#[test]
fn a_place_inside_the_page_is_the_page() {
    let html = [(header::ACCEPT, "text/html,*/*;q=0.8")];
    assert_eq!(get("/rooms/kitchen", &html).header("content-type"), "text/html; charset=utf-8");
    assert_eq!(get("/rooms/kitchen", &[]).status, StatusCode::NOT_FOUND);
    assert_eq!(get("/missing.js", &html).status, StatusCode::NOT_FOUND);
    assert_eq!(get("/../Cargo.toml", &[]).status, StatusCode::NOT_FOUND);
}

#[test]
fn a_page_may_load_nothing_from_elsewhere() {
    let page = get("/", &[]);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[test]
fn a_build_without_a_page_says_how_to_get_one() {
    let missing = |_: &str| None;
    let response = answer(missing, &Method::GET, "/", &HeaderMap::new());
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(answer(missing, &Method::GET, "/x.js", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    assert_eq!(answer(build, &Method::POST, "/", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
}
