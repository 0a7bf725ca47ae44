//! Distribution functions against forty digits, and quantiles against the functions they invert.

use clv_numerics::distribution::{
    beta_cdf, gamma_cdf, gamma_quantile, gamma_survival, negative_binomial_cdf,
    negative_binomial_masses, negative_binomial_survival, normal_cdf, normal_quantile,
};

const ROWS: &str = include_str!("../../../../../golden/distribution.csv");

#[test]
fn distribution_functions_agree_with_forty_digits() {
    let mut off = Vec::new();
    for line in ROWS.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |k: usize| fields[k].parse::<f64>().unwrap_or(f64::NAN);
        let (x, y, z, expected) = (number(1), number(2), number(3), number(4));
        let found = match fields[0] {
            "normal_cdf" => normal_cdf(x),
            "normal_quantile" => normal_quantile(x),
            "gamma_cdf" => gamma_cdf(x, 1.0, y),
            "gamma_survival" => gamma_survival(x, 1.0, y),
            "beta_cdf" => beta_cdf(x, y, z),
            "negative_binomial_cdf" => negative_binomial_cdf(x, y, z),
            "negative_binomial_survival" => negative_binomial_survival(x, y, z),
            _ => negative_binomial_masses(x, y, z as usize)[z as usize],
        };
        let error = ((found - expected) / expected).abs();
        if error.is_nan() || error > 1e-11 {
            off.push(format!("{line}: {found}, {error:.1e}"));
        }
    }
    assert!(off.is_empty(), "{} off:\n{}", off.len(), off.join("\n"));
}

#[test]
fn a_gamma_quantile_is_where_the_distribution_function_reaches_it() {
    for shape in [1e-3, 0.02, 0.3, 0.9, 1.0, 2.5, 17.0, 400.0, 3e4, 1e6] {
        for q in [1e-12, 1e-4, 0.05, 0.3, 0.5, 0.8, 0.95, 0.9999, 1.0 - 1e-9] {
            let x = gamma_quantile(shape, 0.25, q);
            if x < 1e-280 {
                continue;
            }
            let error = if q > 0.5 {
                gamma_survival(shape, 0.25, x) / (1.0 - q) - 1.0
            } else {
                gamma_cdf(shape, 0.25, x) / q - 1.0
            };
            assert!(error.abs() < 1e-9, "{shape} {q}: {x} {error:.1e}");
        }
    }
}

#[test]
fn a_gamma_quantile_undoes_the_distribution_function_to_eleven_digits() {
    let mut worst = (0.0, String::new());
    for k in 0..120 {
        let shape = 0.1 * 1.1f64.powi(k);
        for j in 1..60 {
            // From far below to far above the mean.
            let x = shape * (0.25 * f64::from(j - 30) / shape.sqrt()).exp();
            let q = gamma_cdf(shape, 1.0, x);
            if !(1e-3..=0.999).contains(&q) {
                continue;
            }
            let error = (gamma_quantile(shape, 1.0, q) / x - 1.0).abs();
            if error > worst.0 {
                worst = (error, format!("{shape} {x} {q}"));
            }
        }
    }
    assert!(worst.0 < 1e-11, "{worst:?}");
}

#[test]
fn a_normal_quantile_undoes_the_distribution_function() {
    for k in -60..=60 {
        let x = f64::from(k) / 10.0;
        // Above 0 the probability itself has lost the digits.
        let tolerance = if x > 0.0 { 1e-15 / (-0.5 * x * x).exp() * 4.0 } else { 0.0 } + 1e-13;
        assert!((normal_quantile(normal_cdf(x)) - x).abs() < tolerance * x.abs().max(1.0), "{x}");
    }
}

#[test]
fn negative_binomial_masses_sum_to_the_distribution_function() {
    for (shape, odds) in [(0.05, 30.0), (1.0, 1.0), (25.0, 0.3), (3000.0, 0.9)] {
        let masses = negative_binomial_masses(shape, odds, 4000);
        let mut sum = 0.0;
        for (n, mass) in masses.iter().enumerate() {
            sum += mass;
            let error = (negative_binomial_cdf(shape, odds, n as f64) - sum).abs();
            assert!(error < 1e-10, "{shape} {odds} {n}: {sum} {error:.1e}");
        }
    }
}

#[test]
fn outside_their_domain_distributions_are_not_numbers() {
    for value in [
        normal_quantile(-0.1),
        normal_quantile(1.1),
        gamma_cdf(0.0, 1.0, 1.0),
        gamma_cdf(f64::NAN, 1.0, 1.0),
        gamma_quantile(1.0, 0.0, 0.5),
        gamma_quantile(1.0, 1.0, 1.5),
        beta_cdf(-1.0, 1.0, 0.5),
        beta_cdf(1.0, 1.0, f64::NAN),
    ] {
        assert!(value.is_nan());
    }
}
