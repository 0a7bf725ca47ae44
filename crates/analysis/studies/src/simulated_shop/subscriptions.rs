//! The monthly plan: who subscribes, and at which renewal they end it.

use rand::RngExt;
use rand_distr::{Beta, Distribution};

use super::people::Person;
use super::settings::ShopSettings;

/// One subscription.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Subscription {
    pub(super) customer: usize,
    /// Day of the start, counted from the shop's first day.
    pub(super) start: i32,
    /// Renewals until the end; none where it outlasts data and future.
    pub(super) n_renewals: Option<i32>,
    /// The chance to end at each renewal, the customer's own.
    pub(super) churn: f64,
}

/// Days between renewals.
pub(super) const DAYS_PER_RENEWAL: i32 = 30;

impl Subscription {
    /// The day of the end, if there is one.
    pub(super) fn end(&self) -> Option<i32> {
        self.n_renewals.map(|n| self.start + n * DAYS_PER_RENEWAL)
    }
}

/// The subscription of a customer who has one.
pub(super) fn subscription(person: &Person, settings: &ShopSettings) -> Option<Subscription> {
    let plan = &settings.subscription;
    let mut random = person.chance(settings.seed ^ 0x0050_1a4e);
    if random.random::<f64>() >= plan.share {
        return None;
    }
    let [a, b] = plan.churn_shapes;
    let churn = Beta::new(a, b).map_or(0.0, |beta| beta.sample(&mut random));
    let last_day = settings.n_days + settings.future_days;
    let most = (last_day - person.born) / DAYS_PER_RENEWAL;
    let n_renewals = (1..=most).find(|_| random.random::<f64>() < churn);
    Some(Subscription { customer: person.number, start: person.born, n_renewals, churn })
}
