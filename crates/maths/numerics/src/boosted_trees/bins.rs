//! Features as small whole numbers: the bin of every value, and where bins end.

use rayon::prelude::*;

use super::features::FeatureTable;

/// The bin of a missing value; bins of numbers are below it.
pub(super) const MISSING: u8 = u8::MAX;

/// At most this many cuts, so that the bins of numbers and the one of missing values fit a byte.
const MOST_CUTS: usize = MISSING as usize - 1;

/// A feature table in bins, by column.
#[derive(Debug, Clone)]
pub(super) struct BinnedTable {
    pub(super) columns: Vec<Vec<u8>>,
    /// For each feature the last value of each bin but the last, ascending: a value belongs to the first bin whose end
    /// is not below it.
    pub(super) cuts: Vec<Vec<f64>>,
    pub(super) n_rows: usize,
}

impl BinnedTable {
    pub(super) fn new(table: &FeatureTable) -> Self {
        let (cuts, columns) = table
            .columns()
            .par_iter()
            .map(|column| {
                let cuts = cuts_of(column);
                let bins = column.iter().map(|&value| bin_of(&cuts, value)).collect();
                (cuts, bins)
            })
            .unzip();
        Self { columns, cuts, n_rows: table.n_rows() }
    }
}

fn bin_of(cuts: &[f64], value: f64) -> u8 {
    if value.is_nan() {
        return MISSING;
    }
    u8::try_from(cuts.partition_point(|&cut| cut < value)).expect("there are fewer than 255 cuts")
}

/// Cuts between neighbouring values, all of them where they are few, else those that share the rows out evenly.
fn cuts_of(column: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_unstable_by(f64::total_cmp);
    // The last row of each run of equal values but the last run: a cut may lie after it.
    let ends: Vec<usize> =
        (1..values.len()).filter(|&row| values[row - 1] < values[row]).map(|row| row - 1).collect();
    let between = |end: usize| {
        let (low, high) = (values[end], values[end + 1]);
        let middle = low + 0.5 * (high - low);
        // Infinite values and neighbours without a number between them have no middle.
        if middle >= low && middle < high { middle } else { low }
    };
    if ends.len() <= MOST_CUTS {
        return ends.into_iter().map(between).collect();
    }
    let mut cuts: Vec<f64> = Vec::with_capacity(MOST_CUTS);
    for quantile in 1..=MOST_CUTS {
        let rank = values.len() * quantile / (MOST_CUTS + 1);
        let next = ends.partition_point(|&end| end < rank.saturating_sub(1));
        let Some(&end) = ends.get(next) else { continue };
        let cut = between(end);
        if cuts.last().is_none_or(|&last| last < cut) {
            cuts.push(cut);
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_the_bin_that_its_cuts_say() {
        let few = [2.0, f64::NAN, -1.0, 2.0, f64::INFINITY, f64::NEG_INFINITY];
        let cuts = cuts_of(&few);
        assert_eq!(cuts.len(), 3);
        assert_eq!(few.map(|value| bin_of(&cuts, value)), [2, MISSING, 1, 2, 3, 0]);
        let many: Vec<f64> = (0..10_000).map(|row| f64::from(row * 7 % 10_000)).collect();
        let cuts = cuts_of(&many);
        assert_eq!(cuts.len(), MOST_CUTS);
        let mut counts = [0; 255];
        for &value in &many {
            counts[usize::from(bin_of(&cuts, value))] += 1;
        }
        assert!(counts.iter().all(|&n| (30..=50).contains(&n)), "{counts:?}");
    }

    #[test]
    fn a_value_that_most_rows_share_takes_one_bin_and_leaves_the_others_to_the_rest() {
        let skewed: Vec<f64> =
            (0..20_000).map(|row| if row % 10 == 0 { f64::from(row) } else { 0.0 }).collect();
        let cuts = cuts_of(&skewed);
        assert!(cuts.len() > 20 && cuts[0] > 0.0 && cuts[0] < 20_000.0, "{cuts:?}");
    }
}
