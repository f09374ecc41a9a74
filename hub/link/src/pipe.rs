use hub_model::Link;
use wire::pipe::{PieceSize, Reassembler, Splitter};

use crate::TalkError;

/// Messages over a link, in pieces.
pub(crate) struct Pipe<L> {
    pub(crate) link: L,
    splitter: Splitter,
    reassembler: Reassembler,
}

impl<L: Link> Pipe<L> {
    pub(crate) fn over(link: L) -> Self {
        Self { link, splitter: Splitter::new(), reassembler: Reassembler::new() }
    }

    /// Sends a message, and waits for the one that answers it.
    pub(crate) async fn ask(&mut self, message: &[u8]) -> Result<Vec<u8>, TalkError> {
        let size = PieceSize::of_mtu(self.link.mtu());
        self.splitter.load(message)?;
        while let Some(piece) = self.splitter.next(size) {
            self.link.write(piece.bytes()).await?;
        }
        loop {
            let piece = self.link.notified().await?;
            if let Some(message) = self.reassembler.push(&piece)? {
                return Ok(message.to_vec());
            }
        }
    }
}
