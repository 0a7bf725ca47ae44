//! A whole shop with known truth: its tables as an export would hold them, and beside them what was really so.
//!
//! Customers come by channels of different worth, buy at rates of their own that the season and campaigns raise and
//! lower, pick products that go with each other, return some, wait for parcels, complain, answer surveys, subscribe,
//! and leave without a word. Every campaign has a control group. What an analysis says of the shop can be held
//! against the truth: rates, dates of leaving, orders still to come, the effect of each campaign on each customer.
//!
//! The same settings give the same shop on every platform, and a customer's life does not depend on how many others
//! there are after them.

mod life;
mod people;
mod products;
mod season;
mod settings;
mod subscriptions;
mod tables;

use clv_answers::Table;
use rayon::prelude::*;

use self::life::{Life, live};
use self::people::people;
use self::products::Catalogue;
use self::tables::Events;

pub use self::settings::{
    CampaignSettings, Channel, PeopleSettings, ProductSettings, SeasonSettings, ServiceSettings,
    ShopSettings, SubscriptionSettings,
};

/// The tables of a simulated shop, each with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedShop {
    /// What an analysis may see: `orders`, `order_lines`, `refunds`, `products`, `customers`, `ad_spend`,
    /// `campaigns`, `messages`, `shipments`, `tickets`, `surveys`, `subscriptions`, `events`.
    pub tables: Vec<(String, Table)>,
    /// What only the simulation knows: `future_orders`, `customers`, `subscriptions`, `products`.
    pub truth: Vec<(String, Table)>,
}

impl SimulatedShop {
    /// The table of that name among those an analysis may see.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|(of, _)| of == name).map(|(_, table)| table)
    }

    /// The table of that name among the truth.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<&Table> {
        self.truth.iter().find(|(of, _)| of == name).map(|(_, table)| table)
    }
}

/// Simulates a shop.
///
/// ```
/// use clv_studies::simulated_shop::{ShopSettings, simulate_shop};
/// let shop = simulate_shop(&ShopSettings::ordinary(14_610, 365, 50, 1));
/// assert_eq!(shop.table("customers").map(|table| table.n_rows()), Some(50));
/// ```
#[must_use]
pub fn simulate_shop(settings: &ShopSettings) -> SimulatedShop {
    let n_days = settings.n_days + settings.future_days;
    let day_factors = season::day_factors(&settings.season, settings.first_day, n_days);
    let people = people(settings, &day_factors);
    let catalogue = Catalogue::new(&settings.products, settings.seed);
    let lives: Vec<Life> =
        people.par_iter().map(|person| live(person, settings, &catalogue, &day_factors)).collect();
    let events = Events { settings, people: &people, catalogue: &catalogue, lives: &lives };
    SimulatedShop { tables: events.seen(), truth: events.truth() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use clv_answers::Values;

    use super::*;

    fn reals(table: &Table, name: &str) -> Vec<f64> {
        match &table.column(name).unwrap().values {
            Values::Real(values) => values.clone(),
            Values::Integer(values) => values.iter().map(|value| *value as f64).collect(),
            _ => panic!("{name} is no number"),
        }
    }

    fn texts(table: &Table, name: &str) -> Vec<String> {
        match &table.column(name).unwrap().values {
            Values::Text(values) => values.clone(),
            _ => panic!("{name} is no text"),
        }
    }

    #[test]
    fn the_same_settings_give_the_same_shop() {
        let settings = ShopSettings::ordinary(14_610, 200, 80, 3);
        assert_eq!(simulate_shop(&settings), simulate_shop(&settings));
        let other = ShopSettings { seed: 4, ..settings.clone() };
        assert_ne!(simulate_shop(&other), simulate_shop(&settings));
    }

    #[test]
    fn lines_add_up_to_their_orders() {
        let shop = simulate_shop(&ShopSettings::ordinary(14_610, 300, 200, 5));
        let (orders, lines) = (shop.table("orders").unwrap(), shop.table("order_lines").unwrap());
        let of_orders: f64 = reals(orders, "amount").iter().sum();
        let prices = reals(lines, "unit_price");
        let of_lines: f64 = prices.iter().zip(reals(lines, "quantity")).map(|(p, q)| p * q).sum();
        assert!((of_orders - of_lines).abs() < 1e-6 * of_orders, "{of_orders} {of_lines}");
    }

    #[test]
    fn an_experiment_finds_the_planted_effect() {
        let mut settings = ShopSettings::ordinary(14_610, 300, 6000, 6);
        settings.future_days = 0;
        settings.campaigns.truncate(1);
        settings.campaigns[0].active_factor = 2.0;
        settings.campaigns[0].silent_factor = 6.0;
        let shop = simulate_shop(&settings);
        let campaign = &settings.campaigns[0];
        let messages = shop.table("messages").unwrap();
        let (ids, groups) = (texts(messages, "customer_id"), texts(messages, "group"));
        let of_campaign = texts(messages, "campaign_id");
        let mut is_treated = std::collections::BTreeMap::new();
        for ((id, group), of) in ids.iter().zip(&groups).zip(&of_campaign) {
            if *of == campaign.id {
                is_treated.insert(id.clone(), group == "treated");
            }
        }
        let orders = shop.table("orders").unwrap();
        let Values::Date(days) = &orders.column("ordered_at").unwrap().values else {
            panic!("dates expected")
        };
        let window = campaign.start..campaign.start + campaign.n_days;
        let mut counts = [0.0; 2];
        for (id, day) in texts(orders, "customer_id").iter().zip(days) {
            if window.contains(&(day - settings.first_day))
                && let Some(treated) = is_treated.get(id)
            {
                counts[usize::from(*treated)] += 1.0;
            }
        }
        let sizes = [false, true]
            .map(|group| is_treated.values().filter(|treated| **treated == group).count() as f64);
        let found = counts[1] / sizes[1] - counts[0] / sizes[0];
        let truth = shop.truth("customers").unwrap();
        let name = format!("expected_uplift.{}", campaign.id);
        let uplift: f64 = texts(truth, "customer_id")
            .iter()
            .zip(reals(truth, &name))
            .filter(|(id, _)| is_treated.get(*id) == Some(&true))
            .map(|(_, uplift)| uplift)
            .sum::<f64>()
            / sizes[1];
        let control_rate = counts[0] / sizes[0];
        let error = (control_rate / sizes[0] + (control_rate + uplift) / sizes[1]).sqrt();
        assert!(uplift > 5.0 * error, "an effect worth finding: {uplift} {error}");
        // Beyond 4.5 standard errors, widened for rates that differ, in fewer than one shop of 1,000.
        assert!((found - uplift).abs() < 4.5 * error, "{found} is not {uplift}, error {error}");
    }

    #[test]
    fn december_brings_twice_the_orders_of_january() {
        let mut settings = ShopSettings::ordinary(14_610, 731, 5000, 7);
        settings.campaigns.clear();
        settings.people.mean_dropout = 1e-9;
        let factors = season::day_factors(&settings.season, settings.first_day, 731);
        let mean = factors[..365].iter().sum::<f64>() / 365.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!(factors[340..360].iter().sum::<f64>() > 1.8 * factors[..20].iter().sum::<f64>());
    }
}
