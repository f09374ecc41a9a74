//! Serves a small schema for `tests/interop`, which tests the transports with other people's clients.
//!
//! Prints its address on a line of its own, and ends when its standard input does.

use api_server::{Config, Limits, Server};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

#[path = "../tests/server/schema.rs"]
mod schema;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Short, so that the tests of time limits are.
    let limits = Limits {
        init_timeout: std::time::Duration::from_secs(1),
        request_timeout: std::time::Duration::from_secs(2),
        heartbeat: std::time::Duration::from_secs(1),
        ..Limits::default()
    };
    let config = Config::new("127.0.0.1:0".parse()?).with_limits(limits)?;
    let bound = Server::bind(config).await?;
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("http://{}/", bound.address());
    }
    let stop = CancellationToken::new();
    let serving = bound.serve(schema::parts(), stop.clone());
    let ended = async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
        stop.cancel();
        std::future::pending().await
    };
    tokio::select! {
        () = serving => Ok(()),
        () = ended => Ok(()),
    }
}
