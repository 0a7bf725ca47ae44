//! Shopify's orders as the admin interface gives them: refunds are nested and dated.

use clv_importers::FormatWishes;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::read::{TextFile, Wish, shared};

fn order(more: &Value) -> Value {
    let mut order = json!({
        "id": 450, "name": "#1001", "order_number": 1001, "financial_status": "partially_refunded",
        "created_at": "2024-03-09T23:30:00-05:00", "cancelled_at": null, "currency": "USD", "email": "",
        "contact_email": "Ada@Example.com", "total_price": "59.80", "subtotal_price": "50.25",
        "total_discounts": "5.00", "total_tax": "9.55", "test": false, "tags": "gift",
        "total_shipping_price_set": {"shop_money": {"amount": "4.90", "currency_code": "USD"}},
        "customer": {"id": 5871, "email": "ada@example.com"},
        "shipping_address": {"country_code": "US"},
        "discount_codes": [{"code": "SPRING", "amount": "5.00"}],
        "line_items": [
            {"sku": "MUG", "name": "Mug, blue", "quantity": 2, "price": "12.50", "vendor": "Northwind",
             "discount_allocations": [{"amount": "1.50"}, {"amount": "1.00"}]},
            {"sku": "", "title": "Pot", "quantity": 1, "price": 27.75, "total_discount": "0.00"}
        ],
        "refunds": []
    });
    for (key, value) in more.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

#[test]
fn lines_and_dated_refunds_come_out_of_their_order() {
    let refunds = json!([
        {"id": 9, "created_at": "2024-03-20T02:00:00-05:00", "note": "damaged",
         "refund_line_items": [{"quantity": 1, "subtotal": 11.25, "total_tax": 1.25, "line_item": {"sku": "MUG"}}],
         "transactions": [{"kind": "refund", "status": "success", "amount": "12.50"},
                          {"kind": "refund", "status": "failure", "amount": "12.50"}]},
        {"id": 10, "created_at": "2024-03-21T02:00:00-05:00", "transactions": [],
         "refund_line_items": [{"quantity": 1, "subtotal": "7.00", "total_tax": "0.50", "line_item": {"sku": "POT"}}],
         "order_adjustments": [{"amount": "-4.90", "tax_amount": "0.00"}]},
        {"id": 11, "created_at": "2024-03-22T02:00:00-05:00", "transactions": [], "refund_line_items": []}
    ]);
    let file = TextFile::json(&[order(&json!({"refunds": refunds}))]);
    let imported = file.import(&Wish::default()).unwrap();
    assert_eq!(imported.importer, "shopify-json");
    assert_eq!(
        imported.list(
            "orders",
            "order_id number customer_id email ordered_on ordered_at total shipping coupon country"
        ),
        [
            "450|#1001|5871|ada@example.com|2024-03-09|2024-03-10T04:30:00Z|59.800000|4.900000|SPRING|US"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "line product_id quantity amount discount"),
        ["1|MUG|2.0|22.500000|2.500000", "2|Pot|1.0|27.750000|0.000000"]
    );
    assert_eq!(
        imported
            .list("refunds", "refund_id refunded_on is_dated amount product_id quantity reason"),
        ["9|2024-03-20|true|12.500000|MUG|1.0|damaged", "10|2024-03-21|true|12.400000|POT|1.0|"]
    );
    assert_eq!(imported.sums("USD"), (1, 59_800_000, 24_900_000));
}

#[test]
fn tests_and_cancelled_orders_count_nowhere_and_the_shop_s_zone_dates_the_rest() {
    let refunds = json!([{"id": 1, "created_at": "2024-03-20T02:00:00Z",
        "transactions": [{"kind": "refund", "status": "success", "amount": "1.00"}]}]);
    let file = TextFile::json(&[
        order(&json!({"id": 1, "test": true})),
        order(&json!({"id": 2, "cancelled_at": "2024-03-10T00:00:00-05:00", "refunds": refunds})),
        order(&json!({"id": 3, "customer": null, "contact_email": null, "line_items": []})),
        order(&json!({"id": 4, "total_price": "much"})),
    ]);
    let wishes =
        FormatWishes { shop_zone: TimeZone::get("Europe/Berlin").ok(), ..FormatWishes::default() };
    let imported = file.import(&Wish { formats: &wishes, ..Wish::default() }).unwrap();
    assert_eq!(imported.totals.cancelled_orders, 2);
    assert_eq!(imported.totals.orders_without_customer, 1);
    assert_eq!(
        imported.list("orders", "order_id ordered_on is_cancelled"),
        ["1|2024-03-10|true", "2|2024-03-10|true", "3|2024-03-10|false"]
    );
    assert_eq!(imported.sums("USD"), (1, 59_800_000, 0));
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
}

#[test]
fn the_real_order_is_read() {
    let Some(text) = shared("exports/shopify_admin_api_json/orders.json") else { return };
    let document: Value = serde_json::from_str(&text).unwrap();
    let orders = document["orders"].as_array().unwrap();
    let imported = TextFile::json(orders).import(&Wish::default()).unwrap();
    assert_eq!(
        imported.list("orders", "order_id customer_id email phone total items ordered_on"),
        [
            "450789469|207119551|bob.norman@hostmail.com|+557734881234|598.940000|597.000000|2008-01-10"
        ]
    );
}
