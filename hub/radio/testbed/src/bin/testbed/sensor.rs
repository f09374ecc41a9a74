//! Our firmware as a program, on a radio of its own in the same air.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use hub_link::Label;
use tokio::process::Command;
use wire::setup_code::SetupCode;

use crate::child::Talker;

/// How long it may be silent when something is to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What sensors measure where nobody minds.
pub(crate) const VALUES: &str = "temperature,humidity,door,voltage\n21.5,45.2,0,2.987\n";

/// A sensor at work.
pub(crate) struct Sensor {
    program: Talker,
    pub(crate) code: SetupCode,
    pub(crate) label: Label,
    /// The text of its QR code.
    pub(crate) text: String,
}

impl Sensor {
    /// Does what a person does: `press`, `hold`, or a quantity and its value.
    pub(crate) async fn happens(&mut self, what: &str) -> Result<()> {
        self.program.type_line(what).await
    }

    /// A sensor with a new identity and an empty flash.
    pub(crate) async fn start(program: &Path, folder: &Path, hci: &str, measured: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).context("failed to make a folder for a sensor")?;
        let [identity, flash, values] = ["identity.toml", "flash.bin", "values.csv"].map(|name| folder.join(name));
        std::fs::write(&values, measured).context("failed to write what a sensor measures")?;
        let made =
            Command::new(program).arg("identity").arg(&identity).output().await.context("failed to start a sensor")?;
        ensure!(made.status.success(), "failed to make an identity: {}", String::from_utf8_lossy(&made.stderr));
        let text = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let code = SetupCode::parse(&text).with_context(|| format!("failed to read the label {text}"))?;
        let label = Label::parse(&text)?;
        let mut run = Command::new(program);
        run.args(["run", "--hci", hci]);
        run.arg("--identity").arg(&identity).arg("--flash").arg(&flash).arg("--values").arg(&values);
        let mut sensor = Self { program: Talker::start("the sensor", &mut run)?, code, label, text };
        sensor.says("unclaimed").await?;
        Ok(sensor)
    }

    /// Waits for a line that has these words.
    pub(crate) async fn says(&mut self, words: &str) -> Result<()> {
        loop {
            let line = self.program.line(PATIENCE).await.with_context(|| format!("waited for {words:?}"))?;
            if line.contains(words) {
                return Ok(());
            }
        }
    }
}
