//! Square: a refund is a row of its own, most people only walked in, and zones are spelled out.

use crate::read::import;

const TRANSACTIONS: &str = "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,Total Collected,Source,Card,Fees,Net Total,Transaction ID,Payment ID,Card Brand,Event Type,Location,Customer ID,Customer Name,Refund Reason";
const ITEMS: &str = "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID";

#[test]
fn a_refund_is_a_row_of_its_own_on_its_own_day() {
    let imported = import(&format!(
        "{TRANSACTIONS}\n\
         2024-03-09,22:02:11,Eastern Time (US & Canada),$30.00,-$3.00,$0.00,$27.00,$0.00,$2.16,$2.00,$0.00,$31.16,Point of Sale,$31.16,-$0.93,$30.23,T1,P1,Visa,Payment,Fair,CUST1,Ada,\n\
         2024-03-09,11:40:00,Mars,\"$1,012.00\",$0.00,$0.00,\"$1,012.00\",$0.00,$0.00,$0.00,$0.00,\"$1,012.00\",Register,,$0.00,\"$1,012.00\",T2,P2,,Payment,Fair,,,\n\
         2024-03-20,09:00:00,Eastern Time (US & Canada),-$12.00,$0.00,$0.00,-$12.00,$0.00,-$0.96,$0.00,$0.00,-$12.96,Point of Sale,-$12.96,$0.00,-$12.96,T1,P3,Visa,Refund,Fair,CUST1,Ada,damaged\n\
         2024-03-21,09:00:00,Eastern Time (US & Canada),$1,$0,$0,$1,$0,$0,$0,$0,one,Register,$1,$0,$1,T4,P4,Visa,Payment,Fair,,,\n"
    ))
    .unwrap();
    assert_eq!(imported.importer, "square-transactions");
    assert_eq!(
        imported.list(
            "orders",
            "order_id customer_id ordered_on ordered_at total items discount tax tip channel source"
        ),
        [
            "T1|CUST1|2024-03-09|2024-03-10T03:02:11Z|31.160000|27.000000|3.000000|2.160000|2.000000|Point of Sale|square",
            "T2||2024-03-09||1012.000000|1012.000000|0.000000|0.000000|0.000000|Register|square"
        ]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount reason"),
        ["T1|2024-03-20|true|12.960000|damaged"]
    );
    assert_eq!(
        imported.list("payments", "payment_id order_id amount fee tip method"),
        ["P1|T1|31.160000|0.930000|2.000000|Visa", "P2|T2|1012.000000|0.000000|0.000000|"]
    );
    assert_eq!(imported.totals.orders_without_customer, 1);
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
    assert_eq!(imported.sums(""), (2, 1_043_160_000, 12_960_000));
}

#[test]
fn items_are_lines_of_the_transactions_and_what_came_back_is_negative() {
    let imported = import(&format!(
        "{ITEMS}\n\
         2024-03-09,10:15:00,Eastern Time (US & Canada),Mugs,Speckled Mug,2.0,Large,MUG,\"Engraving, Box\",$30.00,-$3.00,$27.00,$2.16,T1,P1,iPad,,,Payment,Main,,CUST1,Ada,\n\
         2024-03-20,10:15:00,Eastern Time (US & Canada),Mugs,Speckled Mug,1,Regular,,,-$12.00,$0.00,-$12.00,-$0.96,T1,P3,iPad,,,Refund,Main,,CUST1,Ada,\n\
         2024-03-20,10:15:00,Eastern Time (US & Canada),Mugs,Nothing,0,Regular,,,$0,$0.00,$0.00,$0,T1,P3,iPad,,,Payment,Main,,,,\n"
    ))
    .unwrap();
    assert_eq!(imported.importer, "square-items");
    assert_eq!(
        imported.list(
            "order_lines",
            "order_id line ordered_on product_id quantity amount discount options"
        ),
        [
            "T1|1|2024-03-09|MUG|2.0|27.000000|3.000000|Large, Engraving, Box",
            "T1|2|2024-03-20|Speckled Mug|-1.0|-12.000000|0.000000|"
        ]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
    assert!(imported.rows("orders").is_empty());
}
