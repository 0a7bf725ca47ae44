//! `clv.toml`: options that hold until an environment variable or the command line says otherwise.
//!
//! A key is an option's long name, `time-unit = "week"`; each verb takes the keys it knows. They are put before what
//! was typed, so that what was typed wins; a key whose `CLV_` variable is set is left out, so that it wins too.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, bail};
use clap::CommandFactory;

use crate::arguments::Cli;

/// The file that is looked for in the working folder.
const FILE: &str = "clv.toml";

/// What was typed, with the options of `clv.toml` put in after the verb.
pub(crate) fn with_config_file(typed: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let path = Path::new(FILE);
    if !path.is_file() {
        return Ok(typed);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{FILE} cannot be read"))?;
    let table: toml::Table = text.parse().with_context(|| format!("{FILE} is not TOML"))?;
    let command = Cli::command();
    let Some(position) = typed
        .iter()
        .skip(1)
        .position(|word| word.to_str().is_some_and(|word| command.find_subcommand(word).is_some()))
    else {
        return Ok(typed);
    };
    let verb = typed[position + 1].to_string_lossy().into_owned();
    let known_by_any = |key: &str| {
        command
            .get_subcommands()
            .chain([&command])
            .any(|verb| verb.get_arguments().any(|arg| arg.get_long() == Some(key)))
    };
    let of_verb = command.find_subcommand(&verb).context("the verb was just found")?;
    let mut with_config = typed[..position + 2].to_vec();
    for (key, value) in &table {
        if !known_by_any(key) {
            bail!("{FILE} has the key '{key}', which is no option of any command");
        }
        let variable = format!("CLV_{}", key.replace('-', "_").to_uppercase());
        let is_known = of_verb
            .get_arguments()
            .chain(command.get_arguments())
            .any(|arg| arg.get_long() == Some(key));
        if !is_known || std::env::var_os(&variable).is_some() {
            continue;
        }
        if let toml::Value::Boolean(is_on) = value {
            if *is_on {
                with_config.push(format!("--{key}").into());
            }
            continue;
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            other => bail!("{FILE}: '{key}' is {other}, expected a text or a number"),
        };
        with_config.push(format!("--{key}={text}").into());
    }
    with_config.extend_from_slice(&typed[position + 2..]);
    Ok(with_config)
}
