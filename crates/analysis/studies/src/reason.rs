//! Why a customer's forecast is what it is, in one plain sentence made from their own orders.

use std::borrow::Cow;
use std::fmt::{self, Write};

use clv_answers::JoinedTexts;
use clv_models::PurchaseHistory;
use rustc_hash::FxHashMap;

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
pub fn rhythm_reasons(snapshot: &Snapshot, served: &Served) -> JoinedTexts {
    let mut told = JoinedTexts::default();
    let plain = told.add_ending(String::new());
    let beginnings = rhythms(&mut told, snapshot, served);
    let endings = vec![plain; beginnings.len()];
    told.with_rows(beginnings, endings)
}

/// The same, with what they spend per order where that is far from usual.
#[must_use]
pub fn value_reasons(snapshot: &Snapshot, served: &Served) -> JoinedTexts {
    let mut told = JoinedTexts::default();
    let plain = told.add_ending(String::new());
    let beginnings = rhythms(&mut told, snapshot, served);
    let usual = served.spend.expected_spend(0, 0.0);
    let mut known: FxHashMap<RemarkableSpend, u32> = FxHashMap::default();
    let endings = (0..beginnings.len())
        .map(|customer| match remarkable_spend(snapshot, usual, customer) {
            None => plain,
            Some(spend) => {
                *known.entry(spend).or_insert_with(|| told.add_ending(spend.to_string()))
            }
        })
        .collect();
    told.with_rows(beginnings, endings)
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
        let mut told = String::new();
        match snapshot.columns().orders[*customer] {
            0 => told.push_str(NOT_YET_BORN),
            _ => add_reason(&mut told, &grouped.histories.histories()[row], days, usual_gap),
        }
        if let Some(spend) = remarkable_spend(snapshot, usual_spend, *customer) {
            told.push_str(&spend.to_string());
        }
        told
    };
    customers.iter().map(of_one).collect()
}

/// Adds the sentence of each distinct history and gives each customer's.
fn rhythms(told: &mut JoinedTexts, snapshot: &Snapshot, served: &Served) -> Vec<u32> {
    let days = served.unit.days();
    let grouped = calendar_histories(snapshot, served);
    let usual_gap = usual_gap(&grouped, days);
    for history in grouped.histories.histories() {
        told.add_beginning(|text| add_reason(text, history, days, usual_gap));
    }
    let not_yet_born = told.add_beginning(|text| text.push_str(NOT_YET_BORN));
    let orders = snapshot.columns().orders;
    let customers = grouped.row_of_customer.iter().zip(orders);
    customers.map(|(row, orders)| if *orders == 0 { not_yet_born } else { *row }).collect()
}

/// Spend per order far from the usual, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RemarkableSpend {
    /// So many tenths of the usual.
    Tenths(u64),
    /// So many hundredths of the usual.
    Percent(u64),
}

impl fmt::Display for RemarkableSpend {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenths(n) => {
                write!(to, "; spends {}.{} times the usual per order", n / 10, n % 10)
            }
            Self::Percent(n) => write!(to, "; spends {n} % of the usual per order"),
        }
    }
}

/// What a customer spends per order, where that is far from the `usual`.
fn remarkable_spend(snapshot: &Snapshot, usual: f64, customer: usize) -> Option<RemarkableSpend> {
    let columns = snapshot.columns();
    let mean = columns.mean_spend[customer];
    if columns.n_repeats[customer] == 0 || mean <= 0.0 || usual <= 0.0 {
        return None;
    }
    let times = mean / usual;
    if times >= REMARKABLE_SPEND {
        Some(RemarkableSpend::Tenths(in_tenths(times)))
    } else if times <= 1.0 / REMARKABLE_SPEND {
        Some(RemarkableSpend::Percent((100.0 * times).round_ties_even() as u64))
    } else {
        None
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

/// Adds the sentence of one history, whose times are in units of `unit_days`.
fn add_reason(to: &mut String, history: &PurchaseHistory, unit_days: f64, usual_gap: Option<f64>) {
    let silence = history.time_since_last_purchase() * unit_days;
    let n = history.repeat_purchases();
    let written = if n == 0 {
        let ago = Ago(silence);
        match usual_gap {
            None => write!(to, "one order {ago}; nobody has come back yet"),
            Some(gap) if silence <= gap => write!(
                to,
                "one order {ago}; three in four returning customers reorder within {}",
                Days(gap)
            ),
            Some(gap) => write!(
                to,
                "one order {ago}; longer than the {} in which three in four returning customers reorder",
                Days(gap)
            ),
        }
    } else {
        let gap = history.last_purchase_age() * unit_days / f64::from(n);
        let every = Every { orders: n + 1, gap };
        let times = silence / gap;
        let ago = Ago(silence);
        if times > GAPS_AT_RISK {
            let tenths = in_tenths(times);
            write!(
                to,
                "silent {}.{} times their usual gap ({every}; the last {ago})",
                tenths / 10,
                tenths % 10
            )
        } else {
            write!(to, "{every}; the last {ago}: within their rhythm")
        }
    };
    written.expect("a string takes whatever is written");
}

/// How many orders, and how far apart in days.
struct Every {
    orders: u32,
    gap: f64,
}

impl fmt::Display for Every {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = Days(self.gap);
        match self.orders {
            2 => write!(to, "2 orders {gap} apart"),
            orders => write!(to, "{orders} orders; one every {gap}"),
        }
    }
}

/// So many days ago.
struct Ago(f64);

impl fmt::Display for Ago {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0.5 {
            to.write_str("on the last day")
        } else {
            write!(to, "{} ago", Days(self.0))
        }
    }
}

/// A number of days, whole where it is not less than one.
struct Days(f64);

impl fmt::Display for Days {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            days if days < 0.95 => {
                let tenths = in_tenths(days.max(0.1));
                write!(to, "{}.{} days", tenths / 10, tenths % 10)
            }
            days if days.round() as i64 == 1 => to.write_str("1 day"),
            // Whole numbers are written several times as fast as rounded ones, and read the same.
            days => write!(to, "{} days", days.round_ties_even() as u64),
        }
    }
}

/// A number of zero or more in tenths, rounded as one decimal of it is.
fn in_tenths(value: f64) -> u64 {
    let tenths = 10.0 * value;
    let rounded = tenths.round_ties_even();
    // Close to a half it depends on digits that the product has lost.
    if ((tenths - rounded).abs() - 0.5).abs() > 1e-6 {
        return rounded as u64;
    }
    let written = format!("{value:.1}").replace('.', "");
    written.parse().unwrap_or(rounded as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(n: u32, last: f64, age: f64) -> PurchaseHistory {
        PurchaseHistory::new(n, last, age).expect("it is one")
    }

    fn reason(history: &PurchaseHistory, unit_days: f64, usual_gap: Option<f64>) -> String {
        let mut told = String::new();
        add_reason(&mut told, history, unit_days, usual_gap);
        told
    }

    #[test]
    fn tenths_and_whole_days_are_those_that_rounding_to_decimals_writes() {
        let near_ties = (0..400).flat_map(|n| {
            let tie = f64::from(n) / 20.0;
            [tie, tie * (1.0 + 1e-15), tie * (1.0 - 1e-15), tie + 0.013]
        });
        for value in near_ties.chain([1234.55, 98_765.449_999_999, 3e6 + 0.25]) {
            let tenths = in_tenths(value);
            assert_eq!(format!("{}.{}", tenths / 10, tenths % 10), format!("{value:.1}"));
            if value >= 1.5 {
                assert_eq!(Days(value).to_string(), format!("{value:.0} days"));
            }
        }
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
