//! What an order history tells about a customer beyond three numbers: the columns that trees split on.
//!
//! A feature is computed from the days up to the origin and from nothing else: [`KnownCustomer`] cuts them off
//! there, and every feature reads only what it kept.

use clv_numerics::boosted_trees::{FeatureTable, Monotone};
use jiff::civil::Weekday;
use rayon::prelude::*;

use crate::base::{CustomerBase, DayRow};
use crate::calendar::date_of;

/// Windows before the origin, days.
const WINDOWS: [i32; 5] = [7, 30, 90, 180, 365];
/// Levels of an attribute with a column of their own, the most frequent ones; the others share none.
const MOST_LEVELS: usize = 8;

/// One feature.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Its id, the name of its column.
    pub id: &'static str,
    /// Its unit; empty for a plain number.
    pub unit: &'static str,
    /// What it says; NaN, a missing value, where it says nothing.
    pub meaning: &'static str,
    /// Whether the first purchase day alone tells it.
    pub is_of_first_order: bool,
    /// The feature of a customer.
    pub of: fn(&KnownCustomer) -> f64,
}

/// What is known of a customer at an origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownCustomer {
    origin: i32,
    first: DayRow,
    last: DayRow,
    n_purchases: f64,
    n_orders: f64,
    n_return_days: f64,
    gross: f64,
    gross_of_squares: f64,
    returns: f64,
    largest: f64,
    sum_of_gaps: f64,
    squares_of_gaps: f64,
    last_gap: f64,
    purchases_in: [f64; 5],
    spend_in: [f64; 5],
}

impl KnownCustomer {
    /// What the `days` of a customer tell at `origin`; days after it are not looked at. None for who has not bought by
    /// then.
    #[must_use]
    pub fn at(days: &[DayRow], origin: i32) -> Option<Self> {
        let known = days.iter().filter(|row| row.day <= origin);
        let first = *known.clone().find(|row| row.orders > 0)?;
        let mut customer = Self {
            origin,
            first,
            last: first,
            n_purchases: 0.0,
            n_orders: 0.0,
            n_return_days: 0.0,
            gross: 0.0,
            gross_of_squares: 0.0,
            returns: 0.0,
            largest: 0.0,
            sum_of_gaps: 0.0,
            squares_of_gaps: 0.0,
            last_gap: f64::NAN,
            purchases_in: [0.0; 5],
            spend_in: [0.0; 5],
        };
        for row in known {
            customer.returns += row.returns;
            customer.n_return_days += f64::from(u8::from(row.returns > 0.0));
            if row.orders == 0 {
                continue;
            }
            if customer.n_purchases > 0.0 {
                let gap = f64::from(row.day - customer.last.day);
                customer.sum_of_gaps += gap;
                customer.squares_of_gaps += gap * gap;
                customer.last_gap = gap;
            }
            customer.last = *row;
            customer.n_purchases += 1.0;
            customer.n_orders += f64::from(row.orders);
            customer.gross += row.gross;
            customer.gross_of_squares += row.gross * row.gross;
            customer.largest = customer.largest.max(row.gross);
            for (at, window) in WINDOWS.into_iter().enumerate() {
                if row.day > origin - window {
                    customer.purchases_in[at] += 1.0;
                    customer.spend_in[at] += row.gross;
                }
            }
        }
        Some(customer)
    }

    fn age(&self) -> f64 {
        f64::from(self.origin - self.first.day)
    }

    fn time_since_last_purchase(&self) -> f64 {
        f64::from(self.origin - self.last.day)
    }

    fn mean_gap(&self) -> f64 {
        ratio(self.sum_of_gaps, self.n_purchases - 1.0)
    }

    /// Over the gaps seen, at least two.
    fn sd_of_gaps(&self) -> f64 {
        sd(self.n_purchases - 1.0, self.sum_of_gaps, self.squares_of_gaps)
    }

    fn mean_order_value(&self) -> f64 {
        ratio(self.gross, self.n_purchases)
    }

    fn first_weekday(&self) -> Weekday {
        date_of(self.first.day).weekday()
    }
}

/// `part` over `whole`; missing where there is no whole.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { f64::NAN }
}

/// Standard deviation of `n` numbers from their sum and that of their squares; missing for fewer than two.
fn sd(n: f64, sum: f64, squares: f64) -> f64 {
    if n < 2.0 {
        return f64::NAN;
    }
    ((squares - sum * sum / n).max(0.0) / (n - 1.0)).sqrt()
}

/// A line of the catalogue.
macro_rules! feature {
    ($id:literal, $unit:literal, $meaning:literal, $of:expr) => {
        Feature { id: $id, unit: $unit, meaning: $meaning, is_of_first_order: false, of: $of }
    };
    (first $id:literal, $unit:literal, $meaning:literal, $of:expr) => {
        Feature { id: $id, unit: $unit, meaning: $meaning, is_of_first_order: true, of: $of }
    };
}

/// Every feature. A purchase is a purchase day; spend is before returns.
#[must_use]
pub fn features() -> &'static [Feature] {
    &[
        feature!(first "first_order_value", "money", "spend of the first purchase", |c| c.first.gross),
        feature!(first "first_orders", "count", "orders on the first purchase day", |c| f64::from(c.first.orders)),
        feature!(first "first_weekday", "1 to 7", "weekday of the first purchase, Monday 1", |c| {
            f64::from(c.first_weekday().to_monday_one_offset())
        }),
        feature!(first "first_month", "1 to 12", "month of the year of the first purchase", |c| {
            f64::from(date_of(c.first.day).month())
        }),
        feature!(first "first_day_of_month", "1 to 31", "day of the month of the first purchase", |c| {
            f64::from(date_of(c.first.day).day())
        }),
        feature!(first "age", "days", "from the first purchase to the origin", KnownCustomer::age),
        feature!(
            "time_since_last_purchase",
            "days",
            "from the last purchase to the origin",
            KnownCustomer::time_since_last_purchase
        ),
        feature!("last_purchase_age", "days", "from the first purchase to the last", |c| c
            .sum_of_gaps),
        feature!("purchases", "count", "purchases", |c| c.n_purchases),
        feature!("purchases_7_days", "count", "purchases in the last 7 days", |c| c.purchases_in
            [0]),
        feature!("purchases_30_days", "count", "purchases in the last 30 days", |c| c.purchases_in
            [1]),
        feature!("purchases_90_days", "count", "purchases in the last 90 days", |c| c.purchases_in
            [2]),
        feature!("purchases_180_days", "count", "purchases in the last 180 days", |c| c
            .purchases_in[3]),
        feature!("purchases_365_days", "count", "purchases in the last 365 days", |c| c
            .purchases_in[4]),
        feature!("spend_7_days", "money", "spend of the last 7 days", |c| c.spend_in[0]),
        feature!("spend_30_days", "money", "spend of the last 30 days", |c| c.spend_in[1]),
        feature!("spend_90_days", "money", "spend of the last 90 days", |c| c.spend_in[2]),
        feature!("spend_180_days", "money", "spend of the last 180 days", |c| c.spend_in[3]),
        feature!("spend_365_days", "money", "spend of the last 365 days", |c| c.spend_in[4]),
        feature!(
            "mean_gap",
            "days",
            "mean time between purchases; missing with one",
            KnownCustomer::mean_gap
        ),
        feature!(
            "sd_of_gaps",
            "days",
            "standard deviation of that time; missing with two",
            KnownCustomer::sd_of_gaps
        ),
        feature!(
            "irregularity",
            "",
            "that deviation over the mean: 0 for a clock, 1 for chance",
            |c| { ratio(c.sd_of_gaps(), c.mean_gap()) }
        ),
        feature!("last_gap_ratio", "", "the last gap over the mean one", |c| ratio(
            c.last_gap,
            c.mean_gap()
        )),
        feature!("overdue_ratio", "", "the time since the last purchase over the mean gap", |c| {
            ratio(c.time_since_last_purchase(), c.mean_gap())
        }),
        feature!(
            "orders_per_purchase",
            "count",
            "orders on a purchase day, on average",
            |c| ratio(c.n_orders, c.n_purchases)
        ),
        feature!("return_ratio", "share", "returns over gross spend", |c| ratio(
            c.returns, c.gross
        )),
        feature!("return_days", "count", "days with a return", |c| c.n_return_days),
        feature!(
            "mean_order_value",
            "money",
            "mean spend of a purchase",
            KnownCustomer::mean_order_value
        ),
        feature!("largest_order_value", "money", "spend of the largest purchase", |c| c.largest),
        feature!("last_order_value", "money", "spend of the last purchase", |c| c.last.gross),
        feature!("last_order_ratio", "", "spend of the last purchase over the mean", |c| ratio(
            c.last.gross,
            c.mean_order_value()
        )),
        feature!(
            "sd_of_order_value",
            "money",
            "standard deviation of the spend of a purchase",
            |c| { sd(c.n_purchases, c.gross, c.gross_of_squares) }
        ),
        feature!("gross", "money", "spend so far", |c| c.gross),
    ]
}

/// Which features go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureSet {
    /// All of them.
    Everything,
    /// Those that the first order tells, and the age: all there is for who bought once.
    FirstOrder,
}

impl FeatureSet {
    /// The features of the set.
    pub fn features(self) -> impl Iterator<Item = &'static Feature> {
        features().iter().filter(move |one| self == FeatureSet::Everything || one.is_of_first_order)
    }
}

/// What the first order tells of customers besides its money and date: channel, country, category, discount.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What is known of each customer of the base.
    pub values: AttributeValues,
}

/// An attribute's values, one entry for each customer; none where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValues {
    /// One of several levels.
    Levels {
        /// The levels.
        names: Vec<String>,
        /// The position of each customer's among them.
        of_customer: Vec<Option<u32>>,
    },
    /// A number.
    Numbers(Vec<Option<f64>>),
}

impl Attribute {
    /// The same of these customers only, by position.
    #[must_use]
    pub fn of(&self, customers: &[usize]) -> Self {
        let values = match &self.values {
            AttributeValues::Levels { names, of_customer } => AttributeValues::Levels {
                names: names.clone(),
                of_customer: customers.iter().map(|&one| of_customer[one]).collect(),
            },
            AttributeValues::Numbers(numbers) => {
                AttributeValues::Numbers(customers.iter().map(|&one| numbers[one]).collect())
            }
        };
        Self { name: self.name.clone(), values }
    }
}

/// The columns of an attribute, as learnt from the rows that trees are fitted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeColumns {
    /// The attribute's name.
    pub name: String,
    /// The levels that have a column of their own; none for a number, which has one column.
    pub levels: Option<Vec<String>>,
}

impl AttributeColumns {
    /// Columns for the most frequent levels among `customers`; of equals the one that stands first.
    #[must_use]
    pub fn learn(attribute: &Attribute, customers: &[usize]) -> Self {
        let name = attribute.name.clone();
        let AttributeValues::Levels { names, of_customer } = &attribute.values else {
            return Self { name, levels: None };
        };
        let mut counts = vec![0_usize; names.len()];
        for level in customers.iter().filter_map(|&one| of_customer[one]) {
            counts[level as usize] += 1;
        }
        let mut by_count: Vec<usize> = (0..names.len()).filter(|&at| counts[at] > 0).collect();
        by_count.sort_by_key(|&at| (std::cmp::Reverse(counts[at]), at));
        let levels = by_count.into_iter().take(MOST_LEVELS).map(|at| names[at].clone()).collect();
        Self { name, levels: Some(levels) }
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.levels {
            Some(levels) => levels.iter().map(|level| format!("{}={level}", self.name)).collect(),
            None => vec![self.name.clone()],
        }
    }

    /// For each level 1 for customers of it, 0 for others; for a number the number; NaN where the attribute is not known.
    fn columns(&self, attribute: Option<&Attribute>, customers: &[usize]) -> Vec<Vec<f64>> {
        let unknown = || vec![f64::NAN; customers.len()];
        match (&self.levels, attribute.map(|attribute| &attribute.values)) {
            (Some(levels), Some(AttributeValues::Levels { names, of_customer })) => levels
                .iter()
                .map(|level| {
                    let wanted = names.iter().position(|name| name == level);
                    let of = |one: usize| match of_customer[one] {
                        Some(own) => f64::from(u8::from(Some(own as usize) == wanted)),
                        None => f64::NAN,
                    };
                    customers.iter().map(|&one| of(one)).collect()
                })
                .collect(),
            (None, Some(AttributeValues::Numbers(numbers))) => {
                vec![customers.iter().map(|&one| numbers[one].unwrap_or(f64::NAN)).collect()]
            }
            (Some(levels), _) => levels.iter().map(|_| unknown()).collect(),
            (None, _) => vec![unknown()],
        }
    }
}

/// The names of the columns of [`feature_table`].
#[must_use]
pub fn feature_names(set: FeatureSet, attributes: &[AttributeColumns]) -> Vec<String> {
    let of_set = set.features().map(|feature| feature.id.to_owned());
    of_set.chain(attributes.iter().flat_map(AttributeColumns::names)).collect()
}

/// The features of `rows` (customers of the base, each at an origin on which they had bought), one row each: those of `set`, then the
/// columns of each attribute in `attributes`; an attribute that the base lacks is not known of anybody.
///
/// # Panics
/// Where a customer had not bought by the origin.
#[must_use]
pub fn feature_table(
    base: &CustomerBase,
    rows: &[(usize, i32)],
    set: FeatureSet,
    attributes: &[AttributeColumns],
) -> FeatureTable {
    let known: Vec<KnownCustomer> = rows
        .par_iter()
        .with_min_len(1024)
        .map(|&(customer, origin)| {
            KnownCustomer::at(base.days_of(customer), origin)
                .expect("rows are of customers who had bought by their origin")
        })
        .collect();
    let customers: Vec<usize> = rows.iter().map(|row| row.0).collect();
    let mut columns: Vec<Vec<f64>> =
        set.features().map(|feature| known.iter().map(feature.of).collect()).collect();
    for of_attribute in attributes {
        let attribute = base.attributes().iter().find(|one| one.name == of_attribute.name);
        columns.extend(of_attribute.columns(attribute, &customers));
    }
    let monotone = vec![Monotone::Free; columns.len()];
    FeatureTable::new(columns, monotone).expect("every feature has one number for each row")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i32, orders: u32, gross: f64, returns: f64) -> DayRow {
        DayRow { day, orders, gross, returns }
    }

    fn of(id: &str, days: &[DayRow], origin: i32) -> f64 {
        let feature = features().iter().find(|one| one.id == id).expect(id);
        (feature.of)(&KnownCustomer::at(days, origin).expect("a customer"))
    }

    #[test]
    fn every_feature_says_what_its_meaning_says() {
        // Day 0 is Thursday, 1970-01-01.
        let days = [
            day(-3, 0, 0.0, 4.0),
            day(0, 2, 10.0, 0.0),
            day(10, 1, 30.0, 0.0),
            day(14, 0, 0.0, 6.0),
            day(40, 1, 20.0, 0.0),
            day(90, 1, 1e9, 1e9),
        ];
        for (id, expected) in [
            ("first_order_value", 10.0),
            ("first_orders", 2.0),
            ("first_weekday", 4.0),
            ("first_month", 1.0),
            ("first_day_of_month", 1.0),
            ("age", 60.0),
            ("time_since_last_purchase", 20.0),
            ("last_purchase_age", 40.0),
            ("purchases", 3.0),
            ("purchases_7_days", 0.0),
            ("purchases_30_days", 1.0),
            ("purchases_90_days", 3.0),
            ("spend_30_days", 20.0),
            ("spend_90_days", 60.0),
            ("mean_gap", 20.0),
            ("sd_of_gaps", 200.0_f64.sqrt()),
            ("irregularity", 200.0_f64.sqrt() / 20.0),
            ("last_gap_ratio", 1.5),
            ("overdue_ratio", 1.0),
            ("orders_per_purchase", 4.0 / 3.0),
            ("return_ratio", 10.0 / 60.0),
            ("return_days", 2.0),
            ("mean_order_value", 20.0),
            ("largest_order_value", 30.0),
            ("last_order_value", 20.0),
            ("last_order_ratio", 1.0),
            ("sd_of_order_value", 10.0),
            ("gross", 60.0),
        ] {
            let got = of(id, &days, 60);
            assert!((got - expected).abs() < 1e-12, "{id}: {got} is not {expected}");
        }
        assert!(of("mean_gap", &days, 5).is_nan() && of("sd_of_gaps", &days, 20).is_nan());
        assert!(KnownCustomer::at(&days, -1).is_none());
    }

    #[test]
    fn ids_are_distinct_and_every_feature_has_a_meaning() {
        let ids: std::collections::BTreeSet<&str> = features().iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), features().len());
        assert!(features().iter().all(|one| !one.meaning.is_empty()));
    }

    #[test]
    fn rare_levels_share_no_column_and_unknown_ones_are_missing() {
        let attribute = Attribute {
            name: "channel".to_owned(),
            values: AttributeValues::Levels {
                names: (0..99).map(|level| format!("level {level}")).collect(),
                of_customer: (0..100).map(|one| (one > 0).then_some(one * one / 100)).collect(),
            },
        };
        let customers: Vec<usize> = (0..100).collect();
        let learnt = AttributeColumns::learn(&attribute, &customers);
        assert_eq!(learnt.names().len(), MOST_LEVELS);
        assert_eq!(learnt.names()[0], "channel=level 0");
        let columns = learnt.columns(Some(&attribute), &[0, 5, 99]);
        assert!(columns[0][0].is_nan());
        assert!((columns[0][1] - 1.0).abs() < 1e-15 && columns.iter().all(|c| c[2] < 0.5));
        // An attribute that other data lack is not known of anybody.
        let without = learnt.columns(None, &[0, 5]);
        assert!(without.len() == MOST_LEVELS && without.iter().flatten().all(|one| one.is_nan()));
    }

    #[test]
    fn a_number_is_one_column() {
        let attribute = Attribute {
            name: "discount".to_owned(),
            values: AttributeValues::Numbers(vec![Some(5.0), None]),
        };
        let learnt = AttributeColumns::learn(&attribute, &[0, 1]);
        assert_eq!(learnt.names(), ["discount"]);
        let columns = learnt.columns(Some(&attribute), &[0, 1]);
        assert!((columns[0][0] - 5.0).abs() < 1e-15 && columns[0][1].is_nan());
    }
}
