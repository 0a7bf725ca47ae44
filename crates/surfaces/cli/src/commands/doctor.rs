//! `clv doctor`: whether this machine has what it takes.

use crate::Outcome;

pub(crate) fn run() -> anyhow::Result<Outcome> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("clv {}", env!("CARGO_PKG_VERSION"));
    println!("cores               {cores}");
    let spill = std::env::temp_dir();
    let can_spill = tempfile::tempfile_in(&spill).is_ok();
    println!(
        "temporary files     {} ({})",
        spill.display(),
        if can_spill { "writable" } else { "NOT writable" }
    );
    let can_write = tempfile::tempfile_in(".").is_ok();
    println!(
        "working folder      {}",
        if can_write { "writable" } else { "NOT writable: name a folder with -o" }
    );
    let has_config = std::path::Path::new("clv.toml").is_file();
    println!("clv.toml            {}", if has_config { "found, its options hold" } else { "none" });
    let variables: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("CLV_"))
        .collect();
    let shown = if variables.is_empty() { "none".to_owned() } else { variables.join(", ") };
    println!("CLV_ variables      {shown}");
    Ok(if can_spill { Outcome::Done } else { Outcome::No })
}
