//! Totals that the real files are known to have.

use std::collections::BTreeMap;

use clv_engine::{CustomerIds, Day, Intake, ReadOptions, Rule, ZeroOrders};

use crate::{engine, open, options, shared};

const CENTS: i64 = 10_000;

fn put_aside(intake: &Intake, rule: Rule) -> (u64, i64) {
    intake
        .complaints
        .iter()
        .find(|group| group.rule == rule)
        .map_or((0, 0), |group| (group.count, group.money))
}

#[test]
fn cdnow_reads_the_same_from_csv_and_from_runs_of_spaces() {
    let (Some(csv), Some(text)) =
        (shared("cdnow/cdnow_sample.csv"), shared("cdnow/CDNOW_sample.txt"))
    else {
        return;
    };
    let until = Day::parse_iso("1997-09-30");
    let (histories, intake) = open(&csv).unwrap().purchase_histories(until).unwrap();
    assert_eq!(intake.rows_read, 6_919);
    assert_eq!(intake.gross, 244_091_940_000);
    assert_eq!(intake.rows_put_aside, 0);
    assert_eq!(histories.len(), 2_357);
    assert_eq!(histories.n_days.iter().map(|n| n - 1).sum::<u32>(), 2_457);
    assert_eq!(histories.n_days.iter().filter(|n| **n == 1).count(), 1_411);
    assert_eq!(histories.last_observed_day, Day::parse_iso("1998-06-30").unwrap().0);
    let (from_text, other) = open(&text).unwrap().purchase_histories(until).unwrap();
    assert_eq!(from_text, histories);
    assert_eq!((other.gross, other.rows_read), (intake.gross, intake.rows_read));
}

#[test]
fn cdnow_histories_are_those_of_the_reference() {
    let (Some(csv), Some(reference)) =
        (shared("cdnow/cdnow_sample.csv"), shared("cdnow/histories_reference.csv"))
    else {
        return;
    };
    let until = Day::parse_iso("1997-09-30").unwrap();
    // The reference numbers the customers of the sample, as the second id column does.
    let columns = BTreeMap::from([("customer_id".to_owned(), "sample_id".to_owned())]);
    let by_sample = ReadOptions { columns, ..options(&csv) };
    let (histories, _) =
        engine().open(&by_sample).unwrap().purchase_histories(Some(until)).unwrap();
    let expected = std::fs::read_to_string(reference).unwrap();
    let weeks = |days: i32| f64::from(days) / 7.0;
    for (i, line) in expected.lines().skip(1).enumerate() {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!((f64::from(histories.n_days[i] - 1) - cells[1]).abs() < 0.5, "{line}");
        assert!(
            (weeks(histories.last_day[i] - histories.first_day[i]) - cells[2]).abs() < 0.0051,
            "{line}"
        );
        assert!((weeks(until.0 - histories.first_day[i]) - cells[3]).abs() < 0.0051, "{line}");
        let repeat = (histories.gross[i] - histories.first_day_gross[i]) as f64 / 1e6;
        let mean = if cells[1] > 0.0 { repeat / cells[1] } else { 0.0 };
        assert!((mean - cells[4]).abs() < 0.0051, "{line}: {mean}");
    }
}

#[test]
fn online_retail_adds_up_to_the_cent() {
    let Some(path) = shared("online_retail/online_retail.csv.gz") else { return };
    let orders = open(&path).unwrap();
    assert_eq!(orders.source_id(), "online-retail");
    let (histories, intake) = orders.purchase_histories(None).unwrap();
    assert_eq!(intake.rows_read, 541_909);
    let (n_unknown, unknown) = put_aside(&intake, Rule::NoCustomer);
    assert_eq!(n_unknown, 135_080);
    assert_eq!(intake.rows_accepted + n_unknown, 541_909);
    let total = intake.gross - intake.returns + unknown;
    assert_eq!((total + CENTS / 2).div_euclid(CENTS), 974_774_793);
    // One customer only ever got a line at a price of zero: that day counts unless zero orders are dropped.
    assert_eq!(histories.len(), 4_339);
    let dropping = ReadOptions { zero_orders: Some(ZeroOrders::Drop), ..options(&path) };
    let (fewer, _) = engine().open(&dropping).unwrap().purchase_histories(None).unwrap();
    assert_eq!(fewer.len(), 4_338);
}

#[test]
fn days_add_up_to_histories_and_a_sample_keeps_whole_customers() {
    let Some(path) = shared("cdnow/cdnow_sample.csv") else { return };
    let orders = open(&path).unwrap();
    let (histories, _) = orders.purchase_histories(None).unwrap();
    let (days, _) = orders.purchase_occasions(None).unwrap();
    assert_eq!(days.ids, histories.ids);
    for i in 0..histories.len() {
        let own = days.days_of(i);
        assert_eq!(
            days.orders[own.clone()].iter().filter(|n| **n > 0).count(),
            histories.n_days[i] as usize
        );
        assert_eq!(days.gross[own.clone()].iter().sum::<i64>(), histories.gross[i]);
        assert_eq!(days.returns[own].iter().sum::<i64>(), histories.returns[i]);
    }
    let (half, _) = orders.purchase_occasions(Some(1 << 15)).unwrap();
    let share = half.n_customers() as f64 / days.n_customers() as f64;
    assert!((share - 0.5).abs() < 0.04, "{share}");
    let CustomerIds::Text(all) = &days.ids else { panic!("ids are text") };
    let CustomerIds::Text(some) = &half.ids else { panic!("ids are text") };
    for (i, id) in some.iter().enumerate() {
        let at = all.binary_search(id).unwrap();
        assert_eq!(half.day[half.days_of(i)], days.day[days.days_of(at)]);
    }
}

#[test]
fn other_shops_read_without_being_told_anything() {
    if let Some(path) = shared("apparel/apparelTrans.csv") {
        let (histories, intake) = open(&path).unwrap().purchase_histories(None).unwrap();
        assert_eq!((intake.rows_read, histories.len()), (3_187, 600));
    }
    if let Some(path) = shared("grocery/groceryElog.csv.gz") {
        let error = open(&path).unwrap_err();
        assert!(
            error.to_string().contains("no amount column among the headings cust, date"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("amount=none"));
        let columns = BTreeMap::from([("amount".to_owned(), "none".to_owned())]);
        let read = ReadOptions { columns, ..options(&path) };
        let (histories, intake) = engine().open(&read).unwrap().purchase_histories(None).unwrap();
        assert_eq!((intake.rows_read, histories.len()), (10_483, 1_525));
    }
}
