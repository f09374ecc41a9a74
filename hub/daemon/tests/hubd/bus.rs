//! A private D-Bus, as machines have that lack bluetoothd or an adapter.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
};

use dbus::{blocking::Connection, channel::Channel};
use dbus_crossroads::Crossroads;
use tempfile::TempDir;

use crate::{Owner, error, refusals::check};

const POLICY: &str = r#"<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A dbus-daemon of the test's own; it ends with the test.
struct Bus {
    daemon: Child,
    address: String,
    _folder: TempDir,
}

impl Bus {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let policy = POLICY.replace("SOCKET", folder.path().join("socket").to_str().unwrap());
        fs::write(&config, policy).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file"])
            .arg(config)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("dbus-daemon did not start ({error}): `./dev tools` installs it"));
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned(), _folder: folder }
    }

    /// Answers to the name of bluetoothd, and says what bluetoothd says on a machine without an adapter: nothing.
    fn serve_bluez_without_adapters(&self) {
        let mut channel = Channel::open_private(&self.address).unwrap();
        channel.register().unwrap();
        let connection = Connection::from(channel);
        connection.request_name("org.bluez", false, true, false).unwrap();
        let mut objects = Crossroads::new();
        let manager = objects.object_manager::<()>();
        objects.insert("/", &[manager], ());
        // It ends when the bus does: serving fails then.
        thread::spawn(move || objects.serve(&connection));
    }

    fn run(&self, radio: &str) -> std::process::Output {
        let owner = Owner::new();
        owner.configure(&format!("[radio]\nenabled = true\n{radio}"));
        owner.command("run").env("DBUS_SYSTEM_BUS_ADDRESS", &self.address).output().unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn without_bluetoothd_it_says_what_to_start() {
    check(&Bus::start().run(""), 69, &["bluetoothd does not answer", "systemctl start bluetooth"]);
}

#[test]
fn without_an_adapter_it_says_what_to_plug_in() {
    let bus = Bus::start();
    bus.serve_bluez_without_adapters();
    for radio in ["", "adapters = [\"hci1\"]\n", "adapters = [\"B8:27:EB:00:11:22\"]\n"] {
        let output = bus.run(radio);
        check(&output, 69, &["there is no Bluetooth adapter", "plug one in", "bluetoothctl list"]);
        assert!(!error(&output).contains("panicked"));
    }
}
