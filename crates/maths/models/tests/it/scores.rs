//! Forecast scores on data small enough to score by hand, and on data that has no score.

use clv_models::scores::{Better, catalogue, coverage};

fn score(id: &str, predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    (catalogue().iter().find(|score| score.id == id).unwrap().compute)(predicted, actual, weights)
}

#[test]
fn every_score_is_what_one_computes_by_hand() {
    let predicted = [1.0, 2.0, 2.0, 5.0];
    let actual = [0.0, 4.0, 1.0, 3.0];
    let ones = [1.0; 4];
    let ln = f64::ln;
    let msle = (ln(2.0).powi(2) + ln(5.0 / 3.0).powi(2) + ln(1.5).powi(2) + ln(1.5).powi(2)) / 4.0;
    let rows = [
        ("bias", 2.0 / 8.0),
        ("mae", 6.0 / 4.0),
        ("rmse", (10.0_f64 / 4.0).sqrt()),
        ("correlation", 5.0 / (9.0_f64 * 10.0).sqrt()),
        // Ranks 1, 2.5, 2.5, 4 and 1, 4, 2, 3.
        ("spearman", 3.0 / (4.5_f64 * 5.0).sqrt()),
        ("msle", msle),
        // Areas above chance: by forecast 3, tie of 5, 0; at best 4, 3, 1, 0.
        ("normalized_gini", (1.5 + 2.0 * 5.5 + 8.0 - 16.0) / (2.0 + 5.5 + 7.5 + 8.0 - 16.0)),
    ];
    for (id, expected) in rows {
        let found = score(id, &predicted, &actual, &ones);
        assert!((found - expected).abs() < 1e-14, "{id}: {found} for {expected}");
    }
}

#[test]
fn a_weight_of_three_is_the_row_three_times() {
    let grouped = (&[0.5, 1.5, 1.5, 4.0][..], &[0.0, 2.0, 1.0, 3.0][..], &[3.0, 1.0, 2.0, 1.0][..]);
    let spread = (
        &[0.5, 1.5, 4.0, 0.5, 1.5, 0.5, 1.5][..],
        &[0.0, 1.0, 3.0, 0.0, 2.0, 0.0, 1.0][..],
        &[1.0; 7][..],
    );
    for one in catalogue() {
        let (left, right) = (
            (one.compute)(grouped.0, grouped.1, grouped.2),
            (one.compute)(spread.0, spread.1, spread.2),
        );
        assert!((left - right).abs() < 1e-14, "{}: {left} {right}", one.id);
    }
}

#[test]
fn perfect_forecasts_score_best_and_nothing_scores_nan() {
    let actual = [0.0, 3.0, 1.0, 7.0, 0.0];
    let ones = [1.0; 5];
    for one in catalogue() {
        let best = (one.compute)(&actual, &actual, &ones);
        let expected = if one.better == Better::Higher { 1.0 } else { 0.0 };
        assert!((best - expected).abs() < 1e-14, "{}: {best}", one.id);
        let rows: [(&[f64], &[f64], &[f64]); 5] = [
            (&[], &[], &[]),
            (&[2.0; 5], &actual, &ones),
            (&actual, &[0.0; 5], &ones),
            (&[0.1; 5], &[0.1; 5], &ones),
            (&actual, &actual, &[0.0; 5]),
        ];
        for (predicted, actual, weights) in rows {
            let value = (one.compute)(predicted, actual, weights);
            assert!(value.is_finite(), "{} of {predicted:?} {actual:?}: {value}", one.id);
        }
    }
    assert!(score("correlation", &[0.1; 5], &actual, &ones).abs() <= 0.0);
    assert!(score("spearman", &actual, &[0.7; 5], &ones).abs() <= 0.0);
    assert!(score("normalized_gini", &actual, &[0.7; 5], &ones).abs() <= 0.0);
    assert!(
        (score("normalized_gini", &[7.0, 4.0, 6.0, 0.0, 7.0], &actual, &ones) + 0.9).abs() < 0.2
    );
}

#[test]
fn coverage_counts_both_ends_as_inside() {
    let found = coverage(&[0.0, 1.0, 2.0], &[1.0, 1.0, 3.0], &[1.0, 1.0, 4.0], &[1.0, 2.0, 1.0]);
    assert!((found - 0.75).abs() < 1e-15);
    assert!(coverage(&[], &[], &[], &[]).abs() <= 0.0);
}
