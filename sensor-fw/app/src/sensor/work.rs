//! What hubs lead to: a connection, what is said on it, and what is kept of it.

use embedded_storage_async::nor_flash::NorFlash;
use fw_logic::{
    Condition, Fact, Facts, KeepError, Proof, answer,
    pairing::{Connected, Input, MAX_ANSWER, MAX_RECORD, Output, Record, RecordError},
};
use rand_core::Rng;
use wire::{
    bthome::Address,
    pipe::{Piece, PieceSize},
};
use zeroize::Zeroizing;

use super::{Broken, Constant, Peer, Sensor, Window};
use crate::{
    board::{Board, Notes},
    note::Note,
};

impl<B: Board> Sensor<B> {
    /// Somebody connected.
    pub(crate) async fn connected(&mut self, now_ms: u64, peer: &mut impl Peer) -> Result<(), Broken<B>> {
        self.notes.note(&Note::Connected);
        self.is_new = true;
        self.meet(PieceSize::SMALLEST, now_ms);
        self.work(now_ms, peer).await
    }

    /// He wrote a piece. How long ours may be is settled by then: whoever asks for more than the smallest does so first.
    pub(crate) async fn heard(
        &mut self,
        piece: &[u8],
        att_mtu: u16,
        now_ms: u64,
        peer: &mut impl Peer,
    ) -> Result<(), Broken<B>> {
        if core::mem::take(&mut self.is_new) {
            self.meet(PieceSize::of_mtu(att_mtu), now_ms);
        }
        self.pairing.handle(Input::Piece(piece), now_ms, &mut self.luck);
        self.work(now_ms, peer).await
    }

    /// He is gone.
    pub(crate) async fn disconnected(&mut self, now_ms: u64) -> Result<(), Broken<B>> {
        self.notes.note(&Note::Disconnected);
        self.pairing.handle(Input::Disconnected, now_ms, &mut self.luck);
        self.work(now_ms, &mut Nobody).await
    }

    fn meet(&mut self, piece: PieceSize, now_ms: u64) {
        let (battery_mv, first_counter) = (self.battery_mv, self.brain.next_counter());
        let address = self.identity.address;
        let connected = Connected { piece, address, battery_mv, first_counter };
        self.pairing.handle(Input::Connected(connected), now_ms, &mut self.luck);
    }

    /// Does what the ceremony says, until it says nothing.
    pub(super) async fn work(&mut self, now_ms: u64, peer: &mut impl Peer) -> Result<(), Broken<B>> {
        while let Some(output) = self.pairing.poll() {
            let input = match output {
                Output::Persist(record) => match keep(self.brain.facts(), record).await {
                    Ok(()) => Some(Input::Persisted),
                    Err(error) => {
                        self.notes.note(&Note::FlashFailed(&error));
                        Some(Input::PersistFailed)
                    }
                },
                Output::Wipe => {
                    // What is not wiped is wiped at the next start.
                    self.brain.log().wipe().await?;
                    self.notes.note(&Note::Wiped);
                    Some(Input::Wiped)
                }
                Output::Question(question) => {
                    let Constant { reset, resets, .. } = self.identity;
                    let condition = Condition { now_ms, reset, resets, battery_mv: self.battery_mv };
                    let mut bytes = [0; MAX_ANSWER];
                    let answer = answer(question, &condition, &mut self.brain, &mut self.update, &mut bytes).await;
                    // There is room for every answer.
                    self.pairing.answer(bytes.get(..answer.unwrap_or_default()).unwrap_or_default());
                    self.show(Proof::Hub).await;
                    None
                }
                Output::Send(piece) => {
                    peer.send(&piece).await;
                    None
                }
                Output::HangUp(fault) => {
                    self.notes.note(&Note::HungUp(fault));
                    peer.hang_up();
                    None
                }
                Output::OpenWindow(advert) => {
                    self.window = Some(Window { advert, address: private_address(&mut self.luck) });
                    self.notes.note(&Note::WindowOpened);
                    None
                }
                Output::CloseWindow => {
                    self.window = None;
                    self.notes.note(&Note::WindowClosed);
                    None
                }
                Output::SetClock { unix_time_s } => {
                    self.notes.note(&Note::ClockSet { unix_time_s });
                    None
                }
                Output::Blink(pattern) => {
                    self.blink.begin(pattern, now_ms);
                    self.notes.note(&Note::Blinking(pattern));
                    None
                }
                Output::Changed => {
                    self.changed(now_ms);
                    None
                }
            };
            if let Some(input) = input {
                self.pairing.handle(input, now_ms, &mut self.luck);
            }
        }
        Ok(())
    }

    fn changed(&mut self, now_ms: u64) {
        let (claim, epoch) = (self.pairing.claim().state(), self.pairing.keys().map(|keys| keys.epoch));
        self.notes.note(&Note::Changed { claim, epoch });
        self.adopt(now_ms);
    }
}

/// Nobody is connected.
pub(super) struct Nobody;

impl Peer for Nobody {
    async fn send(&mut self, _piece: &Piece) {}

    fn hang_up(&mut self) {}
}

/// What flash has of the owner.
pub(super) fn read<S: NorFlash>(facts: &Facts<S>) -> Result<Record, RecordError> {
    facts.get(Fact::Claim).map_or(Ok(Record::new()), Record::parse)
}

pub(super) async fn keep<S: NorFlash>(facts: &mut Facts<S>, record: &Record) -> Result<(), KeepError<S::Error>> {
    let mut bytes = Zeroizing::new([0; MAX_RECORD]);
    let length = record.write(&mut *bytes).map_err(|_| KeepError::TooLong)?;
    facts.put(Fact::Claim, bytes.get(..length).unwrap_or_default()).await
}

/// A private address that nobody can resolve (Core 5.4, volume 6, part B, 1.3.2.2): the two highest bits are 0.
fn private_address(luck: &mut impl Rng) -> Address {
    let mut address = [0; 6];
    luck.fill_bytes(&mut address);
    let [first, ..] = &mut address;
    *first &= 0x3F;
    address
}
