//! The customer base in memory: for each customer the days on which they bought or returned something.

use std::sync::Arc;

use clv_engine::CustomerIds;

use crate::covariates::{CovariateRequest, check};
use crate::error::StudyError;
use crate::features::Attribute;

/// All customers' days, one run of rows for each customer, in the order of days.
#[derive(Debug, Clone)]
pub struct CustomerBase {
    ids: CustomerIds,
    offsets: Vec<usize>,
    rows: Vec<DayRow>,
    end_day: i32,
    covariates: Option<Arc<CovariateRequest>>,
    attributes: Vec<Attribute>,
}

/// One customer's day: what they bought and what they gave back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayRow {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Purchase orders of that day; 0 on a day with returns only.
    pub orders: u32,
    /// Money of the purchases.
    pub gross: f64,
    /// Money of the returns, a positive number.
    pub returns: f64,
}

/// What is known of one customer at an origin, and what they did after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerAtOrigin {
    /// Position in the base.
    pub customer: usize,
    /// Distinct purchase days up to the origin, at least 1.
    pub n_days: u32,
    /// First purchase day.
    pub first_day: i32,
    /// Last purchase day up to the origin.
    pub last_day: i32,
    /// Sum of the natural logarithms of the days between neighbouring purchase days up to the origin.
    pub sum_ln_interpurchase_days: f64,
    /// Spend of the first purchase day.
    pub first_spend: f64,
    /// Mean spend of a repeat purchase day up to the origin; 0 without repeats.
    pub mean_repeat_spend: f64,
    /// Purchase days within the window that a naive rule repeats.
    pub recent_purchases: u32,
    /// Purchase days after the origin, within the horizon.
    pub purchases_after: u32,
    /// Money of those purchases, before returns.
    pub spend_after: f64,
}

/// A window of days before an origin, whose purchases a naive rule repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentWindow {
    /// The last day before the window.
    pub after: i32,
    /// The last day of the window, not after the origin.
    pub upto: i32,
}

impl RecentWindow {
    /// Days of the year that a season takes to come round.
    const YEAR_DAYS: i32 = 365;

    /// The window for a horizon from `origin`: the same days a year ago where `is_last_year`, else those just gone by.
    #[must_use]
    pub fn before(origin: i32, horizon_days: i32, is_last_year: bool) -> Self {
        let upto = if is_last_year { origin - Self::YEAR_DAYS + horizon_days } else { origin };
        Self { after: upto - horizon_days, upto }
    }

    /// Whether data from `first_day` on hold the same days a year before `origin`, and they are over by then.
    #[must_use]
    pub fn has_last_year(origin: i32, horizon_days: i32, first_day: i32) -> bool {
        horizon_days <= Self::YEAR_DAYS && origin - Self::YEAR_DAYS >= first_day
    }
}

impl CustomerBase {
    /// The base from `rows` in runs by customer: customer i owns `rows[offsets[i]..offsets[i + 1]]`, ordered by
    /// day, with at least one purchase day. `end_day` is the last day observed.
    #[must_use]
    pub fn new(ids: CustomerIds, offsets: Vec<usize>, rows: Vec<DayRow>, end_day: i32) -> Self {
        Self { ids, offsets, rows, end_day, covariates: None, attributes: Vec::new() }
    }

    /// The same with what is known of the customers: models take part in bake-offs with it and without.
    ///
    /// # Errors
    /// [`StudyError`] where the table cannot be used as asked.
    pub fn with_covariates(mut self, request: Arc<CovariateRequest>) -> Result<Self, StudyError> {
        check(&request, &self.ids)?;
        self.covariates = Some(request);
        Ok(self)
    }

    /// What is known of the customers.
    pub(crate) fn covariates(&self) -> Option<&Arc<CovariateRequest>> {
        self.covariates.as_ref()
    }

    /// The same base with what first orders tell of its customers; one entry of each for each customer.
    #[must_use]
    pub fn with_attributes(mut self, attributes: Vec<Attribute>) -> Self {
        self.attributes = attributes;
        self
    }

    /// What first orders tell of the customers besides days and money; empty where nobody asked.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The number of customers.
    #[must_use]
    pub fn n_customers(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The customers' ids.
    #[must_use]
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The last day observed.
    #[must_use]
    pub fn end_day(&self) -> i32 {
        self.end_day
    }

    /// One customer's days, in order.
    #[must_use]
    pub fn days_of(&self, customer: usize) -> &[DayRow] {
        &self.rows[self.offsets[customer]..self.offsets[customer + 1]]
    }

    /// One customer's purchase days, in order.
    pub fn purchases_of(&self, customer: usize) -> impl Iterator<Item = &DayRow> {
        self.days_of(customer).iter().filter(|row| row.orders > 0)
    }

    /// The base as it was on the evening of `day`: customers who had bought by then, and their days up to it.
    #[must_use]
    pub fn until(&self, day: i32) -> Self {
        let mut kept = Vec::new();
        let mut offsets = vec![0];
        let mut rows = Vec::new();
        for customer in 0..self.n_customers() {
            if self.first_day_of(customer) <= day {
                kept.push(customer);
                rows.extend(self.days_of(customer).iter().filter(|row| row.day <= day));
                offsets.push(rows.len());
            }
        }
        let ids = match &self.ids {
            CustomerIds::Integer(ids) => {
                CustomerIds::Integer(kept.iter().map(|customer| ids[*customer]).collect())
            }
            CustomerIds::Text(ids) => {
                CustomerIds::Text(kept.iter().map(|customer| ids[*customer].clone()).collect())
            }
        };
        let covariates = self.covariates.clone();
        let attributes = self.attributes.iter().map(|one| one.of(&kept)).collect();
        Self { ids, offsets, rows, end_day: day.min(self.end_day), covariates, attributes }
    }

    /// The first purchase day of a customer.
    #[must_use]
    pub fn first_day_of(&self, customer: usize) -> i32 {
        self.purchases_of(customer).next().map_or(self.end_day, |row| row.day)
    }

    /// The first purchase day of all; none without customers.
    #[must_use]
    pub fn first_day(&self) -> Option<i32> {
        (0..self.n_customers()).map(|customer| self.first_day_of(customer)).min()
    }

    /// Everyone who had bought by the end of `origin`, and what they did in the `horizon_days` after it.
    /// Recent purchases are those of `window`.
    #[must_use]
    pub fn at_origin(
        &self,
        origin: i32,
        horizon_days: i32,
        window: RecentWindow,
    ) -> Vec<CustomerAtOrigin> {
        (0..self.n_customers())
            .filter_map(|customer| self.customer_at(customer, origin, horizon_days, window))
            .collect()
    }

    fn customer_at(
        &self,
        customer: usize,
        origin: i32,
        horizon_days: i32,
        window: RecentWindow,
    ) -> Option<CustomerAtOrigin> {
        let first = self.purchases_of(customer).next().filter(|row| row.day <= origin)?;
        let mut known = CustomerAtOrigin {
            customer,
            n_days: 0,
            first_day: first.day,
            last_day: first.day,
            sum_ln_interpurchase_days: 0.0,
            first_spend: first.gross,
            mean_repeat_spend: 0.0,
            recent_purchases: 0,
            purchases_after: 0,
            spend_after: 0.0,
        };
        let mut repeat_spend = 0.0;
        for row in self.purchases_of(customer) {
            if row.day <= origin {
                known.n_days += 1;
                if known.n_days > 1 {
                    let gap = f64::from(row.day - known.last_day);
                    known.sum_ln_interpurchase_days += gap.ln();
                }
                known.last_day = row.day;
                known.recent_purchases +=
                    u32::from(row.day > window.after && row.day <= window.upto);
                repeat_spend += if known.n_days > 1 { row.gross } else { 0.0 };
            } else if row.day <= origin + horizon_days {
                known.purchases_after += 1;
                known.spend_after += row.gross;
            }
        }
        if known.n_days > 1 {
            known.mean_repeat_spend = repeat_spend / f64::from(known.n_days - 1);
        }
        Some(known)
    }
}
