//! A customer who buys in a rhythm of their own until a lifetime ends: a renewal process with gamma times.
//!
//! Given the regularity k, the time from the last purchase before now to the n-th from now on is z with a beta prime
//! density of shape n k, and the first of those n times is a share of z that is beta with shapes k and (n-1) k,
//! whatever the rate. A silence w so far means that this share exceeds w/z. So with Q the chance that an interval
//! outlasts w, B_n = P(share > w/z) and H the chance to stay for u, at least n purchases are made within h with
//! probability ∫_0^h f_nk(w + u) B_n H(u) du / Q. Expected purchases sum this over n, and pairs with weights 2 (n-1).
//!
//! Integrals go over ln u in panels. Sums over n are taken term by term as far as single purchases stand out, and beyond
//! as an integral with the end corrections of Euler and Maclaurin.

use clv_numerics::distribution::beta_cdf;
use clv_numerics::quadrature::gauss_legendre;

use super::{ProcessSummary, count};
use crate::purchase::RhythmPoint;
use crate::purchase::running_interval::RunningInterval;

/// The points, the silence so far and the gamma law of the dropout rate now.
#[derive(Clone, Copy)]
pub(super) struct Rhythms<'a> {
    pub(super) points: &'a [RhythmPoint],
    pub(super) silence: f64,
    pub(super) s: f64,
    pub(super) beta: f64,
}

/// Gauss points of a panel.
const POINTS: usize = 12;
/// Terms below this share of a sum or of a whole are left out.
const NEGLIGIBLE: f64 = 1e-10;
/// Points weighing less than this are left out: what they bring is beyond the digits promised.
const LIGHT: f64 = 1e-10;
/// Counts up to this are summed one by one, where they are needed at all.
const FEWEST_TERMS: f64 = 48.0;
/// Where so many purchases are likely, purchases come at the customer's mean rate, whatever the rhythm: rates deviate by a
/// slow buyer's share of them.
const MANY: f64 = 1000.0;
/// Logarithms of times stay below this.
const LONGEST: f64 = 650.0;

/// One point with what all its times share.
struct Rhythm {
    weight: f64,
    k: f64,
    g: f64,
    a: f64,
    /// ln P(an interval outlasts the silence).
    ln_outlasting: f64,
    silence: f64,
    /// The laws of the time to the first, second, ... purchase.
    to_purchase: Vec<RunningInterval>,
    /// Purchases that are summed one by one.
    n_terms: usize,
    /// Means of λ and of λ², λ being purchases per unit of time.
    mean_rates: [f64; 2],
}

/// Rates per unit of ln u: of the first purchase, of any, and 2 (n-1) times that of the n-th.
type Rates = [f64; 3];

impl Rhythm {
    fn new(point: &RhythmPoint, silence: f64) -> Self {
        let (k, g, a) = (point.k, point.r, point.alpha);
        let law = RunningInterval::new(k, g, a);
        let ln_outlasting = law.outlasting(silence, 0.0).ln;
        // Of a gamma law, the mean is that of the law of one shape more, which outlasts with a chance of its own.
        let [once, twice] = [1.0, 2.0].map(|more| {
            let ln = RunningInterval::new(k, g + more, a).outlasting(silence, 0.0).ln;
            (ln - ln_outlasting).exp()
        });
        let mean_rate = g / (a * k);
        // Beyond this many purchases the n-th and the next overlap so much that their sum is smooth.
        let n_terms = (1.3 * k.min(g.sqrt())).ceil() + FEWEST_TERMS;
        Self {
            weight: point.weight,
            k,
            g,
            a,
            ln_outlasting,
            silence,
            to_purchase: vec![law],
            n_terms: n_terms.min(400.0) as usize,
            mean_rates: [mean_rate * once, mean_rate * ((g + 1.0) / (a * k)) * twice],
        }
    }

    /// Time from one purchase to the next, typically.
    fn typical(&self) -> f64 {
        self.a * (self.k / self.g)
    }

    /// The density of ln u of the n-th purchase at u from now, for any real n of at least 1; `law` is that of its time.
    fn nth_at(&self, law: &RunningInterval, n: f64, u: f64) -> f64 {
        let z = self.silence + u;
        let density = (law.ln_density(z.ln()) - self.ln_outlasting).min(600.0).exp() * (u / z);
        if n <= 1.0 || self.silence <= 0.0 || density < 1e-18 {
            return density;
        }
        density * beta_cdf((n - 1.0) * self.k, self.k, u / self.silence)
    }

    /// The rates at u from now.
    fn rates_at(&mut self, u: f64) -> Rates {
        let (mut first, mut rate, mut pairs) = (0.0, 0.0, 0.0);
        let most_likely = (self.silence + u) / self.typical();
        if most_likely > MANY {
            let first = self.nth_at(&self.to_purchase[0], 1.0, u);
            let [mean, mean_square] = self.mean_rates;
            return [first, u * mean, 2.0 * u * u * mean_square];
        }
        let mut last_terms = [0.0; 2];
        for n in 1..=self.n_terms {
            if self.to_purchase.len() < n {
                self.to_purchase.push(RunningInterval::new(n as f64 * self.k, self.g, self.a));
            }
            let nf = n as f64;
            let term = self.nth_at(&self.to_purchase[n - 1], nf, u);
            first = if n == 1 { term } else { first };
            rate += term;
            pairs += 2.0 * (nf - 1.0) * term;
            if nf > most_likely && 2.0 * nf * term <= NEGLIGIBLE * pairs.max(rate) {
                return [first, rate, pairs];
            }
            last_terms = [last_terms[1], term];
        }
        let [rate_beyond, pairs_beyond] = self.beyond(u, last_terms, most_likely);
        [first, rate + rate_beyond, pairs + pairs_beyond]
    }

    /// What purchases after the `n_terms`-th add, the sum over them being an integral.
    fn beyond(&self, u: f64, [before, at]: [f64; 2], most_likely: f64) -> [f64; 2] {
        let last = self.n_terms as f64;
        let term = |n: f64| self.nth_at(&RunningInterval::new(n * self.k, self.g, self.a), n, u);
        let (next, after) = (term(last + 1.0), term(last + 2.0));
        let corrected = |of: [f64; 4]| {
            let slope = (27.0 * (of[2] - of[1]) - (of[3] - of[0])) / 24.0;
            let third = of[3] - 3.0 * of[2] + 3.0 * of[1] - of[0];
            slope / 24.0 - third * (7.0 / 5760.0)
        };
        let terms = [before, at, next, after];
        let mut sums = [
            corrected(terms),
            corrected([0, 1, 2, 3].map(|i| terms[i] * 2.0 * (last - 2.0 + i as f64))),
        ];
        // Over ln n: near the likeliest count as narrow as the count's law, coarse far from it.
        let (start, centre) = ((last + 0.5).ln(), most_likely.ln());
        let curvature = 1.0 / (1.0 / (most_likely.max(last) * self.k) + 1.0 / self.g);
        let narrow = (2.5 / curvature.sqrt()).min(1.0);
        let rule = gauss_legendre(POINTS);
        let mut add = |from: f64, to: f64| -> bool {
            let mut part = [0.0; 2];
            for (node, weight) in rule.on_unit_interval() {
                let n = (from + (to - from) * node).exp();
                let value = weight * (to - from) * n * term(n);
                part[0] += value;
                part[1] += 2.0 * (n - 1.0) * value;
            }
            sums[0] += part[0];
            sums[1] += part[1];
            part[1].abs() > NEGLIGIBLE * sums[1].abs()
        };
        let width = |at: f64| (0.7 * (at - centre).abs()).clamp(narrow, 2.0);
        let mut edge = start.max(centre);
        loop {
            let to = edge + width(edge);
            let goes_on = add(edge, to);
            edge = to;
            if !goes_on || edge > LONGEST {
                break;
            }
        }
        edge = start.max(centre);
        while edge > start {
            let to = (edge - width(edge)).max(start);
            if !add(to, edge) {
                break;
            }
            edge = to;
        }
        sums
    }

    /// Points u of time up to the horizon with their weights du/u, from the horizon downwards and in runs of
    /// [`POINTS`]; where `is_each`, fit for each single purchase.
    ///
    /// Panels of ln u are as narrow as the law of the count; the last one, from 0 on, is a power of u.
    fn times(&self, horizon: f64, (s, beta): (f64, f64), is_each: bool) -> Vec<(f64, f64)> {
        let typical = self.typical();
        let from = if self.silence > 0.0 { self.silence } else { typical };
        // Where the shape is large, customers leave within a small part of beta.
        let least = typical.min(self.a).min(beta / s.max(1.0)).min(from).ln();
        let most = typical.max(self.a).max(beta).max(from).ln();
        // Of a fresh start the density is u^k, which must be smooth enough for the last panel.
        let depth =
            if self.silence > 0.0 { 0.7 } else { (26.0 / self.k).min(0.7).max(8.0 / self.k) };
        let rule: Vec<(f64, f64)> = gauss_legendre(POINTS).on_unit_interval().collect();
        let mut times = Vec::with_capacity(128);
        let mut at = horizon.ln().min(LONGEST);
        loop {
            let u = at.exp();
            let z = self.silence + u;
            let n = 1.0 + z / typical;
            let is_smooth = !is_each && n / self.k + n * n / self.g > 1.5;
            let width = if is_smooth {
                1.5
            } else {
                let curvature = 1.0 / (1.0 / (n * self.k) + 1.0 / self.g);
                (2.2 / curvature.sqrt() * (z / u)).clamp(0.02, 1.5)
            };
            if (at < least - depth && width >= 1.5) || at < -LONGEST {
                break;
            }
            // Beyond every scale all is a power of time.
            let width = if at > most + 3.0 { width.max(0.5 * (at - most)) } else { width };
            times.extend(rule.iter().map(|(x, w)| ((at - width * (1.0 - x)).exp(), w * width)));
            at -= width;
        }
        let power = if self.silence > 0.0 { 4.0 } else { (4.0 / self.k).clamp(4.0, 40.0) };
        let until = at.exp();
        times.extend(rule.iter().map(|(x, w)| (until * x.powf(power), w * power / x)));
        times.retain(|(u, _)| *u >= f64::MIN_POSITIVE);
        times
    }
}

impl Rhythms<'_> {
    fn rhythms(&self) -> impl Iterator<Item = Rhythm> {
        let silence = self.silence;
        let counts = |point: &&RhythmPoint| point.weight > LIGHT;
        self.points.iter().filter(counts).map(move |point| Rhythm::new(point, silence))
    }

    /// ln P(staying for u).
    fn ln_stays(&self, u: f64) -> f64 {
        -self.s * (u / self.beta).ln_1p()
    }

    /// Integrals over the horizon of the rates while staying, and of the rate discounted.
    fn integrals(&self, horizon: f64, discount_rate: f64) -> [f64; 4] {
        let mut means = [0.0; 4];
        for mut rhythm in self.rhythms() {
            let mut sums = [0.0; 4];
            for (u, weight) in rhythm.times(horizon, (self.s, self.beta), false) {
                let stays = weight * self.ln_stays(u).exp();
                if stays < 1e-200 || u < f64::MIN_POSITIVE {
                    continue;
                }
                let [first, rate, pairs] = rhythm.rates_at(u).map(|rate| rate * stays);
                let discounted = rate * (-discount_rate * u).exp();
                for (sum, value) in sums.iter_mut().zip([first, rate, pairs, discounted]) {
                    *sum += value;
                }
            }
            for (mean, sum) in means.iter_mut().zip(sums) {
                *mean += rhythm.weight * sum;
            }
        }
        means
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        self.summary(horizon, 0.0).expected_purchases
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        self.summary(horizon, 0.0).expected_pairs
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        self.summary(horizon, discount_rate).discounted_purchases
    }

    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        let [first, rate, pairs, discounted] = self.integrals(horizon, discount_rate);
        let is_endless = horizon.is_infinite();
        // Where lifetimes have no mean, neither have purchases; nor pairs where they have no variance.
        ProcessSummary {
            expected_purchases: if is_endless && self.s <= 1.0 { f64::INFINITY } else { rate },
            expected_pairs: if is_endless && self.s <= 2.0 { f64::INFINITY } else { pairs },
            probability_none: (1.0 - first).clamp(0.0, 1.0),
            discounted_purchases: discounted,
        }
    }

    /// P(a first purchase within u), and its slope in ln u.
    fn first_within(&self, u: f64) -> (f64, f64) {
        let (mut within, mut slope) = (0.0, 0.0);
        for rhythm in self.rhythms() {
            let law = &rhythm.to_purchase[0];
            let at = |u: f64| rhythm.nth_at(law, 1.0, u) * self.ln_stays(u).exp();
            let times = rhythm.times(u, (self.s, self.beta), true);
            let panels: f64 = times.iter().map(|&(u, weight)| weight * at(u)).sum();
            within += rhythm.weight * panels;
            slope += rhythm.weight * if u.is_finite() { at(u) } else { 0.0 };
        }
        (within, slope)
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        1.0 - self.first_within(horizon).0
    }

    /// The time until which a share `q` of those who buy again have done so: Newton steps in its logarithm, kept
    /// inside a shrinking bracket.
    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        let target = q * self.first_within(f64::INFINITY).0;
        let typical = self.points.iter().map(|point| point.alpha * (point.k / point.r));
        let mut ln_wait = typical.fold(f64::MAX, f64::min).ln();
        let (mut low, mut high) = (-LONGEST, LONGEST);
        for _ in 0..100 {
            let (within, slope) = self.first_within(ln_wait.exp());
            let excess = within - target;
            if excess > 0.0 {
                high = ln_wait;
            } else {
                low = ln_wait;
            }
            let newton = ln_wait - (excess / slope).clamp(-2.0, 2.0);
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - ln_wait).abs() < 1e-10 || high - low < 1e-11 {
                return next.exp();
            }
            ln_wait = next;
        }
        ln_wait.exp()
    }

    /// P(at least n purchases within the horizon).
    fn at_least(&self, timed: &[(Rhythm, Vec<(f64, f64)>)], n: f64) -> f64 {
        let of_rhythm = |(rhythm, times): &(Rhythm, Vec<(f64, f64)>)| -> f64 {
            let law = RunningInterval::new(n * rhythm.k, rhythm.g, rhythm.a);
            let at = |&(u, staying): &(f64, f64)| staying * rhythm.nth_at(&law, n, u);
            rhythm.weight * times.iter().map(at).sum::<f64>()
        };
        timed.iter().map(of_rhythm).sum::<f64>().min(1.0)
    }

    /// Each rhythm with its times up to the horizon, their weights times the chance to stay until then.
    fn timed(&self, horizon: f64) -> Vec<(Rhythm, Vec<(f64, f64)>)> {
        let with_times = |rhythm: Rhythm| {
            let mut times = rhythm.times(horizon, (self.s, self.beta), true);
            times.iter_mut().for_each(|(u, weight)| *weight *= self.ln_stays(*u).exp());
            times.retain(|(u, weight)| *u > 0.0 && *weight > 1e-200);
            (rhythm, times)
        };
        self.rhythms().map(with_times).collect()
    }

    /// P(0), P(1), ... for ever.
    fn masses<'b>(
        &'b self,
        timed: &'b [(Rhythm, Vec<(f64, f64)>)],
    ) -> impl Iterator<Item = f64> + 'b {
        let (mut n, mut before) = (0.0, 1.0);
        std::iter::from_fn(move || {
            n += 1.0;
            // Nobody makes more purchases with greater probability.
            let at_least = self.at_least(timed, n).min(before);
            let mass = before - at_least;
            before = at_least;
            Some(mass)
        })
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        self.masses(&self.timed(horizon)).take(n_max + 1).collect()
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let timed = self.timed(horizon);
        let cdf = |n: f64| 1.0 - self.at_least(&timed, n + 1.0);
        count::quantiles(targets, self.masses(&timed), cdf)
    }
}
