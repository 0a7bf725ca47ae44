//! Magento's grid, BigCommerce and Gumroad: one row for each order.

use crate::read::import;

#[test]
fn the_grid_of_magento_counts_in_the_base_currency() {
    let imported = import(
        "ID,\"Purchase Point\",\"Purchase Date\",\"Bill-to Name\",\"Ship-to Name\",\"Grand Total (Base)\",\"Grand Total (Purchased)\",Status,\"Customer Email\",\"Customer Group\",Subtotal,\"Shipping and Handling\",\"Customer Name\",\"Payment Method\",\"Total Refunded\"\n\
         000000101,Main Website,\"Mar 9, 2024 1:05:00 PM\",Ada,Ada,\"$1,000.00\",€900.00,Complete,Ada@Example.com,General,$950.00,$50.00,Ada,checkmo,€90.00\n\
         000000102,Main Website,\"Mar 10, 2024 1:05:00 PM\",Bob,Bob,$20.00,$20.00,Canceled,bob@example.com,NOT LOGGED IN,$20.00,$0.00,Bob,checkmo,\n\
         000000103,Main Website,\"Mar 11, 2024 1:05:00 PM\",Bob,Bob,$30.00,$30.00,Closed,bob@example.com,NOT LOGGED IN,$30.00,$0.00,Bob,checkmo,$30.00\n\
         000000104,Main Website,never,Bob,Bob,$30.00,$30.00,Closed,bob@example.com,NOT LOGGED IN,$30.00,$0.00,Bob,checkmo,$30.00\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "magento-grid");
    assert_eq!(
        imported
            .list("orders", "order_id email ordered_on total items shipping status is_cancelled"),
        [
            "000000101|ada@example.com|2024-03-09|1000.000000|950.000000|50.000000|complete|false",
            "000000102|bob@example.com|2024-03-10|20.000000|20.000000|0.000000|canceled|true",
            "000000103|bob@example.com|2024-03-11|30.000000|30.000000|0.000000|closed|false"
        ]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount"),
        ["000000101|2024-03-09|false|100.000000", "000000103|2024-03-11|false|30.000000"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_date", 1)]);
}

#[test]
fn products_of_bigcommerce_come_out_of_their_one_cell() {
    let imported = import(
        "Order ID,Customer ID,Customer Name,Customer Email,Customer Phone,Order Date,Order Status,Subtotal (inc tax),Subtotal (ex tax),Tax Total,Shipping Cost (inc tax),Order Total (inc tax),Order Total (ex tax),Order Currency Code,Billing Country,Shipping Country,Product Details,Coupon Details,Refund Amount\n\
         100,7,Ada,Ada@Example.com,+49 30 123456,18/05/2022,Completed,49.80,41.85,7.95,5.00,54.80,46.85,EUR,Germany,Germany,\"Product ID: 2471, Product Qty: 2, Product SKU: MUG, Product Name: Mug, blue: large, Product Weight: 0.0700, Product Variation Details: , Product Unit Price: 12.45, Product Total Price: 24.90|Product ID: 3, Product Qty: 1, Product SKU: , Product Name: Pot, Product Weight: 1, Product Variation Details: , Product Unit Price: 24.90, Product Total Price: 24.90\",,10.00\n\
         101,0,Guest,guest@example.com,,19/05/2022,Declined,1.00,1.00,0.00,0.00,1.00,1.00,EUR,Germany,,,,0.00\n\
         102,0,Guest,guest@example.com,,19/05/2022,Shipped,1.00,1.00,0.00,0.00,1.00,1.00,EUR,Germany,,,,0.00\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "bigcommerce");
    assert_eq!(
        imported.list(
            "orders",
            "order_id customer_id email ordered_on total tax shipping is_cancelled"
        ),
        [
            "100|7|ada@example.com|2022-05-18|54.800000|7.950000|5.000000|false",
            "101||guest@example.com|2022-05-19|1.000000|0.000000|0.000000|true",
            "102||guest@example.com|2022-05-19|1.000000|0.000000|0.000000|false"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "line product_id product_name quantity unit_price amount"),
        ["1|MUG|Mug, blue: large|2.0|12.450000|24.900000", "2|Pot|Pot|1.0|24.900000|24.900000"]
    );
    assert_eq!(imported.list("refunds", "order_id is_dated amount"), ["100|false|10.000000"]);
    assert_eq!(imported.sums("EUR"), (2, 55_800_000, 10_000_000));
}

#[test]
fn the_last_row_of_gumroad_is_no_sale_and_a_lost_dispute_gives_all_back() {
    let head = "Purchase ID,Item Name,Buyer Name,Purchase Email,Buyer Email,Purchase Date,Purchase Time (UTC timezone),Subtotal ($),Taxes ($),Shipping ($),Sale Price ($),Fees ($),Net Total ($),Tip ($),Country,Referrer,Refunded?,Partial Refund ($),Fully Refunded?,Disputed?,Dispute Won?,Variants,Discount Code,Recurring Charge?,Product ID,Quantity";
    let imported = import(&format!(
        "{head}\n\
         p1,Book,Ada,Ada@Example.com,,2024-03-09,2024-03-09 23:30:00 UTC,10.0,0.0,0.0,10.0,1.3,8.7,0.0,Germany,direct,0,0.0,0,0,0,(PDF),SPRING,0,abc,1\n\
         p2,Book,Bob,bob@example.com,,2024-03-10,2024-03-10 10:00:00 UTC,10.0,0.0,0.0,10.0,1.3,8.7,0.0,Germany,direct,1,4.0,0,0,0,,,1,abc,1\n\
         p3,Book,Bob,bob@example.com,,2024-03-11,2024-03-11 10:00:00 UTC,10.0,0.0,0.0,10.0,0.0,10.0,0.0,Germany,direct,1,0.0,1,0,0,,,0,abc,1\n\
         p4,Book,Carl,carl@example.com,,2024-03-12,2024-03-12 10:00:00 UTC,10.0,0.0,0.0,10.0,0.0,10.0,0.0,Germany,direct,0,0.0,0,1,0,,,0,abc,1\n\
         p5,Book,Carl,carl@example.com,,2024-03-12,2024-03-12 10:00:00 UTC,10.0,0.0,0.0,10.0,0.0,10.0,0.0,Germany,direct,0,0.0,0,1,1,,,0,abc,1\n\
         p6,Book,Carl,carl@example.com,,2024-03-12,2024-03-12 10:00:00 UTC,10.0,0.0,0.0,ten,0.0,10.0,0.0,Germany,direct,0,0.0,0,1,1,,,0,abc,1\n\
         Totals,,,,,,,50.0,0.0,0.0,50.0,2.6,47.4,0.0,,,,4.0,,,,,,,,\n"
    ))
    .unwrap();
    assert_eq!(imported.importer, "gumroad");
    assert_eq!(imported.sums("USD"), (5, 50_000_000, 24_000_000));
    assert_eq!(
        imported.list("orders", "order_id email ordered_at coupon tags")[..2],
        [
            "p1|ada@example.com|2024-03-09T23:30:00Z|SPRING|",
            "p2|bob@example.com|2024-03-10T10:00:00Z||recurring"
        ]
    );
    assert_eq!(
        imported.list("refunds", "order_id amount reason"),
        ["p2|4.000000|", "p3|10.000000|", "p4|10.000000|dispute"]
    );
    assert_eq!(
        imported.list("costs", "scope target kind per amount valid_from"),
        ["order|p1|fee|order|1.300000|1970-01-01", "order|p2|fee|order|1.300000|1970-01-01"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
}

#[test]
fn an_order_of_less_than_nothing_is_what_was_given_back() {
    let imported = import(
        "ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base),Grand Total (Purchased),Status,Customer Email,Total Refunded\n\
         1,Main,2024-03-13,Ada,-12.50,-12.50,Complete,ada@example.com,1.00\n\
         2,Main,2024-03-13,Ada,-12.50,-12.50,Canceled,ada@example.com,\n",
    )
    .unwrap();
    assert_eq!(imported.list("orders", "order_id total is_cancelled"), ["2|12.500000|true"]);
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount email"),
        ["1|2024-03-13|true|12.500000|ada@example.com"]
    );
}
