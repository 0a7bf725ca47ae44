//! Why a customer's forecast is what it is, in one plain sentence made from their own orders.

use std::borrow::Cow;

use clv_models::PurchaseHistory;

use crate::handoff::GroupedHistories;
use crate::headline::GAPS_AT_RISK;
use crate::served::Served;
use crate::snapshot::Snapshot;

/// The share of returning customers whose usual gap is named to whoever bought once.
const SHARE_OF_RETURNING: f64 = 0.75;

/// Spend per order is named where it is this many times the usual one, or less than one by as much.
const REMARKABLE_SPEND: f64 = 1.5;

/// The reason of a customer who had not bought by the day of the question.
const NOT_YET_BORN: &str = "no order by that day: foretold as a new customer";

/// One sentence for each customer: their rhythm and silence against it, or, after a single order, against that of
/// customers who came back.
#[must_use]
pub fn rhythm_reasons(snapshot: &Snapshot, served: &Served) -> Vec<String> {
    let days = served.unit.days();
    let grouped = calendar_histories(snapshot, served);
    let histories = grouped.histories.histories();
    let usual_gap = usual_gap(&grouped, days);
    let of_row: Vec<String> =
        histories.iter().map(|history| reason(history, days, usual_gap)).collect();
    let orders = snapshot.columns().orders;
    grouped
        .row_of_customer
        .iter()
        .zip(orders)
        .map(|(row, orders)| match orders {
            0 => NOT_YET_BORN.to_owned(),
            _ => of_row[*row as usize].clone(),
        })
        .collect()
}

/// The same, with what they spend per order where that is far from usual.
#[must_use]
pub fn value_reasons(snapshot: &Snapshot, served: &Served) -> Vec<String> {
    let mut reasons = rhythm_reasons(snapshot, served);
    let usual = served.spend.expected_spend(0, 0.0);
    for (customer, reason) in reasons.iter_mut().enumerate() {
        add_spend(reason, snapshot, usual, customer);
    }
    reasons
}

/// The same for some customers, by position: a page that shows a hundred needs no million sentences.
#[must_use]
pub fn value_reasons_of(snapshot: &Snapshot, served: &Served, customers: &[usize]) -> Vec<String> {
    let days = served.unit.days();
    let grouped = calendar_histories(snapshot, served);
    let usual_gap = usual_gap(&grouped, days);
    let usual_spend = served.spend.expected_spend(0, 0.0);
    let of_one = |customer: &usize| {
        let row = grouped.row_of_customer[*customer] as usize;
        let mut told = match snapshot.columns().orders[*customer] {
            0 => NOT_YET_BORN.to_owned(),
            _ => reason(&grouped.histories.histories()[row], days, usual_gap),
        };
        add_spend(&mut told, snapshot, usual_spend, *customer);
        told
    };
    customers.iter().map(of_one).collect()
}

/// Adds what a customer spends per order where that is far from the `usual`.
fn add_spend(reason: &mut String, snapshot: &Snapshot, usual: f64, customer: usize) {
    let columns = snapshot.columns();
    let mean = columns.mean_spend[customer];
    if columns.n_repeats[customer] == 0 || mean <= 0.0 || usual <= 0.0 {
        return;
    }
    let times = mean / usual;
    if times >= REMARKABLE_SPEND {
        reason.push_str(&format!("; spends {times:.1} times the usual per order"));
    } else if times <= 1.0 / REMARKABLE_SPEND {
        reason.push_str(&format!("; spends {:.0} % of the usual per order", 100.0 * times));
    }
}

/// The customers' histories in the calendar's time, as people tell it, whatever clock the model goes by.
pub(crate) fn calendar_histories<'a>(
    snapshot: &Snapshot,
    served: &'a Served,
) -> Cow<'a, GroupedHistories> {
    match &served.season {
        None => Cow::Borrowed(&served.grouped),
        Some(_) => Cow::Owned(snapshot.grouped(served.unit)),
    }
}

/// The gap in days that three in four customers who came back keep to; none where nobody came back.
fn usual_gap(grouped: &GroupedHistories, unit_days: f64) -> Option<f64> {
    let mut gaps: Vec<(f64, f64)> = grouped
        .histories
        .iter()
        .filter(|(history, _)| history.repeat_purchases() > 0)
        .map(|(history, weight)| {
            let mean = history.last_purchase_age() / f64::from(history.repeat_purchases());
            (mean * unit_days, weight)
        })
        .collect();
    gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = SHARE_OF_RETURNING * gaps.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut counted = 0.0;
    gaps.into_iter().find_map(|(gap, weight)| {
        counted += weight;
        (counted >= wanted).then_some(gap)
    })
}

/// The sentence of one history, whose times are in units of `unit_days`.
fn reason(history: &PurchaseHistory, unit_days: f64, usual_gap: Option<f64>) -> String {
    let silence = history.time_since_last_purchase() * unit_days;
    let n = history.repeat_purchases();
    if n == 0 {
        let ago = ago(silence);
        return match usual_gap {
            None => format!("one order {ago}; nobody has come back yet"),
            Some(gap) if silence <= gap => {
                format!(
                    "one order {ago}; three in four returning customers reorder within {}",
                    in_days(gap)
                )
            }
            Some(gap) => format!(
                "one order {ago}; longer than the {} in which three in four returning customers reorder",
                in_days(gap)
            ),
        };
    }
    let gap = history.last_purchase_age() * unit_days / f64::from(n);
    let orders = n + 1;
    let every = match n {
        1 => format!("2 orders {} apart", in_days(gap)),
        _ => format!("{orders} orders; one every {}", in_days(gap)),
    };
    let times = silence / gap;
    if times > GAPS_AT_RISK {
        format!("silent {times:.1} times their usual gap ({every}; the last {})", ago(silence))
    } else {
        format!("{every}; the last {}: within their rhythm", ago(silence))
    }
}

fn ago(days: f64) -> String {
    if days < 0.5 { "on the last day".to_owned() } else { format!("{} ago", in_days(days)) }
}

fn in_days(days: f64) -> String {
    match days {
        days if days < 0.95 => format!("{:.1} days", days.max(0.1)),
        days if days.round() as i64 == 1 => "1 day".to_owned(),
        days => format!("{days:.0} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(n: u32, last: f64, age: f64) -> PurchaseHistory {
        PurchaseHistory::new(n, last, age).expect("it is one")
    }

    #[test]
    fn silence_is_told_in_multiples_of_the_own_gap() {
        let told = reason(&history(4, 8.0, 14.2), 7.0, Some(60.0));
        assert_eq!(
            told,
            "silent 3.1 times their usual gap (5 orders; one every 14 days; the last 43 days ago)"
        );
        let calm = reason(&history(4, 8.0, 9.0), 7.0, Some(60.0));
        assert_eq!(calm, "5 orders; one every 14 days; the last 7 days ago: within their rhythm");
    }

    #[test]
    fn a_single_order_is_measured_by_those_who_came_back() {
        let fresh = reason(&history(0, 0.0, 40.0), 1.0, Some(60.0));
        assert_eq!(
            fresh,
            "one order 40 days ago; three in four returning customers reorder within 60 days"
        );
        let stale = reason(&history(0, 0.0, 100.0), 1.0, Some(60.0));
        assert!(stale.contains("longer than the 60 days"), "{stale}");
        assert!(reason(&history(0, 0.0, 0.0), 1.0, None).contains("on the last day"));
    }

    #[test]
    fn no_reason_holds_a_comma_that_a_careless_reader_would_split_at() {
        for history in [history(0, 0.0, 9.0), history(1, 3.0, 4.0), history(7, 3.0, 90.0)] {
            assert!(!reason(&history, 7.0, Some(30.0)).contains(','));
        }
    }
}
