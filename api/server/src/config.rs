#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};

use axum::http::Uri;
use hub_model::SettingError;

use crate::Limits;

/// Where the server listens and whom it answers. Every value of this type is within its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    listen: SocketAddr,
    allowed_origins: Vec<String>,
    allowed_hosts: Vec<String>,
    limits: Limits,
}

impl Default for Config {
    /// Port 8080 of this machine alone.
    fn default() -> Self {
        Self::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
    }
}

impl Config {
    /// A server at `listen` (port 0: any free one) that answers browsers of its own pages only.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen, allowed_origins: Vec::new(), allowed_hosts: Vec::new(), limits: Limits::default() }
    }

    /// With another address to listen on.
    #[must_use]
    pub fn with_listen(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
    }

    /// With the origins (`https://app.example`, a port where it is not the scheme's own) of pages from elsewhere that
    /// may use the API in a browser.
    ///
    /// # Errors
    /// When one is not an origin: a scheme of http or https, a host, nothing after it.
    pub fn with_allowed_origins<S: AsRef<str>>(self, origins: &[S]) -> Result<Self, SettingError> {
        let origins = origins.iter().map(|origin| parse_origin(origin.as_ref()));
        Ok(Self { allowed_origins: origins.collect::<Result<_, _>>()?, ..self })
    }

    /// With names, besides `localhost`, `*.local` and every IP address, under which people reach the hub.
    ///
    /// # Errors
    /// When one is not a host name: letters, digits, hyphens and dots, without a scheme or a port.
    pub fn with_allowed_hosts<S: AsRef<str>>(self, hosts: &[S]) -> Result<Self, SettingError> {
        let hosts = hosts.iter().map(|host| parse_host(host.as_ref()));
        Ok(Self { allowed_hosts: hosts.collect::<Result<_, _>>()?, ..self })
    }

    /// With other limits.
    ///
    /// # Errors
    /// When one is outside its range.
    pub fn with_limits(self, limits: Limits) -> Result<Self, SettingError> {
        Ok(Self { limits: limits.check()?, ..self })
    }

    /// Where to listen.
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The origins of other pages that may use the API, in lower case.
    pub fn allowed_origins(&self) -> &[String] {
        &self.allowed_origins
    }

    /// The names besides the usual ones, in lower case.
    pub fn allowed_hosts(&self) -> &[String] {
        &self.allowed_hosts
    }

    /// How much clients may ask for.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

fn parse_origin(text: &str) -> Result<String, SettingError> {
    let expected = "an origin such as \"https://app.example\" or \"http://localhost:5173\"";
    let refusal = || SettingError::new("server.allowed_origins", text, expected);
    let uri: Uri = text.parse().map_err(|_| refusal())?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/') && !text.contains(['@', '#']);
    let is_origin = is_web && is_bare && uri.host().is_some_and(|host| !host.is_empty() && host != "*");
    if is_origin { Ok(text.to_ascii_lowercase()) } else { Err(refusal()) }
}

fn parse_host(text: &str) -> Result<String, SettingError> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if text.len() <= 253 && text.split('.').all(is_label) {
        return Ok(text.to_ascii_lowercase());
    }
    let expected = "a host name such as \"hub.example\", without scheme and port";
    Err(SettingError::new("server.allowed_hosts", text, expected))
}
