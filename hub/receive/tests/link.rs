//! Both ends over streams in memory, in simulated time.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "the time is simulated")]

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use hub_model::{Address, BootId, Clock, Now, RawAdvert, ReceiverId, Stamp, TimeQuality, UnixMillis, WallTime};
use hub_receive::{DEAD, Frame, GREETING, GREETINGS, Host, JoinCode, Reports, Sender, Shelf, TRIES, connector};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, advance, sleep, timeout},
};

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// Follows the simulated time, from so many milliseconds after a boot on.
struct Steady(Instant, u64);

impl Clock for Steady {
    fn now(&self) -> Now {
        let ms = self.1 + u64::try_from(self.0.elapsed().as_millis()).unwrap();
        let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated };
        Now { stamp: Stamp { boot: BootId(1), ms }, us: ms * 1000, wall }
    }
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn tell(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Reports for Told {
    fn begun(&self, receiver: ReceiverId, name: &str) {
        self.tell(format!("{} {name} begun", receiver.0));
    }

    fn failed(&self, receiver: ReceiverId, name: &str, trouble: &str) {
        self.tell(format!("{} {name} failed: {trouble}", receiver.0));
    }

    fn gap(&self, receiver: ReceiverId, name: &str, length: Duration) {
        self.tell(format!("{} {name} gap of {} s", receiver.0, length.as_secs()));
    }

    fn gone(&self, receiver: ReceiverId) {
        self.tell(format!("{} gone", receiver.0));
    }
}

/// A hub that knows a receiver in the attic.
struct House {
    _store: tempfile::TempDir,
    shelf: Shelf,
    code: JoinCode,
    host: Arc<Host>,
    told: Arc<Told>,
    heard: mpsc::Receiver<RawAdvert>,
    began: Instant,
}

impl House {
    fn new(queue: usize) -> Self {
        let (store, began) = (tempfile::tempdir().unwrap(), Instant::now());
        let shelf = Shelf::of_store(store.path());
        let code = shelf.add("attic", [[1; 32], [2; 32]]).unwrap();
        let (adverts, heard) = mpsc::channel(queue);
        let told = Arc::new(Told::default());
        let clock = Arc::new(Steady(began, 1_000_000));
        let host = Host::open(shelf.clone(), [2; 32], adverts, clock, Arc::clone(&told) as _).unwrap();
        Self { _store: store, shelf, code, host: Arc::new(host), told, heard, began }
    }

    fn connect(&self) -> (DuplexStream, JoinHandle<()>) {
        connect(&self.host)
    }

    /// A receiver with this code, the queue that it hears by, and the streams that it may connect over.
    fn receiver(&self, code: &JoinCode) -> (mpsc::Sender<RawAdvert>, Streams) {
        let (adverts, heard) = mpsc::channel(64);
        let streams = Streams::default();
        let sender = Sender::new(code, 7, heard, Arc::new(Steady(self.began, 5_000))).unwrap();
        let (offered, host) = (streams.clone(), Arc::clone(&self.host));
        tokio::spawn(sender.run(move || {
            let stream = offered.take(&host);
            async { stream.ok_or_else(|| io::ErrorKind::ConnectionRefused.into()) }
        }));
        (adverts, streams)
    }

    async fn next(&mut self) -> RawAdvert {
        timeout(Duration::from_secs(100), self.heard.recv()).await.expect("nothing came").unwrap()
    }
}

/// What a receiver gets when it connects.
#[derive(Clone, Default)]
struct Streams(Arc<Mutex<Offered>>);

#[derive(Default)]
struct Offered {
    silent: VecDeque<DuplexStream>,
    to_hub: usize,
    links: Vec<JoinHandle<()>>,
}

impl Streams {
    /// It may connect to the hub once more.
    fn offer(&self) {
        self.0.lock().unwrap().to_hub += 1;
    }

    /// It gets this stream first.
    fn offer_silent(&self, stream: DuplexStream) {
        self.0.lock().unwrap().silent.push_back(stream);
    }

    /// Cuts every link to the hub in the middle of whatever is said.
    fn cut(&self) {
        self.0.lock().unwrap().links.drain(..).for_each(|link| link.abort());
    }

    fn take(&self, host: &Arc<Host>) -> Option<DuplexStream> {
        let mut offered = self.0.lock().unwrap();
        if let Some(silent) = offered.silent.pop_front() {
            return Some(silent);
        }
        offered.to_hub = offered.to_hub.checked_sub(1)?;
        let (stream, link) = connect(host);
        offered.links.push(link);
        Some(stream)
    }
}

/// A stream to the hub; whoever aborts the task cuts it.
fn connect(host: &Arc<Host>) -> (DuplexStream, JoinHandle<()>) {
    let (near, far) = duplex(16_384);
    let host = Arc::clone(host);
    (near, tokio::spawn(async move { host.attend(far, FROM).await }))
}

/// The advert of this number, heard at this time of the receiver's clock.
fn advert(number: u16, ms: u64) -> RawAdvert {
    let address = Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]);
    RawAdvert {
        receiver: ReceiverId(1),
        rssi: Some(-70),
        name: Some("Bath".to_owned()),
        service_data: vec![(0xFCD2, number.to_be_bytes().to_vec())],
        long_service_data: vec![(7 << 100, vec![1])],
        manufacturer_data: vec![(0x0499, vec![5; 24])],
        is_random: true,
        is_connectable: true,
        ..RawAdvert::new(address, Stamp { boot: BootId(9), ms })
    }
}

fn number(advert: &RawAdvert) -> u16 {
    let [(_, bytes)] = advert.service_data.as_slice() else { panic!("{advert:?}") };
    u16::from_be_bytes(bytes.as_slice().try_into().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_hub_hears_what_the_receiver_hears_as_if_it_were_there() {
    let mut house = House::new(64);
    let (hears, streams) = house.receiver(&house.code.clone());
    streams.offer();
    sleep(Duration::from_secs(2)).await;
    hears.send(advert(1, 5_000 + 1_500)).await.unwrap();
    let heard = house.next().await;
    assert_eq!((heard.receiver, heard.at.boot, number(&heard)), (ReceiverId(64), BootId(1), 1));
    assert_eq!(heard.at.ms, 1_001_500, "half a second ago, by the hub's clock");
    assert_eq!(heard.received_us, 1_001_500_000);
    let (at, receiver, received_us) = (heard.at, heard.receiver, heard.received_us);
    assert_eq!(heard, RawAdvert { at, receiver, received_us, ..advert(1, 0) });
    assert_eq!(house.told.take(), ["64 attic begun"]);
}

#[tokio::test(start_paused = true)]
async fn a_cut_link_loses_nothing_and_brings_nothing_twice() {
    let mut house = House::new(4096);
    let (hears, streams) = house.receiver(&house.code.clone());
    let mut next = 0;
    // Ten links, each cut in the middle of whatever is said, with seconds in between.
    for link in 0..10_u64 {
        streams.offer();
        for _ in 0..200 {
            let ms = 5_000 + u64::try_from(house.began.elapsed().as_millis()).unwrap();
            hears.send(advert(next, ms)).await.unwrap();
            next += 1;
            sleep(Duration::from_millis(3 + link)).await;
            if next % 200 == 150 {
                streams.cut();
            }
        }
        sleep(Duration::from_secs(link)).await;
    }
    streams.offer();
    let mut last_at = 0;
    for expected in 0..next {
        let heard = house.next().await;
        assert_eq!(number(&heard), expected);
        assert!(heard.at.ms >= last_at, "in the order heard");
        last_at = heard.at.ms;
    }
    sleep(Duration::from_secs(60)).await;
    assert!(house.heard.try_recv().is_err(), "nothing came twice");
}

#[tokio::test(start_paused = true)]
async fn what_waited_is_stamped_when_it_was_heard_and_given_up_after_five_minutes() {
    let mut house = House::new(64);
    let (hears, streams) = house.receiver(&house.code.clone());
    hears.send(advert(1, 5_000)).await.unwrap();
    sleep(Duration::from_secs(200)).await;
    hears.send(advert(2, 205_000)).await.unwrap();
    sleep(Duration::from_secs(120)).await;
    streams.offer();
    let heard = house.next().await;
    assert_eq!((number(&heard), heard.at.ms), (2, 1_200_000));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_falls_silent_is_told_of_within_ten_seconds() {
    let house = House::new(64);
    let (stream, _) = house.connect();
    let connector = connector(house.code.pin).unwrap();
    let mut tls = connector.connect("hub.invalid".try_into().unwrap(), stream).await.unwrap();
    let mut hello = Vec::new();
    Frame::Hello { token: house.code.token, life: 1 }.write(&mut hello);
    tls.write_all(&hello).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(house.told.take(), ["64 attic begun"]);
    let fell_silent = Instant::now();
    while house.told.0.lock().unwrap().is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    assert!(fell_silent.elapsed() <= DEAD, "{:?}", fell_silent.elapsed());
    assert_eq!(house.told.take(), ["64 attic failed: the other end is silent"]);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_falls_silent_is_left_for_another_link() {
    let mut house = House::new(64);
    let (hears, streams) = house.receiver(&house.code.clone());
    // It takes the connection, and says nothing.
    let (near, _silent) = duplex(16_384);
    streams.offer_silent(near);
    hears.send(advert(1, 5_000)).await.unwrap();
    streams.offer();
    let began = Instant::now();
    assert_eq!(number(&house.next().await), 1);
    assert!(began.elapsed() < DEAD + Duration::from_secs(2), "{:?}", began.elapsed());
}

/// What a hub answers to this hello, said over TLS with this pin.
async fn ask(house: &House, pin: [u8; 32], hello: &[u8]) -> io::Result<Vec<u8>> {
    let (stream, _) = house.connect();
    let mut tls = connector(pin).unwrap().connect("hub.invalid".try_into().unwrap(), stream).await?;
    tls.write_all(hello).await?;
    let mut answer = [0; 4];
    tls.read_exact(&mut answer).await?;
    Ok(answer.to_vec())
}

fn hello(token: [u8; 32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Frame::Hello { token, life: 1 }.write(&mut bytes);
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_wrong_hub_is_not_spoken_with() {
    let house = House::new(64);
    let error = ask(&house, [3; 32], &hello(house.code.token)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    assert!(house.told.take().is_empty(), "the token did not get there");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_is_refused_and_too_many_of_them_for_a_minute() {
    let house = House::new(64);
    for _ in 0..TRIES {
        assert_eq!(ask(&house, house.code.pin, &hello([9; 32])).await.unwrap(), [0, 2, 3, 2]);
    }
    let right = hello(house.code.token);
    assert_eq!(ask(&house, house.code.pin, &right).await.unwrap(), [0, 2, 3, 3], "even the right one");
    advance(Duration::from_secs(60)).await;
    assert_eq!(ask(&house, house.code.pin, &right).await.unwrap(), [0, 11, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn another_version_is_told_so() {
    let house = House::new(64);
    assert_eq!(ask(&house, house.code.pin, &[0, 3, 1, 2, 77]).await.unwrap(), [0, 2, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_closed_and_keeps_nobody_out_for_long() {
    let mut house = House::new(64);
    let slow: Vec<_> = (0..GREETINGS).map(|_| house.connect()).collect();
    sleep(Duration::from_millis(1)).await;
    let (mut late, _) = house.connect();
    assert_eq!(late.read(&mut [0; 8]).await.unwrap(), 0, "one more is closed at once");
    let began = Instant::now();
    for (_, task) in slow {
        task.await.unwrap();
    }
    assert!(began.elapsed() <= GREETING + Duration::from_millis(10));
    let (hears, streams) = house.receiver(&house.code.clone());
    streams.offer();
    hears.send(advert(1, 10_000)).await.unwrap();
    assert_eq!(number(&house.next().await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_removed_is_cut_off_at_once() {
    let mut house = House::new(64);
    let (hears, streams) = house.receiver(&house.code.clone());
    streams.offer();
    hears.send(advert(1, 5_000)).await.unwrap();
    house.next().await;
    house.shelf.remove("attic").unwrap();
    house.host.look().await;
    let link = streams.0.lock().unwrap().links.pop().unwrap();
    timeout(Duration::from_secs(1), link).await.expect("the link goes on").unwrap();
    assert_eq!(house.told.take(), ["64 attic begun", "64 gone"]);
    streams.offer();
    hears.send(advert(2, 5_000)).await.unwrap();
    sleep(Duration::from_secs(30)).await;
    assert!(house.heard.try_recv().is_err());
    assert_eq!(ask(&house, house.code.pin, &hello(house.code.token)).await.unwrap(), [0, 2, 3, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_drops_and_the_link_goes_on() {
    let mut house = House::new(3);
    let (hears, streams) = house.receiver(&house.code.clone());
    streams.offer();
    for nth in 0..10 {
        hears.send(advert(nth, 5_000)).await.unwrap();
    }
    sleep(Duration::from_secs(20)).await;
    let heard: Vec<_> = (0..3).filter_map(|_| house.heard.try_recv().ok()).map(|advert| number(&advert)).collect();
    assert_eq!(heard, [0, 1, 2]);
    hears.send(advert(10, 5_000)).await.unwrap();
    assert_eq!(number(&house.next().await), 10);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_read_slowly_makes_the_receiver_wait_and_loses_nothing() {
    let mut house = House::new(2);
    let (hears, streams) = house.receiver(&house.code.clone());
    for nth in 0..500 {
        hears.send(advert(nth, 5_000)).await.unwrap();
    }
    streams.offer();
    for expected in 0..500 {
        assert_eq!(number(&house.next().await), expected);
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_came_or_stayed_away_is_told_of() {
    let house = House::new(64);
    sleep(Duration::from_secs(59)).await;
    house.host.look().await;
    assert!(house.told.take().is_empty());
    sleep(Duration::from_secs(2)).await;
    house.host.look().await;
    house.host.look().await;
    assert_eq!(house.told.take(), ["64 attic failed: it has not connected yet"], "once");
    let (_hears, streams) = house.receiver(&house.code);
    streams.offer();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(house.told.take(), ["64 attic begun"]);
}
