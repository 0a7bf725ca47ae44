//! The gamma function's family, and its differences over whole steps without cancellation.

/// Above this argument Stirling's series with eight terms is exact to rounding.
const STIRLING_FROM: f64 = 10.0;

/// ln Γ(x) for x > 0; NaN elsewhere, positive infinity at infinity.
///
/// ```
/// assert!((clv_numerics::gamma::ln_gamma(5.0) - 24f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x > 0.0 { libm::lgamma(x) } else { f64::NAN }
}

/// ψ(x) = d ln Γ(x) / dx for x > 0; NaN elsewhere.
///
/// Source: recurrence to x >= 10, then the asymptotic series [AbramowitzStegun1964, 6.3.18].
///
/// ```
/// assert!((clv_numerics::gamma::digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-15);
/// ```
#[must_use]
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut steps) = (x, 0.0);
    while x < STIRLING_FROM {
        steps += 1.0 / x;
        x += 1.0;
    }
    x.ln() - 0.5 / x - digamma_remainder(x) - steps
}

/// ψ'(x), the variance of ln X for a gamma variable of shape x > 0; NaN elsewhere.
///
/// Source: recurrence to x >= 10, then the asymptotic series [AbramowitzStegun1964, 6.4.12].
///
/// ```
/// assert!((clv_numerics::gamma::trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut steps) = (x, 0.0);
    while x < STIRLING_FROM {
        steps += 1.0 / (x * x);
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    // Bernoulli numbers B_2 to B_16.
    const B: [f64; 8] = [
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
    ];
    let series = B.iter().rev().fold(0.0, |sum, b| sum * z + b);
    steps + (1.0 + 0.5 / x + z * series) / x
}

/// ln B(a, b) for a, b > 0; NaN elsewhere.
///
/// Large arguments go through Stirling's remainders, as [DidonatoMorris1992] do, so that the difference of
/// three large log-gammas never cancels.
///
/// ```
/// assert!((clv_numerics::gamma::ln_beta(2.0, 3.0) + 12f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() || a <= 0.0 || b <= 0.0 {
        return f64::NAN;
    }
    let (small, large) = if a <= b { (a, b) } else { (b, a) };
    if small >= STIRLING_FROM {
        let remainders = stirling_remainder(small) + stirling_remainder(large)
            - stirling_remainder(small + large);
        return 0.5 * std::f64::consts::TAU.ln() - 0.5 * large.ln() + remainders
            - (small - 0.5) * (large / small).ln_1p()
            - large * (small / large).ln_1p();
    }
    if large >= STIRLING_FROM {
        return ln_gamma(small) + ln_gamma_drop(small, large);
    }
    libm::lgamma(small) + libm::lgamma(large) - libm::lgamma(small + large)
}

/// ln Γ(b) - ln Γ(a + b) for a >= 0 and b >= 10.
fn ln_gamma_drop(a: f64, b: f64) -> f64 {
    stirling_remainder(b)
        - stirling_remainder(a + b)
        - (b - 0.5) * (a / b).ln_1p()
        - a * ((a + b).ln() - 1.0)
}

/// ln of the rising factorial c (c+1) ... (c+n-1) = Γ(c+n)/Γ(c), for c > 0; NaN elsewhere, 0 for n = 0.
///
/// Exact to rounding at every size, where the difference of two log-gammas loses all digits for large c.
///
/// ```
/// assert!((clv_numerics::gamma::ln_rising(2.0, 3) - 24f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_rising(c: f64, n: u32) -> f64 {
    if c.is_nan() || c <= 0.0 {
        return f64::NAN;
    }
    let (mut c, mut n, mut sum) = (c, n, 0.0);
    while n > 0 && (c < STIRLING_FROM || n < 4) {
        sum += c.ln();
        c += 1.0;
        n -= 1;
    }
    if n == 0 {
        return sum;
    }
    let steps = f64::from(n);
    let remainders = stirling_remainder(c + steps) - stirling_remainder(c);
    sum + steps * ((c + steps).ln() - 1.0) + (c - 0.5) * (steps / c).ln_1p() + remainders
}

/// ψ(c + n) - ψ(c) = 1/c + 1/(c+1) + ... + 1/(c+n-1), for c > 0; NaN elsewhere, 0 for n = 0.
///
/// ```
/// assert!((clv_numerics::gamma::digamma_rise(1.0, 3) - (1.0 + 0.5 + 1.0 / 3.0)).abs() < 1e-15);
/// ```
#[must_use]
pub fn digamma_rise(c: f64, n: u32) -> f64 {
    if c.is_nan() || c <= 0.0 {
        return f64::NAN;
    }
    let (mut c, mut n, mut sum) = (c, n, 0.0);
    while n > 0 && (c < STIRLING_FROM || n < 4) {
        sum += 1.0 / c;
        c += 1.0;
        n -= 1;
    }
    if n == 0 {
        return sum;
    }
    let steps = f64::from(n);
    let halves = 0.5 * steps / (c * (c + steps));
    sum + (steps / c).ln_1p() + halves + digamma_remainder(c) - digamma_remainder(c + steps)
}

/// ln of B(a, b+n)/B(a, b): the chance that a beta(a, b) coin comes up tails n times running.
///
/// For a, b > 0; NaN elsewhere, 0 for n = 0. Never above 0, and exact to rounding for a and b of any size,
/// where differences of log-betas invent likelihood out of rounding.
///
/// ```
/// assert!((clv_numerics::gamma::ln_beta_fall(1.0, 1.0, 2) - (1.0 / 3f64).ln()).abs() < 1e-14);
/// assert!((clv_numerics::gamma::ln_beta_fall(1e15, 1e15, 2) - 0.25f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta_fall(a: f64, b: f64, n: u32) -> f64 {
    if a.is_nan() || b.is_nan() || a <= 0.0 || b <= 0.0 {
        return f64::NAN;
    }
    let (mut b, mut n, mut sum) = (b, n, 0.0);
    while n > 0 && (b < STIRLING_FROM || n < 16) {
        sum -= (a / b).ln_1p();
        b += 1.0;
        n -= 1;
    }
    if n == 0 {
        return sum;
    }
    // Differences of Stirling's series taken term by term, so that the large parts cancel on paper and not in
    // rounding.
    let steps = f64::from(n);
    let both = a + b;
    let remainders =
        stirling_remainder(b + steps) - stirling_remainder(b) - stirling_remainder(both + steps)
            + stirling_remainder(both);
    sum - steps * (a / (b + steps)).ln_1p() + (b - 0.5) * (steps / b * (a / (both + steps))).ln_1p()
        - a * (steps / both).ln_1p()
        + remainders
}

/// Rising factorials of c and their slope for every n up to a largest, made by one recurrence.
///
/// The counts of a data set are small whole numbers, so one table for each likelihood pass replaces two
/// log-gammas and two digammas for each customer.
#[derive(Debug, Clone)]
pub struct RisingTable {
    c: f64,
    /// `ln_rising` and `digamma_rise` for n = 0, 1, ...
    rows: Vec<(f64, f64)>,
}

/// Tables stop here; larger counts are rare enough to be computed one by one.
pub const LONGEST_TABLE: u32 = 4096;

impl RisingTable {
    /// The table of c > 0 for n = 0..=min(largest, [`LONGEST_TABLE`]).
    #[must_use]
    pub fn new(c: f64, largest: u32) -> Self {
        let mut ln_sum = CompensatedSum::default();
        let mut slope_sum = CompensatedSum::default();
        let rows = (0..=largest.min(LONGEST_TABLE))
            .map(|n| {
                let row = (ln_sum.value(), slope_sum.value());
                let step = c + f64::from(n);
                ln_sum.add(step.ln());
                slope_sum.add(1.0 / step);
                row
            })
            .collect();
        Self { c, rows }
    }

    /// ([`ln_rising`], [`digamma_rise`]) of n; any n, quick for those in the table.
    #[inline]
    #[must_use]
    pub fn at(&self, n: u32) -> (f64, f64) {
        match self.rows.get(n as usize) {
            Some(row) => *row,
            None => (ln_rising(self.c, n), digamma_rise(self.c, n)),
        }
    }
}

/// [`ln_beta_fall`] and its slopes for every n up to a largest, made by one recurrence.
#[derive(Debug, Clone)]
pub struct BetaFallTable {
    a: f64,
    b: f64,
    rows: Vec<BetaFall>,
}

/// One row of a [`BetaFallTable`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaFall {
    /// ln B(a, b+n) - ln B(a, b).
    pub ln: f64,
    /// Its slope in ln a.
    pub slope_ln_a: f64,
    /// Its slope in ln b.
    pub slope_ln_b: f64,
}

impl BetaFallTable {
    /// The table of a, b > 0 for n = 0..=min(largest, [`LONGEST_TABLE`]).
    #[must_use]
    pub fn new(a: f64, b: f64, largest: u32) -> Self {
        let mut sums =
            [CompensatedSum::default(), CompensatedSum::default(), CompensatedSum::default()];
        let rows = (0..=largest.min(LONGEST_TABLE))
            .map(|n| {
                let row = BetaFall {
                    ln: sums[0].value(),
                    slope_ln_a: sums[1].value(),
                    slope_ln_b: sums[2].value(),
                };
                let tails = b + f64::from(n);
                sums[0].add(-(a / tails).ln_1p());
                sums[1].add(-a / (a + tails));
                sums[2].add(b / tails * (a / (a + tails)));
                row
            })
            .collect();
        Self { a, b, rows }
    }

    /// The row of n; any n, quick for those in the table.
    #[inline]
    #[must_use]
    pub fn at(&self, n: u32) -> BetaFall {
        match self.rows.get(n as usize) {
            Some(row) => *row,
            None => {
                let both = digamma_rise(self.a + self.b, n);
                BetaFall {
                    ln: ln_beta_fall(self.a, self.b, n),
                    slope_ln_a: -self.a * both,
                    slope_ln_b: self.b * (digamma_rise(self.b, n) - both),
                }
            }
        }
    }
}

/// Neumaier's running sum, so that a table's last row is as good as its first.
#[derive(Debug, Clone, Copy, Default)]
struct CompensatedSum {
    sum: f64,
    lost: f64,
}

impl CompensatedSum {
    fn add(&mut self, term: f64) {
        let next = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() {
            (self.sum - next) + term
        } else {
            (term - next) + self.sum
        };
        self.sum = next;
    }

    fn value(self) -> f64 {
        self.sum + self.lost
    }
}

/// ln Γ(x) - (x - 1/2) ln x + x - ln(2π)/2 for x >= 10, [AbramowitzStegun1964, 6.1.40].
fn stirling_remainder(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    // B_2k / (2k (2k - 1)).
    const C: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    C.iter().rev().fold(0.0, |sum, c| sum * z + c) / x
}

/// ln x - 1/(2x) - ψ(x) for x >= 10, [AbramowitzStegun1964, 6.3.18].
fn digamma_remainder(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    // B_2k / (2k).
    const C: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32_760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    z * C.iter().rev().fold(0.0, |sum, c| sum * z + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_with_the_functions_one_by_one() {
        for c in [1e-3, 0.25, 3.7, 250.0, 1e7] {
            let table = RisingTable::new(c, 600);
            for n in [0, 1, 2, 15, 170, 599, 600, 5000] {
                let (ln, slope) = table.at(n);
                assert!((ln - ln_rising(c, n)).abs() <= 2e-14 * ln.abs().max(1.0), "{c} {n}");
                assert!((slope - digamma_rise(c, n)).abs() <= 2e-14 * slope.max(1.0), "{c} {n}");
            }
        }
    }

    #[test]
    fn beta_falls_agree_with_log_gammas_where_those_hold() {
        for (a, b) in [(0.8, 2.4), (1e-3, 5.0), (12.0, 40.0), (0.5, 1e-3)] {
            let table = BetaFallTable::new(a, b, 100);
            for n in [0, 1, 7, 100, 4500] {
                let by_gammas = ln_gamma(b + f64::from(n)) - ln_gamma(a + b + f64::from(n))
                    + ln_gamma(a + b)
                    - ln_gamma(b);
                assert!((table.at(n).ln - by_gammas).abs() < 1e-10, "{a} {b} {n}");
                assert!((ln_beta_fall(a, b, n) - by_gammas).abs() < 1e-10, "{a} {b} {n}");
            }
        }
    }

    #[test]
    fn slopes_of_a_beta_fall_are_its_differences() {
        let (a, b, n, h) = (0.8f64, 2.4f64, 9, 1e-5f64);
        let row = BetaFallTable::new(a, b, 20).at(n);
        let by_a = ln_beta_fall(a * h.exp(), b, n) - ln_beta_fall(a * (-h).exp(), b, n);
        let by_b = ln_beta_fall(a, b * h.exp(), n) - ln_beta_fall(a, b * (-h).exp(), n);
        assert!((row.slope_ln_a - by_a / (2.0 * h)).abs() < 1e-9);
        assert!((row.slope_ln_b - by_b / (2.0 * h)).abs() < 1e-9);
    }

    #[test]
    fn outside_the_domain_there_is_no_number() {
        for x in [0.0, -1.5, f64::NAN] {
            let values = [ln_gamma(x), digamma(x), trigamma(x), ln_beta(x, 1.0), ln_beta(1.0, x)];
            assert!(values.iter().all(|value| value.is_nan()), "{x}");
            assert!(ln_rising(x, 3).is_nan() && ln_beta_fall(x, 1.0, 3).is_nan(), "{x}");
        }
    }
}
