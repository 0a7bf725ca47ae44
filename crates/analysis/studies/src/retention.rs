//! How customers under contract renew, and what those who are there still have before them.

use std::collections::BTreeMap;
use std::sync::Arc;

use clv_answers::model_fit::ModelFit;
use clv_answers::retention::{RenewalsToCome, Retention, RetentionPoint};
use clv_answers::{Table, Values};
use clv_models::catalogue::{retention_model, retention_models};
use clv_models::fit::{FittedRetention, fit_retention_model};
use clv_models::retention::{KaplanMeier, LONGEST_PERIODS, RetentionModel, Tenure, kaplan_meier};
use clv_valuation::definition::Definition;
use clv_valuation::discounting::AnnualDiscountRate;

use crate::cohort_fits::{compare_cohorts, difference};
use crate::covariates::retention::RetentionTraits;
use crate::error::StudyError;
use crate::model_fit::{named_values, standard_errors};
use crate::served::check_traits;
use crate::subscribers::{Subscriber, Subscribers};
use crate::time::{Span, TimeUnit};

/// The level of the intervals of curves.
const CURVE_LEVEL: f64 = 0.95;
/// Fewest and most occasions that a curve is told for, where nobody says how many.
const OCCASIONS_TOLD: (u32, u32) = (12, 120);
/// The tails that the interval of a customer's renewals leaves out.
const TAILS: (f64, f64) = (0.1, 0.9);

/// The ids of all retention models.
#[must_use]
pub fn retention_ids() -> Vec<&'static str> {
    let mut ids: Vec<&str> = retention_models().iter().map(|entry| entry.id).collect();
    ids.push(kaplan_meier::ID);
    ids
}

/// Whether the id is of a retention model.
#[must_use]
pub fn is_retention_model(id: &str) -> bool {
    retention_ids().contains(&id)
}

/// Whoever tells how customers renew.
#[derive(Debug, Clone)]
pub enum RetentionCurve {
    /// A model, with its fit where it was fitted just now.
    Model(Arc<dyn RetentionModel>, Option<FittedRetention>),
    /// A model that knows who the customers are; the curve told of all is that of the mean customer.
    Traits(Arc<RetentionTraits>),
    /// What was seen, and nothing beyond.
    Seen(KaplanMeier),
}

impl RetentionCurve {
    /// The curve of the model asked for, fitted to the subscribers; to what had been seen of them after
    /// `through` renewal occasions, where that is given.
    ///
    /// # Errors
    /// [`StudyError`] where there is no such model or nobody has met a renewal.
    pub fn fit(
        id: &str,
        subscribers: &Subscribers,
        through: Option<u32>,
    ) -> Result<Self, StudyError> {
        let tenures = match through {
            Some(renewals) => &subscribers.tenures.seen_through(renewals),
            None => &subscribers.tenures,
        };
        if id == kaplan_meier::ID {
            let seen = KaplanMeier::new(tenures, CURVE_LEVEL);
            return Ok(RetentionCurve::Seen(seen));
        }
        let entry = retention_model(id).ok_or_else(|| StudyError::UnknownModel {
            id: id.to_owned(),
            known: retention_ids().join(", "),
        })?;
        let fitted = fit_retention_model(entry, tenures)
            .map_err(|error| StudyError::Subscriptions { problem: error.to_string() })?;
        Ok(RetentionCurve::Model(Arc::clone(fitted.model()), Some(fitted)))
    }

    /// A warning where the cohorts that went into the fit differ more than chance makes them.
    #[must_use]
    pub fn cohorts_differ(
        &self,
        subscribers: &Subscribers,
        through: Option<u32>,
    ) -> Option<String> {
        difference(compare_cohorts(self, subscribers, through, 1.0).1.as_ref())
    }

    /// The curve of a saved model, with the length of its periods.
    ///
    /// # Errors
    /// [`StudyError::SavedModel`] where it is no retention model with its parameters.
    pub fn of_saved(saved: &ModelFit) -> Result<(Self, TimeUnit), StudyError> {
        check_traits(saved)?;
        let entry = retention_model(&saved.model).ok_or_else(|| StudyError::SavedModel {
            problem: format!("is of {}, which cannot be read back without its data", saved.model),
        })?;
        let unit = saved.time_unit.parse().map_err(|error| StudyError::SavedModel {
            problem: format!("has a wrong unit: {error}"),
        })?;
        let values = named_values(saved, entry.parameter_names)?;
        let model = (entry.build)(&values).map_err(|error| StudyError::SavedModel {
            problem: format!("is out of range: {error}"),
        })?;
        Ok((RetentionCurve::Model(Arc::from(model), None), unit))
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            RetentionCurve::Model(model, _) => model.id(),
            RetentionCurve::Traits(traits) => traits.typical().id(),
            RetentionCurve::Seen(_) => kaplan_meier::ID,
        }
    }

    /// The stratum of a subscriber and its curve; without covariates all are of one.
    fn of_subscriber(&self, at: usize) -> (u32, &Self) {
        match self {
            RetentionCurve::Traits(traits) => traits.of_subscriber(at),
            _ => (0, self),
        }
    }

    /// The model, of the mean customer where traits matter; none where there is none.
    fn model(&self) -> Option<&Arc<dyn RetentionModel>> {
        match self {
            RetentionCurve::Model(model, _) => Some(model),
            RetentionCurve::Traits(traits) => Some(traits.typical()),
            RetentionCurve::Seen(_) => None,
        }
    }

    /// P(`more` renewals more, given `renewals`); none beyond what was seen.
    fn conditional(&self, renewals: u32, more: u32) -> Option<f64> {
        if let Some(model) = self.model() {
            return Some(model.conditional_survival(renewals, more));
        }
        match self {
            RetentionCurve::Model(..) | RetentionCurve::Traits(_) => None,
            RetentionCurve::Seen(seen) => {
                let now = seen.survival(renewals).filter(|now| *now > 0.0)?;
                Some(seen.survival(renewals.saturating_add(more))? / now)
            }
        }
    }

    /// Expected renewals within the horizon, discounted from the first of them.
    fn expected(&self, renewals: u32, ratio: f64, horizon: Option<u32>) -> f64 {
        match self {
            RetentionCurve::Model(model, _) => model.expected_renewals(renewals, ratio, horizon),
            RetentionCurve::Traits(traits) => {
                traits.typical().expected_renewals(renewals, ratio, horizon)
            }
            RetentionCurve::Seen(seen) => seen.expected_renewals(renewals, ratio, horizon).0,
        }
    }

    /// The median of the renewals to come; none where half never leave, as far as anybody counts.
    fn median(&self, renewals: u32) -> Option<u32> {
        Some(self.quantile(renewals, 0.5)).filter(|median| *median < LONGEST_PERIODS)
    }

    /// A quantile of the renewals to come; where nothing more was seen, what was.
    fn quantile(&self, renewals: u32, q: f64) -> u32 {
        match self {
            RetentionCurve::Model(model, _) => model.renewals_quantile(renewals, q),
            RetentionCurve::Traits(traits) => traits.typical().renewals_quantile(renewals, q),
            RetentionCurve::Seen(_) => {
                let stays = |more: u32| self.conditional(renewals, more);
                (0..).find(|more| stays(more + 1).is_none_or(|stays| 1.0 - stays >= q)).unwrap_or(0)
            }
        }
    }
}

/// What `clv fit` answers for a retention model; `occasions` says how far the curve is told, `through` is as it was for
/// the fit.
#[must_use]
pub fn retention(
    curve: &RetentionCurve,
    subscribers: &Subscribers,
    annual: AnnualDiscountRate,
    occasions: Option<u32>,
    through: Option<u32>,
) -> Retention {
    let seen = KaplanMeier::new(&subscribers.tenures, CURVE_LEVEL);
    let longest = subscribers.tenures.longest();
    let (fewest, most) = OCCASIONS_TOLD;
    let told = occasions.unwrap_or_else(|| longest.saturating_mul(2).clamp(fewest, most));
    let ratio = per_period(annual, subscribers.unit);
    let of_age = |renewals: u32| to_come(curve, renewals, ratio);
    let (cohort_fits, cohort_test) = compare_cohorts(curve, subscribers, through, ratio);
    let mut fit = fit_answer(curve, subscribers);
    fit.warnings.extend(difference(cohort_test.as_ref()));
    Retention {
        fit,
        n_lost: subscribers.tenures.n_lost(),
        longest_tenure: longest,
        cohorts: subscribers.cohorts.clone(),
        cohort_fits,
        cohort_test,
        discount_rate: annual.ratio(),
        curve: (1..=told).map_while(|renewal| point(curve, &seen, renewal)).collect(),
        to_come: (0..=longest.min(told)).map(of_age).collect(),
    }
}

/// The discount ratio of one period.
fn per_period(annual: AnnualDiscountRate, unit: TimeUnit) -> f64 {
    annual.continuous_per(unit.years()).exp_m1()
}

fn point(curve: &RetentionCurve, seen: &KaplanMeier, renewal: u32) -> Option<RetentionPoint> {
    let survival_seen = seen.survival(renewal);
    let mut point = RetentionPoint {
        renewal,
        survival: curve.conditional(0, renewal)?,
        survival_low: None,
        survival_high: None,
        survival_seen,
        renewal_rate: curve.conditional(renewal - 1, 1),
        renewal_rate_low: None,
        renewal_rate_high: None,
    };
    let ends = |ends: Option<(f64, f64)>| (ends.map(|ends| ends.0), ends.map(|ends| ends.1));
    match curve {
        RetentionCurve::Model(_, Some(fitted)) => {
            (point.survival_low, point.survival_high) =
                ends(fitted.probability_interval(|model| model.survival(renewal), CURVE_LEVEL));
            (point.renewal_rate_low, point.renewal_rate_high) =
                ends(fitted.probability_interval(|model| model.renewal_rate(renewal), CURVE_LEVEL));
        }
        RetentionCurve::Model(_, None) | RetentionCurve::Traits(_) => {}
        RetentionCurve::Seen(_) => {
            let step = seen.steps().get(renewal as usize - 1)?;
            (point.survival_low, point.survival_high) =
                (Some(step.survival_low), Some(step.survival_high));
            let renewed = step.n_at_risk - step.n_lost;
            (point.renewal_rate_low, point.renewal_rate_high) =
                ends(crate::metrics::wilson(renewed, step.n_at_risk));
        }
    }
    Some(point)
}

fn to_come(curve: &RetentionCurve, renewals: u32, ratio: f64) -> RenewalsToCome {
    let interval = match curve {
        RetentionCurve::Model(_, Some(fitted)) => fitted
            .positive_interval(|model| model.expected_renewals(renewals, ratio, None), CURVE_LEVEL),
        _ => None,
    };
    // Without discount a sum may have no limit, and then is unknown rather than infinite.
    let finite = |value: f64| value.is_finite().then_some(value);
    RenewalsToCome {
        renewals,
        median_renewals: curve.median(renewals),
        expected_renewals: finite(curve.expected(renewals, 0.0, None)),
        discounted_renewals: finite(curve.expected(renewals, ratio, None)).unwrap_or(f64::MAX),
        discounted_renewals_low: interval.map(|ends| ends.0),
        discounted_renewals_high: interval.map(|ends| ends.1),
    }
}

fn fit_answer(curve: &RetentionCurve, subscribers: &Subscribers) -> ModelFit {
    let mut warnings = subscribers.cautions.clone();
    let mut answer = ModelFit {
        n_customers: Some(subscribers.tenures.n_customers().round() as u64),
        n_histories: Some(subscribers.tenures.n_distinct() as u64),
        data_period: period(subscribers),
        ..ModelFit::blank(curve.id(), subscribers.unit.name())
    };
    match curve {
        RetentionCurve::Traits(traits) => {
            warnings.extend(traits.fit.warnings.iter().cloned());
            warnings.push("the curve is that of the mean customer".to_owned());
            let (n_histories, data_period) = (answer.n_histories, answer.data_period);
            answer = ModelFit { n_histories, data_period, ..traits.fit.clone() };
        }
        RetentionCurve::Seen(seen) => {
            answer.log_likelihood = Some(seen.log_likelihood());
            answer.converged = Some(true);
            warnings.push("nothing is said beyond the longest tenure seen".to_owned());
        }
        RetentionCurve::Model(model, fitted) => {
            let parameters = model.parameters();
            let names: Vec<String> = parameters.iter().map(|one| one.name.to_owned()).collect();
            answer.parameters =
                parameters.iter().map(|one| (one.name.to_owned(), one.value)).collect();
            if let Some(fitted) = fitted {
                answer.standard_errors = standard_errors(&names, fitted.standard_errors());
                answer.log_likelihood = Some(fitted.log_likelihood());
                answer.aic = Some(fitted.aic());
                answer.converged = Some(fitted.converged());
                warnings.extend(fitted.warnings().iter().map(ToString::to_string));
                if let Some(covariance) = fitted.ln_covariance() {
                    answer.ln_covariance.clone_from(covariance);
                    answer.covariance_order = names;
                }
            }
        }
    }
    answer.warnings = warnings;
    answer
}

/// First and last day of the data.
fn period(subscribers: &Subscribers) -> Option<(String, String)> {
    let first = subscribers.days.as_ref()?.iter().map(|(start, _)| *start).min()?;
    Some((crate::calendar::iso(first), crate::calendar::iso(subscribers.as_of?)))
}

/// Whole periods of a horizon; a part of a period holds no renewal.
fn whole_horizon(horizon: &Span, unit: TimeUnit) -> u32 {
    (horizon.in_unit(unit) + 1e-6).floor().clamp(0.0, 1e9) as u32
}

/// The renewals of those who are there; none for those who have left.
fn active(one: &Subscriber) -> Option<u32> {
    match one.tenure {
        Tenure::LeftAt(_) => None,
        Tenure::StillThereAfter(renewals) => Some(renewals),
    }
}

/// What is computed once for each stratum and number of renewals.
struct Outlook {
    next: f64,
    expected: f64,
    discounted: f64,
    low: u32,
    high: u32,
    median: Option<f64>,
}

/// What each subscriber has before them; none of those who have left.
fn outlooks(
    curve: &RetentionCurve,
    subscribers: &Subscribers,
    ratio: f64,
    horizon: u32,
) -> Vec<Option<Arc<Outlook>>> {
    let mut known: BTreeMap<(u32, u32), Arc<Outlook>> = BTreeMap::new();
    let of_one = |(at, one): (usize, &Subscriber)| {
        let renewals = active(one)?;
        let (stratum, curve) = curve.of_subscriber(at);
        let outlook = known.entry((stratum, renewals)).or_insert_with(|| {
            let expected = curve.expected(renewals, 0.0, Some(horizon));
            // Where nine in ten renew to the end of the horizon the mean lies below all of them; the interval holds it too.
            let (low, high) = (expected.floor() as u32, expected.ceil() as u32);
            Arc::new(Outlook {
                next: curve.conditional(renewals, 1).unwrap_or(0.0),
                expected,
                discounted: curve.expected(renewals, ratio, Some(horizon)),
                low: curve.quantile(renewals, TAILS.0).min(horizon).min(low),
                high: curve.quantile(renewals, TAILS.1).min(horizon).max(high),
                median: curve.median(renewals).map(f64::from),
            })
        });
        Some(Arc::clone(outlook))
    };
    subscribers.subscribers.iter().enumerate().map(of_one).collect()
}

/// Each subscription's expected renewals within the horizon, as `clv forecast` gives it; the interval holds at least
/// 80 % and ends at the horizon.
///
/// # Errors
/// [`StudyError::Subscriptions`] for a table of survivors, which names nobody.
pub fn forecast_table(
    curve: &RetentionCurve,
    subscribers: &Subscribers,
    horizon: &Span,
) -> Result<Table, StudyError> {
    some_rows(subscribers)?;
    let horizon = whole_horizon(horizon, subscribers.unit);
    let known = outlooks(curve, subscribers, 0.0, horizon);
    let all = &subscribers.subscribers;
    let of = |value: &dyn Fn(&Outlook) -> f64| {
        let of_one = |one: &Option<Arc<Outlook>>| one.as_ref().map_or(0.0, |one| value(one));
        known.iter().map(of_one).collect::<Vec<f64>>()
    };
    let median = |one: &Option<Arc<Outlook>>| one.as_ref().map_or(Some(0.0), |one| one.median);
    let medians = known.iter().map(median).collect();
    Ok(Table::new()
        .with("customer_id", "", Values::Text(subscribers.ids.clone()))
        .with("renewals", "count", Values::Integer(all.iter().map(renewals_made).collect()))
        .with("has_left", "", Values::Truth(all.iter().map(|one| active(one).is_none()).collect()))
        .with("probability_next_renewal", "probability", Values::Real(of(&|one| one.next)))
        .with("expected_renewals", "count", Values::Real(of(&|one| one.expected)))
        .with("expected_renewals_low", "count", Values::Real(of(&|one| f64::from(one.low))))
        .with("expected_renewals_high", "count", Values::Real(of(&|one| f64::from(one.high))))
        .with("median_renewals", "count", Values::OptionalReal(medians)))
}

fn renewals_made(one: &Subscriber) -> i64 {
    match one.tenure {
        Tenure::LeftAt(renewal) => i64::from(renewal) - 1,
        Tenure::StillThereAfter(renewals) => i64::from(renewals),
    }
}

/// Each subscription's value under the definition, as `clv value` gives it: what its periods so far have brought at
/// its price, and what its renewals within the horizon will, discounted from the day each is due. The
/// interval holds at least 80 %.
///
/// # Errors
/// [`StudyError`] for a table of survivors, and where no row has a price.
pub fn value_table(
    curve: &RetentionCurve,
    subscribers: &Subscribers,
    horizon: &Span,
    definition: &Definition,
) -> Result<Table, StudyError> {
    some_rows(subscribers)?;
    let all = &subscribers.subscribers;
    if all.iter().all(|one| one.amount.is_nan()) {
        return Err(StudyError::NoPrice);
    }
    let ratio = per_period(definition.discount_rate(), subscribers.unit);
    let known = outlooks(curve, subscribers, ratio, whole_horizon(horizon, subscribers.unit));
    // Renewals one a period, the first due now: the value of so many for certain.
    let certain = |n: u32| {
        clv_valuation::discounting::present_value_of_level_payments(1.0, f64::from(n), ratio)
            * (1.0 + ratio)
    };
    let n = all.len();
    let (mut historic, mut residual, mut lifetime) = (vec![None; n], vec![None; n], vec![None; n]);
    let (mut low, mut high) = (vec![None; n], vec![None; n]);
    for (i, one) in all.iter().enumerate().filter(|(_, one)| !one.amount.is_nan()) {
        let paid = renewals_made(one) as f64 + 1.0;
        let so_far = definition.historic_value(one.amount * paid, 0.0, paid);
        let price = definition.value_of_purchase(one.amount, 0.0);
        let (mut to_come, mut ends) = (0.0, (0.0, 0.0));
        if let Some(outlook) = &known[i] {
            let price_now = price * (1.0 + ratio).powf(-one.until_renewal);
            to_come = price_now * outlook.discounted;
            ends = (price_now * certain(outlook.low), price_now * certain(outlook.high));
        }
        historic[i] = Some(so_far);
        residual[i] = Some(to_come);
        low[i] = Some(ends.0.min(ends.1).min(to_come));
        high[i] = Some(ends.0.max(ends.1).max(to_come));
        lifetime[i] = Some(definition.lifetime_value(so_far, to_come));
    }
    Ok(Table::new()
        .with("customer_id", "", Values::Text(subscribers.ids.clone()))
        .with("historic_value", "money", Values::OptionalReal(historic))
        .with("residual_value", "money", Values::OptionalReal(residual))
        .with("residual_value_low", "money", Values::OptionalReal(low))
        .with("residual_value_high", "money", Values::OptionalReal(high))
        .with("lifetime_value", "money", Values::OptionalReal(lifetime))
        .with("definition_id", "", Values::Same(definition.id(), n)))
}

fn some_rows(subscribers: &Subscribers) -> Result<(), StudyError> {
    if subscribers.subscribers.is_empty() {
        return Err(StudyError::Subscriptions {
            problem: "a table of survivors names no customer to forecast".to_owned(),
        });
    }
    Ok(())
}
