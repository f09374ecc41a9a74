use core::{convert::Infallible, future::poll_fn, task::Poll};
use std::{
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
    vec::Vec,
};

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::digital::Wait;

/// A simulated pin. Clones are the same pin: one for the driver, one for the hand, the water or the door.
#[derive(Debug, Clone, Default)]
pub struct Line(Arc<Mutex<Level>>);

#[derive(Debug, Default)]
struct Level {
    is_high: bool,
    rises: u64,
    falls: u64,
    waiting: Vec<Waker>,
}

impl Line {
    /// A pin at this level.
    pub fn new(is_high: bool) -> Self {
        let line = Self::default();
        line.set(is_high);
        line
    }

    /// Sets the level.
    pub fn set(&self, is_high: bool) {
        self.with(|level| {
            level.rises += u64::from(is_high && !level.is_high);
            level.falls += u64::from(!is_high && level.is_high);
            level.is_high = is_high;
            level.waiting.drain(..).for_each(Waker::wake);
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Level) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn until(&self, mut is_so: impl FnMut(&Level) -> bool) {
        poll_fn(|context| {
            self.with(|level| {
                if is_so(level) {
                    return Poll::Ready(());
                }
                level.waiting.retain(|waker| !waker.will_wake(context.waker()));
                level.waiting.push(context.waker().clone());
                Poll::Pending
            })
        })
        .await;
    }

    /// Until one of these has grown.
    async fn until_more(&self, count: fn(&Level) -> u64) {
        let before = self.with(|level| count(level));
        self.until(|level| count(level) > before).await;
    }
}

impl ErrorType for Line {
    type Error = Infallible;
}

impl InputPin for Line {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.with(|level| level.is_high))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.with(|level| !level.is_high))
    }
}

impl Wait for Line {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.until(|level| level.is_high).await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.until(|level| !level.is_high).await;
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.until_more(|level| level.rises).await;
        Ok(())
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.until_more(|level| level.falls).await;
        Ok(())
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        self.until_more(|level| level.rises + level.falls).await;
        Ok(())
    }
}
