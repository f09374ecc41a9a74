//! A chip's life from its start to its end.

use chacha20::ChaCha20Rng;
use chip::{BOARD, LastWords, MAP, SECURITY_COUNTER, TRUSTED, fail};
use cortex_m::peripheral::SCB;
use embassy_executor::Spawner;
use embassy_nrf::{Peri, pac::FICR, peripherals::SAADC, wdt::WatchdogHandle};
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embassy_time::{Delay, Duration, Instant, Timer};
use fw_app::{Board, Led as _, Note, Notes, Parts, Stopped};
use fw_drivers::{Chemistry, Sht4x, Sht4xAddress, Supply};
use fw_logic::{Channel, Resets, Shared, boot::Layout, image::Slot, pairing::Identity, provision::Provision};
use map::{Mark, Part};
use nrf_mpsl::Flash;
use static_cell::StaticCell;
use units::Quantity;
use wire::{
    bthome::Address,
    firmware::{Hardware, Version},
};

use crate::{
    bus::{Bus, Twi},
    inputs::{Light, Pins, Touch},
    luck::{Noise, Source, luck, noise},
    radio,
    supply::{SCALE, Vdd},
};

#[cfg(not(feature = "nrf54l15"))]
type FlashControl = embassy_nrf::peripherals::NVMC;
#[cfg(feature = "nrf54l15")]
type FlashControl = embassy_nrf::peripherals::RRAMC;
#[cfg(not(feature = "nrf54l15"))]
type Dog = embassy_nrf::peripherals::WDT;
#[cfg(feature = "nrf54l15")]
type Dog = embassy_nrf::peripherals::WDT1;

/// A start is no failed one when it lasted for so long. Each start erases a page of facts, which lasts for 20 000: at this
/// pace for two years.
const GOOD_AFTER: Duration = Duration::from_secs(3600);

/// What the sensors of this firmware measure, with the dead-bands that suit a home.
const CHANNELS: &[Channel] = &[
    Channel { quantity: Quantity::Temperature, band: 200 },
    Channel { quantity: Quantity::Humidity, band: 20_000 },
    Channel { quantity: Quantity::Door, band: 1 },
    Channel { quantity: Quantity::Voltage, band: 50 },
];

/// The parts of the chip that the firmware uses beside pins; [`chip!`](crate::chip) takes them.
pub struct Chip {
    /// The watchdog.
    pub dog: Peri<'static, Dog>,
    /// The flash.
    pub flash: Peri<'static, FlashControl>,
    /// The chip's own luck.
    pub luck: Peri<'static, Source>,
    /// What measures the supply.
    pub saadc: Peri<'static, SAADC>,
    /// I²C.
    pub twi: Peri<'static, Twi>,
    /// What the radio's scheduler uses.
    pub scheduler: nrf_mpsl::Peripherals<'static>,
    /// What the radio's controller uses.
    pub controller: nrf_sdc::Peripherals<'static>,
}

/// Takes the parts of an nRF52 that the firmware uses beside pins.
#[cfg(not(feature = "nrf54l15"))]
#[macro_export]
macro_rules! chip {
    ($p:ident) => {
        $crate::Chip {
            dog: $p.WDT,
            flash: $p.NVMC,
            luck: $p.RNG,
            saadc: $p.SAADC,
            twi: $p.TWISPI0,
            scheduler: $crate::nrf_mpsl::Peripherals::new(
                $p.RTC0,
                $p.TIMER0,
                $p.TEMP,
                $p.PPI_CH19,
                $p.PPI_CH30,
                $p.PPI_CH31,
            ),
            controller: $crate::nrf_sdc::Peripherals::new(
                $p.PPI_CH17,
                $p.PPI_CH18,
                $p.PPI_CH20,
                $p.PPI_CH21,
                $p.PPI_CH22,
                $p.PPI_CH23,
                $p.PPI_CH24,
                $p.PPI_CH25,
                $p.PPI_CH26,
                $p.PPI_CH27,
                $p.PPI_CH28,
                $p.PPI_CH29,
            ),
        }
    };
}

/// Takes the parts of an nRF54L that the firmware uses beside pins.
#[cfg(feature = "nrf54l15")]
#[macro_export]
macro_rules! chip {
    ($p:ident) => {
        $crate::Chip {
            dog: $p.WDT1,
            flash: $p.RRAMC,
            luck: $p.CRACEN,
            saadc: $p.SAADC,
            twi: $p.SERIAL20,
            scheduler: $crate::nrf_mpsl::Peripherals::new(
                $p.GRTC_CH7,
                $p.GRTC_CH8,
                $p.GRTC_CH9,
                $p.GRTC_CH10,
                $p.GRTC_CH11,
                $p.TIMER10,
                $p.TIMER20,
                $p.TEMP,
                $p.PPI10_CH0,
                $p.PPI20_CH1,
                $p.PPIB11_CH0,
                $p.PPIB21_CH0,
            ),
            controller: $crate::nrf_sdc::Peripherals::new(
                $p.PPI00_CH1,
                $p.PPI00_CH3,
                $p.PPI10_CH1,
                $p.PPI10_CH2,
                $p.PPI10_CH3,
                $p.PPI10_CH4,
                $p.PPI10_CH5,
                $p.PPI10_CH6,
                $p.PPI10_CH7,
                $p.PPI10_CH8,
                $p.PPI10_CH9,
                $p.PPI10_CH10,
                $p.PPI10_CH11,
                $p.PPIB00_CH1,
                $p.PPIB00_CH2,
                $p.PPIB00_CH3,
                $p.PPIB10_CH1,
                $p.PPIB10_CH2,
                $p.PPIB10_CH3,
            ),
        }
    };
}

type OneFlash = Mutex<NoopRawMutex, Flash<'static>>;

/// A board of ours.
struct Nordic;

impl Board for Nordic {
    type Flash = Shared<'static, Flash<'static>>;
    type Probe = (Sht4x<Bus, Delay>, Supply<Vdd>);
    type Inputs = Touch;
    type Led = Light;
    type Chip = Keeper;
    type Luck = ChaCha20Rng;
    type Notes = Nobody;
}

/// Who feeds the dog, and sets the radio's power.
struct Keeper {
    dog: WatchdogHandle,
    has_failed: bool,
}

impl fw_app::Chip for Keeper {
    fn set_power(&mut self, dbm: i8) {
        radio::set_power(dbm);
    }

    fn feed_watchdog(&mut self) {
        self.dog.pet();
        if self.has_failed && Instant::now() >= Instant::MIN + GOOD_AFTER {
            self.has_failed = false;
            LastWords::default().write();
        }
    }
}

/// Nobody reads what happens: a wire to a debugger costs half a milliampere.
struct Nobody;

impl Notes for Nobody {
    fn note(&mut self, _note: &Note<'_>) {}
}

/// What whoever signs the image is to say of it too.
static MARK: [u8; Mark::LENGTH] = Mark::new(BOARD, VERSION.0, SECURITY_COUNTER).to_bytes();

/// Runs the sensor until something fails; then the chip begins anew.
pub async fn run(spawner: Spawner, chip: Chip, pins: Pins) -> ! {
    // Nothing here reads it, and it is to be in the image.
    core::hint::black_box(&MARK);
    static NOISE: StaticCell<Noise> = StaticCell::new();
    static FLASH: StaticCell<OneFlash> = StaticCell::new();

    let start = chip::take_reset();
    let mut dog = chip::watchdog(chip.dog);
    Timer::after_millis(Resets::pause_ms(start.failed)).await;
    dog.pet();

    let Pins { sda, scl, button, reed, reed_pull, led, is_led_active_low } = pins;
    let mut led = Light::new(led, is_led_active_low);
    let Some(provision) = chip::identity() else { call_for_an_identity(&mut led, &mut dog).await };

    let noise = NOISE.init(noise(chip.luck));
    let luck = luck(noise);
    let scheduler = radio::schedule(spawner, chip.scheduler);
    let flash = &*FLASH.init(Mutex::new(Flash::take(scheduler, chip.flash)));
    let controller = radio::controller(chip.controller, scheduler, noise);
    let parts = Parts::<Nordic> {
        identity: identity(provision),
        address: address(),
        reset: start.reason,
        trusted: TRUSTED,
        security_counter: SECURITY_COUNTER,
        flash: Shared::new(flash, MAP.identity.end() as usize),
        map: fw_app::Map { facts: range(MAP.facts), log: range(MAP.log), images: layout() },
        probe: (
            Sht4x::new(Bus { twi: chip.twi, sda, scl }, Delay, Sht4xAddress::Address0x44),
            Supply::new(Vdd(chip.saadc), SCALE, Chemistry::LithiumCoin),
        ),
        inputs: Touch::new(button, reed, reed_pull),
        led,
        chip: Keeper { dog, has_failed: start.failed > 0 },
        luck,
        notes: Nobody,
    };
    match fw_app::run(controller, parts).await {
        Stopped::Restart => SCB::sys_reset(),
        Stopped::Radio(_) | Stopped::Flash(_) | Stopped::Gatt => fail(),
    }
}

/// A chip that is nobody yet flashes twice a minute, for whoever forgot to make it somebody.
async fn call_for_an_identity(led: &mut Light, dog: &mut WatchdogHandle) -> ! {
    loop {
        dog.pet();
        led.set(true);
        Timer::after_millis(50).await;
        led.set(false);
        Timer::after_secs(30).await;
    }
}

fn identity(provision: Provision) -> Identity {
    let Provision { product, uid, static_key, secret, certificate } = provision;
    Identity {
        product,
        uid,
        static_key,
        secret,
        certificate,
        firmware: VERSION,
        hardware: HARDWARE,
        boot: 0,
        channels: CHANNELS,
    }
}

/// The package's.
const VERSION: Version = {
    const fn part(text: &str) -> u8 {
        match u8::from_str_radix(text, 10) {
            Ok(part) => part,
            Err(_) => u8::MAX,
        }
    }
    Version([
        part(env!("CARGO_PKG_VERSION_MAJOR")),
        part(env!("CARGO_PKG_VERSION_MINOR")),
        part(env!("CARGO_PKG_VERSION_PATCH")),
        0,
    ])
};

const HARDWARE: Hardware = match Hardware::new(BOARD.revision()) {
    Some(hardware) => hardware,
    None => unreachable!(),
};

/// The static address that Nordic gave the chip.
fn address() -> Address {
    let [low, high] = [0, 1].map(|word| FICR.deviceaddr(word).read());
    let ([_, _, a, b], [c, d, e, f]) = (high.to_be_bytes(), low.to_be_bytes());
    [a | 0xC0, b, c, d, e, f]
}

fn layout() -> Layout {
    let slot = |Part { start, length }: Part| Slot { start, length };
    Layout { active: slot(MAP.active), other: slot(MAP.other), state: range(MAP.state) }
}

fn range(part: Part) -> core::ops::Range<u32> {
    part.start..part.end()
}
