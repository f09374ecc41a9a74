//! Who may ask: the guard against DNS rebinding (`Host`) and against pages from elsewhere (`Origin`).
//!
//! A name that an attacker owns can be made to point at the hub (rebinding), so only names that cannot be his are
//! answered: IP addresses, `localhost`, `*.local` of the own network, and what the owner configured. A page from elsewhere
//! can make a browser send requests to the hub, so a request that names an origin must name the hub's own or a configured
//! one; one that only says `Sec-Fetch-Site: cross-site` may not reach GraphQL.

#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{Config, refusal::Refusal};

/// The names and origins that are answered.
#[derive(Debug)]
pub(crate) struct Gate {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Gate {
    pub(crate) fn new(config: &Config) -> Self {
        Self { hosts: config.allowed_hosts().to_vec(), origins: config.allowed_origins().to_vec() }
    }

    /// Is `authority` (`host[:port]`) a name of the hub?
    fn knows_host(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else { return false };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_address = host.parse::<IpAddr>().is_ok();
        let is_local = host == "localhost" || host.strip_suffix(".local").is_some_and(|name| !name.is_empty());
        is_address || is_local || self.hosts.contains(&host)
    }

    fn check(&self, authority: Option<&str>, path: &str, headers: &HeaderMap) -> Result<Visitor, Refusal> {
        let Some(authority) = authority else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "BAD_HOST", "the request has no Host header"));
        };
        if !self.knows_host(authority) {
            let message = format!(
                "the hub does not answer to the name {authority:?}; use its IP address, or add the name to \
                 server.allowed_hosts"
            );
            return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "BAD_HOST", message));
        }
        let Some(origin) = headers.get(header::ORIGIN) else {
            let is_foreign =
                headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
            let is_graphql = path == "/graphql" || path.starts_with("/graphql/");
            return if is_foreign && is_graphql { Err(foreign("another site")) } else { Ok(Visitor::Own) };
        };
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if own.is_some_and(|own| own.eq_ignore_ascii_case(authority)) {
            return Ok(Visitor::Own);
        }
        if self.origins.contains(&origin) { Ok(Visitor::Allowed) } else { Err(foreign(&origin)) }
    }
}

/// From where a request that may pass comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visitor {
    /// The hub's own pages, or no browser.
    Own,
    /// A page from an origin that the owner configured.
    Allowed,
}

fn foreign(origin: &str) -> Refusal {
    let message = format!("pages from {origin} may not use this API; the owner can add them to server.allowed_origins");
    Refusal::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", message)
}

/// Lets a request pass, answers a preflight, or refuses.
pub(crate) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let authority = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(header::HOST).and_then(|host| host.to_str().ok()),
    };
    let visitor = match gate.check(authority, request.uri().path(), request.headers()) {
        Ok(visitor) => visitor,
        Err(refusal) => return refusal.into_response(),
    };
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key("access-control-request-method");
    let mut response = if is_preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let (Visitor::Allowed, Some(origin)) = (visitor, origin) {
        share(headers, origin, is_preflight);
    }
    response
}

/// Says to the browser that the page of `origin` may read the answer.
fn share(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-request-id, retry-after"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if is_preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        let allowed = HeaderValue::from_static("content-type, last-event-id, x-request-id");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}

/// The host of `host[:port]`, without the brackets of an IPv6 address.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("0"))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "0")),
    };
    port.parse::<u16>().ok().filter(|_| !host.is_empty())?;
    Some(host)
}
