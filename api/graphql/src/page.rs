use async_graphql::{
    OutputType, Result,
    connection::{Connection, CursorType, Edge},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::error::bad_input;

/// The most edges of one page.
pub(crate) const MAX_PAGE: usize = 100;

/// The place of an edge in its connection: its key, in base64. A key stays valid when its object is gone: paging then
/// goes on with what comes after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageKey(pub(crate) String);

impl CursorType for PageKey {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        key.map(Self).ok_or("not base64 of a key")
    }

    fn encode_cursor(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.0)
    }
}

fn bad_after(text: &str) -> async_graphql::Error {
    let shown: String = text.chars().take(64).collect();
    bad_input("after", format!("after is {shown:?}; expected an endCursor that this hub gave out"))
}

/// The `first` argument: 1 to `most`, `usual` when it is not given.
pub(crate) fn page_size(first: Option<i32>, usual: usize, most: usize) -> Result<usize> {
    let Some(first) = first else { return Ok(usual) };
    match usize::try_from(first) {
        Ok(size) if (1..=most).contains(&size) => Ok(size),
        _ => Err(bad_input("first", format!("first is {first}; expected 1 to {most}"))),
    }
}

/// The key in the `after` argument, if it is given.
pub(crate) fn after_key<T>(after: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    let Some(text) = after else { return Ok(None) };
    let key = PageKey::decode_cursor(text).ok();
    key.and_then(|key| parse(&key.0)).map(Some).ok_or_else(|| bad_after(text))
}

/// The page of the first `size` of `rest`, which has at least one more than that if there are more.
pub(crate) fn connection<Node: OutputType>(
    is_continued: bool,
    rest: impl Iterator<Item = (String, Node)>,
    size: usize,
) -> Connection<PageKey, Node> {
    let mut edges: Vec<_> = rest.take(size + 1).collect();
    let has_next = edges.len() > size;
    edges.truncate(size);
    let mut page = Connection::new(is_continued, has_next);
    page.edges = edges.into_iter().map(|(key, node)| Edge::new(PageKey(key), node)).collect();
    page
}
