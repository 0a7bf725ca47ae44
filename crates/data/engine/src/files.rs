//! Which files a path stands for, and what kind each is by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clv_importers::heading::nearest;

use crate::archive::{self, Packed};
use crate::error::EngineError;
use crate::progress::ProgressCounter;
use crate::text::decode::{read_error, unpack};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// One file to read, with the stamp by which a change is noticed.
#[derive(Debug, Clone)]
pub(crate) struct InputFile {
    /// The file on the disk: for a file within an archive, the archive.
    pub(crate) path: PathBuf,
    /// The path as the user gave it; a file within an archive is shown as `archive.zip/orders.csv`.
    pub(crate) shown: String,
    /// Bytes that it takes on the disk.
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    pub(crate) compression: Compression,
    /// Where in an archive it is.
    pub(crate) packed: Option<Packed>,
    /// Bytes of the file on the disk.
    on_disk: u64,
}

impl InputFile {
    fn at(path: PathBuf, shown: String, packed: Option<Packed>) -> Result<InputFile, EngineError> {
        let metadata = std::fs::metadata(&path)
            .map_err(|source| EngineError::Unreadable { path: shown.clone(), source })?;
        let mut file = InputFile {
            path,
            shown,
            size: packed.map_or(metadata.len(), |packed| packed.n_packed),
            modified: metadata.modified().ok(),
            compression: Compression::None,
            packed,
            on_disk: metadata.len(),
        };
        let mut magic = [0_u8; 16];
        let mut bytes = unpack(&file, ProgressCounter::silent())?;
        let n = read_up_to(&mut bytes, &mut magic).map_err(|error| read_error(&file, error))?;
        if n == 0 {
            return Err(EngineError::EmptyFile { path: file.shown });
        }
        file.compression = match &magic[..n] {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => Compression::None,
        };
        refuse_known(&magic[..n], &file.shown)?;
        Ok(file)
    }

    /// Whether the file is Parquet and not text, by its first bytes once they are unpacked.
    ///
    /// # Errors
    /// When it is of a kind that is not read.
    pub(crate) fn is_parquet(&self, head: &[u8]) -> Result<bool, EngineError> {
        if head.starts_with(b"PAR1") {
            if self.compression != Compression::None {
                return Err(EngineError::Unsupported {
                    path: self.shown.clone(),
                    what: "a compressed Parquet file",
                    hint: "unpack it first: Parquet files are compressed within",
                });
            }
            if self.packed.is_some() {
                return Err(EngineError::Unsupported {
                    path: self.shown.clone(),
                    what: "a Parquet file within an archive",
                    hint: "unpack it first: Parquet files are read in pieces from the disk",
                });
            }
            return Ok(true);
        }
        refuse_known(head, &self.shown)?;
        Ok(false)
    }

    /// # Errors
    /// [`EngineError::Changed`] when size or time are no longer those of the first look.
    pub(crate) fn check_unchanged(&self) -> Result<(), EngineError> {
        let changed = || EngineError::Changed { path: self.shown.clone() };
        let metadata = std::fs::metadata(&self.path).map_err(|_| changed())?;
        let is_same = metadata.len() == self.on_disk && metadata.modified().ok() == self.modified;
        if is_same { Ok(()) } else { Err(changed()) }
    }
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match reader.read(&mut buffer[n..])? {
            0 => break,
            more => n += more,
        }
    }
    Ok(n)
}

/// Formats that people do pass and that are not read.
fn refuse_known(head: &[u8], shown: &str) -> Result<(), EngineError> {
    let (what, hint) = match head {
        [b'P', b'K', 3 | 5, ..] if shown.to_lowercase().ends_with(".xlsx") => {
            ("an Excel workbook", "open it in the spreadsheet program and save the sheet as csv")
        }
        [b'P', b'K', 3 | 5, ..] => {
            ("an archive within a packed file", "unpack the outer one and read the archive itself")
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => (
            "an old Excel workbook",
            "open it in the spreadsheet program and save the sheet as csv",
        ),
        [b'%', b'P', b'D', b'F', ..] => ("a PDF document", "export the orders as csv"),
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => {
            ("an SQLite database", "export the orders as csv")
        }
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => ("an Arrow file", "write it as parquet"),
        [b'7', b'z', 0xbc, 0xaf, ..] => ("a 7z archive", "unpack it first"),
        [b'B', b'Z', b'h', ..] => ("a bzip2 file", "unpack it first, or pack it with gzip"),
        [0xfd, b'7', b'z', b'X', ..] => ("an xz file", "unpack it first, or pack it with gzip"),
        _ => return Ok(()),
    };
    Err(EngineError::Unsupported { path: shown.to_owned(), what, hint })
}

/// A file that a path stands for.
#[derive(Debug)]
pub(crate) struct Found {
    /// The path as the user gave it, or as it follows from that.
    pub(crate) shown: String,
    /// Whether the user named this very file, and not a folder, glob or archive that holds it.
    pub(crate) is_named: bool,
    /// The file, or why it cannot be read.
    pub(crate) file: Result<InputFile, EngineError>,
}

/// What paths stand for.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Files to read, in order.
    pub(crate) files: Vec<Found>,
    /// What else lies in the folders and archives, with the reason why it is not looked into.
    pub(crate) passed_over: Vec<(String, String)>,
}

/// All files that the paths stand for: files themselves, folders' and archives' readable files and globs' matches, each sorted by name.
///
/// # Errors
/// When a path does not exist or stands for no readable file, or at the first file that cannot be opened.
pub(crate) fn find(paths: &[String]) -> Result<Vec<InputFile>, EngineError> {
    find_all(paths)?.files.into_iter().map(|found| found.file).collect()
}

/// Like [`find`], with each file's own failure beside it and with what was passed over.
///
/// # Errors
/// When a path does not exist or stands for no readable file.
pub(crate) fn find_all(paths: &[String]) -> Result<Findings, EngineError> {
    if paths.is_empty() {
        return Err(EngineError::NoPath);
    }
    let mut findings = Findings::default();
    for given in paths {
        let path = Path::new(given);
        if path.is_dir() {
            for path in in_folder(path, given, &mut findings.passed_over)? {
                findings.add(path, false);
            }
        } else if path.exists() {
            findings.add(path.to_owned(), true);
        } else if let Some((archive, name)) = within_archive(given) {
            findings.add_packed(archive, name, given)?;
        } else if given.contains(['*', '?', '[']) {
            for path in matching(given)? {
                findings.add(path, false);
            }
        } else {
            return Err(EngineError::NotFound { path: given.clone(), nearest: nearest_name(path) });
        }
    }
    Ok(findings)
}

impl Findings {
    /// A file on the disk, or all readable files of an archive.
    fn add(&mut self, path: PathBuf, is_named: bool) {
        let shown = path.display().to_string();
        if !is_archive(&path) {
            let file = InputFile::at(path, shown.clone(), None);
            return self.files.push(Found { shown, is_named, file });
        }
        let listed = match archive::list(&path, &shown) {
            Ok(listed) => listed,
            Err(error) => {
                return self.files.push(Found { shown, is_named, file: Err(error) });
            }
        };
        let n_before = self.files.len();
        for entry in listed {
            let own = format!("{shown}/{}", entry.name);
            if entry.name.to_lowercase().ends_with(".zip") {
                let file = Err(EngineError::Unsupported {
                    path: own.clone(),
                    what: "an archive within an archive",
                    hint: "unpack the outer archive and name the inner one",
                });
                self.files.push(Found { shown: own, is_named: false, file });
            } else if is_readable_name(Path::new(&entry.name)) {
                let file = entry
                    .packed
                    .and_then(|packed| InputFile::at(path.clone(), own.clone(), Some(packed)));
                self.files.push(Found { shown: own, is_named: false, file });
            } else {
                self.passed_over.push((own, unreadable_name()));
            }
        }
        if self.files.len() == n_before {
            let file = Err(EngineError::NoFiles { path: shown.clone() });
            self.files.push(Found { shown, is_named, file });
        }
    }

    /// One file of an archive, which the user named.
    fn add_packed(&mut self, path: PathBuf, name: &str, given: &str) -> Result<(), EngineError> {
        let shown = path.display().to_string();
        let listed = archive::list(&path, &shown)?;
        let names: Vec<String> = listed.iter().map(|entry| entry.name.clone()).collect();
        let Some(entry) = listed.into_iter().find(|entry| entry.name == name) else {
            let nearest = nearest(name, names.iter().map(String::as_str));
            let nearest = nearest.map(|name| format!("{shown}/{name}"));
            return Err(EngineError::NotFound { path: given.to_owned(), nearest });
        };
        let file =
            entry.packed.and_then(|packed| InputFile::at(path, given.to_owned(), Some(packed)));
        self.files.push(Found { shown: given.to_owned(), is_named: true, file });
        Ok(())
    }
}

/// Whether a file is a zip archive: by its first bytes, except for a workbook, which says so by its name.
fn is_archive(path: &Path) -> bool {
    let mut magic = [0_u8; 4];
    let n = File::open(path).and_then(|mut file| read_up_to(&mut file, &mut magic)).unwrap_or(0);
    let is_workbook = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx"));
    matches!(&magic[..n], [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6]) && !is_workbook
}

/// The archive and the name within it that a path like `archive.zip/orders.csv` stands for.
fn within_archive(given: &str) -> Option<(PathBuf, &str)> {
    given.match_indices('/').find_map(|(at, _)| {
        let path = Path::new(&given[..at]);
        (path.is_file() && is_archive(path)).then(|| (path.to_owned(), &given[at + 1..]))
    })
}

fn unreadable_name() -> String {
    format!("its name does not end like that of a file that is read: {}", ENDINGS.join(" "))
}

/// How the names of readable files end, apart from the packing.
const ENDINGS: [&str; 10] =
    [".csv", ".tsv", ".tab", ".txt", ".ndjson", ".jsonl", ".json", ".parquet", ".pq", ".zip"];

fn is_readable_name(path: &Path) -> bool {
    let name =
        path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if name.starts_with(['.', '_']) {
        return false;
    }
    let bare = [".gz", ".zst", ".zstd"]
        .iter()
        .find_map(|packed| name.strip_suffix(packed))
        .unwrap_or(&name);
    ENDINGS.iter().any(|e| bare.ends_with(e))
}

fn in_folder(
    folder: &Path,
    given: &str,
    passed_over: &mut Vec<(String, String)>,
) -> Result<Vec<PathBuf>, EngineError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|source| EngineError::Unreadable { path: given.to_owned(), source })?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let is_hidden =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if is_hidden {
            continue;
        }
        let shown = path.display().to_string();
        if path.is_dir() {
            let reason = "a folder within a folder is not entered: name it to read it";
            passed_over.push((shown, reason.into()));
        } else if is_readable_name(&path) {
            files.push(path);
        } else {
            passed_over.push((shown, unreadable_name()));
        }
    }
    if files.is_empty() {
        return Err(EngineError::NoFiles { path: given.to_owned() });
    }
    Ok(files)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, EngineError> {
    let matches = glob::glob(pattern).map_err(|error| EngineError::BadPattern {
        pattern: pattern.to_owned(),
        detail: error.to_string(),
    })?;
    let mut files: Vec<PathBuf> =
        matches.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    files.retain(|path| {
        !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
    });
    if files.is_empty() {
        return Err(EngineError::NoFiles { path: pattern.to_owned() });
    }
    files.sort();
    Ok(files)
}

/// The name in the same folder that comes nearest to a path that does not exist.
fn nearest_name(path: &Path) -> Option<String> {
    let folder =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let name = nearest(&path.file_name()?.to_string_lossy(), names.iter().map(String::as_str))?;
    Some(if folder == Path::new(".") { name } else { folder.join(name).display().to_string() })
}
