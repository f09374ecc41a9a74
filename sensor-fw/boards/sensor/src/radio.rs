//! Nordic's radio: its scheduler (MPSL) and its controller (SDC), for one connection as a peripheral.

use embassy_executor::{Spawner, task};
use embassy_nrf::bind_interrupts;
use nrf_mpsl::{MultiprotocolServiceLayer, SessionMem, raw};
use nrf_sdc::{Builder, Mem, SoftdeviceController, raw as sdc};
use static_cell::StaticCell;

use crate::luck::Noise;

#[cfg(not(feature = "nrf54l15"))]
bind_interrupts!(pub(crate) struct Irqs {
    EGU0_SWI0 => nrf_mpsl::LowPrioInterruptHandler;
    CLOCK_POWER => nrf_mpsl::ClockInterruptHandler;
    RADIO => nrf_mpsl::HighPrioInterruptHandler;
    TIMER0 => nrf_mpsl::HighPrioInterruptHandler;
    RTC0 => nrf_mpsl::HighPrioInterruptHandler;
    SAADC => embassy_nrf::saadc::InterruptHandler;
    TWISPI0 => embassy_nrf::twim::InterruptHandler<crate::bus::Twi>;
});

#[cfg(feature = "nrf54l15")]
bind_interrupts!(pub(crate) struct Irqs {
    SWI00 => nrf_mpsl::LowPrioInterruptHandler;
    CLOCK_POWER => nrf_mpsl::ClockInterruptHandler;
    RADIO_0 => nrf_mpsl::HighPrioInterruptHandler;
    TIMER10 => nrf_mpsl::HighPrioInterruptHandler;
    GRTC_3 => nrf_mpsl::HighPrioInterruptHandler;
    SAADC => embassy_nrf::saadc::InterruptHandler;
    SERIAL20 => embassy_nrf::twim::InterruptHandler<crate::bus::Twi>;
});

/// The slow clock's crystal, ±20 ppm: the better it is known, the shorter a connected sensor listens.
const CRYSTAL: raw::mpsl_clock_lfclk_cfg_t = raw::mpsl_clock_lfclk_cfg_t {
    source: raw::MPSL_CLOCK_LF_SRC_XTAL as u8,
    rc_ctiv: 0,
    rc_temp_ctiv: 0,
    accuracy_ppm: 20,
    skip_wait_lfclk_started: false,
};
/// One user of the time that the radio leaves: flash.
const SESSIONS: usize = 1;
/// Bytes of a packet on the air: pieces of up to 244 bytes go out in one.
const PACKET: u8 = 251;
/// Packets that wait, each way.
const PACKETS: u8 = 3;
/// A legacy advert.
const ADVERT: u16 = 31;
/// What the controller needs for one connection, its packets, one advert and the eight entries of its accept list, bytes:
/// by the formulas in Nordic's `sdc.h`, of which bindgen hands out the figures; and a little more, for it rounds up.
const MEMORY: usize = {
    let sent = PACKETS as u32 * (PACKET as u32 + sdc::__MEM_TX_BUFFER_OVERHEAD_SIZE);
    let received = PACKETS as u32 * (PACKET as u32 + sdc::__MEM_RX_BUFFER_OVERHEAD_SIZE);
    // One short packet each way is in the first figure.
    let included = sdc::SDC_DEFAULT_TX_PACKET_SIZE
        + sdc::__MEM_TX_BUFFER_OVERHEAD_SIZE
        + sdc::SDC_DEFAULT_RX_PACKET_SIZE
        + sdc::__MEM_RX_BUFFER_OVERHEAD_SIZE;
    let link = (sdc::__MEM_MINIMAL_PERIPHERAL_LINK_SIZE + sent + received - included) as usize;
    let advert = (5184 + ADVERT as usize * 18) / 10;
    let accept_list = 4 + 8 * 8;
    (sdc::SDC_MEM_PERIPHERAL_LINKS_SHARED as usize + link + advert + accept_list + 128).next_multiple_of(8)
};

/// The kind of handle that means adverts, in the command that sets power.
const ADVERTS: u8 = sdc::SDC_HCI_VS_TX_POWER_HANDLE_TYPE_ADV as u8;

pub(crate) type Scheduler = MultiprotocolServiceLayer<'static>;

/// Starts the scheduler and the task that runs it.
pub(crate) fn schedule(spawner: Spawner, peripherals: nrf_mpsl::Peripherals<'static>) -> &'static Scheduler {
    static MEMORY: StaticCell<SessionMem<SESSIONS>> = StaticCell::new();
    static SCHEDULER: StaticCell<Scheduler> = StaticCell::new();
    let memory = MEMORY.init(SessionMem::new());
    let Ok(scheduler) = Scheduler::with_timeslots(peripherals, Irqs, CRYSTAL, memory) else { chip::fail() };
    let scheduler = &*SCHEDULER.init(scheduler);
    match keep_scheduling(scheduler) {
        Ok(token) => spawner.spawn(token),
        Err(_) => chip::fail(),
    }
    scheduler
}

#[task]
async fn keep_scheduling(scheduler: &'static Scheduler) -> ! {
    scheduler.run().await
}

/// Starts the controller.
pub(crate) fn controller(
    peripherals: nrf_sdc::Peripherals<'static>,
    scheduler: &'static Scheduler,
    noise: &'static mut Noise,
) -> SoftdeviceController<'static> {
    static HEAP: StaticCell<Mem<MEMORY>> = StaticCell::new();
    let controller = Builder::new().and_then(|builder| {
        builder
            .support_adv()
            .support_peripheral()
            .support_dle_peripheral()
            .adv_count(1)?
            .adv_buffer_cfg(ADVERT)?
            .peripheral_count(1)?
            .buffer_cfg(PACKET.into(), PACKET.into(), PACKETS, PACKETS)?
            .build(peripherals, noise, scheduler, HEAP.init(Mem::new()))
    });
    match controller {
        Ok(controller) => controller,
        Err(_) => chip::fail(),
    }
}

/// Sends adverts with this power, dBm, or with the next lower that the radio knows.
#[expect(unsafe_code, reason = "a vendor's command, while the controller itself is the firmware's")]
pub(crate) fn set_power(dbm: i8) {
    /// The weakest of these chips, dBm.
    const WEAKEST: i8 = -40;
    for tx_power_level in (WEAKEST..=dbm).rev() {
        let wanted = sdc::sdc_hci_cmd_vs_zephyr_write_tx_power_t { handle_type: ADVERTS, handle: 0, tx_power_level };
        let mut answer =
            sdc::sdc_hci_cmd_vs_zephyr_write_tx_power_return_t { handle_type: 0, handle: 0, selected_tx_power: 0 };
        // SAFETY: the controller runs, and is asked by the one thread that asks it anything.
        if unsafe { sdc::sdc_hci_cmd_vs_zephyr_write_tx_power(&wanted, &mut answer) } == 0 {
            return;
        }
    }
}
