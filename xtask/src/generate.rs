//! `cargo xtask generate-docs`: writes the pages that are made from the code.

use anyhow::{Context, Result};

use crate::workshop::{Workshop, output_of};

/// A page, and the example that prints it.
struct Page {
    path: &'static str,
    package: &'static str,
    example: &'static str,
}

/// One line for each page. A test of its package fails when the page is not what the example prints.
const PAGES: &[Page] =
    &[Page { path: "docs/tables.md", package: "clv-tables", example: "tables_page" }];

/// Writes each page; true, and it says which of them changed.
pub(crate) fn run(workshop: &Workshop) -> Result<bool> {
    for page in PAGES {
        let words =
            ["run", "--quiet", "--locked", "--package", page.package, "--example", page.example];
        let made = output_of(&mut workshop.cargo(&words))?;
        let path = workshop.root.join(page.path);
        let is_new = std::fs::read_to_string(&path).ok().as_ref() != Some(&made);
        if is_new {
            std::fs::write(&path, made)
                .with_context(|| format!("{}: cannot write this page", path.display()))?;
        }
        println!("{}: {}", page.path, if is_new { "written" } else { "nothing differs" });
    }
    Ok(true)
}
