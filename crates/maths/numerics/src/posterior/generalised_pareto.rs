//! The generalised Pareto distribution: what the far tail of almost any distribution looks like.

/// A generalised Pareto distribution of excesses over a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralisedPareto {
    /// Shape: moments of order 1/shape and above are infinite; at 0 the tail is exponential, below 0 it ends.
    pub shape: f64,
    /// Scale, above 0, in the unit of the excesses.
    pub scale: f64,
}

/// The prior of a tail's shape is worth this many observations at one half [VehtariEtAl2024].
const PRIOR_OBSERVATIONS: f64 = 10.0;
const PRIOR_SHAPE: f64 = 0.5;

impl GeneralisedPareto {
    /// Fits to positive excesses, `ascending`, by a posterior mean over a grid [ZhangStephens2009], the shape drawn
    /// towards one half as if by ten more observations.
    ///
    /// `None` with fewer than five excesses or where one is no positive number.
    ///
    /// ```
    /// use clv_numerics::posterior::GeneralisedPareto;
    /// let truth = GeneralisedPareto { shape: 0.4, scale: 2.0 };
    /// let excesses: Vec<f64> = (0..2000).map(|i| truth.quantile((i as f64 + 0.5) / 2000.0)).collect();
    /// let found = GeneralisedPareto::fit(&excesses).expect("positive excesses");
    /// assert!((found.shape - 0.4).abs() < 0.02 && (found.scale - 2.0).abs() < 0.05);
    /// ```
    #[must_use]
    pub fn fit(ascending: &[f64]) -> Option<Self> {
        let n = ascending.len();
        let largest = *ascending.last()?;
        if n < 5 || !ascending.iter().all(|excess| *excess > 0.0 && excess.is_finite()) {
            return None;
        }
        let count = n as f64;
        let quartile = ascending[((0.25 * count + 0.5).floor() as usize).max(1) - 1];
        let n_grid = 30 + count.sqrt().floor() as usize;
        // theta = -shape / scale runs over a grid whose spread is that of a weak prior; it stays below 1 / largest.
        let thetas: Vec<f64> = (1..=n_grid)
            .map(|j| {
                let spread = 1.0 - (n_grid as f64 / (j as f64 - 0.5)).sqrt();
                1.0 / largest + spread / (3.0 * quartile)
            })
            .collect();
        let shape_at = |theta: f64| {
            ascending.iter().map(|excess| (-theta * excess).ln_1p()).sum::<f64>() / count
        };
        let profiles: Vec<f64> = thetas
            .iter()
            .map(|&theta| {
                let shape = shape_at(theta);
                count * ((-theta / shape).ln() - shape - 1.0)
            })
            .collect();
        let most = profiles.iter().copied().filter(|p| p.is_finite()).fold(f64::MIN, f64::max);
        let weights: Vec<f64> = profiles
            .iter()
            .map(|profile| if profile.is_finite() { (profile - most).exp() } else { 0.0 })
            .collect();
        let total: f64 = weights.iter().sum();
        let theta = thetas.iter().zip(&weights).map(|(t, w)| t * w).sum::<f64>() / total;
        let shape = shape_at(theta);
        let scale = -shape / theta;
        let shape =
            (count * shape + PRIOR_OBSERVATIONS * PRIOR_SHAPE) / (count + PRIOR_OBSERVATIONS);
        (shape.is_finite() && scale.is_finite() && scale > 0.0).then_some(Self { shape, scale })
    }

    /// The excess that is not exceeded with this probability, in [0, 1).
    #[must_use]
    pub fn quantile(&self, probability: f64) -> f64 {
        let ln_survival = (-probability).ln_1p();
        if self.shape.abs() < 1e-12 {
            return -self.scale * ln_survival;
        }
        self.scale * (-self.shape * ln_survival).exp_m1() / self.shape
    }
}
