//! Models of the made-up shop: how they were judged, and the one that forecasts.

use std::collections::BTreeMap;

use clv_answers::backtest::{Backtest, BacktestCoverage, BacktestScore, BlendWeights};
use clv_answers::model_card::{CardCalibration, CardParameter, HoldoutScore, ModelCard};
use clv_answers::model_fit::ModelFit;

pub(crate) fn backtest() -> Backtest {
    let rows = [
        ("pareto-nbd", 0.7545, 1.6028, 1665.5, 0.58, Some(0.897)),
        ("mbg-nbd", 0.7648, 1.6072, 1576.7, 0.576, Some(0.893)),
        ("bg-nbd", 0.7855, 1.6080, 1653.4, 0.571, Some(0.889)),
        ("nbd", 1.0410, 1.8595, 2929.8, 0.56, Some(0.861)),
        ("naive-own-rate", 1.0237, 2.2119, 2930.1, 0.561, None),
        ("naive-historic-mean", 1.1302, 2.0431, 1754.0, 0.0, None),
    ];
    let score = |origin: &str, row: &(&str, f64, f64, f64, f64, Option<f64>)| BacktestScore {
        model: row.0.into(),
        origin: origin.into(),
        n_customers: 2_357,
        actual_total: 1_882.0,
        predicted_total: row.3,
        bias: row.3 / 1_882.0 - 1.0,
        mae: row.1,
        rmse: row.2,
        correlation: 0.63,
        spearman: row.4,
        msle: 0.2377,
        normalized_gini: row.4 + 0.2,
        coverage_90: row.5,
        coverage_80: row.5.map(|c| c - 0.1),
        coverage_90_unadjusted: row.5.map(|c| c + 0.03),
        coverage_90_closed: row.5.map(|c| c + 0.04),
        served: row.0 == "pareto-nbd",
    };
    Backtest {
        horizon: 39.0,
        time_unit: "week".into(),
        origins: vec!["2011-03-11".into()],
        scores: rows.iter().map(|row| score("2011-03-11", row)).collect(),
        coverage: ["purchases", "value"]
            .iter()
            .flat_map(|of| [None].into_iter().chain((1..=10).map(Some)).map(move |d| coverage(of, d)))
            .collect(),
        blend: Some(BlendWeights {
            members: vec!["pareto-nbd".into(), "naive-own-rate".into()],
            weights: ["one-time", "few", "frequent"]
                .iter()
                .map(|segment| ((*segment).to_owned(), vec![0.7, 0.3]))
                .collect(),
            pace: 1.0,
        }),
        season: None,
        totals: Vec::new(),
        served: "pareto-nbd".into(),
        best: Some("pareto-nbd".into()),
        spend_models: Vec::new(),
        is_naive: false,
        reason: "Pareto/NBD had the smallest error of four models and two naive baselines, and its 90 % intervals \
                 held 90 % of the customers."
            .into(),
        left_out: vec![("gamma-gamma".into(), "it foretells spend, not purchases".into())],
        sampled_customers: None,
    }
}

fn coverage(of: &str, decile: Option<u32>) -> BacktestCoverage {
    BacktestCoverage {
        of: of.into(),
        origin: "all".into(),
        decile,
        n_customers: 236,
        predicted: 4.0 / f64::from(decile.unwrap_or(4)),
        actual: 3.9 / f64::from(decile.unwrap_or(4)),
        coverage_90: 0.897,
        coverage_90_unadjusted: 0.871,
        coverage_90_closed: 0.931,
        coverage_80: 0.801,
        coverage_80_unadjusted: 0.771,
    }
}

fn parameter(model: &str, name: &str, value: f64, meaning: &str) -> CardParameter {
    CardParameter {
        model: model.into(),
        name: name.into(),
        value,
        standard_error: None,
        meaning: meaning.into(),
    }
}

pub(crate) fn card() -> ModelCard {
    ModelCard {
        model: "pareto-nbd".into(),
        time_unit: "week".into(),
        data_period: Some(("2009-12-01".into(), "2011-12-09".into())),
        n_customers: 4_338,
        n_repeaters: 2_845,
        parameters: vec![
            parameter("pareto-nbd", "r", 0.55328, "how alike customers are in how often they buy"),
            parameter("pareto-nbd", "alpha", 10.57768, "the pace of buying"),
            parameter("pareto-nbd", "s", 0.60624, "how alike customers are in how soon they leave"),
            parameter("pareto-nbd", "beta", 11.66874, "the pace of leaving"),
            parameter("gamma-gamma", "p", 6.2496, "how steady a customer\u{2019}s own orders are"),
            parameter("gamma-gamma", "q", 3.7442, "how alike customers are in what they spend"),
            parameter("gamma-gamma", "gamma", 15.4435, "the scale of spend"),
        ],
        spend_model: Some("gamma-gamma".into()),
        spend_scores: Vec::new(),
        score: Some(HoldoutScore {
            horizon_days: 246,
            n_origins: 1,
            mae: 0.7545,
            rmse: 1.6028,
            bias: -0.031,
            naive_mae: 1.0237,
        }),
        calibration: vec![CardCalibration {
            of: "purchases".into(),
            coverage_90: 0.897,
            coverage_90_unadjusted: 0.927,
            lowest_decile: 0.871,
            highest_decile: 0.922,
        }],
        drift: None,
        season: Vec::new(),
        limits: vec!["Costs and campaigns are not in the data.".into()],
    }
}

pub(crate) fn model() -> ModelFit {
    let map = |pairs: &[(&str, f64)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<BTreeMap<_, _>>()
    };
    let fit = |model: &str, parameters: &[(&str, f64)], errors: &[(&str, f64)]| ModelFit {
        parameters: map(parameters),
        standard_errors: map(errors),
        log_likelihood: Some(-9_594.976),
        aic: Some(19_197.95),
        n_customers: Some(4_338),
        n_histories: Some(3_904),
        converged: Some(true),
        data_period: Some(("2009-12-01".into(), "2011-12-09".into())),
        ..ModelFit::blank(model, "week")
    };
    let mut purchases = fit(
        "pareto-nbd",
        &[("r", 0.55328), ("alpha", 10.57768), ("s", 0.60624), ("beta", 11.66874)],
        &[("r", 0.0476264), ("alpha", 0.8427222), ("s", 0.1872594), ("beta", 6.2105448)],
    );
    purchases.spend = Some(Box::new(fit(
        "gamma-gamma",
        &[("p", 6.2496), ("q", 3.7442), ("gamma", 15.4435)],
        &[("p", 1.19), ("q", 0.29)],
    )));
    purchases.warnings =
        vec!["beta is known only within a factor of three; forecasts hardly depend on it".into()];
    purchases
}
