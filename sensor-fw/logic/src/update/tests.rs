use std::{println, vec, vec::Vec};

use ed25519_dalek::SigningKey;
use embassy_futures::block_on;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embedded_storage_async::nor_flash::ReadNorFlash;
use sha2::Digest;
use wire::{
    firmware::Hardware,
    manifest::{KeyId, ManifestFault},
    setup_code::Product,
};

use super::*;
use crate::{
    boot::{BootError, Booted, Layout},
    image::Slot,
    nor::{Fault, NorError, NorSim},
    power::{Life, cut_everywhere, lucks},
    shared::Shared,
};

const PAGE: usize = 1024;
const SLOT: u32 = 3 * PAGE as u32;
type Nor = NorSim<PAGE>;
type Flash<'a> = Shared<'a, &'a mut Nor>;
const LENGTH: usize = 2 * PAGE - 5;
const COUNTERS: [u32; 3] = [0, 4, 5];
const MV: u16 = 2900;

fn layout() -> Layout {
    let page = PAGE as u32;
    Layout {
        active: Slot { start: 0, length: SLOT },
        other: Slot { start: SLOT, length: SLOT + page },
        state: 7 * page..9 * page,
    }
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn own(number: u8) -> Own {
    Own {
        trusted: [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key: signer().verifying_key().to_bytes() }),
        target: Target { product: Product(1), hardware: Hardware::new(0).unwrap(), security_counter: 0, room: 0 },
        version: Version([number, 0, 0, 0]),
        security_counter: COUNTERS[usize::from(number)],
    }
}

fn image(number: u8) -> Vec<u8> {
    (0..LENGTH).map(|at| number ^ (at as u8).wrapping_mul(7) ^ (at >> 8) as u8).collect()
}

fn manifest_of(number: u8, security_counter: u32) -> [u8; manifest::LENGTH] {
    let manifest = Manifest {
        product: Product(1),
        hardware_mask: 1,
        version: Version([number, 0, 0, 0]),
        security_counter,
        length: LENGTH as u32,
        digest: sha2::Sha512::digest(image(number)).into(),
        key: KeyId(1),
    };
    manifest.sign(&signer())
}

fn manifest(number: u8) -> [u8; manifest::LENGTH] {
    manifest_of(number, COUNTERS[usize::from(number)])
}

/// A flash with image 1 in its place.
fn flash() -> Nor {
    let mut nor = Nor::new(11);
    let mut bytes = image(1);
    bytes.resize(LENGTH.next_multiple_of(4), 0xFF);
    block_on(async {
        embedded_storage_async::nor_flash::NorFlash::write(&mut nor, 0, &bytes).await.unwrap();
        layout().active.sign(&mut nor, &manifest(1)).await.unwrap();
    });
    nor
}

/// A program that has started, by way of the bootloader.
struct Program<'a> {
    number: u8,
    booted: Booted,
    update: Update<Flash<'a>>,
    facts: Facts<Flash<'a>>,
}

impl<'a> Program<'a> {
    async fn start(flash: Flash<'a>) -> Result<Self, BootError<NorError>> {
        let mut images = Images::new(flash.clone(), layout())?;
        let own_1 = own(1);
        let booted = images.prepare(&own_1.trusted, &own_1.target).await?;
        let mut bytes = vec![0; LENGTH];
        images.flash().read(0, &mut bytes).await.map_err(KeepError::Flash)?;
        let number = (1..=2).find(|number| bytes == image(*number)).expect("a brick");
        let (mut facts, _) = Facts::start(flash, 9 * PAGE as u32..11 * PAGE as u32).await?;
        let update = Update::start(images, &mut facts, own(number)).await?;
        Ok(Self { number, booted, update, facts })
    }

    /// What the hub sends, from where the sensor says; in chunks of so many bytes, until so many are sent.
    async fn send(&mut self, chunk: usize, until: usize) -> Result<(), Refusal> {
        while let Progress { stage: Stage::Receiving, received, .. } = self.update.progress()
            && (received as usize) < until
        {
            let bytes = image(2);
            let end = (received as usize + chunk).min(LENGTH);
            self.update.chunk(&mut self.facts, received, &bytes[received as usize..end], MV).await?;
        }
        Ok(())
    }
}

fn with<T>(nor: &mut Nor, act: impl for<'a> AsyncFnOnce(Program<'a>) -> T) -> T {
    let capacity = nor.capacity();
    let flash = Mutex::<NoopRawMutex, _>::new(nor);
    block_on(async {
        let program = Program::start(Shared::new(&flash, capacity)).await.unwrap();
        act(program).await
    })
}

async fn install(it: &mut Program<'_>) {
    it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap();
    it.send(960, LENGTH).await.unwrap();
    it.update.install(&mut it.facts, MV).await.unwrap();
}

#[test]
fn an_update_is_received_installed_and_confirmed() {
    let mut nor = flash();
    with(&mut nor, async |mut it| {
        assert_eq!((it.number, it.update.progress().stage), (1, Stage::None));
        it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap();
        it.send(960, 1).await.unwrap();
        let progress =
            Progress { stage: Stage::Receiving, version: Version([2, 0, 0, 0]), received: 960, length: 2043 };
        assert_eq!((it.update.progress(), it.update.is_restart_due(0)), (progress, false));
        it.send(960, LENGTH).await.unwrap();
        it.update.install(&mut it.facts, MV).await.unwrap();
        assert_eq!(it.update.progress().stage, Stage::Installing);
        assert!(it.update.is_restart_due(0));
    });
    with(&mut nor, async |mut it| {
        assert_eq!((it.number, it.booted, it.update.progress().stage), (2, Booted::Trial, Stage::Trial));
        // Before it is sure of itself, the images before it may still run.
        assert_eq!(it.update.security_counter(&it.facts), 4);
        for proof in [Proof::Sampled, Proof::Radio, Proof::Radio] {
            it.update.shows(&mut it.facts, proof).await.unwrap();
            assert_eq!(it.update.progress().stage, Stage::Trial);
        }
        it.update.shows(&mut it.facts, Proof::Hub).await.unwrap();
        assert_eq!((it.update.progress().stage, it.update.security_counter(&it.facts)), (Stage::None, 5));
    });
    with(&mut nor, async |mut it| {
        assert_eq!((it.number, it.booted), (2, Booted::Same));
        let older = Err(Refusal::Manifest { fault: ManifestFault::OlderCounter });
        assert_eq!(it.update.offer(&mut it.facts, &manifest_of(1, 4), MV).await, older);
    });
}

#[test]
fn an_update_goes_on_after_any_byte_and_any_battery_change() {
    for chunk in [16, 48, 960] {
        for until in (0..LENGTH).step_by(160) {
            let mut nor = flash();
            with(&mut nor, async |mut it| {
                it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap();
                it.send(chunk, until).await.unwrap();
                // The same offer again loses nothing.
                let before = it.update.progress();
                it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap();
                assert_eq!(it.update.progress(), before);
            });
            with(&mut nor, async |mut it| {
                let received = it.update.progress().received as usize;
                assert!(received.is_multiple_of(PAGE) && received + PAGE + chunk > until, "{received} of {until}");
                install(&mut it).await;
            });
            assert_eq!(with(&mut nor, async |it| it.number), 2);
        }
    }
}

#[test]
fn chunks_that_the_sensor_has_are_passed_over_and_gaps_are_refused() {
    with(&mut flash(), async |mut it| {
        let bytes = image(2);
        assert_eq!(it.update.chunk(&mut it.facts, 0, &bytes[..16], MV).await, Err(Refusal::NoUpdate));
        it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap();
        it.update.chunk(&mut it.facts, 0, &bytes[..960], MV).await.unwrap();
        it.update.chunk(&mut it.facts, 0, &bytes[..960], MV).await.unwrap();
        it.update.chunk(&mut it.facts, 480, &bytes[480..480 + 960], MV).await.unwrap();
        assert_eq!(it.update.progress().received, 1440);
        let gap = it.update.chunk(&mut it.facts, 1456, &bytes[1456..1472], MV).await;
        assert_eq!(gap, Err(Refusal::Offset { expected: 1440 }));
        let beyond = it.update.chunk(&mut it.facts, 1440, &[0; 960], MV).await;
        assert_eq!(beyond, Err(Refusal::Offset { expected: 1440 }));
        let odd = it.update.chunk(&mut it.facts, 1440, &bytes[1440..1445], MV).await;
        assert_eq!(odd, Err(Refusal::Malformed { kind: 0x31 }));
        assert_eq!(it.update.install(&mut it.facts, MV).await, Err(Refusal::Offset { expected: 1440 }));
        install(&mut it).await;
    });
}

#[test]
fn a_weak_battery_writes_nothing() {
    with(&mut flash(), async |mut it| {
        let low = Err(Refusal::BatteryLow { mv: SAFE_MV - 1 });
        assert_eq!(it.update.offer(&mut it.facts, &manifest(2), SAFE_MV - 1).await, low);
        it.update.offer(&mut it.facts, &manifest(2), SAFE_MV).await.unwrap();
        assert_eq!(it.update.chunk(&mut it.facts, 0, &image(2)[..16], SAFE_MV - 1).await, low);
        it.send(960, LENGTH).await.unwrap();
        assert_eq!(it.update.install(&mut it.facts, SAFE_MV - 1).await, low);
    });
}

#[test]
fn what_arrived_and_is_not_what_was_signed_is_forgotten() {
    let mut nor = flash();
    with(&mut nor, async |mut it| {
        it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap();
        it.update.chunk(&mut it.facts, 0, &[0x55; 16], MV).await.unwrap();
        it.send(960, LENGTH).await.unwrap();
        assert_eq!(it.update.install(&mut it.facts, MV).await, Err(Refusal::Digest));
        assert_eq!(it.update.progress().stage, Stage::None);
    });
    with(&mut nor, async |mut it| {
        assert_eq!((it.number, it.update.progress().stage), (1, Stage::None));
        install(&mut it).await;
    });
}

#[test]
fn a_program_that_does_not_show_that_it_works_is_taken_back_and_the_hub_is_told() {
    let mut nor = flash();
    with(&mut nor, async |mut it| install(&mut it).await);
    for _ in 0..3 {
        with(&mut nor, async |mut it| {
            it.update.shows(&mut it.facts, Proof::Sampled).await.unwrap();
            assert_eq!((it.number, it.update.progress().stage), (2, Stage::Trial));
            assert!(!it.update.is_restart_due(TRIAL_MS - 1) && it.update.is_restart_due(TRIAL_MS));
            // It does not take another before it is sure of itself.
            assert_eq!(it.update.offer(&mut it.facts, &manifest(2), MV).await, Err(Refusal::NoUpdate));
        });
    }
    with(&mut nor, async |mut it| {
        let progress = it.update.progress();
        assert_eq!((it.number, progress.stage, progress.version), (1, Stage::Reverted, Version([2, 0, 0, 0])));
        assert_eq!(it.update.security_counter(&it.facts), 4);
        // It may be tried again.
        install(&mut it).await;
    });
    assert_eq!(with(&mut nor, async |it| it.number), 2);
}

#[test]
fn what_the_bootloader_put_off_for_a_low_supply_waits_a_day_or_for_the_hub() {
    let mut nor = flash();
    with(&mut nor, async |mut it| install(&mut it).await);
    let capacity = nor.capacity();
    {
        let flash = Mutex::<NoopRawMutex, _>::new(&mut nor);
        let flash = Shared::new(&flash, capacity);
        block_on(async {
            let (mut images, own) = (Images::new(flash.clone(), layout()).unwrap(), own(1));
            let prepared = images.prepare_unless(|| true, &own.trusted, &own.target).await;
            assert_eq!(prepared, Ok(crate::boot::Prepared::Postponed));
            let (mut facts, _) = Facts::start(flash, 9 * PAGE as u32..11 * PAGE as u32).await.unwrap();
            let mut update = Update::start(images, &mut facts, own).await.unwrap();
            assert_eq!(update.progress().stage, Stage::Installing);
            assert!(!update.is_restart_due(RETRY_MS - 1) && update.is_restart_due(RETRY_MS));
            assert_eq!(update.install(&mut facts, 2399).await, Err(Refusal::BatteryLow { mv: 2399 }));
            assert!(!update.is_restart_due(0));
            update.install(&mut facts, MV).await.unwrap();
            assert!(update.is_restart_due(0));
        });
    }
    with(&mut nor, async |it| assert_eq!((it.number, it.booted), (2, Booted::Trial)));
}

#[test]
fn an_update_that_is_abandoned_is_gone() {
    let mut nor = flash();
    with(&mut nor, async |mut it| {
        install(&mut it).await;
        it.update.abandon(&mut it.facts).await.unwrap();
        assert_eq!(it.update.progress().stage, Stage::None);
    });
    with(&mut nor, async |it| assert_eq!((it.number, it.update.progress().stage), (1, Stage::None)));
}

/// A sensor and a hub that wants it to have image 2, as far as power allows.
#[derive(Debug, Clone, Default)]
struct House {
    is_confirmed: bool,
}

impl House {
    async fn try_live(&mut self, flash: Flash<'_>) -> Result<(), BootError<NorError>> {
        for _ in 0..6 {
            let mut it = Program::start(flash.clone()).await?;
            assert!(!self.is_confirmed || it.number == 2, "an older image was booted");
            if it.number == 2 {
                for proof in [Proof::Sampled, Proof::Radio, Proof::Hub] {
                    it.update.shows(&mut it.facts, proof).await?;
                }
                assert_eq!(it.facts.integer(Fact::SecurityCounter), 5);
                self.is_confirmed = true;
                return Ok(());
            }
            let hub = async {
                it.update.offer(&mut it.facts, &manifest(2), MV).await?;
                it.send(960, LENGTH).await?;
                it.update.install(&mut it.facts, MV).await
            };
            match hub.await {
                // Whoever finds the image asked for has nothing to offer.
                Ok(()) | Err(Refusal::NoUpdate) => {}
                Err(Refusal::Storage) => return Err(KeepError::Flash(NorError::Off).into()),
                Err(refusal) => panic!("{refusal}"),
            }
        }
        Ok(())
    }
}

impl Life<PAGE> for House {
    fn live(&mut self, nor: &mut Nor) {
        let capacity = nor.capacity();
        let is_cut = {
            let flash = Mutex::<NoopRawMutex, _>::new(&mut *nor);
            block_on(self.try_live(Shared::new(&flash, capacity))).is_err()
        };
        assert!(!is_cut || nor.is_off(), "the flash failed with power");
    }

    fn check(&mut self, nor: &mut Nor) {
        self.live(nor);
        assert!(self.is_confirmed, "the update never came");
    }
}

#[test]
fn no_cut_keeps_an_update_from_coming_or_boots_an_older_image_after_it() {
    let schedules = cut_everywhere((&flash(), &House::default()), lucks() / 40 + 1, 12);
    println!("{schedules} schedules");
    assert!(schedules >= 4000, "{schedules} schedules");
}

#[test]
fn flash_that_fails_is_said_and_the_page_begins_anew() {
    let mut nor = flash();
    with(&mut nor, async |mut it| it.update.offer(&mut it.facts, &manifest(2), MV).await.unwrap());
    // As many operations as a start takes; then come the erasure and the write of the first page.
    let before = nor.operations();
    with(&mut nor, async |it| assert_eq!(it.update.progress().received, 0));
    let start = nor.operations() - before;
    nor.cut_power(start + 1, Fault::Atomic, 3);
    with(&mut nor, async |mut it| {
        assert_eq!(it.send(960, 1).await, Err(Refusal::Storage));
        assert_eq!(it.update.progress().received, 0);
    });
}
