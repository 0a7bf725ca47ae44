//! Means over a customer's latent regularity k, the likelihood of everything else being known for each k.
//!
//! Given k, times between purchases are gamma distributed with shape k and rate κ = k λ. The rate λ is gamma with
//! shape r and rate α over customers, so κ is gamma with rate α/k, and once x purchases until t_x are known with shape
//! g = r + k x and rate a = α/k + t_x. They weigh
//! A = Γ(g)/Γ(r) · (α/k)^r a^-g · Γ(k)^-x · e^((k-1) S), S being the sum of the logarithms of the x times.
//! The running interval V then has a law of its own ([`RunningInterval`]). With G the chance to stay for some time, a
//! customer either is still there and V outlasts the silence w, or left at some moment of the silence before V ended:
//! L(k) = A · G(t_x) · (P(V > w) + ∫_0^w f(v) (1 - G(t_x + v)/G(t_x)) dv), the first term being what leaving at any
//! moment adds to still being there, G(T) P(V > w).
//!
//! Where S is not known, its mean over all ways to place x - 1 purchases between first and last stands in:
//! Γ(k)^-x e^((k-1) S) becomes t_x^((k-1) x) Γ(x)/Γ(k x), which is what (x, t_x, T) alone say.
//!
//! The integral over ln k is a trapezoidal sum from the mode outwards: the integrand is analytic and falls off at
//! both ends. That over ln v goes by panels of Gauss points, the same for all k, narrow around the typical length.

use clv_numerics::gamma::{digamma, ln_gamma};
use clv_numerics::log_space::{ln_add_exp, softplus};
use clv_numerics::quadrature::gauss_legendre;
use pulp::{Arch, Simd, WithSimd};

use super::few_points::few_points;
use super::running_interval::{RunningInterval, ln_gamma_excess};
use crate::PurchaseHistory;

/// The laws of regularity, rate and lifetime, all parameters finite and above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LatentRhythm {
    /// Shape of k.
    pub(super) t: f64,
    /// Rate of k.
    pub(super) gamma: f64,
    /// Shape of λ.
    pub(super) r: f64,
    /// Rate of λ, time.
    pub(super) alpha: f64,
    /// Shape of the dropout rate.
    pub(super) s: f64,
    /// Rate of the dropout rate, time.
    pub(super) beta: f64,
}

/// What a sweep over k gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct RhythmMeans {
    /// Log-likelihood of the history.
    pub(super) ln_likelihood: f64,
    /// P(still a customer).
    pub(super) alive: f64,
    /// Slopes of the log-likelihood in ln t, ln γ, ln r, ln α, ln s and ln β.
    pub(super) slopes: [f64; 6],
}

/// What k may be of a customer who still is one, with the gamma law of the rate κ at the last purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RhythmPoint {
    /// Its probability.
    pub weight: f64,
    /// Shape of the times between purchases.
    pub k: f64,
    /// Shape of their rate.
    pub r: f64,
    /// Rate of their rate, time.
    pub alpha: f64,
}

/// Largest step of ln k, and in units of one over the root of a bound of the curvature: for likelihoods exact to
/// 1e-13, as the transform of a gamma law of ln k falls like e^(-π²/step).
const FINE: [f64; 2] = [0.25, 0.5];
/// The same for a future law: exact to 1e-9.
const COARSE: [f64; 2] = [0.4, 0.75];
/// Terms below e^-this of the largest are left out of a likelihood.
const NEGLIGIBLE: f64 = 38.0;
/// And of a law.
const LIGHT: f64 = 23.0;
/// Steps outwards before a sweep gives up; even the flattest law ends in some hundreds.
const MOST_STEPS: usize = 4000;
/// Regularities that weigh less than e^-this make no panels narrow.
const NARROWING: f64 = 13.0;

/// What a history says, in the shape the sums need.
struct Known {
    x: f64,
    last: f64,
    silence: f64,
    /// ln of the mean over the geometric mean of the times between purchases, where known.
    unevenness: Option<f64>,
    /// What does not depend on any parameter.
    ln_constant: f64,
    /// Step of ln k.
    step: f64,
}

/// A term of the sum over k before the silence is looked at.
struct Node {
    k: f64,
    g: f64,
    a: f64,
    /// ln k less its logarithm at t/γ.
    off: f64,
    /// Logarithm of the weight.
    ln_weight: f64,
}

impl LatentRhythm {
    fn known(&self, history: &PurchaseHistory, [largest, of_width]: [f64; 2]) -> Known {
        let count = history.repeat_purchases();
        let (x, last) = (f64::from(count), history.last_purchase_age());
        let (unevenness, ln_constant) = match history.sum_ln_interpurchase_times() {
            _ if count == 0 => (Some(0.0), 0.0),
            Some(sum) => (Some((last.ln() - x.ln() - sum / x).max(0.0)), -sum),
            None => (None, ln_gamma(x) - x * last.ln()),
        };
        let step = largest.min(of_width / (self.t + x + 2.0).sqrt());
        Known {
            x,
            last,
            silence: history.time_since_last_purchase(),
            unevenness,
            ln_constant,
            step,
        }
    }

    /// The term at ln k.
    fn node(&self, known: &Known, ln_k: f64) -> Node {
        let Self { t, gamma, r, alpha, .. } = *self;
        let (x, k) = (known.x, ln_k.exp());
        let g = r + k * x;
        let per_k = alpha / k;
        let a = per_k + known.last;
        let off = ln_k - (t / gamma).ln();
        let ln_prior = t * (off - off.exp_m1());
        // The large parts of the log-gammas cancel against powers; what is left is written term by term.
        let ln_rate =
            ln_gamma_excess(g) - ln_gamma_excess(r) + r * ((g / r).ln() + (per_k / a).ln());
        let ln_timing = if known.x > 0.0 {
            let kx = k * x;
            let gaps = known.unevenness.map_or_else(
                || -ln_gamma_excess(kx),
                |unevenness| -x * ln_gamma_excess(k) - kx * unevenness,
            );
            gaps + kx * ((r / kx).ln_1p() - softplus(per_k.ln() - known.last.ln()))
        } else {
            0.0
        };
        Node { k, g, a, off, ln_weight: ln_prior + ln_rate + ln_timing }
    }

    /// Whether the weight rises with ln k.
    fn rises(&self, known: &Known, ln_k: f64) -> bool {
        let Self { t, gamma, r, alpha, .. } = *self;
        let (x, k) = (known.x, ln_k.exp());
        let g = r + k * x;
        let per_k = alpha / k;
        let mut slope = t - gamma * k + g / (1.0 + known.last / per_k) - r;
        if x > 0.0 {
            let pace = digamma(g) - softplus(per_k.ln() - known.last.ln());
            let gaps = known
                .unevenness
                .map_or_else(|| digamma(k * x), |unevenness| digamma(k) + x.ln() + unevenness);
            slope += k * x * (pace - gaps);
        }
        slope > 0.0
    }

    /// The ln k of the largest weight, near enough to start from.
    fn mode(&self, known: &Known) -> f64 {
        let (mut low, mut high) = (-80.0, 80.0);
        while high - low > 0.5 * known.step {
            let middle = 0.5 * (low + high);
            if self.rises(known, middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }

    /// Visits the terms from the mode outwards until they are negligible; `term` gives the logarithm of each.
    fn sweep(&self, known: &Known, mode: f64, depth: f64, mut term: impl FnMut(&Node) -> f64) {
        let mut highest = f64::NEG_INFINITY;
        for direction in [1.0, -1.0] {
            let mut before = f64::NEG_INFINITY;
            let first = if direction > 0.0 { 0 } else { 1 };
            for number in first..MOST_STEPS {
                let node = self.node(known, mode + direction * known.step * number as f64);
                let ln = term(&node);
                highest = highest.max(ln);
                if ln < highest - depth && ln <= before {
                    break;
                }
                before = ln;
            }
        }
    }

    /// The log-likelihood of a history, P(alive) and the slopes.
    pub(super) fn means(&self, history: &PurchaseHistory) -> RhythmMeans {
        let Self { t, gamma: _, r, alpha, s, beta } = *self;
        let known = self.known(history, FINE);
        let mode = self.mode(&known);
        let start = beta + known.last;
        let mut silence = Silence::new(self, &known, mode, start);
        let registers = Arch::new();
        let stays = (known.silence / start).ln_1p() * s;
        let ln_shape = t.ln() - digamma(t);
        let digamma_r = digamma(r);
        let mut terms: Vec<(f64, [f64; 7])> = Vec::with_capacity(128);
        self.sweep(&known, mode, NEGLIGIBLE, |node| {
            let law = RunningInterval::new(node.k, node.g, node.a);
            let rise = law.digamma_rise();
            let outlasts = law.outlasting(known.silence, rise);
            let left =
                registers.dispatch(SumOverSilence { law: &law, rise, silence: &mut silence });
            let ln_left = left[0].ln();
            let ln_bracket = ln_add_exp(outlasts.ln, ln_left);
            let (out, gone) = ((outlasts.ln - ln_bracket).exp(), (-ln_bracket).exp());
            let per_a = alpha / node.k / node.a;
            let slope_g = out * outlasts.slope_g + gone * left[1];
            let slope_ln_a = out * outlasts.slope_ln_a + gone * left[2];
            let ln = node.ln_weight + ln_bracket;
            let slopes = [
                t * (node.off + ln_shape),
                -t * node.off.exp_m1(),
                r * (digamma(node.g) - digamma_r - (known.last * node.k / alpha).ln_1p() + slope_g),
                r - node.g * per_a + per_a * slope_ln_a,
                gone * left[3],
                gone * left[4],
                out * (-stays).exp(),
            ];
            terms.push((ln, slopes));
            ln
        });
        let highest = terms.iter().fold(f64::NEG_INFINITY, |high, (ln, _)| high.max(*ln));
        let (mut total, mut sums) = (0.0, [0.0; 7]);
        for (ln, slopes) in &terms {
            let weight = (ln - highest).exp();
            total += weight;
            for (sum, slope) in sums.iter_mut().zip(slopes) {
                *sum += weight * slope;
            }
        }
        let [t_slope, gamma_slope, r_slope, alpha_slope, s_slope, beta_slope, alive] =
            sums.map(|sum| sum / total);
        let ln_stays = s * (known.last / beta).ln_1p();
        let ln_likelihood =
            highest + (total * known.step).ln() - ln_gamma_excess(t) - ln_stays + known.ln_constant;
        let slopes = [
            t_slope,
            gamma_slope,
            r_slope,
            alpha_slope,
            s_slope - ln_stays,
            beta_slope + s * (known.last / start),
        ];
        RhythmMeans {
            ln_likelihood: ln_likelihood.clamp(-1e300, 1e300),
            alive: alive.clamp(0.0, 1.0),
            slopes,
        }
    }

    /// What k may be of a customer with this history who still is one, as points whose weights sum to 1: all that the
    /// sum over k visits, or those few that stand for them.
    pub(super) fn points_if_alive(
        &self,
        history: &PurchaseHistory,
        n_points: Option<usize>,
    ) -> Vec<RhythmPoint> {
        let known = self.known(history, COARSE);
        let mut terms: Vec<(f64, f64)> = Vec::with_capacity(64);
        self.sweep(&known, self.mode(&known), LIGHT, |node| {
            let law = RunningInterval::new(node.k, node.g, node.a);
            let ln = node.ln_weight + law.outlasting(known.silence, law.digamma_rise()).ln;
            terms.push((node.k.ln(), ln));
            ln
        });
        let highest = terms.iter().fold(f64::NEG_INFINITY, |high, (_, ln)| high.max(*ln));
        let total: f64 = terms.iter().map(|(_, ln)| (ln - highest).exp()).sum();
        terms.iter_mut().for_each(|(_, ln)| *ln = (*ln - highest).exp() / total);
        terms.sort_by(|one, other| one.0.total_cmp(&other.0));
        let law = n_points.map_or_else(|| terms.clone(), |n_points| few_points(&terms, n_points));
        law.into_iter()
            .map(|(ln_k, weight)| {
                let node = self.node(&known, ln_k);
                RhythmPoint { weight, k: node.k, r: node.g, alpha: node.a }
            })
            .collect()
    }
}

/// Gauss points of a panel.
const POINTS: usize = 12;

/// The lengths of the running interval that end within the silence, as points of ln v, with what leaving brings there.
struct Silence {
    ln_v: Vec<f64>,
    /// Weight times P(left within v).
    left: Vec<f64>,
    /// Its slopes in ln s and ln β.
    slopes: [Vec<f64>; 2],
    densities: Vec<f64>,
    grown: Vec<f64>,
}

impl Silence {
    /// Points for a history; `start` is β + t_x.
    fn new(law: &LatentRhythm, known: &Known, mode: f64, start: f64) -> Self {
        let mut ln_v = Vec::new();
        let mut weights = Vec::new();
        if known.silence > 0.0 {
            let edges = edges(law, known, mode, start);
            let rule: Vec<(f64, f64)> = gauss_legendre(POINTS).on_unit_interval().collect();
            ln_v.reserve(POINTS * edges.len());
            weights.reserve(POINTS * edges.len());
            for panel in edges.windows(2) {
                let width = panel[1] - panel[0];
                ln_v.extend(rule.iter().map(|(node, _)| panel[0] + width * node));
                weights.extend(rule.iter().map(|(_, weight)| weight * width));
            }
        }
        let LatentRhythm { s, beta, .. } = *law;
        let n = ln_v.len();
        let (mut left, mut slopes) =
            (Vec::with_capacity(n), [Vec::with_capacity(n), Vec::with_capacity(n)]);
        for (ln_v, weight) in ln_v.iter().zip(&weights) {
            let share = ln_v.exp() / start;
            let hazard = s * share.ln_1p();
            let stays = (-hazard).exp();
            left.push(weight * -(-hazard).exp_m1());
            slopes[0].push(weight * (hazard * stays));
            slopes[1].push(-weight * stays * s * (beta / start) * (share / (1.0 + share)));
        }
        Self { ln_v, left, slopes, densities: vec![0.0; n], grown: vec![0.0; n] }
    }
}

/// The ends of the panels of ln v, ascending.
///
/// Around the typical length panels are as narrow as the density of the largest k that counts; they widen with the distance from it, to 2
/// where leaving may change its pace and without bound where all is a power of v.
fn edges(law: &LatentRhythm, known: &Known, mode: f64, start: f64) -> Vec<f64> {
    let at_mode = law.node(known, mode);
    let mut sharpest = law.node(known, mode);
    for number in 1..MOST_STEPS {
        let node = law.node(known, mode + 2.0 * known.step * number as f64);
        if node.ln_weight < at_mode.ln_weight - NARROWING {
            break;
        }
        sharpest = node;
    }
    let top = known.silence.ln();
    let typical = (sharpest.a * (sharpest.k / sharpest.g)).ln();
    let curvature = sharpest.k / (1.0 + sharpest.k / sharpest.g);
    let mut narrow = (2.5 / curvature.sqrt()).min(1.0);
    if top < typical + 1.0 / curvature.sqrt() {
        // Up to the end the density only rises, as a power of v.
        narrow = narrow.min(6.0 / (1.0 + sharpest.k));
    }
    let centre = top.min(typical);
    let powers = start.ln().min(sharpest.a.ln()).min(at_mode.a.ln()).min(centre) - 3.0;
    let bottom = start.ln().min(centre) - 36.0;
    let mut edges = vec![centre];
    let mut at = centre;
    while at > bottom {
        let widest = if at > powers { 2.0 } else { f64::INFINITY };
        at -= (0.7 * (centre - at)).max(narrow).min(widest);
        edges.push(at);
    }
    edges.reverse();
    at = centre;
    while at < top {
        let width = (at - centre).max(narrow).min(2.0);
        at = if at + 1.2 * width > top { top } else { at + width };
        edges.push(at);
    }
    edges
}

/// The sum over the silence for one k: P(left before the interval ended), its slopes in g and ln a, in ln s and ln β.
struct SumOverSilence<'a> {
    law: &'a RunningInterval,
    rise: f64,
    silence: &'a mut Silence,
}

impl WithSimd for SumOverSilence<'_> {
    type Output = [f64; 5];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; 5] {
        let Self { law, rise, silence } = self;
        let Silence { ln_v, left, slopes, densities, grown } = silence;
        law.densities(ln_v, densities, grown);
        let ln_typical_growth = law.ln_typical_growth();
        let (k, g) = (law.k, law.g);
        // Eight sums side by side.
        let mut sums = [[0.0; 4]; 5];
        let lanes = densities.as_chunks::<4>().0.iter().zip(grown.as_chunks::<4>().0);
        let lanes = lanes.zip(left.as_chunks::<4>().0);
        let lanes = lanes.zip(slopes[0].as_chunks::<4>().0).zip(slopes[1].as_chunks::<4>().0);
        for ((((density, grown), left), by_s), by_beta) in lanes {
            for i in 0..4 {
                let gone = density[i] * left[i];
                let grown = ln_typical_growth + grown[i];
                // a/(a + v).
                let until = clv_numerics::vectorised::exp(-grown.clamp(0.0, 690.0));
                sums[0][i] += gone;
                sums[1][i] += gone * (rise - grown);
                sums[2][i] += gone * (g - (g + k) * until);
                sums[3][i] += density[i] * by_s[i];
                sums[4][i] += density[i] * by_beta[i];
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}
