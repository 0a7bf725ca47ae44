//! What a living customer does from now on: a counting process in closed form or by quadrature.
//!
//! Every method is total: a horizon that is not above 0 gives what no time gives (no purchases), and where an
//! infinite horizon has a finite answer it is allowed. Each answer is within 1e-8 relative of high precision
//! values over the ranges of `golden/future_process.toml`.
//!
//! A customer who may leave right now leaves with probability a / (a + b); who stays has, by Bayes, a dropout
//! probability with shapes a and b + 1. So that process is the one of leaving after purchases, behind one toss.

use std::sync::Arc;

mod aging;
mod at_points;
mod beta_mean;
mod count;
mod lapsing;
mod leaving;
mod leaving_curves;
mod occasions;
mod on_clocks;
pub(super) mod panels;
mod regular;
mod regular_roots;
mod regular_table;
mod steady;
mod summary;

use aging::Aging;
use at_points::AtPoints;
use lapsing::Lapsing;
use leaving::Leaving;
use occasions::Occasions;
pub use on_clocks::ClockPiece;
use on_clocks::OnClocks;
pub(crate) use regular::Regular;
use steady::Steady;
pub use summary::ProcessSummary;

use super::aging_dropout::AgingLifetime;
pub use super::latent_rates::LatentPoint;

/// The purchases to come of a customer who is one now, time counted from now.
///
/// Rates are gamma distributed over such customers with shape `r` and rate `alpha`, unless points are listed. All parameters are finite
/// and above 0; time is in the unit of `alpha`.
#[derive(Debug, Clone, PartialEq)]
pub enum FutureProcess {
    /// Never leaves (NBD).
    Steady {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
    },
    /// May leave at any moment (Pareto/NBD).
    Lapsing {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// Shape of the dropout rate.
        s: f64,
        /// Rate of the dropout rate, time.
        beta: f64,
    },
    /// May leave at any moment, the more readily the older (GGom/NBD).
    Aging {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// Pace of aging, 1/time.
        b: f64,
        /// Shape of the level of the dropout rate.
        s: f64,
        /// Rate of that level now.
        beta: f64,
    },
    /// May leave at any moment, both rates being among many points (Pareto/NBD with log-normal rates).
    LapsingAtPoints {
        /// What the rates may be, per unit of time, both above 0; the weights sum to 1.
        points: Arc<[LatentPoint]>,
    },
    /// May leave at any moment, buying and leaving on clocks whose speeds change (Pareto/NBD with changing covariates).
    LapsingOnClocks {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate on the buying clock, time.
        alpha: f64,
        /// Shape of the dropout rate.
        s: f64,
        /// Rate of the dropout rate on the leaving clock, time.
        beta: f64,
        /// The pieces to come, one at least, their ends ascending.
        pieces: Arc<[ClockPiece]>,
    },
    /// May leave after each purchase to come (BG/NBD and its kin).
    LeavingAfterPurchase {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// First shape of the dropout probability.
        a: f64,
        /// Second shape of the dropout probability.
        b: f64,
    },
    /// As above, and may leave right now before any purchase (a new MBG/NBD customer).
    LeavingAtOnceOrAfterPurchase {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// First shape of the dropout probability.
        a: f64,
        /// Second shape of the dropout probability.
        b: f64,
    },
    /// Buys at every k-th tick of a clock, and may leave after each purchase to come (BG/CNBD-k and its kin).
    ///
    /// The rate is that of ticks. Its shape and rate are those right after the last purchase; a silence since then,
    /// in which no k ticks fell, is part of what is known.
    RegularLeavingAfterPurchase {
        /// Ticks from one purchase to the next, from 1 to 24.
        k: u32,
        /// Time since the last purchase, at least 0.
        silence: f64,
        /// Shape of the rate of ticks.
        r: f64,
        /// Rate of the rate of ticks, time.
        alpha: f64,
        /// First shape of the dropout probability.
        a: f64,
        /// Second shape of the dropout probability.
        b: f64,
    },
    /// As above without a silence, and may leave right now before any purchase (a new MBG/CNBD-k customer).
    RegularLeavingAtOnceOrAfterPurchase {
        /// Ticks from one purchase to the next, from 1 to 24.
        k: u32,
        /// Shape of the rate of ticks.
        r: f64,
        /// Rate of the rate of ticks, time.
        alpha: f64,
        /// First shape of the dropout probability.
        a: f64,
        /// Second shape of the dropout probability.
        b: f64,
    },
    /// Buys or not at each of a row of occasions, one a period, and may leave before any but the first (a BG/BB
    /// customer who is there at the next one). Time counts whole periods.
    Occasions {
        /// First shape of the buying probability.
        alpha: f64,
        /// Second shape of the buying probability.
        beta: f64,
        /// First shape of the leaving probability.
        gamma: f64,
        /// Second shape of the leaving probability.
        delta: f64,
    },
    /// As above, and may leave before the first occasion too (a new BG/BB customer).
    OccasionsLeavingAtOnce {
        /// First shape of the buying probability.
        alpha: f64,
        /// Second shape of the buying probability.
        beta: f64,
        /// First shape of the leaving probability.
        gamma: f64,
        /// Second shape of the leaving probability.
        delta: f64,
    },
}

/// The process behind the first toss.
enum Kind<'a> {
    Steady(Steady),
    Lapsing(Lapsing),
    OnClocks(OnClocks<'a>),
    Aging(Aging),
    AtPoints(AtPoints<'a>),
    Leaving(Leaving),
    Regular(Box<Regular>),
    Occasions(Occasions),
}

/// Calls the same method of whichever process it is.
macro_rules! of {
    ($kind:expr, $method:ident($($argument:expr),*)) => {
        match $kind {
            Kind::Steady(process) => process.$method($($argument),*),
            Kind::Lapsing(process) => process.$method($($argument),*),
            Kind::OnClocks(process) => process.$method($($argument),*),
            Kind::Aging(process) => process.$method($($argument),*),
            Kind::AtPoints(process) => process.$method($($argument),*),
            Kind::Leaving(process) => process.$method($($argument),*),
            Kind::Regular(process) => process.$method($($argument),*),
            Kind::Occasions(process) => process.$method($($argument),*),
        }
    };
}

impl FutureProcess {
    /// Whether time counts whole periods, so that histories must too and no other unit of time gives the same.
    #[must_use]
    pub fn is_discrete(&self) -> bool {
        matches!(self, Self::Occasions { .. } | Self::OccasionsLeavingAtOnce { .. })
    }

    /// The probability of staying at the first toss, and the process of who stays.
    fn parts(&self) -> (f64, Kind<'_>) {
        match *self {
            Self::Steady { r, alpha } => (1.0, Kind::Steady(Steady { r, alpha })),
            Self::Lapsing { r, alpha, s, beta } => {
                (1.0, Kind::Lapsing(Lapsing { r, alpha, s, beta }))
            }
            Self::LapsingOnClocks { r, alpha, s, beta, ref pieces } => {
                (1.0, Kind::OnClocks(OnClocks { r, alpha, s, beta, pieces }))
            }
            Self::Aging { r, alpha, b, s, beta } => {
                let lifetime = AgingLifetime { b, s, beta };
                (1.0, Kind::Aging(Aging { r, alpha, lifetime }))
            }
            Self::LapsingAtPoints { ref points } => (1.0, Kind::AtPoints(AtPoints { points })),
            Self::LeavingAfterPurchase { r, alpha, a, b } => {
                (1.0, Kind::Leaving(Leaving { r, alpha, a, b }))
            }
            Self::LeavingAtOnceOrAfterPurchase { r, alpha, a, b } => {
                (b / (a + b), Kind::Leaving(Leaving { r, alpha, a, b: b + 1.0 }))
            }
            Self::RegularLeavingAfterPurchase { k, silence, r, alpha, a, b } => {
                let process = Regular::new(k, silence, (r, alpha), (a, b));
                (1.0, Kind::Regular(Box::new(process)))
            }
            Self::RegularLeavingAtOnceOrAfterPurchase { k, r, alpha, a, b } => {
                let process = Regular::new(k, 0.0, (r, alpha), (a, b + 1.0));
                (b / (a + b), Kind::Regular(Box::new(process)))
            }
            Self::Occasions { alpha, beta, gamma, delta } => {
                (1.0, Kind::Occasions(Occasions { alpha, beta, gamma, delta }))
            }
            Self::OccasionsLeavingAtOnce { alpha, beta, gamma, delta } => (
                delta / (gamma + delta),
                Kind::Occasions(Occasions { alpha, beta, gamma, delta: delta + 1.0 }),
            ),
        }
    }

    /// Expected purchases within `horizon` from now (unit of `alpha`).
    ///
    /// An infinite horizon gives the limit, which is infinite unless customers leave soon enough.
    ///
    /// ```
    /// use clv_models::purchase::FutureProcess;
    /// let steady = FutureProcess::Steady { r: 2.0, alpha: 8.0 };
    /// assert!((steady.expected_purchases(4.0) - 1.0).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn expected_purchases(&self, horizon: f64) -> f64 {
        if !is_some_time(horizon) {
            return 0.0;
        }
        let (stays, kind) = self.parts();
        stays * of!(kind, expected_purchases(horizon))
    }

    /// E[N (N - 1)] of the number N of purchases within `horizon`, so that the variance of N is this plus
    /// E[N] - E[N]^2. Finite for every finite horizon.
    #[must_use]
    pub fn expected_pairs(&self, horizon: f64) -> f64 {
        if !is_some_time(horizon) {
            return 0.0;
        }
        let (stays, kind) = self.parts();
        stays * of!(kind, expected_pairs(horizon))
    }

    /// P(no purchase within `horizon`), in [0, 1]; with an infinite horizon P(never buys again).
    #[must_use]
    pub fn probability_none(&self, horizon: f64) -> f64 {
        if !is_some_time(horizon) {
            return 1.0;
        }
        let (stays, kind) = self.parts();
        (1.0 - stays + stays * of!(kind, probability_none(horizon))).clamp(0.0, 1.0)
    }

    /// P(exactly n purchases within `horizon`) for n = 0 ..= `n_max`; absolute error below 1e-10.
    #[must_use]
    pub fn probability_mass(&self, horizon: f64, n_max: usize) -> Vec<f64> {
        if !is_some_time(horizon) {
            let mut masses = vec![0.0; n_max + 1];
            masses[0] = 1.0;
            return masses;
        }
        let (stays, kind) = self.parts();
        let mut masses = of!(kind, probability_mass(horizon, n_max));
        for mass in &mut masses {
            *mass *= stays;
        }
        masses[0] += 1.0 - stays;
        // A sum of parts may round to a hair above 1.
        for mass in &mut masses {
            *mass = mass.min(1.0);
        }
        masses
    }

    /// Expected purchases within `horizon`, each worth exp(-`discount_rate` u) at time u from now.
    ///
    /// The rate is continuous, per unit of time, at least 0; 0 equals
    /// [`expected_purchases`](Self::expected_purchases) exactly. The horizon may be infinite where the rate is
    /// above 0 (discounted expected residual purchases).
    #[must_use]
    pub fn discounted_purchases(&self, horizon: f64, discount_rate: f64) -> f64 {
        if !is_some_time(horizon) {
            return 0.0;
        }
        if discount_rate <= 0.0 {
            return self.expected_purchases(horizon);
        }
        let (stays, kind) = self.parts();
        stays * of!(kind, discounted_purchases(horizon, discount_rate))
    }

    /// The `q`-quantile of the time to the next purchase, given that there will be one; 0 for `q` of 0 and
    /// below, and cut at `f64::MAX`.
    #[must_use]
    pub fn wait_quantile(&self, q: f64) -> f64 {
        self.wait_quantiles([q])[0]
    }

    /// [`wait_quantile`](Self::wait_quantile) for each level; what several quantiles need is worked out once.
    ///
    /// ```
    /// use clv_models::purchase::FutureProcess;
    /// let lapsing = FutureProcess::Lapsing { r: 2.0, alpha: 8.0, s: 0.5, beta: 10.0 };
    /// let [early, late] = lapsing.wait_quantiles([0.1, 0.9]);
    /// assert!(0.0 < early && early < late);
    /// ```
    #[must_use]
    pub fn wait_quantiles<const N: usize>(&self, levels: [f64; N]) -> [f64; N] {
        let is_some = |q: f64| q > 0.0 && !q.is_nan();
        let asked = levels.map(|q| if is_some(q) { q.min(1.0) } else { 1.0 });
        let waits = match self.parts().1 {
            Kind::Lapsing(process) => process.wait_quantiles(asked),
            kind => asked.map(|q| of!(&kind, wait_quantile(q))),
        };
        std::array::from_fn(
            |at| {
                if is_some(levels[at]) { waits[at].clamp(0.0, f64::MAX) } else { 0.0 }
            },
        )
    }

    /// Quantiles of the number of purchases within `horizon` of someone who is a customer with
    /// `probability_alive`: for each level the smallest n with P(N <= n) >= level.
    ///
    /// Levels are cut to [0, 1 - 1e-9]. Exact up to 400 purchases; beyond that the count given the rate is
    /// taken as gamma distributed, which is within 1 purchase and 0.5 % of the exact quantile.
    #[must_use]
    pub fn count_quantiles(
        &self,
        horizon: f64,
        probability_alive: f64,
        levels: &[f64],
    ) -> Vec<u64> {
        let asked: Vec<(f64, f64)> =
            levels.iter().map(|level| (probability_alive, *level)).collect();
        self.count_quantiles_each(horizon, &asked)
    }

    /// [`count_quantiles`](Self::count_quantiles) for many customers who share this process and differ in whether they
    /// still are one: for each pair of probability alive and level its quantile, in their order. All of them cost
    /// little more than one.
    ///
    /// ```
    /// use clv_models::purchase::FutureProcess;
    /// let steady = FutureProcess::Steady { r: 2.0, alpha: 8.0 };
    /// let both = steady.count_quantiles_each(4.0, &[(1.0, 0.9), (0.2, 0.9)]);
    /// assert_eq!(both[0], steady.count_quantiles(4.0, 1.0, &[0.9])[0]);
    /// assert_eq!(both[1], steady.count_quantiles(4.0, 0.2, &[0.9])[0]);
    /// ```
    #[must_use]
    pub fn count_quantiles_each(&self, horizon: f64, asked: &[(f64, f64)]) -> Vec<u64> {
        let (stays, kind) = self.parts();
        let is_any = |alive: f64| alive > 0.0 && !alive.is_nan();
        if !is_some_time(horizon) || !asked.iter().any(|(alive, _)| is_any(alive * stays)) {
            return vec![0; asked.len()];
        }
        let target = |&(probability_alive, level): &(f64, f64)| {
            let alive = probability_alive * stays;
            if is_any(alive) { (level.min(1.0 - 1e-9) - (1.0 - alive)) / alive } else { 0.0 }
        };
        let targets: Vec<f64> = asked.iter().map(target).collect();
        of!(kind, count_quantiles(horizon, &targets))
    }
}

/// Whether the horizon is above 0; a NaN is not.
fn is_some_time(horizon: f64) -> bool {
    horizon > 0.0
}
