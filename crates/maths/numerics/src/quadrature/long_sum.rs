//! Sums of a smooth function over many whole numbers, by far fewer points.
//!
//! The first terms are added one by one. From there the function changes little from one whole number to the next, and
//! Gregory's formula turns the sum into an integral, with corrections from six terms at either end; the integral is
//! taken by Gauss-Legendre in panels that grow in proportion to their place. Source: the trapezoidal rule with end
//! differences, [AbramowitzStegun1964, 25.4.7].

use std::sync::LazyLock;

use super::gauss_legendre;

/// Terms that are added one by one.
const PLAIN_TERMS: f64 = 384.0;
/// Plain terms come in batches of this many, so that whoever adds them may stop.
const PLAIN_BATCH: f64 = 32.0;
/// How far a panel's end is beyond its beginning, as a factor.
const PANEL_GROWTH: f64 = 1.35;
/// Points of a panel.
const PANEL_POINTS: usize = 20;
/// Beyond this place there is no sum.
const FARTHEST: f64 = 1e290;

/// What the six terms at an end count for beside the integral.
static END_WEIGHTS: LazyLock<[f64; 6]> = LazyLock::new(|| {
    // Half of the first, and the coefficients of its first to fifth difference.
    let coefficients = [1.0 / 12.0, 1.0 / 24.0, 19.0 / 720.0, 3.0 / 160.0, 863.0 / 60480.0];
    let mut weights = [0.5, 0.0, 0.0, 0.0, 0.0, 0.0];
    for (coefficient, order) in coefficients.iter().zip(1_u32..) {
        let mut ways = 1.0;
        for (k, weight) in (0_u32..=order).zip(&mut weights) {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            *weight += sign * coefficient * ways;
            ways = ways * f64::from(order - k) / f64::from(k + 1);
        }
    }
    weights
});

/// Places with weights, batch by batch, whose weighted sum of a function is its sum over 0, 1, ..., n - 1.
///
/// Exact to about 1e-13 for functions that are sums of decaying exponentials and powers of the place, whatever the
/// rates. An endless sum gives batches for ever: whoever adds them stops, with the help of [`reached`](Self::reached).
///
/// ```
/// use clv_numerics::quadrature::LongSum;
/// let mut sum = 0.0;
/// let mut long = LongSum::new(1e6);
/// while let Some(batch) = long.next_batch() {
///     sum += batch.iter().map(|(place, weight)| weight / (1.0 + place)).sum::<f64>();
/// }
/// // The millionth harmonic number.
/// assert!((sum - 14.392_726_722_865_724).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct LongSum {
    n_terms: f64,
    reached: f64,
    stage: Stage,
    batch: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Plain,
    Start,
    Panels,
    Done,
}

impl LongSum {
    /// The sum of `n_terms` terms, a whole number or infinite.
    #[must_use]
    pub fn new(n_terms: f64) -> Self {
        Self { n_terms, reached: 0.0, stage: Stage::Plain, batch: Vec::new() }
    }

    /// The place up to which the batches so far have gone: what is left of an endless sum is about the integral from
    /// there.
    #[must_use]
    pub fn reached(&self) -> f64 {
        self.reached
    }

    /// Whether the next batch is of consecutive whole numbers, each of weight one, so that terms may be made from one
    /// another.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.stage == Stage::Plain
    }

    /// The next places with their weights; `None` at the end.
    pub fn next_batch(&mut self) -> Option<&[(f64, f64)]> {
        self.batch.clear();
        let is_short = self.n_terms <= PLAIN_TERMS + 16.0;
        let plain_end = if is_short { self.n_terms } else { PLAIN_TERMS };
        match self.stage {
            Stage::Plain => {
                if self.reached >= plain_end {
                    return None;
                }
                let to = (self.reached + PLAIN_BATCH).min(plain_end);
                let mut place = self.reached;
                while place < to {
                    self.batch.push((place, 1.0));
                    place += 1.0;
                }
                self.reached = to;
                if to >= plain_end && !is_short {
                    self.stage = Stage::Start;
                }
            }
            Stage::Start => {
                let ends = (0_u32..).zip(END_WEIGHTS.iter());
                self.batch.extend(ends.map(|(k, weight)| (PLAIN_TERMS + f64::from(k), *weight)));
                self.stage = Stage::Panels;
            }
            Stage::Panels if self.reached >= self.n_terms - 1.0 => {
                let ends = (0_u32..).zip(END_WEIGHTS.iter());
                let last = self.n_terms - 1.0;
                self.batch.extend(ends.map(|(k, weight)| (last - f64::from(k), *weight)));
                self.stage = Stage::Done;
            }
            Stage::Panels if self.reached < FARTHEST => {
                let to = (self.reached * PANEL_GROWTH).min(self.n_terms - 1.0);
                let (from, width) = (self.reached, to - self.reached);
                let points = gauss_legendre(PANEL_POINTS).on_unit_interval();
                self.batch.extend(points.map(|(x, weight)| (from + width * x, width * weight)));
                self.reached = to;
            }
            Stage::Panels | Stage::Done => return None,
        }
        Some(&self.batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(n_terms: f64, function: impl Fn(f64) -> f64) -> f64 {
        let (mut sum, mut long) = (0.0, LongSum::new(n_terms));
        while let Some(batch) = long.next_batch() {
            sum += batch.iter().map(|(place, weight)| weight * function(*place)).sum::<f64>();
        }
        sum
    }

    #[test]
    fn long_sums_of_exponentials_and_powers_are_those_of_their_terms() {
        for n_terms in [0.0, 1.0, 31.0, 32.0, 33.0, 384.0, 400.0, 401.0, 1_000.0, 54_321.0] {
            for rate in [1e-9, 1e-4, 1e-3, 0.01, 0.1, 1.0, 5.0] {
                let found = sum_of(n_terms, |place| (-rate * place).exp());
                let exact = (-rate * n_terms).exp_m1() / (-rate).exp_m1();
                let error = (found - exact).abs() / exact.max(1e-300);
                assert!(error < 1e-13, "{n_terms} terms at {rate}: {found}, not {exact}");
            }
            for power in [0.01, 0.5, 1.5, 4.0] {
                let term = |place: f64| (3.0 + place).powf(-power);
                let found = sum_of(n_terms, term);
                let mut exact = 0.0;
                for place in (0..n_terms as u32).rev() {
                    exact += term(f64::from(place));
                }
                let error = (found - exact).abs() / exact.max(1e-300);
                assert!(error < 1e-13, "{n_terms} terms, power {power}: {found}, not {exact}");
            }
        }
    }
}
