//! What was read, what was put aside and why, in the words of the answers.

use clv_answers::data_quality::{ComplaintExample, ComplaintGroup, DataQuality, DetectedColumn};
use clv_engine::{Intake, Orders};

use crate::calendar::iso;
use crate::snapshot::MICROS;

/// The data's quality, from what the engine counted while reading.
#[must_use]
pub fn data_quality(orders: &Orders, intake: &Intake, n_customers: u64) -> DataQuality {
    let money = |micros: i64| micros as f64 / MICROS;
    let date = |day: Option<clv_engine::Day>| day.map_or_else(String::new, |day| iso(day.0));
    DataQuality {
        source: orders.source_id().to_owned(),
        files: orders.files().into_iter().map(file_name).collect(),
        columns: orders
            .columns()
            .iter()
            .map(|column| DetectedColumn {
                role: column.role.to_owned(),
                column: column.heading.clone(),
                reading: column.format.clone(),
            })
            .collect(),
        rows_read: intake.rows_read,
        rows_accepted: intake.rows_accepted,
        orders: intake.orders,
        customers: n_customers,
        gross: money(intake.gross),
        returns: money(intake.returns),
        net: money(intake.gross - intake.returns),
        returns_without_purchase: money(intake.returns_without_purchase),
        currency: intake.currency.clone(),
        first_date: date(intake.first_day),
        last_date: date(intake.last_day),
        complaints: complaint_groups(&intake.complaints),
    }
}

/// Complaints in the words of the answers, those with most rows first.
#[must_use]
pub fn complaint_groups(groups: &[clv_engine::ComplaintGroup]) -> Vec<ComplaintGroup> {
    let mut complaints: Vec<ComplaintGroup> = groups
        .iter()
        .map(|group| ComplaintGroup {
            rule: group.rule.id().to_owned(),
            meaning: group.rule.sentence().to_owned(),
            rows: group.count,
            amount: group.money as f64 / MICROS,
            put_aside: !group.rule.keeps_row(),
            examples: group
                .examples
                .iter()
                .map(|example| ComplaintExample {
                    file: file_name(&example.file),
                    row: example.row,
                    column: example.column.clone(),
                    value: example.value.clone(),
                })
                .collect(),
        })
        .collect();
    complaints.sort_by_key(|group| std::cmp::Reverse(group.rows));
    complaints
}

/// A path's last part: an answer may be passed on, and folders are nobody else's business.
#[must_use]
pub fn file_name(path: &str) -> String {
    std::path::Path::new(path)
        .file_name()
        .map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}
