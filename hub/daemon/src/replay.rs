//! `hubd replay`: a capture through the real pipeline.

use std::{fs::File, io::BufReader, process::ExitCode, sync::Arc, time::Duration};

use hub_assembly::{Capture, CaptureError, Captured, Config, Replay, ReplayClock, Summary};
use hub_model::UnixMillis;

use crate::{
    clock::Stopwatch,
    command_line::{ReplayArguments, Speed},
    exit::Failure,
    show, store, tell,
};

/// Runs the capture and prints a summary as JSON.
pub(crate) fn replay(arguments: &ReplayArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    let refused = |source| Failure::Capture { file: arguments.from.display().to_string(), source };
    let file = File::open(&arguments.from).map_err(|error| refused(CaptureError::Read(error)))?;
    let capture = Capture::open(BufReader::with_capacity(1 << 16, file)).map_err(refused)?;
    let clock = Arc::new(ReplayClock::default());
    let mut capture = capture.peekable();
    if let Some(Ok(first)) = capture.peek() {
        clock.set(first.at);
    }
    let hub = store::open_replay(config, &clock)?;
    let mut replay = Replay::new(&hub, clock, arguments.adopt_all);
    let watch = Stopwatch::start();
    let mut pace = Pace::new(arguments.speed);
    let mut bad_lines = 0_u64;
    for captured in capture {
        match captured {
            Ok(captured) => {
                pace.wait_for(captured.at);
                step(&mut replay, &captured)?;
            }
            Err(error) if error.is_passing() => {
                bad_lines += 1;
                tell(&format!("{}: {error}", arguments.from.display()));
            }
            Err(error) => {
                replay.finish()?;
                return Err(refused(error));
            }
        }
    }
    let summary = replay.finish()?;
    show(&report(&summary, bad_lines, watch.seconds()))
}

/// Takes one advert, and says when everything so far is on disk: what is said so survives any crash.
fn step(replay: &mut Replay<'_>, captured: &Captured) -> Result<(), Failure> {
    if replay.step(captured)? {
        let so_far = replay.so_far();
        tell(&format!("on disk: {} adverts, {} readings", so_far.adverts, so_far.readings));
    }
    Ok(())
}

fn report(summary: &Summary, bad_lines: u64, seconds: f64) -> String {
    let mut refused: serde_json::Map<_, _> =
        summary.refused.iter().map(|(code, count)| ((*code).to_owned(), (*count).into())).collect();
    if bad_lines > 0 {
        refused.insert("bad_line".to_owned(), bad_lines.into());
    }
    serde_json::json!({
        "adverts": summary.adverts,
        "readings": summary.readings,
        "duplicates": summary.duplicates,
        "not_adopted": summary.not_adopted,
        "not_ours": summary.not_ours,
        "adopted": summary.adopted,
        "refused": refused,
        "seconds": seconds,
        "bytes_stored": summary.bytes_stored,
    })
    .to_string()
}

/// Holds back adverts until their time has come.
struct Pace {
    /// How many milliseconds of the capture pass in one of ours; `None`: no holding back.
    factor: Option<i64>,
    watch: Stopwatch,
    first: Option<UnixMillis>,
}

impl Pace {
    fn new(speed: Speed) -> Self {
        let factor = match speed {
            Speed::Max => None,
            Speed::Real => Some(1),
            Speed::Sixty => Some(60),
        };
        Self { factor, watch: Stopwatch::start(), first: None }
    }

    #[expect(clippy::disallowed_methods, reason = "the capture's own pace is what was asked for")]
    fn wait_for(&mut self, at: UnixMillis) {
        let Some(factor) = self.factor else { return };
        let first = *self.first.get_or_insert(at);
        let due = Duration::from_millis(u64::try_from((at - first) / factor).unwrap_or(0));
        if let Some(early) = due.checked_sub(self.watch.elapsed()) {
            std::thread::sleep(early);
        }
    }
}
