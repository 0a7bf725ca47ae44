//! Stripe: failed and uncaptured payments count nowhere, minor units become units, notice is not the end.

use serde_json::{Value, json};

use crate::read::{TextFile, Wish, import, shared};

#[test]
fn only_money_that_moved_counts() {
    for created in ["Created (UTC)", "Created date (UTC)"] {
        let imported = import(&format!(
            "id,Description,{created},Amount,Amount Refunded,Currency,Fee,Status,Customer ID,Customer Email,Captured,Invoice ID,shop (metadata)\n\
             ch_1,Order 1,2024-03-09 23:30:00,59.80,12.50,eur,2.03,Paid,cus_1,Ada@Example.com,true,in_1,x\n\
             ch_2,Order 2,2024-03-10 09:00:00,1500,1500,jpy,54,Refunded,cus_1,ada@example.com,true,,x\n\
             ch_3,Order 3,2024-03-10 09:00:00,7.00,0.00,eur,0.00,Failed,,bob@example.com,true,,x\n\
             ch_4,Order 4,2024-03-10 09:00:00,8.00,0.00,eur,0.00,Paid,,bob@example.com,false,,x\n\
             ch_5,Order 5,2024-03-10 09:00:00,9.00,0.00,eur,0.56,Paid,,,true,,x\n\
             ch_6,Order 6,,9.00,0.00,eur,0.56,Paid,,,true,,x\n"
        ))
        .unwrap();
        assert_eq!(imported.importer, "stripe-payments");
        assert_eq!(
            imported.list("orders", "order_id customer_id email ordered_at total currency source"),
            [
                "ch_1|cus_1|ada@example.com|2024-03-09T23:30:00Z|59.800000|EUR|stripe",
                "ch_2|cus_1|ada@example.com|2024-03-10T09:00:00Z|1500.000000|JPY|stripe",
                "ch_5|||2024-03-10T09:00:00Z|9.000000|EUR|stripe"
            ]
        );
        assert_eq!(
            imported.list("payments", "payment_id amount refunded fee is_failed invoice_id"),
            [
                "ch_1|59.800000|12.500000|2.030000|false|in_1",
                "ch_2|1500.000000|1500.000000|54.000000|false|",
                "ch_3|7.000000||0.000000|true|",
                "ch_4|8.000000||0.000000|true|",
                "ch_5|9.000000||0.560000|false|"
            ]
        );
        assert_eq!(
            imported.list("refunds", "order_id refunded_on is_dated amount"),
            ["ch_1|2024-03-09|false|12.500000", "ch_2|2024-03-10|false|1500.000000"]
        );
        assert_eq!(imported.sums("EUR"), (2, 68_800_000, 12_500_000));
        assert_eq!(imported.put_aside(), [("unreadable_date", 1)]);
    }
}

#[test]
fn the_real_headings_of_payments_are_recognised_and_date_refunds() {
    let Some(text) = shared("exports/headers_only/stripe_unified_payments_export.csv") else {
        return;
    };
    let headings: Vec<&str> = text.trim().split(',').collect();
    let row: Vec<&str> = headings
        .iter()
        .map(|heading| match *heading {
            "id" => "ch_1",
            "Created date (UTC)" => "2024-03-09 09:00:00",
            "Refunded date (UTC)" => "2024-03-20 10:00:00",
            "Amount" => "10.00",
            "Amount Refunded" => "4.00",
            "Currency" => "usd",
            "Captured" => "TRUE",
            "Status" => "Refunded",
            _ => "",
        })
        .collect();
    let imported = import(&format!("{}\n{}\n", text.trim(), row.join(","))).unwrap();
    assert_eq!((imported.importer, imported.confidence), ("stripe-payments", 1.0));
    assert_eq!(
        imported.list("refunds", "refunded_on is_dated amount"),
        ["2024-03-20|true|4.000000"]
    );
}

fn charge(id: &str, more: &Value) -> Value {
    let mut charge = json!({
        "id": id, "object": "charge", "amount": 5980, "amount_captured": 5980, "amount_refunded": 0,
        "captured": true, "paid": true, "status": "succeeded", "currency": "usd", "created": 1_710_000_000,
        "customer": "cus_1", "billing_details": {"email": "Ada@Example.com"}, "receipt_email": null,
        "refunds": {"object": "list", "data": []}
    });
    for (key, value) in more.as_object().unwrap() {
        charge[key] = value.clone();
    }
    charge
}

#[test]
fn charges_of_the_interface_are_in_the_smallest_unit() {
    let refunds = json!({"data": [{"id": "re_1", "amount": 1250, "created": 1_711_000_000, "status": "succeeded", "reason": "duplicate"},
                                  {"id": "re_2", "amount": 100, "created": 1_711_000_000, "status": "failed"}]});
    let imported = TextFile::json(&[
        charge("ch_1", &json!({"amount_refunded": 1350, "refunds": refunds})),
        charge("ch_2", &json!({"currency": "jpy", "amount": 1500, "amount_captured": 1500})),
        charge("ch_3", &json!({"captured": false, "amount_captured": 0})),
        charge("ch_4", &json!({"status": "failed", "paid": false})),
        charge("ch_5", &json!({"amount_captured": 2000, "billing_details": {"email": null}, "receipt_email": "bob@example.com"})),
    ])
    .import(&Wish::default())
    .unwrap();
    assert_eq!(imported.importer, "stripe-charges");
    assert_eq!(
        imported.list("orders", "order_id ordered_on email total currency"),
        [
            "ch_1|2024-03-09|ada@example.com|59.800000|USD",
            "ch_2|2024-03-09|ada@example.com|1500.000000|JPY",
            "ch_5|2024-03-09|bob@example.com|20.000000|USD"
        ]
    );
    assert_eq!(
        imported.list("refunds", "order_id refund_id refunded_on is_dated amount reason"),
        ["ch_1|re_1|2024-03-21|true|12.500000|duplicate", "ch_1|rest|2024-03-09|false|1.000000|"]
    );
    assert_eq!(imported.list("payments", "payment_id is_failed")[2..4], ["ch_3|true", "ch_4|true"]);
}

#[test]
fn the_real_fixture_of_a_charge_is_not_captured_and_counts_nowhere() {
    let Some(text) = shared("exports/stripe_api_fixtures/fixtures3.json") else { return };
    let fixtures: Value = serde_json::from_str(&text).unwrap();
    let file = TextFile::json(std::slice::from_ref(&fixtures["resources"]["charge"]));
    let imported = file.import(&Wish::default()).unwrap();
    assert_eq!(imported.importer, "stripe-charges");
    assert_eq!(
        (imported.rows("orders").len(), imported.cell("payments", 0, "is_failed")),
        (0, "true")
    );
    assert_eq!(imported.cell("payments", 0, "amount"), "1.000000");
}

#[test]
fn a_subscription_that_was_cancelled_runs_until_it_has_ended() {
    let imported = import(
        "id,Customer ID,Customer Email,Plan,Product,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Current Period Start (UTC),Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Canceled At (UTC),Ended At (UTC)\n\
         sub_1,cus_1,Ada@Example.com,Coffee,prod_1,1,eur,month,18.00,active,2024-03-01 09:00,2024-03-01 09:00,2024-06-01 09:00,2024-07-01 09:00,2024-03-01 09:00,2024-03-15 09:00,,\n\
         sub_2,cus_1,ada@example.com,Tea,prod_2,2,eur,3 months,30.00,active,2024-03-01 09:00,2024-03-02 09:00,2024-06-02 09:00,2024-09-02 09:00,,,2024-06-12 09:00,\n\
         sub_3,cus_2,bob@example.com,Tea,prod_2,1,eur,year,99.00,canceled,2023-03-01 09:00,2023-03-01 09:00,2023-03-01 09:00,2024-03-01 09:00,,,2023-06-12 09:00,2024-03-01 09:00\n\
         sub_4,,,Tea,prod_2,1,eur,year,99.00,active,2023-03-01 09:00,2023-03-01 09:00,,,,,,\n\
         sub_5,cus_3,,Tea,prod_2,1,eur,year,99.00,canceled,2023-03-01 09:00,2023-03-01 09:00,,,,,,2023-02-01 09:00\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "stripe-subscriptions");
    assert_eq!(
        imported.list("subscriptions", "subscription_id customer_id started_on trial_ended_on period_until canceled_on ended_on interval_unit interval_count is_renewing"),
        [
            "sub_1|cus_1|2024-03-01|2024-03-14|2024-06-30|||month|1|true",
            "sub_2|cus_1|2024-03-02||2024-09-01|2024-06-12||month|3|false",
            "sub_3|cus_2|2023-03-01||2024-02-29|2023-06-12|2024-03-01|year|1|false"
        ]
    );
    assert_eq!(imported.put_aside(), [("no_customer", 1), ("ends_before_start", 1)]);
}
