//! Every purchase model gives numbers for any legal history and parameters; `examples/million.rs` asks a million times.

use clv_models::catalogue::purchase_models;
use clv_models::totality::{Breadth, totality};

fn check(breadth: Breadth, seed: u64) {
    for entry in purchase_models() {
        // Forecasts of regular buyers take some twelve milliseconds, those over a plane of rates two.
        let n_pairs = match entry.id {
            "bg-cnbd-k" | "mbg-cnbd-k" => 40,
            _ if entry.is_dear => 100,
            _ => 2_000,
        };
        let found = totality(entry, breadth, (n_pairs, 500), seed);
        assert_eq!(found.n_pairs, n_pairs);
        assert_eq!(found.n_violations, 0, "{}:\n{}", entry.id, found.violations.join("\n"));
    }
}

#[test]
fn ordinary_histories_and_parameters_get_answers_that_can_be_true() {
    check(Breadth::Ordinary, 1);
}

#[test]
fn extreme_histories_and_parameters_get_answers_that_can_be_true() {
    check(Breadth::Extreme, 2);
}
