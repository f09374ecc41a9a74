//! `hubd health`: asks the running hub, as a script or a person would.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use hub_assembly::Config;

use crate::{exit::Failure, show};

/// The hub answers within milliseconds, or it hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any honest answer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Prints what the hub says; success only if it says that all is well.
pub(crate) fn print(file: &Path) -> Result<ExitCode, Failure> {
    let config = Config::load(file)?;
    let mut address = config.server.listen();
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let (is_well, body) = ask(address).map_err(|source| Failure::NoHub { address: address.to_string(), source })?;
    show(body.trim_end())?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One request in HTTP/1.0, whose answer ends with the connection.
fn ask(address: std::net::SocketAddr) -> io::Result<(bool, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /healthz HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let is_well = head.split(' ').nth(1) == Some("200");
    Ok((is_well, body.to_owned()))
}
