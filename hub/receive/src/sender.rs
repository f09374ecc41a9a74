//! The receiver's end: sends what an adapter hears to its hub, over whatever is cut and comes back.

use std::{io, sync::Arc, time::Duration};

use hub_model::{Clock, RawAdvert, ReceiverId, chain};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    code::JoinCode,
    frame::Frame,
    outbox::Outbox,
    talk::{ALIVE, DEAD, LinkError, QUIET_TICKS, Talk},
    tls::{TlsError, connector, server_name},
};

/// The pause before the second try, s; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest, s.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Sends what comes out of a queue of adverts to one hub.
pub struct Sender {
    connector: TlsConnector,
    token: [u8; 32],
    life: u64,
    heard: Heard,
    clock: Arc<dyn Clock>,
}

/// What was heard and is not sent.
struct Heard {
    adverts: mpsc::Receiver<RawAdvert>,
    outbox: Outbox,
}

impl Sender {
    /// A sender to the hub of this code. `life` is a random number: by it the hub knows whether the numbers of adverts go on.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        code: &JoinCode,
        life: u64,
        adverts: mpsc::Receiver<RawAdvert>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let heard = Heard { adverts, outbox: Outbox::default() };
        Ok(Self { connector: connector(code.pin)?, token: code.token, life, heard, clock })
    }

    /// Sends over streams that `connect` makes, until this is dropped; what is heard meanwhile waits.
    pub async fn run<S, C>(mut self, mut connect: impl FnMut() -> C)
    where
        S: AsyncRead + AsyncWrite + Unpin,
        C: Future<Output = io::Result<S>>,
    {
        let (mut pause, mut told) = (FIRST_PAUSE, String::new());
        loop {
            let joining = join(&self.connector, self.token, self.life, &*self.clock, connect());
            let end = match self.heard.meanwhile(joining).await {
                Ok((mut talk, receiver, next)) => {
                    (pause, told) = (FIRST_PAUSE, String::new());
                    self.heard.outbox.begin(next);
                    tracing::info!(number = receiver.0, waiting = self.heard.outbox.waiting(), "linked with the hub");
                    self.send(&mut talk).await
                }
                Err(error) => error,
            };
            // Once per change.
            let trouble = chain(&end);
            if trouble != told {
                tracing::warn!(error = trouble, "not linked with the hub; it is tried again by itself");
                told = trouble;
            }
            self.heard.meanwhile(sleep(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.heard.outbox.forget_old(self.clock.now().stamp.ms);
        }
    }

    /// Sends until the link ends.
    async fn send<S: AsyncRead + AsyncWrite + Unpin>(&mut self, talk: &mut Talk<S>) -> LinkError {
        let mut alive = interval(ALIVE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut silent, mut is_open) = (0, true);
        loop {
            let now = self.clock.now().stamp;
            if let Some((first, adverts)) = self.heard.outbox.batch(now.ms)
                && let Err(error) = talk.say(&Frame::Adverts { first, adverts }).await
            {
                return error;
            }
            let dropped = self.heard.outbox.take_dropped();
            if dropped > 0 {
                tracing::warn!(dropped, "adverts were given up before the hub had them");
            }
            let is_more = self.heard.outbox.has_unsent();
            let said = tokio::select! {
                biased;
                _ = alive.tick() => {
                    silent += 1;
                    if silent >= QUIET_TICKS { Err(LinkError::Silent) } else { talk.say(&Frame::Alive).await }
                }
                frame = talk.next(now) => {
                    silent = 0;
                    match frame {
                        Ok(Frame::Taken { next }) => {
                            self.heard.outbox.taken(next);
                            Ok(())
                        }
                        Ok(Frame::Alive) => Ok(()),
                        Ok(Frame::Refused(why)) => Err(why.into()),
                        Ok(_) => Err(LinkError::Unexpected),
                        Err(error) => Err(error),
                    }
                }
                advert = self.heard.adverts.recv(), if is_open => {
                    is_open = advert.is_some();
                    advert.into_iter().for_each(|advert| self.heard.outbox.push(advert));
                    Ok(())
                }
                () = std::future::ready(()), if is_more => Ok(()),
            };
            if let Err(error) = said {
                return error;
            }
        }
    }
}

impl Heard {
    /// Does something else, and keeps what is heard meanwhile.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut is_open = true;
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                advert = self.adverts.recv(), if is_open => {
                    is_open = advert.is_some();
                    advert.into_iter().for_each(|advert| self.outbox.push(advert));
                }
            }
        }
    }
}

/// Connects, proves who is who, and is welcomed: tells the number that the hub knows this receiver by, and the first advert that
/// it does not have.
async fn join<S, C>(
    connector: &TlsConnector,
    token: [u8; 32],
    life: u64,
    clock: &dyn Clock,
    connect: C,
) -> Result<(Talk<TlsStream<S>>, ReceiverId, u64), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Future<Output = io::Result<S>>,
{
    let stream = timeout(DEAD, connect).await??;
    let name = server_name().map_err(io::Error::other)?;
    let secured = timeout(DEAD, connector.connect(name, stream)).await?;
    let mut talk = Talk::new(secured.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => LinkError::Handshake(error),
        _ => LinkError::Io(error),
    })?);
    talk.say(&Frame::Hello { token, life }).await?;
    match timeout(DEAD, talk.next(clock.now().stamp)).await?? {
        Frame::Welcome { receiver, next } => Ok((talk, receiver, next)),
        Frame::Refused(why) => Err(why.into()),
        _ => Err(LinkError::Unexpected),
    }
}
