//! How much a customer spends per purchase: the spend model fitted to repeat purchases, and its answer for each
//! customer.

use std::sync::Arc;

use clv_models::fit::FittedSpendModel;
use clv_models::fit::spend::FittedSpend;
use clv_models::spend::log_normal::MIXTURE_ID;
use clv_models::spend::{GammaGamma, SpendModel, SpendObservation, SpendObservations};
use clv_valuation::predictive::SpendPerPurchase;
use rustc_hash::FxHashMap;

use crate::model_fit::GAMMA_GAMMA;
use crate::spend_choice::{SpendFit, SpendModelPick, gamma_gamma};
use crate::spend_uncertainty::sigma_points;
use crate::uncertainty::relative_variance;

/// Width of a band of mean spends, in logarithms: within it the relative spread counts as the same.
const BAND_WIDTH: f64 = 0.1;

/// A law of logarithms says nothing of an amount of 0: a customer's own mean counts as at least this share of the
/// population's.
const LEAST_MEAN: f64 = 1e-3;

/// The spend model with its fit, ready to answer for customers.
#[derive(Debug, Clone)]
pub struct SpendOutlook {
    model: Arc<dyn SpendModel>,
    fit: Option<SpendFit>,
    smallest_mean: f64,
    /// For gamma-gamma, whose expected spend is linear in the customer's own mean: the line for each number of repeat
    /// purchases. Empty for the others.
    lines: FxHashMap<u32, LinearSpend>,
    /// The spread for each number of repeat purchases and band of mean spends.
    spreads: FxHashMap<(u32, i32), RelativeSpread>,
    population: SpendPerPurchase,
    /// Relative variance of the mean spend over draws of the parameters, by repeat purchases and band; 0 repeats is the
    /// population. Empty where nothing is known of it.
    over_draws: FxHashMap<(u32, i32), f64>,
    /// What each customer's traits multiply spend by, relative to the mean customer; empty where they do not matter.
    factors: Vec<f64>,
    /// What each customer is expected to spend per purchase by another forecast; empty where there is none.
    given: Vec<f64>,
}

/// Expected spend as a line in the customer's own mean.
#[derive(Debug, Clone, Copy)]
struct LinearSpend {
    at_zero: f64,
    slope: f64,
}

/// The variances of the customer's mean and of a purchase around it, over the square of the expected spend.
#[derive(Debug, Clone, Copy)]
struct RelativeSpread {
    of_mean: f64,
    of_purchase: f64,
}

/// The observations that [`SpendOutlook::fit`] learns from.
#[must_use]
pub fn spend_observations(
    n_repeats: &[u32],
    mean_spend: &[f64],
    mean_first_spend: f64,
) -> SpendObservations {
    let mut observations = SpendObservations::default();
    for (n, mean) in n_repeats.iter().zip(mean_spend) {
        if let Ok(observation) = SpendObservation::new(*n, *mean) {
            observations.push(observation, 1.0).expect("1 is a weight");
        }
    }
    if observations.is_empty()
        && let Ok(observation) = SpendObservation::new(1, mean_first_spend)
    {
        observations.push(observation, 1.0).expect("1 is a weight");
    }
    observations
}

impl SpendOutlook {
    /// Fits gamma-gamma to customers with at least one repeat purchase and positive mean repeat spend;
    /// `n_repeats` and `mean_spend` have one entry for each customer. Where there is none, the mean first purchase
    /// stands for the only observation.
    #[must_use]
    pub fn fit(n_repeats: &[u32], mean_spend: &[f64], mean_first_spend: f64) -> Self {
        let pick = SpendModelPick::of(gamma_gamma());
        Self::fit_as(&pick, n_repeats, mean_spend, mean_first_spend)
    }

    /// As [`fit`](Self::fit), of the spend model picked.
    #[must_use]
    pub fn fit_as(
        pick: &SpendModelPick,
        n_repeats: &[u32],
        mean_spend: &[f64],
        mean_first_spend: f64,
    ) -> Self {
        let fit = pick.fit(&spend_observations(n_repeats, mean_spend, mean_first_spend));
        let model = Arc::clone(&fit.fitted.model);
        let covariance = fit.fitted.free_covariance.clone();
        Self::with(model, Some(fit), n_repeats, mean_spend).unsure(covariance.as_deref())
    }

    /// A spend model whose parameters are known, for customers with these numbers of repeat purchases and mean spends.
    #[must_use]
    pub fn of_model(model: Arc<dyn SpendModel>, n_repeats: &[u32], mean_spend: &[f64]) -> Self {
        Self::with(model, None, n_repeats, mean_spend)
    }

    /// A spend model that traits scale: `model` where all covariates are 0 and the fit without covariates, each customer's
    /// factor on spend, and that of the mean customer.
    #[must_use]
    pub fn of_factors(
        (model, without): (&GammaGamma, Option<&FittedSpend>),
        n_repeats: &[u32],
        factors: Vec<f64>,
        of_mean: f64,
    ) -> Self {
        let [p, q, gamma] = model.parameters().map(|one| one.value);
        let gamma = (gamma * of_mean).clamp(f64::MIN_POSITIVE, f64::MAX);
        let typical = GammaGamma::new(p, q, gamma).expect("a positive gamma stays one");
        let fit = without.cloned().map(|fitted| SpendFit {
            fitted: fitted.into(),
            scores: Vec::new(),
            note: None,
            independence: None,
        });
        let mut outlook = Self::with(Arc::new(typical), fit, n_repeats, &[]);
        outlook.factors = factors.into_iter().map(|factor| factor / of_mean).collect();
        outlook
    }

    /// As [`expected_spend`](Self::expected_spend), of the customer at this position with their traits.
    #[must_use]
    pub fn expected_spend_of(&self, customer: usize, n_repeats: u32, mean_spend: f64) -> f64 {
        if let Some(given) = self.given.get(customer) {
            return *given;
        }
        match self.factors.get(customer) {
            Some(factor) => factor * self.expected_spend(n_repeats, mean_spend / factor),
            None => self.expected_spend(n_repeats, mean_spend),
        }
    }

    /// The same outlook where another forecast says what each customer is expected to spend per purchase, money; one
    /// entry for each customer.
    #[must_use]
    pub fn with_expected_spend(mut self, of_customer: Vec<f64>) -> Self {
        self.given = of_customer;
        self
    }

    fn with(
        model: Arc<dyn SpendModel>,
        fit: Option<SpendFit>,
        n_repeats: &[u32],
        mean_spend: &[f64],
    ) -> Self {
        let moments = model.spend_moments(None);
        let population = SpendPerPurchase {
            mean: moments.mean,
            variance_of_mean: moments.variance_of_mean,
            variance_of_purchase: moments.variance_of_purchase,
        };
        let mut outlook = Self {
            smallest_mean: if model.id() == GAMMA_GAMMA { 1e-9 } else { LEAST_MEAN }
                * population.mean,
            model,
            fit,
            lines: FxHashMap::default(),
            spreads: FxHashMap::default(),
            population,
            over_draws: FxHashMap::default(),
            factors: Vec::new(),
            given: Vec::new(),
        };
        let is_linear = outlook.model.id() == GAMMA_GAMMA;
        for (customer, n) in n_repeats.iter().enumerate() {
            if *n == 0 {
                continue;
            }
            let band = outlook.band_of(*n, mean_spend.get(customer).copied().unwrap_or(0.0));
            if outlook.spreads.contains_key(&(*n, band)) {
                continue;
            }
            outlook.spreads.insert((*n, band), outlook.spread_at(*n, band));
            if is_linear {
                outlook.lines.insert(*n, outlook.line(*n));
            }
        }
        outlook
    }

    /// The mean spend in the middle of a band.
    fn mean_of_band(&self, band: i32) -> f64 {
        self.population.mean * (BAND_WIDTH * f64::from(band)).exp()
    }

    fn spread_at(&self, n_repeats: u32, band: i32) -> RelativeSpread {
        let observation = SpendObservation::new(n_repeats, self.mean_of_band(band))
            .expect("a positive mean over at least one purchase is an observation");
        let moments = self.model.spend_moments(Some(&observation));
        let square = moments.mean * moments.mean;
        RelativeSpread {
            of_mean: moments.variance_of_mean / square,
            of_purchase: moments.variance_of_purchase / square,
        }
    }

    fn line(&self, n_repeats: u32) -> LinearSpend {
        let at = |mean: f64| {
            let observation = SpendObservation::new(n_repeats, mean)
                .expect("a positive mean over at least one purchase is an observation");
            self.model.spend_moments(Some(&observation)).mean
        };
        let (low, high) = (at(self.smallest_mean), at(self.population.mean));
        let slope = (high - low) / (self.population.mean - self.smallest_mean);
        LinearSpend { at_zero: low - slope * self.smallest_mean, slope }
    }

    /// The band of mean spends within which a customer's relative spread is told: always 0 but for a model of several
    /// kinds of customers, where the own mean says which kind a customer is.
    #[must_use]
    pub fn band_of(&self, n_repeats: u32, mean_spend: f64) -> i32 {
        if n_repeats == 0 || self.model.id() != MIXTURE_ID {
            return 0;
        }
        let mean = mean_spend.max(self.smallest_mean);
        ((mean / self.population.mean).ln() / BAND_WIDTH).round() as i32
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &dyn SpendModel {
        self.model.as_ref()
    }

    /// The fit, where the model was fitted here.
    #[must_use]
    pub fn fitted(&self) -> Option<&FittedSpendModel> {
        self.fit.as_ref().map(|fit| &fit.fitted)
    }

    /// The fit with what chose and tested it, where the model was fitted here.
    #[must_use]
    pub fn fit_as_chosen(&self) -> Option<&SpendFit> {
        self.fit.as_ref()
    }

    /// Expected gross spend of one purchase of a customer, money; never negative. A customer whose repeat
    /// purchases were all free counts at a mean of 0 under gamma-gamma, at a thousandth of the population's under the
    /// log-normal laws.
    #[must_use]
    pub fn expected_spend(&self, n_repeats: u32, mean_spend: f64) -> f64 {
        if let Some(line) = self.lines.get(&n_repeats) {
            return line.at_zero + line.slope * mean_spend.max(0.0);
        }
        if n_repeats == 0 || self.model.id() == GAMMA_GAMMA {
            return self.population.mean;
        }
        let seen = SpendObservation::new(n_repeats, mean_spend.max(self.smallest_mean)).ok();
        self.model.spend_moments(seen.as_ref()).mean
    }

    /// The spend per purchase of a customer with `n_repeats` whose mean spend lies in this
    /// [band](Self::band_of), scaled so that its mean is 1.
    #[must_use]
    pub fn relative_spread(&self, n_repeats: u32, band: i32) -> SpendPerPurchase {
        match self.spreads.get(&(n_repeats, band)) {
            Some(spread) => SpendPerPurchase {
                mean: 1.0,
                variance_of_mean: spread.of_mean,
                variance_of_purchase: spread.of_purchase,
            },
            None => {
                let square = self.population.mean * self.population.mean;
                SpendPerPurchase {
                    mean: 1.0,
                    variance_of_mean: self.population.variance_of_mean / square,
                    variance_of_purchase: self.population.variance_of_purchase / square,
                }
            }
        }
    }

    /// The same outlook, unsure of its parameters as these draws of them say.
    #[must_use]
    pub fn with_draws(mut self, draws: &[Arc<dyn SpendModel>]) -> Self {
        if draws.is_empty() {
            return self;
        }
        let known = self.spreads.keys().copied().chain([(0, 0)]);
        self.over_draws = known
            .map(|(n_repeats, band)| {
                let seen = SpendObservation::new(n_repeats, self.mean_of_band(band)).ok();
                let means: Vec<f64> =
                    draws.iter().map(|draw| draw.spend_moments(seen.as_ref()).mean).collect();
                ((n_repeats, band), relative_variance(&means))
            })
            .collect();
        self
    }

    /// The same outlook, unsure of its parameters as the covariance of their free coordinates says. Gamma-gamma is
    /// left as it is: its intervals carry that from draws only.
    #[must_use]
    pub fn unsure(self, free_covariance: Option<&[Vec<f64>]>) -> Self {
        match free_covariance {
            Some(covariance) if self.model.id() != GAMMA_GAMMA => {
                let points = sigma_points(self.model.as_ref(), covariance);
                self.with_draws(&points)
            }
            _ => self,
        }
    }

    /// Relative variance of the mean spend of a customer with `n_repeats` in this [band](Self::band_of) from the
    /// parameters alone; 0 where it is not known.
    #[must_use]
    pub fn relative_variance_over_draws(&self, n_repeats: u32, band: i32) -> f64 {
        let known =
            self.over_draws.get(&(n_repeats, band)).or_else(|| self.over_draws.get(&(0, 0)));
        known.copied().unwrap_or(0.0)
    }

    /// Relative variance of the population's mean spend from the parameters alone; 0 where it is not known.
    #[must_use]
    pub fn relative_parameter_variance(&self) -> f64 {
        if let Some(over_draws) = self.over_draws.get(&(0, 0)) {
            return *over_draws;
        }
        let Some(fit) = &self.fit else { return 0.0 };
        let n = fit.fitted.n_customers;
        // The mean over n customers is known to about its spread over them divided by their number.
        let spread = self.relative_spread(0, 0);
        (spread.variance_of_mean + spread.variance_of_purchase) / n.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use clv_models::catalogue::{spend_model, spend_models};

    use super::*;

    const MEANS: [f64; 6] = [3.0, 8.0, 20.0, 35.0, 90.0, 400.0];

    /// Customers with 1 to 5 repeat purchases whose own means differ, and whose purchases scatter around them: all
    /// combinations, so often.
    fn customers(times: usize) -> (Vec<u32>, Vec<f64>) {
        let between = [-0.9, -0.4, -0.1, 0.1, 0.4, 0.9];
        let within = [-0.9, -0.5, -0.2, 0.0, 0.2, 0.5, 0.9];
        (0..210 * times)
            .map(|at| {
                let n = 1 + (at % 5) as u32;
                let scatter = within[(at / 30) % 7] / f64::from(n).sqrt();
                (n, 30.0 * (between[(at / 5) % 6] + scatter).exp())
            })
            .unzip()
    }

    fn outlook(id: &str, times: usize) -> SpendOutlook {
        let (n_repeats, mean_spend) = customers(times);
        let entry = spend_model(id).expect("it is in the catalogue");
        SpendOutlook::fit_as(&SpendModelPick::of(entry), &n_repeats, &mean_spend, 30.0)
    }

    #[test]
    fn every_outlook_expects_what_its_model_expects() {
        for entry in spend_models() {
            let outlook = outlook(entry.id, 3);
            assert_eq!(outlook.model().id(), entry.id);
            for (n, mean) in (1..=5).flat_map(|n| MEANS.map(|mean| (n, mean))) {
                let seen = SpendObservation::new(n, mean).expect("a positive mean");
                let own = outlook.model().expected_spend(Some(&seen));
                let found = outlook.expected_spend(n, mean);
                assert!((found / own - 1.0).abs() < 1e-6, "{} {n} {mean}", entry.id);
            }
            assert!(outlook.expected_spend(3, 0.0) > 0.0);
        }
    }

    #[test]
    fn relative_spreads_are_those_of_the_model_to_within_a_band() {
        for entry in spend_models() {
            let outlook = outlook(entry.id, 3);
            let (n_repeats, mean_spend) = customers(1);
            for (n, mean) in n_repeats.into_iter().zip(mean_spend) {
                let seen = SpendObservation::new(n, mean).expect("a positive mean");
                let own = outlook.model().spend_moments(Some(&seen));
                let of_mean = own.variance_of_mean / (own.mean * own.mean);
                let found = outlook.relative_spread(n, outlook.band_of(n, mean));
                assert!(
                    (found.variance_of_mean / of_mean - 1.0).abs() < 0.1,
                    "{} {n} {mean}: {} for {of_mean}",
                    entry.id,
                    found.variance_of_mean
                );
            }
        }
    }

    #[test]
    fn four_times_the_customers_halve_what_is_not_known_of_the_parameters() {
        for id in ["log-normal", "log-normal-dependent"] {
            let variance = |times: usize| outlook(id, times).relative_variance_over_draws(2, 0);
            let ratio = variance(1) / variance(4);
            assert!((3.2..4.8).contains(&ratio), "{id}: {ratio}");
        }
        let gamma_gamma = outlook(GAMMA_GAMMA, 1);
        assert!(gamma_gamma.relative_variance_over_draws(2, 0).abs() < f64::MIN_POSITIVE);
    }
}
