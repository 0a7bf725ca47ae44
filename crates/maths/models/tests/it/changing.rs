//! Covariates that change over time: the static model is a special case, the integral is right, fits recover the truth.

use clv_models::PurchaseHistory;
use clv_models::catalogue::purchase_model;
use clv_models::covariates::clocked::ClockedParetoNbd;
use clv_models::covariates::{CovariateModel, CovariateRole};
use clv_models::fit::{CovariateWarning, FitOptions, fit_changing};
use clv_models::purchase::changing::{ChangingHistory, ChangingHistoryError, ChangingParetoNbd};
use clv_models::purchase::pareto_nbd::ParetoNbd;
use clv_models::purchase::{ClockPiece, FutureProcess, PurchaseModel};
use clv_models::simulate::simulate_customers;
use clv_numerics::quadrature::gauss_legendre;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::apparel::{Apparel, day};

/// The end of a period, as an age, and its covariates.
type Period = (f64, Vec<f64>);

const BASE: [f64; 4] = [0.6, 10.0, 0.7, 12.0];

/// Weeks with a high season of twelve in every fifty-two, and a trait that stays.
fn weeks(trait_value: f64, n: u32) -> Vec<(f64, Vec<f64>)> {
    let high = |week: u32| f64::from(u32::from(week % 52 >= 40));
    (0..n).map(|week| (f64::from(week + 1), vec![high(week), trait_value])).collect()
}

fn ages(random: &mut StdRng) -> (Vec<f64>, f64) {
    let age = 20.0 + 80.0 * random.random::<f64>();
    let n = (8.0 * random.random::<f64>()) as usize;
    let mut ages: Vec<f64> = (0..n).map(|_| 0.9 * age * random.random::<f64>()).collect();
    ages.sort_by(f64::total_cmp);
    (ages, age)
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{what}: {found} {expected}"
    );
}

#[test]
fn without_effects_or_change_it_is_the_static_model() {
    let mut random = StdRng::seed_from_u64(1);
    let (purchase, dropout) = (vec![0.8, 0.3], vec![-0.4, 0.5]);
    let still = ChangingParetoNbd::new(BASE, vec![0.0; 2], vec![0.0; 2]).unwrap();
    let moving = ChangingParetoNbd::new(BASE, purchase.clone(), dropout.clone()).unwrap();
    let [r, alpha, s, beta] = BASE;
    let plain = ParetoNbd::new(r, alpha, s, beta).unwrap();
    let entry = purchase_model("pareto-nbd").unwrap();
    let names = vec!["season".to_owned(), "trait".to_owned()];
    let with = CovariateModel::new(entry, BASE.to_vec(), names, purchase, dropout).unwrap();
    for _ in 0..200 {
        let (bought, age) = ages(&mut random);
        let history =
            PurchaseHistory::new(bought.len() as u32, bought.last().copied().unwrap_or(0.0), age)
                .unwrap();
        let changing = ChangingHistory::new(&bought, age, &weeks(1.0, 160)).unwrap();
        let constant: Vec<(f64, Vec<f64>)> =
            (0..160).map(|week| (f64::from(week + 1), vec![1.0, 0.7])).collect();
        let constant = ChangingHistory::new(&bought, age, &constant).unwrap();
        let own = with.at(&[1.0, 0.7], None);
        for (model, customer, expected) in
            [(&still, &changing, &plain as &dyn PurchaseModel), (&moving, &constant, own.as_ref())]
        {
            let mut gradient = vec![0.0; 8];
            let found = model.ln_likelihood(customer, &mut gradient);
            close(found, expected.ln_likelihood(&history), 1e-10, "likelihood");
            let alive = expected.probability_alive(&history);
            close(model.probability_alive(customer), alive, 1e-10, "alive");
            let forecast = expected.expected_future_purchases(&history, 30.0);
            close(model.expected_future_purchases(customer, 30.0), forecast, 1e-9, "forecast");
        }
    }
    // At s = 1 the expectation has a limit.
    let customer = ChangingHistory::new(&[3.0], 20.0, &weeks(0.0, 60)).unwrap();
    let at = |s: f64| {
        let model = ChangingParetoNbd::new([0.6, 10.0, s, 12.0], vec![0.5; 2], vec![0.5; 2]);
        model.unwrap().expected_future_purchases(&customer, 30.0)
    };
    close(at(1.0), 0.5 * (at(1.0 - 1e-6) + at(1.0 + 1e-6)), 1e-10, "limit");
}

#[test]
fn likelihood_and_forecast_are_integrals_over_the_moment_of_leaving() {
    let mut random = StdRng::seed_from_u64(2);
    let (purchase, dropout) = ([0.8, 0.3], [-0.6, 0.5]);
    let model = ChangingParetoNbd::new(BASE, purchase.to_vec(), dropout.to_vec()).unwrap();
    let [r, alpha, s, beta] = BASE;
    for _ in 0..40 {
        let (bought, age) = ages(&mut random);
        let periods = weeks(0.7, 160);
        let customer = ChangingHistory::new(&bought, age, &periods).unwrap();
        let speed = |effects: &[f64; 2], week: usize| {
            (effects[0] * periods[week].1[0] + effects[1] * periods[week].1[1]).exp()
        };
        // Clocks by adding up whole weeks and the part of the last one.
        let clock = |effects: &[f64; 2], time: f64| -> f64 {
            let whole = time.floor() as usize;
            let part = time - time.floor();
            (0..whole).map(|week| speed(effects, week)).sum::<f64>() + part * speed(effects, whole)
        };
        let shape = r + bought.len() as f64;
        let last = bought.last().copied().unwrap_or(0.0);
        let mut dead = 0.0;
        let mut start = last;
        while start < age {
            let end = (start.floor() + 1.0).min(age);
            dead += gauss_legendre(40).integrate(start, end, |time| {
                let soon = speed(&dropout, start.floor() as usize);
                s * soon
                    * (beta + clock(&dropout, time)).powf(-s - 1.0)
                    * (alpha + clock(&purchase, time)).powf(-shape)
            });
            start = end;
        }
        let alive =
            (alpha + clock(&purchase, age)).powf(-shape) * (beta + clock(&dropout, age)).powf(-s);
        let rising: f64 = (0..bought.len()).map(|k| (r + k as f64).ln()).sum();
        let at_purchases: f64 =
            bought.iter().map(|time| speed(&purchase, time.ceil() as usize - 1).ln()).sum();
        let expected = rising + at_purchases + r * alpha.ln() + s * beta.ln() + (alive + dead).ln();
        let found = model.ln_likelihood(&customer, &mut [0.0; 8]);
        close(found, expected, 1e-10, "likelihood");
        close(model.probability_alive(&customer), alive / (alive + dead), 1e-10, "alive");
        let at_end = beta + clock(&dropout, age);
        let mut forecast = 0.0;
        let mut start = age;
        while start < age + 25.5 {
            let end = (start.floor() + 1.0).min(age + 25.5);
            forecast += gauss_legendre(40).integrate(start, end, |time| {
                speed(&purchase, start.floor() as usize)
                    * (at_end / (beta + clock(&dropout, time))).powf(s)
            });
            start = end;
        }
        forecast *= shape / (alpha + clock(&purchase, age)) * alive / (alive + dead);
        close(model.expected_future_purchases(&customer, 25.5), forecast, 1e-9, "forecast");
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_likelihood_in_parameters_and_effects() {
    let mut random = StdRng::seed_from_u64(3);
    let point = [0.6_f64.ln(), 10.0_f64.ln(), 0.7_f64.ln(), 12.0_f64.ln(), 0.8, 0.3, -0.6, 0.5];
    let model = |point: &[f64; 8]| {
        let base = [point[0].exp(), point[1].exp(), point[2].exp(), point[3].exp()];
        ChangingParetoNbd::new(base, point[4..6].to_vec(), point[6..8].to_vec()).unwrap()
    };
    for _ in 0..40 {
        let (bought, age) = ages(&mut random);
        let customer = ChangingHistory::new(&bought, age, &weeks(0.7, 160)).unwrap();
        let mut gradient = vec![0.0; 8];
        model(&point).ln_likelihood(&customer, &mut gradient);
        for at in 0..8 {
            let value = |by: f64| {
                let mut point = point;
                point[at] += by;
                model(&point).ln_likelihood(&customer, &mut [0.0; 8])
            };
            let near = (value(1e-4) - value(-1e-4)) / 2e-4;
            let far = (value(2e-4) - value(-2e-4)) / 4e-4;
            close(gradient[at], (4.0 * near - far) / 3.0, 1e-8, "slope");
        }
    }
}

#[test]
fn effects_of_a_season_are_recovered_from_simulated_customers() {
    let truth = ChangingParetoNbd::new(BASE, vec![0.7, 0.4], vec![0.3, -0.5]).unwrap();
    let (purchase, dropout) = truth.effects();
    let mut random = StdRng::seed_from_u64(4);
    let gamma = |shape: f64, rate: f64, random: &mut StdRng| -> f64 {
        use rand_distr::Distribution;
        rand_distr::Gamma::new(shape, 1.0 / rate).unwrap().sample(random)
    };
    let customers: Vec<ChangingHistory> = (0..3000_u32)
        .map(|i| {
            // Customers are gained all year round, so that season and age are not the same.
            let (born, own) = (i % 52, f64::from(i % 2));
            let all = weeks(own, 240);
            let periods: Vec<(f64, Vec<f64>)> = all[born as usize..]
                .iter()
                .map(|(end, values)| (end - f64::from(born), values.clone()))
                .collect();
            let (buys, leaves) = (gamma(0.6, 10.0, &mut random), gamma(0.7, 12.0, &mut random));
            let mut next = |rate: f64| -random.random::<f64>().max(1e-300).ln() / rate;
            // The moment at which a clock has run for so long.
            let moment = |effects: &[f64], clock: f64| -> f64 {
                let (mut run, mut start) = (0.0, 0.0);
                for (end, values) in &periods {
                    let speed = (effects[0] * values[0] + effects[1] * values[1]).exp();
                    let length = end - start;
                    if run + speed * length >= clock {
                        return start + (clock - run) / speed;
                    }
                    (run, start) = (run + speed * length, *end);
                }
                f64::INFINITY
            };
            let left = moment(dropout, next(leaves));
            let age = 104.0 - f64::from(born);
            let (mut bought, mut clock) = (Vec::new(), 0.0);
            loop {
                clock += next(buys);
                let time = moment(purchase, clock);
                if time > left.min(age) {
                    break;
                }
                bought.push(time);
            }
            ChangingHistory::new(&bought, age, &periods).unwrap()
        })
        .collect();
    let names = ["season".to_owned(), "trait".to_owned()];
    let entry = purchase_model("pareto-nbd").unwrap();
    let fitted =
        fit_changing(entry, &names, &[CovariateRole::Both; 2], &customers, &FitOptions::default())
            .unwrap();
    assert!(fitted.converged, "{:?}", fitted.warnings);
    let at_truth: f64 = customers.iter().map(|one| truth.ln_likelihood(one, &mut [0.0; 8])).sum();
    let gain = 2.0 * (fitted.log_likelihood - at_truth);
    // Chi-squared with 8 degrees of freedom; 38 is exceeded once in 100,000 fits.
    assert!((-1e-6..38.0).contains(&gain), "{gain}");
    for (name, truth) in [
        ("purchase.season", 0.7),
        ("purchase.trait", 0.4),
        ("dropout.season", 0.3),
        ("dropout.trait", -0.5),
    ] {
        let found = fitted.estimates.iter().find(|one| one.name == name).unwrap();
        let error = found.standard_error.unwrap();
        assert!((found.value - truth).abs() < 4.0 * error && error < 0.5, "{found:?}");
    }
    assert!(fitted.test.unwrap().p_value < 1e-9);
    // The variances of what is reported are the diagonal of its covariance.
    let covariance = fitted.covariance.as_ref().unwrap();
    for (at, one) in fitted.estimates.iter().enumerate() {
        let slope = if at < 4 { one.value } else { 1.0 };
        close(slope * covariance[at][at].sqrt(), one.standard_error.unwrap(), 1e-12, &one.name);
    }
    // An effect that nobody asked for is not there, and costs no parameter.
    let roles = [CovariateRole::Purchase, CovariateRole::Dropout];
    let fewer = fit_changing(entry, &names, &roles, &customers, &FitOptions::default()).unwrap();
    let found: Vec<&str> = fewer.estimates[4..].iter().map(|one| one.name.as_str()).collect();
    assert_eq!((found, fewer.n_parameters), (vec!["purchase.season", "dropout.trait"], 6));
    assert!(fewer.log_likelihood < fitted.log_likelihood - 10.0);
}

#[test]
fn purchases_and_periods_in_disorder_are_refused() {
    let periods = [(5.0, vec![0.0]), (9.0, vec![1.0])];
    let error = |purchases: &[f64], age: f64, periods: &[(f64, Vec<f64>)]| {
        ChangingHistory::new(purchases, age, periods).unwrap_err()
    };
    assert!(matches!(error(&[3.0, 2.0], 8.0, &periods), ChangingHistoryError::Purchases { .. }));
    assert!(matches!(error(&[0.0], 8.0, &periods), ChangingHistoryError::Purchases { .. }));
    assert!(matches!(error(&[9.5], 9.0, &periods), ChangingHistoryError::History(_)));
    assert!(matches!(error(&[3.0], 10.0, &periods), ChangingHistoryError::TooShort { .. }));
    let back = [(5.0, vec![0.0]), (4.0, vec![1.0])];
    assert!(matches!(error(&[3.0], 4.0, &back), ChangingHistoryError::Periods { .. }));
    let gap = [(5.0, vec![0.0]), (9.0, vec![f64::NAN])];
    assert!(matches!(error(&[3.0], 8.0, &gap), ChangingHistoryError::Values { .. }));
}

#[test]
fn the_apparel_data_with_their_season_have_the_likelihood_of_an_independent_one() {
    // Reference: the same likelihood written anew with eight Gauss-Legendre nodes for each piece of a week, NumPy.
    let Some(shop) = Apparel::read() else { return };
    let text = shop.text("apparelDynCov.csv.gz");
    let mut periods: Vec<(&str, Vec<Period>)> = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let Some(first) = shop.first_day(cells[0]) else { continue };
        // A week's last day is the sixth after its date.
        let end = (day(cells[1]) + 6 - first) as f64 / 7.0;
        if periods.last().is_none_or(|(customer, _)| *customer != cells[0]) {
            periods.push((cells[0], Vec::new()));
        }
        if end > 0.0 {
            let values = cells[2..].iter().map(|cell| cell.parse().unwrap()).collect();
            periods.last_mut().unwrap().1.push((end, values));
        }
    }
    let customers: Vec<ChangingHistory> = periods
        .iter()
        .map(|(customer, periods)| {
            let (ages, age) = shop.ages(customer).unwrap();
            ChangingHistory::new(&ages, age, periods).unwrap()
        })
        .collect();
    assert_eq!(customers.len(), 600);
    let point = ([1.5, 60.0, 0.6, 40.0], vec![0.5, 0.3, 0.6], vec![-0.2, -0.6, 0.8]);
    let model = ChangingParetoNbd::new(point.0, point.1, point.2).unwrap();
    let sum: f64 = customers.iter().map(|one| model.ln_likelihood(one, &mut [0.0; 10])).sum();
    close(sum, -5_783.542_104_10, 1e-11, "likelihood at a fixed point");
    let names = ["High.Season", "Gender", "Channel"].map(str::to_owned);
    let entry = purchase_model("pareto-nbd").unwrap();
    let fitted =
        fit_changing(entry, &names, &[CovariateRole::Both; 3], &customers, &FitOptions::default())
            .unwrap();
    // The reference search ended at -5752.71770, with the season's effect on dropout at -6.4 and falling.
    assert!((-1e-3..0.1).contains(&(fitted.log_likelihood + 5_752.717_70)), "{fitted:?}");
    let effect = |name: &str| fitted.estimates.iter().find(|one| one.name == name).unwrap();
    assert!((effect("purchase.High.Season").value - 0.717).abs() < 0.003, "{fitted:?}");
    let is_named = |warning: &CovariateWarning| match warning {
        CovariateWarning::Ridge { names } => names.iter().any(|name| name == "dropout.High.Season"),
        CovariateWarning::AtBound { name, .. } => name == "dropout.High.Season",
        _ => false,
    };
    assert!(fitted.warnings.iter().any(is_named), "{:?}", fitted.warnings);
}

/// Pareto/NBD on the clocks of these weeks, of whoever is born in the first.
fn on_clocks(effects: [f64; 4]) -> ClockedParetoNbd {
    let [a, b, c, d] = effects;
    let model = ChangingParetoNbd::new(BASE, vec![a, b], vec![c, d]).unwrap();
    ClockedParetoNbd::new(model, &weeks(0.7, 160)).unwrap()
}

#[test]
fn forecasts_by_counts_and_ages_are_those_of_the_customer_with_all_moments() {
    let mut random = StdRng::seed_from_u64(8);
    let (purchase, dropout) = (vec![0.8, 0.3], vec![0.9, 0.5]);
    let full = ChangingParetoNbd::new(BASE, purchase, dropout).unwrap();
    let clocked = on_clocks([0.8, 0.3, 0.9, 0.5]);
    for _ in 0..50 {
        let (bought, age) = ages(&mut random);
        let customer = ChangingHistory::new(&bought, age, &weeks(0.7, 160)).unwrap();
        let history = customer.history();
        close(
            clocked.probability_alive(history),
            full.probability_alive(&customer),
            1e-12,
            "alive",
        );
        let expected = full.expected_future_purchases(&customer, 60.0);
        close(clocked.expected_future_purchases(history, 60.0), expected, 1e-12, "forecast");
    }
}

#[test]
fn clocks_that_never_change_are_pareto_nbd_in_every_figure() {
    let [r, alpha, s, beta] = BASE;
    let plain = FutureProcess::Lapsing { r, alpha: alpha / 1.7, s, beta: beta / 0.6 };
    // The same speed in many pieces.
    let pieces: Vec<ClockPiece> = (1..40)
        .map(|k| ClockPiece { until: f64::from(k) * 2.5, buying: 1.7, leaving: 0.6 })
        .collect();
    let clocks = FutureProcess::LapsingOnClocks { r, alpha, s, beta, pieces: pieces.into() };
    for horizon in [0.5, 2.5, 40.0, 97.0, 400.0] {
        for (found, expected, what) in [
            (clocks.expected_purchases(horizon), plain.expected_purchases(horizon), "expected"),
            (clocks.expected_pairs(horizon), plain.expected_pairs(horizon), "pairs"),
            (clocks.probability_none(horizon), plain.probability_none(horizon), "none"),
            (
                clocks.discounted_purchases(horizon, 0.01),
                plain.discounted_purchases(horizon, 0.01),
                "discounted",
            ),
        ] {
            close(found, expected, 1e-11, &format!("{what} within {horizon}"));
        }
        let masses = clocks.probability_mass(horizon, 30).into_iter();
        for (found, expected) in masses.zip(plain.probability_mass(horizon, 30)) {
            close(found, expected, 1e-10, "mass");
        }
        let levels = [0.05, 0.5, 0.8, 0.95];
        assert_eq!(
            clocks.count_quantiles(horizon, 0.8, &levels),
            plain.count_quantiles(horizon, 0.8, &levels)
        );
    }
    close(
        clocks.probability_none(f64::INFINITY),
        plain.probability_none(f64::INFINITY),
        1e-11,
        "never",
    );
    for q in [0.1, 0.5, 0.9, 0.99] {
        close(clocks.wait_quantile(q), plain.wait_quantile(q), 1e-8, "wait");
    }
}

#[test]
fn simulated_customers_do_what_their_clocks_say() {
    let process = on_clocks([0.9, 0.3, 1.2, 0.2]).new_customer();
    let (n, horizon) = (40_000, 70.0);
    let customers = simulate_customers(&process, &vec![horizon; n], 0.0, 3);
    let counts: Vec<f64> =
        customers.iter().map(|one| f64::from(one.history().repeat_purchases())).collect();
    let mean = |of: &dyn Fn(f64) -> f64| counts.iter().map(|x| of(*x)).sum::<f64>() / n as f64;
    let (expected, pairs) = (process.expected_purchases(horizon), process.expected_pairs(horizon));
    let error = ((pairs + expected - expected * expected) / n as f64).sqrt();
    // Four standard errors are exceeded once in 16,000 tries.
    assert!((mean(&|x| x) - expected).abs() < 4.0 * error, "{} {expected}", mean(&|x| x));
    for (k, mass) in process.probability_mass(horizon, 12).iter().enumerate() {
        let share = mean(&|x| f64::from(u8::from((x - k as f64).abs() < 0.5)));
        let error = (mass * (1.0 - mass) / n as f64).sqrt();
        assert!((share - mass).abs() < 4.5 * error, "{k}: {share} {mass}");
    }
    let mut waits: Vec<f64> =
        customers.iter().filter_map(|one| one.purchase_times.first().copied()).collect();
    waits.sort_by(f64::total_cmp);
    // The share of those who bought within the horizon by the median wait of all who ever will.
    let median = process.wait_quantile(0.5);
    let ever = 1.0 - process.probability_none(f64::INFINITY);
    let share = waits.partition_point(|wait| *wait <= median) as f64 / n as f64;
    assert!((share - 0.5 * ever).abs() < 4.0 * (0.25 / n as f64).sqrt(), "{share} {ever}");
}

#[test]
fn moments_and_the_chance_of_none_are_those_of_the_masses() {
    let history = PurchaseHistory::new(3, 30.0, 37.0).unwrap();
    let process = on_clocks([0.9, 0.3, 1.2, 0.2]).if_alive(&history);
    for horizon in [3.0, 20.0, 52.0, 130.0] {
        let masses = process.probability_mass(horizon, 2000);
        let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
            masses.iter().enumerate().map(|(n, mass)| mass * of(n as f64)).sum()
        };
        close(mean(&|_| 1.0), 1.0, 1e-9, "all");
        close(mean(&|n| n), process.expected_purchases(horizon), 1e-8, "mean");
        close(mean(&|n| n * (n - 1.0)), process.expected_pairs(horizon), 1e-7, "pairs");
        close(masses[0], process.probability_none(horizon), 1e-9, "none");
    }
}
