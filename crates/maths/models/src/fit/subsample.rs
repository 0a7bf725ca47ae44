//! A part of the histories that stands for all of them, to walk most of the way to the maximum.

use crate::{PurchaseHistories, PurchaseHistory};

/// At most about `n_rows` rows: those with the most customers as they are, every k-th of the rest with k-fold
/// weight. `None` where there are no more rows than that anyway.
///
/// Deterministic. The heaviest rows carry most customers, so taking them all keeps the sample close.
pub(super) fn subsample(histories: &PurchaseHistories, n_rows: usize) -> Option<PurchaseHistories> {
    if histories.len() <= n_rows || n_rows < 2 {
        return None;
    }
    let rows: Vec<(&PurchaseHistory, f64)> = histories.iter().collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let n_heavy = n_rows / 2;
    order.select_nth_unstable_by(n_heavy, |&i, &j| rows[j].1.total_cmp(&rows[i].1).then(i.cmp(&j)));
    let (heavy, rest) = order.split_at_mut(n_heavy);
    rest.sort_unstable();
    let every = rest.len().div_ceil(n_rows - n_heavy);
    let weight_of =
        |rows_of: &mut dyn Iterator<Item = &usize>| -> f64 { rows_of.map(|&i| rows[i].1).sum() };
    let all_light = weight_of(&mut rest.iter());
    let taken_light = weight_of(&mut rest.iter().step_by(every));
    let heavy_rows = heavy.iter().map(|&i| (*rows[i].0, rows[i].1));
    let light_rows =
        rest.iter().step_by(every).map(|&i| (*rows[i].0, rows[i].1 * (all_light / taken_light)));
    let mut sample = PurchaseHistories::with_capacity(n_rows + 1);
    for (history, weight) in heavy_rows.chain(light_rows) {
        sample.push(history, weight).expect("a positive weight times a positive factor");
    }
    Some(sample)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_subsample_stands_for_as_many_customers_as_the_whole() {
        let mut histories = PurchaseHistories::default();
        for i in 1..=1000u32 {
            let age = f64::from(i);
            let history = PurchaseHistory::new(1, 0.5 * age, age).unwrap();
            histories.push(history, f64::from(i % 7 + 1)).unwrap();
        }
        let sample = subsample(&histories, 100).unwrap();
        assert!((sample.n_customers() / histories.n_customers() - 1.0).abs() < 1e-12);
        assert!(sample.len() <= 101 && subsample(&histories, 1000).is_none());
    }
}
