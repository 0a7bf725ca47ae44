//! A model's parameter under the name its paper gives it, and the scale on which a fit moves it.

/// One parameter and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// The paper's name, such as `alpha`.
    pub name: &'static str,
    /// Its value, in the unit of the model's parameter table.
    pub value: f64,
}

/// What values a parameter may take and how it changes with the unit of time.
///
/// A fit moves every parameter on a scale without bounds, its *free coordinate*: the logarithm of a positive
/// parameter, the value itself of a real one, the inverse hyperbolic tangent of a correlation. Gradients and
/// covariances are with respect to free coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Positive, whatever the unit of time, such as a shape.
    Positive,
    /// Positive and a time.
    Time,
    /// Positive and a rate: per unit of time.
    Rate,
    /// Any finite number, whatever the unit of time.
    Real,
    /// The logarithm of a rate.
    LnRate,
    /// Between -1 and 1, exclusive.
    Correlation,
    /// A whole number, at least 1: a fit tries several and holds each while the others move. Its slot in gradients
    /// and covariances is 0.
    Whole,
}

impl ParameterKind {
    /// Whether the free coordinate is the logarithm of the value.
    #[must_use]
    pub fn is_positive(self) -> bool {
        matches!(self, Self::Positive | Self::Time | Self::Rate)
    }

    /// The free coordinate of a value.
    #[must_use]
    pub fn free(self, value: f64) -> f64 {
        match self {
            Self::Positive | Self::Time | Self::Rate => value.ln(),
            Self::Real | Self::LnRate | Self::Whole => value,
            Self::Correlation => value.atanh(),
        }
    }

    /// The value at a free coordinate; the inverse of [`free`](Self::free).
    ///
    /// ```
    /// use clv_models::ParameterKind;
    /// assert!((ParameterKind::Correlation.value(ParameterKind::Correlation.free(0.3)) - 0.3).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn value(self, free: f64) -> f64 {
        match self {
            Self::Positive | Self::Time | Self::Rate => free.exp(),
            Self::Real | Self::LnRate => free,
            Self::Correlation => free.tanh(),
            Self::Whole => free.round().max(1.0),
        }
    }

    /// The slope of the value in the free coordinate, at `value`: what turns a standard error of the one into one
    /// of the other.
    #[must_use]
    pub fn slope(self, value: f64) -> f64 {
        match self {
            Self::Positive | Self::Time | Self::Rate => value,
            Self::Real | Self::LnRate => 1.0,
            Self::Correlation => 1.0 - value * value,
            Self::Whole => 0.0,
        }
    }

    /// What a value becomes when time is counted in units of `unit` of the present ones.
    #[must_use]
    pub fn in_unit(self, value: f64, unit: f64) -> f64 {
        match self {
            Self::Time => value / unit,
            Self::Rate => value * unit,
            Self::LnRate => value + unit.ln(),
            Self::Positive | Self::Real | Self::Correlation | Self::Whole => value,
        }
    }
}
