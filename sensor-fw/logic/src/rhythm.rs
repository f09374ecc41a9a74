use wire::settings::Settings;

/// How the radio is used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Adverts that nobody can connect to, which costs the least: the radio does not listen.
    Beacon,
    /// The same, quickly one after another, because something has just happened.
    Burst,
    /// Adverts that a hub may connect to.
    Window,
}

/// Adverts of a burst, and the time between them: where 40 % of all adverts are lost, 99 of 100 doors are heard within half
/// a second.
const BURST: u32 = 5;
const BURST_INTERVAL_MS: u32 = 100;
/// Between the adverts of a window: eight in its two seconds.
const WINDOW_INTERVAL_MS: u32 = 250;
/// How long a hub may connect after the sensor was started, and after its button was pressed.
const START_WINDOW_MS: u64 = 30_000;
const BUTTON_WINDOW_MS: u64 = 60_000;
/// How long it may every now and then.
const WINDOW_MS: u64 = 2_000;

/// When the radio does what: slow beacons, bursts, windows for a hub that wants to connect.
#[derive(Debug, Clone)]
pub struct Rhythm {
    beacon_interval_ms: u32,
    window_every_ms: u64,
    burst_until_ms: u64,
    window_until_ms: u64,
    next_window_ms: u64,
}

impl Rhythm {
    /// The rhythm of a sensor that starts. Times are milliseconds since the start.
    pub fn new(settings: &Settings) -> Self {
        let mut rhythm = Self {
            beacon_interval_ms: 0,
            window_every_ms: 0,
            burst_until_ms: 0,
            window_until_ms: START_WINDOW_MS,
            next_window_ms: u64::MAX,
        };
        rhythm.adopt(settings, 0);
        rhythm
    }

    /// From now on with adverts and windows as often as these settings say. A window that is open stays open.
    pub fn adopt(&mut self, settings: &Settings, now_ms: u64) {
        self.beacon_interval_ms = settings.advert_interval_ms.into();
        let window_every_ms = u64::from(settings.window_every_s) * 1000;
        if self.window_every_ms != window_every_ms {
            self.window_every_ms = window_every_ms;
            self.next_window_ms = if window_every_ms == 0 { u64::MAX } else { now_ms + window_every_ms };
        }
    }

    /// Something happened that somebody waits for: a door, a motion, an alarm.
    pub const fn hurry(&mut self, now_ms: u64) {
        self.burst_until_ms = now_ms + (BURST * BURST_INTERVAL_MS) as u64;
    }

    /// The button was pressed: somebody stands beside it.
    pub const fn pressed(&mut self, now_ms: u64) {
        let until_ms = now_ms + BUTTON_WINDOW_MS;
        if until_ms > self.window_until_ms {
            self.window_until_ms = until_ms;
        }
    }

    /// What the radio does now, and until when it need not ask again.
    pub fn phase(&mut self, now_ms: u64) -> (Phase, u64) {
        if now_ms >= self.next_window_ms {
            self.window_until_ms = self.window_until_ms.max(now_ms + WINDOW_MS);
            // Whoever slept over one has it now, and the next in its time.
            let missed = (now_ms - self.next_window_ms) / self.window_every_ms;
            self.next_window_ms += (missed + 1) * self.window_every_ms;
        }
        if now_ms < self.burst_until_ms {
            (Phase::Burst, self.burst_until_ms)
        } else if now_ms < self.window_until_ms {
            (Phase::Window, self.window_until_ms)
        } else {
            (Phase::Beacon, self.next_window_ms)
        }
    }

    /// The time between two adverts of a phase.
    pub const fn interval_ms(&self, phase: Phase) -> u32 {
        match phase {
            Phase::Beacon => self.beacon_interval_ms,
            Phase::Burst => BURST_INTERVAL_MS,
            Phase::Window => WINDOW_INTERVAL_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_MINUTES: u64 = 600_000;
    const WITHOUT_WINDOWS: Settings = Settings { window_every_s: 0, ..Settings::DEFAULT };

    #[test]
    fn a_hub_can_connect_after_the_start_and_then_now_and_again() {
        let mut rhythm = Rhythm::new(&Settings::DEFAULT);
        assert_eq!(rhythm.phase(0), (Phase::Window, START_WINDOW_MS));
        assert_eq!(rhythm.phase(START_WINDOW_MS), (Phase::Beacon, TEN_MINUTES));
        assert_eq!(rhythm.phase(TEN_MINUTES), (Phase::Window, TEN_MINUTES + WINDOW_MS));
        assert_eq!(rhythm.phase(TEN_MINUTES + WINDOW_MS), (Phase::Beacon, 2 * TEN_MINUTES));
    }

    #[test]
    fn what_happens_is_told_at_once_even_in_a_window() {
        let mut rhythm = Rhythm::new(&Settings::DEFAULT);
        rhythm.hurry(1000);
        assert_eq!(rhythm.phase(1000), (Phase::Burst, 1500));
        assert_eq!(rhythm.interval_ms(Phase::Burst), 100);
        assert_eq!(rhythm.phase(1500), (Phase::Window, START_WINDOW_MS));
    }

    #[test]
    fn a_press_opens_a_window_and_never_shortens_one() {
        let mut rhythm = Rhythm::new(&WITHOUT_WINDOWS);
        assert_eq!(rhythm.phase(40_000), (Phase::Beacon, u64::MAX));
        rhythm.pressed(50_000);
        assert_eq!(rhythm.phase(50_000), (Phase::Window, 110_000));
        rhythm.pressed(49_000);
        assert_eq!(rhythm.phase(50_000), (Phase::Window, 110_000));
    }

    #[test]
    fn other_settings_move_the_next_window_and_close_none() {
        let mut rhythm = Rhythm::new(&Settings::DEFAULT);
        let busy = Settings { advert_interval_ms: 1000, window_every_s: 60, ..Settings::DEFAULT };
        rhythm.adopt(&busy, 10_000);
        assert_eq!((rhythm.phase(10_000), rhythm.interval_ms(Phase::Beacon)), ((Phase::Window, START_WINDOW_MS), 1000));
        assert_eq!(rhythm.phase(START_WINDOW_MS), (Phase::Beacon, 70_000));
        rhythm.adopt(&Settings { advert_interval_ms: 2000, ..busy }, 40_000);
        assert_eq!(rhythm.phase(40_000), (Phase::Beacon, 70_000));
        rhythm.adopt(&WITHOUT_WINDOWS, 50_000);
        assert_eq!(rhythm.phase(u64::MAX - 1), (Phase::Beacon, u64::MAX));
    }

    #[test]
    fn windows_that_were_slept_over_are_not_made_up_for() {
        let mut rhythm = Rhythm::new(&Settings::DEFAULT);
        let late = 5 * TEN_MINUTES + 7000;
        assert_eq!(rhythm.phase(late), (Phase::Window, late + WINDOW_MS));
        assert_eq!(rhythm.phase(late + WINDOW_MS), (Phase::Beacon, 6 * TEN_MINUTES));
    }
}
