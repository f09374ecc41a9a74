//! What is there before anything is done.

use anyhow::{Result, ensure};

use crate::bench::Bench;

pub(super) async fn the_adapter_is_there_after_boot(bench: &mut Bench) -> Result<()> {
    let adapter = bench.adapter.clone();
    let daemon = bench.await_adapter(&adapter).await?;
    ensure!(!daemon.is_empty(), "bluetoothd does not say its version");
    bench.figure(format!(
        "Linux {}, BlueZ {daemon}, {adapter}; up after {:.1} s",
        bench.boot.kernel, bench.boot.seconds
    ));
    Ok(())
}
