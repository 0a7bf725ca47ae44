//! The sample shop as a base in memory.

use std::collections::BTreeMap;

use clv_engine::CustomerIds;
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::calendar::day_of;

/// The last day of the papers' calibration period.
pub(crate) const CALIBRATION_END: &str = "1997-09-30";

/// The CDNOW sample, read by hand so that the studies are tested without the engine.
pub(crate) fn base() -> CustomerBase {
    let text = include_str!("../../../../../sample/cdnow_orders.csv");
    let mut customers: BTreeMap<&str, BTreeMap<i32, DayRow>> = BTreeMap::new();
    let mut end_day = i32::MIN;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let day = day_of(cells[1]).expect("the sample holds ISO dates");
        let amount: f64 = cells[3].parse().expect("the sample holds amounts");
        end_day = end_day.max(day);
        let row = customers.entry(cells[0]).or_default().entry(day).or_insert(DayRow {
            day,
            orders: 0,
            gross: 0.0,
            returns: 0.0,
        });
        row.orders += 1;
        row.gross += amount;
    }
    let ids = customers.keys().map(|id| (*id).to_owned()).collect();
    let mut offsets = vec![0];
    let mut rows = Vec::new();
    for days in customers.into_values() {
        rows.extend(days.into_values());
        offsets.push(rows.len());
    }
    CustomerBase::new(CustomerIds::Text(ids), offsets, rows, end_day)
}
