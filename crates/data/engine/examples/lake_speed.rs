//! How long the lake takes: order lines in, the same again, one percent new, some corrected, and a read.
//!
//! `cargo run --release -p clv-engine --example lake_speed -- 10000000 FOLDER`
#![allow(clippy::print_stdout, reason = "it is run to be read")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant as Clock;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use clv_engine::lake::{AsOf, Lake, LakeError, LakePlace};
use clv_engine::{Engine, EngineOptions};
use clv_tables::canonical::order_lines::{OrderLine, OrderLines, TABLE};
use clv_tables::{Day, Instant, Money, Origin};

/// Lines of each order.
const LINES: u64 = 4;
/// Rows of a batch.
const BATCH: u64 = 16_384;

fn batch(rows: &mut OrderLines, lines: std::ops::Range<u64>, surcharge: i64) {
    for i in lines {
        let order = i / LINES;
        // Products in no order that compression could use.
        let product = clv_tables::hash::hash_number(i) % 5_000;
        let price = (product % 97 + 1) as i64 * 1_000_000;
        let origin = Origin { source: "generic", shop: "", file: "orders.csv", row: i + 2 };
        let line = OrderLine {
            order_id: format!("#{order}").into(),
            line: (i % LINES) as i64 + 1,
            ordered_on: Day(15_000 + (order / 1_000) as i32),
            product_id: Some(format!("SKU-{product}").into()),
            product_name: Some(format!("Product number {product}").into()),
            quantity: (i % 3) as f64 + 1.0,
            unit_price: Some(Money(price)),
            amount: Some(Money(price + surcharge)),
            currency: Some("EUR".into()),
            ..OrderLine::default()
        };
        rows.push(line, &origin);
    }
}

fn import(
    lake: &Lake,
    what: &str,
    lines: std::ops::Range<u64>,
    surcharge: i64,
) -> Result<(), LakeError> {
    let import = lake.begin()?;
    let (mut rows, mut at, mut writing) = (OrderLines::default(), lines.start, 0.0);
    while at < lines.end {
        let until = (at + BATCH).min(lines.end);
        batch(&mut rows, at..until, surcharge);
        let made = rows.take();
        let clock = Clock::now();
        import.write(&TABLE, 0, &made)?;
        writing += clock.elapsed().as_secs_f64();
        at = until;
    }
    let clock = Clock::now();
    let commit = import.commit(&what.into(), Instant(0))?;
    let committing = clock.elapsed().as_secs_f64();
    let changes = commit.and_then(|commit| commit.changes.get(TABLE.name).copied());
    println!("{what}: writing {writing:.2} s, merge and commit {committing:.2} s, {changes:?}");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let n: u64 = arguments.next().ok_or("expected a number of lines")?.parse()?;
    let folder = arguments.next().ok_or("expected a folder")?;
    let engine = Engine::new(EngineOptions::default())?;
    let lake = Lake::create_or_open(&engine, LakePlace::new(&folder, &BTreeMap::new())?)?;
    import(&lake, "first", 0..n, 0)?;
    import(&lake, "the same again", 0..n, 0)?;
    import(&lake, "one percent new", n..n + n / 100, 0)?;
    import(&lake, "these corrected", n..n + n / 100, 500_000)?;
    import(&lake, "a thousandth in the middle corrected", n / 2..n / 2 + n / 1_000, 500_000)?;
    let (clock, mut pieces) = (Clock::now(), 0.0);
    lake.snapshot(AsOf::Latest)?.read(&TABLE, &["quantity"], |rows| {
        let quantities = rows.column(0).as_primitive::<Float64Type>();
        pieces += quantities.values().iter().sum::<f64>();
        Ok::<(), LakeError>(())
    })?;
    println!("one column read in {:.2} s: {pieces} pieces", clock.elapsed().as_secs_f64());
    Ok(())
}
