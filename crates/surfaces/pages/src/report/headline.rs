//! The few numbers at the top, each with what it means in plain words.

use clv_answers::headline::Headline;
use clv_figures::numbers::{count, decimal, money, money_compact, share};
use maud::{Markup, html};

use crate::page::Section;

/// One tile.
struct Tile {
    name: &'static str,
    glance: String,
    full: String,
    range: Option<String>,
    plain: String,
}

pub(super) fn section(headline: &Headline) -> Section {
    Section {
        id: "headline",
        name: "Headline",
        title: "The business in six numbers".to_owned(),
        lead: String::new(),
        body: html! { div.tiles { @for tile in tiles(headline) { (render(&tile)) } } },
    }
}

fn render(tile: &Tile) -> Markup {
    html! {
        div.tile {
            h3 { (tile.name) }
            p.big title=(tile.full) { (tile.glance) }
            p.range { @if let Some(range) = &tile.range { (range) } @else { (tile.full) } }
            p.plain { (tile.plain) }
        }
    }
}

fn tiles(headline: &Headline) -> Vec<Tile> {
    let currency = headline.currency.as_deref();
    let horizon = &headline.horizon;
    let equity = &headline.customer_equity;
    let money_tile = |name, value: f64, range, plain| Tile {
        name,
        glance: money_compact(value, currency),
        full: money(value, currency),
        range,
        plain,
    };
    vec![
        money_tile(
            "Customer equity",
            equity.value,
            Some(format!(
                "80\u{a0}% sure: {} to {}",
                money_compact(equity.low_80, currency),
                money_compact(equity.high_80, currency)
            )),
            format!(
                "What today\u{2019}s customers are expected to bring over the next {horizon}, discounted at {} a \
                 year. New customers are not in it. 90\u{a0}% interval: {} to {}.",
                share(headline.discount_rate),
                money_compact(equity.low_90, currency),
                money_compact(equity.high_90, currency)
            ),
        ),
        Tile {
            name: "Repeat rate",
            glance: share(headline.repeat_rate),
            full: format!("{}\u{a0}%", decimal(headline.repeat_rate * 100.0, 2)),
            range: Some(format!("of {} customers", count(headline.n_customers))),
            plain: "Customers who have bought more than once. Orders on one day count as one purchase.".into(),
        },
        money_tile(
            "Value at risk",
            headline.value_at_risk,
            Some(format!("with {} customers", count(headline.customers_at_risk))),
            format!("Expected future value of customers who may be slipping away. {}", headline.at_risk_rule),
        ),
        money_tile(
            "Average order",
            headline.average_order_value,
            Some(format!("over {} orders", count(headline.n_orders))),
            "Net value of an order: purchases less returns, divided by the number of purchases.".into(),
        ),
        money_tile(
            "Lifetime value",
            headline.mean_lifetime_value,
            Some(format!(
                "of which {} still to come",
                money_compact(headline.mean_residual_value, currency)
            )),
            "What the average customer is worth under this report\u{2019}s definition. A mean: a few customers are \
             worth far more, most are worth less."
                .into(),
        ),
        money_tile(
            "A new customer",
            headline.new_customer_value,
            Some(format!("first purchase and {horizon} after")),
            "What a customer gained today is expected to bring. Paying more than your margin on this to win one \
             loses money within the horizon."
                .into(),
        ),
    ]
}
