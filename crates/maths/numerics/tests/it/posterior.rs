//! Draws come from the density asked for, and the diagnostics are those of the papers.

use clv_numerics::linear_algebra::SymmetricMatrix;
use clv_numerics::posterior::{
    GeneralisedPareto, NormalApproximation, NutsOptions, bulk_effective_sample_size, equalised,
    largest_good_k_hat, nuts_chain, smoothed_weights, split_r_hat, student_proposals,
    tail_effective_sample_size,
};

const DIAGNOSTICS: &str = include_str!("../../../../../golden/posterior_diagnostics.csv");

/// The congruential generator of the reference script.
fn uniforms(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state / 2048) as f64 / 2f64.powi(53)
        })
        .collect()
}

/// Four chains of 250 draws, as the reference script makes them.
fn chains(case: &str) -> Vec<Vec<f64>> {
    let chain = |(number, u): (usize, &[f64])| -> Vec<f64> {
        let c = number as f64;
        let sticky = |phi: f64| {
            let mut before = 0.0;
            u.iter()
                .map(|u| {
                    before = phi * before + u;
                    before
                })
                .collect()
        };
        match case {
            "independent" => u.to_vec(),
            "cauchy" => u.iter().map(|u| (std::f64::consts::PI * (u - 0.5)).tan()).collect(),
            "shifted" => u.iter().map(|u| u + 0.2 * c).collect(),
            "spread" => u.iter().map(|u| (u - 0.5) * (1.0 + c)).collect(),
            "sticky" => sticky(0.9),
            "swinging" => sticky(-0.5),
            other => panic!("no such case: {other}"),
        }
    };
    uniforms(1000, 11).chunks(250).enumerate().map(chain).collect()
}

#[test]
fn diagnostics_are_those_of_an_independent_program() {
    let mut checked = 0;
    for line in DIAGNOSTICS.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [function, case, value] = fields[..] else { panic!("three fields in {line}") };
        let shape = match case {
            "light" => 0.1,
            "middling" => 0.5,
            "heavy" => 0.9,
            _ => 0.0,
        };
        let smoothed = || {
            let ratios: Vec<f64> = uniforms(1000, 5).iter().map(|u| -shape * u.ln()).collect();
            smoothed_weights(&ratios)
        };
        let found = match function {
            "r_hat" => split_r_hat(&chains(case)),
            "bulk" => bulk_effective_sample_size(&chains(case)),
            "tail" => tail_effective_sample_size(&chains(case)),
            "k_hat" => smoothed().k_hat,
            "weight_ess" => smoothed().effective_sample_size(),
            "largest_weight" => smoothed().weights.iter().copied().fold(0.0, f64::max),
            other => panic!("no such function: {other}"),
        };
        let value: f64 = value.parse().unwrap();
        assert!((found / value - 1.0).abs() < 1e-9, "{line}: {found}");
        checked += 1;
    }
    assert_eq!(checked, 27);
}

#[test]
fn useless_chains_have_no_diagnostics() {
    for chains in [vec![], vec![vec![1.0; 3]], vec![vec![1.0; 8], vec![1.0; 9]]] {
        assert!(split_r_hat(&chains).is_nan() && bulk_effective_sample_size(&chains).is_nan());
    }
    let with_nan = vec![vec![0.0, 1.0, f64::NAN, 2.0]];
    assert!(split_r_hat(&with_nan).is_nan() && tail_effective_sample_size(&with_nan).is_nan());
    let constant = vec![vec![2.0; 10]; 2];
    assert!((split_r_hat(&constant) - 1.0).abs() < 1e-15);
    assert!((bulk_effective_sample_size(&constant) - 20.0).abs() < 1e-12);
}

#[test]
fn weights_are_total() {
    let all_alike = smoothed_weights(&[3.0; 50]);
    assert!(all_alike.k_hat.abs() < 1e-15);
    assert!((all_alike.effective_sample_size() - 50.0).abs() < 1e-9);
    for hopeless in [vec![f64::NEG_INFINITY; 20], vec![f64::NAN; 20], vec![0.0, f64::INFINITY]] {
        let found = smoothed_weights(&hopeless);
        assert!(
            found.k_hat.is_infinite() && (found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12
        );
    }
    let mut one_impossible: Vec<f64> = uniforms(200, 3);
    one_impossible[7] = f64::NEG_INFINITY;
    let found = smoothed_weights(&one_impossible);
    assert!(found.weights[7].abs() < 1e-300 && found.k_hat.is_finite());
    assert!((largest_good_k_hat(100) - 0.5).abs() < 1e-12);
    assert!((largest_good_k_hat(1_000_000) - 0.7).abs() < 1e-12);
    assert!(GeneralisedPareto::fit(&[1.0, 2.0, 3.0, 4.0]).is_none());
}

#[test]
fn every_tooth_of_the_comb_finds_a_draw() {
    for offset in [0.0, 0.3, 0.999_999] {
        let weights = [0.1, 0.0, 0.2, 0.7];
        let positions = equalised(&weights, 1000, offset);
        assert_eq!(positions.len(), 1000);
        for (position, weight) in weights.iter().enumerate() {
            let n = positions.iter().filter(|found| **found == position).count() as f64;
            assert!((n - 1000.0 * weight).abs() <= 1.0, "{position}: {n}");
        }
    }
}

/// Two correlated normal variables with standard deviations 1 and 10: value and gradient of the log-density.
fn correlated(x: &[f64], gradient: &mut [f64]) -> f64 {
    let (a, b) = (x[0] - 2.0, (x[1] + 5.0) / 10.0);
    let square = 1.0 - 0.8f64.powi(2);
    gradient[0] = -(a - 0.8 * b) / square;
    gradient[1] = -(b - 0.8 * a) / square / 10.0;
    -0.5 * (a * a - 1.6 * a * b + b * b) / square
}

#[test]
fn a_chain_has_the_moments_of_its_density_whatever_the_scales() {
    let options = NutsOptions { n_tune: 500, n_draws: 2000, max_depth: 8 };
    let chains: Vec<_> =
        (0..2).map(|seed| nuts_chain(&[0.0, 0.0], seed, &options, correlated).unwrap()).collect();
    let of = |k: usize| -> Vec<Vec<f64>> {
        chains.iter().map(|c| c.draws.iter().map(|draw| draw[k]).collect()).collect()
    };
    for (k, (mean, deviation)) in [(2.0, 1.0), (-5.0, 10.0)].into_iter().enumerate() {
        let draws = of(k);
        let n_effective = bulk_effective_sample_size(&draws);
        assert!(split_r_hat(&draws) < 1.01 && n_effective > 500.0, "{n_effective}");
        let all: Vec<f64> = draws.concat();
        let found = all.iter().sum::<f64>() / all.len() as f64;
        // Four standard errors: a false alarm in 16,000.
        assert!((found - mean).abs() < 4.0 * deviation / n_effective.sqrt(), "{k}: {found}");
        let square = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64;
        assert!((square.sqrt() / deviation - 1.0).abs() < 0.1, "{k}: {square}");
    }
    let again = nuts_chain(&[0.0, 0.0], 1, &options, correlated).unwrap();
    assert_eq!(again, chains[1]);
    assert!(nuts_chain(&[0.0], 1, &options, |_, _| f64::NAN).is_err());
}

#[test]
fn weighted_proposals_have_the_moments_of_the_target_and_k_hat_sees_a_bad_fit() {
    // Hessian of the negative log-density above.
    let square = 1.0 - 0.8f64.powi(2);
    let rows = [[1.0 / square, -0.08 / square], [-0.08 / square, 0.01 / square]];
    let precision = SymmetricMatrix::from_fn(2, |i, j| rows[i][j]);
    let normal = NormalApproximation::new(&[2.0, -5.0], &precision, 1e-9);
    let weights_of = |normal: &NormalApproximation| {
        let proposals = student_proposals(normal, 1000, 5.0, 3);
        let ratios: Vec<f64> =
            proposals.iter().map(|p| correlated(&p.point, &mut [0.0; 2]) - p.ln_density).collect();
        (smoothed_weights(&ratios), proposals)
    };
    let (good, proposals) = weights_of(&normal);
    assert!(good.k_hat < 0.3 && good.effective_sample_size() > 700.0, "{}", good.k_hat);
    for (k, (mean, deviation)) in [(2.0, 1.0), (-5.0, 10.0)].into_iter().enumerate() {
        let pairs = || proposals.iter().zip(&good.weights);
        let found: f64 = pairs().map(|(p, w)| w * p.point[k]).sum();
        let variance: f64 = pairs().map(|(p, w)| w * (p.point[k] - mean).powi(2)).sum();
        assert!((found - mean).abs() < 0.03 * deviation, "{found}");
        assert!((variance.sqrt() / deviation - 1.0).abs() < 0.05, "{variance}");
    }
    let narrow = SymmetricMatrix::from_fn(2, |i, j| 30.0 * rows[i][j]);
    let (bad, _) = weights_of(&NormalApproximation::new(&[0.0, -5.0], &narrow, 1e-9));
    assert!(bad.k_hat > 0.7, "{}", bad.k_hat);
}
