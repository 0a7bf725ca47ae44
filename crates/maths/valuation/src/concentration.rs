//! How much of the value comes from how few customers: Lorenz curve, Gini coefficient, top shares.

/// The concentration of one value over customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// Values, the largest first.
    sorted: Vec<f64>,
    /// Running sums of `sorted`.
    running: Vec<f64>,
}

impl Concentration {
    /// The concentration of `values`, one finite f64 for each customer; none where there are no customers or
    /// their total is not above 0.
    ///
    /// ```
    /// use clv_valuation::concentration::Concentration;
    /// let equal = Concentration::of(&[1.0; 10]).expect("there is value");
    /// assert!(equal.gini().abs() < 1e-12);
    /// let one_has_all = Concentration::of(&[0.0, 0.0, 0.0, 8.0]).expect("there is value");
    /// assert!((one_has_all.gini() - 0.75).abs() < 1e-12);
    /// assert!((one_has_all.top_share(0.25) - 1.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let mut running = Vec::with_capacity(sorted.len());
        let mut sum = 0.0;
        for value in &sorted {
            sum += value;
            running.push(sum);
        }
        (sum > 0.0).then_some(Self { sorted, running })
    }

    /// The total, money.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.running.last().copied().unwrap_or(0.0)
    }

    /// The Gini coefficient: 0 where all are equal, (n - 1)/n where one has all; above 1 where values are
    /// negative.
    #[must_use]
    pub fn gini(&self) -> f64 {
        let n = self.sorted.len() as f64;
        let area: f64 = self.running.iter().sum::<f64>() / self.total();
        (2.0 * area - n - 1.0) / n
    }

    /// Share of the total that the best `customer_share` of customers bring, the customer on the border
    /// counted by the part of them inside.
    #[must_use]
    pub fn top_share(&self, customer_share: f64) -> f64 {
        let position = customer_share.clamp(0.0, 1.0) * self.sorted.len() as f64;
        let whole = position.floor() as usize;
        let before = if whole == 0 { 0.0 } else { self.running[whole - 1] };
        let part = self.sorted.get(whole).map_or(0.0, |value| value * (position - whole as f64));
        (before + part) / self.total()
    }

    /// The smallest share of customers, best first, that brings `value_share` of the total.
    #[must_use]
    pub fn customers_for(&self, value_share: f64) -> f64 {
        let target = value_share * self.total();
        let n = self.running.partition_point(|sum| *sum < target);
        (n + 1).min(self.running.len()) as f64 / self.running.len() as f64
    }

    /// The curve from (0, 0) to (1, 1), best customers first, at `n_points` + 1 even shares of customers.
    #[must_use]
    pub fn curve(&self, n_points: usize) -> Vec<(f64, f64)> {
        (0..=n_points)
            .map(|point| {
                let share = point as f64 / n_points as f64;
                (share, self.top_share(share))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn top_share_and_gini_match_a_small_case_worked_by_hand() {
        let concentration = Concentration::of(&[10.0, 40.0, 30.0, 20.0]).expect("there is value");
        // Gini by the mean absolute difference: sum |xi - xj| / (2 n^2 mean) = 200 / (2 x 16 x 25).
        assert!((concentration.gini() - 0.25).abs() < 1e-12);
        assert!((concentration.top_share(0.5) - 0.7).abs() < 1e-12);
        assert!((concentration.top_share(0.125) - 0.2).abs() < 1e-12);
        assert!((concentration.customers_for(0.8) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn without_value_there_is_no_concentration() {
        assert!(Concentration::of(&[]).is_none());
        assert!(Concentration::of(&[0.0, 0.0]).is_none());
        assert!(Concentration::of(&[-1.0]).is_none());
    }
}
