//! What programs and threads have used of the processor, as the scheduler counts it.

use std::{fs, path::Path};

use hub_testbed::Cost;

/// What threads of a listener are called.
pub(crate) const LISTENER: &str = "listener";

/// What was used so far by what runs now.
pub(crate) fn now() -> Cost {
    let mut cost = Cost { listener_us: threads(Path::new("/proc/self/task"), Some(LISTENER)), ..Cost::default() };
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = process.path();
        match name(&path).as_deref() {
            Some("bluetoothd") => cost.bluetoothd_us += threads(&path.join("task"), None),
            Some("dbus-daemon") => cost.dbus_us += threads(&path.join("task"), None),
            _ => {}
        }
    }
    cost
}

/// What was used between two moments.
pub(crate) fn since(begin: Cost, now: Cost) -> Cost {
    Cost {
        listener_us: now.listener_us.saturating_sub(begin.listener_us),
        bluetoothd_us: now.bluetoothd_us.saturating_sub(begin.bluetoothd_us),
        dbus_us: now.dbus_us.saturating_sub(begin.dbus_us),
    }
}

fn threads(folder: &Path, called: Option<&str>) -> u64 {
    let threads = fs::read_dir(folder).into_iter().flatten().flatten().map(|thread| thread.path());
    let wanted = threads.filter(|path| called.is_none_or(|called| name(path).as_deref() == Some(called)));
    wanted.map(|path| used_us(&path)).sum()
}

fn name(path: &Path) -> Option<String> {
    fs::read_to_string(path.join("comm")).ok().map(|name| name.trim().to_owned())
}

/// The first of three numbers in `schedstat`: nanoseconds on the processor.
fn used_us(path: &Path) -> u64 {
    let text = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
    let first = text.split(' ').next().and_then(|number| number.parse::<u64>().ok());
    first.unwrap_or_default() / 1000
}
