//! Simulated customers against the closed forms of the process that made them.

use clv_models::purchase::pareto_nbd_lognormal::ParetoNbdLognormal;
use clv_models::purchase::{FutureProcess, PurchaseModel};
use clv_models::simulate::{histories, simulate_customers};

const N: usize = 60_000;

fn processes() -> [FutureProcess; 9] {
    let lognormal = ParetoNbdLognormal::from_values(&[-2.5, -3.0, 1.0, 1.1, 0.3]).unwrap();
    [
        lognormal.new_customer(),
        FutureProcess::Steady { r: 0.8, alpha: 9.0 },
        FutureProcess::Lapsing { r: 0.9, alpha: 8.0, s: 1.2, beta: 15.0 },
        FutureProcess::Aging { r: 0.9, alpha: 8.0, b: 0.08, s: 0.7, beta: 2.0 },
        FutureProcess::LeavingAfterPurchase { r: 0.7, alpha: 4.4, a: 0.8, b: 2.4 },
        FutureProcess::LeavingAtOnceOrAfterPurchase { r: 0.9, alpha: 6.2, a: 0.9, b: 1.6 },
        regular(2, 0.0, 0.9, 2.0),
        regular(4, 12.5, 16.0, 19.0),
        FutureProcess::RegularLeavingAtOnceOrAfterPurchase {
            k: 3,
            r: 1.2,
            alpha: 2.1,
            a: 0.9,
            b: 1.6,
        },
    ]
}

fn regular(k: u32, silence: f64, r: f64, alpha: f64) -> FutureProcess {
    FutureProcess::RegularLeavingAfterPurchase { k, silence, r, alpha, a: 0.8, b: 2.4 }
}

#[test]
fn counts_mean_pairs_and_masses_are_those_of_the_process() {
    for process in processes() {
        let horizon = 20.0;
        let customers = simulate_customers(&process, &vec![horizon; N], 0.0, 42);
        let counts: Vec<f64> =
            customers.iter().map(|customer| customer.purchase_times.len() as f64).collect();
        // Four standard errors: a false alarm once in 16,000 comparisons, and the seed is fixed.
        let check = |what: &str, of: &dyn Fn(f64) -> f64, expected: f64| {
            let mean = counts.iter().map(|&n| of(n)).sum::<f64>() / N as f64;
            let variance =
                counts.iter().map(|&n| (of(n) - mean).powi(2)).sum::<f64>() / (N as f64 - 1.0);
            let error = (variance / N as f64).sqrt();
            assert!(
                (mean - expected).abs() < 4.0 * error,
                "{what} of {process:?}: {mean} {expected} {error}"
            );
        };
        check("mean", &|n| n, process.expected_purchases(horizon));
        check("pairs", &|n| n * (n - 1.0), process.expected_pairs(horizon));
        for (k, mass) in process.probability_mass(horizon, 4).into_iter().enumerate() {
            check("mass", &|n| f64::from(u8::from((n - k as f64).abs() < 0.5)), mass);
        }
        check("none", &|n| f64::from(u8::from(n < 0.5)), process.probability_none(horizon));
    }
}

#[test]
fn the_first_wait_is_distributed_as_its_quantiles_say() {
    for process in processes() {
        // Some 1 % of the steady wait longer than this and are missed.
        let customers = simulate_customers(&process, &vec![3000.0; 10_000], 0.0, 3);
        let waits: Vec<f64> = customers
            .iter()
            .filter_map(|customer| customer.purchase_times.first().copied())
            .collect();
        for q in [0.1, 0.5, 0.8] {
            let limit = process.wait_quantile(q);
            let share =
                waits.iter().filter(|&&wait| wait <= limit).count() as f64 / waits.len() as f64;
            assert!((share - q).abs() < 0.025, "{process:?} {q}: {share}");
        }
    }
}

#[test]
fn discounted_purchases_are_the_discounted_sum_of_purchase_times() {
    let (horizon, rate) = (30.0, 0.05);
    for process in processes() {
        let customers = simulate_customers(&process, &vec![horizon; N], 0.0, 9);
        let sums: Vec<f64> = customers
            .iter()
            .map(|customer| customer.purchase_times.iter().map(|time| (-rate * time).exp()).sum())
            .collect();
        let mean = sums.iter().sum::<f64>() / N as f64;
        let variance = sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / N as f64;
        let expected = process.discounted_purchases(horizon, rate);
        let error = (variance / N as f64).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "{process:?}: {mean} {expected} {error}");
    }
}

#[test]
fn count_intervals_hold_the_stated_share_of_customers() {
    for process in processes() {
        let customers = simulate_customers(&process, &vec![26.0; N], 0.0, 8);
        let quantiles = process.count_quantiles(26.0, 1.0, &[0.05, 0.95]);
        let inside = customers.iter().filter(|customer| {
            let n = customer.purchase_times.len() as u64;
            quantiles[0] <= n && n <= quantiles[1]
        });
        let share = inside.count() as f64 / N as f64;
        assert!(share > 0.895, "{process:?}: {share} in {quantiles:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_customers_and_their_histories_are_valid() {
    for process in processes() {
        let ages: Vec<f64> = (0..500).map(|k| f64::from(k) / 10.0).collect();
        let customers = simulate_customers(&process, &ages, 39.0, 1);
        assert_eq!(customers, simulate_customers(&process, &ages, 39.0, 1));
        assert_ne!(customers, simulate_customers(&process, &ages, 39.0, 2));
        assert_eq!(histories(&customers).len(), 500);
        for customer in &customers {
            assert!(customer.purchase_times.is_sorted());
            let seen = customer.history().repeat_purchases() as usize;
            assert_eq!(seen + customer.holdout_purchases(), customer.purchase_times.len());
        }
    }
}
