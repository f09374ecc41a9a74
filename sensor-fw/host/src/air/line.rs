use std::collections::VecDeque;

/// Between two connection events: what a BlueZ hub asks for by default is 30 ms to 50 ms.
const INTERVAL_US: u64 = 30_000;
/// After so long without a packet each side gives up.
pub(super) const SUPERVISION_US: u64 = 2_000_000;

/// What ended a connection, by its HCI code (Core 5.4, volume 1, part F).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Gone {
    /// Nothing was heard of the other any more.
    Timeout = 0x08,
    /// The central hung up.
    Central = 0x13,
    /// The sensor hung up.
    Sensor = 0x16,
}

/// A packet of the link layer: a frame of L2CAP, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) is_first: bool,
    pub(super) bytes: Vec<u8>,
}

/// A connection: packets wait for its next event, and cross in it.
#[derive(Debug)]
pub(super) struct Line {
    began_us: u64,
    to_sensor: VecDeque<Part>,
    to_central: VecDeque<Part>,
    /// Somebody hangs up with the next event.
    ends: Option<Gone>,
    /// So many packets cross before all are lost.
    left: Option<u32>,
    /// Nothing crosses since then.
    lost_us: Option<u64>,
}

/// What crossed in an event.
#[derive(Debug, Default)]
pub(super) struct Crossed {
    pub(super) to_sensor: Vec<Part>,
    pub(super) to_central: Vec<Part>,
    pub(super) gone: Option<Gone>,
}

impl Line {
    pub(super) const fn new(began_us: u64) -> Self {
        Self {
            began_us,
            to_sensor: VecDeque::new(),
            to_central: VecDeque::new(),
            ends: None,
            left: None,
            lost_us: None,
        }
    }

    pub(super) fn send_to_sensor(&mut self, part: Part) {
        self.to_sensor.push_back(part);
    }

    pub(super) fn send_to_central(&mut self, part: Part) {
        self.to_central.push_back(part);
    }

    /// Somebody hangs up.
    pub(super) fn end(&mut self, gone: Gone) {
        self.ends.get_or_insert(gone);
    }

    /// The link is lost after so many more packets.
    pub(super) const fn lose_after(&mut self, packets: u32, now_us: u64) {
        self.left = Some(packets);
        if packets == 0 {
            self.lost_us = Some(now_us);
        }
    }

    /// When something crosses next; events in which nothing does are left out.
    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        if let Some(lost_us) = self.lost_us {
            return Some(lost_us + SUPERVISION_US);
        }
        let is_idle = self.to_sensor.is_empty() && self.to_central.is_empty() && self.ends.is_none();
        (!is_idle).then(|| self.began_us + ((now_us - self.began_us) / INTERVAL_US + 1) * INTERVAL_US)
    }

    /// Lets an event happen.
    pub(super) fn cross(&mut self, now_us: u64) -> Crossed {
        let mut crossed = Crossed::default();
        if self.lost_us.is_some() {
            crossed.gone = Some(Gone::Timeout);
            return crossed;
        }
        let Self { to_sensor, to_central, left, .. } = self;
        let is_whole =
            move_all(to_sensor, &mut crossed.to_sensor, left) && move_all(to_central, &mut crossed.to_central, left);
        match is_whole {
            true => crossed.gone = self.ends,
            false => self.lost_us = Some(now_us),
        }
        crossed
    }
}

/// Lets packets cross, as long as any do: did all?
fn move_all(waiting: &mut VecDeque<Part>, arrived: &mut Vec<Part>, left: &mut Option<u32>) -> bool {
    while !waiting.is_empty() {
        match left {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        arrived.extend(waiting.pop_front());
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(byte: u8) -> Part {
        Part { is_first: true, bytes: vec![byte] }
    }

    #[test]
    fn packets_cross_in_events_and_events_without_any_are_left_out() {
        let mut line = Line::new(1000);
        assert_eq!(line.next_us(1000), None);
        line.send_to_sensor(part(1));
        line.send_to_central(part(2));
        assert_eq!(line.next_us(1000), Some(31_000));
        assert_eq!(line.next_us(31_000), Some(61_000));
        let crossed = line.cross(61_000);
        assert_eq!((crossed.to_sensor, crossed.to_central, crossed.gone), (vec![part(1)], vec![part(2)], None));
        line.end(Gone::Sensor);
        line.end(Gone::Central);
        assert_eq!((line.next_us(61_000), line.cross(91_000).gone), (Some(91_000), Some(Gone::Sensor)));
    }

    #[test]
    fn a_link_is_lost_after_so_many_packets_and_both_notice_later() {
        let mut line = Line::new(0);
        line.lose_after(1, 0);
        line.send_to_sensor(part(1));
        line.send_to_central(part(2));
        line.end(Gone::Central);
        let crossed = line.cross(30_000);
        assert_eq!((crossed.to_sensor.len(), crossed.to_central.len(), crossed.gone), (1, 0, None));
        assert_eq!(line.next_us(30_000), Some(30_000 + SUPERVISION_US));
        assert_eq!(line.cross(30_000 + SUPERVISION_US).gone, Some(Gone::Timeout));
        let mut line = Line::new(0);
        line.lose_after(0, 500);
        assert_eq!(line.next_us(500), Some(500 + SUPERVISION_US));
    }
}
