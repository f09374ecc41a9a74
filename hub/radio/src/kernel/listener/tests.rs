//! A listener before a kernel that is played: the other end of a pair of sockets.

use std::sync::{Mutex, PoisonError};

use hub_model::{BootId, Clock, Now, RawAdvert, ReceiverId, Stamp, TimeQuality, UnixMillis, WallTime};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::*;
use crate::{AdapterName, Gap, Listening, Way, kernel::socket::Socket};

/// An advert of a BTHome sensor, as the kernel tells of it.
const ADVERT: [u8; 27] =
    [0x2F, 0, 0, 0, 21, 0, 1, 0, 0x22, 0x11, 0, 0x38, 0xC1, 0xA4, 2, 0xB5, 4, 0, 0, 0, 5, 0, 4, 0x16, 0xD2, 0xFC, 0x40];

/// Everything that was told.
#[derive(Default)]
struct Written(Mutex<Vec<String>>);

impl Written {
    fn write(&self, report: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reports for Written {
    fn listening(&self, _: &str) {
        self.write("listening".to_owned());
    }

    fn trouble(&self, _: &str, trouble: &str) {
        self.write(trouble.to_owned());
    }

    fn gap(&self, _: &str, gap: Gap) {
        self.write(format!("gap of {} s", gap.length().as_secs()));
    }
}

/// The time of the test's runtime, which passes when nobody has anything to do.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Now {
        let us = u64::try_from(self.0.elapsed().as_micros()).unwrap();
        let stamp = Stamp { boot: BootId(1), ms: us / 1000 };
        Now { stamp, us, wall: WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated } }
    }
}

/// A kernel with one adapter, on, that does all it is told.
struct Kernel {
    socket: Arc<Socket>,
    told: Arc<Written>,
    heard: mpsc::Receiver<RawAdvert>,
    _answers: JoinHandle<()>,
}

impl Kernel {
    #[expect(clippy::disallowed_methods, reason = "the runtime's time is the test's own")]
    fn play() -> Self {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        let (told, (adverts, heard)) = (Arc::new(Written::default()), mpsc::channel(4096));
        let outlet =
            Outlet { receiver: ReceiverId(1), clock: Arc::new(Paused(Instant::now())), adverts, tally: Arc::default() };
        let plan = Plan {
            adapter: AdapterName::First,
            receiver: ReceiverId(1),
            listening: Listening::ALWAYS,
            asking: Asking::default(),
            way: Way::Kernel,
        };
        let reports = Arc::clone(&told) as Arc<dyn Reports>;
        let listener = KernelListener::new(Control::over(Socket::of(ours).unwrap()), plan, outlet, reports);
        tokio::spawn(listener.listen(CancellationToken::new()));
        let socket = Arc::new(Socket::of(theirs).unwrap());
        let _answers = tokio::spawn(answer(Arc::clone(&socket)));
        Self { socket, told, heard, _answers }
    }

    /// An advert in each of so many seconds.
    async fn adverts(&mut self, seconds: usize) {
        for _ in 0..seconds {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.socket.send(&ADVERT).unwrap();
            let heard = tokio::time::timeout(Duration::from_secs(1), self.heard.recv()).await;
            assert_eq!(heard.unwrap().unwrap().service_data, [(0xFCD2, vec![0x40])]);
        }
    }
}

/// Says yes to everything.
async fn answer(socket: Arc<Socket>) {
    let mut request = [0; 256];
    loop {
        let length = socket.receive(&mut request).await.unwrap();
        let &[opcode, high, index, _, ..] = &request[..length] else { return };
        let data: &[u8] = match opcode {
            0x03 => &[1, 0, 0, 0],
            // Address, version, maker, what it can and does: low energy and power.
            0x04 => &[1, 2, 3, 4, 5, 6, 12, 0, 0, 0x01, 0x02, 0, 0, 0x01, 0x02, 0, 0],
            0x52 => &[1, 0],
            _ => &[],
        };
        let size = u8::try_from(3 + data.len()).unwrap();
        // What is asked of nobody in particular is answered by nobody in particular.
        let index = if opcode == 0x03 { [0xFF, 0xFF] } else { [index, 0] };
        let head = [1, 0, index[0], index[1], size, 0, opcode, high, 0];
        socket.send(&[&head, data].concat()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_deaf_adapter_is_called_deaf_until_it_hears() {
    let mut kernel = Kernel::play();
    kernel.adverts(60).await;
    assert_eq!(kernel.told.take(), ["listening"]);
    // Several rounds of everything that can be done, with rests of minutes between them.
    tokio::time::sleep(Duration::from_secs(1000)).await;
    let told = kernel.told.take();
    assert!(!told.is_empty() && told.iter().all(|report| report == DEAF), "{told:?}");
    kernel.adverts(2).await;
    assert_eq!(kernel.told.take(), ["gap of 1001 s", "listening"]);
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_was_unplugged_leaves_a_gap() {
    const REMOVED: [u8; 6] = [0x05, 0, 0, 0, 0, 0];
    let mut kernel = Kernel::play();
    kernel.adverts(3).await;
    assert_eq!(kernel.told.take(), ["listening"]);
    kernel.socket.send(&REMOVED).unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    kernel.adverts(1).await;
    let told = kernel.told.take();
    assert!(told[0].contains("unplugged"), "{told:?}");
    assert_eq!(told[1..], ["listening", "gap of 21 s"]);
}

/// A connection of the adapter to the only sensor in reach, made or ended, as the kernel tells of it.
fn connection(code: u8) -> [u8; 14] {
    [code, 0, 0, 0, 8, 0, 0x22, 0x11, 0, 0x38, 0xC1, 0xA4, 2, 0]
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_speaks_with_the_only_sensor_in_reach_is_not_deaf() {
    let mut kernel = Kernel::play();
    kernel.adverts(60).await;
    assert_eq!(kernel.told.take(), ["listening"]);
    kernel.socket.send(&connection(0x0B)).unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    kernel.socket.send(&connection(0x0C)).unwrap();
    kernel.adverts(60).await;
    assert!(kernel.told.take().is_empty(), "nothing was wrong");
    // Afterwards silence is what it was before.
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!(kernel.told.take()[0], DEAF);
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_end_is_never_told_hides_a_deaf_adapter_for_ten_minutes() {
    let mut kernel = Kernel::play();
    kernel.adverts(60).await;
    kernel.socket.send(&connection(0x0B)).unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(kernel.told.take(), ["listening"]);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(kernel.told.take()[0], DEAF);
}
