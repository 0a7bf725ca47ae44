//! What a reader of a fit should know before trusting its parameters.

use std::fmt;

/// Something about a fit that its numbers alone do not say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FitWarning {
    /// The likelihood hardly changes along a ridge, so these parameters are not identified one by one.
    ///
    /// Their combination is, and forecasts from anywhere on the ridge agree.
    Ridge {
        /// The parameters that run off together.
        parameters: Vec<&'static str>,
    },
    /// A parameter ran to the end of its range: the data prefer a simpler model.
    AtBound {
        /// The parameter.
        parameter: &'static str,
        /// Where it stopped.
        value: f64,
    },
    /// The search ended before the gradient vanished.
    NotConverged {
        /// The largest slope of the mean log-likelihood in the logarithm of a parameter.
        gradient_norm: f64,
    },
    /// It is not known how regular customers are, so a model of regular buyers took what it could from counts.
    UnknownRhythm {
        /// The whole number that the times between purchases would tell best.
        parameter: &'static str,
    },
    /// Too few customers came back for the data to say much.
    FewRepeaters {
        /// Customers with at least one repeat purchase.
        n_repeaters: f64,
    },
    /// Too few subscribers have left for the data to say how they leave.
    FewLosses {
        /// Customers who have left.
        n_lost: f64,
    },
}

impl fmt::Display for FitWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ridge { parameters } => write!(
                f,
                "the data do not identify {} one by one: the likelihood is flat along a ridge; forecasts still hold, the \
                 parameters by themselves mean little",
                parameters.join(", ")
            ),
            Self::AtBound { parameter, value } => write!(
                f,
                "{parameter} ran to the end of its range at {value:.4e}: the data prefer a model without it; forecasts \
                 still hold"
            ),
            Self::NotConverged { gradient_norm } => write!(
                f,
                "the search ended before the likelihood was flat (largest slope {gradient_norm:.1e} a customer): take the \
                 parameters as approximate"
            ),
            Self::UnknownRhythm { parameter } => write!(
                f,
                "the times between purchases are not known, so {parameter} was chosen by counts and last purchases alone; \
                 hint: a histories file tells them in a column sum_ln_interpurchase_times, as `clv histories` writes it"
            ),
            Self::FewLosses { n_lost } => write!(
                f,
                "only {n_lost:.0} customers have left so far: expect wide uncertainty, whatever the standard errors say"
            ),
            Self::FewRepeaters { n_repeaters } => write!(
                f,
                "only {} bought again: expect wide uncertainty, whatever the standard errors say",
                if *n_repeaters < 1.5 && *n_repeaters > 0.5 {
                    "1 customer".to_owned()
                } else {
                    format!("{:.0} customers", n_repeaters.max(0.0))
                }
            ),
        }
    }
}
