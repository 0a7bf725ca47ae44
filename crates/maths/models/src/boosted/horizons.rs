//! Forecasts for several horizons in order: more time never holds less.

use super::forecast::ZilnForecast;

/// The nondecreasing sequence nearest to `values` in squares, by pooling neighbours that are out of order
/// [BarlowEtAl1972]. Larger values never make a smaller sequence, so that ordered quantiles stay ordered.
///
/// ```
/// assert_eq!(clv_models::boosted::isotonic(&[1.0, 4.0, 2.0]), [1.0, 3.0, 3.0]);
/// ```
#[must_use]
pub fn isotonic(values: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(values.len());
    for &value in values {
        pools.push((value, 1));
        while let [.., before, last] = pools[..]
            && before.0 > last.0
        {
            let n = before.1 + last.1;
            let mean = (before.0 * before.1 as f64 + last.0 * last.1 as f64) / n as f64;
            pools.truncate(pools.len() - 2);
            pools.push((mean, n));
        }
    }
    pools.into_iter().flat_map(|(value, n)| std::iter::repeat_n(value, n)).collect()
}

/// Makes P(buys), expected purchases and expected value nondecreasing in the horizon: `forecasts` holds one vector for
/// each horizon, shortest first, with one forecast for each customer.
///
/// # Panics
/// Where the horizons have different numbers of customers.
pub fn order_horizons(forecasts: &mut [Vec<ZilnForecast>]) {
    let n = forecasts.first().map_or(0, Vec::len);
    let parts: [(Read, Write); 3] = [
        (
            |one| one.probability_buys,
            |one, value| {
                one.probability_buys = value;
                if let Some(law) = &mut one.value {
                    law.probability = value;
                }
            },
        ),
        (|one| one.expected_purchases, |one, value| one.expected_purchases = value),
        (|one| one.expected_value, |one, value| one.expected_value = value),
    ];
    for (read, write) in parts {
        for customer in 0..n {
            let path: Vec<f64> = forecasts.iter().map(|all| read(&all[customer])).collect();
            for (value, all) in isotonic(&path).into_iter().zip(forecasts.iter_mut()) {
                write(&mut all[customer], value);
            }
        }
    }
}

/// The `level`-quantiles of one customer's value, money, one for each horizon, shortest first, and never smaller for a longer
/// one; 0 where nothing is known of value.
#[must_use]
pub fn value_quantiles(of_customer: &[ZilnForecast], level: f64) -> Vec<f64> {
    let alone: Vec<f64> =
        of_customer.iter().map(|one| one.value.map_or(0.0, |law| law.quantile(level))).collect();
    isotonic(&alone)
}

type Read = fn(&ZilnForecast) -> f64;
type Write = fn(&mut ZilnForecast, f64);
