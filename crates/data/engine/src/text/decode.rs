//! Bytes on the disk as UTF-8 text: unpacks zip, gzip and zstd, and decides the encoding once per file.
//!
//! A byte-order mark decides; without one, zero bytes at every other place mean UTF-16; otherwise the first byte that is not ASCII
//! decides between UTF-8 and Windows-1252.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::EngineError;
use crate::files::{Compression, InputFile, read_up_to};
use crate::progress::ProgressCounter;
use crate::text::json_shape::SeveralArrays;

/// Opens a file and unpacks it, as bytes.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn unpack(
    file: &InputFile,
    progress: Arc<ProgressCounter>,
) -> Result<Box<dyn Read + Send>, EngineError> {
    let unreadable = |source| EngineError::Unreadable { path: file.shown.clone(), source };
    let mut inner = File::open(&file.path).map_err(unreadable)?;
    if let Some(packed) = file.packed {
        inner.seek(SeekFrom::Start(packed.start())).map_err(unreadable)?;
    }
    let raw = Counted { inner, progress };
    let raw: Box<dyn Read + Send> = match file.packed {
        Some(packed) => packed.unpack(raw),
        None => Box::new(raw),
    };
    Ok(match file.compression {
        Compression::None => raw,
        Compression::Gzip => {
            Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, raw)))
        }
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(raw).map_err(unreadable)?),
    })
}

/// What a failure while reading means: packed files that break off are damaged.
pub(crate) fn read_error(file: &InputFile, error: io::Error) -> EngineError {
    if let Some(several) = error.get_ref().and_then(|inner| inner.downcast_ref::<SeveralArrays>()) {
        return several.of(&file.shown);
    }
    let is_damage = file.packed.is_some()
        || file.compression != Compression::None
        || matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof);
    if is_damage {
        EngineError::Damaged { path: file.shown.clone(), detail: error.to_string() }
    } else {
        EngineError::Unreadable { path: file.shown.clone(), source: error }
    }
}

struct Counted {
    inner: File,
    progress: Arc<ProgressCounter>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.progress.add(n as u64);
        Ok(n)
    }
}

enum State {
    /// Only ASCII so far.
    Undecided,
    Utf8,
    Other(Box<Decoder>),
}

/// Valid UTF-8, chunk by chunk, without a byte-order mark.
pub(crate) struct Utf8Reader {
    inner: Box<dyn Read + Send>,
    state: State,
    raw: Vec<u8>,
    n_raw: usize,
    n_before: u64,
    is_started: bool,
    is_finished: bool,
}

impl std::fmt::Debug for Utf8Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf8Reader").field("n_before", &self.n_before).finish_non_exhaustive()
    }
}

const CHUNK: usize = 1 << 17;

impl Utf8Reader {
    pub(crate) fn new(inner: Box<dyn Read + Send>) -> Utf8Reader {
        Utf8Reader {
            inner,
            state: State::Undecided,
            raw: vec![0; CHUNK],
            n_raw: 0,
            n_before: 0,
            is_started: false,
            is_finished: false,
        }
    }

    /// Appends the next chunk of text; false at the end.
    ///
    /// # Errors
    /// When reading fails, or when a file that began as UTF-8 stops being it.
    pub(crate) fn append_to(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        while !self.is_finished {
            let before = text.len();
            let n = read_up_to(&mut self.inner, &mut self.raw[self.n_raw..])?;
            let is_last = n < self.raw.len() - self.n_raw;
            self.n_raw += n;
            self.is_finished = is_last;
            if !self.is_started {
                self.is_started = true;
                self.start();
            }
            self.convert(text, is_last)?;
            if text.len() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn start(&mut self) {
        let head = &self.raw[..self.n_raw];
        let zeros =
            |from: usize| head.iter().skip(from).step_by(2).take(512).filter(|b| **b == 0).count();
        let looked_at = (head.len() / 2).clamp(1, 512);
        let (skip, state) = match head {
            [0xef, 0xbb, 0xbf, ..] => (3, State::Utf8),
            [0xff, 0xfe, ..] => {
                (2, State::Other(Box::new(UTF_16LE.new_decoder_without_bom_handling())))
            }
            [0xfe, 0xff, ..] => {
                (2, State::Other(Box::new(UTF_16BE.new_decoder_without_bom_handling())))
            }
            _ if zeros(1) * 10 > looked_at * 8 => {
                (0, State::Other(Box::new(UTF_16LE.new_decoder_without_bom_handling())))
            }
            _ if zeros(0) * 10 > looked_at * 8 => {
                (0, State::Other(Box::new(UTF_16BE.new_decoder_without_bom_handling())))
            }
            _ => (0, State::Undecided),
        };
        self.state = state;
        self.raw.copy_within(skip..self.n_raw, 0);
        self.n_raw -= skip;
    }

    fn convert(&mut self, text: &mut Vec<u8>, is_last: bool) -> io::Result<()> {
        if matches!(self.state, State::Undecided) {
            let chunk = &self.raw[..self.n_raw];
            match std::str::from_utf8(chunk) {
                Ok(text) => {
                    if !text.is_ascii() {
                        self.state = State::Utf8;
                    }
                }
                // What is wrong first decides, unless characters before it already did.
                Err(error) => {
                    let seen_utf8 = !chunk[..error.valid_up_to()].is_ascii();
                    let is_cut_off = error.error_len().is_none() && !is_last;
                    if seen_utf8 || is_cut_off {
                        self.state = State::Utf8;
                    } else {
                        self.state =
                            State::Other(Box::new(WINDOWS_1252.new_decoder_without_bom_handling()));
                    }
                }
            }
        }
        let chunk = &self.raw[..self.n_raw];
        let used = match &mut self.state {
            State::Undecided => {
                text.extend_from_slice(chunk);
                chunk.len()
            }
            State::Utf8 => {
                let valid = match std::str::from_utf8(chunk) {
                    Ok(_) => chunk.len(),
                    Err(error) if error.error_len().is_none() && !is_last => error.valid_up_to(),
                    Err(error) => {
                        let at = self.n_before + error.valid_up_to() as u64;
                        let message = format!("begins as UTF-8, but byte {at} is not");
                        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                    }
                };
                text.extend_from_slice(&chunk[..valid]);
                valid
            }
            State::Other(decoder) => {
                let room =
                    decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(chunk.len() * 3 + 16);
                let start = text.len();
                text.resize(start + room, 0);
                let (_, read, written, _) =
                    decoder.decode_to_utf8(chunk, &mut text[start..], is_last);
                text.truncate(start + written);
                read
            }
        };
        self.raw.copy_within(used..self.n_raw, 0);
        self.n_raw -= used;
        self.n_before += used as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut reader = Utf8Reader::new(Box::new(io::Cursor::new(bytes)));
        let mut text = Vec::new();
        while reader.append_to(&mut text)? {}
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "name;preis\nMüller;5 €\n".repeat(20_000);
        let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let windows = WINDOWS_1252.encode(&text).0.into_owned();
        let with = |mark: &[u8], bytes: Vec<u8>| [mark.to_vec(), bytes].concat();
        for bytes in [
            text.clone().into_bytes(),
            with(&[0xef, 0xbb, 0xbf], text.clone().into_bytes()),
            with(&[0xff, 0xfe], utf16(u16::to_le_bytes)),
            with(&[0xfe, 0xff], utf16(u16::to_be_bytes)),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
            windows,
        ] {
            assert_eq!(read(bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_file_that_stops_being_utf8_is_an_error() {
        let mut bytes = "é".repeat(10).into_bytes();
        bytes.push(0xff);
        bytes.extend(b"abc");
        assert!(read(bytes).unwrap_err().to_string().contains("byte 20"));
    }
}
