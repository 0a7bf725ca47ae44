//! The shop's tables as an export would hold them, and the truth beside them.

use clv_answers::{Table, Values};
use rand::RngExt;

use super::life::{Life, Order};
use super::people::Person;
use super::products::Catalogue;
use super::settings::ShopSettings;
use super::subscriptions::{Subscription, subscription};

/// Everything that happened, ready to be cut into tables.
pub(super) struct Events<'a> {
    pub(super) settings: &'a ShopSettings,
    pub(super) people: &'a [Person],
    pub(super) catalogue: &'a Catalogue,
    pub(super) lives: &'a [Life],
}

/// One order with its id and its customer.
struct Numbered<'a> {
    id: String,
    customer: usize,
    order: &'a Order,
}

fn customer_id(number: usize) -> String {
    format!("C{:07}", number + 1)
}

fn product_id(number: usize) -> String {
    format!("P{:04}", number + 1)
}

fn money(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

/// A column of text made row by row.
fn text<T>(rows: &[T], of: impl Fn(&T) -> String) -> Values {
    Values::Text(rows.iter().map(of).collect())
}

fn real<T>(rows: &[T], of: impl Fn(&T) -> f64) -> Values {
    Values::Real(rows.iter().map(of).collect())
}

fn integer<T>(rows: &[T], of: impl Fn(&T) -> i64) -> Values {
    Values::Integer(rows.iter().map(of).collect())
}

impl<'a> Events<'a> {
    /// The tables that an analysis may see, each with its name.
    pub(super) fn seen(&self) -> Vec<(String, Table)> {
        let last = self.settings.n_days;
        let orders = self.orders(|order| order.day < last);
        let named = |name: &str, table: Table| (name.to_owned(), table);
        vec![
            named("orders", self.order_table(&orders)),
            named("order_lines", self.line_table(&orders)),
            named("refunds", self.refund_table(&orders)),
            named("products", self.product_table()),
            named("customers", self.customer_table()),
            named("ad_spend", self.ad_spend_table()),
            named("campaigns", self.campaign_table()),
            named("messages", self.message_table()),
            named("shipments", self.shipment_table(&orders)),
            named("tickets", self.ticket_table(&orders)),
            named("surveys", self.survey_table(&orders)),
            named("subscriptions", self.subscription_table()),
            named("events", self.view_table(&orders)),
        ]
    }

    /// What only the simulation knows.
    pub(super) fn truth(&self) -> Vec<(String, Table)> {
        let last = self.settings.n_days;
        let future = self.orders(|order| order.day >= last);
        vec![
            ("future_orders".to_owned(), self.order_table(&future)),
            ("customers".to_owned(), self.truth_table()),
            ("subscriptions".to_owned(), self.subscription_truth_table()),
            ("products".to_owned(), self.product_truth_table()),
        ]
    }

    /// Orders that `keep` keeps, by day and then by customer.
    fn orders(&self, keep: impl Fn(&Order) -> bool) -> Vec<Numbered<'a>> {
        let mut orders: Vec<Numbered<'a>> = Vec::new();
        for (customer, life) in self.lives.iter().enumerate() {
            for (number, order) in life.orders.iter().enumerate().filter(|(_, one)| keep(one)) {
                let id = format!("{}-{}", customer_id(customer), number + 1);
                orders.push(Numbered { id, customer, order });
            }
        }
        orders.sort_by_key(|one| (one.order.day, one.customer));
        orders
    }

    fn date(&self, day: i32) -> i32 {
        self.settings.first_day + day
    }

    fn dates<T>(&self, rows: &[T], of: impl Fn(&T) -> i32) -> Values {
        Values::Date(rows.iter().map(|row| self.date(of(row))).collect())
    }

    fn optional_dates<T>(&self, rows: &[T], of: impl Fn(&T) -> Option<i32>) -> Values {
        Values::OptionalDate(rows.iter().map(|row| of(row).map(|day| self.date(day))).collect())
    }

    fn order_table(&self, orders: &[Numbered<'a>]) -> Table {
        let channel = |one: &Numbered<'a>| {
            let person = &self.people[one.customer];
            let is_first = one.order.day == person.born;
            if is_first { self.settings.channels[person.channel].name } else { "returning" }
        };
        let campaign = |one: &Numbered<'a>| {
            one.order.campaign.map_or_else(String::new, |n| self.settings.campaigns[n].id.clone())
        };
        Table::new()
            .with("order_id", "", text(orders, |one| one.id.clone()))
            .with("customer_id", "", text(orders, |one| customer_id(one.customer)))
            .with("ordered_at", "date", self.dates(orders, |one| one.order.day))
            .with("amount", "money", real(orders, |one| money(one.order.amount())))
            .with("currency", "", Values::Same("EUR".to_owned(), orders.len()))
            .with("channel", "", text(orders, |one| channel(one).to_owned()))
            .with("campaign_id", "", text(orders, campaign))
    }

    fn line_table(&self, orders: &[Numbered<'a>]) -> Table {
        let lines: Vec<_> = orders
            .iter()
            .flat_map(|one| one.order.lines.iter().map(move |line| (one, line)))
            .collect();
        let cost = |product: usize| self.catalogue.products[product].cost;
        Table::new()
            .with("order_id", "", text(&lines, |(one, _)| one.id.clone()))
            .with("product_id", "", text(&lines, |(_, line)| product_id(line.product)))
            .with("quantity", "count", integer(&lines, |(_, line)| line.quantity))
            .with("unit_price", "money", real(&lines, |(_, line)| money(line.unit_price)))
            .with("unit_cost", "money", real(&lines, |(_, line)| money(cost(line.product))))
    }

    fn refund_table(&self, orders: &[Numbered<'a>]) -> Table {
        let last = self.settings.n_days;
        let lines: Vec<_> = orders
            .iter()
            .flat_map(|one| one.order.lines.iter().map(move |line| (one, line)))
            .filter(|(one, line)| line.is_returned && refund_day(one.order) < last)
            .collect();
        Table::new()
            .with("order_id", "", text(&lines, |(one, _)| one.id.clone()))
            .with("customer_id", "", text(&lines, |(one, _)| customer_id(one.customer)))
            .with("product_id", "", text(&lines, |(_, line)| product_id(line.product)))
            .with("refunded_at", "date", self.dates(&lines, |(one, _)| refund_day(one.order)))
            .with(
                "amount",
                "money",
                real(&lines, |(_, line)| money(line.quantity * line.unit_price)),
            )
    }

    fn product_table(&self) -> Table {
        let products: Vec<_> = self.catalogue.products.iter().enumerate().collect();
        let category = |place: usize| self.settings.products.categories[place].to_owned();
        Table::new()
            .with("product_id", "", text(&products, |(number, _)| product_id(*number)))
            .with("category", "", text(&products, |(_, one)| category(one.category)))
            .with("price", "money", real(&products, |(_, one)| money(one.price)))
            .with("unit_cost", "money", real(&products, |(_, one)| money(one.cost)))
    }

    fn customer_table(&self) -> Table {
        let people = self.people;
        Table::new()
            .with("customer_id", "", text(people, |one| customer_id(one.number)))
            .with("email", "", text(people, |one| format!("c{}@example.org", one.number + 1)))
            .with("first_seen", "date", self.dates(people, |one| one.born))
            .with("channel", "", text(people, |one| self.channel_name(one)))
    }

    fn channel_name(&self, person: &Person) -> String {
        self.settings.channels[person.channel].name.to_owned()
    }

    fn ad_spend_table(&self) -> Table {
        let n_days = usize::try_from(self.settings.n_days).unwrap_or(0);
        let mut gained = vec![vec![0_i64; n_days]; self.settings.channels.len()];
        for person in self.people {
            gained[person.channel][usize::try_from(person.born).unwrap_or(0)] += 1;
        }
        let paid: Vec<(i32, usize)> = (0..self.settings.n_days)
            .flat_map(|day| (0..self.settings.channels.len()).map(move |channel| (day, channel)))
            .filter(|(_, channel)| self.settings.channels[*channel].acquisition_cost > 0.0)
            .collect();
        let spend = |(day, channel): &(i32, usize)| {
            let n = gained[*channel][usize::try_from(*day).unwrap_or(0)];
            n as f64 * self.settings.channels[*channel].acquisition_cost
        };
        let name = |channel: usize| self.settings.channels[channel].name.to_owned();
        Table::new()
            .with("day", "date", self.dates(&paid, |(day, _)| *day))
            .with("channel", "", text(&paid, |(_, channel)| name(*channel)))
            .with("spend", "money", real(&paid, spend))
    }

    fn campaign_table(&self) -> Table {
        let campaigns = &self.settings.campaigns;
        Table::new()
            .with("campaign_id", "", text(campaigns, |one| one.id.clone()))
            .with("first_day", "date", self.dates(campaigns, |one| one.start))
            .with("last_day", "date", self.dates(campaigns, |one| one.start + one.n_days - 1))
            .with("discount", "share", real(campaigns, |one| one.discount))
            .with("message_cost", "money", real(campaigns, |one| one.message_cost))
    }

    /// Everyone in an experiment, the control group too: without it nothing could be learnt.
    fn message_table(&self) -> Table {
        let rows: Vec<(usize, &Person)> = self.in_campaigns();
        let group = |(campaign, one): &(usize, &Person)| {
            if one.is_treated[*campaign] { "treated" } else { "control" }.to_owned()
        };
        let campaigns = &self.settings.campaigns;
        Table::new()
            .with("campaign_id", "", text(&rows, |(campaign, _)| campaigns[*campaign].id.clone()))
            .with("customer_id", "", text(&rows, |(_, one)| customer_id(one.number)))
            .with("sent_at", "date", self.dates(&rows, |(campaign, _)| campaigns[*campaign].start))
            .with("group", "", text(&rows, group))
    }

    fn in_campaigns(&self) -> Vec<(usize, &'a Person)> {
        let campaigns = self.settings.campaigns.iter().enumerate();
        campaigns
            .flat_map(|(number, campaign)| {
                let known = self.people.iter().filter(|one| one.born < campaign.start);
                known.map(move |one| (number, one))
            })
            .collect()
    }

    fn shipment_table(&self, orders: &[Numbered<'a>]) -> Table {
        let arrival = |one: &Numbered<'a>| one.order.day + one.order.delivery_days;
        Table::new()
            .with("order_id", "", text(orders, |one| one.id.clone()))
            .with("promised_at", "date", self.dates(orders, |one| one.order.day + 7))
            .with(
                "delivered_at",
                "date",
                self.optional_dates(orders, |one| {
                    Some(arrival(one)).filter(|day| *day < self.settings.n_days)
                }),
            )
    }

    fn ticket_table(&self, orders: &[Numbered<'a>]) -> Table {
        let last = self.settings.n_days;
        let tickets: Vec<_> = orders
            .iter()
            .filter_map(|one| one.order.ticket.map(|ticket| (one, ticket)))
            .filter(|(_, ticket)| ticket.day < last)
            .collect();
        Table::new()
            .with("ticket_id", "", text(&tickets, |(one, _)| format!("T-{}", one.id)))
            .with("customer_id", "", text(&tickets, |(one, _)| customer_id(one.customer)))
            .with("order_id", "", text(&tickets, |(one, _)| one.id.clone()))
            .with("opened_at", "date", self.dates(&tickets, |(_, ticket)| ticket.day))
            .with(
                "first_reply_hours",
                "hour",
                integer(&tickets, |(_, ticket)| ticket.first_reply_hours),
            )
            .with(
                "resolved_at",
                "date",
                self.optional_dates(&tickets, |(_, ticket)| {
                    ticket.resolved.filter(|day| *day < last)
                }),
            )
    }

    fn survey_table(&self, orders: &[Numbered<'a>]) -> Table {
        let day = |one: &Numbered<'a>| one.order.day + one.order.delivery_days + 2;
        let answered: Vec<_> = orders
            .iter()
            .filter(|one| day(one) < self.settings.n_days)
            .filter_map(|one| one.order.survey_score.map(|score| (one, score)))
            .collect();
        Table::new()
            .with("customer_id", "", text(&answered, |(one, _)| customer_id(one.customer)))
            .with("order_id", "", text(&answered, |(one, _)| one.id.clone()))
            .with("answered_at", "date", self.dates(&answered, |(one, _)| day(one)))
            .with("score", "0 to 10", integer(&answered, |(_, score)| *score))
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        self.people.iter().filter_map(|person| subscription(person, self.settings)).collect()
    }

    fn subscription_table(&self) -> Table {
        let rows = self.subscriptions();
        let price = self.settings.subscription.monthly_price;
        let end = |one: &Subscription| one.end().filter(|day| *day < self.settings.n_days);
        Table::new()
            .with("customer_id", "", text(&rows, |one| customer_id(one.customer)))
            .with("started_at", "date", self.dates(&rows, |one| one.start))
            .with("ended_at", "date", self.optional_dates(&rows, end))
            .with("monthly_price", "money", real(&rows, |_| price))
    }

    fn subscription_truth_table(&self) -> Table {
        let rows = self.subscriptions();
        Table::new()
            .with("customer_id", "", text(&rows, |one| customer_id(one.customer)))
            .with("churn_probability", "probability", real(&rows, |one| one.churn))
            .with("ended_at", "date", self.optional_dates(&rows, Subscription::end))
    }

    /// Views before each order: what was bought, and what was looked at beside it.
    fn view_table(&self, orders: &[Numbered<'a>]) -> Table {
        let n_products = self.catalogue.products.len();
        let mut views = Vec::new();
        for one in orders {
            let salt = self.settings.seed ^ 0x0e1e_4715 ^ one.order.day.unsigned_abs() as u64;
            let mut random = self.people[one.customer].chance(salt);
            let seen_before = random.random_range(0..4);
            let day = one.order.day - random.random_range(0..3);
            let day = day.max(self.people[one.customer].born);
            for _ in 0..seen_before {
                views.push((one.customer, day, random.random_range(0..n_products), "view"));
            }
            for line in &one.order.lines {
                views.push((one.customer, day, line.product, "view"));
                views.push((one.customer, one.order.day, line.product, "purchase"));
            }
        }
        Table::new()
            .with("customer_id", "", text(&views, |(customer, ..)| customer_id(*customer)))
            .with("occurred_at", "date", self.dates(&views, |(_, day, ..)| *day))
            .with("event", "", text(&views, |(.., event)| (*event).to_owned()))
            .with("product_id", "", text(&views, |(_, _, product, _)| product_id(*product)))
    }

    fn truth_table(&self) -> Table {
        let rows: Vec<(&Person, &Life)> = self.people.iter().zip(self.lives).collect();
        let last = self.settings.n_days;
        let future = |life: &Life| {
            let orders: Vec<&Order> = life.orders.iter().filter(|one| one.day >= last).collect();
            (orders.len(), orders.iter().map(|one| one.amount()).sum::<i64>())
        };
        let is_alive = |life: &Life| life.left.is_none_or(|day| day >= last);
        let table = Table::new()
            .with("customer_id", "", text(&rows, |(one, _)| customer_id(one.number)))
            .with("purchase_rate", "per day", real(&rows, |(one, _)| one.rate))
            .with("dropout_rate", "per day", real(&rows, |(one, _)| one.dropout))
            .with("spend_factor", "factor", real(&rows, |(one, _)| one.spend))
            .with("left_at", "date", self.optional_dates(&rows, |(_, life)| life.left))
            .with(
                "is_alive",
                "",
                Values::Truth(rows.iter().map(|(_, life)| is_alive(life)).collect()),
            )
            .with("future_orders", "count", integer(&rows, |(_, life)| future(life).0 as i64))
            .with("future_value", "money", real(&rows, |(_, life)| money(future(life).1)));
        let campaigns = self.settings.campaigns.iter().enumerate();
        campaigns.fold(table, |table, (number, campaign)| {
            let name = format!("expected_uplift.{}", campaign.id);
            table.with(&name, "purchases", real(&rows, |(_, life)| life.expected_uplift[number]))
        })
    }

    fn product_truth_table(&self) -> Table {
        let products: Vec<_> = self.catalogue.products.iter().enumerate().collect();
        Table::new()
            .with("product_id", "", text(&products, |(number, _)| product_id(*number)))
            .with("companion_id", "", text(&products, |(_, one)| product_id(one.companion)))
    }
}

/// A week after delivery.
fn refund_day(order: &Order) -> i32 {
    order.day + order.delivery_days + 7
}
