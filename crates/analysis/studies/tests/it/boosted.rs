//! The boosted forecast learns from the past alone, and knows more than either of its parents.

use clv_answers::model_fit::ModelFit;
use clv_answers::{Table, Values};
use clv_engine::{CustomerIds, Engine, EngineOptions, Orders, ReadOptions};
use clv_models::boosted::ZilnForecast;
use clv_models::scores::{normalized_gini::normalized_gini, rmse::rmse};
use clv_studies::backtest::{BacktestOptions, backtest};
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::boosted::{
    BoostedOptions, Start, forecast_at, forecast_horizons_at, with_first_orders,
};
use clv_studies::calendar::{day_of, iso};
use clv_studies::features::{Attribute, AttributeValues, FeatureSet, feature_table};
use clv_studies::inquiry::{Inquiry, InquiryOptions};
use clv_studies::season::SeasonRequest;
use clv_studies::served::{ModelChoice, base_of};
use clv_studies::simulated_shop::{ShopSettings, SimulatedShop, simulate_shop};
use clv_studies::snapshot::Newborns;
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;
use clv_valuation::definition::{Definition, Economics, Referrals};
use clv_valuation::discounting::AnnualDiscountRate;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, Gamma};

use crate::cdnow;

/// The last day that forecasts may see.
const ORIGIN: i32 = 540;
const HORIZON_DAYS: i32 = 90;

/// A shop of two years whose channel, known from the first order on, tells who buys more and spends more.
fn shop(n_customers: usize, seed: u64) -> CustomerBase {
    let mut random = StdRng::seed_from_u64(seed);
    let rates: Gamma<f64> = Gamma::new(1.2, 0.012).expect("a legal shape and scale");
    let (mut rows, mut offsets, mut levels) = (Vec::new(), vec![0], Vec::new());
    for _ in 0..n_customers {
        let is_loyal = random.random::<f64>() < 0.35;
        let rate = rates.sample(&mut random) * if is_loyal { 2.5 } else { 0.7 };
        let spend = if is_loyal { 60.0 } else { 25.0 };
        let exponential = |random: &mut StdRng| -> f64 { Exp1.sample(random) };
        let mut day = random.random::<f64>() * 480.0;
        let leaves = day + 400.0 * exponential(&mut random);
        let mut last = i32::MIN;
        while day < 720.0 {
            let today = day as i32;
            if today > last {
                let gross = spend * (0.5 + random.random::<f64>());
                rows.push(DayRow { day: today, orders: 1, gross, returns: 0.0 });
                last = today;
            }
            day += exponential(&mut random) / rate;
            if day > leaves {
                break;
            }
        }
        offsets.push(rows.len());
        levels.push(Some(u32::from(is_loyal)));
    }
    let ids = CustomerIds::Text((0..n_customers).map(|one| format!("c{one:05}")).collect());
    let names = vec!["cold".to_owned(), "loyal".to_owned()];
    let values = AttributeValues::Levels { names, of_customer: levels };
    CustomerBase::new(ids, offsets, rows, 719)
        .with_attributes(vec![Attribute { name: "channel".to_owned(), values }])
}

fn options() -> BoostedOptions {
    BoostedOptions::usual(TimeUnit::Week, 1)
}

/// The base with every order after `origin` falsified: moved, multiplied, some left out and others made up.
fn falsified(base: &CustomerBase, origin: i32) -> CustomerBase {
    let (mut rows, mut offsets) = (Vec::new(), vec![0]);
    for customer in 0..base.n_customers() {
        let days = base.days_of(customer);
        let known = days.iter().filter(|row| row.day <= origin).count();
        rows.extend(&days[..known]);
        // Who is yet to come stays, so that customers keep their positions; their first day may be any after it.
        let is_made_up = customer % 2 == 0 || known == 0;
        if is_made_up {
            let day = origin + 1 + (customer % 7) as i32;
            rows.push(DayRow { day, orders: 3, gross: 1e6, returns: 5e5 });
        }
        offsets.push(rows.len());
    }
    CustomerBase::new(base.ids().clone(), offsets, rows, origin + 400)
        .with_attributes(base.attributes().to_vec())
}

/// Whether what `look` sees at the origin changes when everything after the origin does.
fn sees_the_future<T: PartialEq>(base: &CustomerBase, look: impl Fn(&CustomerBase) -> T) -> bool {
    look(base) != look(&falsified(base, ORIGIN))
}

#[test]
fn nothing_after_the_origin_changes_any_feature_or_forecast() {
    let base = shop(1_500, 1);
    let known: Vec<usize> =
        (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= ORIGIN).collect();
    // Missing values are no numbers and equal nothing, so that bits are compared.
    let features_at = |base: &CustomerBase, day: i32| -> Vec<Vec<u64>> {
        let rows: Vec<(usize, i32)> = known.iter().map(|&one| (one, day)).collect();
        let table = feature_table(base, &rows, FeatureSet::Everything, &[]);
        table.columns().iter().map(|c| c.iter().map(|value| value.to_bits()).collect()).collect()
    };
    assert!(!sees_the_future(&base, |base| features_at(base, ORIGIN)));
    let forecasts =
        |base: &CustomerBase| forecast_at(base, ORIGIN, HORIZON_DAYS, &options()).unwrap();
    assert!(!sees_the_future(&base, forecasts));
    // The same check catches features that look a month too far, and a forecast made too late.
    assert!(sees_the_future(&base, |base| features_at(base, ORIGIN + 30)));
    assert!(sees_the_future(&base, |base| {
        forecast_at(base, ORIGIN + 30, HORIZON_DAYS, &options()).unwrap().forecasts
    }));
}

#[test]
fn holdouts_learnt_from_are_over_by_the_origin() {
    let base = shop(1_500, 2);
    for horizon_days in [30, 90, 300] {
        let boosted = forecast_at(&base, ORIGIN, horizon_days, &options()).unwrap();
        assert!(boosted.learnt_days <= horizon_days && !boosted.learnt_at.is_empty());
        for earlier in &boosted.learnt_at {
            assert!(earlier + boosted.learnt_days <= ORIGIN, "{earlier}");
        }
    }
}

/// Root mean squared errors of purchases and of value over the holdout, and how far the ranking by value falls short of the
/// best one.
fn errors(base: &CustomerBase, purchases: &[f64], values: &[f64]) -> [f64; 3] {
    let known = (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= ORIGIN);
    let (came, spent): (Vec<f64>, Vec<f64>) = known
        .map(|one| {
            let held = base
                .purchases_of(one)
                .filter(|row| row.day > ORIGIN && row.day <= ORIGIN + HORIZON_DAYS);
            held.fold((0.0, 0.0), |sum, row| (sum.0 + 1.0, sum.1 + row.gross))
        })
        .unzip();
    let weights = vec![1.0; came.len()];
    [
        rmse(purchases, &came, &weights),
        rmse(values, &spent, &weights),
        1.0 - normalized_gini(values, &spent, &weights),
    ]
}

#[test]
fn the_hybrid_beats_both_its_parents_where_a_first_order_attribute_matters() {
    let base = shop(6_000, 3);
    let hybrid = forecast_at(&base, ORIGIN, HORIZON_DAYS, &options()).unwrap();
    let alone = BoostedOptions { start: Start::Mean, ..options() };
    let alone = forecast_at(&base, ORIGIN, HORIZON_DAYS, &alone).unwrap();
    let of = |forecasts: &[ZilnForecast]| {
        let purchases: Vec<f64> = forecasts.iter().map(|one| one.expected_purchases).collect();
        let values: Vec<f64> = forecasts.iter().map(|one| one.expected_value).collect();
        errors(&base, &purchases, &values)
    };
    let (of_hybrid, of_trees) = (of(&hybrid.forecasts), of(&alone.forecasts));
    let purchases: Vec<f64> = hybrid.parents.iter().map(|one| one.expected_purchases).collect();
    let values: Vec<f64> =
        hybrid.parents.iter().map(|one| one.expected_purchases * one.expected_spend).collect();
    let of_model = errors(&base, &purchases, &values);
    for (measure, hybrid) in of_hybrid.into_iter().enumerate() {
        let parents = (of_model[measure], of_trees[measure]);
        assert!(hybrid < parents.0 && hybrid < parents.1, "{measure}: {hybrid} {parents:?}");
    }
}

#[test]
fn customers_with_one_order_are_told_apart_by_what_that_order_says() {
    let base = shop(4_000, 4);
    let boosted = forecast_at(&base, ORIGIN, HORIZON_DAYS, &options()).unwrap();
    let known: Vec<usize> =
        (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= ORIGIN).collect();
    let AttributeValues::Levels { of_customer: level_of, .. } = &base.attributes()[0].values else {
        panic!("the channel has levels")
    };
    // Of the newest, the probability model knows nothing but that they are new.
    let mean_of = |level: u32, value: &dyn Fn(usize) -> f64| {
        let of_level: Vec<f64> = (0..known.len())
            .filter(|&row| {
                let days = base.days_of(known[row]);
                days.iter().filter(|day| day.day <= ORIGIN).count() == 1
                    && days[0].day > ORIGIN - 180
                    && level_of[known[row]] == Some(level)
            })
            .map(value)
            .collect();
        assert!(of_level.len() > 30, "{}", of_level.len());
        of_level.iter().sum::<f64>() / of_level.len() as f64
    };
    let ratio = |value: &dyn Fn(usize) -> f64| mean_of(1, value) / mean_of(0, value);
    let of_model = ratio(&|row| boosted.parents[row].expected_purchases);
    let of_hybrid = ratio(&|row| boosted.forecasts[row].expected_purchases);
    assert!((0.7..1.4).contains(&of_model), "{of_model}");
    assert!(of_hybrid > 1.25 * of_model, "{of_hybrid} {of_model}");
}

#[test]
fn more_time_never_holds_less() {
    let base = shop(1_500, 5);
    let horizons = forecast_horizons_at(&base, ORIGIN, &[365, 30, 90], &options()).unwrap();
    assert_eq!(horizons.iter().map(|one| one.horizon_days).collect::<Vec<_>>(), [30, 90, 365]);
    for pair in horizons.windows(2) {
        for (short, long) in pair[0].forecasts.iter().zip(&pair[1].forecasts) {
            assert!(short.probability_buys <= long.probability_buys);
            assert!(short.expected_purchases <= long.expected_purchases);
            assert!(short.expected_value <= long.expected_value);
        }
    }
    let far = &horizons[2].forecasts;
    assert!(far.iter().all(|one| one.expected_value.is_finite() && one.expected_value >= 0.0));
}

#[test]
fn the_boosted_forecast_takes_part_in_a_bake_off_where_it_is_named() {
    let mut options = BacktestOptions {
        unit: TimeUnit::Week,
        horizon: Some("90d".parse().unwrap()),
        wished_horizon: "52w".parse().unwrap(),
        until: day_of(cdnow::CALIBRATION_END),
        n_origins: 1,
        models: vec!["ziln".to_owned(), "pareto-nbd".to_owned()],
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    };
    options.boosted = BoostedOptions::among(&options.models, options.unit, 1);
    let outcome = backtest(&cdnow::base(), &options).unwrap();
    let of = |id: &str| outcome.answer.scores.iter().find(|score| score.model == id).expect(id);
    let (boosted, model) = (of("ziln"), of("pareto-nbd"));
    assert_eq!(boosted.n_customers, model.n_customers);
    assert!((boosted.actual_total - model.actual_total).abs() < 1e-9);
    assert!(boosted.normalized_gini > 0.6 && boosted.rmse < 1.1 * model.rmse, "{boosted:?}");
    assert!(boosted.coverage_90_unadjusted.is_some_and(|share| share > 0.85), "{boosted:?}");
    // Nobody blends it: a blend knows customers by their histories alone.
    assert!(outcome.recipe.is_none_or(|recipe| recipe.members.iter().all(|id| id != "ziln")));
    // Too early there is nothing to learn from, which is said and stops nobody else.
    options.until = day_of("1997-01-03");
    let answer = backtest(&cdnow::base(), &options).unwrap().answer;
    assert!(answer.left_out.iter().any(|(id, why)| id == "ziln" && why.contains("days before")));
}

/// The base as a file of orders with a channel, which later orders may tell otherwise.
fn write_orders(base: &CustomerBase, path: &std::path::Path, later_channel: &str) {
    let AttributeValues::Levels { names, of_customer } = &base.attributes()[0].values else {
        panic!("the channel has levels")
    };
    let mut text = String::from("customer_id,ordered_at,amount,channel\n");
    for (customer, level) in of_customer.iter().enumerate() {
        let level = level.map_or("", |at| names[at as usize].as_str());
        for (at, row) in base.purchases_of(customer).enumerate() {
            let channel = if at == 0 { level } else { later_channel };
            let (id, day) = (base.ids().text(customer), iso(row.day));
            text.push_str(&format!("{id},{day},{:.2},{channel}\n", row.gross));
        }
    }
    std::fs::write(path, text).expect("the folder is there");
}

fn orders_of(path: &std::path::Path) -> Orders {
    let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    let engine = Engine::new(EngineOptions::default()).expect("the system gives threads");
    engine.open(&read).expect("the file was just written")
}

fn inquiry(choice: ModelChoice, horizon: &str, until: Option<i32>) -> InquiryOptions {
    InquiryOptions {
        choice,
        unit: TimeUnit::Week,
        file_unit: None,
        horizon: horizon.parse().expect("a span"),
        until,
        newborns: Newborns::AsNew,
        spend: SpendModelChoice::gamma_gamma(),
        always_bake_off: false,
        season: SeasonRequest::default(),
        models: Vec::new(),
        seed: 1,
    }
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    match &table.column(name).expect(name).values {
        Values::Real(values) => values.clone(),
        _ => panic!("{name} is no column of numbers"),
    }
}

#[test]
fn what_later_orders_say_reaches_no_first_order() {
    let base = shop(400, 6);
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one.csv"), folder.path().join("other.csv"));
    write_orders(&base, &one, "returning");
    write_orders(&base, &other, "spam");
    let attributes = |path: &std::path::Path| {
        with_first_orders(base.clone(), &orders_of(path)).unwrap().attributes().to_vec()
    };
    assert_eq!(attributes(&one), attributes(&other));
    let levels = |attribute: &Attribute| match &attribute.values {
        AttributeValues::Levels { names, of_customer } => {
            let name = |level: &Option<u32>| level.map(|at| names[at as usize].clone());
            of_customer.iter().map(name).collect::<Vec<Option<String>>>()
        }
        AttributeValues::Numbers(_) => panic!("a channel has levels"),
    };
    assert_eq!(levels(&attributes(&one)[0]), levels(&base.attributes()[0]));
}

#[test]
fn saved_trees_forecast_as_fitted_ones_and_more_time_never_holds_less() {
    let base = shop(500, 7);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    write_orders(&base, &path, "returning");
    let orders = orders_of(&path);
    let forecast = |choice: ModelChoice, horizon: &str| {
        let asked = Inquiry::of_orders(&orders, &inquiry(choice, horizon, None)).unwrap();
        let horizon = asked.horizon_options(AnnualDiscountRate::new(0.0).unwrap());
        let rows = asked.forecast_rows(&horizon);
        (asked.forecast_table(&rows, &horizon), asked)
    };
    let (fresh, asked) = forecast(ModelChoice::Id("ziln".to_owned()), "90d");
    let fit = asked.served.fit.clone().expect("trees are saved");
    let text = serde_json::to_string(&fit).unwrap();
    assert!(text.contains("channel=loyal"), "the channel is among the features");
    let saved: ModelFit = serde_json::from_str(&text).unwrap();
    let of_saved = |horizon| forecast(ModelChoice::Saved(Box::new(saved.clone())), horizon).0;
    let again = of_saved("90d");
    let names = ["expected_purchases", "probability_next_order", "probability_alive"];
    for name in names {
        for (a, b) in column(&fresh, name).into_iter().zip(column(&again, name)) {
            assert!((a - b).abs() < 1e-9 * a.abs().max(1.0), "{name}: {a} {b}");
        }
    }
    let spans = ["10d", "30d", "60d", "90d", "200d", "365d", "800d"].map(of_saved);
    for pair in spans.windows(2) {
        for name in &names[..2] {
            for (short, long) in column(&pair[0], name).iter().zip(column(&pair[1], name)) {
                assert!(*short <= long + 1e-12, "{name}: {short} {long}");
            }
        }
    }
}

#[test]
fn value_is_what_the_value_head_says_and_its_intervals_hold() {
    let base = shop(1_000, 8);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    write_orders(&base, &path, "returning");
    let orders = orders_of(&path);
    let question = inquiry(ModelChoice::Id("ziln".to_owned()), "90d", Some(ORIGIN));
    let asked = Inquiry::of_orders(&orders, &question).unwrap();
    let rate = AnnualDiscountRate::new(0.0).unwrap();
    let horizon = asked.horizon_options(rate);
    let rows = asked.forecast_rows(&horizon);
    let uncertainty = asked.uncertainty(&rows, &horizon);
    let values = |margin_ratio: Option<f64>, id: &str| {
        let economics = Economics {
            margin_ratio,
            cost_per_order: None,
            acquisition_cost: None,
            referrals: Referrals::LeftOut,
        };
        let definition = Definition::new(id, "90d", rate, &economics).unwrap();
        asked.values(&rows, &uncertainty, &definition).unwrap()
    };
    let net = values(None, "net-sales");
    let margin = values(Some(0.25), "gross-margin");
    let boosted = {
        let known = with_first_orders(base.clone(), &orders).unwrap();
        forecast_at(&known, ORIGIN, 90, &options()).unwrap()
    };
    // Heads learnt at the horizon by itself and those between two rungs agree up to what ordering horizons moves.
    let known: Vec<usize> =
        (0..asked.snapshot.n_customers()).filter(|at| asked.snapshot.is_born()[*at]).collect();
    assert_eq!(known.len(), boosted.forecasts.len());
    let total: f64 = known.iter().map(|at| net.residual[*at]).sum();
    let of_head: f64 = boosted.forecasts.iter().map(|one| one.expected_value).sum();
    assert!((total / of_head - 1.0).abs() < 0.03, "{total} {of_head}");
    for at in &known {
        assert!((margin.residual[*at] - 0.25 * net.residual[*at]).abs() < 1e-6);
        let (low, high) = (net.ends[1][0][*at], net.ends[1][1][*at]);
        assert!(low <= high && low >= 0.0);
    }
    // What came, held against the intervals, which earlier holdouts have adjusted.
    let ids = asked.snapshot.ids();
    let place: std::collections::HashMap<String, usize> =
        (0..base.n_customers()).map(|at| (base.ids().text(at), at)).collect();
    let held = known
        .iter()
        .filter(|at| {
            let customer = place[&ids.text(**at)];
            let came: f64 = base
                .purchases_of(customer)
                .filter(|row| row.day > ORIGIN && row.day <= ORIGIN + 90)
                .map(|row| row.gross)
                .sum();
            let (low, high) = (net.ends[1][0][**at], net.ends[1][1][**at]);
            came >= low - 0.01 && came <= high + 0.01
        })
        .count() as f64
        / known.len() as f64;
    assert!((0.86..0.97).contains(&held), "{held}");
}

/// Errors of purchases and of value of customers who had bought once by the origin: of the hybrid, of the probability models
/// and of trees alone.
#[test]
fn newcomers_of_a_simulated_shop_are_foretold_best_by_the_hybrid() {
    let mut settings = ShopSettings::ordinary(14_610, 720, 6_000, 11);
    // The planted effect: who comes by referral buys and stays far more than who comes by paid search.
    (settings.channels[1].rate_factor, settings.channels[1].spend_factor) = (0.5, 0.8);
    (settings.channels[2].rate_factor, settings.channels[2].spend_factor) = (2.5, 1.4);
    let shop = simulate_shop(&settings);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    write_shop(&shop, &path);
    let orders = orders_of(&path);
    let base = base_of(orders.purchase_occasions(None).unwrap().0);
    let base = with_first_orders(base, &orders).unwrap();
    let origin = settings.first_day + 540;
    let hybrid = forecast_at(&base, origin, HORIZON_DAYS, &options()).unwrap();
    let alone = BoostedOptions { start: Start::Mean, ..options() };
    let alone = forecast_at(&base, origin, HORIZON_DAYS, &alone).unwrap();
    let known: Vec<usize> =
        (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= origin).collect();
    let rows: Vec<usize> = (0..known.len())
        .filter(|&row| base.purchases_of(known[row]).filter(|day| day.day <= origin).count() == 1)
        .collect();
    assert!(rows.len() > 500, "{}", rows.len());
    let (came, spent): (Vec<f64>, Vec<f64>) = rows
        .iter()
        .map(|&row| {
            let held = base
                .purchases_of(known[row])
                .filter(|day| day.day > origin && day.day <= origin + HORIZON_DAYS);
            held.fold((0.0, 0.0), |sum, day| (sum.0 + 1.0, sum.1 + day.gross))
        })
        .unzip();
    let weights = vec![1.0; rows.len()];
    let errors = |purchases: &dyn Fn(usize) -> f64, value: &dyn Fn(usize) -> f64| {
        let purchases: Vec<f64> = rows.iter().map(|&row| purchases(row)).collect();
        let values: Vec<f64> = rows.iter().map(|&row| value(row)).collect();
        [
            rmse(&purchases, &came, &weights),
            rmse(&values, &spent, &weights),
            1.0 - normalized_gini(&values, &spent, &weights),
        ]
    };
    let of = |all: &[ZilnForecast]| {
        errors(&|row| all[row].expected_purchases, &|row| all[row].expected_value)
    };
    let of_hybrid = of(&hybrid.forecasts);
    let of_trees = of(&alone.forecasts);
    let of_model = errors(&|row| hybrid.parents[row].expected_purchases, &|row| {
        hybrid.parents[row].expected_purchases * hybrid.parents[row].expected_spend
    });
    let told = format!("{} newcomers: {of_hybrid:?} {of_model:?} {of_trees:?}", rows.len());
    // Of purchases trees alone know as much: one order tells the probability model nothing but its age.
    assert!(of_hybrid[0] < of_model[0] && of_hybrid[0] < 1.001 * of_trees[0], "{told}");
    for measure in 1..3 {
        assert!(of_hybrid[measure] < of_model[measure], "{measure} of {told}");
        assert!(of_hybrid[measure] < of_trees[measure], "{measure} of {told}");
    }
}

fn write_shop(shop: &SimulatedShop, path: &std::path::Path) {
    let orders = shop.table("orders").expect("a shop has orders");
    let cell = |name: &str, row: usize| match &orders.column(name).expect(name).values {
        Values::Text(texts) => texts[row].clone(),
        Values::Date(days) => iso(days[row]),
        Values::Real(numbers) => numbers[row].to_string(),
        _ => panic!("{name} is neither text, date nor number"),
    };
    let mut text = String::from("order_id,customer_id,ordered_at,amount,channel\n");
    for row in 0..orders.n_rows() {
        let cells = ["order_id", "customer_id", "ordered_at", "amount", "channel"];
        text.push_str(&cells.map(|name| cell(name, row)).join(","));
        text.push('\n');
    }
    std::fs::write(path, text).expect("the folder is there");
}
