//! What an import changes: incoming owners against the stored ones, by two hashes for each row.

use arrow::array::AsArray;
use arrow::array::builder::BooleanBufferBuilder;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field, Int64Type, Schema, SchemaRef};
use clv_tables::Table;
use clv_tables::hash::hash_number;
use futures::TryStreamExt;
use std::sync::Arc;

use super::commit::TableChanges;
use super::data_file::OpenFile;
use super::delta::{DataFile, TableState};
use super::error::LakeError;
use super::hidden::{self, CONTENT, OWNER, ROW};
use super::place::LakePlace;

/// Incoming rows that are compared at a time; where more come, owners are taken in several parts, each of which reads the
/// hashes once more.
const ROWS_AT_A_TIME: u64 = 1 << 23;
/// The least of it, however little memory there is.
const FEWEST_ROWS_AT_A_TIME: u64 = 1 << 16;
/// What a row takes while it is compared, at most: itself, its owner, the index and its stored counterpart.
const BYTES_PER_ROW: usize = 128;

/// A file of an import that is not committed yet.
#[derive(Debug, Clone)]
pub(crate) struct StagedFile {
    pub(crate) file: DataFile,
    /// Which input file the rows are of: the end of each run of rows, and its number.
    pub(crate) runs: Vec<(u64, u32)>,
}

/// What becomes of a table.
#[derive(Debug, Clone)]
pub(crate) struct Merge {
    pub(crate) changes: TableChanges,
    /// For each staged file, the rows that come in.
    pub(crate) incoming: Vec<BooleanBuffer>,
    /// For each stored file, the rows that stay.
    pub(crate) staying: Vec<BooleanBuffer>,
}

/// A row of an import.
#[derive(Debug, Clone, Copy)]
struct Incoming {
    owner: i64,
    input: u32,
    row: i64,
    content: u64,
    /// The place among all staged rows.
    place: u64,
}

/// Rows of one owner that come in.
#[derive(Debug, Clone, Copy)]
struct Group {
    owner: i64,
    rows: (u32, u32),
    digest: u64,
    stored_rows: u32,
    stored_digest: u64,
}

/// Decides for every row of an import, and for every stored row of the same owners, whether it is in the table afterwards.
///
/// # Errors
/// When a file cannot be read.
pub(crate) async fn merge(
    place: &LakePlace,
    table: &Table,
    staged: &[StagedFile],
    stored: Option<&TableState>,
    memory_limit_bytes: Option<usize>,
) -> Result<Merge, LakeError> {
    let stored_files = stored.map_or(&[][..], |state| &state.files);
    let mut incoming: Vec<_> = staged.iter().map(|file| all(file.file.rows, false)).collect();
    let mut staying: Vec<_> = stored_files.iter().map(|file| all(file.rows, true)).collect();
    let mut changes = TableChanges::default();
    let mut n_rows = 0_u64;
    let firsts: Vec<u64> = staged
        .iter()
        .map(|file| {
            n_rows += file.file.rows;
            n_rows - file.file.rows
        })
        .collect();
    let n_parts = n_rows.div_ceil(rows_at_a_time(memory_limit_bytes)).max(1);
    for part in 0..n_parts {
        let rows = read_staged(place, table, staged, (part, n_parts)).await?;
        let mut groups = group(&rows, hidden::has_one_row(table), &mut changes);
        let index = OwnerIndex::new(&groups);
        let mut matched: Vec<(u32, u32, u32)> = Vec::new();
        for (at, file) in stored_files.iter().enumerate() {
            compare(place, table.name, (at as u32, file), &index, &mut groups, &mut matched)
                .await?;
        }
        let mut is_changed = vec![false; groups.len()];
        for (i, group) in groups.iter().enumerate() {
            let n = group.rows.1 - group.rows.0;
            if group.stored_rows == n && group.stored_digest == group.digest {
                changes.owners_unchanged += 1;
                changes.rows_unchanged += u64::from(n);
                continue;
            }
            if group.stored_rows == 0 {
                changes.owners_new += 1;
                changes.rows_new += u64::from(n);
            } else {
                changes.owners_changed += 1;
                changes.rows_changed += u64::from(n);
                changes.rows_replaced += u64::from(group.stored_rows);
                is_changed[i] = true;
            }
            for row in &rows[group.rows.0 as usize..group.rows.1 as usize] {
                let file = firsts.partition_point(|first| *first <= row.place) - 1;
                incoming[file].set_bit((row.place - firsts[file]) as usize, true);
            }
        }
        for (group, file, row) in matched {
            if is_changed[group as usize] {
                staying[file as usize].set_bit(row as usize, false);
            }
        }
    }
    let finish = |bits: Vec<BooleanBufferBuilder>| -> Vec<BooleanBuffer> {
        bits.into_iter().map(|mut bits| bits.finish()).collect()
    };
    Ok(Merge { changes, incoming: finish(incoming), staying: finish(staying) })
}

/// As many rows as half of the memory limit holds.
fn rows_at_a_time(memory_limit_bytes: Option<usize>) -> u64 {
    memory_limit_bytes.map_or(ROWS_AT_A_TIME, |limit| {
        let fit = (limit / 2 / BYTES_PER_ROW) as u64;
        fit.clamp(FEWEST_ROWS_AT_A_TIME, ROWS_AT_A_TIME)
    })
}

fn all(n: u64, value: bool) -> BooleanBufferBuilder {
    let mut bits = BooleanBufferBuilder::new(n as usize);
    bits.append_n(n as usize, value);
    bits
}

/// A schema of some columns of whole numbers.
fn whole_numbers(names: &[&str]) -> SchemaRef {
    let field = |name: &&str| Field::new(*name, arrow::datatypes::DataType::Int64, false);
    Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>()))
}

/// The staged rows of every n-th owner.
async fn read_staged(
    place: &LakePlace,
    table: &Table,
    staged: &[StagedFile],
    (part, n_parts): (u64, u64),
) -> Result<Vec<Incoming>, LakeError> {
    let schema = match hidden::has_one_row(table) {
        true => whole_numbers(&[OWNER, CONTENT, ROW]),
        false => whole_numbers(&[OWNER, CONTENT]),
    };
    let n_rows: u64 = staged.iter().map(|file| file.file.rows).sum();
    let mut rows = Vec::with_capacity((n_rows / n_parts) as usize);
    let mut place_of = 0_u64;
    for StagedFile { file, runs } in staged {
        let open = OpenFile::open(place, table.name, file).await?;
        let groups = (0..open.group_rows().len()).collect();
        let mut batches = open.stream(groups, &schema)?;
        let (mut at, mut run) = (0_u64, 0_usize);
        while let Some(batch) = batches.try_next().await? {
            let numbers = |i: usize| batch.column(i).as_primitive::<Int64Type>().values().clone();
            let (owners, contents) = (numbers(0), numbers(1));
            let row_numbers = (schema.fields().len() == 3).then(|| numbers(2));
            for (i, owner) in owners.iter().enumerate() {
                while runs[run].0 <= at {
                    run += 1;
                }
                if owner.cast_unsigned() % n_parts == part {
                    rows.push(Incoming {
                        owner: *owner,
                        input: runs[run].1,
                        row: row_numbers.as_ref().map_or(0, |numbers| numbers[i]),
                        content: hash_number(contents[i].cast_unsigned()),
                        place: place_of + at,
                    });
                }
                at += 1;
            }
        }
        place_of += file.rows;
    }
    rows.sort_unstable_by_key(|row| (row.owner.cast_unsigned(), row.input, row.row, row.place));
    Ok(rows)
}

/// The owners with the rows that count: those of the last input file, and of these the last one where an owner has one row.
fn group(rows: &[Incoming], has_one_row: bool, changes: &mut TableChanges) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        let owner = rows[start].owner;
        let end = start + rows[start..].iter().take_while(|row| row.owner == owner).count();
        // The owner's rows as often as they came: from several files, or as several rows where there can be one.
        let mut last = start..start;
        let (mut digest, mut times, mut is_alike) = (0, 0_u32, true);
        let mut from = start;
        while from < end {
            let input = rows[from].input;
            let until = match has_one_row {
                true => from + 1,
                false => from + rows[from..end].iter().take_while(|row| row.input == input).count(),
            };
            let of_these =
                rows[from..until].iter().fold(0, |sum: u64, row| sum.wrapping_add(row.content));
            is_alike &= times == 0 || (of_these == digest && until - from == last.len());
            (digest, last, times, from) = (of_these, from..until, times + 1, until);
        }
        if times > 1 {
            match is_alike {
                true => changes.owners_repeated_alike += 1,
                false => changes.owners_repeated_differing += 1,
            }
        }
        groups.push(Group {
            owner,
            rows: (last.start as u32, last.end as u32),
            digest,
            stored_rows: 0,
            stored_digest: 0,
        });
        start = end;
    }
    groups
}

/// Finds owners among those that come in. They are hashes, so that their first bits tell where they are.
struct OwnerIndex {
    owners: Vec<u64>,
    starts: Vec<u32>,
    shift: u32,
}

impl OwnerIndex {
    fn new(groups: &[Group]) -> OwnerIndex {
        let owners: Vec<u64> = groups.iter().map(|group| group.owner.cast_unsigned()).collect();
        let bits = owners.len().max(2).ilog2();
        let shift = 64 - bits;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for owner in &owners {
            starts[(owner >> shift) as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        OwnerIndex { owners, starts, shift }
    }

    fn find(&self, owner: i64) -> Option<usize> {
        let owner = owner.cast_unsigned();
        let bucket = (owner >> self.shift) as usize;
        let (from, until) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        let at = self.owners[from..until].iter().position(|there| *there == owner)?;
        Some(from + at)
    }

    /// The least and greatest owner, as they are stored.
    fn range(&self) -> Option<(i64, i64)> {
        let signed = self.owners.iter().map(|owner| owner.cast_signed());
        Some((signed.clone().min()?, signed.max()?))
    }
}

/// Looks for incoming owners in a stored file; only row groups that have one are read further.
async fn compare(
    place: &LakePlace,
    table: &str,
    (at, file): (u32, &DataFile),
    index: &OwnerIndex,
    groups: &mut [Group],
    matched: &mut Vec<(u32, u32, u32)>,
) -> Result<(), LakeError> {
    let Some((least, greatest)) = index.range() else { return Ok(()) };
    if file.range(OWNER).is_some_and(|(min, max)| max < least || greatest < min) {
        return Ok(());
    }
    let open = OpenFile::open(place, table, file).await?;
    let mut first_row = 0_u64;
    for (number, n_rows) in open.group_rows().into_iter().enumerate() {
        let mut here: Vec<(u32, u32)> = Vec::new();
        let mut batches = open.stream(vec![number], &whole_numbers(&[OWNER]))?;
        let mut row = 0_u32;
        while let Some(batch) = batches.try_next().await? {
            for owner in batch.column(0).as_primitive::<Int64Type>().values() {
                if let Some(group) = index.find(*owner) {
                    here.push((group as u32, row));
                }
                row += 1;
            }
        }
        let mut batches = match here.is_empty() {
            true => None,
            false => Some(open.stream(vec![number], &whole_numbers(&[CONTENT]))?),
        };
        let (mut from, mut next) = (0_u32, 0_usize);
        while let Some(batch) = match &mut batches {
            Some(batches) => batches.try_next().await?,
            None => None,
        } {
            let contents = batch.column(0).as_primitive::<Int64Type>().values();
            while let Some((group, row)) =
                here.get(next).filter(|(_, row)| row - from < contents.len() as u32)
            {
                let content = contents[(row - from) as usize].cast_unsigned();
                let group_of = &mut groups[*group as usize];
                group_of.stored_rows += 1;
                group_of.stored_digest = group_of.stored_digest.wrapping_add(hash_number(content));
                matched.push((*group, at, (first_row + u64::from(*row)) as u32));
                next += 1;
            }
            from += contents.len() as u32;
        }
        first_row += n_rows;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_owner_that_comes_in_is_found_and_no_other() {
        for n in [0_u64, 1, 2, 3, 7, 1_000] {
            let mut owners: Vec<i64> = (0..n).map(|i| hash_number(i).cast_signed()).collect();
            owners.sort_by_key(|owner| owner.cast_unsigned());
            let group = |owner: &i64| Group {
                owner: *owner,
                rows: (0, 1),
                digest: 0,
                stored_rows: 0,
                stored_digest: 0,
            };
            let index = OwnerIndex::new(&owners.iter().map(group).collect::<Vec<_>>());
            for (i, owner) in owners.iter().enumerate() {
                assert_eq!(index.find(*owner), Some(i));
            }
            for other in n..n + 1_000 {
                assert_eq!(index.find(hash_number(other).cast_signed()), None);
            }
        }
    }

    #[test]
    fn less_memory_means_more_parts_within_bounds() {
        assert_eq!(rows_at_a_time(None), 1 << 23);
        assert_eq!(rows_at_a_time(Some(256 << 20)), 1 << 20);
        assert_eq!(rows_at_a_time(Some(1)), FEWEST_ROWS_AT_A_TIME);
    }
}
