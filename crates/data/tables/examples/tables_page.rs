//! Prints the page that tells of every canonical table; `cargo xtask generate-docs` writes it to `docs/tables.md`.
#![allow(clippy::print_stdout, reason = "the page goes to where the output is sent")]

fn main() {
    print!("{}", clv_tables::page::tables_page());
}
