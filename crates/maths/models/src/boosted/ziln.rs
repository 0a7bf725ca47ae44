//! The heads, fitted to one horizon.

use clv_numerics::boosted_trees::{
    BoostOptions, BoostedTrees, CrossFitted, Derivatives, FeatureTable, Folds, Monotone, Rows,
    TreeOptions, cross_boost,
};

use super::forecast::{ZeroInflatedLogNormal, ZilnForecast};
use super::losses::{LARGEST_SCORE, bernoulli, ln_spread, logistic, poisson, squared};

/// Probabilities of the models are kept this far from 0 and 1 before their logit is an offset.
const LEAST_PROBABILITY: f64 = 1e-4;
/// Expected purchases below this count as this, so that their logarithm is an offset.
const FEWEST_EXPECTED: f64 = 1e-4;
/// The spread of ln value is never taken below this: values that were all alike may still differ.
const LEAST_SD_LN: f64 = 0.05;
/// Nor above this: the mean of a log-normal grows with the exponential of half its square.
const LARGEST_SD_LN: f64 = 2.0;
/// The expected value is corrected by at most this factor for what the log-normal law misses.
const LARGEST_CORRECTION: f64 = 2.0;
/// With fewer buyers than this no head for value is fitted.
const FEWEST_BUYERS: usize = 30;

/// What trees see of the probability models' forecast of a row, the last columns of their features.
pub const SCORE_FEATURES: [&str; 3] =
    ["model_logit_buys", "model_ln_purchases", "model_ln_value_of_buyer"];

/// What the probability models say of a row over the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelScores {
    /// P(next purchase within the horizon).
    pub probability_buys: f64,
    /// Expected purchases within the horizon.
    pub expected_purchases: f64,
    /// Expected spend of one purchase, money; 0 where nothing is known of money.
    pub expected_spend: f64,
}

/// What a row's customer did within the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Purchases.
    pub purchases: f64,
    /// Their value, money.
    pub value: f64,
}

/// Rows to fit to: one customer at one origin each.
#[derive(Debug, Clone, Copy)]
pub struct ZilnRows<'a> {
    /// What is known at the origin.
    pub features: &'a FeatureTable,
    /// What the probability models say, one entry for each row.
    pub scores: &'a [ModelScores],
    /// What came, one entry for each row.
    pub outcomes: &'a [Outcome],
    /// The fold of each row, the same for all rows of a customer.
    pub folds: &'a [u32],
    /// Whether a row is of the latest origin, which judges what is learnt from the earlier ones; none where there is
    /// one origin only.
    pub is_latest: Option<&'a [bool]>,
}

/// How the heads are fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZilnOptions {
    /// How trees are added.
    pub boost: BoostOptions,
}

impl ZilnOptions {
    /// Small, slow trees: order files have few signals and much noise. `seed` draws the rows that each tree sees.
    #[must_use]
    pub fn careful(seed: u64) -> Self {
        let tree = TreeOptions {
            most_leaves: 8,
            most_depth: 4,
            least_hessian: 10.0,
            l2: 5.0,
            least_gain: 0.0,
        };
        let boost = BoostOptions {
            tree,
            learning_rate: 0.08,
            most_trees: 200,
            patience: 20,
            row_fraction: 0.8,
            seed,
        };
        Self { boost }
    }
}

/// Why heads could not be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZilnError {
    /// Columns of different lengths.
    #[error(
        "there are {rows} rows of features, but {scores} model scores, {outcomes} outcomes and {folds} folds, expected as many"
    )]
    Length {
        /// Rows of features.
        rows: usize,
        /// Model scores.
        scores: usize,
        /// Outcomes.
        outcomes: usize,
        /// Folds.
        folds: usize,
    },
    /// Too few rows on one side of the question.
    #[error(
        "{buyers} of {rows} rows buy within the horizon, expected at least {FEWEST_BUYERS} that do and as many that do not"
    )]
    TooFew {
        /// Rows.
        rows: usize,
        /// Rows with a purchase.
        buyers: usize,
    },
}

/// How well a head does on rows that it has not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadReport {
    /// Trees kept; 0 where they add nothing to the probability models.
    pub n_trees: usize,
    /// Mean held-out loss of the offsets.
    pub loss_of_offsets: f64,
    /// Mean held-out loss with the constant and the trees.
    pub loss: f64,
    /// Mean loss over the rows fitted to.
    pub loss_in_sample: f64,
}

/// The boosted heads of one horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Ziln {
    /// Logit of P(buys).
    pub buys: BoostedTrees,
    /// Logarithm of the expected purchases.
    pub purchases: BoostedTrees,
    /// Shape of the negative binomial law of a buyer's purchases after the first; infinite for Poisson.
    pub count_shape: f64,
    /// The log-normal part; none where no values were given.
    pub value: Option<ValueHeads>,
    /// How each head does on rows that it has not seen: `buys`, `purchases`, and with values `mean_ln` and `sd_ln`.
    pub reports: Vec<(&'static str, HeadReport)>,
}

/// The log-normal part, with the bounds that keep its mean sane.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueHeads {
    /// Mean of ln value of those who buy.
    pub mean_ln: BoostedTrees,
    /// Logarithm of the standard deviation of ln value.
    pub ln_sd: BoostedTrees,
    /// The smallest ln value seen.
    pub least_ln: f64,
    /// The largest ln value seen.
    pub largest_ln: f64,
    /// The standard deviation is never taken above this.
    pub largest_sd_ln: f64,
    /// What the expected value is multiplied by.
    pub correction: f64,
}

impl Ziln {
    /// Fits the heads. The number of trees of each is chosen by the folds; trees that do not help on left-out folds are
    /// not kept. Rows whose outcome has no value teach nothing about value.
    ///
    /// # Errors
    /// [`ZilnError`] where lengths differ or hardly anybody buys, or hardly anybody does not.
    pub fn fit(rows: &ZilnRows<'_>, options: &ZilnOptions) -> Result<Self, ZilnError> {
        let n = rows.features.n_rows();
        if [rows.scores.len(), rows.outcomes.len(), rows.folds.len()].iter().any(|&len| len != n) {
            return Err(ZilnError::Length {
                rows: n,
                scores: rows.scores.len(),
                outcomes: rows.outcomes.len(),
                folds: rows.folds.len(),
            });
        }
        let buyers = rows.outcomes.iter().filter(|outcome| outcome.purchases > 0.0).count();
        if buyers.min(n - buyers) < FEWEST_BUYERS {
            return Err(ZilnError::TooFew { rows: n, buyers });
        }
        let features = with_scores(rows.features, rows.scores);
        let all: Vec<usize> = (0..n).collect();
        let heads = HeadFitter {
            features: &features,
            folds: rows.folds,
            is_latest: rows.is_latest,
            options: &options.boost,
        };
        let offsets: Vec<f64> = rows.scores.iter().map(|scores| offset_of_buys(*scores)).collect();
        let buys = heads.fit(&all, &offsets, &|row, score| {
            bernoulli(score, f64::from(u8::from(rows.outcomes[row].purchases > 0.0)))
        });
        let offsets: Vec<f64> = rows.scores.iter().map(|scores| offset_of_count(*scores)).collect();
        let purchases =
            heads.fit(&all, &offsets, &|row, score| poisson(score, rows.outcomes[row].purchases));
        let mut reports = vec![("buys", report(&buys)), ("purchases", report(&purchases))];
        let honest: Vec<f64> = buys.scores.iter().map(|&score| logistic(score)).collect();
        let means: Vec<f64> = purchases.scores.iter().map(|&score| exp(score)).collect();
        let count_shape = count_shape(&honest, &means, rows.outcomes);
        let paid: Vec<usize> =
            all.into_iter().filter(|&row| rows.outcomes[row].value > 0.0).collect();
        let value = if paid.len() < FEWEST_BUYERS {
            None
        } else {
            Some(ValueHeads::fit(rows, &paid, &heads, &mut reports))
        };
        Ok(Self { buys: buys.trees, purchases: purchases.trees, count_shape, value, reports })
    }

    /// How each head does on rows it has not seen: `buys`, `purchases`, and with values `mean_ln` and `sd_ln`.
    #[must_use]
    pub fn reports(&self) -> &[(&'static str, HeadReport)] {
        &self.reports
    }

    /// Forecasts over the horizon fitted to, one for each row; `scores` are for the same horizon.
    ///
    /// # Panics
    /// Where `features` has fewer columns or `scores` other rows than those fitted to.
    #[must_use]
    pub fn forecast(&self, features: &FeatureTable, scores: &[ModelScores]) -> Vec<ZilnForecast> {
        let features = with_scores(features, scores);
        let of = |trees: &BoostedTrees, offset: fn(ModelScores) -> f64| {
            let offsets: Vec<f64> = scores.iter().map(|scores| offset(*scores)).collect();
            trees.predict(&features, &offsets)
        };
        let buys = of(&self.buys, offset_of_buys);
        let purchases = of(&self.purchases, offset_of_count);
        let spends = self.value.as_ref().map(|heads| {
            let laws =
                of(&heads.mean_ln, offset_of_value).into_iter().zip(of(&heads.ln_sd, |_| 0.0));
            (heads, laws.collect::<Vec<(f64, f64)>>())
        });
        (0..scores.len())
            .map(|row| {
                let expected_purchases = exp(purchases[row]);
                // Nobody buys more probably than often.
                let probability = logistic(buys[row]).min(expected_purchases);
                let value = spends.as_ref().map(|(heads, laws)| {
                    let (mean_ln, ln_sd) = laws[row];
                    heads.law(probability, mean_ln, ln_sd)
                });
                let correction = self.value.as_ref().map_or(1.0, |heads| heads.correction);
                ZilnForecast {
                    probability_buys: probability,
                    expected_purchases,
                    expected_value: value.map_or(0.0, |law| correction * law.mean()),
                    value,
                    count_shape: self.count_shape,
                }
            })
            .collect()
    }
}

impl ValueHeads {
    fn fit(
        rows: &ZilnRows<'_>,
        paid: &[usize],
        fitter: &HeadFitter<'_>,
        reports: &mut Vec<(&'static str, HeadReport)>,
    ) -> Self {
        let ln_value: Vec<f64> = paid.iter().map(|&row| rows.outcomes[row].value.ln()).collect();
        let offsets: Vec<f64> = paid.iter().map(|&row| offset_of_value(rows.scores[row])).collect();
        let mean_ln = fitter.fit(paid, &offsets, &|at, score| squared(score, ln_value[at]));
        // Residuals come from folds left out: those of trees that have seen a row are too small.
        let residuals: Vec<f64> =
            ln_value.iter().zip(&mean_ln.scores).map(|(ln, mean)| ln - mean).collect();
        let square: f64 = residuals.iter().map(|residual| residual * residual).sum();
        let pooled = (square / residuals.len() as f64).sqrt();
        let ln_sd = fitter.fit(paid, &vec![0.0; paid.len()], &|at, score| {
            ln_spread(score, residuals[at].abs().max(LEAST_SD_LN))
        });
        reports.push(("mean_ln", report(&mean_ln)));
        reports.push(("sd_ln", report(&ln_sd)));
        let mut heads = Self {
            mean_ln: mean_ln.trees,
            ln_sd: ln_sd.trees,
            least_ln: ln_value.iter().copied().fold(f64::INFINITY, f64::min),
            largest_ln: ln_value.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            largest_sd_ln: (1.5 * pooled).clamp(LEAST_SD_LN, LARGEST_SD_LN),
            correction: 1.0,
        };
        // What the log-normal law misses of the total, on left-out folds.
        let (mut came, mut expected) = (0.0, 0.0);
        for (at, &row) in paid.iter().enumerate() {
            let law = heads.law(1.0, mean_ln.scores[at], ln_sd.scores[at]);
            came += rows.outcomes[row].value;
            expected += law.mean();
        }
        if expected > 0.0 {
            heads.correction =
                (came / expected).clamp(LARGEST_CORRECTION.recip(), LARGEST_CORRECTION);
        }
        heads
    }

    /// The law from the scores of the heads, within what was seen.
    fn law(&self, probability: f64, mean_ln: f64, ln_sd: f64) -> ZeroInflatedLogNormal {
        let sd_ln = exp(ln_sd).clamp(LEAST_SD_LN, self.largest_sd_ln);
        // No expectation beyond the largest value seen, and no median below the smallest.
        let largest = self.largest_ln - 0.5 * sd_ln * sd_ln;
        let mean_ln = mean_ln.max(self.least_ln.min(largest)).min(largest);
        ZeroInflatedLogNormal { probability, mean_ln, sd_ln }
    }
}

/// Fits heads on the same features, folds and options.
struct HeadFitter<'a> {
    features: &'a FeatureTable,
    folds: &'a [u32],
    is_latest: Option<&'a [bool]>,
    options: &'a BoostOptions,
}

impl HeadFitter<'_> {
    /// One head on the rows `at`; `offsets` and `loss` go by position within `at`.
    fn fit(
        &self,
        at: &[usize],
        offsets: &[f64],
        loss: &(dyn Fn(usize, f64) -> Derivatives + Sync),
    ) -> CrossFitted {
        let weights = vec![1.0; at.len()];
        let of_row: Vec<u32> = at.iter().map(|&row| self.folds[row]).collect();
        let judges: Option<Vec<bool>> =
            self.is_latest.map(|is_latest| at.iter().map(|&row| is_latest[row]).collect());
        let folds = Folds { of_row: &of_row, judges: judges.as_deref() };
        let some;
        let table = if at.len() == self.features.n_rows() {
            self.features
        } else {
            some = self.features.rows(at);
            &some
        };
        cross_boost(&Rows { table, offsets, weights: &weights }, loss, &folds, self.options)
    }
}

/// The features with what the probability models say beside them.
fn with_scores(features: &FeatureTable, scores: &[ModelScores]) -> FeatureTable {
    let mut columns = features.columns().to_vec();
    let mut monotone = features.monotone().to_vec();
    let parts: [fn(ModelScores) -> f64; 3] = [offset_of_buys, offset_of_count, offset_of_value];
    for part in parts {
        columns.push(scores.iter().map(|scores| part(*scores)).collect());
        monotone.push(Monotone::Free);
    }
    FeatureTable::new(columns, monotone)
        .expect("a score for each row and a direction for each column")
}

fn offset_of_buys(scores: ModelScores) -> f64 {
    logit(scores.probability_buys)
}

/// ln(p / (1 - p)), p kept away from 0 and 1.
pub(super) fn logit(probability: f64) -> f64 {
    let probability = probability.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
    (probability / (1.0 - probability)).ln()
}

fn offset_of_count(scores: ModelScores) -> f64 {
    scores.expected_purchases.max(FEWEST_EXPECTED).ln()
}

/// ln of the expected value given that there is a purchase; purchases alone where nothing is known of money.
fn offset_of_value(scores: ModelScores) -> f64 {
    let expected = scores.expected_purchases.max(FEWEST_EXPECTED);
    let given_some = expected / scores.probability_buys.clamp(LEAST_PROBABILITY, 1.0);
    let ln_spend = if scores.expected_spend > 0.0 { scores.expected_spend.ln() } else { 0.0 };
    given_some.max(1.0).ln() + ln_spend
}

/// The exponential of a score, kept finite.
fn exp(score: f64) -> f64 {
    score.clamp(-LARGEST_SCORE, LARGEST_SCORE).exp()
}

/// The shape of the negative binomial law of a buyer's purchases after the first one in the horizon, by moments over
/// all buyers; infinite where they vary no more than Poisson counts.
fn count_shape(probability: &[f64], means: &[f64], outcomes: &[Outcome]) -> f64 {
    let (mut squares, mut excess) = (0.0, 0.0);
    for ((probability, mean), outcome) in probability.iter().zip(means).zip(outcomes) {
        if outcome.purchases <= 0.0 {
            continue;
        }
        let further = (mean / probability.max(LEAST_PROBABILITY) - 1.0).max(0.0);
        let miss = outcome.purchases - 1.0 - further;
        squares += further * further;
        excess += miss * miss - further;
    }
    if excess > 0.0 && squares > 0.0 { squares / excess } else { f64::INFINITY }
}

fn report(fitted: &CrossFitted) -> HeadReport {
    HeadReport {
        n_trees: fitted.trees.n_trees(),
        loss_of_offsets: fitted.loss_of_offsets,
        loss: fitted.loss,
        loss_in_sample: fitted.loss_in_sample,
    }
}
