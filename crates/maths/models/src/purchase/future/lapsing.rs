//! A customer who may leave at any moment, at a gamma distributed dropout rate: the lifetime is Lomax.

use clv_numerics::log_space::ln_1p_of_ratio;
use clv_numerics::quadrature::gauss_legendre;
use clv_numerics::vectorised;

use super::ProcessSummary;
use super::count::{self, NegativeBinomial};
use super::panels::{Panel, solve_in};
use crate::purchase::dropout_integral::DropoutIntegral;

/// Beyond this times the larger of alpha and beta, both survival functions are powers of time to 1e-17.
const POWER_LAW: f64 = 1e17;

/// Shape and rate of the purchase rate, shape and rate of the dropout rate.
#[derive(Clone, Copy)]
pub(super) struct Lapsing {
    pub(super) r: f64,
    pub(super) alpha: f64,
    pub(super) s: f64,
    pub(super) beta: f64,
}

/// What [`Lapsing::lifetime_within`] gives.
#[derive(Clone, Copy)]
struct Lifetime {
    /// E[min(lifetime, horizon)^2] / 2 in units of beta^2.
    half_square: f64,
    /// Mean of the discounted time within it, in units of beta.
    discounted: f64,
}

impl Lapsing {
    /// (e^(rate length) - 1) / rate, for any rate including 0.
    fn exponential_integral(rate: f64, length: f64) -> f64 {
        let exponent = rate * length;
        if exponent.abs() < 1e-300 { length } else { length * (exponent.exp_m1() / exponent) }
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        // E[min(lifetime, t)] is the integral of (beta / (beta + u))^s, in v = ln(1 + u / beta).
        let length = ln_1p_of_ratio(horizon / self.beta);
        if length.is_infinite() {
            let mean = if self.s > 1.0 { self.beta / (self.s - 1.0) } else { f64::INFINITY };
            return self.r / self.alpha * mean;
        }
        self.r / self.alpha * (self.beta * Self::exponential_integral(1.0 - self.s, length))
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        if let Some(lifetime) = self.lifetime_within(horizon, 0.0) {
            return self.pairs_of(2.0 * lifetime.half_square);
        }
        let length = (horizon / self.beta).ln_1p();
        if length.is_infinite() && self.s > 2.0 {
            let square = 2.0 / ((self.s - 1.0) * (self.s - 2.0));
            return self.pairs_of(square);
        }
        if length.is_infinite() {
            return f64::INFINITY;
        }
        // The difference loses no more digits than s has.
        let half_square = Self::exponential_integral(2.0 - self.s, length)
            - Self::exponential_integral(1.0 - self.s, length);
        self.pairs_of(2.0 * half_square)
    }

    /// Moments of min(lifetime, horizon), by one rule for all; `None` where that rule is too coarse.
    fn lifetime_within(self, horizon: f64, discount_rate: f64) -> Option<Lifetime> {
        // With v = ln(1 + u / beta) the integrands are products of exponentials of v and of e^v, entire in v.
        let length = ln_1p_of_ratio(horizon / self.beta);
        let roughness =
            length * (1.0 + (1.0 - self.s).abs()) + discount_rate * horizon * (1.0 + length);
        let per_scale = discount_rate * self.beta;
        // Measured on two hundred thousand random cases: the least roughness at which the rule was off by more than
        // 2e-13, less some twentieth.
        match roughness {
            ..1.3 => Some(self.lifetime_by_rule::<6>(horizon, length, per_scale)),
            ..3.6 => Some(self.lifetime_by_rule::<8>(horizon, length, per_scale)),
            ..6.7 => Some(self.lifetime_by_rule::<10>(horizon, length, per_scale)),
            ..10.8 => Some(self.lifetime_by_rule::<12>(horizon, length, per_scale)),
            ..22.0 => Some(self.lifetime_by_rule::<16>(horizon, length, per_scale)),
            _ => None,
        }
    }

    /// [`lifetime_within`](Self::lifetime_within) by `N` points, stage by stage on arrays, which the compiler turns
    /// into vector code.
    fn lifetime_by_rule<const N: usize>(
        self,
        horizon: f64,
        length: f64,
        per_scale: f64,
    ) -> Lifetime {
        let half = 0.5 * length;
        let rule = gauss_legendre(N);
        let why = "a rule of N nodes has N";
        let nodes: &[f64; N] = rule.nodes().try_into().expect(why);
        let weights: &[f64; N] = rule.weights().try_into().expect(why);
        let (whole_gain, all_alive) = (horizon / self.beta, ((1.0 - self.s) * length).exp());
        let (mut gained, mut alive, mut discounted) = ([0.0; N], [0.0; N], [0.0; N]);
        for k in 0..N / 2 {
            let v = half + half * nodes[k];
            gained[k] = vectorised::exp_m1(v);
            alive[k] = vectorised::exp((1.0 - self.s) * v);
        }
        // The points at v and at length - v share their exponentials.
        for k in 0..N / 2 {
            gained[N - 1 - k] = (whole_gain - gained[k]) / (1.0 + gained[k]);
            alive[N - 1 - k] = all_alive / alive[k];
        }
        for k in 0..N {
            alive[k] *= weights[k];
            discounted[k] = alive[k] * vectorised::exp(-per_scale * gained[k]);
            alive[k] *= gained[k];
        }
        Lifetime {
            half_square: half * alive.iter().sum::<f64>(),
            discounted: half * discounted.iter().sum::<f64>(),
        }
    }

    /// E[rate^2] times a mean square lifetime in units of beta^2.
    fn pairs_of(self, square: f64) -> f64 {
        let scale = self.beta / self.alpha;
        self.r * (self.r + 1.0) * scale * scale * square
    }

    /// The time scale of the panels.
    fn scale(self) -> f64 {
        self.alpha.min(self.beta)
    }

    /// ln P(neither bought nor left until u).
    fn ln_undisturbed(self, u: f64) -> f64 {
        -self.r * (u / self.alpha).ln_1p() - self.s * (u / self.beta).ln_1p()
    }

    /// How steeply the undisturbed probability falls with v = ln(1 + u / scale).
    fn steepness(self, v: f64) -> f64 {
        let scale = self.scale();
        let u = scale * v.exp_m1();
        (scale + u) * (self.r / (self.alpha + u) + self.s / (self.beta + u))
    }

    /// Where panels give way to the power law, in v.
    fn power_law_from(self) -> f64 {
        (POWER_LAW * (self.alpha.max(self.beta) / self.scale())).ln()
    }

    /// P(leaves before buying, within the horizon).
    fn leaves_first(self, horizon: f64) -> f64 {
        let scale = self.scale();
        let end = (horizon / scale).ln_1p();
        let panels_end = end.min(self.power_law_from());
        let (mut sum, mut from) = (0.0, 0.0);
        while let Some(panel) = Panel::next(from, panels_end, 1.0, |v| self.steepness(v)) {
            sum += panel.integral(|v| {
                let u = scale * v.exp_m1();
                self.s * (scale + u) / (self.beta + u) * self.ln_undisturbed(u).exp()
            });
            from = panel.end();
            if self.ln_undisturbed(scale * from.exp_m1()).exp() < 1e-17 * sum {
                return sum;
            }
        }
        if end > panels_end {
            let both = self.r + self.s;
            let at_start = self.ln_undisturbed(scale * panels_end.exp_m1()).exp();
            let share =
                if end.is_infinite() { 1.0 } else { -(-both * (end - panels_end)).exp_m1() };
            sum += self.s / both * at_start * share;
        }
        sum
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        if horizon.is_infinite() {
            return self.leaves_first(horizon);
        }
        let silence = DropoutIntegral::new((self.r, self.alpha), (self.s, self.beta), horizon);
        silence.still_there() + self.s * silence.left()
    }

    /// Expected purchases, pairs, probability of none and discounted purchases from one sweep.
    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        let lifetime = self.lifetime_within(horizon, discount_rate);
        ProcessSummary {
            expected_purchases: self.expected_purchases(horizon),
            expected_pairs: match lifetime {
                Some(lifetime) => self.pairs_of(2.0 * lifetime.half_square),
                None => self.expected_pairs(horizon),
            },
            probability_none: self.probability_none(horizon),
            discounted_purchases: match lifetime {
                Some(lifetime) => self.r / self.alpha * (self.beta * lifetime.discounted),
                None if discount_rate > 0.0 => self.discounted_purchases(horizon, discount_rate),
                None => self.expected_purchases(horizon),
            },
        }
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        if let Some(lifetime) = self.lifetime_within(horizon, discount_rate) {
            return self.r / self.alpha * (self.beta * lifetime.discounted);
        }
        // int e^(-delta u) (beta / (beta + u))^s du with u = beta (e^v - 1).
        let end = (horizon / self.beta).ln_1p();
        let per_scale = discount_rate * self.beta;
        let exponent = |v: f64| (1.0 - self.s) * v - per_scale * v.exp_m1();
        let steepness = |v: f64| per_scale * v.exp() + (1.0 - self.s).abs();
        let (mut sum, mut from) = (0.0, 0.0);
        while let Some(panel) = Panel::next(from, end, 1.0, steepness) {
            sum += panel.integral(|v| exponent(v).exp());
            from = panel.end();
            // What is left is at most the integrand over the discount rate.
            if (exponent(from) - from).exp() < 1e-17 * sum * per_scale {
                break;
            }
        }
        self.r / self.alpha * (self.beta * sum)
    }

    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        self.wait_quantiles([q])[0]
    }

    pub(super) fn wait_quantiles<const N: usize>(self, levels: [f64; N]) -> [f64; N] {
        let buys_ever = 1.0 - self.leaves_first(f64::INFINITY);
        levels.map(|q| self.wait_until(q * buys_ever))
    }

    /// The time by which the next purchase has come with the probability `target`.
    fn wait_until(self, target: f64) -> f64 {
        let scale = self.scale();
        let density = |v: f64| {
            let u = scale * v.exp_m1();
            self.r * (scale + u) / (self.alpha + u) * self.ln_undisturbed(u).exp()
        };
        let panels_end = self.power_law_from();
        let (mut reached, mut from) = (0.0, 0.0);
        while let Some(panel) = Panel::next(from, panels_end, 1.0, |v| self.steepness(v)) {
            let here = panel.integral(density);
            if reached + here >= target {
                return scale * solve_in(panel, target - reached, here, density).exp_m1();
            }
            reached += here;
            from = panel.end();
            if self.ln_undisturbed(scale * from.exp_m1()).exp() < 1e-17 * reached {
                return scale * from.exp_m1();
            }
        }
        // What is left of the target lies in the power law.
        let both = self.r + self.s;
        let left = self.r / both * self.ln_undisturbed(scale * from.exp_m1()).exp();
        let share = ((target - reached) / left).clamp(0.0, 1.0);
        scale * (from - (-share).ln_1p() / both).exp_m1()
    }

    /// Points of time with P(leaves there), and P(is still a customer at the horizon).
    pub(super) fn lifetimes(self, horizon: f64, fineness: f64) -> (Vec<(f64, f64)>, f64) {
        let scale = self.scale();
        let end = (horizon / scale).ln_1p().min(self.power_law_from());
        let mut points = Vec::with_capacity(24);
        let mut from = 0.0;
        while let Some(panel) = Panel::next(from, end, fineness, |v| self.steepness(v)) {
            points.extend(panel.points().map(|(v, dv)| {
                let u = scale * v.exp_m1();
                let density = self.s / (self.beta + u) * (-self.s * (u / self.beta).ln_1p()).exp();
                (u, dv * (scale + u) * density)
            }));
            from = panel.end();
        }
        (points, (-self.s * (scale * end.exp_m1() / self.beta).ln_1p()).exp())
    }

    /// The negative binomial counts of each lifetime, with its probability.
    fn counts(self, horizon: f64, fineness: f64) -> Vec<(NegativeBinomial, f64)> {
        let (points, stays) = self.lifetimes(horizon, fineness);
        let last = horizon.min(self.scale() * self.power_law_from().exp_m1());
        let counts = |u: f64| NegativeBinomial { shape: self.r, odds: u / self.alpha };
        points.into_iter().chain([(last, stays)]).map(|(u, weight)| (counts(u), weight)).collect()
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        let mut masses = vec![0.0; n_max + 1];
        for (counts, weight) in self.counts(horizon, 0.25) {
            for (mass, part) in masses.iter_mut().zip(counts.masses(n_max)) {
                *mass += weight * part;
            }
        }
        masses
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let counts = self.counts(horizon, 1.0);
        let masses = count::mixture_masses(&counts);
        count::quantiles(targets, masses, |n| {
            counts.iter().map(|(counts, weight)| weight * counts.approximate_cdf(n)).sum()
        })
    }
}
