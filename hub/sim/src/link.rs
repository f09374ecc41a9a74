use std::{fmt, time::Duration};

use fw_host::World;
use hub_model::{Address, Link, LinkError};

/// How long a hub waits for an answer, µs: sensors do not think for long.
const ANSWER_US: u64 = 10_000_000;

/// Who has a world at hand: it was lent to him, or he shares it.
pub trait Reach {
    /// Does something in it, and lets those who share it know that time has passed.
    fn act<T>(&mut self, act: impl FnOnce(&mut World) -> T) -> T;
}

impl Reach for &mut World {
    fn act<T>(&mut self, act: impl FnOnce(&mut World) -> T) -> T {
        act(self)
    }
}

/// A connection with a simulated sensor.
///
/// Nobody ever waits for it: while it is used, simulated time passes.
pub struct SimLink<W: Reach> {
    world: W,
    link: Option<fw_host::Link>,
    address: Address,
}

impl<W: Reach> fmt::Debug for SimLink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLink").field("address", &self.address).finish_non_exhaustive()
    }
}

impl<W: Reach> SimLink<W> {
    /// Connects to who sends connectable adverts from this address within so many microseconds.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn connect(mut world: W, address: Address, patience_us: u64) -> Result<Self, LinkError> {
        let link = world.act(|world| world.connect(address.bytes(), patience_us));
        let link = link.map_err(|error| refused(error, address))?;
        Ok(Self { world, link: Some(link), address })
    }

    /// Loses the connection after so many more packets of it: see [`World::lose_after`].
    pub fn lose_after(&mut self, packets: u32) {
        if let Some(link) = &self.link {
            self.world.act(|world| world.lose_after(link, packets));
        }
    }

    /// The world that it goes through.
    pub(crate) const fn world(&mut self) -> &mut W {
        &mut self.world
    }

    fn act<T>(
        &mut self,
        act: impl FnOnce(&mut World, &mut fw_host::Link) -> Result<T, fw_host::LinkError>,
    ) -> Result<T, LinkError> {
        let link = self.link.as_mut().ok_or(LinkError::Lost)?;
        self.world.act(|world| act(world, link)).map_err(|error| refused(error, self.address))
    }

    fn end(&mut self) {
        if let Some(link) = self.link.take() {
            self.world.act(|world| world.disconnect(link));
        }
    }
}

impl<W: Reach> Link for SimLink<W> {
    fn mtu(&self) -> u16 {
        let size = self.link.as_ref().map_or(20, |link| link.piece_size().bytes());
        u16::try_from(size + 3).unwrap_or(23)
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        self.act(|world, link| world.write(link, piece))
    }

    async fn notified(&mut self) -> Result<Vec<u8>, LinkError> {
        self.act(|world, link| world.notification(link, ANSWER_US))
    }

    async fn hang_up(mut self) {
        self.end();
    }
}

impl<W: Reach> Drop for SimLink<W> {
    fn drop(&mut self) {
        self.end();
    }
}

fn refused(error: fw_host::LinkError, address: Address) -> LinkError {
    match error {
        fw_host::LinkError::Unheard => LinkError::Unreachable { address },
        fw_host::LinkError::Gone => LinkError::Lost,
        fw_host::LinkError::Silent => LinkError::Silent { patience: Duration::from_micros(ANSWER_US) },
        fw_host::LinkError::Refused { .. } | fw_host::LinkError::Table => {
            LinkError::Foreign { address, problem: error.to_string() }
        }
    }
}
