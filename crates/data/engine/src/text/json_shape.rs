//! How the rows stand in a JSON file: line by line, in an array, in an array within an object, or alone.

use serde_json::{Map, Value};

use super::decode::Utf8Reader;
use super::json_elements::Document;
use crate::error::EngineError;

/// Where the objects are that are the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonShape {
    /// One object per line.
    Lines,
    /// Objects one after another, each over as many lines as it likes.
    Objects,
    /// The elements of the array below these keys; without keys the document itself is the array.
    Array(Vec<String>),
    /// The one object below these keys.
    Single(Vec<String>),
}

/// Two arrays of objects that could both be the rows, by their keys joined with dots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("arrays of objects under {first:?} and under {second:?}")]
pub(crate) struct SeveralArrays {
    pub(crate) first: String,
    pub(crate) second: String,
}

impl SeveralArrays {
    /// The same for the user, with the file's name.
    pub(crate) fn of(&self, shown: &str) -> EngineError {
        let (first, second) = (self.first.clone(), self.second.clone());
        EngineError::SeveralArrays { path: shown.to_owned(), first, second }
    }
}

impl JsonShape {
    /// Whether a text begins like an object or like an array that may hold some.
    pub(crate) fn is_json(text: &[u8]) -> bool {
        let mut first = text.iter().filter(|byte| !byte.is_ascii_whitespace());
        matches!(
            (first.next(), first.next()),
            (Some(b'{'), Some(b'"' | b'}')) | (Some(b'['), Some(b'{' | b']'))
        )
    }

    /// Decides from the beginning of a file, or from the whole of it.
    ///
    /// # Errors
    /// When an object holds several arrays of objects.
    pub(crate) fn detect(head: &[u8], is_whole: bool) -> Result<JsonShape, SeveralArrays> {
        let head = head.trim_ascii_start();
        if head.starts_with(b"[") {
            return Ok(JsonShape::Array(Vec::new()));
        }
        let line_end = head.iter().position(|b| *b == b'\n');
        let (line, below) = head.split_at(line_end.unwrap_or(head.len()));
        if let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(line) {
            let is_alone = is_whole && below.trim_ascii().is_empty();
            return match is_alone {
                true => of_object(object),
                false => Ok(JsonShape::Lines),
            };
        }
        let mut values = serde_json::Deserializer::from_slice(head).into_iter::<Value>();
        if let Some(Ok(Value::Object(object))) = values.next() {
            let rest = head[values.byte_offset()..].trim_ascii_start();
            if rest.starts_with(b"{") {
                return Ok(JsonShape::Objects);
            }
            if is_whole && rest.is_empty() {
                return of_object(object);
            }
        }
        // The first object does not end here, or is damaged: what begins in it, if anything, are the rows.
        let text = Utf8Reader::new(Box::new(std::io::Cursor::new(head.to_vec())));
        match Document::first_array(text) {
            Some(path) => Ok(JsonShape::Array(path)),
            None if is_broken_line(line, below) => Ok(JsonShape::Lines),
            None => Ok(JsonShape::Single(Vec::new())),
        }
    }
}

/// Whether a line that is no object is followed by one that is: then one line is wrong, not the file.
fn is_broken_line(line: &[u8], below: &[u8]) -> bool {
    let is_object = |line: &[u8]| {
        line.starts_with(b"{") && serde_json::from_slice::<Map<String, Value>>(line).is_ok()
    };
    below.is_empty()
        || line.trim_ascii_end().ends_with(b"}")
        || below.split(|b| *b == b'\n').take(100).any(|line| is_object(line.trim_ascii()))
}

fn of_object(object: Map<String, Value>) -> Result<JsonShape, SeveralArrays> {
    let mut arrays = Vec::new();
    add_arrays(&object, &mut Vec::new(), &mut arrays);
    // What lies deeper belongs to what stands around the rows, such as the links of a page.
    let depth = arrays.iter().map(Vec::len).min().unwrap_or(0);
    arrays.retain(|path| path.len() == depth);
    match arrays.as_slice() {
        [first, second, ..] => {
            Err(SeveralArrays { first: first.join("."), second: second.join(".") })
        }
        [path] => Ok(JsonShape::Array(path.clone())),
        [] => Ok(single(object)),
    }
}

/// Keys that make an object a record of its own: the arrays in it belong to it.
pub(crate) fn is_identity(key: &str) -> bool {
    key == "id" || key.ends_with("_id")
}

fn add_arrays(object: &Map<String, Value>, path: &mut Vec<String>, arrays: &mut Vec<Vec<String>>) {
    if object.keys().any(|key| is_identity(key)) {
        return;
    }
    for (key, value) in object {
        path.push(key.clone());
        match value {
            Value::Array(elements) if matches!(elements.first(), Some(Value::Object(_))) => {
                arrays.push(path.clone());
            }
            Value::Object(inner) => add_arrays(inner, path, arrays),
            _ => {}
        }
        path.pop();
    }
}

/// An object without an array of objects: a row, or what is the only thing in it; an empty array that is alone holds no row.
fn single(mut object: Map<String, Value>) -> JsonShape {
    let mut path = Vec::new();
    while object.len() == 1 {
        let Some((key, value)) = object.into_iter().next() else { break };
        path.push(key);
        match value {
            Value::Object(inner) => object = inner,
            Value::Array(elements) if elements.is_empty() => return JsonShape::Array(path),
            _ => {
                path.pop();
                break;
            }
        }
    }
    JsonShape::Single(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_shape_is_where_the_rows_are() {
        let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let array = |keys: &[&str]| JsonShape::Array(path(keys));
        let single = |keys: &[&str]| JsonShape::Single(path(keys));
        for (text, is_whole, shape) in [
            ("[{\"a\":1}]", true, array(&[])),
            ("{\"a\":1}\n{\"a\":2}\n", true, JsonShape::Lines),
            ("{\"a\":1}\n", false, JsonShape::Lines),
            ("{\"a\":1,}\n{\"a\":2}\n", true, JsonShape::Lines),
            ("{\"a\":\n{\"a\":2}\n", true, JsonShape::Lines),
            ("{\n\"a\":1}\n{\n\"a\":2}", true, JsonShape::Objects),
            ("{\n\"a\":1}", true, single(&[])),
            ("{\"order\":{\"a\":1,\"b\":2}}", true, single(&["order"])),
            ("{\"orders\":[{\"a\":1}],\"n\":1}", true, array(&["orders"])),
            ("{\"n\":1,\"data\":{\"orders\":[{\"a\":1", false, array(&["data", "orders"])),
            ("{\"id\":1,\n\"lines\":[{\"a\":1}]}", true, single(&[])),
            ("{\"order\":{\"lines\":[{\"a\":1}],\"order_id\":1}}", true, single(&["order"])),
            ("{\"links\":{\"next\":[{\"a\":1}]},\"data\":[{\"a\":1}]}", true, array(&["data"])),
            ("{\"orders\":[]}", true, array(&["orders"])),
        ] {
            assert_eq!(JsonShape::detect(text.as_bytes(), is_whole).unwrap(), shape, "{text}");
        }
        let several =
            JsonShape::detect(b"{\"a\":[{}],\"b\":{\"c\":[{}]},\"d\":[{}]}", true).unwrap_err();
        assert_eq!((several.first.as_str(), several.second.as_str()), ("a", "d"));
    }
}
