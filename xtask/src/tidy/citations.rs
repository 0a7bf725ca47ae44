//! Every work that a Rust file cites is in REFERENCES.bib, and nothing is in there that is cited nowhere.

use super::{File, Finding};

const BIBLIOGRAPHY: &str = "REFERENCES.bib";

/// Citations without an entry, and, as a smell, entries without a citation.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let Some(bibliography) = files.iter().find(|file| file.path == BIBLIOGRAPHY) else {
        return Vec::new();
    };
    let keys = keys(&bibliography.text);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let comments =
            file.text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//"));
        for (index, line) in comments {
            for key in citations(line).filter(|cited| !keys.contains(cited)) {
                let what = format!("cites [{key}]");
                let expected = "an entry of that key in REFERENCES.bib";
                findings.push(Finding::new(&file.path, Some(index + 1), &what, expected));
            }
        }
    }
    let is_cited = |key: &str| {
        let texts = files.iter().filter(|file| file.is_rust() || file.path.ends_with(".md"));
        texts.flat_map(|file| file.text.lines().flat_map(citations)).any(|cited| cited == key)
    };
    findings.extend(keys.iter().filter(|key| !is_cited(key)).map(|key| {
        let what = format!("nothing cites {key}");
        Finding::new(BIBLIOGRAPHY, None, &what, "only what is cited").warning()
    }));
    findings
}

/// The keys of the entries, such as `Ehrenberg1959` of `@article{Ehrenberg1959,`.
fn keys(bibliography: &str) -> Vec<&str> {
    bibliography
        .lines()
        .filter_map(|line| line.strip_prefix('@')?.split_once('{'))
        .map(|(_, rest)| rest.trim_end_matches(',').trim())
        .collect()
}

/// The keys cited in a line: `[Ehrenberg1959]`, `[Ehrenberg1959, eq. 7]`; a name, a year, and letters where there are several.
fn citations(line: &str) -> impl Iterator<Item = &str> {
    line.split('[').skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches('`');
        let key = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let closes = rest[key.len()..].starts_with([']', ',', ';', ' ', '`']);
        let year_at = key.find(|c: char| c.is_ascii_digit())?;
        let year = key.get(year_at..year_at + 4)?;
        let is_year = year.chars().all(|c| c.is_ascii_digit())
            && ["17", "18", "19", "20"].contains(&&year[..2]);
        let is_name = year_at >= 3 && key.starts_with(|c: char| c.is_ascii_uppercase());
        let tail = &key[year_at + 4..];
        let is_tail = tail.chars().all(|c| c.is_ascii_alphabetic());
        (closes && is_year && is_name && is_tail).then_some(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_a_name_and_a_year_in_brackets() {
        let cases: &[(&str, &[&str])] = &[
            ("/// See [Ehrenberg1959].", &["Ehrenberg1959"]),
            (
                "/// [FaderHardieLee2005RFM, eq. 7] and [Ehrenberg1959]",
                &["FaderHardieLee2005RFM", "Ehrenberg1959"],
            ),
            ("/// Likelihood: [`Ehrenberg1959`], eq. 6.", &["Ehrenberg1959"]),
            ("/// [`Fitted`], [`a`], [1], [x2], [`f64`], array[Index2000.len()]", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(citations(line).collect::<Vec<_>>(), *expected, "{line}");
        }
    }

    #[test]
    fn a_cited_work_that_is_not_listed_is_found() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [
            file("REFERENCES.bib", "@article{Ehrenberg1959,\n}\n@book{Nobody1999,\n}\n"),
            file("a.rs", "//! See [Ehrenberg1959] and [Somebody2001].\n"),
        ];
        let found = check(&files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].what.contains("Somebody2001"));
        assert!(found[1].what.contains("Nobody1999") && found[1].is_warning);
    }
}
