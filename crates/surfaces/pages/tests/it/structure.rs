//! What the page is made of.

use clv_figures::plotly;
use clv_pages::report_page;

use crate::sample_report::sample_report;

/// The page without the drawing library, whose namespaces look like addresses.
fn own_part() -> String {
    report_page(&sample_report()).replace(plotly::SCRIPT, "")
}

#[test]
fn the_page_names_no_address_and_forbids_itself_the_network() {
    let page = own_part();
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src="));
    assert!(!page.contains("url(") && !page.contains("@import") && !page.contains("<link"));
    let policy = "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'";
    assert!(page.contains(policy));
}

#[test]
fn the_page_stays_under_its_size() {
    let size = report_page(&sample_report()).len();
    assert!(size < 1_600_000, "{size} bytes");
}

#[test]
fn every_figure_brings_title_drawing_definition_and_numbers() {
    let page = own_part();
    let n = |what: &str| page.matches(what).count();
    assert_eq!(n("<figure"), 8);
    assert_eq!(n("class=\"takeaway\""), 8);
    assert_eq!(n("data-chart="), 8);
    assert_eq!(n("id=\"spec-"), 8);
    assert_eq!(n("How this is computed"), 8);
    assert_eq!(n("Show the numbers"), 8);
}

#[test]
fn the_sections_come_in_the_order_in_which_they_are_needed() {
    let page = own_part();
    let ids = [
        "headline",
        "first-steps",
        "best-customers",
        "concentration",
        "cohorts",
        "tracking",
        "calibration",
        "backtest",
        "data-quality",
        "customers",
        "model",
        "provenance",
        "terms",
    ];
    let places: Vec<usize> =
        ids.iter().map(|id| page.find(&format!("<section id=\"{id}\"")).unwrap()).collect();
    assert!(places.is_sorted());
    for id in ids {
        assert!(page.contains(&format!("href=\"#{id}\"")), "no link to {id}");
    }
}

#[test]
fn no_id_is_used_twice() {
    let page = own_part();
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let n = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n);
}

#[test]
fn unobserved_cohort_cells_are_blank() {
    let page = own_part();
    // The last cohort's own month is not over: no cell of its row bears a percentage.
    let row = page.split("<th scope=\"row\">2011-12</th>").nth(1).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert!(!row.contains("class=\"n h"));
    assert!(row.matches("<td class=\"n blank\"></td>").count() > 10);
}

#[test]
fn the_table_of_customers_has_a_hundred_rows_and_exact_values_for_sorting() {
    let page = own_part();
    assert_eq!(page.matches("<th class=\"who\" scope=\"row\"").count(), 100);
    assert!(page.contains("data-v=\"61204.5\">61,204<"));
}

#[test]
fn the_texts_of_the_page_are_as_before() {
    let page = own_part();
    let start = page.find("<body>").unwrap();
    let end = page.find("<section id=\"best-customers\"").unwrap();
    insta::assert_snapshot!("top_of_the_page", page[start..end].replace("><", ">\n<"));
}

#[test]
fn the_same_answers_give_the_same_page() {
    assert_eq!(report_page(&sample_report()), report_page(&sample_report()));
}
