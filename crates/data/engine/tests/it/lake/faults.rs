//! Writers that are stopped at any moment, full disks and folders that may not be written.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use clv_engine::Engine;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use url::Url;

use super::*;

/// A store that breaks at the n-th operation and stays broken, as for a process that is killed there.
#[derive(Debug)]
struct Breaking {
    inner: LocalFileSystem,
    left: AtomicUsize,
    /// Whether the operation at which it breaks is still done, with its answer lost.
    is_done: bool,
    kind: std::io::ErrorKind,
    /// Whether it broke at a write.
    broke_at_write: AtomicBool,
}

impl fmt::Display for Breaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("breaking store")
    }
}

/// What happens to an operation.
enum Fate {
    Done,
    DoneUnheard,
    NotDone,
}

impl Breaking {
    fn fate(&self) -> Fate {
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| Some(n.saturating_sub(1)));
        match left {
            Ok(0) => Fate::NotDone,
            Ok(1) if self.is_done => Fate::DoneUnheard,
            Ok(1) => Fate::NotDone,
            _ => Fate::Done,
        }
    }

    fn broken(&self) -> Error {
        let source = std::io::Error::new(self.kind, "stopped here");
        Error::Generic { store: "breaking", source: Box::new(source) }
    }

    async fn act<T>(&self, act: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        match self.fate() {
            Fate::Done => act.await,
            Fate::DoneUnheard => {
                act.await.ok();
                Err(self.broken())
            }
            Fate::NotDone => Err(self.broken()),
        }
    }
}

#[async_trait]
impl ObjectStore for Breaking {
    async fn put_opts(
        &self,
        at: &StorePath,
        bytes: PutPayload,
        options: PutOptions,
    ) -> StoreResult<PutResult> {
        let is_last = self.left.load(Ordering::SeqCst) == 1;
        self.broke_at_write.fetch_or(is_last, Ordering::SeqCst);
        self.act(self.inner.put_opts(at, bytes, options)).await
    }

    async fn put_multipart_opts(
        &self,
        at: &StorePath,
        options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        self.act(self.inner.put_multipart_opts(at, options)).await
    }

    async fn get_opts(&self, at: &StorePath, options: GetOptions) -> StoreResult<GetResult> {
        self.act(self.inner.get_opts(at, options)).await
    }

    fn delete_stream(
        &self,
        at: BoxStream<'static, StoreResult<StorePath>>,
    ) -> BoxStream<'static, StoreResult<StorePath>> {
        match self.fate() {
            Fate::Done => self.inner.delete_stream(at),
            _ => {
                let broken = self.broken();
                futures::stream::once(async { Err(broken) }).boxed()
            }
        }
    }

    fn list(&self, below: Option<&StorePath>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        match self.fate() {
            Fate::Done => self.inner.list(below),
            _ => {
                let broken = self.broken();
                futures::stream::once(async { Err(broken) }).boxed()
            }
        }
    }

    async fn list_with_delimiter(&self, below: Option<&StorePath>) -> StoreResult<ListResult> {
        self.act(self.inner.list_with_delimiter(below)).await
    }

    async fn copy_opts(
        &self,
        from: &StorePath,
        to: &StorePath,
        options: CopyOptions,
    ) -> StoreResult<()> {
        self.act(self.inner.copy_opts(from, to, options)).await
    }
}

fn breaking(
    folder: &Path,
    after: usize,
    is_done: bool,
    kind: std::io::ErrorKind,
) -> (Arc<Breaking>, LakePlace) {
    let left = AtomicUsize::new(after);
    let store = Arc::new(Breaking {
        inner: LocalFileSystem::new(),
        left,
        is_done,
        kind,
        broke_at_write: AtomicBool::new(false),
    });
    let url = Url::from_directory_path(folder).unwrap();
    (Arc::clone(&store), LakePlace::with_store(store, &url).unwrap())
}

const SECOND: [Given; 3] = [(2, 25, &[1, 1]), (3, 30, &[]), (4, 40, &[5])];
const BOTH: [Given; 4] = [FIRST[0], SECOND[0], FIRST[2], SECOND[2]];

fn second_import(engine: &Engine, place: LakePlace) -> Result<(), LakeError> {
    let import = Lake::open(engine, place)?.begin()?;
    write(&import, 0, "b.csv", &SECOND)?;
    import.commit(&"b.csv".into(), Instant(1)).map(|_| ())
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn a_writer_that_is_stopped_at_any_operation_leaves_a_commit_whole_and_can_be_repeated() {
    let start = tempfile::tempdir().unwrap();
    import(&lake(start.path()), "a.csv", &FIRST).unwrap();
    let engine = engine();
    let mut outcomes = BTreeMap::new();
    for is_done in [false, true] {
        for after in 1.. {
            let folder = tempfile::tempdir().unwrap();
            copy(start.path(), folder.path());
            let (store, broken) =
                breaking(folder.path(), after, is_done, std::io::ErrorKind::BrokenPipe);
            let result = second_import(&engine, broken);
            let is_through = store.left.load(Ordering::SeqCst) > 0;
            if is_done && !is_through && !store.broke_at_write.load(Ordering::SeqCst) {
                // A lost answer to a question is as good as none.
                continue;
            }
            // Whoever comes next sees the first import or both, never a part.
            let lake = Lake::open(&engine, place(folder.path())).unwrap();
            let number = lake.snapshot(AsOf::Latest).unwrap().number();
            let given = if number == 1 { &FIRST[..] } else { &BOTH[..] };
            assert_eq!(content(&lake, AsOf::Latest), expected(given), "stopped at {after}");
            assert!(result.is_err() || number == 2, "{after}: a commit is reported and not there");
            *outcomes.entry((result.is_ok(), number)).or_insert(0) += 1;
            second_import(&engine, place(folder.path())).unwrap();
            assert_eq!(lake.snapshot(AsOf::Latest).unwrap().number(), 2, "repeated after {after}");
            assert_eq!(content(&lake, AsOf::Latest), expected(&BOTH));
            if is_through {
                break;
            }
        }
    }
    // Some were stopped before the commit, some after it, and some of those did not hear that it stands.
    assert!(outcomes.contains_key(&(false, 1)), "{outcomes:?}");
    assert!(outcomes.contains_key(&(true, 2)), "{outcomes:?}");
}

#[test]
fn a_reader_of_a_commit_that_is_not_published_sees_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    import(&lake, "a.csv", &FIRST).unwrap();
    import(&lake, "b.csv", &SECOND).unwrap();
    // As if the writer had been killed right after the commit.
    let log = folder.path().join("orders/_delta_log/00000000000000000001.json");
    let published = std::fs::read(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    assert_eq!(content(&lake, AsOf::Latest), expected(&BOTH));
    assert!(!log.exists());
    Lake::open(&engine(), place(folder.path())).unwrap();
    assert_eq!(std::fs::read(&log).unwrap(), published);
    assert_eq!(content(&lake, AsOf::Latest), expected(&BOTH));
}

#[test]
fn a_full_disk_is_said_and_leaves_the_last_commit() {
    let folder = tempfile::tempdir().unwrap();
    import(&lake(folder.path()), "a.csv", &FIRST).unwrap();
    let mut said = 0;
    for after in 1..40 {
        let (_, full) = breaking(folder.path(), after, false, std::io::ErrorKind::StorageFull);
        let Err(error) = second_import(&engine(), full) else { break };
        if error.to_string().contains("cannot be written") {
            let hint = error.hint().unwrap();
            assert_eq!(hint, "free space and run the command again; the last commit is whole");
            said += 1;
        }
        let lake = Lake::open(&engine(), place(folder.path())).unwrap();
        if lake.snapshot(AsOf::Latest).unwrap().number() == 2 {
            break;
        }
        assert_eq!(content(&lake, AsOf::Latest), expected(&FIRST));
    }
    assert!(said > 0);
}

#[test]
fn a_file_in_the_way_is_said_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lake");
    std::fs::write(&file, "not a folder").unwrap();
    let error = Lake::create_or_open(&engine(), place(&file)).unwrap_err();
    assert!(error.to_string().contains("_clv/lake.json: cannot be"), "{error}");
}

#[test]
fn a_lake_that_may_only_be_read_is_read_even_where_its_last_commit_is_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let first = lake(folder.path());
    import(&first, "a.csv", &FIRST).unwrap();
    import(&first, "b.csv", &SECOND).unwrap();
    std::fs::remove_file(folder.path().join("orders/_delta_log/00000000000000000001.json"))
        .unwrap();
    let store = ReadOnly(LocalFileSystem::new());
    let url = Url::from_directory_path(folder.path()).unwrap();
    let place = LakePlace::with_store(Arc::new(store), &url).unwrap();
    let lake = Lake::open(&engine(), place).unwrap();
    assert_eq!(content(&lake, AsOf::Latest), expected(&BOTH));
    assert_eq!(content(&lake, AsOf::Commit(1)), expected(&FIRST));
    let error = lake.begin().unwrap_err();
    assert_eq!(
        error.hint().as_deref(),
        Some("check who may write here; reading needs no such right")
    );
}

/// A store that may only be read.
#[derive(Debug)]
struct ReadOnly(LocalFileSystem);

impl fmt::Display for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("read-only store")
    }
}

fn refused(path: &StorePath) -> Error {
    let source = Box::new(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
    Error::PermissionDenied { path: path.to_string(), source }
}

#[async_trait]
impl ObjectStore for ReadOnly {
    async fn put_opts(
        &self,
        at: &StorePath,
        _: PutPayload,
        _: PutOptions,
    ) -> StoreResult<PutResult> {
        Err(refused(at))
    }

    async fn put_multipart_opts(
        &self,
        at: &StorePath,
        _: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(refused(at))
    }

    async fn get_opts(&self, at: &StorePath, options: GetOptions) -> StoreResult<GetResult> {
        self.0.get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        at: BoxStream<'static, StoreResult<StorePath>>,
    ) -> BoxStream<'static, StoreResult<StorePath>> {
        at.map(|path| Err(refused(&path?))).boxed()
    }

    fn list(&self, below: Option<&StorePath>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.0.list(below)
    }

    async fn list_with_delimiter(&self, below: Option<&StorePath>) -> StoreResult<ListResult> {
        self.0.list_with_delimiter(below).await
    }

    async fn copy_opts(&self, _: &StorePath, to: &StorePath, _: CopyOptions) -> StoreResult<()> {
        Err(refused(to))
    }
}
