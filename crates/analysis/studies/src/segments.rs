//! Customers in groups that call for different treatment: by value and by RFM.

use clv_answers::segments::{Segment, Segments};

/// What segments are made of; one entry for each customer.
#[derive(Debug, Clone, Copy)]
pub struct SegmentColumns<'a> {
    /// Days since the last purchase.
    pub days_since_last: &'a [i32],
    /// Distinct purchase days.
    pub n_days: &'a [u32],
    /// Net value so far, money.
    pub historic_value: &'a [f64],
    /// Expected future value, money.
    pub residual_value: &'a [f64],
    /// P(next order within the horizon).
    pub probability_next_order: &'a [f64],
}

/// A group before its customers are counted.
struct Group {
    id: &'static str,
    name: &'static str,
    rule: &'static str,
    advice: &'static str,
}

/// Value segments, best first, with the share of customers up to and including each.
const VALUE_GROUPS: [(f64, Group); 4] = [
    (
        0.05,
        Group {
            id: "top",
            name: "Top 5 %",
            rule: "the 5 % of customers with the highest expected future value",
            advice: "know them by name; early access and personal service before any discount",
        },
    ),
    (
        0.20,
        Group {
            id: "high",
            name: "Next 15 %",
            rule: "the 15 % after them",
            advice: "reward the next order and ask for referrals; this is where loyalty pays",
        },
    ),
    (
        0.50,
        Group {
            id: "middle",
            name: "Next 30 %",
            rule: "the 30 % after those",
            advice: "a well-timed reminder near the expected next order; test before discounting",
        },
    ),
    (
        1.0,
        Group {
            id: "low",
            name: "Remaining 50 %",
            rule: "the half with the lowest expected future value",
            advice: "automatic messages only; spend no more than the value shown",
        },
    ),
];

/// Whether a customer with these scores for the last purchase and the frequency belongs to a group.
type Belongs = fn(u8, u8) -> bool;

/// RFM segments in the order in which they are tried, with their condition on (recent, frequent) scores.
const RFM_GROUPS: [(Belongs, Group); 7] = [
    (
        |r, f| r >= 4 && f == 5,
        Group {
            id: "champions",
            name: "Champions",
            rule: "bought lately (4-5) and most often (5)",
            advice: "thank them, ask for reviews and referrals, show what is new first",
        },
    ),
    (
        |r, f| r >= 3 && f >= 4,
        Group {
            id: "loyal",
            name: "Loyal",
            rule: "bought often (4-5) and not long ago (3-5), short of a champion",
            advice: "keep the rhythm: recommend what goes with their last orders",
        },
    ),
    (
        |r, f| r <= 2 && f >= 4,
        Group {
            id: "cannot_lose",
            name: "Must not lose",
            rule: "bought often (4-5), silent for long (1-2)",
            advice: "ask personally what went wrong; an offer with a control group",
        },
    ),
    (
        |r, f| r >= 4 && f >= 2,
        Group {
            id: "promising",
            name: "Promising",
            rule: "bought lately (4-5), a few times (2-3)",
            advice: "win the next order: onboarding and a reason to come back",
        },
    ),
    (
        |r, f| r >= 4 && f == 1,
        Group {
            id: "new",
            name: "New",
            rule: "bought lately (4-5), seldom (1)",
            advice: "a thank-you and a second-order offer within the usual gap",
        },
    ),
    (
        |r, _| r == 3,
        Group {
            id: "cooling",
            name: "Cooling",
            rule: "silent for a while (3), seldom to sometimes (1-3)",
            advice: "one reminder with what they bought before",
        },
    ),
    (
        |_, _| true,
        Group {
            id: "lost",
            name: "Lost or asleep",
            rule: "silent for long (1-2), seldom to sometimes (1-3)",
            advice: "a yearly win-back test at most; do not pay for their clicks",
        },
    ),
];

/// Value segments: the answer, and for each customer the segment's id.
#[must_use]
pub fn value_segments(columns: &SegmentColumns<'_>) -> (Segments, Vec<&'static str>) {
    let n = columns.n_days.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| columns.residual_value[*b].total_cmp(&columns.residual_value[*a]));
    let mut group_of = vec![VALUE_GROUPS.len() - 1; n];
    for (rank, customer) in order.into_iter().enumerate() {
        let share = (rank + 1) as f64 / n as f64;
        group_of[customer] = VALUE_GROUPS
            .iter()
            .position(|(upto, _)| share <= *upto + 1e-12)
            .unwrap_or(VALUE_GROUPS.len() - 1);
    }
    let groups: Vec<&Group> = VALUE_GROUPS.iter().map(|(_, group)| group).collect();
    let how = "customers ranked by expected future value; equal values keep the order of their ids";
    (count("value", how, &groups, &group_of, columns), ids(&groups, &group_of))
}

/// RFM segments: the answer, for each customer the segment's id, and the three scores.
#[must_use]
pub fn rfm_segments(columns: &SegmentColumns<'_>) -> (Segments, Vec<&'static str>, Vec<[u8; 3]>) {
    let recent = quintiles(columns.days_since_last, |days| -f64::from(*days));
    let frequent = quintiles(columns.n_days, |days| f64::from(*days));
    let monetary = quintiles(columns.historic_value, |value| *value);
    let scores: Vec<[u8; 3]> = recent
        .into_iter()
        .zip(frequent)
        .zip(monetary)
        .map(|((recent, frequent), monetary)| [recent, frequent, monetary])
        .collect();
    let group_of: Vec<usize> = scores
        .iter()
        .map(|score| {
            RFM_GROUPS
                .iter()
                .position(|(belongs, _)| belongs(score[0], score[1]))
                .unwrap_or(RFM_GROUPS.len() - 1)
        })
        .collect();
    let groups: Vec<&Group> = RFM_GROUPS.iter().map(|(_, group)| group).collect();
    let how = "three scores from 1 to 5: days since the last purchase, purchase days, net value so far; 5 is the \
               best fifth. Customers with equal values get the same score, that of the middle of their ranks";
    let answer = count("rfm", how, &groups, &group_of, columns);
    (answer, ids(&groups, &group_of), scores)
}

/// Scores 1 to 5 by rank, the largest value best; ties share the score of the middle of their ranks.
fn quintiles<T>(values: &[T], of: impl Fn(&T) -> f64) -> Vec<u8> {
    let n = values.len();
    let keys: Vec<f64> = values.iter().map(of).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
    let mut scores = vec![0; n];
    let mut start = 0;
    while start < n {
        let mut end = start + 1;
        while end < n && keys[order[end]].total_cmp(&keys[order[start]]).is_eq() {
            end += 1;
        }
        // Ranks start + 1 to end; their middle as a share of n, in fifths.
        let middle = 0.5 * (start + 1 + end) as f64 - 0.5;
        let score = (5.0 * middle / n as f64).floor() as u8 + 1;
        for position in start..end {
            scores[order[position]] = score.min(5);
        }
        start = end;
    }
    scores
}

fn ids(groups: &[&Group], group_of: &[usize]) -> Vec<&'static str> {
    group_of.iter().map(|group| groups[*group].id).collect()
}

fn count(
    scheme: &str,
    how: &str,
    groups: &[&Group],
    group_of: &[usize],
    columns: &SegmentColumns<'_>,
) -> Segments {
    let n = group_of.len().max(1) as f64;
    let total_residual: f64 = columns.residual_value.iter().sum();
    let segments = groups
        .iter()
        .enumerate()
        .filter(|(index, _)| group_of.contains(index))
        .map(|(index, group)| {
            let members = || {
                group_of.iter().enumerate().filter(move |(_, of)| **of == index).map(|(at, _)| at)
            };
            let n_customers = members().count();
            let residual_value: f64 = members().map(|at| columns.residual_value[at]).sum();
            let probability: f64 = members().map(|at| columns.probability_next_order[at]).sum();
            Segment {
                segment: group.id.to_owned(),
                name: group.name.to_owned(),
                rule: group.rule.to_owned(),
                n_customers: n_customers as u64,
                customer_share: n_customers as f64 / n,
                historic_value: members().map(|at| columns.historic_value[at]).sum(),
                residual_value,
                residual_share: if total_residual > 0.0 {
                    residual_value / total_residual
                } else {
                    0.0
                },
                mean_probability_next_order: probability / n_customers.max(1) as f64,
                advice: group.advice.to_owned(),
            }
        })
        .collect();
    Segments { scheme: scheme.to_owned(), how: how.to_owned(), segments }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quintiles_are_even_without_ties_and_shared_with_them() {
        assert_eq!(quintiles(&[10, 20, 30, 40, 50], |v| f64::from(*v)), [1, 2, 3, 4, 5]);
        // Three quarters bought once: they share the middle of their ranks.
        let scores = quintiles(&[1, 1, 1, 1, 1, 1, 2, 5], |v| f64::from(*v));
        assert_eq!(scores, [2, 2, 2, 2, 2, 2, 5, 5]);
    }

    #[test]
    fn every_customer_is_in_exactly_one_segment_of_each_scheme() {
        let n = 97;
        let days_since_last: Vec<i32> = (0..n).map(|i| (i * 37) % 101).collect();
        let n_days: Vec<u32> = (0..n).map(|i| 1 + (i as u32 * 13) % 7).collect();
        let values: Vec<f64> = (0..n).map(|i| f64::from((i * 29) % 53)).collect();
        let columns = SegmentColumns {
            days_since_last: &days_since_last,
            n_days: &n_days,
            historic_value: &values,
            residual_value: &values,
            probability_next_order: &vec![0.5; n as usize],
        };
        let (value, of_value) = value_segments(&columns);
        let (rfm, of_rfm, _) = rfm_segments(&columns);
        for (segments, of) in [(value, of_value), (rfm, of_rfm)] {
            let counted: u64 = segments.segments.iter().map(|segment| segment.n_customers).sum();
            assert_eq!(counted, 97);
            for segment in &segments.segments {
                let members = of.iter().filter(|id| **id == segment.segment).count();
                assert_eq!(members as u64, segment.n_customers);
            }
        }
    }
}
