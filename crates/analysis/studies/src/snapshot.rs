//! The customers as they stand on one day: what every per-customer question starts from.

mod of_file;

use clv_answers::{Table, Values};
use clv_engine::{CustomerHistories, CustomerIds, Intake, Orders};
use clv_models::{PurchaseHistories, PurchaseHistory};
use clv_tables::Day;

use crate::calendar::iso;
use crate::customer_value::CustomerColumns;
use crate::error::StudyError;
use crate::handoff::{GroupedHistories, HistoryColumns, group_histories_by};
use crate::histories_file::SUM_LN;
use crate::newborns::{same_id, with_newborns};
use crate::season::SeasonClock;
use crate::time::TimeUnit;
use crate::whole_periods::WholePeriods;

/// Money in tables is counted in millionths.
pub(crate) const MICROS: f64 = 1e6;

/// Where the histories came from.
#[derive(Debug)]
enum Origin {
    /// Orders, with dates.
    Orders {
        first_day: Vec<i32>,
        last_day: Vec<i32>,
        n_days: Vec<u32>,
        /// Sum of the logarithms of the days between purchases; none where a file lacks it.
        sum_ln_days: Option<Vec<f64>>,
        end_day: i32,
        /// How many customers had bought by `end_day`; the others are not born yet.
        n_known: usize,
    },
    /// A histories file, whose times are in this unit.
    File { histories: PurchaseHistories, unit: TimeUnit },
}

/// What happens to customers who first buy after the day of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newborns {
    /// They are not part of the answer.
    LeftOut,
    /// They are part of it as new customers without a history; no model is fitted to them.
    AsNew,
}

/// All customers on one day; every vector has one entry for each, ordered by id.
#[derive(Debug)]
pub struct Snapshot {
    ids: CustomerIds,
    origin: Origin,
    n_repeats: Vec<u32>,
    mean_spend: Vec<f64>,
    gross: Vec<f64>,
    returns: Vec<f64>,
    orders: Vec<u32>,
    first_spend: f64,
    recent_purchases: Option<Vec<u32>>,
    whole_periods: Option<WholePeriods>,
    row_weights: Option<Vec<f64>>,
    purchase_days: Option<Vec<Vec<i32>>>,
    has_historic_value: bool,
    has_returns: bool,
}

impl Snapshot {
    /// The customers of `orders` on the evening of `until`, or at the end of the data, and what was read.
    ///
    /// # Errors
    /// [`StudyError`] where reading fails or nobody had bought by then.
    pub fn of_orders(
        orders: &Orders,
        until: Option<i32>,
        newborns: Newborns,
    ) -> Result<(Self, Intake), StudyError> {
        let (histories, intake) = orders.purchase_histories(until.map(Day))?;
        if histories.first_day.is_empty() {
            let first = intake.first_day.map_or(histories.last_observed_day, |day| day.0);
            return Err(match until {
                Some(until) if until < first => {
                    StudyError::NobodyYet { until: iso(until), first: iso(first) }
                }
                _ => StudyError::NoPurchase { rows: intake.rows_accepted },
            });
        }
        let end_day = until.unwrap_or(histories.last_observed_day);
        let n_known = histories.first_day.len();
        let histories = match newborns {
            Newborns::AsNew if until.is_some_and(|day| day < histories.last_observed_day) => {
                with_newborns(&histories, orders.purchase_histories(None)?.0)
            }
            _ => histories,
        };
        Ok((Self::of_histories(histories, end_day, n_known), intake))
    }

    fn of_histories(histories: CustomerHistories, end_day: i32, n_known: usize) -> Self {
        let n_repeats: Vec<u32> = histories.n_days.iter().map(|n| n.saturating_sub(1)).collect();
        let money = |micros: &i64| *micros as f64 / MICROS;
        let mean_spend = (0..n_repeats.len())
            .map(|customer| {
                let repeat = histories.gross[customer] - histories.first_day_gross[customer];
                if n_repeats[customer] == 0 {
                    0.0
                } else {
                    repeat as f64 / MICROS / f64::from(n_repeats[customer])
                }
            })
            .collect();
        let first_gross: f64 = histories.first_day_gross.iter().map(money).sum();
        Self {
            mean_spend,
            gross: histories.gross.iter().map(money).collect(),
            returns: histories.returns.iter().map(money).collect(),
            orders: histories.orders,
            first_spend: first_gross / n_known as f64,
            n_repeats,
            ids: histories.ids,
            origin: Origin::Orders {
                first_day: histories.first_day,
                last_day: histories.last_day,
                n_days: histories.n_days,
                sum_ln_days: Some(histories.sum_ln_interpurchase_days),
                end_day,
                n_known,
            },
            recent_purchases: None,
            whole_periods: None,
            row_weights: None,
            purchase_days: None,
            has_historic_value: true,
            has_returns: true,
        }
    }

    /// Counts the histories in whole periods of `unit` from then on, and spend by period with a purchase: what models of
    /// whole periods see. Gives the number of customers with a purchase in their unfinished last period, which
    /// is left out. Does nothing where there are no dates.
    ///
    /// # Errors
    /// [`StudyError`] where reading fails.
    pub fn count_periods(&mut self, orders: &Orders, unit: TimeUnit) -> Result<u64, StudyError> {
        let Origin::Orders { first_day, end_day, .. } = &self.origin else { return Ok(0) };
        let (occasions, _) = orders.purchase_occasions(None)?;
        let counted = WholePeriods::count(&self.ids, first_day, *end_day, &occasions, unit);
        let n_unfinished = counted.n_unfinished;
        let rows = counted.histories.histories();
        self.n_repeats = rows.iter().map(PurchaseHistory::repeat_purchases).collect();
        self.mean_spend.clone_from(&counted.mean_spend);
        self.whole_periods = Some(counted);
        Ok(n_unfinished)
    }

    /// Notes every purchase day of each customer, up to the day of the question: what effects of covariates that change are
    /// learnt from. Does nothing where there are no dates.
    ///
    /// # Errors
    /// [`StudyError`] where reading fails.
    pub fn note_purchase_days(&mut self, orders: &Orders) -> Result<(), StudyError> {
        let Origin::Orders { end_day, .. } = &self.origin else { return Ok(()) };
        let (occasions, _) = orders.purchase_occasions(None)?;
        let n = self.n_customers();
        let mut days: Vec<Vec<i32>> = Vec::with_capacity(n);
        // Both are ordered by id, and every customer is among the occasions.
        let mut at = 0;
        for customer in 0..n {
            while at < occasions.n_customers() && !same_id(&self.ids, customer, &occasions.ids, at)
            {
                at += 1;
            }
            let rows = if at < occasions.n_customers() { occasions.days_of(at) } else { 0..0 };
            let is_seen =
                |row: &usize| occasions.orders[*row] > 0 && occasions.day[*row] <= *end_day;
            days.push(rows.filter(is_seen).map(|row| occasions.day[row]).collect());
        }
        self.purchase_days = Some(days);
        Ok(())
    }

    /// The purchase days of each customer, ascending; none where nobody noted them.
    #[must_use]
    pub fn purchase_days(&self) -> Option<&[Vec<i32>]> {
        self.purchase_days.as_deref()
    }

    /// The number of customers.
    #[must_use]
    pub fn n_customers(&self) -> usize {
        self.n_repeats.len()
    }

    /// The last day observed; none for a histories file without dates.
    #[must_use]
    pub fn end_day(&self) -> Option<i32> {
        match &self.origin {
            Origin::Orders { end_day, .. } => Some(*end_day),
            Origin::File { .. } => None,
        }
    }

    /// First and last purchase day and number of purchase days of each customer; none for a histories file without
    /// dates.
    #[must_use]
    pub fn days(&self) -> Option<(&[i32], &[i32], &[u32])> {
        match &self.origin {
            Origin::Orders { first_day, last_day, n_days, .. } => {
                Some((first_day, last_day, n_days))
            }
            Origin::File { .. } => None,
        }
    }

    /// First and last day of the data, ISO 8601; none for a histories file without dates.
    #[must_use]
    pub fn period(&self) -> Option<(String, String)> {
        let (first, ..) = self.days()?;
        Some((iso(*first.iter().min()?), iso(self.end_day()?)))
    }

    /// Histories grouped for models in `unit`; a file's are in its own unit, converted.
    #[must_use]
    pub fn grouped(&self, unit: TimeUnit) -> GroupedHistories {
        self.grouped_by(unit, None)
    }

    /// As [`grouped`](Self::grouped), with time told by a season's clock where there is one and the data have dates.
    #[must_use]
    pub fn grouped_by(&self, unit: TimeUnit, clock: Option<&SeasonClock>) -> GroupedHistories {
        if let Some(counted) = self.whole_periods.as_ref().filter(|counted| counted.unit == unit) {
            return GroupedHistories::of_rows(&counted.histories, 1.0);
        }
        match &self.origin {
            Origin::Orders { first_day, last_day, n_days, sum_ln_days, end_day, .. } => {
                group_histories_by(
                    &HistoryColumns {
                        n_days,
                        sum_ln_interpurchase_days: sum_ln_days.as_deref(),
                        first_day,
                        last_day,
                        end_day: *end_day,
                        recent_purchases: self.recent_purchases.as_deref(),
                    },
                    unit,
                    clock,
                )
            }
            Origin::File { histories, unit: of_file } => {
                GroupedHistories::of_rows(histories, of_file.days() / unit.days())
            }
        }
    }

    /// The distinct histories a model is fitted to: those of [`grouped`](Self::grouped) without customers who were
    /// not born yet.
    #[must_use]
    pub fn histories_to_fit(&self, grouped: &GroupedHistories) -> PurchaseHistories {
        let n_unborn = match &self.origin {
            Origin::Orders { n_days, n_known, .. } => n_days.len() - n_known,
            Origin::File { .. } => 0,
        };
        if n_unborn == 0 {
            return grouped.histories.clone();
        }
        let mut unborn_of_row = vec![0.0; grouped.histories.len()];
        if let Origin::Orders { n_days, .. } = &self.origin {
            for (customer, _) in n_days.iter().enumerate().filter(|(_, n)| **n == 0) {
                unborn_of_row[grouped.row_of_customer[customer] as usize] += 1.0;
            }
        }
        let mut known = PurchaseHistories::with_capacity(grouped.histories.len());
        for ((history, weight), unborn) in grouped.histories.iter().zip(unborn_of_row) {
            if weight - unborn > 0.5 {
                known.push(*history, weight - unborn).expect("a count of customers is a weight");
            }
        }
        known
    }

    /// Whether each customer had bought by the day of the question; the others are not born yet.
    #[must_use]
    pub fn is_born(&self) -> Vec<bool> {
        match &self.origin {
            Origin::Orders { n_days, .. } => n_days.iter().map(|n| *n > 0).collect(),
            Origin::File { histories, .. } => vec![true; histories.len()],
        }
    }

    /// Notes each customer's purchase days within some recent window; one entry for each customer.
    pub fn set_recent_purchases(&mut self, recent: Vec<u32>) {
        self.recent_purchases = Some(recent);
    }

    /// Whether each customer's purchase days within some recent window are known.
    #[must_use]
    pub fn has_recent_purchases(&self) -> bool {
        self.recent_purchases.is_some()
    }

    /// Counts and money for valuing the customers.
    #[must_use]
    pub fn columns(&self) -> CustomerColumns<'_> {
        CustomerColumns {
            n_repeats: &self.n_repeats,
            mean_spend: &self.mean_spend,
            gross: &self.gross,
            returns: &self.returns,
            orders: &self.orders,
        }
    }

    /// The ids.
    #[must_use]
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The ids as a column of an answer.
    #[must_use]
    pub fn id_values(&self) -> Values {
        id_values(&self.ids)
    }

    /// The histories of every customer, as `clv histories` gives them: ages in `unit`.
    #[must_use]
    pub fn into_history_table(self, unit: TimeUnit) -> Table {
        let n = self.n_customers();
        let per_unit = |days: i32| f64::from(days) / unit.days();
        let whole = |of: &[u32]| Values::Integer(of.iter().map(|n| i64::from(*n)).collect());
        let repeats = whole(&self.n_repeats);
        let orders = whole(&self.orders);
        let net = self.gross.iter().zip(&self.returns).map(|(gross, returns)| gross - returns);
        let net = Values::Real(net.collect());
        let ids = match self.ids {
            CustomerIds::Integer(ids) => Values::Integer(ids),
            CustomerIds::Text(ids) => Values::Text(ids),
        };
        let table =
            Table::new().with("customer_id", "", ids).with("repeat_purchases", "count", repeats);
        let Origin::Orders { first_day, last_day, end_day, sum_ln_days, .. } = self.origin else {
            return table;
        };
        // In the unit of the ages: each gap's logarithm is less by that of the unit.
        let ln_unit = unit.days().ln();
        let in_unit = |(sum, repeats): (&f64, &u32)| sum - f64::from(*repeats) * ln_unit;
        let sum_ln: Option<Vec<f64>> =
            sum_ln_days.map(|sums| sums.iter().zip(&self.n_repeats).map(in_unit).collect());
        let last_age = first_day.iter().zip(&last_day).map(|(first, last)| per_unit(last - first));
        let age = first_day.iter().map(|first| per_unit(end_day - first));
        let table = table
            .with("last_purchase_age", unit.name(), Values::Real(last_age.collect()))
            .with("age", unit.name(), Values::Real(age.collect()))
            .with("mean_spend", "money", Values::Real(self.mean_spend))
            .with("orders", "count", orders)
            .with("first_order", "date", Values::Date(first_day))
            .with("last_order", "date", Values::Date(last_day))
            .with("historic_value", "money", net)
            .with("returns", "money", Values::Real(self.returns))
            .with("time_unit", "", Values::Same(unit.name().to_owned(), n));
        match sum_ln {
            Some(sum_ln) => {
                table.with(SUM_LN, &format!("ln({})", unit.name()), Values::Real(sum_ln))
            }
            None => table,
        }
    }

    /// Mean gross spend of a customer's first purchase day, money.
    #[must_use]
    pub fn mean_first_spend(&self) -> f64 {
        self.first_spend
    }

    /// Customers with at least one repeat purchase.
    #[must_use]
    pub fn n_repeaters(&self) -> usize {
        let Some(weights) = &self.row_weights else {
            return self.n_repeats.iter().filter(|x| **x > 0).count();
        };
        let repeaters = self.n_repeats.iter().zip(weights).filter(|(x, _)| **x > 0);
        repeaters.map(|(_, weight)| weight).sum::<f64>() as usize
    }

    /// Whether it is known what customers have spent so far; a histories file may lack it.
    #[must_use]
    pub fn has_historic_value(&self) -> bool {
        self.has_historic_value
    }

    /// Whether it is known what came back; a histories file may lack it.
    #[must_use]
    pub fn has_returns(&self) -> bool {
        self.has_returns
    }

    /// Whether any customer has spent anything.
    #[must_use]
    pub fn has_value(&self) -> bool {
        self.gross.iter().chain(&self.mean_spend).any(|value| *value > 0.0)
    }

    /// Share of gross sales that came back, between 0 and 1.
    #[must_use]
    pub fn return_ratio(&self) -> f64 {
        let gross: f64 = self.gross.iter().sum();
        let returns: f64 = self.returns.iter().sum();
        if gross > 0.0 { (returns / gross).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Ids as a column of an answer.
#[must_use]
pub fn id_values(ids: &CustomerIds) -> Values {
    match ids {
        CustomerIds::Integer(ids) => Values::Integer(ids.clone()),
        CustomerIds::Text(ids) => Values::Text(ids.clone()),
    }
}
