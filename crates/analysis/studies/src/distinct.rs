//! Rows that are told apart: each distinct key once, in order of first appearance.

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;

/// Distinct keys and a table that finds them.
///
/// The table holds nothing but rows, 4 bytes for each slot: it is read at a random place for every customer, and what fits
/// the processor's cache is found soon.
#[derive(Debug)]
pub(crate) struct DistinctKeys<K> {
    keys: Vec<K>,
    /// A power of two of rows, at most half of them taken; [`EMPTY_SLOT`] where there is none.
    slots: Vec<u32>,
}

const EMPTY_SLOT: u32 = u32::MAX;

/// Slots to begin with.
const FEWEST_SLOTS: usize = 1 << 12;

impl<K: Copy + Eq + Hash> DistinctKeys<K> {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { keys: Vec::new(), slots: vec![EMPTY_SLOT; FEWEST_SLOTS] }
    }

    /// The row of a key, a new one where it was not seen before.
    pub(crate) fn row_of(&mut self, key: K) -> u32 {
        let slot = self.slot_of(&key);
        if self.slots[slot] != EMPTY_SLOT {
            return self.slots[slot];
        }
        let row = u32::try_from(self.keys.len())
            .ok()
            .filter(|row| *row != EMPTY_SLOT)
            .expect("there are fewer distinct histories than 2^32");
        self.slots[slot] = row;
        self.keys.push(key);
        if 2 * self.keys.len() > self.slots.len() {
            self.grow();
        }
        row
    }

    /// The keys, in order of their rows.
    pub(crate) fn into_keys(self) -> Vec<K> {
        self.keys
    }

    /// The slot that holds a key, or the empty one where it belongs.
    fn slot_of(&self, key: &K) -> usize {
        let last = self.slots.len() - 1;
        let mut slot = FxBuildHasher.hash_one(key) as usize & last;
        loop {
            let row = self.slots[slot];
            if row == EMPTY_SLOT || self.keys[row as usize] == *key {
                return slot;
            }
            slot = (slot + 1) & last;
        }
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY_SLOT; 4 * self.slots.len()];
        for row in 0..self.keys.len() {
            let slot = self.slot_of(&self.keys[row]);
            self.slots[slot] = row as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_keeps_the_row_of_its_first_appearance() {
        let mut distinct = DistinctKeys::new();
        let key_of = |k: u32| (k * 7919 % 20_011, k % 2);
        let first: Vec<u32> = (0..60_000).map(|k| distinct.row_of(key_of(k))).collect();
        let again: Vec<u32> = (0..60_000).map(|k| distinct.row_of(key_of(k))).collect();
        assert_eq!(first, again);
        let keys = distinct.into_keys();
        assert_eq!(keys.len(), 40_022);
        assert!((0..60_000).zip(&first).all(|(k, row)| keys[*row as usize] == key_of(k)));
        assert!(first.iter().take(40_022).copied().eq(0..40_022));
    }
}
