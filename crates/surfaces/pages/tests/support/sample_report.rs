//! A made-up shop with believable numbers, for tests of the page and for looking at it.

mod sample_models;
mod sample_segments;

use std::collections::BTreeMap;

use clv_answers::calibration::{Calibration, CalibrationDecile};
use clv_answers::cohorts::{Cohort, Cohorts};
use clv_answers::concentration::Concentration;
use clv_answers::customer_value::CustomerValue;
use clv_answers::data_quality::{ComplaintExample, ComplaintGroup, DataQuality, DetectedColumn};
use clv_answers::headline::{Headline, Interval};
use clv_answers::report::{DefinitionNote, Report};
use clv_answers::tracking::Tracking;
use clv_answers::{Answer, Provenance};

use self::sample_models::{backtest, card, model};
use self::sample_segments::{rfm_segments, value_segments};

/// A giftware shop's two and a half years: 4,338 customers, pounds.
pub(crate) fn sample_report() -> Answer<Report> {
    Answer {
        answer: Report {
            title: "Orders of Bell & Thorn Giftware".into(),
            definition: DefinitionNote {
                definition_id: "net-sales-1y@1".into(),
                meaning: "net sales so far, and those expected over the next 52 weeks, discounted; costs of goods, \
                          shipping and marketing are not taken off"
                    .into(),
            },
            headline: headline(),
            best_customers: (0..100).map(customer).collect(),
            historic_concentration: concentration("historic_value", 8_314_286.31, 0.26),
            residual_concentration: Some(concentration("residual_value", 4_318_870.2, 0.34)),
            value_segments: value_segments(),
            rfm_segments: rfm_segments(),
            cohorts: cohorts(30),
            tracking: Some(tracking()),
            calibration: Some(calibration()),
            backtest: Some(backtest()),
            model: Some(model()),
            card: card(),
            data_quality: data_quality(),
            cautions: vec![
                "The costs of goods and shipping are not known, so value is net sales, not profit.".into(),
                "One customer alone brought 3.1 % of the value: averages move with that one.".into(),
            ],
        },
        provenance: Provenance {
            definition_id: Some("net-sales-1y@1".into()),
            table_versions: BTreeMap::from([(
                "online_retail.csv".into(),
                "sha256:5d1c3b0e9a7f42c6b8de".into(),
            )]),
            model: Some("pareto-nbd".into()),
            options: BTreeMap::from([
                ("horizon".into(), "52w".into()),
                ("time-unit".into(), "week".into()),
                ("discount-rate".into(), 0.15.into()),
            ]),
            seed: Some(42),
            as_of: Some("2011-12-09".into()),
            clv_version: "0.1.0".into(),
        },
    }
}

fn interval(value: f64, spread: f64) -> Interval {
    Interval {
        value,
        low_80: value * (1.0 - spread),
        high_80: value * (1.0 + spread),
        low_90: value * (1.0 - 1.3 * spread),
        high_90: value * (1.0 + 1.35 * spread),
    }
}

fn headline() -> Headline {
    Headline {
        n_customers: 4_338,
        n_orders: 18_532,
        historic_value: 8_314_286.31,
        customer_equity: interval(4_318_870.2, 0.061),
        mean_residual_value: 995.59,
        mean_lifetime_value: 3_044.28,
        new_customer_value: 612.4,
        repeat_rate: 0.6558,
        average_order_value: 479.56,
        value_at_risk: 486_240.0,
        customers_at_risk: 612,
        at_risk_rule: "At risk: expected to order again, but silent for longer than nine in ten of their own gaps."
            .into(),
        expected_purchases: interval(11_204.0, 0.04),
        horizon: "52 weeks".into(),
        discount_rate: 0.15,
        currency: Some("GBP".into()),
    }
}

fn customer(i: u32) -> CustomerValue {
    let rank = f64::from(i + 1);
    let residual = 61_204.5 / rank.powf(0.78);
    CustomerValue {
        customer_id: format!("{}", 12_346 + (i * 7_919) % 5_900),
        orders: u64::from(4 + (i * 37) % 68),
        first_order: format!("2009-{:02}-{:02}", 1 + i % 12, 1 + (i * 5) % 28),
        last_order: format!("2011-{:02}-{:02}", 7 + i % 5, 1 + (i * 11) % 28),
        mean_spend: 180.0 + 2_400.0 / rank.sqrt(),
        historic_value: residual * 1.9,
        expected_purchases: 2.0 + 38.0 / rank.sqrt(),
        probability_next_order: 0.999 - 0.002 * rank,
        probability_alive: 0.998 - 0.0015 * rank,
        residual_value: residual,
        residual_value_low: residual * 0.62,
        residual_value_high: residual * 1.47,
        lifetime_value: residual * 2.9,
        next_order_date: (i % 17 != 5)
            .then(|| format!("2012-{:02}-{:02}", 1 + i % 3, 1 + (i * 3) % 28)),
        segment: if i < 43 { "Top" } else { "High" }.into(),
        rfm: format!("{}-5-5", 5 - i % 2),
        reason: "17 orders; one every 14 days; the last 9 days ago: within their rhythm".into(),
    }
}

fn concentration(of: &str, total: f64, power: f64) -> Concentration {
    let at = |share: f64| share.powf(power) * (1.0 - 0.1 * share) + 0.1 * share * share;
    Concentration {
        of: of.into(),
        n_customers: 4_338,
        total,
        gini: 1.0 - 2.0 * power / (1.0 + power),
        top_shares: [0.01, 0.05, 0.1, 0.2, 0.5].map(|share| (share, at(share))).to_vec(),
        customers_for_80_percent: 0.8_f64.powf(1.0 / power) + 0.01,
        curve: (0..=100).map(|i| f64::from(i) / 100.0).map(|share| (share, at(share))).collect(),
    }
}

/// So many monthly cohorts from 2009-07 on, the unlived periods blank.
pub(crate) fn cohorts(n: usize) -> Cohorts {
    let share = |i: usize, k: usize| {
        if k == 0 {
            return 1.0;
        }
        let wiggle = 1.0 + 0.22 * ((i * 5 + k * 3) as f64).sin();
        wiggle * (0.16 + 0.22 / (k as f64).sqrt()) * (1.0 - 0.008 * i as f64)
    };
    let value = |i: usize, k: usize| {
        let gain = 480.0 * share(i, 1) * (k as f64).powf(0.83);
        if k == 0 { 420.0 - 4.0 * i as f64 } else { 420.0 - 4.0 * i as f64 + gain }
    };
    // The last cohort's own month is not over.
    let lived = |i: usize| n - 1 - i;
    let cohort = |i: usize| Cohort {
        cohort: format!("{}-{:02}", 2009 + (6 + i) / 12, (6 + i) % 12 + 1),
        n_customers: 110 + ((i * 67) % 190) as u64,
        repeat_rate: 0.82 - 0.02 * i as f64,
        retention: (0..n).map(|k| (k < lived(i)).then(|| share(i, k).min(1.0))).collect(),
        cumulative_value: (0..n).map(|k| (k < lived(i)).then(|| value(i, k))).collect(),
    };
    let mean = |of: &dyn Fn(usize, usize) -> f64| {
        (0..n)
            .map(|k| {
                let old: Vec<f64> = (0..n).filter(|i| k < lived(*i)).map(|i| of(i, k)).collect();
                (!old.is_empty()).then(|| old.iter().sum::<f64>() / old.len() as f64)
            })
            .collect()
    };
    Cohorts {
        period: "month".into(),
        cohorts: (0..n).map(cohort).collect(),
        n_periods: n,
        mean_retention: mean(&share),
        mean_cumulative_value: mean(&value),
    }
}

fn tracking() -> Tracking {
    let weeks = 104;
    let expected = |w: f64| 30.0 + 95.0 * (1.0 - (-w / 30.0).exp()) - 0.45 * (w - 60.0).max(0.0);
    let actual =
        |w: f64| (expected(w) * (1.0 + 0.13 * (w * 1.7).sin() + 0.11 * (w / 8.3).sin())).round();
    Tracking {
        model: "pareto-nbd".into(),
        period: "week".into(),
        period_end: (0..weeks).map(week_end).collect(),
        actual: (0..weeks).map(|w| actual(f64::from(w))).collect(),
        expected: (0..weeks).map(|w| expected(f64::from(w))).collect(),
        origin: week_end(64),
        holdout_actual: 4_212.0,
        holdout_expected: 4_073.4,
    }
}

/// A day so many weeks after 2009-12-06, counted in months of 28 days.
fn week_end(week: i32) -> String {
    let months = week / 4;
    format!("{}-{:02}-{:02}", 2010 + months / 12, months % 12 + 1, 6 + 7 * (week % 4))
}

fn calibration() -> Calibration {
    let decile = |i: u32| {
        let predicted = 3_120.0 / f64::from(i).powf(1.55);
        CalibrationDecile {
            decile: i,
            n_customers: 331,
            predicted,
            actual: predicted * (1.06 - 0.02 * f64::from(i % 4) - 0.01 * f64::from(i)),
            predicted_purchases: predicted / 390.0,
            actual_purchases: predicted / 401.0,
            coverage_80: 0.84 - 0.008 * f64::from(i),
            coverage_90: 0.93 - 0.006 * f64::from(i),
            coverage_90_unadjusted: 0.95 - 0.009 * f64::from(i),
        }
    };
    Calibration {
        model: "pareto-nbd".into(),
        origin: "2011-04-06".into(),
        holdout_end: "2011-12-09".into(),
        deciles: (1..=10).map(decile).collect(),
        predicted_total: 1_904_220.0,
        actual_total: 1_962_904.0,
        coverage_80: 0.803,
        coverage_90: 0.897,
        coverage_90_unadjusted: 0.861,
    }
}

fn data_quality() -> DataQuality {
    let column = |role: &str, column: &str, reading: &str| DetectedColumn {
        role: role.into(),
        column: column.into(),
        reading: reading.into(),
    };
    let example = |row: u64, column: &str, value: &str| ComplaintExample {
        file: "online_retail.csv".into(),
        row,
        column: column.into(),
        value: value.into(),
    };
    let group = |rule: &str, meaning: &str, rows, amount, put_aside, examples| ComplaintGroup {
        rule: rule.into(),
        meaning: meaning.into(),
        rows,
        amount,
        put_aside,
        examples,
    };
    DataQuality {
        source: "online-retail".into(),
        files: vec!["online_retail.csv".into()],
        columns: vec![
            column("customer_id", "CustomerID", "whole number"),
            column("ordered_at", "InvoiceDate", "date and time, month before day"),
            column("order_id", "InvoiceNo", "text; a leading C is a cancellation"),
            column("quantity", "Quantity", "whole number, negative for returns"),
            column("unit_price", "UnitPrice", "decimal point"),
        ],
        rows_read: 541_909,
        rows_accepted: 406_789,
        orders: 18_532,
        customers: 4_338,
        gross: 8_911_407.9,
        returns: 611_342.09,
        net: 8_300_065.81,
        returns_without_purchase: 14_220.5,
        currency: Some("GBP".into()),
        first_date: "2009-12-01".into(),
        last_date: "2011-12-09".into(),
        complaints: vec![
            group(
                "no_customer",
                "no customer id: the order cannot be given to anyone",
                135_080,
                1_447_682.12,
                true,
                vec![example(624, "CustomerID", ""), example(1_445, "CustomerID", "")],
            ),
            group(
                "zero_price",
                "the price is zero: counted as a gift, not as a purchase",
                40,
                0.0,
                true,
                vec![example(9_304, "UnitPrice", "0.0")],
            ),
            group(
                "return_before_purchase",
                "returned before anything was bought in the data",
                1_204,
                -14_220.5,
                false,
                vec![example(143, "InvoiceNo", "C536383")],
            ),
        ],
    }
}
