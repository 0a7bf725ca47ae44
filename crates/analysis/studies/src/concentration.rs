//! How much of the value comes from how few customers.

use clv_answers::concentration::Concentration as Answer;
use clv_valuation::concentration::Concentration;

/// The shares of customers whose share of value is reported.
const TOP_SHARES: [f64; 5] = [0.01, 0.05, 0.1, 0.2, 0.5];

/// Points of the curve beside (0, 0).
const CURVE_POINTS: usize = 200;

/// The concentration of `values`, one for each customer, named `of`; none where their total is not above 0.
#[must_use]
pub fn concentration(of: &str, values: &[f64]) -> Option<Answer> {
    let measured = Concentration::of(values)?;
    Some(Answer {
        of: of.to_owned(),
        n_customers: values.len() as u64,
        total: measured.total(),
        gini: measured.gini(),
        top_shares: TOP_SHARES.map(|share| (share, measured.top_share(share))).to_vec(),
        customers_for_80_percent: measured.customers_for(0.8),
        curve: measured.curve(CURVE_POINTS),
    })
}
