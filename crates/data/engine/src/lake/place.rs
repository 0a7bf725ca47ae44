//! Where a lake is: a folder or a prefix of an object store, and the few things that are done there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path as FilePath, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use url::Url;
use uuid::Uuid;

use super::error::LakeError;

/// What the names of files begin with until they are whole.
const NEW: &str = ".clv-new-";

/// The name of a data file that no other has: by it the lake knows its own.
pub(crate) fn data_file_name(number: u64) -> String {
    format!("import-{number:010}-{}.parquet", Uuid::new_v4())
}

/// Whether a name is one of [`data_file_name`].
pub(crate) fn is_data_file(name: &str) -> bool {
    let parts = name.strip_prefix("import-").and_then(|rest| rest.strip_suffix(".parquet"));
    parts
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(number, id)| number.parse::<u64>().is_ok() && Uuid::parse_str(id).is_ok())
}

/// The address of a lake and the way to it.
#[derive(Debug, Clone)]
pub struct LakePlace {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) root: Path,
    pub(crate) url: Url,
    pub(crate) shown: String,
    /// The folder, where it is one of this machine: what is committed there is to outlast a power cut too.
    folder: Option<PathBuf>,
}

impl LakePlace {
    /// A folder's path, `file://` or `s3://bucket/prefix`. Options are those of S3 by their usual names (`endpoint`,
    /// `region`, `allow_http`, `access_key_id`, `secret_access_key`, `session_token`, `virtual_hosted_style_request`);
    /// a folder needs none. Nothing is read from the environment.
    ///
    /// ```
    /// use clv_engine::lake::LakePlace;
    /// use std::collections::BTreeMap;
    /// let options = BTreeMap::from([("region".to_owned(), "eu-central-1".to_owned())]);
    /// assert_eq!(LakePlace::new("s3://shop/lake", &options)?.location(), "s3://shop/lake");
    /// assert!(LakePlace::new("ftp://shop/lake", &options).is_err());
    /// # Ok::<(), clv_engine::lake::LakeError>(())
    /// ```
    ///
    /// # Errors
    /// When the address is of another kind or an option is unknown.
    pub fn new(location: &str, options: &BTreeMap<String, String>) -> Result<LakePlace, LakeError> {
        let bad = |why: String| LakeError::BadLocation { location: location.to_owned(), why };
        let url = match location.split_once("://") {
            Some(_) => Url::parse(location).map_err(|error| bad(error.to_string()))?,
            None => {
                let path = std::path::absolute(FilePath::new(location))
                    .map_err(|error| bad(error.to_string()))?;
                Url::from_directory_path(path).map_err(|()| bad("no path".to_owned()))?
            }
        };
        let store: Arc<dyn ObjectStore> = match url.scheme() {
            "file" => Arc::new(LocalFileSystem::new()),
            "s3" => {
                let mut builder = AmazonS3Builder::new().with_url(location);
                for (name, value) in options {
                    let key = AmazonS3ConfigKey::from_str(name)
                        .map_err(|_| bad(format!("there is no option {name}")))?;
                    builder = builder.with_config(key, value);
                }
                Arc::new(builder.build().map_err(|error| bad(error.to_string()))?)
            }
            other => return Err(bad(format!("{other}:// is not understood"))),
        };
        let mut place = LakePlace::with_store(store, &url)?;
        place.folder = url.to_file_path().ok().filter(|_| url.scheme() == "file");
        place.shown = location.trim_end_matches('/').to_owned();
        Ok(place)
    }

    /// A place in a store that the caller has made; its root is that of the address, as `/` or the bucket.
    ///
    /// # Errors
    /// When the address has a path that no store understands.
    pub fn with_store(store: Arc<dyn ObjectStore>, url: &Url) -> Result<LakePlace, LakeError> {
        let root = Path::from_url_path(url.path()).map_err(|error| LakeError::BadLocation {
            location: url.to_string(),
            why: error.to_string(),
        })?;
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let shown = url.as_str().trim_end_matches('/').to_owned();
        Ok(LakePlace { store, root, url, shown, folder: None })
    }

    /// The address as it was given.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.shown
    }

    /// A path below the lake's root, of parts joined by `/`.
    pub(crate) fn path(&self, below: &str) -> Path {
        below
            .split('/')
            .filter(|part| !part.is_empty())
            .fold(self.root.clone(), |path, part| path.join(part))
    }

    /// How a path is called in messages.
    pub(crate) fn shown(&self, below: &str) -> String {
        format!("{}/{below}", self.shown)
    }

    /// Writes what is not there yet, whole or not at all; `false` when it is there already.
    pub(crate) async fn put_new(&self, below: &str, bytes: Vec<u8>) -> Result<bool, LakeError> {
        if let Some(folder) = &self.folder {
            return link_new(&folder.join(below), &bytes)
                .map_err(|error| LakeError::storage(self.shown(below), "written", &error));
        }
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&self.path(below), PutPayload::from(bytes), options).await {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(false),
            Err(error) => Err(LakeError::storage(self.shown(below), "written", &error)),
        }
    }

    /// Makes sure that these files are there, and on the disk where that is this machine's.
    pub(crate) async fn settle(&self, below: &[String]) -> Result<(), LakeError> {
        for below in below {
            let Some(folder) = &self.folder else {
                let meta = self.store.head(&self.path(below)).await;
                meta.map_err(|error| LakeError::storage(self.shown(below), "found", &error))?;
                continue;
            };
            let path = folder.join(below);
            File::open(&path)
                .and_then(|file| file.sync_all())
                .and_then(|()| sync_folder_of(&path))
                .map_err(|error| LakeError::storage(self.shown(below), "written", &error))?;
        }
        Ok(())
    }

    /// The content; `None` when there is nothing.
    pub(crate) async fn get(&self, below: &str) -> Result<Option<Vec<u8>>, LakeError> {
        let failed = |error: StoreError| LakeError::storage(self.shown(below), "read", &error);
        match self.store.get(&self.path(below)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(failed)?.to_vec())),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    pub(crate) async fn exists(&self, below: &str) -> Result<bool, LakeError> {
        match self.store.head(&self.path(below)).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(LakeError::storage(self.shown(below), "read", &error)),
        }
    }

    /// The files directly in a folder, with their names, in the order of names.
    pub(crate) async fn list(&self, below: &str) -> Result<Vec<(String, ObjectMeta)>, LakeError> {
        let failed = |error: StoreError| LakeError::storage(self.shown(below), "listed", &error);
        let found = match self.store.list_with_delimiter(Some(&self.path(below))).await {
            Ok(found) => found.objects,
            Err(StoreError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let mut named: Vec<(String, ObjectMeta)> = found
            .into_iter()
            .filter_map(|meta| Some((meta.location.filename()?.to_owned(), meta)))
            .collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(named)
    }

    /// The folders of tables.
    pub(crate) async fn folders(&self) -> Result<Vec<String>, LakeError> {
        let found = self.store.list_with_delimiter(Some(&self.root)).await;
        let found = found.map_err(|error| LakeError::storage(&self.shown, "listed", &error))?;
        let names = found.common_prefixes.iter().filter_map(|path| path.filename());
        Ok(names.filter(|name| !name.starts_with('_')).map(str::to_owned).collect())
    }

    /// Deletes files of a folder that a killed writer left half-written: only a local store shows them, and only to the system.
    pub(crate) fn delete_half_written(
        &self,
        below: &str,
        before: SystemTime,
    ) -> Result<(), LakeError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let failed =
            |error: std::io::Error| LakeError::storage(self.shown(below), "cleaned up", &error);
        let entries = match std::fs::read_dir(folder.join(below)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_half = name.starts_with(NEW)
                || name.split_once('#').is_some_and(|(file, _)| is_data_file(file));
            if is_half && entry.metadata().and_then(|m| m.modified()).map_err(failed)? < before {
                std::fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Whether an answer that did not come leaves open what happened.
    pub(crate) fn is_remote(&self) -> bool {
        self.url.scheme() != "file"
    }

    /// Deletes files; those that are gone already are no matter.
    pub(crate) async fn delete(&self, below: Vec<String>) -> Result<u64, LakeError> {
        let shown = self.shown.clone();
        let paths: Vec<_> = below.iter().map(|below| Ok(self.path(below))).collect();
        let deleted = self.store.delete_stream(futures::stream::iter(paths).boxed());
        let deleted = deleted.filter_map(|result| async {
            match result {
                Err(StoreError::NotFound { .. }) => None,
                other => Some(other),
            }
        });
        deleted
            .try_fold(0, |n, _| async move { Ok(n + 1) })
            .await
            .map_err(|error| LakeError::storage(shown, "cleaned up", &error))
    }
}

/// Makes a file that is on the disk with all its content before it has its name; `false` when the name is taken.
fn link_new(path: &FilePath, bytes: &[u8]) -> std::io::Result<bool> {
    let folder = path.parent().expect("a file of the lake is below its root");
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(NEW);
    #[cfg(unix)]
    {
        // As any other file is: the system takes away what it is told to.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    // It goes by itself where the name is taken.
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error.error),
    }
    sync_folder_of(path)?;
    Ok(true)
}

/// A name is on the disk when its folder is; Windows keeps no such order.
fn sync_folder_of(path: &FilePath) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
