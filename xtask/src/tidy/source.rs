//! What every Rust file keeps to: header, length, words, and where the outside world may be asked.

use super::{File, Finding};

const LINES_ALLOWED: usize = 600;
const LINES_THAT_SMELL: usize = 450;

/// What must stand nowhere in a Rust file, and what to write instead. The words are in two halves, so that this file
/// does not contain them.
const BANNED: &[(&str, &str, &str)] = &[
    (
        "rec",
        "ency",
        "last_purchase_age or time_since_last_purchase; the word has two opposite meanings",
    ),
    ("TO", "DO", "the thing done, or an issue"),
    ("FIX", "ME", "the thing mended, or an issue"),
    ("db", "g!(", "no debugging output"),
    ("to", "do!(", "the thing done"),
    ("unimple", "mented!(", "the thing done"),
    ("#[ig", "nore", "a test that runs, or none"),
    ("#[should_", "panic", "a test of the error"),
];

/// How a file asks the clock, the environment or a seed of its own.
const OUTSIDE_WORLD: &[(&str, &str)] = &[
    ("SystemTime::", "now"),
    ("Instant::", "now"),
    ("Zoned::", "now"),
    ("Timestamp::", "now"),
    ("env::", "var"),
    ("env::", "args"),
    ("env::", "current_dir"),
    ("rand::", "rng("),
    ("thread_", "rng("),
    ("from_os_", "rng("),
    ("from_en", "tropy("),
];

/// Where one Rust file breaks a rule.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = file.text.lines().next().unwrap_or_default();
    let is_documented = first.starts_with("//! ") || first.starts_with("#![doc = include_str!(");
    if !is_documented {
        findings.push(Finding::new(
            &file.path,
            Some(1),
            "no header",
            "//! and what the file is for",
        ));
    }
    findings.extend(length(file));
    for (index, line) in file.text.lines().enumerate() {
        let lower = line.to_lowercase();
        for (start, end, expected) in BANNED {
            let word = format!("{start}{end}");
            // Only the word of the field is banned in any case; the markers are written in capitals or as code.
            let is_found =
                if *start == "rec" { lower.contains(&word) } else { has_marker(line, &word) };
            if is_found {
                findings.push(Finding::new(
                    &file.path,
                    Some(index + 1),
                    &format!("{word:?}"),
                    expected,
                ));
            }
        }
    }
    if !may_ask_outside(&file.path) {
        findings.extend(asks_outside(file));
    }
    findings
}

fn length(file: &File) -> Option<Finding> {
    let n_lines = file.text.lines().count();
    let what = format!("{n_lines} lines");
    if file.name() == "catalogue.rs" || n_lines <= LINES_THAT_SMELL {
        return None;
    }
    if n_lines > LINES_ALLOWED {
        return Some(Finding::new(&file.path, None, &what, "at most 600; split it by concept"));
    }
    Some(Finding::new(&file.path, None, &what, "about 200, at most 450").warning())
}

/// Whether the marker stands in the line as a word of its own.
fn has_marker(line: &str, marker: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(marker).any(|(at, _)| {
        let after = &line[at + marker.len()..];
        let goes_on = marker.ends_with(is_part) && after.starts_with(is_part);
        !line[..at].ends_with(is_part) && !goes_on
    })
}

/// The command line, the workshop, tests, benchmarks and examples may; everything else gets it as an argument.
fn may_ask_outside(path: &str) -> bool {
    path.starts_with("crates/surfaces/cli/")
        || path.starts_with("xtask/")
        || ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder))
        || path.ends_with("/tests.rs")
}

fn asks_outside(file: &File) -> Vec<Finding> {
    // Tests stand last in a file.
    let code = file.text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let mut findings = Vec::new();
    for (index, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for (start, end) in OUTSIDE_WORLD {
            let call = format!("{start}{end}");
            if line.contains(&call) {
                let expected = "the clock, the environment and seeds to come in as arguments";
                findings.push(Finding::new(&file.path, Some(index + 1), &call, expected));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_findings(path: &str, text: &str) -> usize {
        check(&File { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn each_rule_finds_the_line_that_breaks_it_and_leaves_the_others() {
        let banned: Vec<String> =
            BANNED.iter().map(|(start, end, _)| format!("{start}{end}")).collect();
        let call = format!("let now = {}{}();", OUTSIDE_WORLD[0].0, OUTSIDE_WORLD[0].1);
        let long = |n: usize| "//! A file.\n".to_owned() + &"let a = 1;\n".repeat(n - 1);
        let library = "crates/maths/models/src/a.rs";
        let cases: Vec<(&str, String, usize)> = vec![
            (library, "//! A file.\n".to_owned(), 0),
            (library, "fn a() {}\n".to_owned(), 1),
            (library, "#![doc = include_str!(\"../README.md\")]\n".to_owned(), 0),
            (library, format!("//! A file.\n/// {}\n", banned[0]), 1),
            (library, format!("//! A file.\n/// The {}_days\n", banned[0].to_uppercase()), 1),
            (library, format!("//! A file.\n// {}: later\n", banned[1]), 1),
            (library, format!("//! A file.\n// {}S\n", banned[1]), 0),
            (library, format!("//! A file.\n{}\n", banned[3]), 1),
            (library, format!("//! A file.\n{}]\n", banned[6]), 1),
            (library, format!("//! A file.\n{call}\n"), 1),
            (library, format!("//! A file.\n// {call}\n"), 0),
            (library, format!("//! A file.\n#[cfg(test)]\nmod tests {{ {call} }}\n"), 0),
            ("crates/surfaces/cli/src/main.rs", format!("//! A file.\n{call}\n"), 0),
            ("crates/a/b/tests/it/main.rs", format!("//! A file.\n{call}\n"), 0),
            (library, long(450), 0),
            (library, long(451), 1),
            ("crates/maths/models/src/catalogue.rs", long(900), 0),
        ];
        for (path, text, n_expected) in cases {
            assert_eq!(
                n_findings(path, &text),
                n_expected,
                "{path}: {}",
                &text[..text.len().min(80)]
            );
        }
    }

    #[test]
    fn a_file_over_six_hundred_lines_is_no_mere_smell() {
        let text = "//! A file.\n".to_owned() + &"let a = 1;\n".repeat(600);
        let found =
            length(&File { path: "a.rs".to_owned(), text }).expect("601 lines are too many");
        assert!(!found.is_warning);
    }
}
