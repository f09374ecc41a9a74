//! The sensor and its radio: adverts, one connection at a time, and pieces over GATT.

use core::{convert::Infallible, fmt, future::pending, pin::pin};

use bt_hci::cmd::le::{LeSetAdvEnable, LeSetRandomAddr};
use embassy_futures::select::{Either4, select4};
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, channel::Channel, signal::Signal};
use embassy_time::Duration;
use fw_drivers::{Probe, Sample};
use fw_logic::KeepError;
use trouble_host::{
    Address, BleHostError, Controller, HostResources, Stack,
    prelude::{
        AddrKind, Advertisement, AdvertisementParameters, Advertiser, BdAddr, Connection, DefaultPacketPool,
        GattConnection, GattConnectionEvent, GattEvent, Peripheral,
    },
};
use wire::{
    bthome,
    pipe::{MAX_PIECE, Piece},
};

use crate::{
    air::{Air, PAIRING_INTERVAL_MS},
    board::{Board, Happening, Inputs, Parts},
    clock::Clock,
    frame::Frame,
    gatt::{CONNECTIONS, Gatt},
    sensor::{FlashError, Peer, Sensor},
};

/// Signalling and ATT.
const CHANNELS: usize = 2;
/// What was sensed and not yet taken; whoever senses waits when there is more.
const QUEUE: usize = 2;

/// Why a sensor stopped. It is to begin anew, by way of the bootloader.
#[derive(Debug)]
pub enum Stopped<R, F> {
    /// It wants to: there is a new program, or the one that was on trial did not show that it works.
    Restart,
    /// The radio, or the way to it, failed.
    Radio(BleHostError<R>),
    /// Flash failed where nothing can go on without it.
    Flash(KeepError<F>),
    /// The GATT table is wrong.
    Gatt,
}

impl<R: fmt::Debug, F: fmt::Debug> fmt::Display for Stopped<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart => f.write_str("the sensor is to start anew"),
            Self::Radio(BleHostError::Controller(error)) => write!(f, "the radio controller is gone: {error:?}"),
            Self::Radio(BleHostError::BleHost(error)) => write!(f, "the radio controller refused: {error:?}"),
            Self::Flash(error) => error.fmt(f),
            Self::Gatt => f.write_str("the GATT table is wrong"),
        }
    }
}

impl<R: fmt::Debug, F: fmt::Debug> core::error::Error for Stopped<R, F> {}

impl<R, F> From<BleHostError<R>> for Stopped<R, F> {
    fn from(error: BleHostError<R>) -> Self {
        Self::Radio(error)
    }
}

impl<R, F> From<trouble_host::Error> for Stopped<R, F> {
    fn from(error: trouble_host::Error) -> Self {
        Self::Radio(error.into())
    }
}

impl<R, F> From<KeepError<F>> for Stopped<R, F> {
    fn from(error: KeepError<F>) -> Self {
        Self::Flash(error)
    }
}

/// Something that was sensed.
enum Sensed<E> {
    Sampled(Sample, Result<(), E>),
    Happened(Happening),
}

type Senser<B> = Channel<NoopRawMutex, Sensed<<<B as Board>::Probe as Probe>::Error>, QUEUE>;

type Pool = DefaultPacketPool;
type Link<'l> = GattConnection<'l, 'l, Pool>;

/// Runs the whole sensor on this radio, for as long as it goes well, and tells why it does no more.
pub async fn run<C: Controller, B: Board>(controller: C, parts: Parts<B>) -> Stopped<C::Error, FlashError<B>> {
    let clock = Clock::start();
    let mut place = None;
    let (sensor, mut senses) = match Sensor::<B>::start(&mut place, parts, clock.now_ms()).await {
        Ok(started) => started,
        Err(error) => return error.into(),
    };
    let Some(gatt) = Gatt::new() else { return Stopped::Gatt };
    let mut resources: HostResources<Pool, CONNECTIONS, CHANNELS> = HostResources::new();
    let address = Address::new(AddrKind::RANDOM, bd_address(sensor.address()));
    let stack = trouble_host::new(controller, &mut resources).set_random_address(address).build();
    let (asked, sensed) = (Signal::new(), Channel::new());
    let peripheral = stack.peripheral();
    let mut life =
        Life { clock, sensor, stack: &stack, peripheral, gatt: &gatt, asked: &asked, sensed: &sensed, link: None };
    let mut runner = stack.runner();
    // Each stays where it is: what is moved here is kept twice, and a chip has 64 KiB.
    let (running, living) = (pin!(runner.run()), pin!(life.live()));
    let measuring = pin!(measure(&mut senses.probe, &asked, &sensed));
    let listening = pin!(listen(&mut senses.inputs, &sensed));
    match select4(running, living, measuring, listening).await {
        Either4::First(result) => result.err().unwrap_or(BleHostError::BleHost(trouble_host::Error::Other)).into(),
        Either4::Second(Err(stopped)) => stopped,
        Either4::Second(Ok(never)) | Either4::Third(never) | Either4::Fourth(never) => match never {},
    }
}

/// Measures whenever it is asked, so that nobody who is connected waits for a slow probe.
async fn measure<P: Probe>(
    probe: &mut P,
    asked: &Signal<NoopRawMutex, ()>,
    sensed: &Channel<NoopRawMutex, Sensed<P::Error>, QUEUE>,
) -> Infallible {
    loop {
        asked.wait().await;
        let mut sample = Sample::new();
        let result = probe.sample(&mut sample).await;
        sensed.send(Sensed::Sampled(sample, result)).await;
    }
}

async fn listen<E>(inputs: &mut impl Inputs, sensed: &Channel<NoopRawMutex, Sensed<E>, QUEUE>) -> Infallible {
    loop {
        let happening = inputs.next().await;
        sensed.send(Sensed::Happened(happening)).await;
    }
}

/// The sensor between its radio and its senses.
struct Life<'l, 's, C, B: Board> {
    clock: Clock,
    sensor: &'l mut Sensor<B>,
    stack: &'l Stack<'s, C, Pool>,
    peripheral: Peripheral<'l, C, Pool>,
    gatt: &'l Gatt<'static>,
    asked: &'l Signal<NoopRawMutex, ()>,
    sensed: &'l Senser<B>,
    link: Option<Link<'l>>,
}

impl<'l, C: Controller, B: Board> Life<'l, '_, C, B> {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    async fn live(&mut self) -> Result<Infallible, Stopped<C::Error, FlashError<B>>> {
        let mut address = self.sensor.address();
        let line = &mut Line { link: None, gatt: self.gatt };
        self.sensor.tick(self.now_ms(), line).await?;
        loop {
            // Behind this command nobody can connect any more, and whoever just did is known.
            self.stack.command(LeSetAdvEnable::new(false)).await?;
            if self.link.is_none()
                && let Some(connection) = self.peripheral.try_accept()
            {
                self.accept(connection).await?;
            }
            let (frame, until_ms) = self.frame(self.now_ms());
            let advertiser = match &frame {
                None => None,
                Some(frame) => {
                    if frame.address != address {
                        address = frame.address;
                        self.stack.command(LeSetRandomAddr::new(bd_address(address))).await?;
                    }
                    let advertiser = self.peripheral.advertise(&parameters(frame), advertisement(frame)).await?;
                    self.sensor.sent().await;
                    Some(advertiser)
                }
            };
            self.stay(advertiser, frame, until_ms).await?;
        }
    }

    /// Lives until something else is to be sent, or the same differently.
    async fn stay(
        &mut self,
        advertiser: Option<Advertiser<'l, C, Pool>>,
        mut frame: Option<Frame>,
        mut until_ms: u64,
    ) -> Result<(), Stopped<C::Error, FlashError<B>>> {
        let mut accepted = pin!(accepted(advertiser));
        loop {
            if self.sensor.wants_restart(self.link.is_some(), self.now_ms()) {
                return Err(Stopped::Restart);
            }
            if self.sensor.wants_sample(self.now_ms()) {
                self.asked.signal(());
            }
            let alarm = self.clock.alarm(self.sensor.deadline_ms(self.now_ms()).min(until_ms));
            match select4(accepted.as_mut(), next(self.link.as_ref()), self.sensed.receive(), alarm).await {
                Either4::First(Some(connection)) => return self.accept(connection).await,
                Either4::First(None) => return Ok(()),
                Either4::Second(event) => self.on_link(event).await?,
                Either4::Third(Sensed::Sampled(sample, result)) => {
                    self.sensor.sampled(&sample, result, self.now_ms()).await;
                }
                Either4::Third(Sensed::Happened(happening)) => {
                    let line = &mut Line { link: self.link.as_ref(), gatt: self.gatt };
                    self.sensor.happened(happening, self.now_ms(), line).await?;
                }
                Either4::Fourth(()) => {}
            }
            let line = &mut Line { link: self.link.as_ref(), gatt: self.gatt };
            self.sensor.tick(self.now_ms(), line).await?;
            let (next, next_until_ms) = self.frame(self.now_ms());
            match (&frame, &next) {
                (Some(now), Some(next)) if now == next => {}
                (Some(now), Some(next)) if now.differs_in_data_only(next) => {
                    self.peripheral.update_adv_data(advertisement(next)).await?;
                }
                (None, None) => {}
                _ => return Ok(()),
            }
            (frame, until_ms) = (next, next_until_ms);
        }
    }

    /// What is to be sent now, and until when that is so.
    fn frame(&mut self, now_ms: u64) -> (Option<Frame>, u64) {
        let reasons = self.sensor.reasons(self.link.is_some(), now_ms);
        let (air, until_ms) = Air::choose(&reasons, now_ms);
        let frame = match air {
            Air::Silence => None,
            Air::Pairing => self.sensor.window().map(|window| Frame::pairing(window, PAIRING_INTERVAL_MS)),
            Air::Beacon { is_connectable } => {
                let (address, interval_ms) = (self.sensor.address(), self.sensor.interval_ms(now_ms));
                self.sensor.advert().and_then(|advert| Frame::beacon(advert, address, interval_ms, is_connectable))
            }
        };
        (frame, until_ms)
    }

    async fn accept(&mut self, connection: Connection<'l, Pool>) -> Result<(), Stopped<C::Error, FlashError<B>>> {
        self.link = Some(connection.with_attribute_server(&self.gatt.server)?);
        let line = &mut Line { link: self.link.as_ref(), gatt: self.gatt };
        Ok(self.sensor.connected(self.now_ms(), line).await?)
    }

    /// Something happened on the link.
    async fn on_link(
        &mut self,
        event: GattConnectionEvent<'l, 'l, Pool>,
    ) -> Result<(), Stopped<C::Error, FlashError<B>>> {
        let reply = match event {
            GattConnectionEvent::Disconnected { .. } => {
                self.link = None;
                return Ok(self.sensor.disconnected(self.now_ms()).await?);
            }
            GattConnectionEvent::Gatt { event: GattEvent::Write(write) } if write.handle() == self.gatt.to_sensor => {
                // One byte more than a piece may have, so that one that is too long is seen as such.
                let mut piece = [0; MAX_PIECE + 1];
                let length = write.with_data(|_, data| {
                    piece.iter_mut().zip(data).for_each(|(place, byte)| *place = *byte);
                    data.len().min(MAX_PIECE + 1)
                });
                if let Ok(reply) = write.accept_unprocessed() {
                    reply.send().await;
                }
                let att_mtu = self.link.as_ref().map_or(0, |link| link.raw().att_mtu());
                let line = &mut Line { link: self.link.as_ref(), gatt: self.gatt };
                let piece = piece.get(..length).unwrap_or_default();
                return Ok(self.sensor.heard(piece, att_mtu, self.now_ms(), line).await?);
            }
            GattConnectionEvent::Gatt { event } => event.accept(),
            _ => return Ok(()),
        };
        match reply {
            Ok(reply) => reply.send().await,
            // Without an answer he would wait for half a minute (Core 5.4, volume 3, part F, 3.3.3).
            Err(_) => Line { link: self.link.as_ref(), gatt: self.gatt }.hang_up(),
        }
        Ok(())
    }
}

/// Who is connected, if anybody is.
struct Line<'a, 'l> {
    link: Option<&'a Link<'l>>,
    gatt: &'a Gatt<'static>,
}

impl Peer for Line<'_, '_> {
    async fn send(&mut self, piece: &Piece) {
        let Some(link) = self.link else { return };
        if self.gatt.to_hub.notify(link, piece.bytes(), false).await.is_err() {
            // He would wait for the rest in vain.
            self.hang_up();
        }
    }

    fn hang_up(&mut self) {
        if let Some(link) = self.link {
            link.raw().disconnect();
        }
    }
}

/// Whoever connects; `None` when the adverts have ended by themselves.
async fn accepted<'l, C: Controller>(advertiser: Option<Advertiser<'l, C, Pool>>) -> Option<Connection<'l, Pool>> {
    match advertiser {
        Some(advertiser) => advertiser.accept().await.ok(),
        None => pending().await,
    }
}

async fn next<'l>(link: Option<&Link<'l>>) -> GattConnectionEvent<'l, 'l, Pool> {
    match link {
        Some(link) => link.next().await,
        None => pending().await,
    }
}

/// The bytes as they are on the air: least significant first.
fn bd_address(mut address: bthome::Address) -> BdAddr {
    address.reverse();
    BdAddr::new(address)
}

fn parameters(frame: &Frame) -> AdvertisementParameters {
    let interval = Duration::from_millis(frame.interval_ms.into());
    AdvertisementParameters { interval_min: interval, interval_max: interval, ..AdvertisementParameters::default() }
}

fn advertisement(frame: &Frame) -> Advertisement<'_> {
    let adv_data = frame.data();
    match frame.is_connectable {
        true => Advertisement::ConnectableScannableUndirected { adv_data, scan_data: &[] },
        false => Advertisement::NonconnectableNonscannableUndirected { adv_data },
    }
}
