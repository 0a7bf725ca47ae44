//! Shopify's orders export: clean, and as it comes.

use crate::read::import;

const HEADINGS: &str = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Cancelled at,Refunded Amount,Id,Phone,Lineitem discount";

fn file(rows: &[&str]) -> String {
    format!("{HEADINGS}\n{}\n", rows.join("\n"))
}

#[test]
fn an_order_counts_once_with_all_its_lines_and_its_refund() {
    let text = file(&[
        "#1001,Ada@Example.com,partially_refunded,EUR,50.25,4.90,9.55,59.80,SPRING,5.00,2024-03-09 14:05:00 +0100,2,Mug,12.50,MUG,,12.50,450,'+49 30 123456,2.50",
        "#1001,,,,,,,,,,,1,Pot,27.75,POT,,,,,",
        "#1002,bob@example.com,paid,EUR,10.00,0.00,1.60,10.00,,0.00,2024-03-10 09:00:00 +0100,1,Mug,10.00,MUG,,0.00,451,,0.00",
    ]);
    let imported = import(&text).unwrap();
    assert_eq!(imported.importer, "shopify-orders");
    assert_eq!(imported.rows("orders").len(), 2);
    let order = |column| imported.cell("orders", 0, column);
    assert_eq!((order("order_id"), order("number"), order("total")), ("450", "#1001", "59.800000"));
    assert_eq!((order("email"), order("phone")), ("ada@example.com", "+4930123456"));
    assert_eq!((order("ordered_on"), order("ordered_at")), ("2024-03-09", "2024-03-09T13:05:00Z"));
    let lines = imported.rows("order_lines");
    assert_eq!(lines.len(), 3);
    assert_eq!((lines[0]["amount"].as_str(), lines[1]["line"].as_str()), ("22.500000", "2"));
    assert_eq!(imported.cell("refunds", 0, "amount"), "12.500000");
    assert_eq!(imported.cell("refunds", 0, "is_dated"), "false");
    let euro = imported.totals.currencies["EUR"];
    assert_eq!((euro.orders, euro.gross, euro.refunds), (2, 69_800_000, 12_500_000));
    assert_eq!(imported.totals.customers(), 2);
    assert!(imported.complaints.is_empty());
}

#[test]
fn what_cannot_be_used_is_put_aside_whole_and_what_was_cancelled_counts_nowhere() {
    let text = file(&[
        "#1,a@example.com,voided,EUR,1,0,0,1.00,,0,2024-03-09 14:05:00 +0100,1,Mug,1.00,MUG,,0,1,,0",
        "#2,,paid,EUR,1,0,0,7.00,,0,2024-03-09 14:05:00 +0100,1,Mug,7.00,MUG,,0,2,,0",
        "#3,c@example.com,paid,EUR,1,0,0,seven,,0,2024-03-09 14:05:00 +0100,1,Mug,7.00,MUG,,0,3,,0",
        "#3,,,,,,,,,,,1,Pot,1.00,POT,,,,,",
        "#4,,,,,,,,,,,1,Pot,1.00,POT,,,,,",
        "#5,d@example.com,paid,EUR,1,0,0,7.00,,0,yesterday,1,Mug,7.00,MUG,,0,5,,0",
    ]);
    let imported = import(&text).unwrap();
    assert_eq!(
        imported.put_aside(),
        [("unreadable_date", 1), ("unreadable_amount", 2), ("no_order", 1)]
    );
    assert_eq!(imported.totals.cancelled_orders, 1);
    assert_eq!(imported.totals.orders_without_customer, 1);
    assert_eq!(imported.totals.currencies["EUR"].gross, 7_000_000);
    let aside = imported.rows("put_aside");
    assert_eq!(aside.len(), 4);
    assert_eq!((aside[0]["row"].as_str(), aside[0]["value"].as_str()), ("4", "seven"));
    assert!(aside[0]["raw_row"].contains("\"Email\":\"c@example.com\""));
}
