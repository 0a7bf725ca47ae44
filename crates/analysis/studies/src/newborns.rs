//! Customers who first buy after the day of the question.

use clv_engine::{CustomerHistories, CustomerIds};

/// The known customers and, among them by id, those who first buy later, with nothing bought yet.
pub(crate) fn with_newborns(
    known: &CustomerHistories,
    all: CustomerHistories,
) -> CustomerHistories {
    let n = all.first_day.len();
    let mut merged = CustomerHistories {
        ids: all.ids,
        first_day: all.first_day,
        last_day: Vec::with_capacity(n),
        n_days: Vec::with_capacity(n),
        orders: Vec::with_capacity(n),
        gross: Vec::with_capacity(n),
        returns: Vec::with_capacity(n),
        first_day_gross: Vec::with_capacity(n),
        sum_ln_interpurchase_days: Vec::with_capacity(n),
        last_observed_day: known.last_observed_day,
    };
    // Both are ordered by id and every known customer is among all.
    let mut next = 0;
    for customer in 0..n {
        let is_known = next < known.ids.len() && same_id(&merged.ids, customer, &known.ids, next);
        if is_known {
            merged.last_day.push(known.last_day[next]);
            merged.n_days.push(known.n_days[next]);
            merged.orders.push(known.orders[next]);
            merged.gross.push(known.gross[next]);
            merged.returns.push(known.returns[next]);
            merged.first_day_gross.push(known.first_day_gross[next]);
            merged.sum_ln_interpurchase_days.push(known.sum_ln_interpurchase_days[next]);
            next += 1;
        } else {
            merged.last_day.push(merged.first_day[customer]);
            merged.n_days.push(0);
            merged.orders.push(0);
            merged.gross.push(0);
            merged.returns.push(0);
            merged.first_day_gross.push(0);
            merged.sum_ln_interpurchase_days.push(0.0);
        }
    }
    merged
}

/// Whether two id columns hold the same customer at these positions.
pub(crate) fn same_id(a: &CustomerIds, at_a: usize, b: &CustomerIds, at_b: usize) -> bool {
    match (a, b) {
        (CustomerIds::Integer(a), CustomerIds::Integer(b)) => a[at_a] == b[at_b],
        (CustomerIds::Text(a), CustomerIds::Text(b)) => a[at_a] == b[at_b],
        _ => false,
    }
}
