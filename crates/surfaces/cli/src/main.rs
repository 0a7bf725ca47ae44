#![doc = include_str!("../README.md")]
// The command line alone reads the environment.
#![allow(clippy::disallowed_methods)]

mod arguments;
mod commands;
mod config;
mod covariates;
mod failure;
mod output;
mod parsing;
mod progress;
mod reading;
mod season;
mod workspace;

use std::io::Write;
use std::process::ExitCode;

use crate::arguments::Command;
use crate::failure::Failure;

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Everything was used.
    Done,
    /// Done, with rows put aside.
    PutAside,
    /// Ran, and the answer is no.
    No,
}

fn main() -> ExitCode {
    match run() {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Ok(Outcome::PutAside) => ExitCode::from(3),
        Err(error) if failure::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let failure = Failure::of(&error);
            let _ = write!(std::io::stderr().lock(), "{failure}");
            ExitCode::from(failure.exit_status())
        }
    }
}

fn run() -> anyhow::Result<Outcome> {
    let typed: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let cli = parsing::parse(config::with_config_file(typed)?)?;
    let talk = progress::Talk::new(cli.is_quiet);
    match cli.command {
        Command::Demo(arguments) => commands::demo::run(&arguments, &talk),
        Command::Histories(arguments) => commands::histories::run(&arguments, &talk),
        Command::Fit(arguments) => commands::fit::run(&arguments, &talk),
        Command::Forecast(arguments) => commands::forecast::run(&arguments, &talk),
        Command::Value(arguments) => commands::value::run(&arguments, &talk),
        Command::Backtest(arguments) => commands::backtest::run(&arguments, &talk),
        Command::Import(arguments) => commands::import::run(&arguments, &talk),
        Command::Report(arguments) => commands::report::run(&arguments, &talk),
        Command::Metric(arguments) => commands::metric::run(&arguments, &talk),
        Command::Simulate(arguments) => commands::simulate::run(&arguments, &talk),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Doctor => commands::doctor::run(),
        Command::Completions(arguments) => commands::completions::run(&arguments),
        Command::Man => commands::man::run(),
    }
}
