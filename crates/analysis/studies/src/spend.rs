//! How much a customer spends per purchase: the spend model fitted to repeat purchases, and its answer for each
//! customer.

use clv_models::fit::spend::{FittedSpend, fit_gamma_gamma};
use clv_models::spend::{GammaGamma, SpendObservation, SpendObservations};
use clv_valuation::predictive::SpendPerPurchase;
use rustc_hash::FxHashMap;

/// The spend model with its fit, ready to answer for customers.
#[derive(Debug, Clone)]
pub struct SpendOutlook {
    model: GammaGamma,
    fitted: Option<FittedSpend>,
    smallest_mean: f64,
    /// The model's answer at mean spends of 0 and 1 for each number of repeat purchases; spend is linear in
    /// the customer's own mean between and beyond them.
    by_repeats: FxHashMap<u32, LinearSpend>,
    population: SpendPerPurchase,
    /// What each customer's traits multiply spend by, relative to the mean customer; empty where they do not matter.
    factors: Vec<f64>,
}

/// Expected spend as a line in the customer's own mean, and the two relative variances, which do not depend on it.
#[derive(Debug, Clone, Copy)]
struct LinearSpend {
    at_zero: f64,
    slope: f64,
    relative_variance_of_mean: f64,
    relative_variance_of_purchase: f64,
}

impl SpendOutlook {
    /// Fits the spend model to customers with at least one repeat purchase and positive mean repeat spend;
    /// `n_repeats` and `mean_spend` have one entry for each customer. Where there is none, the mean first purchase
    /// stands for the only observation.
    #[must_use]
    pub fn fit(n_repeats: &[u32], mean_spend: &[f64], mean_first_spend: f64) -> Self {
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
        let fitted = fit_gamma_gamma(&observations);
        Self::with(fitted.model, Some(fitted), n_repeats)
    }

    /// A spend model whose parameters are known, for customers with these numbers of repeat purchases.
    #[must_use]
    pub fn of_model(model: GammaGamma, n_repeats: &[u32]) -> Self {
        Self::with(model, None, n_repeats)
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
        let mut outlook = Self::with(typical, without.cloned(), n_repeats);
        outlook.factors = factors.into_iter().map(|factor| factor / of_mean).collect();
        outlook
    }

    /// As [`expected_spend`](Self::expected_spend), of the customer at this position with their traits.
    #[must_use]
    pub fn expected_spend_of(&self, customer: usize, n_repeats: u32, mean_spend: f64) -> f64 {
        match self.factors.get(customer) {
            Some(factor) => factor * self.expected_spend(n_repeats, mean_spend / factor),
            None => self.expected_spend(n_repeats, mean_spend),
        }
    }

    fn with(model: GammaGamma, fitted: Option<FittedSpend>, n_repeats: &[u32]) -> Self {
        let moments = model.spend_moments(None);
        let population = SpendPerPurchase {
            mean: moments.mean,
            variance_of_mean: moments.variance_of_mean,
            variance_of_purchase: moments.variance_of_purchase,
        };
        let mut outlook = Self {
            model,
            fitted,
            smallest_mean: 1e-9 * population.mean,
            by_repeats: FxHashMap::default(),
            population,
            factors: Vec::new(),
        };
        for n in n_repeats {
            if *n > 0 && !outlook.by_repeats.contains_key(n) {
                let line = outlook.line(*n);
                outlook.by_repeats.insert(*n, line);
            }
        }
        outlook
    }

    fn line(&self, n_repeats: u32) -> LinearSpend {
        let at = |mean: f64| {
            let observation = SpendObservation::new(n_repeats, mean)
                .expect("a positive mean over at least one purchase is an observation");
            self.model.spend_moments(Some(&observation))
        };
        let (low, high) = (at(self.smallest_mean), at(self.population.mean));
        let slope = (high.mean - low.mean) / (self.population.mean - self.smallest_mean);
        let square = high.mean * high.mean;
        LinearSpend {
            at_zero: low.mean - slope * self.smallest_mean,
            slope,
            relative_variance_of_mean: high.variance_of_mean / square,
            relative_variance_of_purchase: high.variance_of_purchase / square,
        }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &GammaGamma {
        &self.model
    }

    /// The fit, where the model was fitted here.
    #[must_use]
    pub fn fitted(&self) -> Option<&FittedSpend> {
        self.fitted.as_ref()
    }

    /// Expected gross spend of one purchase of a customer, money; never negative. A customer whose repeat
    /// purchases were all free counts at a mean of 0.
    #[must_use]
    pub fn expected_spend(&self, n_repeats: u32, mean_spend: f64) -> f64 {
        match self.by_repeats.get(&n_repeats) {
            Some(line) => line.at_zero + line.slope * mean_spend.max(0.0),
            None => self.population.mean,
        }
    }

    /// The spend per purchase of a customer with `n_repeats`, scaled so that its mean is 1: its spread does not
    /// depend on the customer's own mean.
    #[must_use]
    pub fn relative_spread(&self, n_repeats: u32) -> SpendPerPurchase {
        match self.by_repeats.get(&n_repeats) {
            Some(line) => SpendPerPurchase {
                mean: 1.0,
                variance_of_mean: line.relative_variance_of_mean,
                variance_of_purchase: line.relative_variance_of_purchase,
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

    /// Relative variance of the population's mean spend from the parameters alone; 0 where it is not known.
    #[must_use]
    pub fn relative_parameter_variance(&self) -> f64 {
        let Some(fitted) = &self.fitted else { return 0.0 };
        let n = fitted.n_customers;
        // The mean over n customers is known to about its spread over them divided by their number.
        let spread = self.relative_spread(0);
        (spread.variance_of_mean + spread.variance_of_purchase) / n.max(1.0)
    }
}
