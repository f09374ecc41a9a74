//! A sensor with flash that keeps what it was told to keep, and a battery that can fail at any of these moments.

use fw_logic::{
    Channel,
    noise::StaticKey,
    pairing::{Claim, Connected, Fault, Identity, Input, MAX_RECORD, Output, Pairing, Record},
};
use units::Quantity;
use wire::{
    firmware::{Hardware, Version},
    pairing_advert::PairingAdvert,
    pipe::PieceSize,
    secret::SetupSecret,
    setup_code::{Product, SetupCode, Uid},
};

use crate::luck::Luck;

/// When the battery fails: at the n-th thing that flash is asked for, counted from 0, and whether that is still done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) at: usize,
    pub(crate) is_done: bool,
}

/// What survives.
#[derive(Debug, Clone)]
struct Flash {
    record: Option<Vec<u8>>,
    has_log: bool,
}

pub(crate) struct Sensor {
    pairing: Pairing,
    seed: u64,
    flash: Flash,
    luck: Luck,
    boot: u32,
    pub(crate) now_ms: u64,
    /// After the next piece, no other can be sent until something else happens.
    pub(crate) is_radio_stuck: bool,
    /// Flash fails to take anything.
    pub(crate) is_flash_broken: bool,
    pub(crate) cut: Option<Cut>,
    /// How often flash was asked for something.
    pub(crate) writes: usize,
    pub(crate) is_dead: bool,
    /// What is on the air for people with the label.
    pub(crate) advert: Option<PairingAdvert>,
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) hung_up: Option<Fault>,
    pub(crate) blinked: Vec<u8>,
    pub(crate) clock_s: Option<u64>,
    /// How often it was said that somebody, or something he wants, is another.
    pub(crate) changes: u32,
    /// Names of outputs, in order.
    pub(crate) trace: Vec<&'static str>,
}

/// Where its adverts come from.
pub(crate) const ADDRESS: [u8; 6] = [0xF2, 0xE1, 0x49, 0x07, 0xC4, 0xDC];

pub(crate) const CHANNELS: [Channel; 2] =
    [Channel { quantity: Quantity::Temperature, band: 100 }, Channel { quantity: Quantity::Humidity, band: 10_000 }];

fn identity(seed: u64, boot: u32) -> Identity {
    let mut luck = Luck(seed);
    Identity {
        product: Product(0x0102),
        uid: Uid(luck.bytes()),
        static_key: StaticKey::new(luck.bytes()),
        secret: SetupSecret::new(luck.bytes()),
        certificate: None,
        firmware: Version([1, 2, 3, 4]),
        hardware: Hardware::new(3).unwrap(),
        boot,
        channels: &CHANNELS,
    }
}

impl Sensor {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            pairing: Pairing::new(identity(seed, 1), Record::new(), 0),
            seed,
            flash: Flash { record: None, has_log: true },
            luck: Luck(!seed),
            boot: 1,
            now_ms: 0,
            is_radio_stuck: false,
            is_flash_broken: false,
            cut: None,
            writes: 0,
            is_dead: false,
            advert: None,
            pieces: Vec::new(),
            hung_up: None,
            blinked: Vec::new(),
            clock_s: None,
            changes: 0,
            trace: Vec::new(),
        }
    }

    pub(crate) fn setup_code(&self) -> SetupCode {
        identity(self.seed, 0).setup_code()
    }

    pub(crate) fn claim(&self) -> &Claim {
        self.pairing.claim()
    }

    pub(crate) fn has_log(&self) -> bool {
        self.flash.has_log
    }

    /// All that a log could ever say of the ceremony.
    pub(crate) fn printed(&self) -> String {
        format!("{:?} {:?}", self.pairing, self.kept())
    }

    /// What flash has of the pairing.
    pub(crate) fn kept(&self) -> Record {
        self.flash.record.as_deref().map_or(Record::new(), |bytes| Record::parse(bytes).unwrap())
    }

    /// What adverts are sealed with.
    pub(crate) fn advert_key(&self) -> Option<[u8; 16]> {
        self.pairing.keys().map(fw_logic::pairing::Keys::advert)
    }

    /// The battery is taken out and put in again; the log of the owner goes on.
    pub(crate) fn restart(&mut self) {
        self.boot += 1;
        self.pairing = Pairing::new(identity(self.seed, self.boot), self.kept(), 0);
        self.flash.has_log |= matches!(self.claim(), Claim::Active { .. });
        (self.is_dead, self.cut, self.now_ms, self.writes) = (false, None, 0, 0);
        (self.advert, self.hung_up) = (None, None);
        self.pieces.clear();
        self.give(Input::WindowRequested);
    }

    pub(crate) fn connect(&mut self, mtu: u16) {
        self.hung_up = None;
        self.pieces.clear();
        let piece = PieceSize::of_mtu(mtu);
        self.give(Input::Connected(Connected {
            piece,
            address: ADDRESS,
            battery_mv: 2987,
            first_counter: 4096 * self.boot,
        }));
    }

    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.now_ms += ms;
        self.give(Input::Tick);
    }

    /// Jumps to the next time that the sensor asks for.
    pub(crate) fn wait_for_deadline(&mut self) -> u64 {
        self.now_ms = self.pairing.deadline_ms().unwrap();
        self.give(Input::Tick);
        self.now_ms
    }

    /// Tells the sensor what happened, and does what it says.
    pub(crate) fn give(&mut self, input: Input<'_>) {
        if self.is_dead {
            return;
        }
        let is_piece = matches!(input, Input::Piece(_));
        self.pairing.handle(input, self.now_ms, &mut self.luck);
        if is_piece && std::mem::take(&mut self.is_radio_stuck) {
            return;
        }
        loop {
            let (name, done) = match self.pairing.poll() {
                None => return,
                Some(Output::Persist(record)) => {
                    let mut bytes = [0; MAX_RECORD];
                    let length = record.write(&mut bytes).unwrap();
                    let is_cut = self.cut.filter(|cut| cut.at == self.writes);
                    self.writes += 1;
                    if !self.is_flash_broken && is_cut.is_none_or(|cut| cut.is_done) {
                        self.flash.record = Some(bytes[..length].to_vec());
                    }
                    self.is_dead = is_cut.is_some();
                    let failed = if self.is_flash_broken { Input::PersistFailed } else { Input::Persisted };
                    ("persist", Some(failed))
                }
                Some(Output::Wipe) => {
                    let is_cut = self.cut.filter(|cut| cut.at == self.writes);
                    self.writes += 1;
                    self.flash.has_log &= is_cut.is_some_and(|cut| !cut.is_done);
                    self.is_dead = is_cut.is_some();
                    ("wipe", Some(Input::Wiped))
                }
                Some(Output::SetClock { unix_time_s }) => {
                    self.clock_s = Some(unix_time_s);
                    ("clock", None)
                }
                Some(Output::Blink(pattern)) => {
                    self.blinked.push(pattern.bits());
                    ("blink", None)
                }
                Some(Output::Changed) => {
                    self.changes += 1;
                    ("change", None)
                }
                Some(Output::Question(question)) => {
                    let answer = [&[question[0] | 0x80][..], &question[1..], b", indeed"].concat();
                    self.pairing.answer(&answer);
                    ("question", None)
                }
                Some(Output::Send(piece)) => {
                    self.pieces.push(piece.bytes().to_vec());
                    ("send", None)
                }
                Some(Output::HangUp(fault)) => {
                    self.hung_up = Some(fault);
                    ("hang up", None)
                }
                Some(Output::OpenWindow(advert)) => {
                    self.advert = Some(advert);
                    ("open", None)
                }
                Some(Output::CloseWindow) => {
                    self.advert = None;
                    ("close", None)
                }
            };
            self.trace.push(name);
            if self.is_dead {
                return;
            }
            if let Some(done) = done {
                assert_eq!(self.pairing.poll(), None, "nothing is done before flash has it");
                self.pairing.handle(done, self.now_ms, &mut self.luck);
            }
        }
    }
}
