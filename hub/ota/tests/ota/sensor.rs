//! The sensor's own side: its bootloader, its update and its flash, as on the chip.

use embassy_futures::block_on;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embedded_storage_async::nor_flash::{NorFlash as _, ReadNorFlash as _};
use fw_logic::{
    Facts, Own, Proof, Shared, Update,
    boot::{Images, Layout},
    image::Slot,
    nor::NorSim,
};
use wire::{
    firmware::Version,
    manifest::Target,
    message::Refusal,
    service::{Answer, Ask, Progress},
};

use crate::signed::{PRODUCT, hardware, manifest, program, trusted};

const PAGE: usize = 1024;
const SLOT: u32 = 5 * PAGE as u32;
pub(crate) const LENGTH: usize = 4 * PAGE - 5;
pub(crate) const OLD: Version = Version([1, 0, 0, 0]);
pub(crate) const NEW: Version = Version([2, 0, 0, 0]);
/// A program that never shows that it works.
pub(crate) const BAD: Version = Version([3, 0, 0, 0]);

type Flash<'a> = Shared<'a, &'a mut NorSim<PAGE>>;

/// A sensor, from one life to the next.
pub(crate) struct Chip {
    nor: NorSim<PAGE>,
    pub(crate) battery_mv: u16,
    last: Version,
    /// How often another program ran than the time before.
    pub(crate) changes: u32,
}

impl Chip {
    pub(crate) fn new() -> Self {
        let mut nor = NorSim::new(15);
        let mut bytes = program(OLD, LENGTH);
        bytes.resize(LENGTH.next_multiple_of(4), 0xFF);
        let page = PAGE as u32;
        block_on(async {
            nor.write(0, &bytes).await.unwrap();
            let signed = manifest(OLD, 1, LENGTH);
            let mut trailer = [0xFF; 160];
            trailer[..signed.len()].copy_from_slice(&signed);
            nor.write(SLOT - page, &trailer).await.unwrap();
        });
        Self { nor, battery_mv: 2900, last: OLD, changes: 0 }
    }

    /// One life from a start on: `talk` is told what runs, and has whoever answers. The sensor's radio works; its probe
    /// does, but for the bad program.
    pub(crate) fn live(&mut self, mut talk: impl FnMut(Version, &mut dyn FnMut(&[u8]) -> Vec<u8>)) {
        let (battery_mv, capacity) = (self.battery_mv, self.nor.capacity());
        let flash = Mutex::<NoopRawMutex, _>::new(&mut self.nor);
        let (mut update, mut facts) = block_on(start(Shared::new(&flash, capacity)));
        let running = update.version();
        let works: &[Proof] = if running == BAD { &[Proof::Radio] } else { &[Proof::Radio, Proof::Sampled] };
        for proof in works {
            block_on(update.shows(&mut facts, *proof)).unwrap();
        }
        talk(running, &mut |question| {
            let answer = block_on(told(&mut update, &mut facts, question, battery_mv));
            block_on(update.shows(&mut facts, Proof::Hub)).unwrap();
            answer
        });
        self.changes += u32::from(running != self.last);
        self.last = running;
    }

    /// How its update stands after a start, and which version that is.
    pub(crate) fn stands(&mut self) -> (Version, Progress) {
        let mut stands = None;
        self.live(|running, answer| {
            let mut question = [0; 8];
            let length = Ask::Progress.write(&mut question).unwrap();
            let Ok(Answer::Progress(progress)) = Answer::parse(&answer(&question[..length])) else { panic!() };
            stands = Some((running, progress));
        });
        stands.unwrap()
    }
}

async fn start(flash: Flash<'_>) -> (Update<Flash<'_>>, Facts<Flash<'_>>) {
    let page = PAGE as u32;
    let layout = Layout {
        active: Slot { start: 0, length: SLOT },
        other: Slot { start: SLOT, length: SLOT + page },
        state: 11 * page..13 * page,
    };
    let target = Target { product: PRODUCT, hardware: hardware(), security_counter: 0, room: 0 };
    let mut images = Images::new(flash.clone(), layout).unwrap();
    images.prepare(&trusted(), &target).await.unwrap();
    let mut bytes = vec![0; LENGTH];
    images.flash().read(0, &mut bytes).await.unwrap();
    let version = [OLD, NEW, BAD].into_iter().find(|version| bytes == program(*version, LENGTH)).unwrap();
    let own = Own { trusted: trusted(), target, version, security_counter: 1 };
    let (mut facts, _) = Facts::start(flash, 13 * page..15 * page).await.unwrap();
    let update = Update::start(images, &mut facts, own).await.unwrap();
    (update, facts)
}

async fn told(
    update: &mut Update<Flash<'_>>,
    facts: &mut Facts<Flash<'_>>,
    question: &[u8],
    battery_mv: u16,
) -> Vec<u8> {
    let done = match Ask::parse(question).unwrap() {
        Ask::Offer { manifest } => update.offer(facts, manifest, battery_mv).await,
        Ask::Chunk { offset, bytes } => update.chunk(facts, offset, bytes, battery_mv).await,
        Ask::Install => update.install(facts, battery_mv).await,
        Ask::Abandon => update.abandon(facts).await,
        Ask::Progress => Ok(()),
        Ask::Log { .. } | Ask::Health => Err(Refusal::OutOfPlace),
    };
    let answer = match done {
        Ok(()) => Answer::Progress(update.progress()),
        Err(refusal) => Answer::Refused(refusal),
    };
    let mut buffer = [0; 64];
    let length = answer.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}
