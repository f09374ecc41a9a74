//! A hub, as the protocol asks for one: it keeps a key before it sends it, and accepts every key that it has sent.

use fw_logic::pairing::{Fault, Input};
use wire::{
    keys::{self, Epoch},
    message::{
        Done, Hello, HubId, Info, MAX_LENGTH, Name, Pattern, Provision, Purpose, Refusal, Rotate, ToHub, ToSensor,
    },
    pipe::{PipeError, Reassembler, Splitter},
    secret::{DeviceKey, Psk},
    settings::Settings,
    setup_code::{PublicKey, SetupCode},
};

use crate::{luck::Luck, sensor::Sensor};

/// Why a hub gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// The sensor hung up.
    HungUp(Fault),
    /// Pieces from the sensor did not make a message.
    Pipe(PipeError),
    /// A message was not the sensor's.
    Noise,
    /// A message could not be read.
    Message,
    /// No answer came.
    Silence,
    /// The sensor refused.
    Refused(Refusal),
    /// Another answer than the question has.
    Unexpected,
    /// The sensor did not prove that it has the key.
    Unproven,
}

/// Which way a piece goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToSensor,
    ToHub,
}

/// Who sits between hub and sensor and gets every piece first: returns what goes on instead.
pub(crate) type Between<'a> = Box<dyn FnMut(Way, &[u8]) -> Vec<Vec<u8>> + 'a>;

pub(crate) fn nobody() -> Between<'static> {
    Box::new(|_, piece| vec![piece.to_vec()])
}

pub(crate) struct Hub {
    luck: Luck,
    pub(crate) code: SetupCode,
    /// The keys that the sensor may have, oldest first.
    pub(crate) keys: Vec<(Epoch, DeviceKey)>,
    pub(crate) mtu: u16,
}

impl Hub {
    pub(crate) fn new(seed: u64, sensor: &Sensor) -> Self {
        Self { luck: Luck(seed ^ 0x4855_4200), code: sensor.setup_code(), keys: Vec::new(), mtu: 185 }
    }

    pub(crate) fn hello(&mut self) -> ToSensor {
        ToSensor::Hello(Hello { lowest: 1, highest: 1, hub: HubId([0x11; 16]), nonce: self.luck.bytes() })
    }

    pub(crate) fn provision(&mut self, owner_epoch: u32) -> Provision {
        Provision {
            device_key: DeviceKey::new(self.luck.bytes()),
            epoch: Epoch(1),
            owner_epoch,
            hub_key: PublicKey([0x22; 32]),
            unix_time_s: Some(1_795_000_000),
            settings: Settings { revision: 3, ..Settings::DEFAULT },
            name: Name::new("Kitchen").unwrap(),
        }
    }

    /// Begins a pairing: connects, shakes hands, and returns what the sensor says of itself.
    pub(crate) fn pairing<'s>(
        &mut self,
        sensor: &'s mut Sensor,
        between: Between<'s>,
    ) -> Result<(Talk<'s>, Info), GaveUp> {
        let psk = keys::pairing_psk(&self.code.secret);
        self.begin(sensor, Purpose::Pairing, &psk, between)
    }

    /// Begins a link with one of the hub's keys.
    pub(crate) fn link<'s>(
        &mut self,
        sensor: &'s mut Sensor,
        key: &(Epoch, DeviceKey),
        between: Between<'s>,
    ) -> Result<(Talk<'s>, Info), GaveUp> {
        self.begin(sensor, Purpose::Link, &keys::link_psk(&key.1, key.0), between)
    }

    pub(crate) fn begin<'s>(
        &mut self,
        sensor: &'s mut Sensor,
        purpose: Purpose,
        psk: &Psk,
        between: Between<'s>,
    ) -> Result<(Talk<'s>, Info), GaveUp> {
        let hello = self.hello();
        match self.begin_with(sensor, purpose, psk, &hello, between)? {
            (talk, ToHub::Info(info)) => Ok((talk, info)),
            (_, ToHub::Refused(refusal)) => Err(GaveUp::Refused(refusal)),
            _ => Err(GaveUp::Unexpected),
        }
    }

    pub(crate) fn begin_with<'s>(
        &mut self,
        sensor: &'s mut Sensor,
        purpose: Purpose,
        psk: &Psk,
        hello: &ToSensor,
        between: Between<'s>,
    ) -> Result<(Talk<'s>, ToHub), GaveUp> {
        let name = match purpose {
            Purpose::Pairing => "Noise_NKpsk0_25519_ChaChaPoly_SHA256",
            Purpose::Link => "Noise_NNpsk0_25519_ChaChaPoly_SHA256",
        };
        let ephemeral: [u8; 32] = self.luck.bytes();
        let builder = snow::Builder::new(name.parse().unwrap()).prologue(purpose.prologue()).unwrap();
        let builder = builder.psk(0, psk.expose()).unwrap().fixed_ephemeral_key_for_testing_only(&ephemeral);
        let mut noise = match purpose {
            Purpose::Pairing => builder.remote_public_key(&self.code.public_key.0).unwrap().build_initiator(),
            Purpose::Link => builder.build_initiator(),
        }
        .unwrap();
        sensor.connect(self.mtu);
        let mut pipe =
            Pipe { sensor, between, splitter: Splitter::new(), reassembler: Reassembler::new(), mtu: self.mtu };
        let mut buffer = [0; 256];
        buffer[0] = purpose.code();
        let length = noise.write_message(&written(hello), &mut buffer[1..]).unwrap();
        let answer = pipe.ask(&buffer[..=length])?;
        let mut plain = [0; 256];
        let length = noise.read_message(&answer, &mut plain).map_err(|_| GaveUp::Noise)?;
        let answer = ToHub::parse(&plain[..length]).map_err(|_| GaveUp::Message)?;
        let hash = noise.get_handshake_hash().try_into().unwrap();
        let noise = noise.into_transport_mode().unwrap();
        Ok((Talk { pipe, noise, hash }, answer))
    }

    /// Claims the sensor, up to its proof that it has the key.
    pub(crate) fn claim<'s>(&mut self, sensor: &'s mut Sensor, between: Between<'s>) -> Result<Talk<'s>, GaveUp> {
        let (mut talk, info) = self.pairing(sensor, between)?;
        let provision = self.provision(info.owner_epoch + 1);
        self.keys = vec![(provision.epoch, provision.device_key.clone())];
        talk.take_key(&ToSensor::Provision(provision), self.keys.last().unwrap())?;
        Ok(talk)
    }

    /// Claims the sensor and, having heard an advert under the new key, confirms.
    pub(crate) fn pair(&mut self, sensor: &mut Sensor) -> Result<(), GaveUp> {
        self.claim(sensor, nobody())?.confirm()
    }

    /// Gives the sensor a new key, up to its proof that it has it.
    pub(crate) fn rotate<'s>(&mut self, sensor: &'s mut Sensor, between: Between<'s>) -> Result<Talk<'s>, GaveUp> {
        let present = self.keys[0].clone();
        let (mut talk, _) = self.link(sensor, &present, between)?;
        let next = (present.0.next().unwrap(), DeviceKey::new(self.luck.bytes()));
        self.keys = vec![present, next.clone()];
        let rotate = Rotate { epoch: next.0, device_key: next.1.clone() };
        talk.take_key(&ToSensor::Rotate(rotate), &next)?;
        Ok(talk)
    }

    /// What a hub does after anything went wrong: tries its keys, newest first, until the sensor knows one.
    pub(crate) fn reach(&mut self, sensor: &mut Sensor) -> Result<(Epoch, DeviceKey), GaveUp> {
        let mut result = Err(GaveUp::Silence);
        for key in self.keys.clone().into_iter().rev() {
            result = self.link(sensor, &key, nobody()).and_then(|(mut talk, _)| {
                match talk.ask(&ToSensor::Identify(Pattern::new(5)))? {
                    ToHub::Blinking => Ok(key.clone()),
                    _ => Err(GaveUp::Unexpected),
                }
            });
            if result.is_ok() {
                self.keys = vec![key];
                break;
            }
        }
        result
    }

    /// Does the hub hear adverts of the sensor that it can open?
    pub(crate) fn hears(&self, sensor: &Sensor) -> bool {
        let ours = |key: &(Epoch, DeviceKey)| Some(keys::advert_key(&key.1, key.0));
        sensor.advert_key().is_some() && self.keys.iter().any(|key| ours(key) == sensor.advert_key())
    }
}

pub(crate) fn written(question: &ToSensor) -> Vec<u8> {
    let mut buffer = [0; MAX_LENGTH];
    let length = question.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

/// Pieces to and fro.
struct Pipe<'s> {
    sensor: &'s mut Sensor,
    between: Between<'s>,
    splitter: Splitter,
    reassembler: Reassembler,
    mtu: u16,
}

impl Pipe<'_> {
    fn ask(&mut self, message: &[u8]) -> Result<Vec<u8>, GaveUp> {
        self.splitter.load(message).unwrap();
        while let Some(piece) = self.splitter.next(wire::pipe::PieceSize::of_mtu(self.mtu)) {
            for piece in (self.between)(Way::ToSensor, piece.bytes()) {
                self.sensor.give(Input::Piece(&piece));
            }
        }
        let mut answer = None;
        for piece in std::mem::take(&mut self.sensor.pieces) {
            for piece in (self.between)(Way::ToHub, &piece) {
                if let Some(message) = self.reassembler.push(&piece).map_err(GaveUp::Pipe)? {
                    answer.get_or_insert(message.to_vec());
                }
            }
        }
        match (answer, self.sensor.hung_up) {
            (Some(answer), _) => Ok(answer),
            (None, Some(fault)) => Err(GaveUp::HungUp(fault)),
            (None, None) => Err(GaveUp::Silence),
        }
    }
}

impl Drop for Pipe<'_> {
    fn drop(&mut self) {
        self.sensor.give(Input::Disconnected);
    }
}

/// A session after its handshake.
pub(crate) struct Talk<'s> {
    pipe: Pipe<'s>,
    noise: snow::TransportState,
    hash: [u8; 32],
}

impl Talk<'_> {
    pub(crate) fn sensor(&mut self) -> &mut Sensor {
        self.pipe.sensor
    }

    pub(crate) fn ask(&mut self, question: &ToSensor) -> Result<ToHub, GaveUp> {
        self.ask_bytes(&written(question))
    }

    pub(crate) fn ask_bytes(&mut self, question: &[u8]) -> Result<ToHub, GaveUp> {
        let sealed = self.seal(question);
        self.ask_sealed(&sealed)
    }

    pub(crate) fn seal(&mut self, question: &[u8]) -> Vec<u8> {
        let mut sealed = vec![0; question.len() + 16];
        let length = self.noise.write_message(question, &mut sealed).unwrap();
        assert_eq!(length, sealed.len());
        sealed
    }

    pub(crate) fn ask_sealed(&mut self, sealed: &[u8]) -> Result<ToHub, GaveUp> {
        ToHub::parse(&self.answer_to(sealed)?).map_err(|_| GaveUp::Message)
    }

    /// The bytes of the answer.
    pub(crate) fn answer_to(&mut self, sealed: &[u8]) -> Result<Vec<u8>, GaveUp> {
        let answer = self.pipe.ask(sealed)?;
        let mut plain = [0; 1024];
        let length = self.noise.read_message(&answer, &mut plain).map_err(|_| GaveUp::Noise)?;
        Ok(plain[..length].to_vec())
    }

    /// Gives a key and checks the proof.
    pub(crate) fn take_key(&mut self, question: &ToSensor, key: &(Epoch, DeviceKey)) -> Result<Done, GaveUp> {
        let done = match self.ask(question)? {
            ToHub::Done(done) => done,
            ToHub::Refused(refusal) => return Err(GaveUp::Refused(refusal)),
            _ => return Err(GaveUp::Unexpected),
        };
        let parts = [&self.hash[..], &written(question), &done.first_counter.to_le_bytes()];
        if keys::confirmation(&key.1, key.0, &parts) == done.confirmation { Ok(done) } else { Err(GaveUp::Unproven) }
    }

    pub(crate) fn confirm(mut self) -> Result<(), GaveUp> {
        self.expect(&ToSensor::Confirm, ToHub::Confirmed)
    }

    pub(crate) fn release(mut self) -> Result<(), GaveUp> {
        self.expect(&ToSensor::Release, ToHub::Released)
    }

    fn expect(&mut self, question: &ToSensor, expected: ToHub) -> Result<(), GaveUp> {
        match self.ask(question)? {
            answer if answer == expected => Ok(()),
            ToHub::Refused(refusal) => Err(GaveUp::Refused(refusal)),
            _ => Err(GaveUp::Unexpected),
        }
    }
}
