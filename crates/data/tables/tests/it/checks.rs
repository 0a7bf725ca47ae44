//! What each check finds, and what it leaves alone.

use std::collections::HashSet;

use arrow::array::{Float64Array, RecordBatch};
use clv_tables::canonical::{TABLES, orders, table};
use clv_tables::{CheckError, CheckRule, Day};

use crate::batches::{Change, batch};

/// The breaches of one row of a table, as column and rule.
fn found(name: &str, changes: &[Change<'_>]) -> Vec<(&'static str, &'static str)> {
    let table = table(name).unwrap();
    let breaches = table.breaches(&batch(table, &[changes.to_vec()])).unwrap();
    breaches.iter().map(|breach| (breach.column, breach.rule.id())).collect()
}

#[test]
fn a_row_that_breaks_one_check_is_found_by_column_and_rule() {
    let rows: &[(&str, &str, Option<&str>, &str)] = &[
        ("orders", "total", None, "missing"),
        ("orders", "source", None, "missing"),
        ("orders", "order_id", Some(" \t"), "blank"),
        ("orders", "total", Some("-0.000001"), "negative"),
        ("orders", "tip", Some("-1"), "negative"),
        ("orders", "currency", Some("eur"), "no_currency_code"),
        ("orders", "currency", Some("EURO"), "no_currency_code"),
        ("orders", "currency", Some("€"), "no_currency_code"),
        ("orders", "currency", Some(""), "no_currency_code"),
        ("orders", "ordered_on", Some("1969-12-31"), "implausible_day"),
        ("orders", "ordered_on", Some("2101-01-01"), "implausible_day"),
        ("orders", "ordered_at", Some("1969-12-31T23:59:59Z"), "implausible_day"),
        ("orders", "ordered_at", Some("2101-01-01T00:00:00Z"), "implausible_day"),
        ("order_lines", "line", Some("0"), "not_positive"),
        ("order_lines", "quantity", Some("0"), "zero"),
        ("order_lines", "quantity", Some("NaN"), "not_finite"),
        ("order_lines", "quantity", Some("inf"), "not_finite"),
        ("refunds", "amount", Some("-12.50"), "negative"),
        ("refunds", "quantity", Some("-1"), "not_positive"),
        ("costs", "sales_ratio", Some("1.01"), "out_of_bounds"),
        ("costs", "sales_ratio", Some("-0.01"), "out_of_bounds"),
        ("costs", "scope", Some("Product"), "unknown_word"),
        ("costs", "valid_until", Some("2023-12-31"), "ends_before_start"),
        ("customers", "birth_year", Some("85"), "out_of_bounds"),
        ("fx_rates", "rate", Some("0"), "not_positive"),
        ("fx_rates", "to_currency", Some("USD"), "same_twice"),
        ("identities", "key_kind", Some("cookie"), "unknown_word"),
        ("messages", "clicked_at", Some("2024-03-16T07:59:59Z"), "ends_before_start"),
        ("referrals", "friend_email", Some("ada@example.com"), "same_twice"),
        ("subscriptions", "ended_on", Some("2024-02-29"), "ends_before_start"),
        ("surveys", "score", Some("10.5"), "off_scale"),
        ("surveys", "score", Some("-1"), "off_scale"),
        ("tickets", "solved_at", Some("2024-03-15T08:09:59Z"), "ends_before_start"),
    ];
    for (table, column, value, rule) in rows {
        let found = found(table, &[(column, *value)]);
        assert_eq!(found, [(*column, *rule)], "{table}.{column} = {value:?}");
    }
}

#[test]
fn what_is_just_within_a_check_and_what_is_not_known_is_left_alone() {
    let rows: &[(&str, &[Change<'_>])] = &[
        ("orders", &[("total", Some("0")), ("tip", None), ("currency", None)]),
        ("orders", &[("ordered_on", Some("1970-01-01"))]),
        ("orders", &[("ordered_on", Some("2100-12-31"))]),
        ("orders", &[("ordered_at", Some("2100-12-31T23:59:59Z"))]),
        ("order_lines", &[("quantity", Some("-2")), ("line", Some("1"))]),
        ("refunds", &[("order_id", Some("")), ("quantity", None)]),
        ("costs", &[("sales_ratio", Some("1")), ("valid_until", Some("2024-01-01"))]),
        ("costs", &[("sales_ratio", Some("0")), ("valid_until", None), ("amount", None)]),
        ("referrals", &[("email", None), ("friend_email", None)]),
        ("subscriptions", &[("ended_on", Some("2024-03-01"))]),
        ("surveys", &[("score", Some("10"))]),
        ("surveys", &[("score", Some("70")), ("scale_low", None), ("scale_high", None)]),
        ("tickets", &[("opened_at", None)]),
    ];
    for (table, changes) in rows {
        assert_eq!(found(table, changes), [], "{table}: {changes:?}");
    }
}

#[test]
fn a_row_that_names_nobody_is_found_once_and_any_one_key_will_do() {
    let nobody = [("customer_id", None), ("email", Some("  ")), ("account_id", None)];
    assert_eq!(found("subscriptions", &nobody), [("customer_id", "none_given")]);
    for key in ["customer_id", "email", "account_id"] {
        let mut changes = nobody.to_vec();
        changes.retain(|(name, _)| *name != key);
        assert_eq!(found("subscriptions", &changes), [], "{key}");
    }
}

#[test]
fn postings_balance_within_their_entry_and_their_shop_only() {
    let ledger = table("loyalty_entries").unwrap();
    let posting = |entry, shop, points| {
        vec![("entry_id", Some(entry)), ("shop", Some(shop)), ("points", Some(points))]
    };
    let rows = [
        posting("a", "berlin", "50"),
        posting("b", "berlin", "30"),
        posting("a", "berlin", "-50"),
        posting("b", "paris", "-30"),
    ];
    let breaches = ledger.breaches(&batch(ledger, &rows)).unwrap();
    let rows: Vec<usize> = breaches.iter().map(|breach| breach.row).collect();
    assert_eq!(rows, [1, 3]);
    assert!(breaches.iter().all(|breach| breach.rule.id() == "unbalanced"));
}

#[test]
fn breaches_come_by_row_and_name_every_column_that_breaks_a_check() {
    let rows = [
        Vec::new(),
        vec![("total", Some("-1")), ("order_id", Some(""))],
        vec![("tax", Some("-1")), ("discount", Some("-1"))],
    ];
    let breaches = orders::TABLE.breaches(&batch(&orders::TABLE, &rows)).unwrap();
    let places: Vec<_> = breaches.iter().map(|breach| (breach.row, breach.column)).collect();
    assert_eq!(places, [(1, "order_id"), (1, "total"), (2, "discount"), (2, "tax")]);
}

#[test]
fn a_batch_of_another_schema_is_refused_by_column() {
    let whole = batch(&orders::TABLE, &[Vec::new()]);
    let mut fields: Vec<_> = whole.schema().fields().iter().cloned().collect();
    let mut columns = whole.columns().to_vec();
    let total = whole.schema().index_of("total").unwrap();
    fields[total] = std::sync::Arc::new(
        fields[total].as_ref().clone().with_data_type(arrow::datatypes::DataType::Float64),
    );
    columns[total] = std::sync::Arc::new(Float64Array::from(vec![59.8]));
    let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(fields));
    let error =
        orders::TABLE.breaches(&RecordBatch::try_new(schema, columns).unwrap()).unwrap_err();
    assert!(matches!(error, CheckError::ColumnType { column: "total", .. }), "{error}");

    let few = whole.project(&[0, 1]).unwrap();
    let error = orders::TABLE.breaches(&few).unwrap_err();
    assert!(matches!(error, CheckError::NoColumn { table: "orders", .. }), "{error}");
    assert!(error.to_string().starts_with("table orders: no column "), "{error}");
}

#[test]
fn an_empty_batch_breaks_nothing() {
    for table in TABLES {
        assert_eq!(table.breaches(&RecordBatch::new_empty(table.schema())).unwrap(), []);
    }
}

#[test]
fn different_rules_have_different_ids() {
    let mut ids = HashSet::new();
    let mut names = HashSet::new();
    for check in TABLES.iter().flat_map(|table| table.all_checks()) {
        names.insert(std::mem::discriminant(&check.rule));
        ids.insert(check.rule.id());
    }
    assert_eq!(ids.len(), names.len());
    // Every rule is used by some table.
    assert_eq!(names.len(), 15);
    assert_eq!(CheckRule::PlausibleDay.id(), "implausible_day");
    assert_eq!(Day::from_date(2100, 12, 31), Some(Day(47_846)));
}
