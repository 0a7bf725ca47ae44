//! Joining small files and removing old ones.

use std::time::Duration;

use clv_engine::lake::CommitKind;

use super::*;

const DAY: i64 = 86_400_000_000;

/// Twenty imports of an order each, a day apart.
fn twenty(folder: &Path) -> (Lake, BTreeMap<String, (i64, i64)>) {
    let lake = lake(folder);
    let mut all = BTreeMap::new();
    for number in 0..20 {
        let given: [Given; 1] = [(number, i64::from(number), &[1, 1])];
        let import = lake.begin().unwrap();
        write(&import, 0, "a.csv", &given).unwrap();
        import.commit(&number.into(), Instant(i64::from(number) * DAY)).unwrap().unwrap();
        all.extend(expected(&given));
    }
    (lake, all)
}

fn n_files(folder: &Path, table: &str) -> usize {
    let entries = std::fs::read_dir(folder.join(table)).unwrap();
    entries.filter(|e| e.as_ref().unwrap().path().is_file()).count()
}

#[test]
fn small_files_are_joined_once_and_no_row_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, all) = twenty(folder.path());
    let before = lake.snapshot(AsOf::Latest).unwrap();
    let commit = lake.compact(Instant(20 * DAY)).unwrap().unwrap();
    assert_eq!((commit.number, commit.kind), (21, CommitKind::Compaction));
    assert_eq!(content(&lake, AsOf::Latest), all);
    assert_eq!(
        lake.snapshot(AsOf::Latest).unwrap().pieces(&orders::TABLE, &["total"]).unwrap().len(),
        1
    );
    assert_eq!(before.pieces(&orders::TABLE, &["total"]).unwrap().len(), 20);
    assert_eq!(lake.compact(Instant(20 * DAY)).unwrap(), None);
    // What was imported before comes again after: the rows are still known, and an import goes on.
    assert_eq!(import(&lake, "a.csv", &[(3, 3, &[1, 1])]), None);
    let changes = import(&lake, "a.csv", &[(3, 4, &[1, 1])]).unwrap();
    assert_eq!(changes["orders"].rows_changed, 1);
}

#[test]
fn a_checkpoint_in_the_delta_log_changes_no_answer_of_earlier_commits() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, all) = twenty(folder.path());
    let log = folder.path().join("orders/_delta_log");
    assert!(log.join("00000000000000000010.checkpoint.parquet").exists());
    assert_eq!(content(&lake, AsOf::Latest), all);
    for number in [1, 9, 10, 11, 12, 19] {
        assert_eq!(content(&lake, AsOf::Commit(number)).len(), number as usize);
    }
    assert_eq!(content(&lake, AsOf::Time(Instant(4 * DAY + 5))).len(), 5);
    let error = lake.snapshot(AsOf::Commit(30)).unwrap_err();
    assert!(error.to_string().ends_with("there is no commit 30; expected 1 to 20"), "{error}");
    let error = lake.snapshot(AsOf::Time(Instant(-1))).unwrap_err().to_string();
    let expected = "there is no commit as early as 1969-12-31; expected 1 of 1970-01-01 or later";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn a_vacuum_keeps_what_may_be_asked_for_and_files_that_are_young() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, all) = twenty(folder.path());
    lake.compact(Instant(20 * DAY)).unwrap().unwrap();
    // What is not the lake's own is none of its business.
    std::fs::create_dir(folder.path().join("exports")).unwrap();
    let foreign = ["exports/import-of-march.parquet", "orders/mine.parquet"];
    foreign.iter().for_each(|file| std::fs::write(folder.path().join(file), "mine").unwrap());
    let half = "import-0000000001-67e55044-10b1-426f-9247-bb680e5fe0c8.parquet#1";
    std::fs::write(folder.path().join("orders").join(half), "half").unwrap();
    let running = lake.begin().unwrap();
    write(&running, 0, "b.csv", &[(50, 50, &[1])]).unwrap();
    // Files are as old as this test runs, so that time is told from their side.
    let written =
        std::fs::metadata(folder.path().join("_clv/lake.json")).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    let young = lake.vacuum(Instant(written + DAY / 2), Duration::ZERO).unwrap();
    assert_eq!((young.commits, young.files), (20, 0));
    assert_eq!(n_files(folder.path(), "orders"), 23);
    let old = lake.vacuum(Instant(written + 2 * DAY), Duration::ZERO).unwrap();
    // The twenty joined files of two tables; the running import had not ended a file yet.
    assert_eq!((old.commits, old.files), (0, 40));
    assert!(foreign.iter().all(|file| folder.path().join(file).exists()));
    assert_eq!(n_files(folder.path(), "orders"), 2, "what was joined, and mine");
    assert_eq!(content(&lake, AsOf::Latest), all);
    let error = lake.snapshot(AsOf::Commit(20)).unwrap_err();
    assert!(error.to_string().ends_with("there is no commit 20; expected 21 to 21"), "{error}");
    let commit = running.commit(&"b".into(), Instant(21 * DAY)).unwrap().unwrap();
    assert_eq!(commit.number, 22);
    assert_eq!(content(&lake, AsOf::Latest).len(), 21);
    assert_eq!(lake.history().unwrap().len(), 2);
}

#[test]
fn a_vacuum_keeps_the_commits_of_the_time_it_is_told_to_keep() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = twenty(folder.path());
    let keep = Duration::from_secs(5 * 86_400);
    let vacuumed = lake.vacuum(Instant(19 * DAY), keep).unwrap();
    assert_eq!(vacuumed.commits, 14);
    assert_eq!(content(&lake, AsOf::Time(Instant(14 * DAY))).len(), 15);
    assert_eq!(lake.history().unwrap()[0].number, 15);
}
