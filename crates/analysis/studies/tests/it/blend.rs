//! The blend as a contestant: weights are shares, it is judged on what it did not learn from, and it pays.

use clv_studies::backtest::{BacktestOptions, BacktestOutcome, backtest};
use clv_studies::calendar::day_of;
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;

use crate::cdnow;

fn options() -> BacktestOptions {
    BacktestOptions {
        unit: TimeUnit::Week,
        horizon: None,
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: None,
        n_origins: 3,
        models: Vec::new(),
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    }
}

fn papers_holdout() -> BacktestOutcome {
    let options = BacktestOptions {
        horizon: Some("39w".parse().expect("39 weeks are a span")),
        until: day_of(cdnow::CALIBRATION_END),
        n_origins: 1,
        ..options()
    };
    backtest(&cdnow::base(), &options).expect("the sample bears this holdout")
}

#[test]
fn the_blend_beats_every_single_model_on_the_papers_holdout_it_never_saw() {
    let answer = papers_holdout().answer;
    let of = |id: &str| answer.scores.iter().find(|score| score.model == id).expect("it took part");
    let (blend, pareto) = (of("blend"), of("pareto-nbd"));
    assert!(blend.mae < 0.7545 && blend.mae < pareto.mae, "{}", blend.mae);
    assert!(blend.rmse < pareto.rmse, "{}", blend.rmse);
    // No earlier day foretold that the year would end so well: totals stay as low as the best model's.
    assert!(blend.bias.abs() < 0.12, "{}", blend.bias);
    assert_eq!(answer.served, "blend");
}

#[test]
fn weights_are_shares_in_every_segment() {
    let outcome = papers_holdout();
    let blend = outcome.answer.blend.expect("there was something to blend");
    assert_eq!(blend.weights.len(), 3);
    for weights in blend.weights.values() {
        assert_eq!(weights.len(), blend.members.len());
        assert!(weights.iter().all(|weight| *weight >= 0.0));
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
    assert!(blend.pace > 0.6 && blend.pace < 1.6);
}

#[test]
fn what_is_served_is_never_a_hundredth_worse_than_the_best_single_model() {
    let answer = backtest(&cdnow::base(), &options()).expect("the sample bears it").answer;
    let mean = |id: &str| {
        let of: Vec<f64> = answer.scores.iter().filter(|s| s.model == id).map(|s| s.mae).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    let single = answer.scores.iter().map(|score| score.model.as_str());
    let best = single.filter(|id| *id != "blend").map(mean).fold(f64::INFINITY, f64::min);
    assert!(mean(&answer.served) <= 1.01 * best, "{} {best}", answer.served);
}

#[test]
fn a_blend_learns_nothing_from_after_its_origin() {
    let seen = papers_holdout().answer.blend.expect("there was something to blend");
    let mut options = options();
    options.horizon = Some("13w".parse().expect("13 weeks are a span"));
    options.until = day_of(cdnow::CALIBRATION_END);
    options.n_origins = 1;
    // Another holdout after the same day changes what is judged, and the days before it teach over a third of 39 weeks
    // either way.
    let shorter = backtest(&cdnow::base().until(options.until.expect("a day") + 91), &options)
        .expect("the sample bears this holdout");
    let again = shorter.answer.blend.expect("there was something to blend");
    assert_eq!(seen.members, again.members);
    assert_eq!(seen.weights, again.weights);
}
