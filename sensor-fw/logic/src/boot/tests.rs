use std::{cell::Cell, println, vec, vec::Vec};

use ed25519_dalek::SigningKey;
use embassy_futures::block_on;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use wire::{
    firmware::{Hardware, Version},
    manifest::{KeyId, Manifest},
    setup_code::Product,
};

use super::*;
use crate::{
    nor::{NorError, NorSim},
    power::{Life, cut_everywhere, lucks},
    shared::Shared,
};

const PAGE: usize = 256;
const PAGES: u32 = 3;
type Nor = NorSim<PAGE>;
/// An image fills its pages but for some bytes, so that ends are met.
const LENGTH: usize = 2 * PAGE - 5;

fn layout() -> Layout {
    let page = PAGE as u32;
    Layout {
        active: Slot { start: 0, length: PAGES * page },
        other: Slot { start: PAGES * page, length: (PAGES + 1) * page },
        state: (2 * PAGES + 1) * page..(2 * PAGES + 3) * page,
    }
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn trusted() -> [TrustedKey; 2] {
    [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key: signer().verifying_key().to_bytes() })
}

fn target() -> Target {
    Target { product: Product(1), hardware: Hardware::new(0).unwrap(), security_counter: 0, room: 0 }
}

fn image(number: u8) -> Vec<u8> {
    (0..LENGTH).map(|at| number ^ (at as u8).wrapping_mul(7) ^ (at >> 8) as u8).collect()
}

fn manifest(number: u8) -> [u8; wire::manifest::LENGTH] {
    use sha2::Digest;
    let manifest = Manifest {
        product: Product(1),
        hardware_mask: 1,
        version: Version([number, 0, 0, 0]),
        security_counter: 0,
        length: LENGTH as u32,
        digest: sha2::Sha512::digest(image(number)).into(),
        key: KeyId(1),
    };
    manifest.sign(&signer())
}

async fn write(flash: &mut impl NorFlash<Error = NorError>, slot: Slot, number: u8) {
    let mut bytes = image(number);
    bytes.resize(LENGTH.next_multiple_of(4), 0xFF);
    flash.write(slot.start, &bytes).await.unwrap();
    slot.sign(flash, &manifest(number)).await.unwrap();
}

/// A flash with image 1 in its place and image 2 beside it.
fn flash() -> Nor {
    let mut nor = Nor::new((2 * PAGES + 3) as usize);
    let Layout { active, other, .. } = layout();
    block_on(async {
        write(&mut nor, active, 1).await;
        write(&mut nor, Slot { length: active.length, ..other }, 2).await;
    });
    nor
}

fn with<T>(nor: &mut Nor, act: impl AsyncFnOnce(&mut Images<Shared<'_, &mut Nor>>) -> T) -> T {
    let capacity = nor.capacity();
    let flash = Mutex::<NoopRawMutex, _>::new(nor);
    let mut images = Images::new(Shared::new(&flash, capacity), layout()).unwrap();
    block_on(act(&mut images))
}

async fn boot(images: &mut Images<Shared<'_, &mut Nor>>) -> Result<Booted, BootError<NorError>> {
    images.prepare(&trusted(), &target()).await
}

/// Which image would run.
async fn active(images: &mut Images<Shared<'_, &mut Nor>>) -> Option<u8> {
    let mut bytes = vec![0; LENGTH];
    images.flash().read(0, &mut bytes).await.ok()?;
    (1..=3).find(|number| bytes == image(*number))
}

#[test]
fn a_new_image_runs_when_it_was_asked_for_and_stays_when_it_confirms() {
    let mut nor = flash();
    with(&mut nor, async |images| {
        assert_eq!(boot(images).await, Ok(Booted::Same));
        images.ask().await.unwrap();
        assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Trial), Some(2)));
        assert_eq!(images.standing().await, Ok(Standing::Trial(1)));
        images.settle().await.unwrap();
    });
    let operations = nor.operations();
    for _ in 0..3 {
        assert_eq!(
            with(&mut nor, async |images| (boot(images).await, active(images).await)),
            (Ok(Booted::Same), Some(2))
        );
    }
    assert_eq!(nor.operations(), operations, "a start with nothing to do wears out nothing");
}

#[test]
fn one_that_does_not_confirm_in_three_starts_goes_and_the_old_one_is_whole() {
    let mut nor = flash();
    with(&mut nor, async |images| {
        images.ask().await.unwrap();
        for start in 1..=3 {
            assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Trial), Some(2)));
            assert_eq!(images.standing().await, Ok(Standing::Trial(start)));
        }
        assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Reverted), Some(1)));
        assert_eq!(images.standing().await, Ok(Standing::Reverted));
        assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Same), Some(1)));
        // The new one is where it was, and may be tried again.
        images.ask().await.unwrap();
        assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Trial), Some(2)));
    });
}

#[test]
fn one_that_is_not_what_was_signed_never_runs() {
    for spoilt in [0, LENGTH as u32 / 4 * 4 - 4, (PAGES - 1) * PAGE as u32, (PAGES - 1) * PAGE as u32 + 100] {
        let mut nor = flash();
        with(&mut nor, async |images| {
            let at = images.incoming().start + spoilt;
            images.flash().write(at, &[0; 4]).await.unwrap();
            images.ask().await.unwrap();
            assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Refused), Some(1)));
            assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Same), Some(1)));
        });
    }
}

#[test]
fn one_that_was_spoilt_while_it_was_swapped_is_swapped_back_at_once() {
    // Power is cut in the middle of the swap; then somebody writes into what is to be swapped yet.
    let mut nor = flash();
    with(&mut nor, async |images| images.ask().await.unwrap());
    nor.cut_power(14, crate::nor::Fault::Atomic, 1);
    assert!(with(&mut nor, async |images| boot(images).await).is_err());
    nor.power_up();
    with(&mut nor, async |images| {
        assert!(matches!(images.standing().await, Ok(Standing::Swapping(1..5))));
        let at = images.incoming().start;
        images.flash().write(at, &[0; 4]).await.unwrap();
        assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Reverted), Some(1)));
    });
}

#[test]
fn images_for_other_boards_and_of_lower_security_counters_never_run() {
    let mut nor = flash();
    with(&mut nor, async |images| {
        for target in [
            Target { product: Product(2), ..target() },
            Target { hardware: Hardware::new(1).unwrap(), ..target() },
            Target { security_counter: 1, ..target() },
        ] {
            images.ask().await.unwrap();
            assert_eq!(images.prepare(&trusted(), &target).await, Ok(Booted::Refused));
        }
        assert_eq!(active(images).await, Some(1));
    });
}

#[test]
fn slots_that_do_not_fit_are_refused() {
    let good = layout();
    let check = |layout: Layout| assert!(matches!(Images::new(Nor::new(9), layout), Err(BootError::Layout)));
    assert!(Images::new(Nor::new(9), good.clone()).is_ok());
    check(Layout { other: Slot { length: good.active.length, ..good.other }, ..good.clone() });
    check(Layout { active: Slot { start: 4, ..good.active }, ..good.clone() });
    check(Layout { other: Slot { start: 9 * PAGE as u32, ..good.other }, ..good });
}

/// Prepares with a supply that is low from the `good`-th time it is asked.
async fn boot_while(good: u32, images: &mut Images<Shared<'_, &mut Nor>>) -> Prepared {
    let mut asked = 0;
    let is_low = || {
        asked += 1;
        asked > good
    };
    images.prepare_unless(is_low, &trusted(), &target()).await.unwrap()
}

#[test]
fn with_a_low_supply_the_image_that_is_there_starts_and_nothing_is_written() {
    let mut nor = flash();
    with(&mut nor, async |images| assert_eq!(boot_while(0, images).await, Prepared::Done(Booted::Same)));
    with(&mut nor, async |images| images.ask().await.unwrap());
    let operations = nor.operations();
    with(&mut nor, async |images| {
        assert_eq!((boot_while(0, images).await, active(images).await), (Prepared::Postponed, Some(1)));
        assert_eq!(images.standing().await, Ok(Standing::Asked));
    });
    assert_eq!(nor.operations(), operations);
    with(&mut nor, async |images| {
        for _ in 0..3 {
            assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Trial), Some(2)));
        }
    });
    // One that is on trial for the last time is not taken back before the supply allows that.
    let operations = nor.operations();
    with(&mut nor, async |images| assert_eq!(boot_while(0, images).await, Prepared::Postponed));
    assert_eq!(nor.operations(), operations);
    with(&mut nor, async |images| {
        assert_eq!((boot(images).await, active(images).await), (Ok(Booted::Reverted), Some(1)));
    });
}

#[test]
fn a_supply_that_breaks_down_in_a_swap_stops_it_at_a_page_until_it_is_better() {
    for is_back in [false, true] {
        let mut start = flash();
        with(&mut start, async |images| {
            images.ask().await.unwrap();
            for _ in 0..if is_back { 3 } else { 0 } {
                boot(images).await.unwrap();
            }
        });
        let (mut halves, from, to) = (0, if is_back { 2 } else { 1 }, if is_back { 1 } else { 2 });
        for good in 0.. {
            let mut nor = start.clone();
            match with(&mut nor, async |images| (boot_while(good, images).await, active(images).await)) {
                (Prepared::Done(booted), running) => {
                    let all = if is_back { Booted::Reverted } else { Booted::Trial };
                    assert_eq!((booted, running), (all, Some(to)));
                    break;
                }
                (Prepared::Postponed, running) => assert_eq!(running, Some(from)),
                (Prepared::Halfway, _) => halves += 1,
            }
            let operations = nor.operations();
            let again = with(&mut nor, async |images| boot_while(0, images).await);
            assert_ne!(again, Prepared::Done(Booted::Same));
            assert_eq!(nor.operations(), operations, "low after {good} looks: nothing is written");
            with(&mut nor, async |images| {
                boot(images).await.unwrap();
                assert_eq!(active(images).await, Some(to), "low after {good} looks");
            });
        }
        // Each copy, and what comes before the first and after the last.
        assert_eq!(halves, 2 * PAGES + 1);
    }
}

/// Whoever lives through an update, as far as power allows.
#[derive(Debug, Clone)]
struct Device {
    /// Does the new image work?
    is_good: bool,
    is_asked: bool,
    is_confirmed: bool,
    /// The supply is low each time that it was asked so often.
    low_each: Option<u32>,
    looks: u32,
}

thread_local! {
    static STARTS: Cell<u64> = const { Cell::new(0) };
}

impl Device {
    /// Starts, whenever the supply allows it.
    async fn boot(&mut self, images: &mut Images<Shared<'_, &mut Nor>>) -> Result<Booted, BootError<NorError>> {
        loop {
            let is_low = || {
                self.looks += 1;
                self.low_each.is_some_and(|each| self.looks.is_multiple_of(each))
            };
            match images.prepare_unless(is_low, &trusted(), &target()).await? {
                Prepared::Done(booted) => return Ok(booted),
                Prepared::Postponed => return Ok(Booted::Same),
                Prepared::Halfway => {}
            }
        }
    }

    async fn try_live(&mut self, images: &mut Images<Shared<'_, &mut Nor>>) -> Result<(), BootError<NorError>> {
        for _ in 0..24 {
            let booted = self.boot(images).await?;
            STARTS.set(STARTS.get() + 1);
            let running = active(images).await;
            assert!(running.is_some(), "a brick: {booted:?} {:?}", images.standing().await);
            assert!(!self.is_confirmed || running == Some(2), "an older image was booted");
            match running {
                Some(1) if !self.is_asked => {
                    images.ask().await?;
                    self.is_asked = true;
                }
                Some(2) if self.is_good => {
                    images.settle().await?;
                    self.is_confirmed = true;
                    return Ok(());
                }
                Some(1) if booted != Booted::Trial && images.standing().await? == Standing::Reverted => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Life<PAGE> for Device {
    fn live(&mut self, nor: &mut Nor) {
        if let Err(error) = with(nor, async |images| self.try_live(images).await) {
            assert!(nor.is_off(), "{error} with power");
        }
    }

    fn check(&mut self, nor: &mut Nor) {
        with(nor, async |images| self.try_live(images).await).unwrap();
        let (standing, running) = with(nor, async |images| (images.standing().await, active(images).await));
        if self.is_good {
            // What was asked for comes, whatever was cut.
            assert_eq!((standing, running), (Ok(Standing::Settled), Some(2)));
        } else {
            // The last fact may be one that was cut: it is there at one time, and not at the next.
            const ALL: u16 = PAGES as u16 * 2;
            assert!(matches!(standing, Ok(Standing::Reverted | Standing::Reverting(ALL))), "{standing:?}");
            assert_eq!(running, Some(1));
        }
    }
}

#[test]
fn no_cut_makes_a_brick_or_boots_an_older_image() {
    let mut schedules = 0;
    for is_good in [true, false] {
        let device = Device { is_good, is_asked: false, is_confirmed: false, low_each: None, looks: 0 };
        schedules += cut_everywhere((&flash(), &device), lucks() / 20 + 1, 100);
    }
    println!("{schedules} schedules, {} starts", STARTS.get());
    assert!(schedules >= 1000 * (lucks() / 20 + 1), "{schedules} schedules");
}

#[test]
fn nor_does_one_while_the_supply_comes_and_goes() {
    let mut schedules = 0;
    for (is_good, each) in [(true, 3), (false, 4)] {
        let device = Device { is_good, is_asked: false, is_confirmed: false, low_each: Some(each), looks: 0 };
        schedules += cut_everywhere((&flash(), &device), lucks() / 40, 12);
    }
    println!("{schedules} schedules");
    assert!(schedules >= 1000 * (lucks() / 40), "{schedules} schedules");
}
