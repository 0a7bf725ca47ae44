//! Every open-ended thing is a file and a line in its catalogue.

use super::{File, Finding};

/// A kind of thing of which there is one per file.
struct Kind {
    /// The folder its files lie in.
    folder: &'static str,
    /// What a file holds that is one of them; the others of the folder are not.
    mark: &'static str,
    /// The catalogue that must name each.
    catalogue: &'static str,
}

const KINDS: &[Kind] = &[
    Kind {
        folder: "crates/maths/models/src/purchase/",
        mark: "impl PurchaseModel for",
        catalogue: "crates/maths/models/src/catalogue.rs",
    },
    Kind {
        folder: "crates/data/importers/src/",
        mark: ": Source = Source {",
        catalogue: "crates/data/importers/src/catalogue.rs",
    },
    Kind {
        folder: "crates/data/tables/src/canonical/",
        mark: "canonical_table! {",
        catalogue: "crates/data/tables/src/canonical/mod.rs",
    },
];

/// Files of a kind that their catalogue does not name.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in KINDS {
        let members: Vec<&File> = files
            .iter()
            .filter(|file| file.path.starts_with(kind.folder) && file.path != kind.catalogue)
            .filter(|file| file.is_rust() && file.text.contains(kind.mark))
            .collect();
        let Some(catalogue) = files.iter().find(|file| file.path == kind.catalogue) else {
            if !members.is_empty() {
                findings.push(Finding::new(
                    kind.catalogue,
                    None,
                    "missing",
                    "the list of what is in its folder",
                ));
            }
            continue;
        };
        for file in members {
            let stem = file.name().trim_end_matches(".rs");
            let id = format!("\"{}\"", stem.replace('_', "-"));
            if !catalogue.text.contains(&format!("{stem}::")) && !catalogue.text.contains(&id) {
                let expected = format!("a line for {stem}");
                findings.push(Finding::new(
                    kind.catalogue,
                    None,
                    &format!("{} is not named", file.path),
                    &expected,
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_a_module_but_not_in_the_list_is_found() {
        let folder = "crates/data/tables/src/canonical";
        let file = |stem: &str, text: &str| File {
            path: format!("{folder}/{stem}.rs"),
            text: text.to_owned(),
        };
        let list = file("mod", "pub mod leads;\npub mod reach;\n[&reach::TABLE]");
        let tables = ["leads", "reach"].map(|stem| file(stem, "canonical_table! {\n}"));
        let [leads, reach] = tables;
        let found = check(&[list, leads, reach]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("leads"));
    }

    #[test]
    fn a_model_without_a_line_in_the_catalogue_is_found() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let model = |stem: &str| {
            file(
                &format!("crates/maths/models/src/purchase/{stem}.rs"),
                "impl PurchaseModel for A {}",
            )
        };
        let catalogue = file(
            "crates/maths/models/src/catalogue.rs",
            "use crate::purchase::bg_nbd::BgNbd;\n\"nbd\"",
        );
        let files = [catalogue, model("bg_nbd"), model("nbd"), model("pareto_nbd")];
        let found = check(&files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("pareto_nbd"));
    }
}
