//! Events of Google Analytics 4 as BigQuery writes them: numbers as text, lists in cells.

use serde_json::{Value, json};

use crate::read::{TextFile, Wish};

fn event(name: &str, at: u64, more: &Value) -> Value {
    let mut event = json!({
        "event_date": "20240309", "event_timestamp": at.to_string(), "event_name": name,
        "user_pseudo_id": "9b1f.1709989080", "user_id": null, "event_bundle_sequence_id": "7",
        "event_params": [{"key": "ga_session_id", "value": {"int_value": "1709989080"}},
                         {"key": "page_location", "value": {"string_value": "https://shop.example/products/mug?x=1"}},
                         {"key": "currency", "value": {"string_value": "eur"}}],
        "ecommerce": null, "items": [], "geo": {"country": "Germany"}, "device": {"category": "mobile"}
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

#[test]
fn a_transaction_is_an_order_once_however_often_it_is_reported() {
    let at = 1_710_025_200_000_000; // 2024-03-09 23:00 UTC
    let mugs = json!([{"item_id": "MUG", "item_name": "Mug", "price": 12.5, "quantity": "2", "item_revenue": 25.0}]);
    let bought = json!({"user_id": "5871", "items": mugs,
        "ecommerce": {"transaction_id": "1001", "purchase_revenue": 29.9, "shipping_value": 4.9, "tax_value": 4.77}});
    let imported = TextFile::json(&[
        event("page_view", at, &json!({})),
        event("view_item", at + 1, &json!({"items": mugs})),
        event("purchase", at + 2, &bought),
        event("purchase", at + 3, &bought),
        event("purchase", at + 3, &bought),
        event("purchase", at + 4, &json!({"user_pseudo_id": null, "ecommerce": {"transaction_id": "1002", "purchase_revenue": 5}})),
        event("purchase", at + 5, &json!({"ecommerce": {"transaction_id": "(not set)", "purchase_revenue": 6}})),
        event("refund", at + 6, &json!({"ecommerce": {"transaction_id": "1001", "refund_value": 12.5}})),
        event("refund", at + 7, &json!({"ecommerce": {"transaction_id": "1002"}})),
        event("refund", at + 8, &json!({"ecommerce": {"transaction_id": "900"}})),
        event("scroll", at + 9, &json!({"user_pseudo_id": null})),
        event("scroll", at + 10, &json!({"event_timestamp": "soon"})),
        event("scroll", 1_710_025_200, &json!({})),
    ])
    .import(&Wish::default())
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("ga4", 1.0));
    assert_eq!(
        imported.list(
            "orders",
            "order_id ordered_on ordered_at customer_id total shipping currency country"
        ),
        [
            "1001|2024-03-09|2024-03-09T23:00:00.000002Z|5871|29.900000|4.900000|EUR|Germany",
            "1002|2024-03-09|2024-03-09T23:00:00.000004Z||5.000000||EUR|Germany"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_id quantity unit_price amount"),
        ["1001|1|MUG|2.0|12.500000|25.000000"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on amount"),
        ["1001|2024-03-09|12.500000", "1002|2024-03-09|5.000000"]
    );
    assert_eq!(imported.sums("EUR"), (2, 34_900_000, 17_500_000));
    let events = imported
        .list("events", "kind anonymous_id customer_id session_id page product_id order_id");
    assert_eq!(
        events[..3],
        [
            "view|9b1f.1709989080||1709989080|/products/mug?x=1||",
            "view|9b1f.1709989080||1709989080|/products/mug?x=1|MUG|",
            "purchase|9b1f.1709989080|5871|1709989080|/products/mug?x=1|MUG|1001"
        ]
    );
    assert_eq!(events.len(), 7);
    assert_eq!(
        imported.list("identities", "key_kind key other_kind other_key"),
        ["anonymous_id|9b1f.1709989080|customer_id|5871"]
    );
    assert_eq!(
        imported.put_aside(),
        [
            ("no_customer", 1),
            ("unreadable_date", 2),
            ("unreadable_amount", 1),
            ("duplicate_order", 1)
        ]
    );
}
