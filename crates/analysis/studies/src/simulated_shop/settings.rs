//! Everything that is true of a simulated shop: what an analysis of its tables should find again.

use serde::Serialize;

/// A shop's truth. Rates are per day, money is in one currency, shares lie in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShopSettings {
    /// The first day, days since 1970-01-01.
    pub first_day: i32,
    /// Days of data from the first day on.
    pub n_days: i32,
    /// Days after the data whose orders are written as truth only.
    pub future_days: i32,
    /// Customers gained over the days of data, about.
    pub n_customers: usize,
    /// Decides everything that chance decides.
    pub seed: u64,
    /// How people come, buy and leave.
    pub people: PeopleSettings,
    /// What the calendar does to everybody's purchases.
    pub season: SeasonSettings,
    /// Ways by which customers come.
    pub channels: Vec<Channel>,
    /// The campaigns, each a randomised experiment.
    pub campaigns: Vec<CampaignSettings>,
    /// What is on sale.
    pub products: ProductSettings,
    /// Delivery, tickets and surveys.
    pub service: ServiceSettings,
    /// The plan that some customers subscribe to.
    pub subscription: SubscriptionSettings,
}

/// Heterogeneity of purchase rate, dropout rate and spend over customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeopleSettings {
    /// Shape of the gamma law of purchase rates.
    pub rate_shape: f64,
    /// Mean purchases per day of a customer who is one.
    pub mean_rate: f64,
    /// Shape of the gamma law of dropout rates.
    pub dropout_shape: f64,
    /// Mean dropouts per day.
    pub mean_dropout: f64,
    /// Standard deviation of the logarithm of a customer's taste for dear products.
    pub sd_ln_spend: f64,
    /// Growth of new customers per year, as a factor.
    pub yearly_growth: f64,
}

/// The calendar's multipliers of every purchase rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeasonSettings {
    /// One for each month, January first; their mean is 1.
    pub month_factors: [f64; 12],
    /// One for each weekday, Monday first; their mean is 1.
    pub weekday_factors: [f64; 7],
}

/// A way by which customers come, and what kind of customers come by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Channel {
    /// Its name.
    pub name: &'static str,
    /// Share of new customers.
    pub share: f64,
    /// Paid for each customer gained, money; 0 where nothing is.
    pub acquisition_cost: f64,
    /// Factor of the purchase rate.
    pub rate_factor: f64,
    /// Factor of the dropout rate.
    pub dropout_factor: f64,
    /// Factor of spend.
    pub spend_factor: f64,
}

/// A message sent to a random part of the customers, and what it truly does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignSettings {
    /// Its id.
    pub id: String,
    /// Days after the shop's first day on which it is sent.
    pub start: i32,
    /// Days for which it works.
    pub n_days: i32,
    /// Share of customers who get it; the others are its control group.
    pub treated_share: f64,
    /// Discount offered with it, as a share of the price.
    pub discount: f64,
    /// Factor of the purchase rate of customers silent for less than `silence_days`.
    pub active_factor: f64,
    /// Factor for those silent for longer.
    pub silent_factor: f64,
    /// What counts as silent.
    pub silence_days: i32,
    /// Cost of one message, money.
    pub message_cost: f64,
}

/// The catalogue of products.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductSettings {
    /// How many there are.
    pub n_products: usize,
    /// Names of the categories; products are spread over them in turn.
    pub categories: Vec<&'static str>,
    /// Median price, money.
    pub median_price: f64,
    /// Standard deviation of the logarithm of prices.
    pub sd_ln_price: f64,
    /// Unit cost as a share of the price.
    pub cost_share: f64,
    /// Mean of the lines of an order beyond the first.
    pub mean_extra_lines: f64,
    /// Chance that a bought product pulls its companion into the same basket.
    pub companion_share: f64,
    /// Chance that a line comes back.
    pub return_share: f64,
}

/// Delivery, tickets and surveys, and what they do to customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceSettings {
    /// Share of orders delivered late.
    pub late_share: f64,
    /// Share of on-time orders that lead to a ticket.
    pub ticket_share: f64,
    /// Share of late orders that lead to a ticket.
    pub late_ticket_share: f64,
    /// Share of tickets that are resolved.
    pub resolved_share: f64,
    /// Factor of the dropout rate for `effect_days` after a ticket that was not resolved.
    pub unresolved_dropout_factor: f64,
    /// The same after one that was.
    pub resolved_dropout_factor: f64,
    /// How long a ticket is felt, days.
    pub effect_days: i32,
    /// Share of orders followed by an answered survey.
    pub survey_share: f64,
}

/// A monthly plan beside the shop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubscriptionSettings {
    /// Share of new customers who subscribe.
    pub share: f64,
    /// Monthly price, money.
    pub monthly_price: f64,
    /// Shapes of the beta law of the chance to end at a renewal.
    pub churn_shapes: [f64; 2],
}

impl ShopSettings {
    /// An ordinary shop: a strong December, three channels of which the dearest brings the most loyal customers, two
    /// campaigns of which one wakes silent customers and one wastes its discount on active ones.
    #[must_use]
    pub fn ordinary(first_day: i32, n_days: i32, n_customers: usize, seed: u64) -> Self {
        let campaign =
            |id: &str, at: f64, active_factor, silent_factor, discount| CampaignSettings {
                id: id.to_owned(),
                start: (f64::from(n_days) * at) as i32,
                n_days: 28,
                treated_share: 0.5,
                discount,
                active_factor,
                silent_factor,
                silence_days: 90,
                message_cost: 0.05,
            };
        Self {
            first_day,
            n_days,
            future_days: 365,
            n_customers,
            seed,
            people: PeopleSettings {
                rate_shape: 0.8,
                mean_rate: 1.0 / 60.0,
                dropout_shape: 0.8,
                mean_dropout: 1.0 / 250.0,
                sd_ln_spend: 0.4,
                yearly_growth: 1.1,
            },
            season: SeasonSettings {
                month_factors: normalised([
                    0.80, 0.80, 0.90, 0.95, 1.00, 0.90, 0.85, 0.85, 0.95, 1.05, 1.35, 1.60,
                ]),
                weekday_factors: normalised([1.00, 0.95, 0.95, 1.00, 1.10, 1.05, 0.95]),
            },
            channels: vec![
                Channel {
                    name: "organic",
                    share: 0.5,
                    acquisition_cost: 0.0,
                    rate_factor: 1.0,
                    dropout_factor: 1.0,
                    spend_factor: 1.0,
                },
                Channel {
                    name: "paid-search",
                    share: 0.3,
                    acquisition_cost: 14.0,
                    rate_factor: 0.9,
                    dropout_factor: 1.5,
                    spend_factor: 0.95,
                },
                Channel {
                    name: "referral",
                    share: 0.2,
                    acquisition_cost: 20.0,
                    rate_factor: 1.3,
                    dropout_factor: 0.6,
                    spend_factor: 1.1,
                },
            ],
            campaigns: vec![
                campaign("win-back", 0.55, 1.0, 2.5, 0.15),
                campaign("newsletter", 0.75, 1.05, 1.0, 0.10),
            ],
            products: ProductSettings {
                n_products: 120,
                categories: vec!["kitchen", "garden", "paper", "light", "toys", "textile"],
                median_price: 18.0,
                sd_ln_price: 0.7,
                cost_share: 0.55,
                mean_extra_lines: 0.8,
                companion_share: 0.25,
                return_share: 0.05,
            },
            service: ServiceSettings {
                late_share: 0.08,
                ticket_share: 0.03,
                late_ticket_share: 0.35,
                resolved_share: 0.75,
                unresolved_dropout_factor: 6.0,
                resolved_dropout_factor: 0.7,
                effect_days: 60,
                survey_share: 0.12,
            },
            subscription: SubscriptionSettings {
                share: 0.15,
                monthly_price: 9.0,
                churn_shapes: [0.9, 5.0],
            },
        }
    }
}

/// The same factors with a mean of 1.
fn normalised<const N: usize>(factors: [f64; N]) -> [f64; N] {
    let mean = factors.iter().sum::<f64>() / N as f64;
    factors.map(|factor| factor / mean)
}
