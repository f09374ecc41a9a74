//! Remote receivers: another box hears adverts and forwards them to the hub, which treats it as one more adapter.
//!
//! A second Pi at the other end of the house needs a radio, the hub's address, and one line of text: the [`JoinCode`] that
//! `hubd receivers add` prints. The box knows its hub by the pin in it, the hub knows the box by the token in it; of the token it
//! keeps a hash alone. All is said over TLS 1.3.
//!
//! - **Time**: a receiver says how old an advert is, by its own steady clock; the hub takes that off the time of arrival. No box
//!   needs to know what time it is.
//! - **A cut link** loses nothing for [`MAX_AGE_MS`]: adverts wait in the [`Outbox`] until the hub has said that it has them, and
//!   a link that comes back goes on where the hub is. What two receivers heard is told apart by the sensor's counter, never here.
//! - **A dead link** is noticed by both ends within [`DEAD`], and is a receiver that does not listen.
//! - **Revocation** is at once: the hub looks into its [`Book`] at every greeting and every [`ALIVE`].
//! - **Strangers** have [`GREETING`] to say who they are, [`GREETINGS`] of them at a time, and [`TRIES`] wrong codes a minute.
//!
//! ```
//! use hub_receive::{JoinCode, Shelf};
//!
//! let store = tempfile::tempdir()?;
//! let shelf = Shelf::of_store(store.path());
//! let code: JoinCode = shelf.add("attic", [[1; 32], [2; 32]])?;
//! assert!(code.to_string().starts_with("IR1:"));
//! assert_eq!(shelf.book()?.find(&code.token).map(|known| known.id().0), Some(64));
//! shelf.remove("attic")?;
//! assert_eq!(shelf.book()?.find(&code.token), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Does not know: adapters, what an advert means, who is adopted, where luck and time come from.

mod book;
mod code;
mod frame;
mod host;
mod outbox;
mod patience;
mod sender;
mod talk;
mod tls;

pub use book::{Book, BookError, Known, MAX_RECEIVERS, Shelf};
pub use code::{JoinCode, ParseCodeError};
pub use frame::{Aged, Frame, FrameError, MAX_BATCH, MAX_FRAME, MAX_PARTS, Refused, VERSION};
pub use host::{GRACE_MS, GREETING, GREETINGS, Host, OpenError, Reports};
pub use outbox::{MAX_AGE_MS, MAX_WAITING, Outbox};
pub use patience::{TRIES, WINDOW_MS};
pub use sender::Sender;
pub use talk::{ALIVE, DEAD, LinkError};
pub use tls::{HubKey, TlsError, connector};
