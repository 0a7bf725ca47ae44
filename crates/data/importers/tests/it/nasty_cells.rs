//! Cells that nobody expects, through every importer.

use std::collections::BTreeMap;

use clv_importers::importers::IMPORTERS;
use clv_importers::{DateOrder, Decimal, FormatWishes, Importer, Reading};

use crate::read::{TextFile, Wish};

const CELLS: [&str; 28] = [
    "",
    "",
    "a",
    "b",
    "-5",
    "0",
    "12.50",
    "-$3",
    "1e30",
    "999999999999",
    "-0.0000001",
    "NaN",
    "'7",
    "\u{fe0f}Ω€",
    "2024-03-09",
    "2024-03-09T23:30:00Z",
    "31/12/1969",
    "9999-12-31",
    "1710000000",
    "true",
    "Refund",
    "Order",
    "ItemPrice",
    "[",
    "[{}, null, 3]",
    r#"[{"id": 1, "amount": "x", "quantity": -2, "price": 1e300, "total": "-4"}]"#,
    "Product Qty: 1e9, Product Name: ,|Product ID:",
    "2× Ω, 0× a, ×",
];

/// Numbers without pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

fn file(importer: &Importer, dice: &mut Dice) -> String {
    let first = |column: &clv_importers::SourceColumn| {
        column.headings.first().map_or(column.id, |heading| *heading).to_owned()
    };
    let signature =
        importer.signature.iter().map(|names| names.split('|').next().unwrap().to_owned());
    let headings: Vec<String> = importer.columns.iter().map(first).chain(signature).collect();
    let mut text = headings.join("\t");
    let usual = |at: usize| match importer.columns.get(at).map(|column| column.reading) {
        Some(Reading::Number | Reading::MinorUnits) => &["12.50", "3", "-5", "0"][..],
        Some(Reading::Moment | Reading::MomentUtc) => {
            &["2024-03-09", "2024-04-09 10:00:00", "1969-12-31"]
        }
        Some(Reading::Score) => &["0", "9", "10"],
        Some(Reading::Address) => &["ada@example.com", "bob@example.com"],
        _ => &["a", "b", "ada@example.com", "paid"],
    };
    // A column that is known by its content stays so.
    let is_score =
        |at: usize| importer.columns.get(at).is_some_and(|one| one.reading == Reading::Score);
    for _ in 0..400 {
        let cell = |at: usize, dice: &mut Dice| match dice.roll(10) {
            0 if !is_score(at) => CELLS[dice.roll(CELLS.len())],
            _ => usual(at)[dice.roll(usual(at).len())],
        };
        let cells: Vec<&str> = (0..headings.len()).map(|at| cell(at, dice)).collect();
        text.push('\n');
        text.push_str(&cells.join("\t").replace('"', "\"\""));
    }
    text
}

#[test]
fn no_cell_breaks_an_importer_and_every_row_is_produced_or_put_aside() {
    let wishes = FormatWishes {
        date_order: Some(DateOrder::DayFirst),
        decimal: Some(Decimal::Point),
        shop_zone: None,
    };
    let mut dice = Dice(20_240_309);
    let mut n_orders = BTreeMap::new();
    for importer in IMPORTERS {
        let text = file(importer, &mut dice);
        let wish = Wish {
            from: Some(importer.id),
            formats: &wishes,
            only_counts: true,
            allows_breaches: true,
            ..Wish::default()
        };
        let imported = TextFile::cut(text.as_bytes(), b'\t').import(&wish).unwrap();
        assert_eq!(imported.totals.rows, 400, "{}", importer.id);
        let complained: u64 = imported
            .complaints
            .iter()
            .filter(|group| !group.rule.keeps_row())
            .map(|group| group.count)
            .sum();
        assert_eq!(imported.totals.rows_put_aside, complained, "{}", importer.id);
        n_orders.insert(importer.id, imported.n_rows.values().sum::<usize>());
    }
    // Every importer made something of it: what it put aside is kept too.
    assert!(n_orders.values().all(|n| *n > 0), "{n_orders:?}");
}
