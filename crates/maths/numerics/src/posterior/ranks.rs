//! Chains cut in halves, and their values replaced by normal scores of their ranks.

use crate::distribution::normal_quantile;

/// Every chain as its first and its last half; the middle draw of an odd number belongs to neither.
pub(super) fn halves(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    chains
        .iter()
        .flat_map(|chain| {
            let half = chain.len() / 2;
            [chain[..half].to_vec(), chain[chain.len() - half..].to_vec()]
        })
        .collect()
}

/// The normal scores of the values' ranks among all chains together; equal values share their mean rank.
///
/// Rank k of n scores the normal quantile of (k - 3/8) / (n + 1/4), after Blom.
pub(super) fn normal_scores(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut places: Vec<(f64, usize, usize)> = chains
        .iter()
        .enumerate()
        .flat_map(|(c, chain)| chain.iter().enumerate().map(move |(i, &value)| (value, c, i)))
        .collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = places.len() as f64;
    let mut scores: Vec<Vec<f64>> = chains.iter().map(|chain| vec![0.0; chain.len()]).collect();
    let mut before = 0;
    for tied in places.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let mean_rank = before as f64 + 0.5 * (tied.len() + 1) as f64;
        let score = normal_quantile((mean_rank - 0.375) / (n + 0.25));
        tied.iter().for_each(|&(_, c, i)| scores[c][i] = score);
        before += tied.len();
    }
    scores
}

/// The quantile of all values together at `level` in [0, 1], linear between order statistics; NaN without values.
pub(super) fn pooled_quantile(chains: &[Vec<f64>], level: f64) -> f64 {
    let mut values: Vec<f64> = chains.iter().flatten().copied().collect();
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let position = level * (values.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (position - below as f64) * (values[above] - values[below])
}

/// Mean and variance (divided by n - 1) of some numbers.
pub(super) fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (n - 1.0))
}

/// Whether there are chains of one length, at least four draws each, and every draw is a number.
pub(super) fn are_usable(chains: &[Vec<f64>]) -> bool {
    let length = chains.first().map_or(0, Vec::len);
    length >= 4
        && chains.iter().all(|chain| chain.len() == length)
        && chains.iter().flatten().all(|value| value.is_finite())
}
