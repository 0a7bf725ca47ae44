//! The order template of Shopify's Transporter: payments and refunds are rows.

use crate::read::{import, shared};

const HEADINGS: &str = "Name,Email,Financial Status,Currency,Cancelled At,Phone,Processed At,Source name,Total Tax,Lineitem name,Lineitem quantity,Lineitem price,Lineitem sku,Transaction amount,Transaction kind,Transaction status,Shipping line price,Discount code,Discount amount";

#[test]
fn sales_make_the_total_and_refunds_stand_beside_it() {
    let imported = import(&format!(
        "{HEADINGS}\n\
         #1,ada@example.com,paid,USD,,555 555-5555,2018-01-04 15:51:23 -0800,web,2.60,Trowel,2,10.25,a-1,15.00,sale,success,4.00,10OFF,1.50\n\
         #2,bob@example.com,voided,USD,2018-01-19 12:54:42 -0800,,2018-01-19 12:54:41 -0800,,,Boots,1,30,b-1,30.00,sale,success,,,\n\
         #1,ada@example.com,,,,,,,,Shovel,3,20,a-2,7.50,sale,success,,,\n\
         #1,,,,,,,,,,,,,5.00,refund,success,,,\n\
         #1,,,,,,,,,,,,,9.99,sale,failure,,,\n\
         #1,,,,,,,,,,,,,22.50,authorization,success,,,\n\
         #2,,,,,,,,,,,,,30.00,refund,success,,,\n\
         #3,carl@example.com,,,,,,,,Trowel,1,1,a-1,1.00,sale,success,,,\n"
    ))
    .unwrap();
    assert_eq!(imported.importer, "shopify-transporter");
    assert_eq!(
        imported.list(
            "orders",
            "order_id email ordered_on total shipping discount tax coupon is_cancelled"
        ),
        [
            "#1|ada@example.com|2018-01-04|22.500000|4.000000|1.500000|2.600000|10OFF|false",
            "#2|bob@example.com|2018-01-19|30.000000|||||true"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_id amount"),
        ["#1|1|a-1|20.500000", "#2|1|b-1|30.000000", "#1|2|a-2|60.000000"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount"),
        ["#1|2018-01-04|false|5.000000"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_date", 1)]);
    assert_eq!(imported.sums("USD"), (1, 22_500_000, 5_000_000));
}

#[test]
fn the_template_of_shopify_itself_is_read() {
    let Some(text) = shared("exports/shopify_transporter_templates/orders.csv") else { return };
    let imported = import(&text).unwrap();
    assert_eq!(
        imported.list("orders", "order_id total is_cancelled"),
        ["#MA-1097|1000.000000|false", "#MA-1098|0.000000|true"]
    );
    assert_eq!(imported.sums("USD"), (1, 1_000_000_000, 500_000_000));
    // The template's second row is shifted by a cell behind the address: its line has no name and is no line.
    assert_eq!(
        imported.list("order_lines", "product_id amount"),
        ["a-123|20.000000", "b-001|30.000000"]
    );
}
