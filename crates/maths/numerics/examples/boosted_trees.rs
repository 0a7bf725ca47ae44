//! How long trees take to grow: 200,000 rows, 40 features, 200 trees of 31 leaves, with the time of the process as the answer.
//!
//!     time cargo run --release -p clv-numerics --example boosted_trees
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use clv_numerics::boosted_trees::{
    BoostOptions, Derivatives, FeatureTable, Monotone, Rows, TreeOptions, boost,
};

const N_ROWS: usize = 200_000;
const N_FEATURES: usize = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uniform = |row: usize, stream: usize| {
        let mixed = (row as u64 * 64 + stream as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64
            * (-53.0_f64).exp2()
    };
    let columns: Vec<Vec<f64>> = (0..N_FEATURES)
        .map(|stream| (0..N_ROWS).map(|row| uniform(row, stream)).collect())
        .collect();
    let target: Vec<f64> = (0..N_ROWS)
        .map(|row| {
            let sum: f64 = (0..N_FEATURES).map(|f| (columns[f][row] * f as f64 * 0.3).sin()).sum();
            f64::from(u8::from(uniform(row, 63) < 1.0 / (1.0 + (2.0 - sum).exp())))
        })
        .collect();
    let table = FeatureTable::new(columns, vec![Monotone::Free; N_FEATURES])?;
    let (offsets, weights) = (vec![0.0; N_ROWS], vec![1.0; N_ROWS]);
    let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
    let loss = |row: usize, score: f64| {
        let p = 1.0 / (1.0 + (-score).exp());
        let loss = score.max(0.0) + (-score.abs()).exp().ln_1p() - target[row] * score;
        Derivatives { loss, gradient: p - target[row], hessian: p * (1.0 - p) }
    };
    let tree = TreeOptions {
        most_leaves: 31,
        most_depth: 8,
        least_hessian: 1.0,
        l2: 1.0,
        least_gain: 0.0,
    };
    let options = BoostOptions {
        tree,
        learning_rate: 0.1,
        most_trees: 200,
        patience: 200,
        row_fraction: 1.0,
        seed: 1,
    };
    let trees = boost(&rows, &loss, None, &options);
    let scores = trees.predict(&table, &offsets);
    let mean = |of: &dyn Fn(usize) -> f64| (0..N_ROWS).map(of).sum::<f64>() / N_ROWS as f64;
    println!("trees                  {}", trees.n_trees());
    println!("mean loss, constant    {:.4}", mean(&|row| loss(row, trees.intercept()).loss));
    println!("mean loss, trees       {:.4}", mean(&|row| loss(row, scores[row]).loss));
    Ok(())
}
