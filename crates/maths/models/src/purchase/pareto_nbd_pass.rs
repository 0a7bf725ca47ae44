//! Pareto/NBD's likelihood of many rows at once.
//!
//! Rows whose integral needs the same number of nodes are worked on side by side, so that every step of the quadrature
//! is one vector operation for several customers. The few rows whose integral needs more go one by one.

use clv_numerics::gamma::RisingTable;
use clv_numerics::log_space::ln_1p_of_ratio;
use clv_numerics::quadrature::{GaussLegendre, gauss_legendre};
use clv_numerics::vectorised;
use pulp::{Simd, WithSimd};

use super::dropout_integral::{DropoutIntegral, LARGE_EXPONENT, RULE_SIZES};
use super::likelihood_pass::{LikelihoodOfMany, ROWS_PER_TASK, WithSlopes};
use super::row_block::{BlockSums, LANES, Lanes, RowBlock};
use crate::PurchaseHistory;

/// The parameters, with what a pass needs of them once.
#[derive(Debug)]
pub(super) struct ParetoNbdPass {
    /// r.
    pub(super) r: f64,
    /// α.
    pub(super) alpha: f64,
    /// s.
    pub(super) s: f64,
    /// β.
    pub(super) beta: f64,
    /// Γ(r+x)/Γ(r) for all x of the data.
    pub(super) rising: RisingTable,
}

/// The length of every row's integral and the growths that it is made of; see `dropout_integral`.
struct Growths {
    /// ln((A + silence)/A).
    purchase: [f64; ROWS_PER_TASK],
    /// ln((B + silence)/B).
    dropout: [f64; ROWS_PER_TASK],
    /// Which of [`RULE_SIZES`] is enough; their number where none is.
    size: [u8; ROWS_PER_TASK],
}

impl Growths {
    /// Those of the rows at `place(0)`, `place(1)`, ...: of purchases and of dropout.
    #[inline(always)]
    fn of_block(&self, place: impl Fn(usize) -> usize) -> (Lanes, Lanes) {
        let (mut purchase, mut dropout) = ([0.0; LANES], [0.0; LANES]);
        for k in 0..LANES {
            purchase[k] = self.purchase[place(k)];
            dropout[k] = self.dropout[place(k)];
        }
        (purchase, dropout)
    }
}

/// J and its companions for a block of rows; see `dropout_integral`.
struct LeftOfBlock {
    value: Lanes,
    ln_near_growth: Lanes,
    ln_far_growth: Lanes,
    near_shrinkage: Lanes,
    far_shrinkage: Lanes,
}

impl LikelihoodOfMany<4> for ParetoNbdPass {
    #[inline(always)]
    fn sum(&self, rows: &[PurchaseHistory], weights: &[f64]) -> WithSlopes<4> {
        let growths = self.growths(rows);
        let (order, ends) = by_size(&growths.size[..rows.len()]);
        let mut sums = BlockSums::new();
        let mut from = 0;
        for (size, end) in ends.into_iter().enumerate() {
            let of_size = &order[from..end];
            from = end;
            let Some((_, _, n_nodes)) = RULE_SIZES.get(size) else {
                for &i in of_size {
                    sums.add_row(weights[usize::from(i)], self.row(&rows[usize::from(i)]));
                }
                continue;
            };
            let rule = gauss_legendre(*n_nodes);
            for places in of_size.chunks(LANES) {
                let place = |k: usize| usize::from(places[k.min(places.len() - 1)]);
                let block = RowBlock::new(places.len(), |k| (&rows[place(k)], weights[place(k)]));
                let (purchase, dropout) = growths.of_block(place);
                let (ln_likelihood, slopes) = self.block(&block, &purchase, &dropout, rule);
                sums.add_block(&block.weights, &ln_likelihood, &slopes, |k| {
                    self.row(&rows[place(k)])
                });
            }
        }
        sums.total()
    }
}

/// P(alive) of some rows, at most [`ROWS_PER_TASK`] of them.
pub(super) struct AliveOfRows<'a> {
    pub(super) pass: &'a ParetoNbdPass,
    pub(super) rows: &'a [PurchaseHistory],
}

impl WithSimd for AliveOfRows<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f64> {
        self.pass.alive(self.rows)
    }
}

impl ParetoNbdPass {
    #[inline(always)]
    fn alive(&self, rows: &[PurchaseHistory]) -> Vec<f64> {
        let growths = self.growths(rows);
        let (order, ends) = by_size(&growths.size[..rows.len()]);
        let mut alive = vec![0.0; rows.len()];
        let mut from = 0;
        for (size, end) in ends.into_iter().enumerate() {
            let of_size = &order[from..end];
            from = end;
            let Some((_, _, n_nodes)) = RULE_SIZES.get(size) else {
                for &i in of_size {
                    alive[usize::from(i)] = self.probability_alive(&rows[usize::from(i)]);
                }
                continue;
            };
            let rule = gauss_legendre(*n_nodes);
            for places in of_size.chunks(LANES) {
                let place = |k: usize| usize::from(places[k.min(places.len() - 1)]);
                let block = RowBlock::new(places.len(), |k| (&rows[place(k)], 1.0));
                let (purchase, dropout) = growths.of_block(place);
                let left = self.left(&block, &purchase, &dropout, rule);
                let mut of_block = [0.0; LANES];
                for k in 0..LANES {
                    let still_there = self.still_there(block.x[k], purchase[k], dropout[k]);
                    of_block[k] = still_there / (still_there + self.s * left.value[k]);
                }
                for (k, probability) in of_block.into_iter().take(places.len()).enumerate() {
                    alive[place(k)] = if probability.is_nan() {
                        self.probability_alive(&rows[place(k)])
                    } else {
                        probability
                    };
                }
            }
        }
        alive
    }

    /// P(alive) of one row, whatever its size.
    #[inline(never)]
    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        let integral = self.integral(history);
        let still_there = integral.still_there();
        still_there / (still_there + self.s * integral.left())
    }

    fn integral(&self, history: &PurchaseHistory) -> DropoutIntegral {
        let (x, last) = (f64::from(history.repeat_purchases()), history.last_purchase_age());
        DropoutIntegral::new(
            (self.r + x, self.alpha + last),
            (self.s, self.beta + last),
            history.time_since_last_purchase(),
        )
    }

    /// The chance of no purchase and no dropout through the silence, from the growths over it.
    #[inline(always)]
    fn still_there(&self, x: f64, purchase_growth: f64, dropout_growth: f64) -> f64 {
        vectorised::exp(-(self.r + x) * purchase_growth - self.s * dropout_growth)
    }

    #[inline(always)]
    fn growths(&self, rows: &[PurchaseHistory]) -> Growths {
        let mut growths = Growths {
            purchase: [0.0; ROWS_PER_TASK],
            dropout: [0.0; ROWS_PER_TASK],
            size: [0; ROWS_PER_TASK],
        };
        for from in (0..rows.len()).step_by(LANES) {
            self.measure(from, &rows[from..], &mut growths);
        }
        growths
    }

    fn is_purchase_near(&self) -> bool {
        self.alpha <= self.beta
    }

    /// Growths and sizes of a block of rows from `from` on.
    #[inline(always)]
    fn measure(&self, from: usize, rows: &[PurchaseHistory], growths: &mut Growths) {
        let Self { r, alpha, s, beta, .. } = *self;
        let block = RowBlock::new(rows.len().min(LANES), |k| (&rows[k], 1.0));
        let purchase = &mut growths.purchase[from..from + LANES];
        let dropout = &mut growths.dropout[from..from + LANES];
        for k in 0..LANES {
            let silence = block.age[k] - block.last[k];
            purchase[k] = vectorised::ln_1p(silence / (alpha + block.last[k]));
            dropout[k] = vectorised::ln_1p(silence / (beta + block.last[k]));
        }
        let mut size = [0.0; LANES];
        for k in 0..LANES {
            let (near, far, near_exponent, far_exponent) = if self.is_purchase_near() {
                (purchase[k], dropout[k], r + block.x[k] - 1.0, s + 1.0)
            } else {
                (dropout[k], purchase[k], s, r + block.x[k])
            };
            let fall = (near_exponent * near + far_exponent * far).abs();
            for (longest, deepest, _) in RULE_SIZES {
                let is_enough = near <= longest && fall <= deepest;
                size[k] += if is_enough { 0.0 } else { 1.0 };
            }
            if far_exponent > LARGE_EXPONENT {
                size[k] = RULE_SIZES.len() as f64;
            }
        }
        for (kept, size) in growths.size[from..].iter_mut().zip(size) {
            *kept = size as u8;
        }
    }

    /// The integral over the silence for a block of rows, by a rule that is enough for each.
    #[inline(always)]
    fn left(
        &self,
        block: &RowBlock,
        purchase: &Lanes,
        dropout: &Lanes,
        rule: &GaussLegendre,
    ) -> LeftOfBlock {
        let Self { r, alpha, s, beta, .. } = *self;
        let blank = [0.0; LANES];
        let (mut near_exponent, mut far_exponent, mut ratio) = (blank, blank, blank);
        let (mut factor, mut end_growth, mut end_shrinkage) = (blank, blank, blank);
        let is_purchase_near = self.is_purchase_near();
        let length = if is_purchase_near { purchase } else { dropout };
        for k in 0..LANES {
            let (purchase_scale, dropout_scale) = (alpha + block.last[k], beta + block.last[k]);
            let silence = block.age[k] - block.last[k];
            let (near_scale, far_scale) = if is_purchase_near {
                (near_exponent[k], far_exponent[k]) = (r + block.x[k] - 1.0, s + 1.0);
                (purchase_scale, dropout_scale)
            } else {
                (near_exponent[k], far_exponent[k]) = (s, r + block.x[k]);
                (dropout_scale, purchase_scale)
            };
            ratio[k] = near_scale / far_scale;
            factor[k] = 0.5 * length[k] * if is_purchase_near { ratio[k] } else { 1.0 };
            end_growth[k] = 1.0 + silence / near_scale;
            end_shrinkage[k] = 1.0 / end_growth[k];
        }
        let mut left = LeftOfBlock {
            value: blank,
            ln_near_growth: blank,
            ln_far_growth: blank,
            near_shrinkage: blank,
            far_shrinkage: blank,
        };
        // The nodes at y and at L - y share one exponential, since e^(L-y) = e^L / e^y.
        let n_pairs = rule.nodes().len() / 2;
        for (node, weight) in rule.nodes().iter().zip(rule.weights()).take(n_pairs) {
            for k in 0..LANES {
                let y = 0.5 * length[k] + 0.5 * length[k] * node;
                let growth = vectorised::exp(y);
                let inverse = 1.0 / growth;
                let pair = [
                    (y, growth, inverse),
                    (length[k] - y, end_growth[k] * inverse, growth * end_shrinkage[k]),
                ];
                for (near, near_growth, near_shrinkage) in pair {
                    let far_growth = 1.0 + ratio[k] * (near_growth - 1.0);
                    let far = vectorised::ln(far_growth);
                    let ln_value = -near_exponent[k] * near - far_exponent[k] * far;
                    let value = weight * vectorised::exp(ln_value);
                    left.value[k] += value;
                    left.ln_near_growth[k] += value * near;
                    left.ln_far_growth[k] += value * far;
                    left.near_shrinkage[k] += value * near_shrinkage;
                    left.far_shrinkage[k] += value / far_growth;
                }
            }
        }
        for (k, factor) in factor.into_iter().enumerate() {
            left.value[k] *= factor;
            left.ln_near_growth[k] *= factor;
            left.ln_far_growth[k] *= factor;
            left.near_shrinkage[k] *= factor;
            left.far_shrinkage[k] *= factor;
        }
        left
    }

    /// Log-likelihoods and slopes of a block of rows.
    #[inline(always)]
    fn block(
        &self,
        block: &RowBlock,
        purchase_growth: &Lanes,
        dropout_growth: &Lanes,
        rule: &GaussLegendre,
    ) -> (Lanes, [Lanes; 4]) {
        let Self { r, alpha, s, beta, .. } = *self;
        let ln_alpha = alpha.ln();
        let left = self.left(block, purchase_growth, dropout_growth, rule);
        let (ln_growths, shrinkages) = if self.is_purchase_near() {
            ((left.ln_near_growth, left.ln_far_growth), (left.near_shrinkage, left.far_shrinkage))
        } else {
            ((left.ln_far_growth, left.ln_near_growth), (left.far_shrinkage, left.near_shrinkage))
        };
        let (mut ln_rising, mut digamma_rise) = ([0.0; LANES], [0.0; LANES]);
        for k in 0..LANES {
            (ln_rising[k], digamma_rise[k]) = self.rising.at(block.counts[k]);
        }
        let mut ln_likelihood = [0.0; LANES];
        let mut slopes = [[0.0; LANES]; 4];
        for k in 0..LANES {
            let (x, last, age) = (block.x[k], block.last[k], block.age[k]);
            let shape = r + x;
            // Growth of alpha + t and of beta + t until the last purchase.
            let alpha_before = vectorised::ln_1p(last / alpha);
            let beta_before = vectorised::ln_1p(last / beta);
            let still_there = self.still_there(x, purchase_growth[k], dropout_growth[k]);
            let either_way = still_there + s * left.value[k];
            let alive = still_there / either_way;
            let dead_per_value = s / either_way;
            let dead = dead_per_value * left.value[k];

            ln_likelihood[k] = ln_rising[k] - shape * alpha_before - x * ln_alpha - s * beta_before
                + vectorised::ln(either_way);
            let mean_alpha_growth =
                alpha_before + alive * purchase_growth[k] + dead_per_value * ln_growths.0[k];
            let mean_beta_growth =
                beta_before + alive * dropout_growth[k] + dead_per_value * ln_growths.1[k];
            let mean_alpha_share = alive * alpha / (alpha + age)
                + dead_per_value * shrinkages.0[k] * (alpha / (alpha + last));
            let alive_beta_share = alive * beta / (beta + age);
            let dead_beta_share = dead_per_value * shrinkages.1[k] * (beta / (beta + last));
            slopes[0][k] = r * (digamma_rise[k] - mean_alpha_growth);
            slopes[1][k] = r - shape * mean_alpha_share;
            slopes[2][k] = dead - s * mean_beta_growth;
            slopes[3][k] = s - s * alive_beta_share - (s + 1.0) * dead_beta_share;
        }
        (ln_likelihood, slopes)
    }

    /// Log-likelihood and slopes of one row, whatever its size.
    #[inline(never)]
    pub(super) fn row(&self, history: &PurchaseHistory) -> WithSlopes<4> {
        let Self { r, alpha, s, beta, .. } = *self;
        let (count, age) = (history.repeat_purchases(), history.age());
        let (x, last) = (f64::from(count), history.last_purchase_age());
        let shape = r + x;
        let (ln_rising, digamma_rise) = self.rising.at(count);
        // Growth of alpha + t and of beta + t until the last purchase.
        let alpha_before = ln_1p_of_ratio(last / alpha);
        let beta_before = ln_1p_of_ratio(last / beta);
        let integral = self.integral(history);
        let still_there = integral.still_there();
        let left = integral.left_with_means();
        let either_way = still_there + s * left.value;
        let alive = still_there / either_way;
        let dead_per_value = s / either_way;
        let dead = dead_per_value * left.value;

        let ln_likelihood =
            ln_rising - shape * alpha_before - x * alpha.ln() - s * beta_before + either_way.ln();
        let mean_alpha_growth = alpha_before
            + alive * integral.purchase_growth()
            + dead_per_value * left.ln_purchase_growth;
        let mean_beta_growth = beta_before
            + alive * integral.dropout_growth()
            + dead_per_value * left.ln_dropout_growth;
        let mean_alpha_share = alive * alpha / (alpha + age)
            + dead_per_value * left.purchase_shrinkage * (alpha / (alpha + last));
        let alive_beta_share = alive * beta / (beta + age);
        let dead_beta_share = dead_per_value * left.dropout_shrinkage * (beta / (beta + last));
        let slopes = [
            r * (digamma_rise - mean_alpha_growth),
            r - shape * mean_alpha_share,
            dead - s * mean_beta_growth,
            s - s * alive_beta_share - (s + 1.0) * dead_beta_share,
        ];
        (ln_likelihood, slopes)
    }
}

/// Places of rows in order of their size, and where each size ends.
fn by_size(sizes: &[u8]) -> ([u16; ROWS_PER_TASK], [usize; RULE_SIZES.len() + 1]) {
    let mut ends = [0usize; RULE_SIZES.len() + 1];
    for size in sizes {
        ends[usize::from(*size)] += 1;
    }
    let mut sum = 0;
    let mut next = ends.map(|n| {
        sum += n;
        sum - n
    });
    let mut order = [0u16; ROWS_PER_TASK];
    for (place, size) in sizes.iter().enumerate() {
        let at = &mut next[usize::from(*size)];
        order[*at] = place as u16;
        *at += 1;
    }
    (order, next)
}
