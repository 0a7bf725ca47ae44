//! What is judged at an origin rests on what was known there: who is served, the spend law, the season's intervals.

use clv_answers::backtest::BacktestCoverage;
use clv_studies::backtest::{BacktestOptions, BacktestOutcome, backtest};
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::calendar::day_of;
use clv_studies::season::{SeasonChoice, SeasonRequest, note_season};
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;

use crate::cdnow;
use crate::season::shop;

fn options() -> BacktestOptions {
    BacktestOptions {
        unit: TimeUnit::Week,
        horizon: None,
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: None,
        n_origins: 3,
        models: ["pareto-nbd", "mbg-nbd"].map(str::to_owned).to_vec(),
        sampled_customers: None,
        spend: SpendModelChoice::Auto,
        boosted: None,
    }
}

/// The base with every day after `day` changed.
fn with_future(
    base: &CustomerBase,
    day: i32,
    change: impl Fn(usize, DayRow) -> Vec<DayRow>,
) -> CustomerBase {
    let (mut offsets, mut rows) = (vec![0], Vec::new());
    for customer in 0..base.n_customers() {
        for row in base.days_of(customer) {
            match row.day <= day {
                true => rows.push(*row),
                false => rows.extend(change(customer, *row)),
            }
        }
        offsets.push(rows.len());
    }
    CustomerBase::new(base.ids().clone(), offsets, rows, base.end_day())
}

fn at_day(base: &CustomerBase) -> BacktestOutcome {
    let options = BacktestOptions {
        horizon: Some("26w".parse().expect("26 weeks are a span")),
        until: day_of(cdnow::CALIBRATION_END),
        n_origins: 1,
        ..options()
    };
    backtest(base, &options).expect("the sample bears this holdout")
}

#[test]
fn nothing_after_the_day_asked_for_decides_who_is_served_on_it() {
    let base = cdnow::base();
    let day = day_of(cdnow::CALIBRATION_END).expect("a date");
    let as_it_came = at_day(&base).answer;
    // Nobody ever buys again: whoever foretells least errs least.
    let silent = at_day(&with_future(&base, day, |_, _| Vec::new())).answer;
    assert_eq!(silent.served, as_it_came.served);
    let error = |answer: &clv_answers::backtest::Backtest, id: &str| {
        answer.scores.iter().find(|score| score.model == id).expect("it took part").mae
    };
    for answer in [&as_it_came, &silent] {
        let best = answer.best.as_deref().expect("somebody erred least");
        assert!(answer.scores.iter().all(|score| score.mae >= error(answer, best)));
        assert!(answer.reason.contains("chosen by what was known on 1997-09-30"));
        assert!(answer.scores.iter().all(|one| one.served == (one.model == answer.served)));
    }
    let of = |answer: &clv_answers::backtest::Backtest| answer.best.clone();
    assert_ne!(of(&silent), of(&as_it_came), "another future has another winner");
}

#[test]
fn the_spend_law_of_an_origin_is_chosen_and_fitted_by_what_was_known_there() {
    let base = cdnow::base();
    let plain = backtest(&base, &options()).expect("the sample bears it");
    let first = plain.origins.days[0];
    // Later purchases cost wildly different amounts.
    let wild = with_future(&base, first, |customer, row| {
        vec![DayRow { gross: row.gross * (0.02 + (customer % 5) as f64 * 40.0), ..row }]
    });
    let changed = backtest(&wild, &options()).expect("the sample bears it");
    let parameters = |outcome: &BacktestOutcome, origin: usize| -> Vec<f64> {
        let spend = outcome.at[origin].spend.as_ref().expect("the sample has amounts");
        spend.model().parameters().iter().map(|one| one.value).collect()
    };
    assert_eq!(plain.answer.spend_models.len(), 3);
    assert_eq!(plain.answer.spend_models[0], changed.answer.spend_models[0]);
    assert_eq!(parameters(&plain, 0), parameters(&changed, 0));
    assert_ne!(parameters(&plain, 2), parameters(&changed, 2));
}

#[test]
fn a_seasonal_forecast_is_judged_by_its_own_intervals() {
    let (_, base) = shop(4000, 24);
    let options = BacktestOptions {
        horizon: Some("13w".parse().expect("13 weeks are a span")),
        models: vec!["pareto-nbd".to_owned()],
        ..options()
    };
    let mut outcome = backtest(&base, &options).expect("two years");
    let plain = outcome.levels.clone();
    let request = SeasonRequest { choice: SeasonChoice::Auto, windows: Vec::new() };
    note_season(&base, &mut outcome, &request).expect("a model that can be told a season");
    let trial = outcome.answer.season.as_ref().expect("it was tried");
    assert!(trial.has_helped, "{}", trial.verdict);
    let rows = || outcome.answer.coverage.iter().filter(|row| row.of == "purchases");
    for score in &trial.scores {
        let whole = |row: &&BacktestCoverage| row.origin == score.origin && row.decile.is_none();
        let row = rows().find(whole).expect("every origin of the trial is judged");
        let foretold = row.predicted * row.n_customers as f64;
        assert!((foretold / score.seasonal_total - 1.0).abs() < 1e-6, "{foretold} {score:?}");
    }
    assert_ne!(outcome.levels, plain);
    let all = rows().find(|row| row.origin == "all" && row.decile.is_none()).expect("pooled");
    assert!((0.87..=0.93).contains(&all.coverage_90), "{all:?}");
}
