//! The roughest means: taking a controller's power away.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where the kernel shows its controllers.
const CONTROLLERS: &str = "/sys/class/bluetooth";

/// Resets a controller by rfkill, and one on USB by unplugging it in software. Says what was done.
///
/// # Errors
/// When neither way is there or allowed (both need root, or a rule of udev's).
pub(crate) async fn reset(index: u16) -> io::Result<&'static str> {
    let folder = Path::new(CONTROLLERS).join(format!("hci{index}"));
    tokio::task::spawn_blocking(move || reset_in(&folder)).await.map_err(io::Error::other)?
}

fn reset_in(controller: &Path) -> io::Result<&'static str> {
    // A file of USB devices alone: 0 takes the driver away, 1 brings it back.
    let usb = controller.join("device/../authorized");
    if usb.exists() {
        off_and_on(&usb, ["0", "1"])?;
        return Ok("USB");
    }
    match switch(controller)? {
        Some(switch) if is_on(&switch.join("soft")) => Err(io::Error::other("somebody has blocked it")),
        Some(switch) => off_and_on(&switch.join("soft"), ["1", "0"]).map(|()| "rfkill"),
        None => Err(io::Error::other("it is not on USB and has no rfkill switch")),
    }
}

/// Has somebody blocked a controller, by rfkill or by a switch of its own? The kernel says only that it failed.
pub(crate) fn is_blocked(index: u16) -> bool {
    is_blocked_in(&Path::new(CONTROLLERS).join(format!("hci{index}")))
}

fn is_blocked_in(controller: &Path) -> bool {
    let switch = switch(controller).ok().flatten();
    switch.is_some_and(|switch| is_on(&switch.join("soft")) || is_on(&switch.join("hard")))
}

fn is_on(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|value| value.trim() == "1")
}

fn off_and_on(file: &Path, values: [&str; 2]) -> io::Result<()> {
    values.iter().try_for_each(|value| fs::write(file, value))
}

/// The rfkill switch of a controller.
fn switch(controller: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(controller)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("rfkill") {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_on_usb_is_unplugged_and_another_is_switched() {
        let sys = tempfile::tempdir().unwrap();
        let (usb, uart) = (sys.path().join("hci0"), sys.path().join("hci1"));
        fs::create_dir_all(usb.join("device")).unwrap();
        fs::write(usb.join("authorized"), "1").unwrap();
        fs::create_dir_all(uart.join("rfkill3")).unwrap();
        fs::write(uart.join("rfkill3/soft"), "0").unwrap();
        assert_eq!(reset_in(&usb).unwrap(), "USB");
        assert_eq!(fs::read_to_string(usb.join("authorized")).unwrap(), "1");
        assert_eq!(reset_in(&uart).unwrap(), "rfkill");
        assert_eq!(fs::read_to_string(uart.join("rfkill3/soft")).unwrap(), "0");
    }

    #[test]
    fn a_controller_that_somebody_blocked_stays_blocked() {
        let sys = tempfile::tempdir().unwrap();
        fs::create_dir(sys.path().join("rfkill0")).unwrap();
        assert!(!is_blocked_in(sys.path()));
        fs::write(sys.path().join("rfkill0/soft"), "1\n").unwrap();
        assert!(is_blocked_in(sys.path()));
        assert!(reset_in(sys.path()).unwrap_err().to_string().contains("blocked"));
        assert_eq!(fs::read_to_string(sys.path().join("rfkill0/soft")).unwrap(), "1\n");
    }

    #[test]
    fn a_controller_that_cannot_be_reset_says_so() {
        let sys = tempfile::tempdir().unwrap();
        assert!(reset_in(sys.path()).unwrap_err().to_string().contains("no rfkill switch"));
        assert!(reset_in(&sys.path().join("hci9")).is_err());
    }
}
