//! Intervals of counts and of value hold what they promise on simulated shops, in every tenth of forecasts.

use clv_answers::backtest::BacktestCoverage;
use clv_engine::CustomerIds;
use clv_models::purchase::FutureProcess;
use clv_models::simulate::{simulate_customers, simulate_spends};
use clv_models::spend::GammaGamma;
use clv_studies::backtest::{BacktestOptions, BacktestOutcome, backtest};
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;

const N_CUSTOMERS: usize = 4_000;

/// Customers who join over nine months and buy as a process says, for amounts as a gamma-gamma says.
pub(crate) fn shop(process: &FutureProcess, weeks: f64, seed: u64) -> CustomerBase {
    let spend = GammaGamma::new(6.25, 3.74, 15.44).expect("the parameters are in range");
    let customers = simulate_customers(process, &[0.0; N_CUSTOMERS], weeks, seed);
    let n_purchases: Vec<usize> =
        customers.iter().map(|customer| customer.purchase_times.len() + 1).collect();
    let amounts = simulate_spends(&spend, &n_purchases, seed + 4);
    let end_day = (weeks * 7.0) as i32;
    let mut offsets = vec![0];
    let mut rows: Vec<DayRow> = Vec::new();
    for (position, customer) in customers.iter().enumerate() {
        let birth = (position % 273) as i32;
        let start = rows.len();
        let times = std::iter::once(0.0).chain(customer.purchase_times.iter().copied());
        for (time, amount) in times.zip(&amounts[position]) {
            let day = birth + (time * 7.0).floor() as i32;
            if day > end_day {
                break;
            }
            match rows[start..].last_mut() {
                Some(row) if row.day == day => {
                    row.orders += 1;
                    row.gross += amount;
                }
                _ => rows.push(DayRow { day, orders: 1, gross: *amount, returns: 0.0 }),
            }
        }
        offsets.push(rows.len());
    }
    let ids = (0..N_CUSTOMERS as i64).collect();
    CustomerBase::new(CustomerIds::Integer(ids), offsets, rows, end_day)
}

fn outcome(base: &CustomerBase) -> BacktestOutcome {
    let options = BacktestOptions {
        unit: TimeUnit::Week,
        horizon: None,
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: None,
        n_origins: 3,
        models: ["nbd", "pareto-nbd", "bg-nbd"].map(str::to_owned).to_vec(),
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    };
    backtest(base, &options).expect("the shop is old enough")
}

/// Four shops: customers who lapse, who leave after purchases, who never leave, who buy often.
fn shops() -> [(FutureProcess, f64, u64); 4] {
    [
        (FutureProcess::Lapsing { r: 0.55, alpha: 10.6, s: 0.61, beta: 11.7 }, 130.0, 7),
        (FutureProcess::LeavingAfterPurchase { r: 0.6, alpha: 6.0, a: 0.8, b: 2.4 }, 120.0, 23),
        (FutureProcess::Steady { r: 1.1, alpha: 20.0 }, 110.0, 31),
        (FutureProcess::Lapsing { r: 1.6, alpha: 5.0, s: 0.9, beta: 30.0 }, 130.0, 41),
    ]
}

#[test]
fn ninety_percent_intervals_hold_overall_and_in_every_tenth_on_every_shop() {
    for (process, weeks, seed) in shops() {
        let answer = outcome(&shop(&process, weeks, seed)).answer;
        for of in ["purchases", "value"] {
            let at = |decile: Option<u32>| -> f64 {
                let is_meant = |row: &&BacktestCoverage| {
                    row.of == of && row.origin == "all" && row.decile == decile
                };
                answer.coverage.iter().find(is_meant).expect("all origins are pooled").coverage_90
            };
            let overall = at(None);
            assert!((0.88..=0.92).contains(&overall), "{process:?} {of}: {overall}");
            for decile in 1..=10 {
                let found = at(Some(decile));
                assert!((0.85..=0.95).contains(&found), "{process:?} {of} {decile}: {found}");
            }
        }
    }
}

#[test]
fn a_closed_interval_holds_at_least_what_is_counted_by_parts() {
    let (process, weeks, seed) = shops()[0].clone();
    let answer = outcome(&shop(&process, weeks, seed)).answer;
    assert!(!answer.coverage.is_empty());
    for row in &answer.coverage {
        assert!(row.coverage_90_closed >= row.coverage_90 - 1e-9, "{row:?}");
    }
}

/// The same shop with every second half-year of it quieter: so many in a hundred of its later purchases never happen.
fn with_quiet_periods(base: &CustomerBase, n_missing: usize) -> CustomerBase {
    let (mut offsets, mut rows) = (vec![0], Vec::new());
    let mut n_seen = 0_usize;
    for customer in 0..base.n_customers() {
        for (position, row) in base.days_of(customer).iter().enumerate() {
            n_seen += 1;
            let is_quiet = (base.end_day() - row.day) / 182 % 2 == 0;
            if position == 0 || !is_quiet || (n_seen * 37) % 100 >= n_missing {
                rows.push(*row);
            }
        }
        offsets.push(rows.len());
    }
    CustomerBase::new(base.ids().clone(), offsets, rows, base.end_day())
}

#[test]
fn a_shop_whose_periods_stray_has_wider_totals_and_they_hold() {
    let (process, weeks, seed) = shops()[2].clone();
    let calm = shop(&process, weeks, seed);
    let width = |base: &CustomerBase| -> f64 {
        let answer = outcome(base).answer;
        assert_eq!(answer.totals.len(), 6, "three origins, purchases and value");
        for total in &answer.totals {
            assert!((total.low_90..=total.high_90).contains(&total.actual), "{total:?}");
            assert!(total.low_90 < total.low_80 && total.high_80 < total.high_90, "{total:?}");
        }
        let widths = answer.totals.iter().map(|one| (one.high_90 / one.low_90).ln());
        widths.sum::<f64>() / answer.totals.len() as f64
    };
    let (narrow, wide) = (width(&calm), width(&with_quiet_periods(&calm, 30)));
    assert!(wide > 1.3 * narrow, "{wide} {narrow}");
}
