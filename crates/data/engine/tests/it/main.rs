//! The engine from outside: files in, tables out.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop at the first surprise")]
#![allow(clippy::print_stderr, reason = "a test that skips says why")]

mod bad_input;
mod formats;
mod lake;
mod overlaps;
mod packed;
mod real_files;
mod shop_exports;
mod tables_out;

use std::path::{Path, PathBuf};

use clv_engine::{Engine, EngineError, EngineOptions, Orders, ReadOptions};

/// An engine with two threads and no limit.
fn engine() -> Engine {
    Engine::new(EngineOptions { threads: Some(2), ..EngineOptions::default() }).unwrap()
}

fn options(path: &Path) -> ReadOptions {
    ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() }
}

fn open(path: &Path) -> Result<Orders, EngineError> {
    engine().open(&options(path))
}

/// A file with this content in a folder of its own, which lives as long as the guard.
fn file(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// A hand-written file of `fixtures`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name)
}

/// A file of the shared data beside the project; `None`, with the reason on stderr, where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
    let tried = [root.join("../shared/data").join(name), root.join("../../shared/data").join(name)];
    let found = tried.into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: there is no ../shared/data/{name} here");
    }
    found
}
