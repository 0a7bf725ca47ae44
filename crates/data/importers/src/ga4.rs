//! Events of Google Analytics 4, as its export to BigQuery keeps them, one JSON object to a line.
//!
//! The day of an event is the property's; its moment is in microseconds of UTC. What is known of an event stands in a list of
//! parameters. Shops send a purchase again when its page is opened again: a transaction is an order once.

use std::collections::{HashMap, HashSet};

use clv_tables::canonical::events::{self, Event};
use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::hash::hash_bytes;
use clv_tables::{Day, Instant, Money, Rule};
use serde_json::{Map, Value};

use crate::cells::Cells;
use crate::currency::code;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::json_cell::{at, elements, money, number, text};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "ga4",
    title: "Google Analytics 4, export to BigQuery",
    signature: &["event_date", "event_timestamp", "event_name", "user_pseudo_id"],
    not: &[],
    columns: COLUMNS,
    tables: &[&events::TABLE, &orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "orders are what browsers reported, without those that blocked it: leave them out where the shop's own orders are imported; only a user_id says whose they are; the tables of the last three days are still revised",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    DATE "happened_on" Moment needed ["event_date"];
    TIMESTAMP "happened_at" Text needed ["event_timestamp"];
    NAME "kind" Text needed ["event_name"];
    PSEUDO_ID "anonymous_id" Text needed ["user_pseudo_id"];
    USER_ID "customer_id" Text optional ["user_id"];
    PARAMS "parameters" Text optional ["event_params"];
    BUNDLE "bundle" Text optional ["event_bundle_sequence_id"];
    BATCH_INDEX "place_in_batch" Text optional ["batch_event_index"];
    TRANSACTION "order_id" Text optional ["ecommerce.transaction_id"];
    REVENUE "total" Number optional ["ecommerce.purchase_revenue"];
    REFUND "refund" Number optional ["ecommerce.refund_value"];
    SHIPPING "shipping" Number optional ["ecommerce.shipping_value"];
    TAX "tax" Number optional ["ecommerce.tax_value"];
    ITEMS "items" Text optional ["items"];
    COUNTRY "country" Text optional ["geo.country"];
    DEVICE "device" Text optional ["device.category"];
}

/// Microseconds of a day.
const MICROS_PER_DAY: i64 = 86_400_000_000;

#[derive(Debug, Default)]
struct Reader {
    seen: HashSet<u64>,
    /// What the transactions of the file came to and who made them, by the hash of their id.
    totals: HashMap<u64, (Money, Option<String>)>,
}

/// What an event says beside its columns.
#[derive(Debug)]
struct Parameters(Vec<Value>);

impl Parameters {
    fn text(&self, key: &str) -> Option<String> {
        let found = self.0.iter().find(|one| one.get("key").and_then(Value::as_str) == Some(key));
        let value = at(found?, "value")?;
        ["string_value", "int_value", "double_value", "float_value"]
            .into_iter()
            .find_map(|kind| text(value, kind))
            .filter(|text| text != "(not set)")
    }

    fn currency(&self) -> Option<String> {
        code(&self.text("currency")?).map(std::borrow::Cow::into_owned)
    }
}

/// One event, as far as its orders and refunds need it.
#[derive(Debug)]
struct Known<'a> {
    day: Day,
    at: Option<Instant>,
    order_id: &'a str,
    currency: Option<String>,
    parameters: &'a Parameters,
    items: &'a [Value],
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let day = cells.needed_moment(DATE)?.day;
        let name = cells.needed_text(NAME, Rule::NoOrder)?;
        let micros = cells.text(TIMESTAMP).and_then(|cell| cell.parse::<i64>().ok());
        // No zone is more than a day away from UTC: what is further off is in another unit.
        let micros = micros
            .filter(|micros| (micros.div_euclid(MICROS_PER_DAY) - i64::from(day.0)).abs() <= 1)
            .ok_or(Problem { rule: Rule::UnreadableDate, column: TIMESTAMP })?;
        let (anonymous_id, customer_id) = (cells.text(PSEUDO_ID), cells.text(USER_ID));
        let event_id = [
            anonymous_id.or(customer_id).unwrap_or_default(),
            cells.raw(TIMESTAMP),
            name,
            cells.text(BUNDLE).unwrap_or_default(),
            cells.text(BATCH_INDEX).unwrap_or_default(),
        ]
        .join("/");
        if self.seen.contains(&hash_bytes(event_id.as_bytes())) {
            return Err(Problem { rule: Rule::DuplicateOrder, column: TIMESTAMP });
        }
        let parameters = Parameters(elements(cells.raw(PARAMS)));
        let items = elements(cells.raw(ITEMS));
        let order_id = cells.text(TRANSACTION).map(str::to_owned);
        let order_id = order_id.or_else(|| parameters.text("transaction_id"));
        let (is_purchase, is_refund) = (name == "purchase", name == "refund");
        let amount = cells.money(if is_refund { REFUND } else { REVENUE })?;
        if let (Some(order_id), true) = (&order_id, is_purchase || is_refund) {
            let known = Known {
                day,
                at: Some(Instant(micros)),
                order_id,
                currency: parameters.currency(),
                parameters: &parameters,
                items: &items,
            };
            if is_purchase {
                self.order(cells, &known, amount, out)?;
            } else {
                self.refund(cells, &known, amount, out)?;
            }
        } else if anonymous_id.is_none() && customer_id.is_none() {
            return Err(Problem { rule: Rule::NoCustomer, column: PSEUDO_ID });
        }
        self.seen.insert(hash_bytes(event_id.as_bytes()));
        if anonymous_id.is_none() && customer_id.is_none() {
            // Nobody's event: its order is in the ledger.
            return Ok(());
        }
        if let (Some(anonymous), Some(customer)) = (anonymous_id, customer_id) {
            let keys = (("anonymous_id", anonymous), ("customer_id", customer));
            out.link(keys.0, keys.1, "same_row", &cells.origin);
        }
        let only_item = if let [item] = &items[..] { Some(item) } else { None };
        let mut rest = Map::new();
        if let Some(device) = cells.text(DEVICE) {
            rest.insert("device".into(), device.into());
        }
        out.rows.events.push(
            Event {
                event_id: event_id.into(),
                happened_on: day,
                happened_at: Some(Instant(micros)),
                kind: kind(name).into(),
                anonymous_id: anonymous_id.map(Into::into),
                customer_id: customer_id.map(Into::into),
                session_id: parameters.text("ga_session_id").map(Into::into),
                page: parameters.text("page_location").map(|page| path(&page).to_owned().into()),
                referrer: parameters.text("page_referrer").map(Into::into),
                product_id: only_item.and_then(|item| text(item, "item_id")).map(Into::into),
                quantity: only_item.and_then(|item| number(item, "quantity")),
                search_text: parameters.text("search_term").map(Into::into),
                form: parameters.text("form_id").map(Into::into),
                order_id: order_id.map(Into::into),
                amount,
                currency: parameters.currency().map(Into::into),
                attributes: (!rest.is_empty()).then(|| Value::Object(rest).to_string().into()),
                ..Event::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}

impl Reader {
    /// The order of a purchase, unless the transaction was reported before.
    fn order(
        &mut self,
        cells: &Cells<'_>,
        known: &Known<'_>,
        amount: Option<Money>,
        out: &mut Produced,
    ) -> Result<(), Problem> {
        let total = amount.filter(|total| total.0 >= 0);
        let total = total.ok_or(Problem { rule: Rule::UnreadableAmount, column: REVENUE })?;
        let positive = |column| Ok(cells.money(column)?.filter(|money| money.0 >= 0));
        let (shipping, tax) = (positive(SHIPPING)?, positive(TAX)?);
        if self.totals.contains_key(&hash_bytes(known.order_id.as_bytes())) {
            return Ok(());
        }
        let customer = cells.text(USER_ID).map(str::to_owned);
        self.totals.insert(hash_bytes(known.order_id.as_bytes()), (total, customer));
        out.order(
            Order {
                order_id: known.order_id.into(),
                ordered_on: known.day,
                ordered_at: known.at,
                customer_id: cells.text(USER_ID).map(Into::into),
                currency: known.currency.as_deref().map(Into::into),
                total,
                shipping,
                tax,
                country: cells.text(COUNTRY).map(Into::into),
                coupon: known.parameters.text("coupon").map(Into::into),
                ..Order::default()
            },
            &cells.origin,
        );
        for (at, item) in known.items.iter().enumerate() {
            out.rows.order_lines.push(
                OrderLine {
                    order_id: known.order_id.into(),
                    line: at as i64 + 1,
                    ordered_on: known.day,
                    product_id: text(item, "item_id")
                        .or_else(|| text(item, "item_name"))
                        .map(Into::into),
                    product_name: text(item, "item_name").map(Into::into),
                    quantity: number(item, "quantity").filter(|n| *n > 0.0).unwrap_or(1.0),
                    unit_price: money(item, "price"),
                    amount: money(item, "item_revenue"),
                    currency: known.currency.as_deref().map(Into::into),
                    vendor: text(item, "item_brand").map(Into::into),
                    ..OrderLine::default()
                },
                &cells.origin,
            );
        }
        Ok(())
    }

    /// A refund; one that tells no value gives back all of its transaction.
    fn refund(
        &self,
        cells: &Cells<'_>,
        known: &Known<'_>,
        amount: Option<Money>,
        out: &mut Produced,
    ) -> Result<(), Problem> {
        let order = self.totals.get(&hash_bytes(known.order_id.as_bytes()));
        let amount = amount.filter(|amount| amount.0 > 0).or(order.map(|(total, _)| *total));
        let amount = amount.ok_or(Problem { rule: Rule::UnreadableAmount, column: REFUND })?;
        out.refund(
            Refund {
                order_id: known.order_id.into(),
                refund_id: cells.raw(TIMESTAMP).into(),
                refunded_on: known.day,
                is_dated: true,
                refunded_at: known.at,
                amount,
                currency: known.currency.as_deref().map(Into::into),
                // A refund is often sent by the shop's own server, which names nobody.
                customer_id: cells
                    .text(USER_ID)
                    .or(order.and_then(|(_, customer)| customer.as_deref()))
                    .map(Into::into),
                ..Refund::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}

/// What was done, by the words of the table where it has one.
fn kind(name: &str) -> String {
    match name {
        "session_start" => "visit".into(),
        "page_view" | "screen_view" | "view_item" => "view".into(),
        "search" | "view_search_results" => "search".into(),
        "form_submit" | "generate_lead" => "form".into(),
        "add_to_cart" => "cart".into(),
        other => other.to_lowercase(),
    }
}

/// An address without its host.
fn path(page: &str) -> &str {
    let Some((_, rest)) = page.split_once("://") else { return page };
    rest.find('/').map_or("/", |at| &rest[at..])
}
