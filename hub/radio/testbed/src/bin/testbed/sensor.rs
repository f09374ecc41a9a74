//! Our firmware as a program, on a radio of its own in the same air.

use std::{ffi::OsString, path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use hub_link::Label;
use tokio::process::Command;
use wire::setup_code::SetupCode;

use crate::child::Talker;

/// How long it may be silent when something is to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What sensors measure where nobody minds.
pub(crate) const VALUES: &str = "temperature,humidity,door,voltage\n21.5,45.2,0,2.987\n";

/// What a sensor begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Make<'a> {
    /// A table of what it measures.
    pub(crate) values: &'a str,
    /// Who may sign its updates: a public key in hexadecimal digits.
    pub(crate) trusted: Option<&'a str>,
}

/// A sensor at work.
pub(crate) struct Sensor {
    program: Talker,
    /// How it is started.
    run: Vec<OsString>,
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
    pub(crate) async fn start(program: &Path, folder: &Path, hci: &str, make: Make<'_>) -> Result<Self> {
        std::fs::create_dir_all(folder).context("failed to make a folder for a sensor")?;
        let [identity, flash, values] = ["identity.toml", "flash.bin", "values.csv"].map(|name| folder.join(name));
        std::fs::write(&values, make.values).context("failed to write what a sensor measures")?;
        let made =
            Command::new(program).arg("identity").arg(&identity).output().await.context("failed to start a sensor")?;
        ensure!(made.status.success(), "failed to make an identity: {}", String::from_utf8_lossy(&made.stderr));
        let text = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let code = SetupCode::parse(&text).with_context(|| format!("failed to read the label {text}"))?;
        let label = Label::parse(&text)?;
        let mut run: Vec<OsString> =
            [program.as_os_str(), "run".as_ref(), "--hci".as_ref(), hci.as_ref()].map(Into::into).into();
        for (option, file) in [("--identity", identity), ("--flash", flash), ("--values", values)] {
            run.extend([option.into(), file.into()]);
        }
        if let Some(key) = make.trusted {
            run.extend(["--trust".into(), key.into()]);
        }
        let mut sensor = Self { program: begin(&run)?, run, code, label, text };
        sensor.says("unclaimed").await?;
        Ok(sensor)
    }

    /// Its battery is taken out, whatever it does: its flash is all that it still has.
    pub(crate) async fn take_battery_out(&mut self) -> Result<()> {
        self.program.kill().await
    }

    /// It gets a new battery; says its first words.
    pub(crate) async fn change_battery(&mut self) -> Result<Vec<String>> {
        self.take_battery_out().await?;
        self.program = begin(&self.run)?;
        self.says("started, boot").await?;
        Ok(self.program.kept())
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

fn begin(run: &[OsString]) -> Result<Talker> {
    let (program, arguments) = run.split_first().context("a sensor is a program")?;
    Talker::start("the sensor", Command::new(program).args(arguments))
}
