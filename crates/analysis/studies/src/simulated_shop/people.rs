//! Who comes to the shop: when, by which channel, and with which rates of their own.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Gamma, StandardNormal};

use super::settings::ShopSettings;

/// One customer of a simulated shop.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Person {
    /// Number from 0 on, in the order of their first purchase.
    pub(super) number: usize,
    /// The day of the first order, counted from the shop's first day.
    pub(super) born: i32,
    /// The channel's place among the settings.
    pub(super) channel: usize,
    /// Purchases per day while a customer, without season and campaigns.
    pub(super) rate: f64,
    /// Dropouts per day, without tickets.
    pub(super) dropout: f64,
    /// Factor of prices that they are drawn to.
    pub(super) spend: f64,
    /// The category that they like best.
    pub(super) favourite: usize,
    /// For each campaign, whether they are in the treated group.
    pub(super) is_treated: Vec<bool>,
}

impl Person {
    /// What chance does to this customer from the first order on: the same for the same shop and customer whatever
    /// the others do.
    pub(super) fn chance(&self, seed: u64) -> StdRng {
        StdRng::seed_from_u64(seed ^ (self.number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// All customers, by the day of their first order.
pub(super) fn people(settings: &ShopSettings, day_factors: &[f64]) -> Vec<Person> {
    let mut random = StdRng::seed_from_u64(settings.seed);
    let mut births = births(settings, day_factors, &mut random);
    births.sort_unstable();
    let person = |(number, born): (usize, i32)| {
        let channel = pick(settings.channels.iter().map(|one| one.share), &mut random);
        let of = &settings.channels[channel];
        let people = &settings.people;
        let normal: f64 = StandardNormal.sample(&mut random);
        Person {
            number,
            born,
            channel,
            rate: of.rate_factor * gamma(people.rate_shape, people.mean_rate, &mut random),
            dropout: of.dropout_factor
                * gamma(people.dropout_shape, people.mean_dropout, &mut random),
            spend: of.spend_factor * (people.sd_ln_spend * normal).exp(),
            favourite: random.random_range(0..settings.products.categories.len()),
            is_treated: settings
                .campaigns
                .iter()
                .map(|campaign| random.random::<f64>() < campaign.treated_share)
                .collect(),
        }
    };
    births.into_iter().enumerate().map(person).collect()
}

/// Days of first orders: more in season, and more each year.
fn births(settings: &ShopSettings, day_factors: &[f64], random: &mut StdRng) -> Vec<i32> {
    let mut cumulative = Vec::new();
    let mut total = 0.0;
    for day in 0..settings.n_days {
        let years = f64::from(day) / crate::time::DAYS_PER_YEAR;
        total += day_factors[day as usize] * settings.people.yearly_growth.powf(years);
        cumulative.push(total);
    }
    (0..settings.n_customers)
        .map(|_| {
            let at = random.random::<f64>() * total;
            let day = cumulative.partition_point(|upto| *upto <= at).min(cumulative.len() - 1);
            i32::try_from(day).expect("a shop has fewer than 2^31 days")
        })
        .collect()
}

/// A place by its share; the last one where rounding leaves nothing.
pub(super) fn pick(shares: impl Iterator<Item = f64>, random: &mut StdRng) -> usize {
    let mut left = random.random::<f64>();
    let mut last = 0;
    for (place, share) in shares.enumerate() {
        left -= share;
        last = place;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// A gamma draw by shape and mean; 0 where they are not legal.
fn gamma(shape: f64, mean: f64, random: &mut StdRng) -> f64 {
    Gamma::new(shape, mean / shape).map_or(0.0, |gamma| gamma.sample(random))
}
