use std::collections::BTreeMap;

/// A map of bounded size: what was not touched for longest makes room.
///
/// Ordered trees rather than hashing, so that chosen keys cannot slow it down and runs repeat exactly.
#[derive(Debug)]
pub(crate) struct Lru<K, V> {
    capacity: usize,
    touches: u64,
    entries: BTreeMap<K, (u64, V)>,
    by_touch: BTreeMap<u64, K>,
}

impl<K: Ord + Copy, V> Lru<K, V> {
    /// An empty map of at most `capacity` entries.
    pub(crate) const fn new(capacity: usize) -> Self {
        Self { capacity, touches: 0, entries: BTreeMap::new(), by_touch: BTreeMap::new() }
    }

    /// The value of `key`, made by `new` where it is missing, and touched.
    pub(crate) fn touch(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        if !self.entries.contains_key(&key)
            && self.entries.len() >= self.capacity
            && let Some((_, oldest)) = self.by_touch.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.touches += 1;
        let touch = self.touches;
        let (touched, value) = self.entries.entry(key).or_insert_with(|| (touch, new()));
        self.by_touch.remove(touched);
        self.by_touch.insert(touch, key);
        *touched = touch;
        value
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let (touched, value) = self.entries.remove(&key)?;
        self.by_touch.remove(&touched);
        Some(value)
    }

    /// The value of `key`, not touched.
    pub(crate) fn get(&self, key: K) -> Option<&V> {
        self.entries.get(&key).map(|(_, value)| value)
    }

    /// The entry that was not touched for longest.
    pub(crate) fn oldest(&self) -> Option<(K, &V)> {
        let (_, key) = self.by_touch.first_key_value()?;
        Some((*key, self.get(*key)?))
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests;
