//! The way to a radio controller: H4 over a socket.

use std::{fmt, io, path::PathBuf, str::FromStr};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

/// Where a controller listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hci {
    /// On a TCP port: `tcp:127.0.0.1:9001`.
    Tcp(String),
    /// On a Unix socket: `unix:/run/radio`.
    Unix(PathBuf),
}

/// A text that says of no controller where it listens.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a controller is tcp:HOST:PORT or unix:PATH, not {text:?}")]
pub struct HciError {
    text: String,
}

/// The controller cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("reach the radio controller at {hci}")]
pub struct Unreachable {
    hci: Hci,
    source: io::Error,
}

impl FromStr for Hci {
    type Err = HciError;

    fn from_str(text: &str) -> Result<Self, HciError> {
        let hci = match text.split_once(':') {
            Some(("tcp", address)) => {
                let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
                port.and_then(|(_, port)| port.parse::<u16>().ok()).map(|_| Self::Tcp(address.to_owned()))
            }
            Some(("unix", path)) if !path.is_empty() => Some(Self::Unix(path.into())),
            _ => None,
        };
        hci.ok_or_else(|| HciError { text: text.to_owned() })
    }
}

impl fmt::Display for Hci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

pub(crate) type Reader = Box<dyn AsyncRead + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Unpin>;

impl Hci {
    pub(crate) async fn connect(&self) -> Result<(Reader, Writer), Unreachable> {
        self.open().await.map_err(|source| Unreachable { hci: self.clone(), source })
    }

    async fn open(&self) -> io::Result<(Reader, Writer)> {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                // Commands are a few bytes each, and waited for.
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
            Self::Unix(path) => {
                let (reader, writer) = UnixStream::connect(path).await?.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_named_by_its_socket() {
        for text in ["tcp:127.0.0.1:9001", "tcp:[::1]:9001", "unix:/run/radio"] {
            assert_eq!(text.parse::<Hci>().unwrap().to_string(), text);
        }
        for text in ["", "tcp", "tcp:9001", "tcp::9001", "tcp:localhost:http", "tcp:localhost:99999", "unix:", "usb:0"]
        {
            let error = text.parse::<Hci>().unwrap_err().to_string();
            assert!(error.contains(&format!("tcp:HOST:PORT or unix:PATH, not {text:?}")), "{error}");
        }
    }
}
