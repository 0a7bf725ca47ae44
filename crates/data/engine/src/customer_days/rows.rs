//! Rows of many customers in flat blocks, and how they are brought together by customer and day.

use std::fmt::Debug;

/// What a row carries besides day and amount: the number of rows it stands for, or the key of its order.
pub(super) trait Mark: Copy + Ord + Debug + Send + 'static {
    /// Whether rows of one day only fall together where their marks are equal.
    const IS_KEY: bool;
    /// The mark of a row as it is read, where it need not be stored.
    const UNSTORED: Option<Self>;

    /// The mark of a stored state.
    fn of_state(state: u64) -> Self;

    /// The mark in a stored state.
    fn state(self) -> u64;

    /// The orders that an entry of one customer and day stands for, once rows have fallen together.
    fn n_orders(self) -> u32;

    /// The mark of two rows of one customer and day that fall together.
    fn with(self, other: Self) -> Self;
}

/// How many rows: each is an order where the file has no order ids.
impl Mark for u32 {
    const IS_KEY: bool = false;
    const UNSTORED: Option<u32> = Some(1);

    fn of_state(state: u64) -> u32 {
        u32::try_from(state).unwrap_or(u32::MAX)
    }

    fn state(self) -> u64 {
        u64::from(self)
    }

    fn n_orders(self) -> u32 {
        self
    }

    fn with(self, other: u32) -> u32 {
        self.saturating_add(other)
    }
}

/// The key of the order: its lines fall together.
impl Mark for u64 {
    const IS_KEY: bool = true;
    const UNSTORED: Option<u64> = None;

    fn of_state(state: u64) -> u64 {
        state
    }

    fn state(self) -> u64 {
        self
    }

    fn n_orders(self) -> u32 {
        1
    }

    fn with(self, _: u64) -> u64 {
        self
    }
}

/// One row of a customer: the tagged day, the mark and the amount.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<M> {
    pub(super) tagged_day: i32,
    pub(super) mark: M,
    pub(super) amount: i64,
}

/// The rows of some customers, sorted by day and mark, equal ones as one. Amounts saturate at the ends of i64: an entry or a sum
/// that stands there is too large and is to be refused.
#[derive(Debug)]
pub(super) struct ByCustomer<M> {
    /// One more than customers: where each one's entries begin and end.
    pub(super) offsets: Vec<usize>,
    pub(super) entries: Vec<Entry<M>>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    group: u32,
    tagged_day: i32,
    amount: i64,
}

/// Rows in the order in which they came. Without marks each has [`Mark::UNSTORED`].
#[derive(Debug)]
struct Block<M> {
    rows: Vec<Row>,
    marks: Vec<M>,
}

/// Rows of many groups. They grow by blocks: one growing vector would be copied again and again, and would hold up to twice
/// what it needs.
#[derive(Debug)]
pub(super) struct Rows<M> {
    blocks: Vec<Block<M>>,
    n_rows: usize,
}

/// Rows of one block: a megabyte of them.
const BLOCK_ROWS: usize = 1 << 16;

impl<M: Mark> Rows<M> {
    pub(super) fn new() -> Rows<M> {
        Rows { blocks: Vec::new(), n_rows: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.n_rows
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        let of = |block: &Block<M>| {
            block.rows.capacity() * size_of::<Row>() + block.marks.capacity() * size_of::<M>()
        };
        self.blocks.iter().map(of).sum()
    }

    /// Adds rows given as columns of equal length; no marks where all are [`Mark::UNSTORED`].
    pub(super) fn extend(
        &mut self,
        groups: impl ExactSizeIterator<Item = u32>,
        tagged_days: impl Iterator<Item = i32>,
        amounts: &[i64],
        marks: Option<impl Iterator<Item = M>>,
    ) {
        let n_more = groups.len();
        self.n_rows += n_more;
        let has_marks = marks.is_some();
        let fits = self.blocks.last().is_some_and(|block| {
            block.rows.capacity() - block.rows.len() >= n_more
                && (block.rows.is_empty() || has_marks != block.marks.is_empty())
        });
        if !fits {
            let n = n_more.max(BLOCK_ROWS);
            let marks = Vec::with_capacity(if has_marks { n } else { 0 });
            self.blocks.push(Block { rows: Vec::with_capacity(n), marks });
        }
        let block = self.blocks.last_mut().expect("a block was just made where none fits");
        block.rows.extend(
            groups.zip(tagged_days).zip(amounts).map(|((group, tagged_day), amount)| Row {
                group,
                tagged_day,
                amount: *amount,
            }),
        );
        block.marks.extend(marks.into_iter().flatten());
    }

    /// Takes the rows of the first so many groups out, by group, day and mark, equal ones as one. Later groups move up.
    pub(super) fn take(&mut self, n_groups: usize) -> ByCustomer<M> {
        let mut offsets = vec![0_usize; n_groups + 1];
        for row in self.blocks.iter().flat_map(|block| &block.rows) {
            if let Some(count) = offsets.get_mut(row.group as usize + 1) {
                *count += 1;
            }
        }
        for i in 0..n_groups {
            offsets[i + 1] += offsets[i];
        }
        let Some(blank) = self.first_mark() else {
            return ByCustomer { offsets, entries: Vec::new() };
        };
        let blank = Entry { tagged_day: 0, mark: blank, amount: 0 };
        let mut entries = vec![blank; offsets[n_groups]];
        let mut next = offsets.clone();
        self.n_rows = 0;
        for block in std::mem::take(&mut self.blocks) {
            let mut later = Vec::new();
            for (i, row) in block.rows.iter().enumerate() {
                let mark = M::UNSTORED.filter(|_| block.marks.is_empty());
                let mark = mark.unwrap_or_else(|| block.marks[i]);
                let group = row.group as usize;
                if group < n_groups {
                    entries[next[group]] =
                        Entry { tagged_day: row.tagged_day, mark, amount: row.amount };
                    next[group] += 1;
                } else {
                    later.push((*row, mark));
                }
            }
            if !later.is_empty() {
                let amounts: Vec<i64> = later.iter().map(|(row, _)| row.amount).collect();
                self.extend(
                    later.iter().map(|(row, _)| row.group - n_groups as u32),
                    later.iter().map(|(row, _)| row.tagged_day),
                    &amounts,
                    Some(later.iter().map(|(_, mark)| *mark)),
                );
            }
        }
        fall_together(offsets, entries)
    }

    /// Lets rows of all groups fall together.
    pub(super) fn compact(&mut self, n_groups: usize) {
        let ByCustomer { offsets, entries } = self.take(n_groups);
        let groups = offsets.windows(2).enumerate();
        let mut groups =
            groups.flat_map(|(group, at)| std::iter::repeat_n(group as u32, at[1] - at[0]));
        for entries in entries.chunks(BLOCK_ROWS) {
            let own: Vec<u32> = groups.by_ref().take(entries.len()).collect();
            let amounts: Vec<i64> = entries.iter().map(|entry| entry.amount).collect();
            self.extend(
                own.into_iter(),
                entries.iter().map(|entry| entry.tagged_day),
                &amounts,
                Some(entries.iter().map(|entry| entry.mark)),
            );
        }
    }

    fn first_mark(&self) -> Option<M> {
        let block = self.blocks.iter().find(|block| !block.rows.is_empty())?;
        block.marks.first().copied().or(M::UNSTORED)
    }
}

fn fall_together<M: Mark>(mut offsets: Vec<usize>, mut entries: Vec<Entry<M>>) -> ByCustomer<M> {
    let mut written = 0;
    for i in 0..offsets.len() - 1 {
        let (start, end) = (offsets[i], offsets[i + 1]);
        offsets[i] = written;
        let own = &mut entries[start..end];
        let key = |entry: &Entry<M>| (entry.tagged_day, entry.mark);
        if own.len() > 1 && !own.is_sorted_by_key(key) {
            own.sort_unstable_by_key(key);
        }
        let first = written;
        for at in start..end {
            let entry = entries[at];
            if written > first {
                let last = &mut entries[written - 1];
                if last.tagged_day == entry.tagged_day && (!M::IS_KEY || last.mark == entry.mark) {
                    last.amount = last.amount.saturating_add(entry.amount);
                    last.mark = last.mark.with(entry.mark);
                    continue;
                }
            }
            entries[written] = entry;
            written += 1;
        }
    }
    if let Some(last) = offsets.last_mut() {
        *last = written;
    }
    entries.truncate(written);
    ByCustomer { offsets, entries }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_groups<M: Mark>(marks: &[u64]) -> Rows<M> {
        let mut rows = Rows::new();
        let (groups, days) = ([2_u32, 0, 2, 1, 2], [7, 3, 5, 3, 7]);
        let marks = marks.iter().map(|mark| M::of_state(*mark));
        rows.extend(groups.into_iter(), days.into_iter(), &[1, 2, 4, 8, 16], Some(marks));
        rows
    }

    fn of<M: Mark>(all: &ByCustomer<M>, group: usize) -> Vec<(i32, u64, i64)> {
        let own = &all.entries[all.offsets[group]..all.offsets[group + 1]];
        own.iter().map(|entry| (entry.tagged_day, entry.mark.state(), entry.amount)).collect()
    }

    #[test]
    fn rows_of_a_day_fall_together_and_lines_of_an_order_by_its_key() {
        let counted = three_groups::<u32>(&[1, 1, 1, 1, 2]).take(3);
        assert_eq!(of(&counted, 2), [(5, 1, 4), (7, 3, 17)]);
        let keyed = three_groups::<u64>(&[9, 9, 9, 9, 8]).take(3);
        assert_eq!(of(&keyed, 2), [(5, 9, 4), (7, 8, 16), (7, 9, 1)]);
    }

    #[test]
    fn taking_some_groups_leaves_the_others_as_they_were() {
        let mut rows = three_groups::<u32>(&[1; 5]);
        let first = rows.take(1);
        assert_eq!((of(&first, 0), rows.len()), (vec![(3, 1, 2)], 4));
        rows.compact(2);
        let rest = rows.take(2);
        assert_eq!((of(&rest, 0), of(&rest, 1)), (vec![(3, 1, 8)], vec![(5, 1, 4), (7, 2, 17)]));
    }
}
