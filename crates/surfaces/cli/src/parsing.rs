//! From words to arguments: what clap makes of them, told like every other failure.

use std::error::Error;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory, FromArgMatches};

use crate::arguments::Cli;
use crate::failure::UsageError;

/// What measures are called in the help: their values may begin with a minus sign, so that it is said what is wrong with
/// them rather than that there is no such option.
const MEASURES: [&str; 8] = ["N", "RATIO", "MONEY", "NUMBER", "YEARS", "SPAN", "SIZE", "DATE"];

/// The line that clap ends with; a hint stands in its place.
const MORE: &str = "For more information, try '--help'.";

/// The arguments that the words are. Help and version are printed here, and end the program.
pub(crate) fn parse(words: Vec<OsString>) -> anyhow::Result<Cli> {
    let command = Cli::command().mut_subcommands(|verb| verb.mut_args(with_minus));
    let verb =
        words.iter().skip(1).filter_map(|word| word.to_str()).find_map(|word| {
            command.find_subcommand(word).map(|verb| format!(" {}", verb.get_name()))
        });
    let matches = command.try_get_matches_from(words);
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Ok(cli),
        Err(error) if is_refusal(&error) => Err(refusal(&error, &verb.unwrap_or_default()).into()),
        Err(error) => error.exit(),
    }
}

/// Whether something is wrong with the words; else they ask for help.
fn is_refusal(error: &clap::Error) -> bool {
    error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

fn with_minus(argument: Arg) -> Arg {
    let names = argument.get_value_names().unwrap_or_default();
    let is_measure = names.iter().any(|name| MEASURES.contains(&name.as_str()));
    if is_measure { argument.allow_hyphen_values(true) } else { argument }
}

fn refusal(error: &clap::Error, verb: &str) -> UsageError {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let hint = Some(format!("clv{verb} --help"));
    if error.kind() == ErrorKind::ValueValidation
        && let (Some(argument), Some(value)) =
            (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue))
    {
        let (option, of) = argument.split_once(' ').unwrap_or((argument, ""));
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        let expected = match (source.split_once("is not in "), of) {
            (Some((_, range)), _) => format!("a whole number in {range}"),
            (None, "<N>") if !source.contains("float") => "a whole number from 0 up".to_owned(),
            (None, _) => "a number, such as 0.1".to_owned(),
        };
        return UsageError { message: format!("{option} is '{value}', expected {expected}"), hint };
    }
    let rendered = error.render().to_string();
    // No option of ours is ever meant as a value: that tip would lead astray.
    let lines: Vec<&str> =
        rendered.lines().filter(|line| !line.contains("as a value, use '--")).collect();
    let told = lines.join("\n").replace("\n\n\n", "\n\n");
    let told = told.trim().trim_end_matches(MORE).trim_end();
    UsageError { message: told.strip_prefix("error: ").unwrap_or(told).to_owned(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_of_every_verb_may_begin_with_a_minus_sign() {
        let command = Cli::command().mut_subcommands(|verb| verb.mut_args(with_minus));
        for verb in command.get_subcommands() {
            for argument in verb.get_arguments().filter(|one| one.get_long().is_some()) {
                let names = argument.get_value_names().unwrap_or_default();
                let is_measure = names.iter().any(|name| MEASURES.contains(&name.as_str()));
                assert_eq!(argument.is_allow_hyphen_values_set(), is_measure, "{argument:?}");
            }
        }
    }
}
