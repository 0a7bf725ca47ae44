//! A process that is really killed while it imports.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

/// Where the importing process is told to import, on and on.
const FOLDER: &str = "CLV_TEST_LAKE_FOLDER";

/// The order that the n-th commit brings, from 1.
fn order(commit: u64) -> Given {
    (commit as u32, commit as i64 * 3, &[1, 2, 3])
}

fn import_next(lake: &Lake) -> u64 {
    let number = lake.snapshot(AsOf::Latest).unwrap().number() + 1;
    import(lake, "a.csv", &[order(number)]).unwrap();
    number
}

fn assert_all_there(lake: &Lake) -> u64 {
    let number = lake.snapshot(AsOf::Latest).unwrap().number();
    let given: Vec<Given> = (1..=number).map(order).collect();
    assert_eq!(content(lake, AsOf::Latest), expected(&given));
    number
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test takes no arguments from who runs it")]
fn imports_one_after_the_other_are_all_there() {
    // The test below runs this one as a process of its own, which ends when it is killed.
    if let Some(folder) = std::env::var_os(FOLDER) {
        let lake = lake(Path::new(&folder));
        loop {
            import_next(&lake);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    for number in 1..=3 {
        assert_eq!(import_next(&lake), number);
    }
    assert_eq!(assert_all_there(&lake), 3);
}

#[test]
fn a_process_that_is_killed_leaves_its_last_commit_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..5_u64 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lake::kills::imports_one_after_the_other_are_all_there"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commits = folder.path().join("_clv/commits");
        // A commit that is being written has another name until it is whole.
        let is_commit = |entry: &std::io::Result<std::fs::DirEntry>| {
            entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|e| e == "json"))
        };
        let n_commits = || {
            std::fs::read_dir(&commits).map_or(0, |entries| entries.filter(is_commit).count())
                as u64
        };
        while n_commits() <= before {
            assert_eq!(process.try_wait().unwrap(), None, "the process ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        // Another moment of the work in each round.
        std::thread::sleep(Duration::from_millis(round * 17));
        process.kill().unwrap();
        process.wait().unwrap();
        let lake = lake(folder.path());
        let number = assert_all_there(&lake);
        assert!(number > before);
        before = import_next(&lake);
    }
}
