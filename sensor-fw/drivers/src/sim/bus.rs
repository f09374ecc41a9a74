use std::{
    boxed::Box,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    vec::Vec,
};

use embedded_hal_async::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// The chip did not acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nack;

/// A chip on a simulated bus.
pub trait Device: Send {
    /// Its address, of 7 bits.
    fn address(&self) -> u8;

    /// Takes what the controller writes.
    ///
    /// # Errors
    /// [`Nack`] for what it does not know or is too busy for.
    fn write(&mut self, now_us: u64, bytes: &[u8]) -> Result<(), Nack>;

    /// Gives what the controller reads; what it leaves reads as ones, as an open line does.
    ///
    /// # Errors
    /// [`Nack`] where it has nothing to give.
    fn read(&mut self, now_us: u64, into: &mut [u8]) -> Result<(), Nack>;

    /// For how long it has measured since its start, in microseconds.
    fn measured_us(&self) -> u64;
}

/// What happened on a bus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions: from start to stop.
    pub transactions: u64,
    /// Bytes on the wire, addresses included.
    pub bytes: u64,
    /// Transactions that nobody acknowledged.
    pub unanswered: u64,
}

/// What goes wrong on a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// Nobody acknowledges: no power, or no chip.
    Silent,
    /// A line is held: the controller never gets the bus.
    Stuck,
    /// The chip acknowledges, and every byte reads as this one.
    Reads(u8),
    /// From the n-th byte that is read on, counted from 0, one byte is disturbed by these bits, once.
    Flips {
        /// How many bytes are read well before.
        after: u32,
        /// Which bits of the byte are wrong.
        bits: u8,
    },
}

/// A simulated I²C bus. Clones are the same bus, so that each driver has one.
#[derive(Clone)]
pub struct Bus(Arc<Mutex<Wires>>);

struct Wires {
    now_us: Box<dyn Fn() -> u64 + Send>,
    devices: Vec<Box<dyn Device>>,
    counts: Counts,
    disturbance: Option<Disturbance>,
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Bus {
    /// A bus without chips, whose time is what `now_us` says: microseconds that never go back.
    pub fn new(now_us: impl Fn() -> u64 + Send + 'static) -> Self {
        let counts = Counts::default();
        Self(Arc::new(Mutex::new(Wires { now_us: Box::new(now_us), devices: Vec::new(), counts, disturbance: None })))
    }

    /// Puts a chip on the bus.
    pub fn attach(&self, device: impl Device + 'static) {
        self.with(|wires| wires.devices.push(Box::new(device)));
    }

    /// Lets something go wrong from now on, or nothing.
    pub fn disturb(&self, disturbance: impl Into<Option<Disturbance>>) {
        self.with(|wires| wires.disturbance = disturbance.into());
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.with(|wires| wires.counts)
    }

    /// For how long the chip at this address has measured, in microseconds.
    pub fn measured_us(&self, address: u8) -> u64 {
        self.with(|wires| {
            wires.devices.iter().filter(|device| device.address() == address).map(|device| device.measured_us()).sum()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Wires) -> T) -> T {
        // A test that panicked elsewhere left the wires as they were.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wires {
    fn transact(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        self.counts.transactions += 1;
        self.counts.bytes += operations.iter().map(bytes_on_the_wire).sum::<u64>();
        let now_us = (self.now_us)();
        let done = match self.disturbance {
            Some(Disturbance::Stuck) => return Err(ErrorKind::ArbitrationLoss),
            Some(Disturbance::Silent) => Err(Nack),
            _ => match self.devices.iter_mut().find(|device| device.address() == address) {
                Some(device) => operations.iter_mut().try_for_each(|operation| match operation {
                    Operation::Write(bytes) => device.write(now_us, bytes),
                    Operation::Read(into) => {
                        into.fill(0xff);
                        device.read(now_us, into)?;
                        disturbed(&mut self.disturbance, into);
                        Ok(())
                    }
                }),
                None => Err(Nack),
            },
        };
        self.counts.unanswered += u64::from(done.is_err());
        done.map_err(|Nack| ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown))
    }
}

fn bytes_on_the_wire(operation: &Operation<'_>) -> u64 {
    1 + match operation {
        Operation::Write(bytes) => bytes.len() as u64,
        Operation::Read(into) => into.len() as u64,
    }
}

fn disturbed(disturbance: &mut Option<Disturbance>, read: &mut [u8]) {
    match *disturbance {
        Some(Disturbance::Reads(byte)) => read.fill(byte),
        Some(Disturbance::Flips { after, bits }) => match read.get_mut(after as usize) {
            Some(byte) => {
                *byte ^= bits;
                *disturbance = None;
            }
            None => *disturbance = Some(Disturbance::Flips { after: after - read.len() as u32, bits }),
        },
        _ => {}
    }
}

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    async fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        self.with(|wires| wires.transact(address, operations))
    }
}
