//! `clv completions`: completions for a shell.

use clap::CommandFactory;

use crate::Outcome;
use crate::arguments::{Cli, CompletionsArguments};

pub(crate) fn run(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut out = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "clv", &mut out);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &out)?;
    Ok(Outcome::Done)
}
