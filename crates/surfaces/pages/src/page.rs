//! What a page is made of, whoever writes it out.

use maud::Markup;

/// One page: what stands at its top, and its sections.
#[derive(Debug, Clone)]
pub struct Page {
    /// The kind of page, in small letters above the title.
    pub kind: String,
    /// The page's title, plain text.
    pub title: String,
    /// Short facts under the title, such as the period and the definition: (name, text).
    pub facts: Vec<(String, String)>,
    /// The first paragraph: what the reader should take away.
    pub lead: Markup,
    /// The sections, top to bottom.
    pub sections: Vec<Section>,
    /// The last lines.
    pub footer: Markup,
}

/// One section of a page.
#[derive(Debug, Clone)]
pub struct Section {
    /// The id that links lead to: kebab-case.
    pub id: &'static str,
    /// The name in the contents.
    pub name: &'static str,
    /// The heading.
    pub title: String,
    /// One or two sentences under the heading; empty for none.
    pub lead: String,
    /// What the section shows.
    pub body: Markup,
}
