//! A blend and interval levels as they are saved, and read back.

use clv_answers::model_fit::{BlendFit, ModelFit, SavedLevels, SavedPeriod};
use clv_models::boosted::ZILN_ID;

use crate::blend::{BLEND, BlendRecipe, Member, SEGMENTS};
use crate::boosted::parent_of_saved;
use crate::error::StudyError;
use crate::forecaster::{Forecaster, NaiveRule};
use crate::held_out::{IntervalLevels, LevelPair};
use crate::model_fit::{saved_ln_covariance, saved_purchase_model};
use crate::period::PeriodSpread;
use crate::time::TimeUnit;

/// A naive rule as a member of a blend is saved: what it needs to forecast.
#[must_use]
pub fn naive_fit(rule: NaiveRule, mean_rate: f64, unit: TimeUnit) -> ModelFit {
    let mut fit = ModelFit::blank(rule.id(), unit.name());
    fit.parameters.insert("mean_rate".to_owned(), mean_rate);
    if let NaiveRule::SamePeriod { length, .. } = rule {
        fit.parameters.insert("length".to_owned(), length);
    }
    fit
}

/// A blend as it is saved.
#[must_use]
pub fn blend_fit(
    recipe: &BlendRecipe,
    members: Vec<ModelFit>,
    n_customers: f64,
    unit: TimeUnit,
) -> ModelFit {
    let mut fit = ModelFit::blank(BLEND, unit.name());
    fit.n_customers = Some(n_customers.round() as u64);
    fit.converged = Some(members.iter().all(|member| member.converged != Some(false)));
    for member in &members {
        for warning in &member.warnings {
            fit.warnings.push(format!("{}: {warning}", member.model));
        }
    }
    fit.blend = Some(BlendFit {
        members,
        weights: SEGMENTS
            .iter()
            .zip(&recipe.weights)
            .map(|(segment, weights)| ((*segment).to_owned(), weights.clone()))
            .collect(),
        pace: recipe.pace,
    });
    fit
}

/// Whoever was saved, with the unit of time: a model or a blend; of boosted trees the model that they stand on.
///
/// # Errors
/// [`StudyError::SavedModel`] where something is unknown, missing or out of range.
pub fn saved_forecaster(saved: &ModelFit) -> Result<(Forecaster, TimeUnit), StudyError> {
    if saved.boosted.is_some() || saved.model == ZILN_ID {
        let (model, unit) = saved_purchase_model(&parent_of_saved(saved)?)?;
        return Ok((Forecaster::Model(model), unit));
    }
    if saved.model != BLEND {
        let (model, unit) = saved_purchase_model(saved)?;
        return Ok((Forecaster::Model(model), unit));
    }
    let wrong = |problem: &str| StudyError::SavedModel { problem: problem.to_owned() };
    let blend = saved.blend.as_ref().ok_or_else(|| wrong("is a blend without members"))?;
    let unit: TimeUnit = saved.time_unit.parse().map_err(|error| StudyError::SavedModel {
        problem: format!("has a wrong unit: {error}"),
    })?;
    let mut members = Vec::with_capacity(blend.members.len());
    for member in &blend.members {
        if member.time_unit != saved.time_unit {
            return Err(wrong("has members in another unit of time than its own"));
        }
        let (forecaster, ln_covariance) = if member.model.starts_with("naive-") {
            (saved_naive(member)?, None)
        } else {
            let (model, _) = saved_purchase_model(member)?;
            let covariance = saved_ln_covariance(member, model.as_ref());
            (Forecaster::Model(model), covariance)
        };
        members.push(Member { forecaster, ln_covariance });
    }
    let mut weights = Vec::with_capacity(SEGMENTS.len());
    for segment in SEGMENTS {
        let of_segment = blend.weights.get(segment).filter(|of| of.len() == members.len());
        let of_segment = of_segment.ok_or_else(|| {
            wrong(&format!("lacks a weight for each member in the segment '{segment}'"))
        })?;
        let sum: f64 = of_segment.iter().sum();
        if of_segment.iter().any(|weight| !(0.0..=1.0).contains(weight)) || (sum - 1.0).abs() > 1e-6
        {
            return Err(wrong(&format!("has weights in '{segment}' that are no shares of 1")));
        }
        weights.push(of_segment.clone());
    }
    if !(blend.pace > 0.0 && blend.pace.is_finite()) {
        return Err(wrong("has a pace that is no number above 0"));
    }
    let recipe = BlendRecipe { members: Vec::new(), weights, pace: blend.pace };
    Ok((recipe.of(members), unit))
}

fn saved_naive(member: &ModelFit) -> Result<Forecaster, StudyError> {
    let parameter = |name: &str| {
        let value = member.parameters.get(name).copied();
        value.filter(|value| value.is_finite() && *value >= 0.0).ok_or_else(|| {
            StudyError::SavedModel {
                problem: format!("lacks '{name}' of {}, a number of at least 0", member.model),
            }
        })
    };
    let rule = match member.model.as_str() {
        "naive-mean-rate" => NaiveRule::MeanRate,
        "naive-own-rate" => NaiveRule::OwnRate,
        "naive-last-year" => {
            NaiveRule::SamePeriod { length: parameter("length")?, is_last_year: true }
        }
        "naive-last-period" => {
            NaiveRule::SamePeriod { length: parameter("length")?, is_last_year: false }
        }
        other => {
            return Err(StudyError::SavedModel {
                problem: format!("has an unknown member '{other}'"),
            });
        }
    };
    Ok(Forecaster::Naive { rule, mean_rate: parameter("mean_rate")? })
}

/// The rule that repeats a period, where a forecaster is it or blends it: it needs the customers' recent purchases.
#[must_use]
pub fn repeated_period(forecaster: &Forecaster) -> Option<NaiveRule> {
    match forecaster {
        Forecaster::Naive { rule: rule @ NaiveRule::SamePeriod { .. }, .. } => Some(*rule),
        Forecaster::Blend(blend) => {
            blend.members.iter().find_map(|member| repeated_period(&member.forecaster))
        }
        Forecaster::Naive { .. }
        | Forecaster::Model(_)
        | Forecaster::Traits(_)
        | Forecaster::Boosted(_) => None,
    }
}

/// Interval levels as they are saved; none where nothing was learnt.
#[must_use]
pub fn saved_levels(levels: &IntervalLevels) -> Option<SavedLevels> {
    let purchases = levels.purchases.as_ref()?;
    let of = |pair: &LevelPair, coverage: f64| pair.at(coverage).levels().to_vec();
    let value = |coverage: f64| levels.value.as_ref().map_or_else(Vec::new, |v| of(v, coverage));
    Some(SavedLevels {
        purchases_80: of(purchases, 0.8),
        purchases_90: of(purchases, 0.9),
        value_80: value(0.8),
        value_90: value(0.9),
        period: levels.period.map(|period| SavedPeriod {
            of_purchases: period.of_purchases,
            of_value: period.of_value,
            elasticity: period.elasticity,
            n_periods: period.n_periods,
        }),
    })
}

/// The interval levels of a saved model; what is no level counts as not learnt.
#[must_use]
pub fn levels_of_saved(saved: &ModelFit) -> IntervalLevels {
    let Some(levels) = &saved.interval_levels else { return IntervalLevels::default() };
    IntervalLevels {
        purchases: LevelPair::of(levels.purchases_80.clone(), levels.purchases_90.clone()),
        value: LevelPair::of(levels.value_80.clone(), levels.value_90.clone()),
        period: levels.period.as_ref().and_then(|saved| {
            PeriodSpread::of(saved.of_purchases, saved.of_value, saved.elasticity, saved.n_periods)
        }),
    }
}
