//! One customer's life with the shop, day by day: orders, tickets, the end.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};

use super::people::Person;
use super::products::{Catalogue, Line};
use super::settings::ShopSettings;

/// One order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    /// Day, counted from the shop's first day.
    pub(super) day: i32,
    pub(super) lines: Vec<Line>,
    /// The campaign whose discount it used.
    pub(super) campaign: Option<usize>,
    pub(super) delivery_days: i32,
    pub(super) is_late: bool,
    pub(super) ticket: Option<Ticket>,
    /// An answer to "would you recommend us", 0 to 10.
    pub(super) survey_score: Option<i64>,
}

impl Order {
    /// What was paid, in hundredths.
    pub(super) fn amount(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity * line.unit_price).sum()
    }
}

/// A complaint about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) day: i32,
    /// Hours until the first reply.
    pub(super) first_reply_hours: i64,
    /// Day on which it was resolved; none where it never was.
    pub(super) resolved: Option<i32>,
}

/// Everything that happened to one customer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Life {
    /// All orders, the future ones included.
    pub(super) orders: Vec<Order>,
    /// The day on which they left; none while they are customers at the end of the future.
    pub(super) left: Option<i32>,
    /// For each campaign, the purchases that its message is expected to have added: the effect that an
    /// experiment should find.
    pub(super) expected_uplift: Vec<f64>,
}

/// Lives through the data and the future.
pub(super) fn live(
    person: &Person,
    settings: &ShopSettings,
    catalogue: &Catalogue,
    day_factors: &[f64],
) -> Life {
    let mut random = person.chance(settings.seed);
    let mut life = Life {
        orders: vec![order(person, person.born, None, settings, catalogue, &mut random)],
        left: None,
        expected_uplift: vec![0.0; settings.campaigns.len()],
    };
    // A purchase or the end comes when the summed rate reaches a standard exponential draw.
    let mut until_purchase: f64 = Exp1.sample(&mut random);
    let mut until_end: f64 = Exp1.sample(&mut random);
    for day in person.born + 1..settings.n_days + settings.future_days {
        let last = life.orders.last().expect("the first order opens a life");
        let silence = day - last.day;
        let mut rate = person.rate * day_factors[day as usize];
        let mut campaign_now = None;
        for (number, campaign) in settings.campaigns.iter().enumerate() {
            let runs = (campaign.start..campaign.start + campaign.n_days).contains(&day);
            if runs && person.born < campaign.start {
                let factor = if silence < campaign.silence_days {
                    campaign.active_factor
                } else {
                    campaign.silent_factor
                };
                life.expected_uplift[number] += rate * (factor - 1.0);
                if person.is_treated[number] {
                    rate *= factor;
                    campaign_now = Some(number);
                }
            }
        }
        until_purchase -= rate;
        while until_purchase < 0.0 {
            life.orders.push(order(person, day, campaign_now, settings, catalogue, &mut random));
            let next: f64 = Exp1.sample(&mut random);
            until_purchase += next;
        }
        until_end -= person.dropout * dropout_factor(&life.orders, day, settings);
        if until_end < 0.0 {
            life.left = Some(day);
            break;
        }
    }
    life
}

/// What the last ticket does to the rate of leaving.
fn dropout_factor(orders: &[Order], day: i32, settings: &ShopSettings) -> f64 {
    let service = &settings.service;
    orders
        .iter()
        .rev()
        .find_map(|order| order.ticket.filter(|ticket| ticket.day <= day))
        .filter(|ticket| day - ticket.day < service.effect_days)
        .map_or(1.0, |ticket| match ticket.resolved {
            Some(resolved) if resolved <= day => service.resolved_dropout_factor,
            _ => service.unresolved_dropout_factor,
        })
}

fn order(
    person: &Person,
    day: i32,
    campaign: Option<usize>,
    settings: &ShopSettings,
    catalogue: &Catalogue,
    random: &mut StdRng,
) -> Order {
    let service = &settings.service;
    let discount = campaign.map_or(0.0, |number| settings.campaigns[number].discount);
    let lines = catalogue.basket(person, &settings.products, discount, random);
    let is_late = random.random::<f64>() < service.late_share;
    let delivery_days =
        if is_late { random.random_range(8..20) } else { random.random_range(2..7) };
    let ticket_share = if is_late { service.late_ticket_share } else { service.ticket_share };
    let has_ticket = random.random::<f64>() < ticket_share;
    let is_resolved = random.random::<f64>() < service.resolved_share;
    let reply: f64 = Exp1.sample(random);
    let ticket = has_ticket.then(|| {
        let opened = day + delivery_days;
        Ticket {
            day: opened,
            first_reply_hours: (1.0 + 20.0 * reply).round() as i64,
            resolved: is_resolved.then(|| opened + 1 + (2.0 * reply).round() as i32),
        }
    });
    let answers = random.random::<f64>() < service.survey_share;
    let mood = random.random_range(-1..=1);
    let survey_score = answers.then(|| {
        let base = match (&ticket, is_late) {
            (Some(Ticket { resolved: None, .. }), _) => 3,
            (Some(_), _) => 8,
            (None, true) => 6,
            (None, false) => 9,
        };
        (base + mood).clamp(0, 10)
    });
    Order { day, lines, campaign, delivery_days, is_late, ticket, survey_score }
}
