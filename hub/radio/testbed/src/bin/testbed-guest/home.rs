//! A bare guest made habitable: file systems, modules, ports; and the end of it.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, chown},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use hub_testbed::{HUB, Hello};
use rustix::{
    fs::OFlags,
    mount::{MountFlags, mount},
    net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send, socket},
    process::{Gid, Uid},
    system::{RebootCommand, finit_module, reboot},
    thread::{
        CapabilitySet, CapabilitySets, configure_capability_in_ambient_set, set_capabilities, set_keep_capabilities,
        set_thread_gid, set_thread_groups, set_thread_uid,
    },
    time::{ClockId, clock_gettime},
};

const MOUNTS: [(&str, &str); 4] = [("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "run")];
const MODULES: &str = "/modules";
const PORTS: &str = "/sys/class/virtio-ports";
/// Where bluetoothd keeps what it knows of devices.
const DEVICES: &str = "/var/lib/bluetooth";
/// Where hubd has its configuration and keeps everything.
const HUB_FOLDER: &str = "/run/hub";
pub(crate) const HUB_CONFIG: &str = "/run/hub/hubd.toml";
/// Where an update lies before hubd has taken it in.
pub(crate) const HUB_UPDATE: &str = "/run/hub/sensors.update";
/// Where hubd takes links of receivers.
pub(crate) const HUB_RECEIVERS: &str = "127.0.0.1:4910";
/// What a receiver proves with that it is one.
pub(crate) const JOIN_CODE: &str = "/run/hub/join-code";
const NOBODY: u32 = 65_534;

/// Mounts, loads modules, and says what there is.
pub(crate) fn settle() -> Result<Hello> {
    for (kind, folder) in MOUNTS {
        mount(kind, format!("/{folder}"), kind, MountFlags::empty(), None)
            .with_context(|| format!("failed to mount {folder}"))?;
    }
    fs::create_dir_all("/run/dbus").context("failed to make a folder for D-Bus")?;
    raise_loopback()?;
    let order = fs::read_to_string(format!("{MODULES}/order")).context("failed to read which modules there are")?;
    for name in order.lines() {
        let module = File::open(format!("{MODULES}/{name}.ko")).with_context(|| format!("failed to open {name}"))?;
        finit_module(module, c"", 0).with_context(|| format!("failed to load {name}"))?;
    }
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").context("failed to read the kernel's release")?;
    Ok(Hello { kernel: kernel.trim().to_owned(), up_ms: up_us() / 1000 })
}

/// Time since the guest began, µs.
pub(crate) fn up_us() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    let [seconds, nanoseconds] = [time.tv_sec, time.tv_nsec].map(|part| u64::try_from(part).unwrap_or_default());
    seconds * 1_000_000 + nanoseconds / 1000
}

/// Opens a port to the host, by its name.
pub(crate) fn port(name: &str) -> Result<File> {
    let ports = fs::read_dir(PORTS).context("failed to list the ports to the host")?;
    for port in ports.flatten() {
        let is_it = fs::read_to_string(port.path().join("name")).is_ok_and(|found| found.trim() == name);
        if is_it {
            let path = PathBuf::from("/dev").join(port.file_name());
            let port = OpenOptions::new().read(true).write(true).open(&path);
            return port.with_context(|| format!("failed to open {}", path.display()));
        }
    }
    bail!("the host has given no port {name}")
}

/// bluetoothd knows nobody any more; it must not run.
pub(crate) fn forget_devices() -> Result<()> {
    fs::remove_dir_all(DEVICES).and_then(|()| fs::create_dir(DEVICES)).context("failed to empty bluetoothd's folder")
}

/// Switches the loopback interface on, which gives it its address as well: rtnetlink(7), RTM_NEWLINK.
fn raise_loopback() -> Result<()> {
    const LENGTH: u32 = 32;
    const NEW_LINK: u16 = 16;
    const REQUEST_AND_ACKNOWLEDGE: u16 = 0x01 | 0x04;
    const LOOPBACK: u32 = 1;
    const UP: u32 = 1;
    let mut message = LENGTH.to_ne_bytes().to_vec();
    message.extend([NEW_LINK, REQUEST_AND_ACKNOWLEDGE].map(u16::to_ne_bytes).concat());
    // Its number and its sender, then of the interface: family and kind, which, its flags, and which of them change.
    message.extend([0, 0, 0, LOOPBACK, UP, UP].map(u32::to_ne_bytes).concat());
    let kernel = socket(AddressFamily::NETLINK, SocketType::RAW, None).context("failed to reach the kernel")?;
    send(&kernel, &message, SendFlags::empty()).context("failed to raise the loopback interface")?;
    let mut answer = [0; 64];
    let (_, length) = recv(&kernel, &mut answer, RecvFlags::empty()).context("the kernel does not answer")?;
    // Behind the head: 0, or an error.
    match answer.get(..length).and_then(|answer| answer.get(16..20)) {
        Some([0, 0, 0, 0]) => Ok(()),
        other => bail!("the kernel does not raise the loopback interface: {other:?}"),
    }
}

/// hubd keeps nothing any more; it must not run.
pub(crate) fn forget_hub() -> Result<()> {
    match fs::remove_dir_all(HUB_FOLDER) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("failed to empty hubd's folder")
        }
        _ => Ok(()),
    }
}

/// Gives hubd a folder and says which adapter it has, and whose updates it takes.
pub(crate) fn configure_hub(adapter: &str, trusted: Option<&str>) -> Result<()> {
    let updates = trusted.map(|key| format!("[[updates.trusted_keys]]\nid = 1\npublic_key = \"{key}\"\n"));
    let updates = updates.unwrap_or_default();
    let config = format!(
        "[store]\npath = \"{HUB_FOLDER}/store\"\n[server]\nlisten = \"{HUB}\"\n[radio]\nadapters = [\"{adapter}\"]\n\
         [receivers]\nlisten = \"{HUB_RECEIVERS}\"\n[history]\ntime_resolution_ms = 1\n[time]\ntrust = \"always\"\n{updates}"
    );
    fs::create_dir_all(HUB_FOLDER).context("failed to make a folder for hubd")?;
    chown(HUB_FOLDER, Some(NOBODY), Some(NOBODY)).context("failed to give hubd its folder")?;
    fs::write(HUB_CONFIG, config).context("failed to write hubd's configuration")
}

/// Gives a receiver its join code.
pub(crate) fn write_join_code(code: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(JOIN_CODE);
    file.and_then(|mut file| file.write_all(code.as_bytes())).context("failed to write a join code")?;
    chown(JOIN_CODE, Some(NOBODY), Some(NOBODY)).context("failed to give a receiver its join code")
}

/// Gives this thread, and whatever it starts, the rights of the hub's unit: nobody's, and CAP_NET_ADMIN.
pub(crate) fn be_the_hub() -> Result<()> {
    let admin = CapabilitySet::NET_ADMIN;
    set_keep_capabilities(true).context("failed to keep capabilities")?;
    set_thread_groups(&[]).context("failed to leave all groups")?;
    set_thread_gid(Gid::from_raw(NOBODY)).context("failed to change the group")?;
    set_thread_uid(Uid::from_raw(NOBODY)).context("failed to change the user")?;
    let sets = CapabilitySets { effective: admin, permitted: admin, inheritable: admin };
    set_capabilities(None, sets).context("failed to drop capabilities")?;
    // What it starts would have none.
    configure_capability_in_ambient_set(admin, true).context("failed to hand capabilities down")
}

/// Blocks an adapter by rfkill, or unblocks it.
pub(crate) fn block(adapter: &str, on: bool) -> Result<()> {
    let folder = PathBuf::from("/sys/class/bluetooth").join(adapter);
    for entry in fs::read_dir(&folder).context("failed to look at an adapter")?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("rfkill") {
            let value = if on { "1" } else { "0" };
            return fs::write(entry.path().join("soft"), value).context("failed to switch rfkill");
        }
    }
    bail!("{adapter} has no rfkill switch")
}

/// What the kernel says.
pub(crate) struct KernelLog(File);

impl KernelLog {
    pub(crate) fn open() -> Result<Self> {
        // The flags are a C int whose highest bit is none of them.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let log = OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg");
        log.map(Self).context("failed to open the kernel's log")
    }

    /// What it has said since it was asked the last time, a line each.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let (mut lines, mut record) = (Vec::new(), [0; 8192]);
        // One read is one record; at the end one would have to wait.
        while let Ok(length @ 1..) = self.0.read(&mut record) {
            let text = String::from_utf8_lossy(record.get(..length).unwrap_or_default());
            let text = text.split_once(';').map_or("", |(_, text)| text);
            lines.push(format!("kernel: {}", text.lines().next().unwrap_or_default()));
        }
        lines
    }
}

/// Ends the guest, and with it this program.
pub(crate) fn power_off() {
    // If that fails, the first program's end is the kernel's, which is as good.
    let _ = reboot(RebootCommand::PowerOff);
}
