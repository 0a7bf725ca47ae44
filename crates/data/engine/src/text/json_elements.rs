//! The elements of a JSON file, each as its text: cut apart by a scanner that knows strings and brackets, so that only one is held at a time.

use std::io;
use std::ops::Range;

use serde_json::Value;

use super::decode::Utf8Reader;
use super::json_shape::{JsonShape, SeveralArrays, is_identity};

/// The longest text that one element may have: thousands of times an order with all its lines.
const MAX_ELEMENT_BYTES: usize = 64 << 20;

/// The elements of a file, numbered from 1.
#[derive(Debug)]
pub(crate) enum Elements {
    Lines(Lines),
    Document(Box<Document>),
}

impl Elements {
    pub(crate) fn new(source: Utf8Reader, shape: &JsonShape) -> Elements {
        let text = Text { source, bytes: Vec::new(), at: 0, kept: None, is_ended: false };
        let (place, target) = match shape {
            JsonShape::Lines => return Elements::Lines(Lines { text, row: 0 }),
            JsonShape::Objects => (Place::Bare, Vec::new()),
            JsonShape::Array(path) => (Place::Before, path.clone()),
            JsonShape::Single(path) => (Place::Single, path.clone()),
        };
        Elements::Document(Box::new(Document::new(text, place, Some(target))))
    }

    /// The number and the text of the next element; `None` at the end.
    ///
    /// # Errors
    /// When reading fails, or a document breaks off.
    pub(crate) fn next_element(&mut self) -> io::Result<Option<(u64, &str)>> {
        match self {
            Elements::Lines(lines) => lines.next_line(),
            Elements::Document(document) => document.next_element(),
        }
    }
}

/// Text that is read on as it is asked for.
#[derive(Debug)]
struct Text {
    source: Utf8Reader,
    bytes: Vec<u8>,
    at: usize,
    /// From where on the bytes are still needed, where that is before `at`.
    kept: Option<usize>,
    is_ended: bool,
}

impl Text {
    /// Appends more text; false when there is none.
    fn refill(&mut self) -> io::Result<bool> {
        if self.is_ended {
            return Ok(false);
        }
        let from = self.kept.unwrap_or(self.at);
        self.bytes.drain(..from);
        self.at -= from;
        self.kept = self.kept.map(|_| 0);
        self.is_ended = !self.source.append_to(&mut self.bytes)?;
        Ok(!self.is_ended)
    }

    /// The next byte, which stays the next.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        while self.at == self.bytes.len() {
            if !self.refill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.bytes[self.at]))
    }

    /// The next byte that is no white space, which stays the next.
    fn peek_text(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn as_str(&self, range: Range<usize>) -> io::Result<&str> {
        std::str::from_utf8(&self.bytes[range])
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

fn broken(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// # Errors
/// When an element is longer than any that is held.
fn check_length(row: u64, n_bytes: usize) -> io::Result<()> {
    if n_bytes <= MAX_ELEMENT_BYTES {
        return Ok(());
    }
    Err(broken(format!("element {row} is longer than {MAX_ELEMENT_BYTES} bytes, or never ends")))
}

/// One element per line.
#[derive(Debug)]
pub(crate) struct Lines {
    text: Text,
    row: u64,
}

impl Lines {
    /// The next line that is not blank, and its number; `None` at the end.
    fn next_line(&mut self) -> io::Result<Option<(u64, &str)>> {
        let text = &mut self.text;
        let range = loop {
            let start = text.at;
            text.kept = Some(start);
            let range = loop {
                match text.bytes[text.at..].iter().position(|b| *b == b'\n') {
                    Some(n) => {
                        let end = text.at + n;
                        text.at = end + 1;
                        break text.kept.unwrap_or(start)..end;
                    }
                    None => {
                        text.at = text.bytes.len();
                        check_length(self.row + 1, text.at - text.kept.unwrap_or(start))?;
                        if !text.refill()? {
                            break text.kept.unwrap_or(start)..text.bytes.len();
                        }
                    }
                }
            };
            text.kept = None;
            if range.is_empty() && text.is_ended && text.at == text.bytes.len() {
                return Ok(None);
            }
            self.row += 1;
            if !text.bytes[range.clone()].trim_ascii().is_empty() {
                break range;
            }
        };
        Ok(Some((self.row, self.text.as_str(range)?)))
    }
}

/// How far a document has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the array that holds the rows.
    Before,
    /// Between the elements of the array.
    Within,
    /// Objects without an array around them.
    Bare,
    /// Before an object that is the only row.
    Single,
    /// At the end.
    Ended,
}

/// An object around the rows.
#[derive(Debug, Default)]
struct Level {
    key: String,
    is_record: bool,
}

/// A JSON document over any number of lines.
#[derive(Debug)]
pub(crate) struct Document {
    text: Text,
    place: Place,
    /// Keys to the array that holds the rows; `None` to take the first array of objects.
    target: Option<Vec<String>>,
    levels: Vec<Level>,
    row: u64,
    single: String,
}

/// What a byte says about the element that it is in.
enum Step {
    More,
    /// The element ends with this byte.
    Ends,
    /// The element ended before this byte.
    EndsBefore,
}

/// Where a scan is within an element.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Scan {
    fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Step::Ends;
                    }
                }
                _ => {}
            }
            return Step::More;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth == 0 => return Step::EndsBefore,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Step::Ends;
                }
            }
            b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Step::EndsBefore,
            _ => {}
        }
        Step::More
    }
}

impl Document {
    fn new(text: Text, place: Place, target: Option<Vec<String>>) -> Document {
        Document { text, place, target, levels: Vec::new(), row: 0, single: String::new() }
    }

    /// The keys to the first array of objects that begins in a text; `None` where there is none.
    pub(crate) fn first_array(source: Utf8Reader) -> Option<Vec<String>> {
        let text = Text { source, bytes: Vec::new(), at: 0, kept: None, is_ended: false };
        let mut document = Document::new(text, Place::Before, None);
        // That the text breaks off is why this is asked.
        document.walk().ok()?;
        document.target
    }

    fn next_element(&mut self) -> io::Result<Option<(u64, &str)>> {
        match self.place {
            Place::Ended => return Ok(None),
            Place::Single => return self.only_object().map(Some),
            Place::Before => self.walk()?,
            Place::Within | Place::Bare => {}
        }
        let separator = if self.place == Place::Bare { None } else { Some(b',') };
        loop {
            match self.text.peek_text()? {
                None if self.place == Place::Bare => {
                    self.place = Place::Ended;
                    return Ok(None);
                }
                None => {
                    let row = self.row;
                    return Err(broken(format!("the array is not closed after element {row}")));
                }
                Some(b']') if self.place == Place::Within => {
                    self.text.at += 1;
                    self.finish()?;
                    return Ok(None);
                }
                byte if byte == separator => self.text.at += 1,
                Some(_) => break,
            }
        }
        self.row += 1;
        let row = self.row;
        let range = self.element()?;
        Ok(Some((row, self.text.as_str(range)?)))
    }

    /// The rest of the document, which may hold no second array.
    fn finish(&mut self) -> io::Result<()> {
        if !self.levels.is_empty() {
            self.walk()?;
        }
        self.place = Place::Ended;
        match self.text.peek_text()? {
            None => Ok(()),
            Some(_) => Err(broken("more text follows the end of the JSON document".into())),
        }
    }

    /// The text of the element that begins here.
    fn element(&mut self) -> io::Result<Range<usize>> {
        let text = &mut self.text;
        text.kept = Some(text.at);
        let mut scan = Scan::default();
        let is_ended = loop {
            let step = text.bytes[text.at..].iter().enumerate().find_map(|(n, byte)| {
                match scan.step(*byte) {
                    Step::More => None,
                    Step::Ends => Some(n + 1),
                    Step::EndsBefore => Some(n),
                }
            });
            if let Some(n) = step {
                // A bracket of the wrong kind is an element of its own, so that the scan moves on.
                text.at += n;
                if text.kept == Some(text.at) {
                    text.at += 1;
                }
                break true;
            }
            text.at = text.bytes.len();
            let start = text.kept.unwrap_or(0);
            check_length(self.row, text.at - start)?;
            if !text.refill()? {
                break false;
            }
        };
        let start = text.kept.take().unwrap_or(text.at);
        let is_scalar = !matches!(text.bytes.get(start), Some(b'{' | b'[' | b'"'));
        if !is_ended && !is_scalar {
            let row = self.row;
            return Err(broken(format!("the document breaks off within element {row}")));
        }
        Ok(start..text.at)
    }

    /// Goes on to the first element of the array that holds the rows, or after it to the end of the document.
    fn walk(&mut self) -> io::Result<()> {
        let broken_off = || broken("the JSON document breaks off".into());
        loop {
            match self.text.peek_text()?.ok_or_else(broken_off)? {
                b'{' => {
                    self.text.at += 1;
                    self.levels.push(Level::default());
                }
                b'}' => {
                    self.text.at += 1;
                    self.levels.pop();
                    if self.levels.is_empty() {
                        if self.place == Place::Before {
                            return Err(broken("the array of the rows is no longer there".into()));
                        }
                        return Ok(());
                    }
                }
                b'"' => {
                    let range = self.element()?;
                    let name = serde_json::from_str::<String>(self.text.as_str(range)?);
                    if self.text.peek_text()? == Some(b':')
                        && let Some(level) = self.levels.last_mut()
                    {
                        level.key = name.map_err(io::Error::from)?;
                        level.is_record |= is_identity(&level.key);
                    }
                }
                b'[' => {
                    if self.enters_array()? {
                        self.place = Place::Within;
                        return Ok(());
                    }
                }
                b']' => return Err(broken("a bracket closes that was not opened".into())),
                _ => self.text.at += 1,
            }
        }
    }

    /// Whether the array that begins here is the one of the rows; any other is passed over.
    fn enters_array(&mut self) -> io::Result<bool> {
        let path: Vec<String> = self.levels.iter().map(|level| level.key.clone()).collect();
        self.text.at += 1;
        let holds_objects = self.text.peek_text()? == Some(b'{')
            && !self.levels.iter().any(|level| level.is_record);
        match &self.target {
            None if holds_objects => {
                self.target = Some(path);
                return Ok(true);
            }
            Some(target) if self.place == Place::Before && *target == path => return Ok(true),
            Some(target) if holds_objects && path.len() <= target.len() => {
                let several = SeveralArrays { first: target.join("."), second: path.join(".") };
                return Err(io::Error::new(io::ErrorKind::InvalidData, several));
            }
            _ => {}
        }
        let mut scan = Scan { depth: 1, ..Scan::default() };
        while let Some(byte) = self.text.peek()? {
            self.text.at += 1;
            if matches!(scan.step(byte), Step::Ends) {
                return Ok(false);
            }
        }
        Err(broken("the JSON document breaks off".into()))
    }

    fn only_object(&mut self) -> io::Result<(u64, &str)> {
        self.place = Place::Ended;
        self.row = 1;
        self.text.peek_text()?;
        let range = self.element()?;
        let whole: Value = serde_json::from_str(self.text.as_str(range)?)?;
        let mut path = self.target.iter().flatten();
        let object = path.try_fold(&whole, |value, key| value.get(key));
        self.single = object.map(Value::to_string).unwrap_or_default();
        self.finish()?;
        Ok((1, &self.single))
    }
}
