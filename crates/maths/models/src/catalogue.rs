//! Every purchase, retention and spend model, one entry each: what the choices, documents and test batteries are made from.

use std::sync::{Arc, LazyLock};

use clv_numerics::gamma::{digamma, trigamma};

use crate::covariates::{ParameterShift, Shifts};
use crate::fit::log_normal_spend::{
    fit_log_normal, fit_log_normal_dependent, fit_log_normal_mixture,
};
use crate::fit::{FittedSpendModel, fit_gamma_gamma};
use crate::purchase::bg_bb::BgBb;
use crate::purchase::bg_cnbd_k::BgCnbdK;
use crate::purchase::bg_nbd::BgNbd;
use crate::purchase::ggom_nbd::GgomNbd;
use crate::purchase::mbg_cnbd_k::MbgCnbdK;
use crate::purchase::mbg_nbd::MbgNbd;
use crate::purchase::nbd::Nbd;
use crate::purchase::pareto_nbd::ParetoNbd;
use crate::purchase::pareto_nbd_lognormal::ParetoNbdLognormal;
use crate::purchase::{
    ParameterError, PurchaseModel, bg_bb, bg_cnbd_k, bg_nbd, ggom_nbd, mbg_cnbd_k, mbg_nbd, nbd,
    pareto_nbd, pareto_nbd_lognormal,
};
use crate::retention::{RetentionModelEntry, Tenures, bdw, sbg};
use crate::spend::{
    GammaGamma, LogNormalSpend, SpendModel, SpendObservations, SpendParameterError, log_normal,
};
use crate::{ParameterKind, PurchaseHistories, PurchaseHistory};

/// Builds a model at the values of its parameters; fails where the model's own `from_values` does.
pub type BuildPurchaseModel = fn(&[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError>;

/// One purchase model, not yet fitted.
#[derive(Debug, Clone, Copy)]
pub struct PurchaseModelEntry {
    /// The id under which it is chosen, such as `pareto-nbd`.
    pub id: &'static str,
    /// The name the literature uses.
    pub name: &'static str,
    /// What it says about customers, in one plain sentence.
    pub story: &'static str,
    /// The parameters' names, in the order of every vector of values.
    pub parameter_names: &'static [&'static str],
    /// What each of them says about customers, in plain words.
    pub parameter_meanings: &'static [&'static str],
    /// For each parameter, its range and how it changes with the unit of time.
    pub kinds: &'static [ParameterKind],
    /// Parameters of an ordinary data set whose customers are observed for some 50 units of time: what tests draw
    /// others around.
    pub typical: &'static [f64],
    /// Whether customers can leave.
    pub has_dropout: bool,
    /// Whether a fit takes ten times as long as Pareto/NBD's or more: such a model takes part in a comparison only by
    /// name.
    pub is_dear: bool,
    /// The model at given values.
    pub build: BuildPurchaseModel,
    /// How the parameters answer to covariates and groups; none where they do not.
    pub shifts: Option<Shifts>,
    /// Values to start a fit from, in the unit of the histories.
    pub start: fn(&PurchaseHistories) -> Vec<f64>,
}

impl PurchaseModelEntry {
    /// Whether the model counts time in whole periods: its histories must, and no other unit of time gives the same.
    #[must_use]
    pub fn is_discrete(&self) -> bool {
        (self.build)(self.typical).is_ok_and(|model| model.new_customer().is_discrete())
    }
}

/// All purchase models, simplest first.
///
/// ```
/// assert!(clv_models::catalogue::purchase_models().iter().any(|entry| entry.id == "pareto-nbd"));
/// ```
#[must_use]
pub fn purchase_models() -> &'static [PurchaseModelEntry] {
    static ENTRIES: LazyLock<Vec<PurchaseModelEntry>> = LazyLock::new(|| {
        vec![
            PurchaseModelEntry {
                id: nbd::ID,
                name: "NBD",
                story: "Customers buy at their own steady rate and never leave.",
                parameter_names: &nbd::PARAMETER_NAMES,
                parameter_meanings: &nbd::PARAMETER_MEANINGS,
                kinds: &[ParameterKind::Positive, ParameterKind::Time],
                typical: &[0.6, 10.0],
                has_dropout: false,
                is_dear: false,
                build: |values| Ok(Box::new(Nbd::from_values(values)?)),
                shifts: Some(Shifts { purchase: ParameterShift::Divided(1), dropout: None }),
                start: |histories| start_rates(histories, 1.0).to_vec(),
            },
            PurchaseModelEntry {
                id: pareto_nbd::ID,
                name: "Pareto/NBD",
                story: "Customers buy at their own rate and may leave silently at any moment.",
                parameter_names: &pareto_nbd::PARAMETER_NAMES,
                parameter_meanings: &pareto_nbd::PARAMETER_MEANINGS,
                kinds: &[
                    ParameterKind::Positive,
                    ParameterKind::Time,
                    ParameterKind::Positive,
                    ParameterKind::Time,
                ],
                typical: &[0.6, 10.0, 0.7, 12.0],
                has_dropout: true,
                is_dear: false,
                build: |values| Ok(Box::new(ParetoNbd::from_values(values)?)),
                shifts: Some(Shifts {
                    purchase: ParameterShift::Divided(1),
                    dropout: Some(ParameterShift::Divided(3)),
                }),
                start: |histories| {
                    let [r, alpha] = start_rates(histories, 1.3);
                    vec![r, alpha, 0.6, 0.4 * mean_age(histories)]
                },
            },
            PurchaseModelEntry {
                id: bg_nbd::ID,
                name: "BG/NBD",
                story: "Customers buy at their own rate and may leave after each repeat purchase.",
                parameter_names: &bg_nbd::PARAMETER_NAMES,
                parameter_meanings: &bg_nbd::PARAMETER_MEANINGS,
                kinds: &[
                    ParameterKind::Positive,
                    ParameterKind::Time,
                    ParameterKind::Positive,
                    ParameterKind::Positive,
                ],
                typical: &[0.6, 10.0, 0.8, 2.5],
                has_dropout: true,
                is_dear: false,
                build: |values| Ok(Box::new(BgNbd::from_values(values)?)),
                shifts: Some(COIN_SHIFTS),
                start: |histories| with_coin(start_rates(histories, 0.6)),
            },
            PurchaseModelEntry {
                id: mbg_nbd::ID,
                name: "MBG/NBD",
                story: "Customers buy at their own rate and may leave after each purchase, the first included.",
                parameter_names: &mbg_nbd::PARAMETER_NAMES,
                parameter_meanings: &mbg_nbd::PARAMETER_MEANINGS,
                kinds: &[
                    ParameterKind::Positive,
                    ParameterKind::Time,
                    ParameterKind::Positive,
                    ParameterKind::Positive,
                ],
                typical: &[0.6, 10.0, 0.8, 2.5],
                has_dropout: true,
                is_dear: false,
                build: |values| Ok(Box::new(MbgNbd::from_values(values)?)),
                shifts: Some(COIN_SHIFTS),
                start: |histories| with_coin(start_rates(histories, 1.3)),
            },
            PurchaseModelEntry {
                id: bg_cnbd_k::ID,
                name: "BG/CNBD-k",
                story: "Customers buy at regular intervals of their own and may leave after each repeat purchase.",
                parameter_names: &bg_cnbd_k::PARAMETER_NAMES,
                parameter_meanings: &bg_cnbd_k::PARAMETER_MEANINGS,
                kinds: &WITH_PHASES,
                typical: &[3.0, 0.6, 3.3, 0.8, 2.5],
                has_dropout: true,
                is_dear: false,
                build: |values| Ok(Box::new(BgCnbdK::from_values(values)?)),
                shifts: Some(TICKING_COIN_SHIFTS),
                start: |histories| with_phases(with_coin(start_rates(histories, 0.6))),
            },
            PurchaseModelEntry {
                id: mbg_cnbd_k::ID,
                name: "MBG/CNBD-k",
                story: "Customers buy at regular intervals of their own and may leave after each purchase, the first \
                        included.",
                parameter_names: &mbg_cnbd_k::PARAMETER_NAMES,
                parameter_meanings: &mbg_cnbd_k::PARAMETER_MEANINGS,
                kinds: &WITH_PHASES,
                typical: &[3.0, 0.6, 3.3, 0.8, 2.5],
                has_dropout: true,
                is_dear: false,
                build: |values| Ok(Box::new(MbgCnbdK::from_values(values)?)),
                shifts: Some(TICKING_COIN_SHIFTS),
                start: |histories| with_phases(with_coin(start_rates(histories, 1.3))),
            },
            PurchaseModelEntry {
                id: bg_bb::ID,
                name: "BG/BB",
                story: "In each period customers buy or do not, and before each they may leave.",
                parameter_names: &bg_bb::PARAMETER_NAMES,
                parameter_meanings: &bg_bb::PARAMETER_MEANINGS,
                kinds: &[ParameterKind::Positive; 4],
                typical: &[1.2, 0.75, 0.65, 2.8],
                has_dropout: true,
                is_dear: false,
                build: |values| Ok(Box::new(BgBb::from_values(values)?)),
                shifts: Some(Shifts {
                    purchase: ParameterShift::MeanProbability { a: 0, b: 1 },
                    dropout: Some(ParameterShift::MeanProbability { a: 2, b: 3 }),
                }),
                start: start_occasions,
            },
            PurchaseModelEntry {
                id: ggom_nbd::ID,
                name: "GGom/NBD",
                story: "Customers buy at their own rate and may leave silently, the more readily the older they are.",
                parameter_names: &ggom_nbd::PARAMETER_NAMES,
                parameter_meanings: &ggom_nbd::PARAMETER_MEANINGS,
                kinds: &[
                    ParameterKind::Positive,
                    ParameterKind::Time,
                    ParameterKind::Rate,
                    ParameterKind::Positive,
                    ParameterKind::Positive,
                ],
                typical: &[0.6, 10.0, 0.1, 0.6, 3.0],
                has_dropout: true,
                is_dear: true,
                build: |values| Ok(Box::new(GgomNbd::from_values(values)?)),
                shifts: Some(Shifts {
                    purchase: ParameterShift::Divided(1),
                    dropout: Some(ParameterShift::Divided(4)),
                }),
                start: |histories| {
                    let [r, alpha] = start_rates(histories, 1.3);
                    vec![r, alpha, 1.0 / mean_age(histories), 0.6, 0.6]
                },
            },
            PurchaseModelEntry {
                id: pareto_nbd_lognormal::ID,
                name: "Pareto/NBD with log-normal rates",
                story: "Customers buy at their own rate and may leave silently at any moment; who buys often may be the more or the less loyal.",
                parameter_names: &pareto_nbd_lognormal::PARAMETER_NAMES,
                parameter_meanings: &pareto_nbd_lognormal::PARAMETER_MEANINGS,
                kinds: &[
                    ParameterKind::LnRate,
                    ParameterKind::LnRate,
                    ParameterKind::Positive,
                    ParameterKind::Positive,
                    ParameterKind::Correlation,
                ],
                typical: &[-3.0, -3.5, 1.2, 1.2, 0.3],
                has_dropout: true,
                is_dear: true,
                build: |values| Ok(Box::new(ParetoNbdLognormal::from_values(values)?)),
                shifts: Some(Shifts {
                    purchase: ParameterShift::Added(0),
                    dropout: Some(ParameterShift::Added(1)),
                }),
                start: |histories| {
                    // The gamma law's mean and deviation of the logarithm.
                    let [r, alpha] = start_rates(histories, 1.3);
                    let mean_ln_rate = digamma(r) - alpha.ln();
                    let sd_ln_rate = trigamma(r).sqrt().clamp(0.2, 3.0);
                    vec![mean_ln_rate, -mean_age(histories).ln(), sd_ln_rate, 1.2, 0.0]
                },
            },
        ]
    });
    &ENTRIES
}

/// Builds a spend model at the values of its parameters; fails where the model's own constructor does.
pub type BuildSpendModel = fn(&[f64]) -> Result<Arc<dyn SpendModel>, SpendParameterError>;

/// One model of how much customers spend, not yet fitted.
#[derive(Debug, Clone, Copy)]
pub struct SpendModelEntry {
    /// The id under which it is chosen, such as `gamma-gamma`.
    pub id: &'static str,
    /// The name the literature uses.
    pub name: &'static str,
    /// What it says about customers, in one plain sentence.
    pub story: &'static str,
    /// The parameters' names, in the order of every vector of values.
    pub parameter_names: &'static [&'static str],
    /// What each of them says about customers, in plain words.
    pub parameter_meanings: &'static [&'static str],
    /// The model at given values.
    pub build: BuildSpendModel,
    /// Fits it; always gives an answer.
    pub fit: fn(&SpendObservations) -> FittedSpendModel,
}

/// All spend models.
///
/// ```
/// assert_eq!(clv_models::catalogue::spend_models()[0].id, "gamma-gamma");
/// ```
#[must_use]
pub fn spend_models() -> &'static [SpendModelEntry] {
    &[
        SpendModelEntry {
            id: "gamma-gamma",
            name: "gamma-gamma",
            story: "Purchases vary around a mean of the customer's own, whatever their number.",
            parameter_names: &["p", "q", "gamma"],
            parameter_meanings: &[
                "how steady a customer\u{2019}s own orders are: the larger, the steadier",
                "how alike customers are in what they spend: the larger, the more alike",
                "the scale of spend: p gamma / (q \u{2212} 1) is the average customer\u{2019}s",
            ],
            build: |values| {
                let [p, q, gamma] = spend_values("gamma-gamma", values)?;
                Ok(Arc::new(GammaGamma::new(p, q, gamma)?))
            },
            fit: |observations| fit_gamma_gamma(observations).into(),
        },
        SpendModelEntry {
            id: log_normal::ID,
            name: "log-normal spend",
            story: "Customers' means and purchases around them are log-normal.",
            parameter_names: &log_normal::PARAMETER_NAMES,
            parameter_meanings: &log_normal::PARAMETER_MEANINGS,
            build: |values| Ok(Arc::new(LogNormalSpend::from_values(log_normal::ID, values)?)),
            fit: fit_log_normal,
        },
        SpendModelEntry {
            id: log_normal::DEPENDENT_ID,
            name: "log-normal spend that depends on frequency",
            story: "As log-normal; who buys more often spends more or less each time.",
            parameter_names: &log_normal::DEPENDENT_PARAMETER_NAMES,
            parameter_meanings: &log_normal::DEPENDENT_PARAMETER_MEANINGS,
            build: |values| {
                Ok(Arc::new(LogNormalSpend::from_values(log_normal::DEPENDENT_ID, values)?))
            },
            fit: fit_log_normal_dependent,
        },
        SpendModelEntry {
            id: log_normal::MIXTURE_ID,
            name: "log-normal spend of two kinds of customers",
            story: "As log-normal; customers are of two kinds, such as households and wholesale.",
            parameter_names: &log_normal::MIXTURE_PARAMETER_NAMES,
            parameter_meanings: &log_normal::MIXTURE_PARAMETER_MEANINGS,
            build: |values| {
                Ok(Arc::new(LogNormalSpend::from_values(log_normal::MIXTURE_ID, values)?))
            },
            fit: fit_log_normal_mixture,
        },
    ]
}

/// The values as an array of the length that a model needs.
fn spend_values<const N: usize>(
    model: &'static str,
    values: &[f64],
) -> Result<[f64; N], SpendParameterError> {
    let given = values.len();
    values.try_into().map_err(|_| SpendParameterError::Count { model, expected: N, given })
}

/// The spend model of this id, if there is one.
#[must_use]
pub fn spend_model(id: &str) -> Option<&'static SpendModelEntry> {
    spend_models().iter().find(|entry| entry.id == id)
}

/// All retention models with parameters, the default first.
///
/// ```
/// assert_eq!(clv_models::catalogue::retention_models()[0].id, "bdw");
/// ```
#[must_use]
pub fn retention_models() -> &'static [RetentionModelEntry] {
    const MODELS: &[RetentionModelEntry] = &[
        RetentionModelEntry {
            id: bdw::ID,
            name: "beta-discrete-Weibull",
            story: "Customers decide at each renewal, and each one's chance of leaving changes with time.",
            parameter_names: &bdw::PARAMETER_NAMES,
            parameter_meanings: &bdw::PARAMETER_MEANINGS,
            typical: &[0.5, 1.0, 1.2],
            build: |values| Ok(Box::new(bdw::Bdw::from_values(values)?)),
            start: |tenures| {
                let [gamma, delta] = start_leaving(tenures);
                vec![gamma, delta, 1.0]
            },
        },
        RetentionModelEntry {
            id: sbg::ID,
            name: "shifted-beta-geometric",
            story: "Customers decide at each renewal, each with a chance of leaving that never changes.",
            parameter_names: &sbg::PARAMETER_NAMES,
            parameter_meanings: &sbg::PARAMETER_MEANINGS,
            typical: &[0.7, 1.2],
            build: |values| Ok(Box::new(sbg::Sbg::from_values(values)?)),
            start: |tenures| start_leaving(tenures).to_vec(),
        },
    ];
    MODELS
}

/// The retention model of this id, if there is one.
#[must_use]
pub fn retention_model(id: &str) -> Option<&'static RetentionModelEntry> {
    retention_models().iter().find(|entry| entry.id == id)
}

/// Shapes of the leaving probability whose mean is the share of renewal occasions at which customers left.
fn start_leaving(tenures: &Tenures) -> [f64; 2] {
    let (met, renewed) = tenures.occasions();
    let leaves = ((met - renewed + 0.5) / (met + 1.0)).clamp(1e-4, 0.95);
    [1.0, (1.0 - leaves) / leaves]
}

/// The purchase model of this id, if there is one.
#[must_use]
pub fn purchase_model(id: &str) -> Option<&'static PurchaseModelEntry> {
    purchase_models().iter().find(|entry| entry.id == id)
}

/// What a parameter of a model says about customers, in plain words; none where there is no such model or parameter.
///
/// ```
/// use clv_models::catalogue::parameter_meaning;
/// assert!(parameter_meaning("bdw", "c").is_some_and(|words| words.contains("chance of leaving")));
/// assert_eq!(parameter_meaning("bdw", "r"), None);
/// ```
#[must_use]
pub fn parameter_meaning(model: &str, parameter: &str) -> Option<&'static str> {
    let (names, meanings) = None
        .or_else(|| purchase_model(model).map(|one| (one.parameter_names, one.parameter_meanings)))
        .or_else(|| spend_model(model).map(|one| (one.parameter_names, one.parameter_meanings)))
        .or_else(|| {
            retention_model(model).map(|one| (one.parameter_names, one.parameter_meanings))
        })?;
    names.iter().position(|name| *name == parameter).map(|place| meanings[place])
}

/// Covariates move the purchase rate and the mean of the coin.
const COIN_SHIFTS: Shifts = Shifts {
    purchase: ParameterShift::Divided(1),
    dropout: Some(ParameterShift::MeanProbability { a: 2, b: 3 }),
};

/// The same behind the number of ticks.
const TICKING_COIN_SHIFTS: Shifts = Shifts {
    purchase: ParameterShift::Divided(2),
    dropout: Some(ParameterShift::MeanProbability { a: 3, b: 4 }),
};

/// A coin that ends a quarter of customers at each toss.
fn with_coin([r, alpha]: [f64; 2]) -> Vec<f64> {
    vec![r, alpha, 0.8, 2.4]
}

/// Kinds of k, r, alpha, a and b.
const WITH_PHASES: [ParameterKind; 5] = [
    ParameterKind::Whole,
    ParameterKind::Positive,
    ParameterKind::Time,
    ParameterKind::Positive,
    ParameterKind::Positive,
];

/// One phase before the other parameters.
fn with_phases(others: Vec<f64>) -> Vec<f64> {
    [1.0].into_iter().chain(others).collect()
}

/// A buying probability by the purchases up to the last, and a leaving probability of one in half the mean age.
fn start_occasions(histories: &PurchaseHistories) -> Vec<f64> {
    let (mut bought, mut until_last) = (1.0, 2.0);
    for (history, weight) in histories.iter() {
        bought += weight * f64::from(history.repeat_purchases());
        until_last += weight * history.last_purchase_age();
    }
    let buys = (bought / until_last).clamp(0.01, 0.95);
    vec![1.0, (1.0 - buys) / buys, 0.5, (0.25 * mean_age(histories)).max(0.5)]
}

/// Mean age, or 1 where every age is 0.
fn mean_age(histories: &PurchaseHistories) -> f64 {
    let total: f64 = histories.iter().map(|(history, weight)| weight * history.age()).sum();
    let mean = total / histories.n_customers();
    if mean > 0.0 && mean.is_finite() { mean } else { 1.0 }
}

/// Shape and rate of the purchase rate by moments of the counts, the shape times `shape_factor`.
///
/// A count has mean λT and variance λT + Var(λ)T², so what the squared residuals leave beyond the counts
/// themselves is the variance of the rates.
fn start_rates(histories: &PurchaseHistories, shape_factor: f64) -> [f64; 2] {
    let sum = |term: &dyn Fn(&PurchaseHistory) -> f64| -> f64 {
        histories.iter().map(|(history, weight)| weight * term(history)).sum()
    };
    let count = |history: &PurchaseHistory| f64::from(history.repeat_purchases());
    let total_age = sum(&|history| history.age());
    let mean_rate = (sum(&count) + 0.5) / total_age.max(f64::MIN_POSITIVE);
    let squares = sum(&|history| (count(history) - mean_rate * history.age()).powi(2));
    let squared_ages = sum(&|history| history.age().powi(2));
    let rate_variance = (squares - sum(&count)) / squared_ages.max(f64::MIN_POSITIVE);
    let shape = shape_factor * mean_rate * mean_rate / rate_variance;
    let shape = if shape.is_finite() && shape > 0.0 { shape.clamp(0.05, 20.0) } else { 1.0 };
    let rate = shape / mean_rate;
    [shape, if rate.is_finite() && rate > 0.0 { rate } else { 1.0 }]
}
