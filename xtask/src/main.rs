#![doc = include_str!("../README.md")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the workshop talks to a terminal and reads the environment it runs in"
)]

mod bench;
mod generate;
mod golden;
mod python;
mod test;
mod tidy;
mod workshop;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workshop::Workshop;

const USAGE: &str = "usage: cargo xtask <recipe>

  tidy                        check that the tree keeps its own rules
  test [maths|engines|all]    install what the tests need, then run them (default: all)
  generate-docs               write the pages that are made from the code
  golden                      make the reference values again and show what differs
  bench [--customers 10000,100000,1000000] [--quick] [--pymc]
                              measure clv beside its peers on simulated shops";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the recipe that `words` name; false where it ran and the answer is no.
fn run(words: &[String]) -> Result<bool> {
    let workshop = Workshop::open()?;
    match words.split_first().map(|(recipe, rest)| (recipe.as_str(), rest)) {
        Some(("tidy", [])) => tidy::run(&workshop),
        Some(("test", rest)) => test::run(&workshop, rest),
        Some(("generate-docs", [])) => generate::run(&workshop),
        Some(("golden", [])) => golden::run(&workshop),
        Some(("bench", rest)) => bench::run(&workshop, rest),
        Some(("help" | "--help" | "-h", _)) | None => {
            println!("{USAGE}");
            Ok(true)
        }
        Some((recipe, rest)) => bail!("no recipe {recipe:?} with arguments {rest:?}\n\n{USAGE}"),
    }
}
