//! The entries of a tree, in order, whatever has become of its pages.

use xxhash_rust::xxh3::xxh3_128;

use super::{
    PageFile, RawTable, Root, Survey,
    node::{Branch, Leaf, Node, Widths},
};
use crate::error::StoreError;

/// Deeper than any tree is: a page that leads there leads nowhere.
const MOST_DEPTH: u32 = 32;

/// What is met on the way through a tree.
pub(crate) enum Seen<'a> {
    /// A key and its value, from a sound page.
    Entry(&'a [u8], &'a [u8]),
    /// What a page says that does not fit its checksum.
    Doubtful(Doubtful<'a>),
    /// Entries were here that cannot be read.
    Hole,
}

/// The entries of a page that does not fit its checksum, as far as they make sense.
pub(crate) struct Doubtful<'a> {
    /// Keys and values.
    pub(crate) entries: Vec<(&'a [u8], &'a [u8])>,
    /// No key of the page is above this one, where that is known.
    pub(crate) upper: Option<&'a [u8]>,
}

/// Who is told.
type See<'s> = dyn FnMut(Seen<'_>) -> Result<(), StoreError> + 's;

/// A page to visit.
#[derive(Clone, Copy)]
struct Visit<'a> {
    root: Root,
    depth: u32,
    /// Does the page that led here fit its checksum?
    is_trusted: bool,
    upper: Option<&'a [u8]>,
}

impl PageFile {
    /// Shows everything in a table in order, counting its pages.
    pub(crate) fn each(&self, table: &RawTable, survey: &mut Survey, see: &mut See<'_>) -> Result<(), StoreError> {
        let Some(root) = table.root else { return Ok(()) };
        self.visit(Visit { root, depth: 0, is_trusted: true, upper: None }, table.widths, survey, see)
    }

    fn visit(
        &self,
        visit: Visit<'_>,
        widths: Widths,
        survey: &mut Survey,
        see: &mut See<'_>,
    ) -> Result<(), StoreError> {
        survey.pages += 1;
        let page = if visit.depth < MOST_DEPTH { self.page(visit.root.page)? } else { None };
        let node = page.as_deref().and_then(|page| Node::new(page, widths));
        let used = node.as_ref().and_then(Node::used);
        let is_sound = used.is_some_and(|used| xxh3_128(used) == visit.root.checksum);
        survey.bad += u64::from(!is_sound);
        match node {
            // Behind a bad page only what proves itself is believed: its number may be anything.
            Some(Node::Leaf(leaf)) if is_sound || visit.is_trusted => show(leaf, is_sound, visit.upper, see),
            Some(Node::Branch(branch)) if is_sound || visit.is_trusted => {
                self.children(branch, is_sound, visit, widths, survey, see)
            }
            _ => see(Seen::Hole),
        }
    }

    fn children(
        &self,
        branch: Branch<'_>,
        is_sound: bool,
        visit: Visit<'_>,
        widths: Widths,
        survey: &mut Survey,
        see: &mut See<'_>,
    ) -> Result<(), StoreError> {
        for nth in 0..branch.children() {
            let Some(root) = branch.child(nth) else { return see(Seen::Hole) };
            let upper = if is_sound { branch.key(nth).or(visit.upper) } else { None };
            self.visit(Visit { root, depth: visit.depth + 1, is_trusted: is_sound, upper }, widths, survey, see)?;
        }
        Ok(())
    }
}

fn show(leaf: Leaf<'_>, is_sound: bool, upper: Option<&[u8]>, see: &mut See<'_>) -> Result<(), StoreError> {
    let entries = (0..leaf.count).map(|nth| leaf.entry(nth));
    if is_sound {
        return entries.flatten().try_for_each(|(key, value)| see(Seen::Entry(key, value)));
    }
    let readable: Vec<_> = entries.flatten().collect();
    if readable.len() < leaf.count {
        see(Seen::Hole)?;
    }
    see(Seen::Doubtful(Doubtful { entries: readable, upper }))
}
