//! Zip archives: what is in one, and one file of it as a stream of bytes.
//!
//! The list of an archive stands at its end and names where each file begins; from there a file is unpacked on its own, so that nothing is
//! ever written to the disk and several readers share one archive.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::CompressionMethod;
use zip::read::ZipArchive;

use crate::error::EngineError;

/// Bytes that the files of one archive may claim to unpack to.
pub(crate) const MAX_UNPACKED: u64 = 100_000_000_000;
/// From how many bytes on a file may claim only so many times its packed size.
pub(crate) const SMALL_UNPACKED: u64 = 1_000_000_000;
/// Tables of orders pack to a tenth or a thirtieth; deflate itself ends at 1032.
pub(crate) const MAX_RATIO: u64 = 200;

/// One file within an archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed {
    /// Where its bytes begin in the archive.
    start: u64,
    /// Bytes in the archive.
    pub(crate) n_packed: u64,
    /// Bytes unpacked.
    n_unpacked: u64,
    crc32: u32,
    is_deflated: bool,
}

/// A file that an archive lists.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The path within the archive.
    pub(crate) name: String,
    /// Where it is, or why it is not read.
    pub(crate) packed: Result<Packed, EngineError>,
}

/// The files of an archive, sorted by name; folders and what systems add for themselves are left out.
///
/// # Errors
/// [`EngineError::Damaged`] when the list cannot be read, [`EngineError::Unsupported`] for a workbook, [`EngineError::UnpacksTooLarge`]
/// when all together claim to be larger than anything that is unpacked.
pub(crate) fn list(path: &Path, shown: &str) -> Result<Vec<Listed>, EngineError> {
    let damaged = |detail: String| EngineError::Damaged { path: shown.to_owned(), detail };
    let file = File::open(path)
        .map_err(|source| EngineError::Unreadable { path: shown.to_owned(), source })?;
    let mut archive =
        ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(error.to_string()))?;
    let workbook = [
        ("xl/workbook.xml", "an Excel workbook"),
        ("xl/workbook.bin", "an Excel workbook"),
        ("content.xml", "an OpenDocument file"),
    ];
    for (name, what) in workbook {
        if archive.index_for_name(name).is_some() {
            return Err(EngineError::Unsupported {
                path: shown.to_owned(),
                what,
                hint: "open it in the spreadsheet program and save the sheet as csv",
            });
        }
    }
    let mut listed = Vec::new();
    let (mut n_packed, mut n_unpacked) = (0_u64, 0_u64);
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(|error| damaged(error.to_string()))?;
        let name = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
        let is_hidden = name.split('/').any(|part| part.starts_with(['.', '_']));
        if !entry.is_file() || is_hidden {
            continue;
        }
        let own = format!("{shown}/{name}");
        let packed = packed(&entry, &own);
        n_packed = n_packed.saturating_add(entry.compressed_size());
        n_unpacked = n_unpacked.saturating_add(entry.size());
        listed.push(Listed { name, packed });
    }
    if n_unpacked > MAX_UNPACKED {
        return Err(EngineError::UnpacksTooLarge { path: shown.to_owned(), n_packed, n_unpacked });
    }
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

fn packed<R: Read>(entry: &zip::read::ZipFile<'_, R>, shown: &str) -> Result<Packed, EngineError> {
    let refuse = |what, hint| Err(EngineError::Unsupported { path: shown.to_owned(), what, hint });
    if entry.encrypted() {
        return refuse("an encrypted file", "unpack the archive with its password first");
    }
    let is_deflated = match entry.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        _ => {
            let hint = "unpack the archive first, or pack it again with deflate, the usual method";
            return refuse("a file packed by another method than deflate", hint);
        }
    };
    let (n_packed, n_unpacked) = (entry.compressed_size(), entry.size());
    if n_unpacked > SMALL_UNPACKED && n_unpacked / MAX_RATIO > n_packed {
        return Err(EngineError::UnpacksTooLarge { path: shown.to_owned(), n_packed, n_unpacked });
    }
    let start = entry.data_start().ok_or_else(|| EngineError::Damaged {
        path: shown.to_owned(),
        detail: "the archive does not say where the file begins".into(),
    })?;
    Ok(Packed { start, n_packed, n_unpacked, crc32: entry.crc32(), is_deflated })
}

impl Packed {
    /// Where to put the archive's reader before [`Packed::unpack`].
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The file's bytes, from a reader of the archive that stands where they begin.
    pub(crate) fn unpack(self, archive: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let packed = archive.take(self.n_packed);
        let inner: Box<dyn Read + Send> = if self.is_deflated {
            Box::new(flate2::read::DeflateDecoder::new(packed))
        } else {
            Box::new(packed)
        };
        Box::new(Checked {
            inner,
            n_left: self.n_unpacked,
            sum: flate2::Crc::new(),
            crc32: self.crc32,
        })
    }
}

/// Bytes that must be as many as were declared, with the declared sum.
struct Checked {
    inner: Box<dyn Read + Send>,
    n_left: u64,
    sum: flate2::Crc,
    crc32: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let unlike = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what.to_owned()));
        let n = self.inner.read(buffer)?;
        if n as u64 > self.n_left {
            return unlike("it unpacks to more bytes than the archive says");
        }
        self.n_left -= n as u64;
        self.sum.update(&buffer[..n]);
        if n == 0 && !buffer.is_empty() {
            if self.n_left > 0 {
                return unlike("it unpacks to fewer bytes than the archive says");
            }
            if self.sum.sum() != self.crc32 {
                return unlike("its checksum is not the one in the archive");
            }
        }
        Ok(n)
    }
}
