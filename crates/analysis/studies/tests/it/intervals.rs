//! Intervals of value on a simulated shop hold what they promise.

use std::sync::Arc;

use clv_engine::CustomerIds;
use clv_models::catalogue::purchase_model;
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_models::purchase::{FutureProcess, PurchaseModel};
use clv_models::simulate::{simulate_customers, simulate_spends};
use clv_models::spend::GammaGamma;
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::calibration::calibration;
use clv_studies::forecaster::{Forecaster, HorizonOptions};
use clv_studies::origins::OriginData;
use clv_studies::time::TimeUnit;

const N_CUSTOMERS: usize = 6_000;
const OBSERVED_WEEKS: f64 = 78.0;
const HOLDOUT_DAYS: i32 = 364;

/// Customers who join over nine months and buy as a Pareto/NBD says, for amounts as a gamma-gamma says.
fn shop() -> CustomerBase {
    let process = FutureProcess::Lapsing { r: 0.55, alpha: 10.6, s: 0.61, beta: 11.7 };
    let spend = GammaGamma::new(6.25, 3.74, 15.44).expect("the parameters are in range");
    let weeks = OBSERVED_WEEKS + f64::from(HOLDOUT_DAYS) / 7.0;
    let customers = simulate_customers(&process, &[0.0; N_CUSTOMERS], weeks, 7);
    let n_purchases: Vec<usize> =
        customers.iter().map(|customer| customer.purchase_times.len() + 1).collect();
    let amounts = simulate_spends(&spend, &n_purchases, 11);
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

#[test]
fn intervals_of_value_hold_what_they_promise_where_spending_is_likelier_than_not() {
    let origin = (OBSERVED_WEEKS * 7.0) as i32;
    let data = OriginData::at(&shop(), origin, HOLDOUT_DAYS, TimeUnit::Week, false);
    let entry = purchase_model("pareto-nbd").expect("it is in the catalogue");
    let fitted = fit_purchase_model(entry, &data.grouped.histories, &FitOptions::default())
        .expect("there are histories");
    let model: Arc<dyn PurchaseModel> = Arc::clone(fitted.model());
    let horizon = HorizonOptions { length: f64::from(HOLDOUT_DAYS) / 7.0, discount_rate: 0.0 };
    let answer = calibration(
        &Forecaster::Model(model),
        fitted.ln_covariance().map(Vec::as_slice),
        &data,
        &horizon,
        HOLDOUT_DAYS,
    );
    // The best three tenths spend more often than not; below them silence alone is likelier than 80 %.
    for decile in &answer.deciles[..3] {
        let found = (decile.decile, decile.coverage_80, decile.coverage_90);
        assert!((0.75..=0.85).contains(&decile.coverage_80), "{found:?}");
        assert!((0.85..=0.95).contains(&decile.coverage_90), "{found:?}");
    }
    let off = (answer.predicted_total / answer.actual_total - 1.0).abs();
    assert!(off < 0.1, "the total is off by {off}");
}
