//! Lifetimes of customers who age: Gompertz with a gamma distributed level, and the chance of having left unseen.
//!
//! A customer of age u leaves at the rate η b e^(bu), so that they are still one with probability
//! exp(-η (e^(bu) - 1)); η is gamma with shape s and rate β. Mixed over η the survival function is
//! (β / (β + e^(bu) - 1))^s. Whoever is still a customer at age τ has the same law from then on with
//! β_τ = 1 + (β - 1) e^(-bτ) in place of β: the state of an aging customer is one number, which tends to 1.
//!
//! The hazard is s b / β_τ. As b and β fall to 0 together it becomes s / (β/b + τ), that of Pareto/NBD. In
//! y = ln(1 + u/m), m being the shortest scale, integrands are as smooth as there, but for the turn of the hazard
//! towards its limit, whose nearest singularity is π/b away: up to where it has settled, panels are kept short
//! against that.

use clv_numerics::log_space::ln_1p_of_ratio;

use super::future::panels::Panel;

/// The time until the end of a customer's life, counted from some age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AgingLifetime {
    /// Rate of aging, per unit of time.
    pub(super) b: f64,
    /// Shape of the level of the hazard.
    pub(super) s: f64,
    /// β at the age from which time is counted, no unit.
    pub(super) beta: f64,
}

/// From this b u on, e^(b u) - 1 is left to logarithms.
const FAR: f64 = 36.0;

/// e^-37 is below the rounding of 1: where the hazard's turn no longer shows.
const SETTLED: f64 = 37.0;

/// Steepness that stands for the hazard's turn, in units of b: panels get no wider than 8/3 of 1/b.
const TURN: f64 = 3.0;

/// What is below this share of a sum is left off.
const NEGLIGIBLE: f64 = 1e-17;

/// Panels of twelve points throughout, just shorter than the widest.
const ALL_FINE: f64 = 0.99;

impl AgingLifetime {
    /// The same customer `age` later.
    pub(super) fn at(self, age: f64) -> Self {
        Self { beta: self.beta_at(age), ..self }
    }

    /// β_u = 1 + (β - 1) e^(-bu), written without cancellation.
    pub(super) fn beta_at(&self, u: f64) -> f64 {
        let exponent = -self.b * u;
        self.beta * exponent.exp() - exponent.exp_m1()
    }

    /// ln(1 + (e^(bu) - 1)/β), so that survival is e^(-s times it).
    pub(super) fn ln_growth(&self, u: f64) -> f64 {
        let exponent = self.b * u;
        let gained = exponent.exp_m1() / self.beta;
        if exponent < FAR && gained.is_finite() {
            ln_1p_of_ratio(gained)
        } else {
            (exponent + self.beta_at(u).ln() - self.beta.ln()).max(0.0)
        }
    }

    /// P(still a customer after u).
    pub(super) fn survival(&self, u: f64) -> f64 {
        (-self.s * self.ln_growth(u)).exp()
    }

    /// The rate of leaving after u of those who have not.
    pub(super) fn hazard(&self, u: f64) -> f64 {
        self.s * self.b / self.beta_at(u)
    }

    /// No later customer of this kind leaves at a lower rate than this.
    pub(super) fn lowest_hazard(&self, u: f64) -> f64 {
        self.hazard(u).min(self.s * self.b)
    }

    /// The time scale of the hazard's first changes.
    pub(super) fn scale(&self) -> f64 {
        (self.beta.min(1.0) / self.b).clamp(1e-290, 1e290)
    }

    /// The integral over u from 0 to `horizon` (which may be infinite) of `integrand`, in panels.
    ///
    /// `scale` is the shortest time scale of the integrand, `decay(u)` the rate at which it falls beyond what the
    /// hazard takes. After each panel `is_enough` is asked, with the end of the panel and the sum so far.
    pub(super) fn integral<const N: usize>(
        &self,
        (scale, horizon): (f64, f64),
        decay: impl Fn(f64) -> f64,
        mut integrand: impl FnMut(f64) -> [f64; N],
        is_enough: impl Fn(f64, &[f64; N]) -> bool,
    ) -> [f64; N] {
        let mut sums = [0.0; N];
        self.panels((scale, horizon), ALL_FINE, decay, |panel, end| {
            for (y, dy) in panel.points() {
                let u = scale * y.exp_m1();
                let weight = dy * (scale + u);
                for (sum, value) in sums.iter_mut().zip(integrand(u)) {
                    *sum += weight * value;
                }
            }
            !is_enough(end, &sums)
        });
        sums
    }

    /// Calls `each` for the panels of y = ln(1 + u/scale) up to the horizon, with the u of their end, until it is false.
    pub(super) fn panels(
        &self,
        (scale, horizon): (f64, f64),
        fineness: f64,
        decay: impl Fn(f64) -> f64,
        mut each: impl FnMut(Panel, f64) -> bool,
    ) {
        let longest = (1e300 / scale).ln().min(690.0);
        let end = ln_1p_of_ratio(horizon / scale).min(longest);
        let settled = (SETTLED + self.beta.ln().max(0.0)) / self.b;
        let settled = ln_1p_of_ratio(settled / scale).min(end);
        let mut from = 0.0;
        for (until, turn) in [(settled, TURN * self.b), (end, 0.0)] {
            let steepness = |y: f64| {
                let u = scale * y.exp_m1();
                (scale + u) * (decay(u) + self.hazard(u) + turn)
            };
            while let Some(panel) = Panel::next(from, until, fineness, steepness) {
                from = panel.end();
                if !each(panel, scale * from.exp_m1()) {
                    return;
                }
            }
        }
    }
}

/// A silence: no purchase since the last one, at a gamma distributed rate, and perhaps no longer a customer.
#[derive(Debug, Clone, Copy)]
pub(super) struct AgingSilence {
    /// The lifetime counted from the last purchase.
    pub(super) lifetime: AgingLifetime,
    /// Shape of the purchase rate, r + x.
    pub(super) purchase_shape: f64,
    /// Rate of the purchase rate at the last purchase, α + t_x.
    pub(super) purchase_scale: f64,
    /// T - t_x; may be infinite.
    pub(super) silence: f64,
}

impl AgingSilence {
    /// ln((A + u)/A).
    pub(super) fn purchase_growth(&self, u: f64) -> f64 {
        ln_1p_of_ratio(u / self.purchase_scale)
    }

    /// P(neither bought nor left until u).
    pub(super) fn undisturbed(&self, u: f64) -> f64 {
        (-self.purchase_shape * self.purchase_growth(u)
            - self.lifetime.s * self.lifetime.ln_growth(u))
        .exp()
    }

    /// P(neither bought nor left through the silence).
    pub(super) fn still_there(&self) -> f64 {
        if self.silence.is_infinite() { 0.0 } else { self.undisturbed(self.silence) }
    }

    /// The shortest time scale.
    pub(super) fn scale(&self) -> f64 {
        self.purchase_scale.min(self.lifetime.scale())
    }

    /// P(left during the silence without buying before).
    pub(super) fn left(&self) -> f64 {
        let [left] = self.left_with_means(|_, _, _| [1.0]);
        left
    }

    /// The integral over the moment u of leaving of its density times `of(u, ln((A+u)/A), growth(u))`, the last being
    /// the lifetime's `ln_growth`.
    pub(super) fn left_with_means<const N: usize>(
        &self,
        of: impl Fn(f64, f64, f64) -> [f64; N],
    ) -> [f64; N] {
        if self.silence <= 0.0 {
            return [0.0; N];
        }
        let Self { lifetime, purchase_shape, purchase_scale, silence } = *self;
        let mut reached = 0.0;
        let mut sums = [0.0; N];
        let scale = self.scale();
        let decay = |u: f64| purchase_shape / (purchase_scale + u);
        lifetime.panels((scale, silence), ALL_FINE, decay, |panel, end| {
            for (y, dy) in panel.points() {
                let u = scale * y.exp_m1();
                let (purchase, growth) = (self.purchase_growth(u), lifetime.ln_growth(u));
                let undisturbed = (-purchase_shape * purchase - lifetime.s * growth).exp();
                let weight = dy * (scale + u) * lifetime.hazard(u) * undisturbed;
                reached += weight;
                for (sum, value) in sums.iter_mut().zip(of(u, purchase, growth)) {
                    *sum += weight * value;
                }
            }
            // Whoever is undisturbed until here can leave no more than once.
            self.undisturbed(end) > NEGLIGIBLE * reached
        });
        sums
    }
}
