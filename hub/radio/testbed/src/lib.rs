//! What the host and the guest of the radio's test bed say to each other.
//!
//! The test bed proves the radio against a real kernel's Bluetooth and a real bluetoothd:
//!
//! ```text
//!  host: testbed ── questions ──────────── virtio-serial ──▶ guest: testbed-guest (PID 1)
//!        api: GraphQL over HTTP ───────── virtio-serial ──▶ api: byte by byte to hubd
//!        air.py: controllers, adverts ──── virtio-serial ──▶ pump ─▶ /dev/vhci ─▶ kernel ─▶ bluetoothd, hub-radio
//!        sensor-sim: the firmware ── HCI ─▶ air.py
//! ```
//!
//! One line of JSON is one [`Question`], one line back its [`Reply`]; a guest that is up says [`Hello`] first.
//!
//! ```
//! use hub_testbed::{Ask, Question};
//!
//! let line = serde_json::to_string(&Question { id: 7, ask: Ask::Plug { radio: 0 } })?;
//! assert_eq!(line, r#"{"id":7,"ask":{"Plug":{"radio":0}}}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Does not know: how a guest is made and started (`hub/xtask`), what an advert means, what a scenario wants to see.

use serde::{Deserialize, Serialize};

/// The ports between host and guest, by the names that qemu gives them: this one, and `radio0`, `radio1` …
pub const TALK: &str = "talk";
/// The ports behind which the API of the guest's hub is, a connection at a time each: one that asks, and one that listens.
pub const API: [&str; 2] = ["api0", "api1"];
/// Where the guest's hub answers.
pub const HUB: &str = "127.0.0.1:8080";
/// Follows the last byte of a connection to the hub, whoever ended it: JSON has no such byte.
pub const END: [u8; 2] = *b"\0\n";
/// How many radios can be plugged into a guest.
pub const RADIOS: u8 = 2;
/// The first bytes of the addresses of advertisers that say something only to who asks: `C0:FF:EF`, then which advertiser.
pub const ASKED: [u8; 3] = [0xC0, 0xFF, 0xEF];
/// The first bytes of the addresses of advertisers that only count: `C0:FF:EE`, then which round, then which advertiser.
pub const COUNTING: [u8; 3] = [0xC0, 0xFF, 0xEE];

/// What a guest says when it is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The release of its kernel.
    pub kernel: String,
    /// How long it has been up, ms of its own time.
    pub up_ms: u64,
}

/// Something asked of the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Comes back with the reply.
    pub id: u64,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked. The guest does one thing after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Stop what listens or is connected, unplug all radios, and start bluetoothd as if for the first time. Answer: done.
    Fresh,
    /// Start bluetoothd. Answer: done, once it is on D-Bus and has the kernel's control channel.
    StartBluetoothd,
    /// End bluetoothd, in order or not. Answer: done.
    StopBluetoothd {
        /// By SIGKILL.
        kill: bool,
    },
    /// Have bluetoothd stand still, or go on. Answer: done.
    FreezeBluetoothd {
        /// Is it to stand still?
        on: bool,
    },
    /// Kill D-Bus, and start it and bluetoothd, which ends with it, again. Answer: done.
    RestartDbus,
    /// As another program: switch an adapter on or off by bluetoothd. Answer: done.
    Power {
        /// Its kernel name.
        adapter: String,
        /// On or off.
        on: bool,
    },
    /// As another program: begin or end a discovery by bluetoothd. Answer: done.
    Discover {
        /// By which adapter.
        adapter: String,
        /// Begin or end.
        on: bool,
    },
    /// Block an adapter by rfkill, or unblock it. Answer: done.
    Block {
        /// Its kernel name.
        adapter: String,
        /// Block or unblock.
        on: bool,
    },
    /// Plug a radio in. Answer: adapter.
    Plug {
        /// Which.
        radio: u8,
    },
    /// Pull a radio out. Answer: done.
    Unplug {
        /// Which.
        radio: u8,
    },
    /// Wait until bluetoothd knows an adapter, and tell about it. Answer: BlueZ.
    AwaitAdapter {
        /// Its kernel name.
        name: String,
        /// How long to wait.
        within_ms: u64,
    },
    /// Begin to listen by `hub_radio`. Answer: done, at once.
    Listen {
        /// Its kernel name, or its address.
        adapter: String,
        /// How.
        way: Way,
        /// How often to ask for scan responses, s; 0: never.
        ask_every_s: u32,
    },
    /// Wait until so many different adverts of counting advertisers were heard, or the time is over. Answer: heard.
    Heard {
        /// How many, since listening began.
        adverts: u64,
        /// How long to wait.
        within_ms: u64,
    },
    /// Wait for a report of the listener that holds this text, after the first so many. Answer: reports.
    Reports {
        /// How many reports to pass over.
        after: usize,
        /// What one has to hold.
        text: String,
        /// How long to wait.
        within_ms: u64,
    },
    /// Wait for an advert of this address that has not been told yet. Answer: service data.
    ServiceData {
        /// Who sends it.
        address: [u8; 6],
        /// How long to wait.
        within_ms: u64,
    },
    /// Wait until the listener hears an advert with service data of this UUID. Answer: found.
    Find {
        /// The UUID, most significant byte first.
        uuid: [u8; 16],
        /// How long to wait.
        within_ms: u64,
    },
    /// Connect to somebody by `hub_radio`. Answer: connected.
    Connect {
        /// Which adapter had heard it best: its kernel name.
        adapter: String,
        /// Who.
        address: [u8; 6],
        /// Is that address random?
        is_random: bool,
        /// The service, where to write, what notifies.
        uuids: [[u8; 16]; 3],
    },
    /// Write a value over the connection. Answer: done.
    Write {
        /// What to write.
        value: Vec<u8>,
    },
    /// Wait for the next value that is notified over the connection. Answer: value.
    Notified,
    /// Wait until the connection is lost. Answer: took.
    AwaitLost {
        /// How long to wait.
        within_ms: u64,
    },
    /// End the connection. Answer: took.
    Disconnect,
    /// Forget the connection, as a hub does that has lost interest. Answer: done, at once.
    LetGo,
    /// Start hubd with a radio; what it keeps is there the next time. Answer: done, once it listens and serves.
    StartHub {
        /// The radio's kernel name.
        adapter: String,
        /// Who may sign its sensors' updates: a public key in hexadecimal digits.
        trusted: Option<String>,
    },
    /// End hubd, in order or not. Answer: done.
    StopHub {
        /// By SIGKILL.
        kill: bool,
    },
    /// Have hubd's command take in an update for its sensors. Answer: said.
    AddRelease {
        /// The update: a signed manifest and an image.
        file: Vec<u8>,
    },
    /// Make a receiver known to hubd, and start it beside it with the adapter that comes first. Answer: done, once it is linked
    /// with hubd.
    StartReceiver {
        /// What to call it.
        name: String,
    },
    /// Wait until hubd has said this, since everything was made fresh. Answer: said, which is the whole line.
    HubSays {
        /// The words.
        words: String,
        /// How long to wait.
        within_ms: u64,
    },
    /// What the kernel, D-Bus, bluetoothd and hubd have said since everything was made fresh. Answer: log.
    Log,
    /// Switch the guest off. No answer.
    PowerOff,
}

impl Ask {
    /// How long the guest may wait before it answers, ms.
    pub const fn within_ms(&self) -> u64 {
        match self {
            Self::AwaitAdapter { within_ms, .. }
            | Self::Heard { within_ms, .. }
            | Self::Reports { within_ms, .. }
            | Self::ServiceData { within_ms, .. }
            | Self::Find { within_ms, .. }
            | Self::HubSays { within_ms, .. }
            | Self::AwaitLost { within_ms } => *within_ms,
            _ => 0,
        }
    }
}

/// How to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By the kernel's control channel.
    Kernel,
    /// By bluetoothd's discovery.
    Discovery,
    /// As a hub does that nobody told how.
    Best,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Of which question.
    pub id: u64,
    /// The answer, or why there is none.
    pub answer: Result<Answer, String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// The kernel name of what was plugged in.
    Adapter(String),
    /// What bluetoothd knows of an adapter.
    BlueZ {
        /// Its own address.
        address: [u8; 6],
        /// What it says of itself when it starts: its version.
        daemon: String,
    },
    /// What was heard.
    Heard(Heard),
    /// What the listener told, all of it.
    Reports(Vec<String>),
    /// Service data of one advert.
    ServiceData(Vec<(u16, Vec<u8>)>),
    /// A device and the service data that it was looked for by.
    Found {
        /// Who.
        address: [u8; 6],
        /// Is that address random?
        is_random: bool,
        /// What it sends.
        data: Vec<u8>,
    },
    /// Connected; the largest value that can be written and notified has three bytes less.
    Connected {
        /// The ATT MTU.
        mtu: u16,
        /// How long that took.
        took_ms: u64,
    },
    /// It is done, and took so long.
    Took {
        /// Milliseconds.
        ms: u64,
    },
    /// What was notified.
    Value(Vec<u8>),
    /// What a program said.
    Said(String),
    /// Lines of logs.
    Log(Vec<String>),
}

/// What a listener heard of counting advertisers, and what that cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// How many advertisers.
    pub devices: u64,
    /// How many different adverts.
    pub adverts: u64,
    /// How many, repetitions counted.
    pub events: u64,
    /// How many it dropped because nobody took them.
    pub dropped: u64,
    /// The longest time between two of them since this was asked before, ms.
    pub pause_ms: u64,
    /// Of the last round, some that did not come though later ones did, or others did that were sent at the same time.
    pub missing: Vec<String>,
    /// What it told.
    pub reports: Vec<String>,
    /// What it cost since it began.
    pub cost: Cost,
}

/// Time on the processor, µs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Of the listener's own threads.
    pub listener_us: u64,
    /// Of bluetoothd.
    pub bluetoothd_us: u64,
    /// Of dbus-daemon.
    pub dbus_us: u64,
}
