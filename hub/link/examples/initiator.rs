//! The hub's end of a Noise session, by `snow` alone: nothing of the sensor's own code is in it.
//!
//! `tests/interop` drives it, a line in and a line out, all in hexadecimal digits:
//!
//! | line | answer |
//! |---|---|
//! | `pairing PROLOGUE PSK KEY PAYLOAD` | the first message of `NKpsk0` to the sensor with this static key |
//! | `link PROLOGUE PSK PAYLOAD` | the first message of `NNpsk0` |
//! | `finish MESSAGE` | the payload of the sensor's message, and the handshake's hash |
//! | `seal PLAIN` | the next message of the session |
//! | `open MESSAGE` | what is in it |
//!
//! What goes wrong is answered by `error` and why.
#![expect(clippy::print_stdout, reason = "it answers on stdout")]

use std::{
    error::Error,
    io::{self, BufRead as _, Write as _},
};

const PAIRING: &str = "Noise_NKpsk0_25519_ChaChaPoly_SHA256";
const LINK: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

type Answer = Result<String, Box<dyn Error>>;

/// Where the session stands.
enum State {
    Idle,
    Begun(Box<snow::HandshakeState>),
    Open(Box<snow::TransportState>),
}

fn main() -> io::Result<()> {
    let mut state = State::Idle;
    for line in io::stdin().lock().lines() {
        let answer = answer(&line?, &mut state).unwrap_or_else(|error| format!("error {error}"));
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

fn answer(line: &str, state: &mut State) -> Answer {
    let words: Vec<&str> = line.split(' ').collect();
    match (words.as_slice(), core::mem::replace(state, State::Idle)) {
        (["pairing", prologue, psk, key, payload], _) => begin(PAIRING, prologue, psk, Some(key), payload, state),
        (["link", prologue, psk, payload], _) => begin(LINK, prologue, psk, None, payload, state),
        (["finish", message], State::Begun(mut handshake)) => {
            let mut plain = vec![0; 2048];
            let length = handshake.read_message(&hex::decode(message)?, &mut plain)?;
            plain.truncate(length);
            let hash = hex::encode(handshake.get_handshake_hash());
            *state = State::Open(handshake.into_transport_mode()?.into());
            Ok(format!("{} {hash}", hex::encode(plain)))
        }
        (["seal", plain], State::Open(mut session)) => {
            let plain = hex::decode(plain)?;
            let mut message = vec![0; plain.len() + 16];
            let length = session.write_message(&plain, &mut message)?;
            message.truncate(length);
            *state = State::Open(session);
            Ok(hex::encode(message))
        }
        (["open", message], State::Open(mut session)) => {
            let mut plain = vec![0; 2048];
            let length = session.read_message(&hex::decode(message)?, &mut plain)?;
            plain.truncate(length);
            *state = State::Open(session);
            Ok(hex::encode(plain))
        }
        _ => Err("that is no line for this state".into()),
    }
}

fn begin(pattern: &str, prologue: &str, psk: &str, key: Option<&str>, payload: &str, state: &mut State) -> Answer {
    let mut psk_bytes = [0; 32];
    hex::decode_to_slice(psk, &mut psk_bytes)?;
    let (prologue, key) = (hex::decode(prologue)?, hex::decode(key.unwrap_or_default())?);
    let builder = snow::Builder::new(pattern.parse()?).prologue(&prologue)?.psk(0, &psk_bytes)?;
    let mut handshake = match key.is_empty() {
        true => builder.build_initiator()?,
        false => builder.remote_public_key(&key)?.build_initiator()?,
    };
    let mut message = vec![0; 2048];
    let length = handshake.write_message(&hex::decode(payload)?, &mut message)?;
    message.truncate(length);
    *state = State::Begun(handshake.into());
    Ok(hex::encode(message))
}
