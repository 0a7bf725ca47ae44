//! Whether the descriptions of the tables hold together.

use std::collections::HashSet;

use clv_tables::canonical::TABLES;
use clv_tables::table::ORIGIN;
use clv_tables::{CheckRule, Day, Kind};

use crate::batches::batch;

#[test]
fn every_example_row_reads_and_keeps_every_check() {
    for table in TABLES {
        let batch = batch(table, &[Vec::new()]);
        assert_eq!(batch.num_rows(), 1);
        assert_eq!(batch.num_columns(), table.columns.len() + ORIGIN.len());
        let mut breaches = table.breaches(&batch).unwrap();
        // One posting alone cannot sum to zero.
        breaches.retain(|breach| !matches!(breach.rule, CheckRule::Balanced { .. }));
        assert!(breaches.is_empty(), "{}: {breaches:?}", table.name);
    }
}

#[test]
fn examples_are_written_as_their_kind_writes_them() {
    for table in TABLES {
        for column in table.all_columns() {
            let is_good = match column.kind {
                Kind::Text => !column.example.is_empty(),
                Kind::Integer => column.example.parse::<i64>().is_ok(),
                Kind::Real => column.example.parse::<f64>().is_ok_and(f64::is_finite),
                Kind::Money => {
                    column.example.split_once('.').is_some_and(|(_, cents)| cents.len() == 2)
                }
                Kind::Day => Day::parse_iso(column.example).is_some(),
                Kind::Instant => column.example.len() == 20 && column.example.ends_with('Z'),
                Kind::Flag => ["true", "false"].contains(&column.example),
            };
            assert!(is_good, "{}.{}: {}", table.name, column.name, column.example);
        }
    }
}

#[test]
fn every_check_names_columns_that_it_can_be_asked_of() {
    for table in TABLES {
        for check in table.all_checks() {
            assert!(!check.columns.is_empty(), "{}", table.name);
            for name in check.columns {
                let place = format!("{}.{name}, {:?}", table.name, check.rule);
                let column = table.column(name).unwrap_or_else(|| panic!("{place}"));
                assert!(check.rule.fits(column.kind), "{place}");
                for other in check.rule.other_columns() {
                    let other = table.column(other).unwrap_or_else(|| panic!("{place}: {other}"));
                    let is_group = matches!(check.rule, CheckRule::Balanced { .. });
                    assert!(is_group || other.kind == column.kind, "{place}: {other:?}");
                }
            }
        }
    }
}

#[test]
fn names_of_columns_tell_their_kind() {
    for table in TABLES {
        for column in table.all_columns() {
            let place = format!("{}.{}", table.name, column.name);
            let is = |end: &str, kind| !column.name.ends_with(end) || column.kind == kind;
            assert!(is("_on", Kind::Day) && is("_at", Kind::Instant), "{place}");
            assert!(is("_ratio", Kind::Real) && is("_id", Kind::Text), "{place}");
            assert_eq!(column.kind == Kind::Instant, column.name.ends_with("_at"), "{place}");
            let is_flag_name = column.name.starts_with("is_");
            assert_eq!(column.kind == Kind::Flag, is_flag_name, "{place}");
            let is_sentence = column.meaning.ends_with('.') && !column.meaning.contains('|');
            assert!(is_sentence, "{place}: {}", column.meaning);
        }
    }
}

#[test]
fn every_table_with_money_says_in_which_currency() {
    for table in TABLES {
        let has_money = table.columns.iter().any(|column| column.kind == Kind::Money);
        let currency = table.column("currency");
        assert!(!has_money || currency.is_some(), "{}", table.name);
        let is_checked = table.checks.iter().any(|check| {
            check.rule == CheckRule::CurrencyCode && check.columns.contains(&"currency")
        });
        assert_eq!(is_checked, currency.is_some(), "{}", table.name);
    }
}

#[test]
fn every_ratio_is_between_zero_and_one() {
    let zero_to_one = CheckRule::Between { low: 0, high: 1 };
    for table in TABLES {
        for column in table.columns.iter().filter(|column| column.name.ends_with("_ratio")) {
            let mut rules =
                table.checks.iter().filter(|check| check.columns.contains(&column.name));
            assert!(rules.any(|check| check.rule == zero_to_one), "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn no_two_tables_and_no_two_columns_of_a_table_share_a_name() {
    let names: HashSet<&str> = TABLES.iter().map(|table| table.name).collect();
    assert_eq!(names.len(), TABLES.len());
    for table in TABLES {
        let names: HashSet<&str> = table.all_columns().map(|column| column.name).collect();
        assert_eq!(names.len(), table.all_columns().count(), "{}", table.name);
    }
}
