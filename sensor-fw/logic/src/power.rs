//! Power cuts, one after another, at every operation of flash.

use crate::nor::{Fault, NorSim};

/// What was acknowledged before the power was cut, told by whoever lives; and what must then be true of the flash.
pub(crate) trait Life<const PAGE: usize> {
    /// Lives until the end or the cut, and notes what was acknowledged.
    fn live(&mut self, nor: &mut NorSim<PAGE>);
    /// Starts again with power; panics when something that was acknowledged is not so.
    fn check(&mut self, nor: &mut NorSim<PAGE>);
}

/// How many kinds of luck are tried: `POWER_CUT_LUCKS`, or what takes seconds.
pub(crate) fn lucks() -> u64 {
    std::env::var("POWER_CUT_LUCKS").ok().and_then(|lucks| lucks.parse().ok()).unwrap_or(40)
}

/// Cuts the power at every operation of a life under every fault and so many kinds of luck; and in a second life,
/// that begins where the first was cut, again at each of its first `second` operations under one of the faults. How many
/// schedules were that?
pub(crate) fn cut_everywhere<const PAGE: usize, L: Life<PAGE> + Clone>(
    start: (&NorSim<PAGE>, &L),
    lucks: u64,
    second: u64,
) -> u64 {
    let mut schedules = 0;
    for fault in Fault::ALL {
        for luck in 0..lucks {
            for at in 0.. {
                let (mut nor, mut life) = (start.0.clone(), start.1.clone());
                nor.cut_power(at, fault, luck);
                life.live(&mut nor);
                if !nor.is_off() {
                    break;
                }
                nor.power_up();
                schedules += 1;
                for (again, other) in (0..second).zip(Fault::ALL.into_iter().cycle().skip(luck as usize)) {
                    let (mut nor, mut life) = (nor.clone(), life.clone());
                    nor.cut_power(again, other, luck ^ again << 32);
                    life.live(&mut nor);
                    if !nor.is_off() {
                        break;
                    }
                    nor.power_up();
                    schedules += 1;
                    life.check(&mut nor);
                }
                life.check(&mut nor);
            }
        }
    }
    schedules
}
