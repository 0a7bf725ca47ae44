//! What each special function promises: its domain, its largest error, and where the promise comes from.
//!
//! One row for each function. The reference points live in `golden/special_functions.csv`, written by
//! `golden/make_special_functions.py` with ninety digits; a test takes every row through every point of its name.

use crate::{beta_fall, gamma, log_space, vectorised};

/// One function and its promise.
#[derive(Debug, Clone, Copy)]
pub struct Accuracy {
    /// The function's name, as in the reference file.
    pub function: &'static str,
    /// Where the promise holds.
    pub domain: &'static str,
    /// The largest error relative to max(|value|, `scale`).
    pub relative_error: f64,
    /// Values smaller than this are held to an absolute error; 0 asks for full relative accuracy.
    pub scale: f64,
    /// Where the method comes from.
    pub source: &'static str,
    /// The function, its arguments in order.
    pub evaluate: fn(&[f64]) -> f64,
}

/// Every special function of this crate.
pub const ACCURACY: &[Accuracy] = &[
    Accuracy {
        function: "ln_gamma",
        domain: "x in [1e-300, 1e15]",
        relative_error: 1e-15,
        scale: 1.0,
        source: "libm's lgamma_r",
        evaluate: |x| gamma::ln_gamma(x[0]),
    },
    Accuracy {
        function: "digamma",
        domain: "x in [1e-300, 1e15]",
        relative_error: 2e-15,
        scale: 1.0,
        source: "recurrence and asymptotic series [AbramowitzStegun1964, 6.3.18]",
        evaluate: |x| gamma::digamma(x[0]),
    },
    Accuracy {
        function: "trigamma",
        domain: "x in [1e-150, 1e15]",
        relative_error: 2e-15,
        scale: 0.0,
        source: "recurrence and asymptotic series [AbramowitzStegun1964, 6.4.12]",
        evaluate: |x| gamma::trigamma(x[0]),
    },
    Accuracy {
        function: "ln_beta",
        domain: "a, b in [1e-6, 1e15]",
        relative_error: 1e-14,
        scale: 1.0,
        source: "Stirling's remainders [DidonatoMorris1992]",
        evaluate: |x| gamma::ln_beta(x[0], x[1]),
    },
    Accuracy {
        function: "ln_rising",
        domain: "c in [1e-6, 1e15], n up to 4e9",
        relative_error: 2e-15,
        scale: 1.0,
        source: "product, then Stirling's remainders",
        evaluate: |x| gamma::ln_rising(x[0], x[1] as u32),
    },
    Accuracy {
        function: "digamma_rise",
        domain: "c in [1e-6, 1e15], n up to 4e9",
        relative_error: 2e-15,
        scale: 0.0,
        source: "sum, then asymptotic series [AbramowitzStegun1964, 6.3.18]",
        evaluate: |x| gamma::digamma_rise(x[0], x[1] as u32),
    },
    Accuracy {
        function: "ln_beta_fall",
        domain: "a, b in [1e-6, 1e15], n up to 4e9",
        relative_error: 5e-14,
        scale: 1.0,
        source: "product, then Stirling's remainders",
        evaluate: |x| gamma::ln_beta_fall(x[0], x[1], x[2] as u32),
    },
    Accuracy {
        function: "ln_beta_fall_by",
        domain: "a, b in [1e-6, 1e15], h in [1e-9, 1e100]",
        relative_error: 5e-14,
        scale: 1.0,
        source: "product, then Stirling's series differenced term by term",
        evaluate: |x| beta_fall::ln_beta_fall_by(x[0], x[1], x[2]),
    },
    Accuracy {
        function: "beta_fall_slope_by",
        domain: "a, b in [1e-6, 1e15], h in [0.5, 1e100]",
        relative_error: 1e-8,
        scale: 0.0,
        source: "sum, then asymptotic series [AbramowitzStegun1964, 6.3.18]",
        evaluate: |x| beta_fall::beta_fall_slope_by(x[0], x[1], x[2]),
    },
    Accuracy {
        function: "digamma_rise_by",
        domain: "c in [1e-6, 1e15], h in [1e-9, 1e100]",
        relative_error: 2e-13,
        scale: 0.0,
        source: "sum, then asymptotic series [AbramowitzStegun1964, 6.3.18]",
        evaluate: |x| beta_fall::digamma_rise_by(x[0], x[1]),
    },
    Accuracy {
        function: "ln_one_minus_exp",
        domain: "x in [-700, 0)",
        relative_error: 1e-15,
        scale: 0.0,
        source: "expm1 near 0, log1p elsewhere",
        evaluate: |x| log_space::ln_one_minus_exp(x[0]),
    },
    Accuracy {
        function: "exp_m1_ratio",
        domain: "z in [-700, 700]",
        relative_error: 1e-15,
        scale: 0.0,
        source: "expm1",
        evaluate: |x| log_space::exp_m1_ratio(x[0]),
    },
    Accuracy {
        function: "ln_1p_ratio",
        domain: "z in (-1, 1e300]",
        relative_error: 1e-15,
        scale: 0.0,
        source: "log1p",
        evaluate: |x| log_space::ln_1p_ratio(x[0]),
    },
    Accuracy {
        function: "vectorised_exp",
        domain: "x in [-700, 700]",
        relative_error: 5e-16,
        scale: 0.0,
        source: "reduction by ln 2, exponential series",
        evaluate: |x| vectorised::exp(x[0]),
    },
    Accuracy {
        function: "vectorised_ln",
        domain: "x in [1e-300, 1e300]",
        relative_error: 7e-16,
        scale: 0.0,
        source: "reduction by 2, series of artanh",
        evaluate: |x| vectorised::ln(x[0]),
    },
    Accuracy {
        function: "vectorised_exp_m1",
        domain: "x in [-700, 700]",
        relative_error: 1.5e-15,
        scale: 0.0,
        source: "reduction by ln 2, exponential series",
        evaluate: |x| vectorised::exp_m1(x[0]),
    },
    Accuracy {
        function: "vectorised_ln_1p",
        domain: "z in [0, 1e300]",
        relative_error: 9e-16,
        scale: 0.0,
        source: "vectorised ln with the rounding of 1 + z put right as W. Kahan does",
        evaluate: |x| vectorised::ln_1p(x[0]),
    },
    Accuracy {
        function: "ln_1p_of_ratio",
        domain: "z in [0, 1e300]",
        relative_error: 1e-15,
        scale: 0.0,
        source: "ln with the rounding of 1 + z put right as W. Kahan does",
        evaluate: |x| log_space::ln_1p_of_ratio(x[0]),
    },
];
