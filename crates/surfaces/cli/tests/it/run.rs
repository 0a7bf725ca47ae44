//! Runs the program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The sample that ships.
pub(crate) const SAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../sample/cdnow_orders.csv");

/// A folder with files, in which commands run.
pub(crate) struct Folder {
    dir: tempfile::TempDir,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("there is room for a temporary folder") }
    }

    /// A folder with one file.
    pub(crate) fn with(name: &str, content: &[u8]) -> Self {
        let folder = Self::new();
        std::fs::write(folder.path(name), content).expect("the file can be written");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.dir.path())
            .expect("the folder can be listed")
            .map(|entry| {
                let entry = entry.expect("the entry can be read");
                entry.file_name().to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Runs `clv` with these words.
    pub(crate) fn clv(&self, words: &[&str]) -> Ended {
        ended(&self.command(words).output().expect("the program can be started"))
    }

    /// The command, for tests that set its environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_clv")));
        command.args(words).current_dir(self.dir.path());
        command
    }
}

/// The output as text.
pub(crate) fn ended(output: &Output) -> Ended {
    Ended {
        status: output.status.code().expect("the program was not killed"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The rows of a CSV without quotes: heading first.
pub(crate) fn rows(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}
