//! `clv man`: the manual page.

use clap::CommandFactory;

use crate::Outcome;
use crate::arguments::Cli;

pub(crate) fn run() -> anyhow::Result<Outcome> {
    let mut out = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut out)?;
    std::io::Write::write_all(&mut std::io::stdout().lock(), &out)?;
    Ok(Outcome::Done)
}
