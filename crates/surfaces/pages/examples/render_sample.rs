//! Writes the report of a made-up shop to the file named on the command line, to be looked at in a browser:
//! `cargo run -p clv-pages --example render_sample -- report.html`.

#[path = "../tests/support/sample_report.rs"]
mod sample_report;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "report.html".to_owned());
    std::fs::write(path, clv_pages::report_page(&sample_report::sample_report()))
}
