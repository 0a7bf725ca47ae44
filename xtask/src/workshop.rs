//! Where the project lies, where its build goes, and how its commands are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The project's root and the folder that everything built goes to.
#[derive(Debug)]
pub(crate) struct Workshop {
    /// The project's root.
    pub(crate) root: PathBuf,
    /// Cargo's target folder for every command that a recipe runs.
    pub(crate) target: PathBuf,
}

impl Workshop {
    /// The workshop of the project that this program was compiled from.
    ///
    /// The build goes to `CARGO_TARGET_DIR` where that is set, else to `clv/target` in the user's cache folder,
    /// so that a fresh clone finds what an earlier one built; where that cannot be written, to `target`.
    pub(crate) fn open() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies at the root of the file system, expected it inside the project")?
            .to_path_buf();
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let cache = set("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")));
        let target = match (set("CARGO_TARGET_DIR"), cache) {
            (Some(target), _) => root.join(target),
            (None, cache) => cache
                .map(|cache| cache.join("clv").join("target"))
                .filter(|target| std::fs::create_dir_all(target).is_ok())
                .unwrap_or_else(|| root.join("target")),
        };
        Ok(Self { root, target })
    }

    /// A folder of the workshop's own under the target folder, made where it is missing.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("workshop").join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{}: cannot make this folder", folder.display()))?;
        Ok(folder)
    }

    /// A command that runs in the root and builds into the target folder.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// `cargo` with these arguments.
    pub(crate) fn cargo(&self, words: &[&str]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(words);
        command
    }
}

/// Whether the command could be started and ended well; what it printed is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Runs the command with its output on the terminal; whether it ended well.
pub(crate) fn runs(command: &mut Command) -> Result<bool> {
    let shown = format!("{command:?}");
    let status = command.status().with_context(|| format!("cannot start {shown}"))?;
    Ok(status.success())
}

/// What the command printed on its standard output.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown} printed no UTF-8"))
}
