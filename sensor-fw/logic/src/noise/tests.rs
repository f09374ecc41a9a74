use core::convert::Infallible;

use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

use super::*;

const NK: &str = "Noise_NKpsk0_25519_ChaChaPoly_SHA256";
const NN: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

/// Luck that was decided beforehand: the same 32 bytes each time.
struct Decided([u8; 32]);

impl TryRng for Decided {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.copy_from_slice(&self.0[..to.len()]);
        Ok(())
    }
}

impl TryCryptoRng for Decided {}

/// The keys of one session.
#[derive(Debug, Clone, Copy)]
struct Keys {
    is_nk: bool,
    fixed: [u8; 32],
    psk: [u8; 32],
    hub: [u8; 32],
    sensor: [u8; 32],
}

fn keys() -> impl Strategy<Value = Keys> {
    any::<(bool, [u8; 32], [u8; 32], [u8; 32], [u8; 32])>().prop_map(|(is_nk, fixed, psk, hub, sensor)| Keys {
        is_nk,
        fixed,
        psk,
        hub,
        sensor,
    })
}

impl Keys {
    fn hub(&self) -> snow::HandshakeState {
        let key = StaticKey::new(self.fixed).public().0;
        let builder = snow::Builder::new(if self.is_nk { NK } else { NN }.parse().unwrap());
        let builder = builder.prologue(b"prologue").unwrap().psk(0, &self.psk).unwrap();
        let builder = builder.fixed_ephemeral_key_for_testing_only(&self.hub);
        if self.is_nk { builder.remote_public_key(&key).unwrap() } else { builder }.build_initiator().unwrap()
    }

    fn read(&self, message: &mut [u8]) -> Result<(Handshake, Vec<u8>), NoiseError> {
        let fixed = StaticKey::new(self.fixed);
        let pattern = if self.is_nk { Pattern::NkPsk0(&fixed) } else { Pattern::NnPsk0 };
        Handshake::read(pattern, &Psk::new(self.psk), b"prologue", message)
            .map(|(handshake, payload)| (handshake, payload.to_vec()))
    }

    /// The hub's first message.
    fn first(&self) -> (snow::HandshakeState, Vec<u8>) {
        let mut hub = self.hub();
        let mut buffer = [0; 256];
        let length = hub.write_message(b"hello", &mut buffer).unwrap();
        (hub, buffer[..length].to_vec())
    }

    /// Both sides after the handshake.
    fn session(&self) -> (snow::TransportState, Transport) {
        let (mut hub, mut message) = self.first();
        let (handshake, payload) = self.read(&mut message).unwrap();
        assert_eq!(payload, b"hello");
        let mut buffer = [0; 256];
        let (transport, length) = handshake.answer(&mut Decided(self.sensor), b"info", &mut buffer).unwrap();
        let mut read = [0; 256];
        assert_eq!(hub.read_message(&buffer[..length], &mut read).map(|length| &read[..length]), Ok(&b"info"[..]));
        assert_eq!(hub.get_handshake_hash(), transport.handshake_hash());
        (hub.into_transport_mode().unwrap(), transport)
    }
}

fn hub_says(hub: &mut snow::TransportState, text: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; text.len() + TAG];
    let length = hub.write_message(text, &mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

/// Opens a copy.
fn opened(transport: &mut Transport, message: &[u8]) -> Result<Vec<u8>, NoiseError> {
    transport.open(&mut message.to_vec()).map(|text| text.to_vec())
}

#[test]
fn the_vectors_of_cacophony() {
    let file: toml::Table = include_str!("../../vectors/noise.toml").parse().unwrap();
    let vectors = file["vector"].as_array().unwrap();
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        let bytes = |key: &str| hex::decode(vector[key].as_str().unwrap()).unwrap();
        let array = |key: &str| <[u8; 32]>::try_from(bytes(key)).unwrap();
        let messages: Vec<[Vec<u8>; 2]> = vector["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| [0, 1].map(|side| hex::decode(pair[side].as_str().unwrap()).unwrap()))
            .collect();
        let [first, second, others @ ..] = &messages[..] else { panic!("too few messages") };

        let fixed = vector.get("static").map(|_| StaticKey::new(array("static")));
        let pattern = fixed.as_ref().map_or(Pattern::NnPsk0, Pattern::NkPsk0);
        assert_eq!(pattern.name(), vector["name"].as_str().unwrap().as_bytes());
        if let Some(fixed) = &fixed {
            assert_eq!(fixed.public().0, array("static_public"));
        }
        let (psk, mut message) = (Psk::new(array("psk")), first[1].clone());
        let (handshake, payload) = Handshake::read(pattern, &psk, &bytes("prologue"), &mut message).unwrap();
        assert_eq!(payload, first[0]);
        let mut buffer = [0; 256];
        let (mut transport, length) =
            handshake.answer(&mut Decided(array("ephemeral")), &second[0], &mut buffer).unwrap();
        assert_eq!(&buffer[..length], second[1]);
        assert_eq!(transport.handshake_hash(), &array("handshake_hash"));
        for (number, [payload, sealed]) in others.iter().enumerate() {
            if number % 2 == 0 {
                assert_eq!(opened(&mut transport, sealed), Ok(payload.clone()));
            } else {
                let length = transport.seal(payload, &mut buffer).unwrap();
                assert_eq!(&buffer[..length], sealed);
            }
        }
    }
}

#[test]
fn a_public_key_of_small_order_is_refused() {
    let keys = Keys { is_nk: true, fixed: [1; 32], psk: [2; 32], hub: [3; 32], sensor: [4; 32] };
    let mut one = [0; 32];
    one[0] = 1;
    for weak in [[0; 32], one] {
        let mut message = [&weak[..], &[0; 16]].concat();
        assert_eq!(keys.read(&mut message).map(drop), Err(NoiseError::WeakKey));
    }
}

#[test]
fn without_a_static_key_one_of_small_order_is_refused_when_answering() {
    // Who has the psk can make this message: psk, e, and an empty payload under the key of that.
    let mut symmetric = Symmetric::new(NN.as_bytes());
    symmetric.mix_hash(b"prologue");
    symmetric.mix_key_and_hash(&[2; 32]);
    symmetric.mix_ephemeral(&[0; 32]);
    let mut message = [0; 48];
    symmetric.seal(&[], &mut message[32..]).unwrap();
    let keys = Keys { is_nk: false, fixed: [1; 32], psk: [2; 32], hub: [3; 32], sensor: [4; 32] };
    let (handshake, _) = keys.read(&mut message).unwrap();
    let error = handshake.answer(&mut Decided([4; 32]), &[], &mut [0; 64]).map(drop);
    assert_eq!(error, Err(NoiseError::WeakKey));
}

#[test]
fn secrets_are_not_printed() {
    let keys = Keys { is_nk: true, fixed: [0xAB; 32], psk: [2; 32], hub: [3; 32], sensor: [4; 32] };
    let (_, transport) = keys.session();
    let (handshake, _) = keys.read(&mut keys.first().1).unwrap();
    let printed = format!("{:?} {handshake:?} {transport:?}", StaticKey::new(keys.fixed));
    assert_eq!(printed, "StaticKey(secret) Handshake(secret) Transport(secret)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn snow_and_the_sensor_understand_each_other(
        keys in keys(),
        texts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..300)), 0..10),
    ) {
        let (mut hub, mut sensor) = keys.session();
        let mut buffer = [0; 512];
        for (is_hubs, text) in texts {
            if is_hubs {
                let message = hub_says(&mut hub, &text);
                prop_assert_eq!(opened(&mut sensor, &message), Ok(text));
            } else {
                let length = sensor.seal(&text, &mut buffer).unwrap();
                let mut read = [0; 512];
                let read_length = hub.read_message(&buffer[..length], &mut read).unwrap();
                prop_assert_eq!(&read[..read_length], &text[..]);
            }
        }
    }

    #[test]
    fn another_key_another_prologue_or_another_pattern_is_refused(keys in keys(), bit in 0..256_usize) {
        let (_, message) = keys.first();
        let mut other = keys.psk;
        other[bit / 8] ^= 1 << (bit % 8);
        let tries = [
            Keys { psk: other, ..keys },
            Keys { is_nk: !keys.is_nk, ..keys },
        ];
        for wrong in tries {
            let mut read = message.clone();
            prop_assert_eq!(wrong.read(&mut read).map(drop), Err(NoiseError::Forged));
            prop_assert_eq!(&read, &message);
        }
        if keys.is_nk {
            // X25519 ignores five bits of a key, so a whole other one.
            let wrong = Keys { fixed: other, ..keys };
            prop_assert_eq!(wrong.read(&mut message.clone()).map(drop), Err(NoiseError::Forged));
        }
        let error = Handshake::read(Pattern::NnPsk0, &Psk::new(keys.psk), b"other", &mut { message }).map(drop);
        prop_assert_eq!(error, Err(NoiseError::Forged));
    }

    #[test]
    fn a_changed_or_shortened_first_message_is_refused(keys in keys(), bit: prop::sample::Index, cut: prop::sample::Index) {
        let (_, message) = keys.first();
        let mut changed = message.clone();
        let bit = bit.index(8 * message.len());
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(keys.read(&mut changed).map(drop), Err(NoiseError::Forged));
        let error = keys.read(&mut message[..cut.index(message.len())].to_vec()).map(drop).unwrap_err();
        prop_assert!(matches!(error, NoiseError::Forged | NoiseError::Short { .. }), "{error:?}");
    }

    #[test]
    fn replayed_reordered_reflected_changed_and_shortened_messages_are_refused(
        keys in keys(), bit: prop::sample::Index, cut: prop::sample::Index,
    ) {
        let (mut hub, mut sensor) = keys.session();
        let [first, second] = [b"first", b"other"].map(|text| hub_says(&mut hub, text));
        prop_assert_eq!(opened(&mut sensor, &second), Err(NoiseError::Forged));
        prop_assert_eq!(opened(&mut sensor, &first), Ok(b"first".to_vec()));
        prop_assert_eq!(opened(&mut sensor, &first), Err(NoiseError::Forged));
        let mut buffer = [0; 64];
        let length = sensor.seal(b"ours", &mut buffer).unwrap();
        prop_assert_eq!(opened(&mut sensor, &buffer[..length]), Err(NoiseError::Forged));
        let mut changed = second.clone();
        let bit = bit.index(8 * second.len());
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(opened(&mut sensor, &changed), Err(NoiseError::Forged));
        let error = opened(&mut sensor, &second[..cut.index(second.len())]).unwrap_err();
        prop_assert!(matches!(error, NoiseError::Forged | NoiseError::Short { .. }), "{error:?}");
        // None of that has moved the session on.
        prop_assert_eq!(opened(&mut sensor, &second), Ok(b"other".to_vec()));
    }

    /// A recorded first message is answered, for who could tell, but what follows cannot be made or read with it.
    #[test]
    fn a_recorded_session_cannot_be_played_again(keys in keys(), luck: [u8; 32]) {
        prop_assume!(luck != keys.sensor);
        let (mut hub, first) = keys.first();
        let answer = |luck, buffer: &mut [u8]| {
            let (handshake, _) = keys.read(&mut first.clone()).unwrap();
            handshake.answer(&mut Decided(luck), &[], buffer).unwrap()
        };
        let (mut buffer, mut read) = ([0; 64], [0; 64]);
        let (mut original, length) = answer(keys.sensor, &mut buffer);
        hub.read_message(&buffer[..length], &mut read).unwrap();
        let recorded = hub_says(&mut hub.into_transport_mode().unwrap(), b"be mine");
        prop_assert!(opened(&mut original, &recorded).is_ok());
        let (mut again, _) = answer(luck, &mut buffer);
        prop_assert_ne!(again.handshake_hash(), original.handshake_hash());
        prop_assert_eq!(opened(&mut again, &recorded), Err(NoiseError::Forged));
    }

    /// The hub is told too: who answers without the static key or the psk, or changes the answer, is found out.
    #[test]
    fn an_answer_by_another_is_refused_by_snow(keys in keys(), other: [u8; 32], bit: prop::sample::Index) {
        prop_assume!(StaticKey::new(other).public() != StaticKey::new(keys.fixed).public());
        // Somebody who has read the label and answers in the sensor's place: without its key he cannot read the
        // question, so he makes up a handshake of his own with the hub's ephemeral key.
        let nk = Keys { is_nk: true, ..keys };
        let (mut hub, mut message) = nk.first();
        let mut buffer = [0; 256];
        prop_assert_eq!(Keys { fixed: other, ..nk }.read(&mut message).map(drop), Err(NoiseError::Forged));
        let mut symmetric = Symmetric::new(NK.as_bytes());
        symmetric.mix_hash(b"prologue");
        symmetric.mix_hash(&StaticKey::new(nk.fixed).public().0);
        symmetric.mix_key_and_hash(&nk.psk);
        let theirs: [u8; 32] = message[..32].try_into().unwrap();
        symmetric.mix_ephemeral(&theirs);
        symmetric.mix_hash(&message[32..]);
        let impostor = Handshake { symmetric, theirs: theirs.into() };
        let (_, length) = impostor.answer(&mut Decided(keys.sensor), b"info", &mut buffer).unwrap();
        prop_assert!(hub.read_message(&buffer[..length], &mut [0; 256]).is_err());

        let (mut hub, mut message) = keys.first();
        let (handshake, _) = keys.read(&mut message).unwrap();
        let (_, length) = handshake.answer(&mut Decided(keys.sensor), b"info", &mut buffer).unwrap();
        let bit = bit.index(8 * length);
        buffer[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(hub.read_message(&buffer[..length], &mut [0; 256]).is_err());
    }

    #[test]
    fn any_bytes_are_refused(keys in keys(), mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(keys.read(&mut bytes).is_err());
        let (_, mut sensor) = keys.session();
        prop_assert!(sensor.open(&mut bytes).is_err());
    }
}
