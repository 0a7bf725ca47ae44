//! The CDNOW sample as purchase histories.

use clv_models::{PurchaseHistories, PurchaseHistory};

const ROWS: &str = include_str!("../../../../../golden/cdnow_histories.csv");

/// 2,357 customers in 1,016 rows, calibrated to 1997-09-30, time in units of `days_per_unit` days.
pub(crate) fn histories(days_per_unit: f64) -> PurchaseHistories {
    let mut histories = PurchaseHistories::default();
    for line in ROWS.lines().skip(1) {
        let numbers: Vec<f64> = line.split(',').map(|text| text.parse().unwrap()).collect();
        let [x, t_x, age, customers, sum_ln] = numbers[..] else { panic!("five fields in {line}") };
        let history = PurchaseHistory::new(x as u32, t_x, age)
            .and_then(|history| history.with_sum_ln_interpurchase_times(sum_ln))
            .unwrap()
            .in_unit(days_per_unit);
        histories.push(history, customers).unwrap();
    }
    histories
}

#[test]
fn the_sample_is_the_published_one() {
    let histories = histories(7.0);
    let sum = |of: &dyn Fn(&PurchaseHistory) -> f64| -> f64 {
        histories.iter().map(|(history, weight)| weight * of(history)).sum()
    };
    assert_eq!(histories.n_customers() as u32, 2357);
    assert_eq!(sum(&|history| f64::from(history.repeat_purchases())) as u32, 2457);
    assert_eq!(sum(&|history| f64::from(u8::from(history.repeat_purchases() == 0))) as u32, 1411);
}
