//! One page of a tree.
//!
//! A leaf: 1, unused (1), entries (2), the ends of the keys and of the values (4 each, where the width is not fixed), the keys, the values.
//! A branch: 2, unused (1), keys (2), unused (4), for each child its checksum (16), for each child its page number (8),
//! the ends of the keys (4 each, where the width is not fixed), the keys.

use std::ops::Range;

use super::Root;

const LEAF: u8 = 1;
const BRANCH: u8 = 2;

/// How long keys and values are; `None` where each is as long as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Widths {
    pub(super) key: Option<usize>,
    pub(super) value: Option<usize>,
}

/// A page that was looked at; where anything lies is checked when it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node<'a> {
    Leaf(Leaf<'a>),
    Branch(Branch<'a>),
}

impl<'a> Node<'a> {
    pub(super) fn new(page: &'a [u8], widths: Widths) -> Option<Self> {
        let count = usize::from(u16::from_le_bytes(page.get(2..4)?.try_into().ok()?));
        match *page.first()? {
            _ if count == 0 => None,
            LEAF => Some(Self::Leaf(Leaf { page, count, widths })),
            BRANCH => Some(Self::Branch(Branch { page, keys: count, widths })),
            _ => None,
        }
    }

    /// How much of the page its checksum is over.
    pub(super) fn used(&self) -> Option<&'a [u8]> {
        match self {
            Self::Leaf(leaf) => leaf.page.get(..leaf.value(leaf.count - 1)?.end),
            Self::Branch(branch) => branch.page.get(..branch.key_range(branch.keys - 1)?.end),
        }
    }
}

/// Keys with their values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    page: &'a [u8],
    pub(super) count: usize,
    widths: Widths,
}

impl<'a> Leaf<'a> {
    pub(super) fn entry(&self, nth: usize) -> Option<(&'a [u8], &'a [u8])> {
        Some((self.page.get(self.key(nth)?)?, self.page.get(self.value(nth)?)?))
    }

    fn key(&self, nth: usize) -> Option<Range<usize>> {
        let ends = self.count * 4;
        let first = 4 + self.widths.key.map_or(ends, |_| 0) + self.widths.value.map_or(ends, |_| 0);
        part(self.page, self.widths.key, first, 4, nth)
    }

    fn value(&self, nth: usize) -> Option<Range<usize>> {
        let ends = 4 + self.widths.key.map_or(self.count * 4, |_| 0);
        part(self.page, self.widths.value, self.key(self.count - 1)?.end, ends, nth)
    }
}

/// Keys with the children between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch<'a> {
    page: &'a [u8],
    keys: usize,
    widths: Widths,
}

impl<'a> Branch<'a> {
    pub(super) const fn children(&self) -> usize {
        self.keys + 1
    }

    pub(super) fn child(&self, nth: usize) -> Option<Root> {
        let checksum = 8 + nth * 16;
        let number = 8 + self.children() * 16 + nth * 8;
        Some(Root {
            page: u64::from_le_bytes(self.page.get(number..number + 8)?.try_into().ok()?),
            checksum: u128::from_le_bytes(self.page.get(checksum..checksum + 16)?.try_into().ok()?),
        })
    }

    /// The key that no key in the child of this number is above.
    pub(super) fn key(&self, nth: usize) -> Option<&'a [u8]> {
        if nth < self.keys { self.page.get(self.key_range(nth)?) } else { None }
    }

    fn key_range(&self, nth: usize) -> Option<Range<usize>> {
        let ends = 8 + self.children() * 24;
        let first = ends + self.widths.key.map_or(self.keys * 4, |_| 0);
        part(self.page, self.widths.key, first, ends, nth)
    }
}

/// Where the `nth` of several parts lies that begin at `first`; where their widths are not fixed, `ends` has their ends.
fn part(page: &[u8], width: Option<usize>, first: usize, ends: usize, nth: usize) -> Option<Range<usize>> {
    let end = |nth: usize| {
        let at = ends + nth * 4;
        usize::try_from(u32::from_le_bytes(page.get(at..at + 4)?.try_into().ok()?)).ok()
    };
    let range = match width {
        Some(width) => first.checked_add(nth.checked_mul(width)?)?..first.checked_add((nth + 1).checked_mul(width)?)?,
        None if nth == 0 => first..end(0)?,
        None => end(nth - 1)?..end(nth)?,
    };
    (first <= range.start && range.start <= range.end && range.end <= page.len()).then_some(range)
}
