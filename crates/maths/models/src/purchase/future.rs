//! What a living customer does from now on: a counting process in closed form or by quadrature.

/// The purchases to come of a customer who is one now, time counted from now.
///
/// Rates are gamma distributed over such customers with shape `r` and rate `alpha`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FutureProcess {
    /// Never leaves (NBD).
    Steady {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
    },
    /// May leave at any moment (Pareto/NBD).
    Lapsing {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// Shape of the dropout rate.
        s: f64,
        /// Rate of the dropout rate, time.
        beta: f64,
    },
    /// May leave after each purchase to come (BG/NBD and its kin).
    LeavingAfterPurchase {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// First shape of the dropout probability.
        a: f64,
        /// Second shape of the dropout probability.
        b: f64,
    },
    /// As above, and may leave right now before any purchase (a new MBG/NBD customer).
    LeavingAtOnceOrAfterPurchase {
        /// Shape of the purchase rate.
        r: f64,
        /// Rate of the purchase rate, time.
        alpha: f64,
        /// First shape of the dropout probability.
        a: f64,
        /// Second shape of the dropout probability.
        b: f64,
    },
}
