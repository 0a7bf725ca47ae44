//! Which files a path stands for, and what kind each is by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clv_importers::heading::nearest;

use crate::error::EngineError;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What is in a file once it is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Delimited,
    JsonLines,
    Parquet,
}

/// One file to read, with the stamp by which a change is noticed.
#[derive(Debug, Clone)]
pub(crate) struct InputFile {
    pub(crate) path: PathBuf,
    /// The path as the user gave it.
    pub(crate) shown: String,
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    pub(crate) compression: Compression,
}

impl InputFile {
    fn at(path: PathBuf) -> Result<InputFile, EngineError> {
        let shown = path.display().to_string();
        let unreadable = |source| EngineError::Unreadable { path: shown.clone(), source };
        let mut file = File::open(&path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.len() == 0 {
            return Err(EngineError::EmptyFile { path: shown });
        }
        let mut magic = [0_u8; 16];
        let n = read_up_to(&mut file, &mut magic).map_err(unreadable)?;
        let compression = match &magic[..n] {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => Compression::None,
        };
        refuse_known(&magic[..n], &shown)?;
        Ok(InputFile {
            path,
            shown,
            size: metadata.len(),
            modified: metadata.modified().ok(),
            compression,
        })
    }

    /// What the file holds, by the first bytes once they are unpacked.
    pub(crate) fn content(&self, head: &[u8]) -> Result<Content, EngineError> {
        if head.starts_with(b"PAR1") {
            if self.compression != Compression::None {
                return Err(EngineError::Unsupported {
                    path: self.shown.clone(),
                    what: "a compressed Parquet file",
                    hint: "unpack it first: Parquet files are compressed within",
                });
            }
            return Ok(Content::Parquet);
        }
        refuse_known(head, &self.shown)?;
        let is_utf16 = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
        let text: Vec<u8> = head
            .iter()
            .copied()
            .filter(|b| {
                !(b.is_ascii_whitespace()
                    || matches!(b, 0xef | 0xbb | 0xbf)
                    || (is_utf16 && *b == 0))
            })
            .take(3)
            .collect();
        match text.as_slice() {
            [b'{', b'"' | b'}', ..] => Ok(Content::JsonLines),
            [b'[', b'{', ..] => Err(EngineError::Unsupported {
                path: self.shown.clone(),
                what: "a JSON array",
                hint: "write one object per line (ndjson), e.g. with jq -c '.[]'",
            }),
            _ => Ok(Content::Delimited),
        }
    }

    /// # Errors
    /// [`EngineError::Changed`] when size or time are no longer those of the first look.
    pub(crate) fn check_unchanged(&self) -> Result<(), EngineError> {
        let changed = || EngineError::Changed { path: self.shown.clone() };
        let metadata = std::fs::metadata(&self.path).map_err(|_| changed())?;
        let is_same = metadata.len() == self.size && metadata.modified().ok() == self.modified;
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
            ("a zip archive", "unpack it first; a spreadsheet is to be saved as csv")
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

/// All files that the paths stand for: files themselves, folders' readable files and globs' matches, each sorted by name.
///
/// # Errors
/// When a path does not exist or stands for no readable file.
pub(crate) fn find(paths: &[String]) -> Result<Vec<InputFile>, EngineError> {
    if paths.is_empty() {
        return Err(EngineError::NoPath);
    }
    let mut found = Vec::new();
    for given in paths {
        let path = Path::new(given);
        if path.is_dir() {
            found.extend(in_folder(path, given)?);
        } else if path.exists() {
            found.push(path.to_owned());
        } else if given.contains(['*', '?', '[']) {
            found.extend(matching(given)?);
        } else {
            return Err(EngineError::NotFound { path: given.clone(), nearest: nearest_name(path) });
        }
    }
    found.into_iter().map(InputFile::at).collect()
}

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
    [".csv", ".tsv", ".tab", ".txt", ".ndjson", ".jsonl", ".json", ".parquet", ".pq"]
        .iter()
        .any(|e| bare.ends_with(e))
}

fn in_folder(folder: &Path, given: &str) -> Result<Vec<PathBuf>, EngineError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|source| EngineError::Unreadable { path: given.to_owned(), source })?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && is_readable_name(path))
        .collect();
    if files.is_empty() {
        return Err(EngineError::NoFiles { path: given.to_owned() });
    }
    files.sort();
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
