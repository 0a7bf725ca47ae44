//! A million legal histories and parameters for each purchase model, and what answers cannot be true:
//!
//!     cargo run --example million -p clv-models -- [PAIRS] [MODEL] [EVERY]
//!
//! A dear model takes a hundredth of the pairs. Half of the pairs are of ordinary breadth, half extreme;
//! one in EVERY (100) is asked everything.
#![allow(clippy::print_stdout, reason = "what it found is what it is for")]

use std::error::Error;

use clv_models::catalogue::purchase_models;
use clv_models::totality::{Breadth, totality};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let n_pairs: usize = arguments.next().map_or(Ok(1_000_000), |number| number.parse())?;
    let only = arguments.next();
    let every: usize = arguments.next().map_or(Ok(100), |number| number.parse())?;
    let mut n_violations = 0;
    for entry in purchase_models() {
        if only.as_ref().is_some_and(|id| id != entry.id) {
            continue;
        }
        let n = if entry.is_dear { n_pairs / 100 } else { n_pairs };
        for breadth in [Breadth::Ordinary, Breadth::Extreme] {
            let found = totality(entry, breadth, (n / 2, every), 20_260_101);
            println!(
                "{} {breadth:?}: {} pairs, {} answers, {} cannot be true",
                entry.id, found.n_pairs, found.n_answers, found.n_violations
            );
            for violation in &found.violations {
                println!("  {violation}");
            }
            n_violations += found.n_violations;
        }
    }
    if n_violations > 0 {
        return Err(format!("{n_violations} answers cannot be true").into());
    }
    Ok(())
}
