//! Who is served, and why: everyone's record over the origins, and the rule that picks from it.

use clv_answers::backtest::BacktestScore;
use clv_models::scores;

use crate::calendar::iso;
use crate::contest::{Contestant, OriginContest};
use crate::forecaster::{Forecaster, NaiveRule};
use crate::lessons::{Forecasts, HeldAt};

/// Forecasters within this much of the lowest error count as equal; among equals the smaller squared error wins.
const EQUAL_WITHIN: f64 = 0.01;

/// Forecasters whose squared errors differ by less than this say the same.
const SAME_WITHIN: f64 = 1e-4;

/// A forecaster's running record over the origins.
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) naive: Option<NaiveRule>,
    is_blend: bool,
    pub(crate) scores: Vec<BacktestScore>,
}

impl Record {
    fn mean(&self, of: impl Fn(&BacktestScore) -> f64) -> f64 {
        self.scores.iter().map(of).sum::<f64>() / self.scores.len() as f64
    }

    /// The mean absolute error per customer, averaged over the origins.
    pub(crate) fn error(&self) -> f64 {
        self.mean(|score| score.mae)
    }
}

/// Who is served.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// The id; empty where nothing took part.
    pub(crate) served: String,
    /// The kind of naive rule, where one is served.
    pub(crate) naive: Option<NaiveRule>,
    /// The id of the best model of the catalogue, whether or not it is served.
    pub(crate) best_model: Option<String>,
    /// Why.
    pub(crate) reason: String,
}

/// Everyone's record over origins; `earlier` are origins that only teach.
pub(crate) fn records(at: &[OriginContest], earlier: &[OriginContest]) -> Vec<Record> {
    let Some(first) = at.first() else { return Vec::new() };
    let record = |contestant: &Contestant| {
        let forecasts = Forecasts::of(at, earlier, contestant.id(), false);
        let of_origin = |(origin, contest): (usize, &OriginContest)| {
            Some(score(contestant.id(), contest, &forecasts.purchases_at(origin)?))
        };
        Record {
            id: contestant.id().to_owned(),
            naive: match &contestant.forecaster {
                Forecaster::Naive { rule, .. } => Some(*rule),
                Forecaster::Model(_)
                | Forecaster::Traits(_)
                | Forecaster::Boosted(_)
                | Forecaster::Blend(_) => None,
            },
            is_blend: contestant.is_blend(),
            scores: at.iter().enumerate().filter_map(of_origin).collect(),
        }
    };
    first.contestants.iter().map(record).collect()
}

/// Scores one forecaster at one origin.
fn score(id: &str, origin: &OriginContest, held: &HeldAt) -> BacktestScore {
    let (plain, adjusted, levels) = (&held.plain, &held.adjusted, held.levels.as_ref());
    let (predicted, actual) = (&plain.predicted, &plain.actual);
    let weights = vec![1.0; predicted.len()];
    BacktestScore {
        model: id.to_owned(),
        origin: iso(origin.data.origin),
        n_customers: actual.len() as u64,
        actual_total: actual.iter().sum(),
        predicted_total: predicted.iter().sum(),
        bias: scores::bias::bias(predicted, actual, &weights),
        mae: scores::mae::mae(predicted, actual, &weights),
        rmse: scores::rmse::rmse(predicted, actual, &weights),
        correlation: scores::correlation::correlation(predicted, actual, &weights),
        spearman: scores::spearman::spearman(predicted, actual, &weights),
        msle: scores::msle::msle(predicted, actual, &weights),
        normalized_gini: scores::normalized_gini::normalized_gini(predicted, actual, &weights),
        coverage_90: Some(adjusted.coverage(levels, 0.9)),
        coverage_80: Some(adjusted.coverage(levels, 0.8)),
        coverage_90_unadjusted: Some(plain.coverage(None, 0.9)),
        coverage_90_closed: Some(adjusted.closed_coverage(levels, 0.9)),
        served: false,
    }
}

/// Decides who is served and says why. `left_out` are the models that could not take part, with the reason.
pub(crate) fn decide(records: &[Record], left_out: &[(String, String)]) -> Verdict {
    // Among those whose error is as good as equal to the smallest the smaller squared error wins; where that is the same
    // too, as when a model has collapsed into a simpler one, the first of the catalogue.
    let best_of = |field: Vec<&'_ Record>| -> Option<usize> {
        let lowest = field.iter().map(|one| one.mean(|s| s.mae)).fold(f64::INFINITY, f64::min);
        let good =
            || field.iter().filter(|one| one.mean(|s| s.mae) <= lowest * (1.0 + EQUAL_WITHIN));
        let least = good().map(|one| one.mean(|s| s.rmse)).fold(f64::INFINITY, f64::min);
        good()
            .find(|one| one.mean(|s| s.rmse) <= least * (1.0 + SAME_WITHIN))
            .and_then(|best| records.iter().position(|record| record.id == best.id))
    };
    let (naive, models): (Vec<&Record>, Vec<&Record>) =
        records.iter().partition(|record| record.naive.is_some());
    let to_beat = naive.iter().map(|one| one.mean(|s| s.mae)).fold(f64::INFINITY, f64::min);
    // A model is served only if its error is smaller than that of every naive rule.
    let winners: Vec<&Record> =
        models.iter().copied().filter(|one| one.mean(|s| s.mae) < to_beat).collect();
    let best_model = best_of(if winners.is_empty() { models.clone() } else { winners.clone() });
    let best_single = best_of(models.into_iter().filter(|one| !one.is_blend).collect());
    let best_naive = best_of(naive);
    let best_model = best_model.map(|at| &records[at]);
    let best_naive = best_naive.map(|at| &records[at]);
    let served = if winners.is_empty() { best_naive.or(best_model) } else { best_model };
    let least_naive = records
        .iter()
        .filter(|record| record.naive.is_some())
        .map(|record| (record.id.as_str(), record.mean(|s| s.mae)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or(("none", f64::INFINITY));
    let n_origins = records.first().map_or(0, |record| record.scores.len());
    Verdict {
        served: served.map_or_else(String::new, |record| record.id.clone()),
        naive: served.and_then(|record| record.naive),
        best_model: best_single.map(|at| records[at].id.clone()),
        reason: reason(best_model, best_naive, served, least_naive, left_out, n_origins),
    }
}

fn reason(
    best_model: Option<&Record>,
    best_naive: Option<&Record>,
    served: Option<&Record>,
    least_naive: (&str, f64),
    left_out: &[(String, String)],
    n_origins: usize,
) -> String {
    let over = if n_origins == 1 {
        "one holdout".to_owned()
    } else {
        format!("{n_origins} rolling holdouts")
    };
    match (best_model, best_naive, served) {
        (Some(model), Some(_), Some(served)) if served.naive.is_none() => format!(
            "{} forecast best over {over}: its error is {:.4} purchases per customer, {:.1} % less than that of \
             the best naive rule, {}",
            model.id,
            model.mean(|s| s.mae),
            100.0 * (1.0 - model.mean(|s| s.mae) / least_naive.1),
            least_naive.0
        ),
        (Some(model), Some(_), Some(served)) => format!(
            "no model beat the naive rules over {over}: the error of {} is {:.4} purchases per customer, that of \
             the best model, {}, {:.4}; so {} is served",
            least_naive.0,
            least_naive.1,
            model.id,
            model.mean(|s| s.mae),
            if served.id == least_naive.0 {
                "that naive rule".to_owned()
            } else {
                format!(
                    "the naive rule {} ({:.4}, as good as equal, with the smaller squared error)",
                    served.id,
                    served.mean(|s| s.mae)
                )
            }
        ),
        (None, Some(naive), _) => {
            let why = left_out.first().map_or("none was asked for", |(_, why)| why.as_str());
            format!("no model could take part ({why}); so the naive rule {} is served", naive.id)
        }
        (_, _, Some(served)) => format!("{} was the only one that could take part", served.id),
        _ => "nothing could take part".to_owned(),
    }
}
