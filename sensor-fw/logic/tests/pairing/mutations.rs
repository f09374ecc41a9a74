//! Thousands of sessions in which somebody between hub and sensor changes, drops, doubles, swaps, cuts, keeps and inserts pieces.
//!
//! `PAIRING_SESSIONS` says how many (10 000), `PAIRING_SEED` where to begin (0). Each session is a number and gives the same
//! each time.

use std::collections::BTreeMap;

use fw_logic::pairing::{Claim, Record};

use crate::{
    ceremonies::met,
    hub::{GaveUp, Hub, Way, nobody},
    luck::Luck,
    sensor::Sensor,
};

/// Does one thing to one piece.
struct Meddler {
    luck: Luck,
    /// At which piece, counted both ways.
    at: usize,
    seen: usize,
    /// Pieces on their way to the sensor so far, for replays.
    recorded: Vec<Vec<u8>>,
    /// A piece that is kept back until the next one has gone.
    kept: Option<(Way, Vec<u8>)>,
    did: &'static str,
}

impl Meddler {
    fn new(luck: Luck, at: usize) -> Self {
        Self { luck, at, seen: 0, recorded: Vec::new(), kept: None, did: "nothing" }
    }

    fn pass(&mut self, way: Way, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut out = vec![piece.to_vec()];
        self.seen += 1;
        if self.seen == self.at {
            out = self.meddle(way, piece);
        }
        if self.seen > self.at && self.kept.as_ref().is_some_and(|(kept, _)| *kept == way) {
            out.extend(self.kept.take().map(|(_, piece)| piece));
        }
        if way == Way::ToSensor {
            self.recorded.push(piece.to_vec());
        }
        out
    }

    fn meddle(&mut self, way: Way, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut changed = piece.to_vec();
        let place = self.luck.below(piece.len());
        match self.luck.below(8) {
            0 => {
                self.did = "flip a bit";
                changed[place] ^= 1 << self.luck.below(8);
                vec![changed]
            }
            1 => {
                self.did = "set a byte";
                changed[place] ^= 1 + self.luck.below(255) as u8;
                vec![changed]
            }
            2 if !self.recorded.is_empty() => {
                self.did = "play an old piece";
                let old = self.luck.below(self.recorded.len());
                vec![self.recorded[old].clone(), changed]
            }
            3 => {
                self.did = "double";
                vec![changed.clone(), changed]
            }
            4 => {
                self.did = "cut short";
                changed.truncate(place);
                vec![changed]
            }
            5 => {
                self.did = "keep back";
                self.kept = Some((way, changed));
                Vec::new()
            }
            6 => {
                self.did = "insert noise";
                let length = 1 + self.luck.below(244);
                vec![(0..length).map(|_| self.luck.bytes::<1>()[0]).collect(), changed]
            }
            _ => {
                self.did = "drop";
                Vec::new()
            }
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// One whole ceremony with somebody in between, and how it ended for the hub.
fn ceremony(seed: u64, mtu: u16, meddler: &mut Meddler) -> (Result<(), GaveUp>, Sensor, Hub) {
    let (mut sensor, mut hub) = met(seed);
    hub.mtu = mtu;
    let mut between = |way, piece: &[u8]| meddler.pass(way, piece);
    let result = hub.claim(&mut sensor, Box::new(&mut between)).and_then(|talk| talk.confirm());
    (result, sensor, hub)
}

/// What pieces may be carried in, and how many a ceremony has then.
fn sizes() -> Vec<(u16, usize)> {
    let count = |mtu| {
        let mut nobody = Meddler::new(Luck(0), usize::MAX);
        assert_eq!(ceremony(0, mtu, &mut nobody).0, Ok(()));
        (mtu, nobody.seen)
    };
    [23, 24, 48, 100, 185, 247].map(count).to_vec()
}

#[test]
fn no_meddling_claims_changes_or_locks_a_sensor() {
    let (first, sessions) = (number("PAIRING_SEED", 0), number("PAIRING_SESSIONS", 10_000));
    let sizes = sizes();
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for seed in first..first + sessions {
        let mut luck = Luck(seed);
        let (mtu, pieces) = sizes[luck.below(sizes.len())];
        let at = 1 + luck.below(pieces);
        let mut meddler = Meddler::new(luck, at);
        let (result, mut sensor, mut hub) = ceremony(seed, mtu, &mut meddler);
        assert_ne!(meddler.did, "nothing", "seed {seed}");
        // Whatever happened: the sensor is nobody's, or it is the hub's with the very key that the hub sent.
        let kept = sensor.kept();
        assert_eq!(&kept.claim, sensor.claim(), "seed {seed}");
        match &kept.claim {
            Claim::Unclaimed => {
                assert!(kept.failures <= 1 && !kept.is_wipe_due, "seed {seed}");
                assert_eq!(kept, Record { failures: kept.failures, ..Record::new() }, "seed {seed}");
                assert!(result.is_err(), "seed {seed}");
            }
            Claim::Pending(owner) => {
                assert_eq!(owner.keys.device_key, hub.keys[0].1, "seed {seed}");
                assert!(result.is_err(), "seed {seed}");
            }
            Claim::Active { owner, next } => {
                assert_eq!((&owner.keys.device_key, next), (&hub.keys[0].1, &None), "seed {seed}");
            }
        }
        let end = match &result {
            Ok(()) => "paired".to_owned(),
            Err(error) => format!("{error:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
        };
        *ends.entry(format!("{}: {end}", meddler.did)).or_default() += 1;
        // And the owner is not locked out. Every 16th time is enough for that.
        if seed % 16 == 0 {
            match sensor.claim() {
                Claim::Active { .. } => assert!(hub.reach(&mut sensor).is_ok(), "seed {seed}"),
                _ => assert_eq!(hub.pair(&mut sensor), Ok(()), "seed {seed}"),
            }
            assert!(hub.hears(&sensor), "seed {seed}");
        }
    }
    for (end, times) in ends {
        println!("{times:>8} {end}");
    }
}

/// Pieces that nobody has ever cut from a message.
#[test]
fn any_pieces_at_all_are_survived() {
    for seed in 0..2_000 {
        let mut luck = Luck(seed ^ 0xA5A5);
        let (mut sensor, mut hub) = met(seed);
        let psk = wire::keys::pairing_psk(&hub.code.secret);
        if luck.below(2) == 0 {
            let _ = hub.begin(&mut sensor, wire::message::Purpose::Pairing, &psk, nobody());
        }
        sensor.connect(185);
        for sequence in 0..1 + luck.below(20) {
            let mut piece: Vec<u8> = (0..luck.below(260)).map(|_| luck.bytes::<1>()[0]).collect();
            if let ([head, ..], false) = (&mut piece[..], luck.below(4) == 0) {
                *head = (*head & 0xC0) | (sequence as u8 & 0x3F);
            }
            if let ([_, purpose, ..], 0) = (&mut piece[..], sequence) {
                *purpose = 1 + luck.below(2) as u8;
            }
            sensor.give(fw_logic::pairing::Input::Piece(&piece));
        }
        sensor.give(fw_logic::pairing::Input::Disconnected);
        assert!(matches!(sensor.kept(), Record { claim: Claim::Unclaimed, failures: 0 | 1, .. }), "seed {seed}");
    }
}
