//! A planted season is found, and forecasts that know it are nearer to what came.

use clv_answers::{Table, Values};
use clv_engine::CustomerIds;
use clv_models::catalogue::purchase_model;
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::origins::Origins;
use clv_studies::season::{
    SeasonChoice, SeasonClock, SeasonPattern, SeasonRequest, SeasonWindow, fit_season,
    season_trial, settle_season, try_season,
};
use clv_studies::served::ModelChoice;
use clv_studies::simulated_shop::{ShopSettings, simulate_shop};
use clv_studies::time::TimeUnit;

/// The base of a simulated shop's orders.
fn base_of(orders: &Table, end_day: i32) -> CustomerBase {
    let ids = orders.column("customer_id").expect("orders have customers");
    let days = orders.column("ordered_at").expect("orders have days");
    let amounts = orders.column("amount").expect("orders have amounts");
    let (Values::Text(ids), Values::Date(days), Values::Real(amounts)) =
        (&ids.values, &days.values, &amounts.values)
    else {
        panic!("text, dates and numbers were expected")
    };
    let mut of_customer = std::collections::BTreeMap::<&str, Vec<DayRow>>::new();
    for ((id, day), amount) in ids.iter().zip(days).zip(amounts) {
        let rows = of_customer.entry(id).or_default();
        match rows.last_mut().filter(|row| row.day == *day) {
            Some(row) => row.gross += amount,
            None => rows.push(DayRow { day: *day, orders: 1, gross: *amount, returns: 0.0 }),
        }
    }
    let mut offsets = vec![0];
    let mut rows = Vec::new();
    let names = of_customer.keys().map(|id| (*id).to_owned()).collect();
    for of in of_customer.into_values() {
        rows.extend(of);
        offsets.push(rows.len());
    }
    CustomerBase::new(CustomerIds::Text(names), offsets, rows, end_day)
}

pub(crate) fn shop(n_customers: usize, seed: u64) -> (ShopSettings, CustomerBase) {
    let mut settings = ShopSettings::ordinary(14_610, 2 * 365, n_customers, seed);
    settings.campaigns.clear();
    settings.future_days = 0;
    let shop = simulate_shop(&settings);
    let orders = shop.table("orders").expect("a shop has orders");
    let base = base_of(orders, settings.first_day + settings.n_days - 1);
    (settings, base)
}

/// The real order log, which has no amounts.
fn grocery(path: &str) -> CustomerBase {
    let engine = clv_engine::Engine::new(clv_engine::EngineOptions::default()).expect("an engine");
    let options = clv_engine::ReadOptions {
        paths: vec![path.to_owned()],
        columns: [("amount".to_owned(), "none".to_owned())].into(),
        ..Default::default()
    };
    let orders = engine.open(&options).expect("the file is readable");
    let (occasions, _) = orders.purchase_occasions(None).expect("the file is readable");
    clv_studies::served::base_of(occasions)
}

#[test]
fn a_planted_season_is_found_again() {
    let (settings, base) = shop(4000, 21);
    let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    let found = fit_season(&base, entry, TimeUnit::Week, &[]).expect("two years show a season");
    let truth = settings.season.month_factors;
    let mean_error =
        (0..12).map(|month| (found.pattern.month_factors[month] - truth[month]).abs()).sum::<f64>()
            / 12.0;
    assert!(mean_error < 0.05, "{mean_error}: {:?}", found.pattern);
    assert!(found.months.likelihood_ratio > 50.0, "{:?}", found.months);
    assert!(found.fitted.converged());
}

#[test]
fn a_shop_without_season_keeps_flat_months() {
    let mut settings = ShopSettings::ordinary(14_610, 2 * 365, 3000, 22);
    settings.campaigns.clear();
    settings.future_days = 0;
    settings.season.month_factors = [1.0; 12];
    let shop = simulate_shop(&settings);
    let base = base_of(shop.table("orders").expect("orders"), 14_610 + 729);
    let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    let found = fit_season(&base, entry, TimeUnit::Week, &[]).expect("two years");
    assert!(
        found.pattern.month_factors.iter().all(|factor| (factor - 1.0).abs() < 0.06),
        "{:?}",
        found.pattern
    );
}

#[test]
fn a_window_has_a_factor_of_its_own() {
    let mut settings = ShopSettings::ordinary(14_610, 2 * 365, 4000, 23);
    settings.future_days = 0;
    settings.campaigns.truncate(1);
    settings.campaigns[0].treated_share = 1.0;
    settings.campaigns[0].active_factor = 2.0;
    settings.campaigns[0].silent_factor = 2.0;
    let first = settings.first_day + settings.campaigns[0].start;
    let window = SeasonWindow { name: "sale".to_owned(), first_day: first, last_day: first + 27 };
    let shop = simulate_shop(&settings);
    let base = base_of(shop.table("orders").expect("orders"), 14_610 + 729);
    let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    let found = fit_season(&base, entry, TimeUnit::Week, &[window]).expect("two years");
    // Customers born during the window are not in the campaign, so that the factor of all is a little below 2.
    assert!((1.7..2.15).contains(&found.pattern.window_factors[0]), "{:?}", found.pattern);
}

#[test]
fn forecasts_that_know_the_season_are_nearer_to_what_came() {
    let (settings, base) = shop(4000, 24);
    let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    // Learnt from the first 16 months; July to October of the second year bring less than the months before.
    let origins =
        Origins { days: vec![settings.first_day + 540], horizon_days: 91, has_last_year: true };
    let trial = season_trial(&base, &origins, entry, TimeUnit::Week, &[]).expect("18 months");
    let (actual, with, without) =
        (trial[0].actual_total, trial[0].seasonal_total, trial[0].plain_total);
    let error = |forecast: f64| (forecast / actual - 1.0).abs();
    assert!(error(with) < 0.08, "{with} of {actual}");
    assert!(error(with) < 0.7 * error(without), "{with} and {without} of {actual}");
}

/// Customers who all came in the same weeks, seen for one year: what looks like a season is their growing older, and the
/// trial on the year after it says so.
#[test]
fn one_year_of_one_cohort_shows_no_season_and_the_trial_says_so() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data/grocery/groceryElog.csv.gz");
    if !std::path::Path::new(path).exists() {
        eprintln!("skipped: ../shared/data/grocery/groceryElog.csv.gz is not here");
        return;
    }
    let base = grocery(path);
    let end_2006 = clv_studies::calendar::day_of("2006-12-31").expect("a date");
    let origins = Origins { days: vec![end_2006], horizon_days: 357, has_last_year: true };
    let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    let trial = season_trial(&base, &origins, entry, TimeUnit::Week, &[]).expect("a year");
    assert!(trial[0].seasonal_mae > trial[0].plain_mae, "{trial:?}");
    let judged = try_season(&base, &origins, entry, TimeUnit::Week, &[], None);
    assert!(!judged.expect("a fit").expect("a year").has_helped);
}

#[test]
fn clock_and_calendar_turn_into_each_other() {
    let mut pattern = SeasonPattern::flat(&[SeasonWindow {
        name: "sale".to_owned(),
        first_day: 110,
        last_day: 119,
    }]);
    pattern.month_factors[0] = 0.25;
    pattern.window_factors[0] = 3.0;
    let clock = SeasonClock::new(&pattern, 0, 400);
    for from in [-20, -1, 0, 17, 115, 399, 400, 450] {
        for days in [0, 1, 10, 200, 900] {
            let there = clock.between(from, from + days);
            let back = clock.calendar_days(from, there);
            assert!((back - f64::from(days)).abs() < 1e-9, "{from} {days}: {back}");
        }
    }
    let flat = SeasonClock::new(&SeasonPattern::flat(&[]), 0, 400);
    assert!((flat.between(3, 90) - 87.0).abs() < 1e-12);
}

/// A season is tried on two years of shops with and without one; only where there is one does it help.
#[test]
fn a_season_helps_where_there_is_one_and_only_there() {
    let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    for (is_seasonal, seed) in [(true, 31), (false, 32), (false, 33)] {
        let mut settings = ShopSettings::ordinary(14_610, 2 * 365, 2500, seed);
        settings.campaigns.clear();
        settings.future_days = 0;
        if !is_seasonal {
            settings.season.month_factors = [1.0; 12];
        }
        let shop = simulate_shop(&settings);
        let end = settings.first_day + settings.n_days - 1;
        let base = base_of(shop.table("orders").expect("orders"), end);
        let days = vec![end - 182, end - 136, end - 91];
        let origins = Origins { days, horizon_days: 91, has_last_year: true };
        let trial = try_season(&base, &origins, entry, TimeUnit::Week, &[], None);
        let trial = trial.expect("the model is fitted").expect("there is a year");
        assert_eq!(trial.has_helped, is_seasonal, "{}", trial.verdict);
        assert_eq!((trial.against.as_str(), trial.scores.len()), ("pareto-nbd", 3));
    }
}

#[test]
fn a_season_that_cannot_be_is_refused_where_it_was_demanded_and_left_out_where_not() {
    let (_, base) = shop(300, 41);
    let short = base.until(base.first_day().expect("there are days") + 200);
    let ask = |base: &CustomerBase, choice: ModelChoice, way: SeasonChoice| {
        let request = SeasonRequest { choice: way, windows: Vec::new() };
        settle_season(base, None, &choice, &request, TimeUnit::Week, None)
    };
    let model = || ModelChoice::Id("bg-nbd".to_owned());
    let error = ask(&short, model(), SeasonChoice::Month).expect_err("half a year is too short");
    assert!(error.to_string().contains("365"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--season none")), "{error}");
    let error = ask(&base, ModelChoice::Blend, SeasonChoice::Month).expect_err("a blend cannot");
    assert!(error.to_string().contains("blend"), "{error}");
    for choice in [ModelChoice::Blend, model()] {
        let left_out = ask(&short, choice, SeasonChoice::Auto).expect("nothing was demanded");
        assert_eq!(left_out, (None, None));
    }
}
