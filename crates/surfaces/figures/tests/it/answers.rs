//! Small answers to draw.

use clv_answers::backtest::{Backtest, BacktestScore};
use clv_answers::calibration::{Calibration, CalibrationDecile};
use clv_answers::cohorts::{Cohort, Cohorts};
use clv_answers::concentration::Concentration;
use clv_answers::segments::{Segment, Segments};
use clv_answers::tracking::Tracking;

pub(crate) fn concentration() -> Concentration {
    Concentration {
        of: "historic_value".into(),
        n_customers: 10,
        total: 1_000.0,
        gini: 0.62,
        top_shares: vec![(0.1, 0.5), (0.2, 0.742), (0.5, 0.93)],
        customers_for_80_percent: 0.27,
        curve: vec![(0.0, 0.0), (0.1, 0.5), (0.2, 0.742), (0.5, 0.93), (1.0, 1.0)],
    }
}

/// Three months; the second cohort has lived through two, the third through none.
pub(crate) fn cohorts() -> Cohorts {
    Cohorts {
        period: "month".into(),
        cohorts: vec![
            Cohort {
                cohort: "2011-01".into(),
                n_customers: 10,
                repeat_rate: 0.6,
                retention: vec![Some(1.0), Some(0.4), Some(0.3)],
                cumulative_value: vec![Some(100.0), Some(140.0), Some(165.5)],
            },
            Cohort {
                cohort: "2011-02".into(),
                n_customers: 20,
                repeat_rate: 0.3,
                retention: vec![Some(1.0), Some(0.25), None],
                cumulative_value: vec![Some(80.0), Some(110.0), None],
            },
            Cohort {
                cohort: "2011-03".into(),
                n_customers: 5,
                repeat_rate: 0.0,
                retention: vec![None, None, None],
                cumulative_value: vec![None, None, None],
            },
        ],
        n_periods: 3,
        mean_retention: vec![Some(1.0), Some(0.3), Some(0.3)],
        mean_cumulative_value: vec![Some(86.67), Some(120.0), Some(165.5)],
    }
}

pub(crate) fn tracking() -> Tracking {
    Tracking {
        model: "pareto-nbd".into(),
        period: "week".into(),
        period_end: ["1997-09-16", "1997-09-23", "1997-09-30", "1997-10-07", "1997-10-14"]
            .map(String::from)
            .to_vec(),
        actual: vec![40.0, 52.0, 47.0, 44.0, 50.0],
        expected: vec![45.12, 46.3, 46.9, 46.0, 45.5],
        origin: "1997-09-30".into(),
        holdout_actual: 94.0,
        holdout_expected: 91.5,
    }
}

pub(crate) fn calibration() -> Calibration {
    let decile = |decile, predicted, actual| CalibrationDecile {
        decile,
        n_customers: 50,
        predicted,
        actual,
        predicted_purchases: predicted / 40.0,
        actual_purchases: actual / 40.0,
        coverage_80: 0.8,
        coverage_90: 0.9,
        coverage_90_unadjusted: 0.93,
    };
    Calibration {
        model: "pareto-nbd".into(),
        origin: "1997-09-30".into(),
        holdout_end: "1998-06-30".into(),
        deciles: vec![decile(1, 212.4, 230.1), decile(2, 60.0, 51.0)],
        predicted_total: 13_620.0,
        actual_total: 14_055.0,
        coverage_80: 0.8,
        coverage_90: 0.9,
        coverage_90_unadjusted: 0.93,
    }
}

pub(crate) fn backtest() -> Backtest {
    let score = |model: &str, mae: f64, served: bool| BacktestScore {
        model: model.into(),
        origin: "1997-09-30".into(),
        n_customers: 2_357,
        actual_total: 1_882.0,
        predicted_total: 1_665.5,
        bias: -0.115,
        mae,
        rmse: 1.6,
        correlation: 0.63,
        spearman: 0.58,
        msle: 0.24,
        normalized_gini: 0.78,
        coverage_90: None,
        coverage_80: None,
        coverage_90_unadjusted: None,
        coverage_90_closed: None,
        served,
    };
    Backtest {
        horizon: 39.0,
        time_unit: "week".into(),
        origins: vec!["1997-09-30".into()],
        scores: vec![
            score("pareto-nbd", 0.7545, true),
            score("bg-nbd", 0.7855, false),
            score("naive-own-rate", 1.0237, false),
        ],
        coverage: Vec::new(),
        blend: None,
        season: None,
        totals: Vec::new(),
        served: "pareto-nbd".into(),
        best: Some("pareto-nbd".into()),
        spend_models: Vec::new(),
        is_naive: false,
        reason: "smallest error".into(),
        left_out: Vec::new(),
        sampled_customers: None,
    }
}

pub(crate) fn segments() -> Segments {
    let segment = |name: &str, n_customers, customer_share, residual_share, chance| Segment {
        segment: name.to_lowercase(),
        name: name.into(),
        rule: "a rule".into(),
        n_customers,
        customer_share,
        historic_value: 900.0,
        residual_value: 1_000.0 * residual_share,
        residual_share,
        mean_probability_next_order: chance,
        advice: "an advice".into(),
    };
    Segments {
        scheme: "value".into(),
        how: "By rank of expected future value.".into(),
        segments: vec![segment("Top", 1, 0.1, 0.6, 0.97), segment("Low", 9, 0.9, 0.4, 0.31)],
    }
}
