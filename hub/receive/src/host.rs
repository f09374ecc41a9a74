//! The hub's end: takes links of the receivers that it knows.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hub_model::{Clock, Now, RawAdvert, ReceiverId, Stamp, chain};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Notify, Semaphore, mpsc},
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    book::{Book, BookError, Known, Shelf},
    frame::{Aged, Frame, FrameError, Refused},
    outbox::MAX_AGE_MS,
    patience::Patience,
    talk::{ALIVE, LinkError, QUIET_TICKS, Talk},
    tls::TlsError,
};

/// Who connects has so long for the handshake, and as long again to say who it is.
pub const GREETING: Duration = Duration::from_secs(5);
/// So many may be saying who they are at once; further ones are closed at once.
pub const GREETINGS: usize = 16;
/// A receiver that has not connected for so long since the hub started, or since it was added, is told of, ms.
pub const GRACE_MS: u64 = 60_000;

/// An advert waits so long for room in the hub's queue.
const ROOM: Duration = Duration::from_secs(1);

/// Who is told how the receivers are doing.
pub trait Reports: Send + Sync {
    /// A receiver is linked.
    fn begun(&self, receiver: ReceiverId, name: &str);
    /// A receiver is not linked, for this reason.
    fn failed(&self, receiver: ReceiverId, name: &str, trouble: &str);
    /// A receiver is linked again after so long that something it heard was lost.
    fn gap(&self, receiver: ReceiverId, name: &str, length: Duration);
    /// A receiver was removed.
    fn gone(&self, receiver: ReceiverId);
}

/// The hub's end of all links.
pub struct Host {
    shelf: Shelf,
    acceptor: TlsAcceptor,
    adverts: mpsc::Sender<RawAdvert>,
    clock: Arc<dyn Clock>,
    reports: Arc<dyn Reports>,
    greetings: Semaphore,
    desk: Mutex<Desk>,
}

/// What all links share.
#[derive(Default)]
struct Desk {
    patience: Patience,
    known: BTreeMap<ReceiverId, Standing>,
    links: u64,
}

/// A receiver of the book.
struct Standing {
    who: Known,
    /// The life of which the hub has every advert before `next`.
    life: u64,
    next: u64,
    /// The link that is up, if one is, and what ends it.
    link: Option<(u64, Arc<Notify>)>,
    /// Since when it is as it is, ms since boot.
    since_ms: u64,
    /// Was it linked since the hub started?
    was_linked: bool,
    is_told: bool,
}

impl Host {
    /// The end of the hub whose store has this shelf. `luck` makes its key, where it has none yet.
    ///
    /// # Errors
    /// When the shelf cannot be read, or TLS cannot be set up.
    pub fn open(
        shelf: Shelf,
        luck: [u8; 32],
        adverts: mpsc::Sender<RawAdvert>,
        clock: Arc<dyn Clock>,
        reports: Arc<dyn Reports>,
    ) -> Result<Self, OpenError> {
        let acceptor = shelf.key(luck)?.acceptor()?;
        let book = shelf.book()?;
        let (greetings, desk) = (Semaphore::new(GREETINGS), Mutex::default());
        let host = Self { shelf, acceptor, adverts, clock, reports, greetings, desk };
        host.take(&book);
        Ok(host)
    }

    /// Takes links until this is dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut links = JoinSet::new();
        let mut look = interval(ALIVE);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let host = Arc::clone(&self);
                        links.spawn(async move { host.attend(stream, from.ip()).await });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection of a receiver cannot be taken");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
                _ = look.tick() => self.look().await,
                Some(_) = links.join_next() => {}
            }
        }
    }

    /// Looks into the book: links of who was removed end; who should be linked and is not, is told of.
    pub async fn look(&self) {
        if let Some(book) = self.book().await {
            self.take(&book);
        }
    }

    async fn book(&self) -> Option<Book> {
        let shelf = self.shelf.clone();
        match spawn_blocking(move || shelf.book()).await {
            Ok(Ok(book)) => return Some(book),
            Ok(Err(error)) => tracing::error!(error = chain(&error), "the book of receivers cannot be read"),
            Err(error) => tracing::error!(%error, "the book of receivers was not read"),
        }
        None
    }

    fn take(&self, book: &Book) {
        let now_ms = self.clock.now().stamp.ms;
        let (mut gone, mut missing) = (Vec::new(), Vec::new());
        {
            let mut desk = self.desk();
            desk.known.retain(|id, standing| {
                let stays = book.receivers().contains(&standing.who);
                if !stays {
                    gone.push(*id);
                    standing.link.iter().for_each(|(_, end)| end.notify_one());
                }
                stays
            });
            for known in book.receivers() {
                desk.known.entry(known.id()).or_insert_with(|| Standing::new(known.clone(), now_ms));
            }
            for standing in desk.known.values_mut() {
                let is_late = now_ms.saturating_sub(standing.since_ms) >= GRACE_MS;
                if is_late && !standing.was_linked && !std::mem::replace(&mut standing.is_told, true) {
                    missing.push(standing.who.clone());
                }
            }
        }
        gone.into_iter().for_each(|id| self.reports.gone(id));
        for known in missing {
            self.reports.failed(known.id(), &known.name, "it has not connected yet");
        }
    }

    /// Takes one link, from handshake to end.
    pub async fn attend<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, from: IpAddr) {
        let Ok(greeting) = self.greetings.try_acquire() else {
            tracing::debug!(%from, "too many connect at once");
            return;
        };
        let greeted = self.greet(stream, from).await;
        drop(greeting);
        match greeted {
            Ok((mut talk, link)) => {
                let end = self.link(&mut talk, &link).await;
                self.ended(&link, &end);
                talk.close().await;
            }
            Err(error) => tracing::warn!(%from, error = chain(&error), "somebody who connected is no receiver of ours"),
        }
    }

    /// Who is it?
    async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        from: IpAddr,
    ) -> Result<(Talk<TlsStream<S>>, Linked), LinkError> {
        let mut talk = Talk::new(timeout(GREETING, self.acceptor.accept(stream)).await??);
        let now = self.clock.now().stamp;
        let hello = timeout(GREETING, talk.next(now)).await?;
        let answer = match hello {
            Ok(Frame::Hello { token, life }) => self.judge(from, &token, life).await,
            Err(LinkError::Frame(FrameError::Field { field: "version" })) => Err(Refused::Version),
            Ok(_) => return Err(LinkError::Unexpected),
            Err(error) => return Err(error),
        };
        match answer {
            Ok((link, next)) => {
                // Its place is taken already: if this fails, the link has ended.
                if let Err(error) = talk.say(&Frame::Welcome { receiver: link.who.id(), next }).await {
                    self.ended(&link, &error);
                    return Err(error);
                }
                Ok((talk, link))
            }
            Err(refused) => {
                talk.say(&Frame::Refused(refused)).await?;
                talk.close().await;
                Err(refused.into())
            }
        }
    }

    async fn judge(&self, from: IpAddr, token: &[u8; 32], life: u64) -> Result<(Linked, u64), Refused> {
        if !self.desk().patience.allows(from, self.clock.now().stamp.ms) {
            return Err(Refused::TooMany);
        }
        // Who was added a moment ago is known, and who was removed a moment ago is not.
        let book = self.book().await;
        book.iter().for_each(|book| self.take(book));
        let now_ms = self.clock.now().stamp.ms;
        let mut desk = self.desk();
        let Some(who) = book.and_then(|book| book.find(token).cloned()) else {
            desk.patience.failed(from, now_ms);
            return Err(Refused::Token);
        };
        desk.links += 1;
        let (number, end) = (desk.links, Arc::new(Notify::new()));
        let standing = desk.known.entry(who.id()).or_insert_with(|| Standing::new(who.clone(), now_ms));
        if standing.life != life {
            (standing.life, standing.next) = (life, 0);
        }
        let silent_ms = now_ms.saturating_sub(standing.since_ms);
        let is_gap = standing.was_linked && standing.link.is_none() && silent_ms > MAX_AGE_MS;
        // One that the hub has not noticed to be dead gives way.
        if let Some((_, other)) = standing.link.replace((number, Arc::clone(&end))) {
            other.notify_one();
        }
        (standing.since_ms, standing.was_linked, standing.is_told) = (now_ms, true, false);
        let next = standing.next;
        drop(desk);
        tracing::info!(receiver = who.name, %from, "a receiver is linked");
        if is_gap {
            self.reports.gap(who.id(), &who.name, Duration::from_millis(silent_ms));
        } else {
            self.reports.begun(who.id(), &who.name);
        }
        Ok((Linked { who, number, life, end }, next))
    }

    /// Takes what it hears, until it ends.
    async fn link<S: AsyncRead + AsyncWrite + Unpin>(&self, talk: &mut Talk<S>, link: &Linked) -> LinkError {
        let mut alive = interval(ALIVE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent = 0;
        loop {
            let now = self.clock.now();
            let said = tokio::select! {
                () = link.end.notified() => return LinkError::Closed,
                frame = talk.next(now.stamp) => {
                    silent = 0;
                    match frame {
                        Ok(Frame::Adverts { first, adverts }) => {
                            let next = self.hear(link, first, adverts).await;
                            talk.say(&Frame::Taken { next }).await
                        }
                        Ok(Frame::Alive) => Ok(()),
                        Ok(_) => Err(LinkError::Unexpected),
                        Err(error) => Err(error),
                    }
                }
                _ = alive.tick() => {
                    silent += 1;
                    if silent >= QUIET_TICKS { Err(LinkError::Silent) } else { talk.say(&Frame::Alive).await }
                }
            };
            if let Err(error) = said {
                return error;
            }
        }
    }

    /// Passes on what is new of a batch; tells which advert is the next. While the hub has no room the link waits a little, and
    /// what is behind it waits at the receiver; then adverts are dropped and counted, as an adapter of the hub would drop them.
    async fn hear(&self, link: &Linked, first: u64, adverts: Vec<Aged>) -> u64 {
        let (now, id) = (self.clock.now(), link.who.id());
        let (fresh, next) = {
            let mut desk = self.desk();
            let mine = desk.known.get_mut(&id).filter(|standing| standing.life == link.life);
            let Some(standing) = mine else { return first };
            let (had, numbered) = (standing.next, (first..).zip(adverts));
            let fresh: Vec<RawAdvert> =
                numbered.filter(|(number, _)| *number >= had).map(|(_, aged)| stamped(aged, id, now)).collect();
            standing.next = had.max(first).saturating_add(u64::try_from(fresh.len()).unwrap_or(u64::MAX));
            (fresh, standing.next)
        };
        let mut dropped = 0_u64;
        for advert in fresh {
            let is_taken = match dropped {
                0 => timeout(ROOM, self.adverts.send(advert)).await.is_ok_and(|sent| sent.is_ok()),
                _ => self.adverts.try_send(advert).is_ok(),
            };
            dropped += u64::from(!is_taken);
        }
        if dropped > 0 {
            tracing::warn!(receiver = link.who.name, dropped, "the hub is too slow: adverts were dropped");
        }
        next
    }

    fn ended(&self, link: &Linked, why: &LinkError) {
        let now_ms = self.clock.now().stamp.ms;
        {
            let mut desk = self.desk();
            let standing = desk.known.get_mut(&link.who.id());
            // Another link has taken its place, or the receiver was removed: nothing to tell.
            let is_mine = |standing: &&mut Standing| standing.link.as_ref().is_some_and(|(n, _)| *n == link.number);
            let Some(standing) = standing.filter(is_mine) else { return };
            (standing.link, standing.since_ms) = (None, now_ms);
        }
        self.reports.failed(link.who.id(), &link.who.name, &chain(why));
    }

    /// A panic while the lock is held cannot leave a half-made change: every step is one assignment.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A link that was welcomed.
struct Linked {
    who: Known,
    number: u64,
    life: u64,
    end: Arc<Notify>,
}

impl Standing {
    const fn new(who: Known, since_ms: u64) -> Self {
        Self { who, life: 0, next: 0, link: None, since_ms, was_linked: false, is_told: false }
    }
}

/// The advert as the hub would have heard it itself.
fn stamped(aged: Aged, receiver: ReceiverId, now: Now) -> RawAdvert {
    let age_ms = u64::from(aged.age_ms).min(MAX_AGE_MS);
    let at = Stamp { ms: now.stamp.ms.saturating_sub(age_ms), ..now.stamp };
    RawAdvert { receiver, at, received_us: now.us.saturating_sub(age_ms * 1000), ..aged.advert }
}

/// Why the hub's end cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key or the book cannot be had.
    #[error("the receivers of the store cannot be read")]
    Book(#[from] BookError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
