//! The one HTML writer: a page becomes one self-contained document.

use clv_figures::{palette, plotly};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::heat;
use crate::page::{Page, Section};

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// What the document may do: run and style what is inside it, and reach nothing outside. Handlers in
/// attributes are refused too, in case a text ever slipped through the escaping.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; script-src-attr 'none'; \
     style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";

/// The whole document, about 1.3 MB of which 1.2 MB are the drawing library.
///
/// It loads nothing from anywhere: style, scripts and data are inside it, and its content security policy
/// forbids the browser to fetch anything. Texts and tables can be read without JavaScript and on paper.
#[must_use]
pub fn document(page: &Page) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content="clv";
                title { (page.title) }
                style { (PreEscaped(STYLE)) (PreEscaped(heat::style())) }
                script { (PreEscaped("document.documentElement.classList.add('js')")) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                (header(page))
                (contents(&page.sections))
                main #main { @for section in &page.sections { (render(section)) } }
                footer { (page.footer) }
                script type="application/json" #dark-palette { (PreEscaped(dark_palette())) }
                script { (PreEscaped(plotly::SCRIPT)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn header(page: &Page) -> Markup {
    html! {
        header.top {
            div.kindline {
                p.kind { (page.kind) }
                button.quiet.script-only #theme type="button" { "Dark" }
            }
            h1 { (page.title) }
            dl.facts {
                @for (name, text) in &page.facts { div { dt { (name) } dd { (text) } } }
            }
            p.lead { (page.lead) }
        }
    }
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav.contents aria-label="Contents" {
            ul { @for section in sections { li { a href={ "#" (section.id) } { (section.name) } } } }
        }
    }
}

fn render(section: &Section) -> Markup {
    let heading = format!("{}-heading", section.id);
    html! {
        section #(section.id) aria-labelledby=(heading) {
            h2 #(heading) { (section.title) }
            @if !section.lead.is_empty() { p.section-lead { (section.lead) } }
            (section.body)
        }
    }
}

/// The dark page's colours as a JSON object from light to dark. The colours are our own constants and hold no
/// character that JSON or HTML would mind.
fn dark_palette() -> String {
    let pairs: Vec<String> =
        palette::DARK.iter().map(|(light, dark)| format!("\"{light}\":\"{dark}\"")).collect();
    format!("{{{}}}", pairs.join(","))
}
