//! BigCommerce's orders export: one row for each order, its products in one cell.

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::identity_keys::{customer_id, email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::number_format::{Decimal, NumberFormat};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "bigcommerce",
    title: "BigCommerce orders export",
    signature: &[
        "Order ID",
        "Customer Email",
        "Order Date",
        "Order Status",
        "Order Total (inc tax)",
        "Order Total (ex tax)",
        "Tax Total",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "the export does not date refunds: they count on the day of their order",
    reader: || Box::new(Reader),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["Order ID"];
    ORDER_DATE "ordered_on" Moment needed ["Order Date"];
    STATUS "status" Text needed ["Order Status"];
    CUSTOMER_ID "customer_id" Text optional ["Customer ID"];
    EMAIL "email" Text needed ["Customer Email"];
    BILLING_EMAIL "billing_email" Text optional ["Billing Email"];
    PHONE "phone" Text optional ["Customer Phone"];
    CURRENCY "currency" Text optional ["Order Currency Code"];
    TOTAL "total" Number needed ["Order Total (inc tax)"];
    SUBTOTAL "items" Number optional ["Subtotal (inc tax)"];
    SHIPPING "shipping" Number optional ["Shipping Cost (inc tax)"];
    TAX "tax" Number optional ["Tax Total"];
    REFUNDED "refunded_amount" Number optional ["Refund Amount"];
    COUNTRY "country" Text optional ["Shipping Country", "Billing Country"];
    COUPON "coupon" Text optional ["Coupon Details"];
    PRODUCTS "products" Text optional ["Product Details"];
}

/// States in which nothing was sold.
const CANCELLED: [&str; 4] = ["cancelled", "declined", "incomplete", "pending"];

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        let total = cells.needed_money(TOTAL)?;
        let moment = cells.needed_moment(ORDER_DATE)?;
        let refunded = cells.money(REFUNDED)?.filter(|refunded| refunded.0 != 0);
        let status = cells.text(STATUS).map(str::to_lowercase);
        let is_cancelled = status.as_deref().is_some_and(|status| CANCELLED.contains(&status));
        let currency = cells.currency(CURRENCY);
        // Guests have the id 0.
        let account = cells.text(CUSTOMER_ID).and_then(customer_id).filter(|id| *id != "0");
        let address = cells.text(EMAIL).or(cells.text(BILLING_EMAIL)).and_then(email);
        out.order(
            Order {
                order_id: order_id.into(),
                ordered_on: moment.day,
                ordered_at: moment.at,
                customer_id: account.map(Into::into),
                email: address.clone(),
                phone: cells.text(PHONE).and_then(phone),
                currency: currency.clone(),
                total,
                items: cells.money(SUBTOTAL)?,
                shipping: cells.money(SHIPPING)?,
                tax: cells.money(TAX)?,
                status: status.map(Into::into),
                is_cancelled,
                country: cells.text(COUNTRY).map(Into::into),
                coupon: cells.text(COUPON).map(Into::into),
                ..Order::default()
            },
            &cells.origin,
        );
        if let Some(refunded) = refunded.filter(|_| !is_cancelled) {
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: "1".into(),
                    refunded_on: moment.day,
                    is_dated: false,
                    amount: Money(refunded.0.abs()),
                    currency: currency.clone(),
                    customer_id: account.map(Into::into),
                    email: address,
                    phone: cells.text(PHONE).and_then(phone),
                    ..Refund::default()
                },
                &cells.origin,
            );
        }
        let products = cells.raw(PRODUCTS).split('|').filter_map(product);
        for (nth, (sku, name, quantity, price, amount)) in products.enumerate() {
            out.rows.order_lines.push(
                OrderLine {
                    order_id: order_id.into(),
                    line: nth as i64 + 1,
                    ordered_on: moment.day,
                    product_id: sku.or(name).map(Into::into),
                    product_name: name.map(Into::into),
                    quantity,
                    unit_price: price,
                    amount,
                    currency: currency.clone(),
                    ..OrderLine::default()
                },
                &cells.origin,
            );
        }
        Ok(())
    }
}

type Product<'a> = (Option<&'a str>, Option<&'a str>, f64, Option<Money>, Option<Money>);

/// One product of the cell: `Product ID: 1, Product Qty: 2, Product SKU: MUG, Product Name: Mug, blue, ...`. A value ends where
/// the next of the keys begins, since names may hold commas.
fn product(text: &str) -> Option<Product<'_>> {
    const KEYS: [&str; 8] =
        ["ID", "Qty", "SKU", "Name", "Weight", "Variation Details", "Unit Price", "Total Price"];
    let place = |key: &str| text.find(&format!("Product {key}:"));
    let value = |key: &str| {
        let start = place(key)? + "Product :".len() + key.len();
        let ends = KEYS.iter().filter_map(|key| place(key)).filter(|place| *place > start);
        let end = ends.min().unwrap_or(text.len());
        let value = text[start..end].trim().trim_end_matches(',').trim();
        (!value.is_empty()).then_some(value)
    };
    let money = |key: &str| {
        let amount = NumberFormat { decimal: Decimal::Point }.parse(value(key)?).ok()?;
        Some(Money(amount.micros))
    };
    let quantity = value("Qty")?.parse().ok().filter(|quantity: &f64| *quantity > 0.0)?;
    Some((value("SKU"), value("Name"), quantity, money("Unit Price"), money("Total Price")))
}
