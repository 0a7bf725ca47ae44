//! `clv doctor`: whether this machine has what it takes.

use std::io::Write;

use crate::Outcome;

pub(crate) fn run() -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    writeln!(out, "clv {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "cores               {cores}")?;
    let spill = std::env::temp_dir();
    let can_spill = tempfile::tempfile_in(&spill).is_ok();
    writeln!(
        out,
        "temporary files     {} ({})",
        spill.display(),
        if can_spill { "writable" } else { "NOT writable" }
    )?;
    let can_write = tempfile::tempfile_in(".").is_ok();
    writeln!(
        out,
        "working folder      {}",
        if can_write { "writable" } else { "NOT writable: name a folder with -o" }
    )?;
    let has_config = std::path::Path::new("clv.toml").is_file();
    writeln!(
        out,
        "clv.toml            {}",
        if has_config { "found, its options hold" } else { "none" }
    )?;
    let variables: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("CLV_"))
        .collect();
    let shown = if variables.is_empty() { "none".to_owned() } else { variables.join(", ") };
    writeln!(out, "CLV_ variables      {shown}")?;
    Ok(if can_spill { Outcome::Done } else { Outcome::No })
}
