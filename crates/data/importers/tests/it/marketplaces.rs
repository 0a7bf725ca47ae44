//! Etsy, eBay and Amazon: marketplaces that keep their buyers to themselves.

use clv_importers::importers::find;

use crate::read::{TextFile, Wish, import};

#[test]
fn orders_of_etsy_name_the_buyer_by_number_and_refunds_are_what_the_adjusted_total_lacks() {
    let imported = import(
        "Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,Payment Method,Date Shipped,Ship City,Ship Country,Currency,Order Value,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,Shipping,Sales Tax,Order Total,Status,Card Processing Fees,Order Net,Adjusted Order Total,Adjusted Card Processing Fees,Adjusted Net Order Amount,Buyer,Order Type,Payment Type,SKU\n\
         09/13/24,9001,777,Jane Doe,Jane,Doe,2,Credit Card,09/15/24,Kamloops,Canada,CAD,68.00,SALE,10% off,6.80,0,8.00,0,69.20,Completed,2.53,66.67,0.00,0.00,0.00,janedoe,online,online_cc,\n\
         09/14/24,9002,778,Bob Smith,Bob,Smith,1,Credit Card,,Seattle,United States,CAD,9.00,,,0,0,6.00,0,15.00,Partially Refunded,0.70,14.30,10.00,0.50,9.50,bobsmith,online,online_cc,\n\
         09/14/24,,778,Bob Smith,Bob,Smith,1,Credit Card,,Seattle,United States,CAD,9.00,,,0,0,6.00,0,15.00,,0.70,14.30,0,0,0,bobsmith,online,online_cc,\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "etsy-orders");
    assert_eq!(
        imported.list(
            "orders",
            "order_id customer_id ordered_on total items discount shipping coupon country source"
        ),
        [
            "9001|777|2024-09-13|69.200000|68.000000|6.800000|8.000000|SALE|Canada|etsy",
            "9002|778|2024-09-14|15.000000|9.000000|0.000000|6.000000||United States|etsy"
        ]
    );
    assert_eq!(imported.list("refunds", "order_id is_dated amount"), ["9002|false|5.000000"]);
    assert_eq!(imported.list("costs", "target amount"), ["9001|2.530000", "9002|0.700000"]);
    assert_eq!(imported.put_aside(), [("no_order", 1)]);
    assert_eq!(imported.sums("CAD"), (2, 84_200_000, 5_000_000));
}

#[test]
fn items_of_etsy_are_lines_only() {
    let imported = import(
        "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,Ship Country,Order ID,Variations,Order Type,Listings Type,Payment Type,SKU\n\
         08/14/24,Fox | Card,coolbuyer,2,$5.00,,,$1.00,,$4.50,$0.62,$10.00,USD,4001,9001,08/14/24,08/15/24,Jane,United States,#3001,Style: Matte,online,listing,online_cc,FOX\n\
         08/14/24,Fox | Sticker,coolbuyer,1,$3.00,,,,,$0.00,$0.00,$3.00,USD,4002,9002,08/14/24,08/15/24,Jane,United States,#3001,,online,listing,online_cc,\n\
         08/14/24,Fox | Sticker,coolbuyer,none,$3.00,,,,,$0.00,$0.00,$3.00,USD,4002,9002,08/14/24,08/15/24,Jane,United States,#3002,,online,listing,online_cc,\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "etsy-items");
    assert_eq!(
        imported.list("order_lines", "order_id line product_id quantity unit_price amount options"),
        ["3001|1|FOX|2.0|5.000000|9.000000|Style: Matte", "3001|2|9002|1.0|3.000000|3.000000|"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
    assert!(find("etsy-items").unwrap().caution.contains("no customer identity"));
}

#[test]
fn an_order_of_ebay_with_several_items_counts_once_and_its_footer_is_no_order() {
    let imported = import(
        "Sales Record Number,Order Number,Buyer Username,Buyer Name,Buyer Email,Ship To Country,Item Number,Item Title,Custom Label,Quantity,Sold For,Shipping And Handling,Seller Collected Tax,eBay Collected Tax,Total Price,Payment Method,Sale Date,Paid On Date,Transaction ID,Variation Details\n\
         101,27-1,ada_l,Ada,abc@members.ebay.com,Germany,,,,3,$30.00,$5.00,$0.00,$0.00,$35.00,PayPal,Mar-09-24,Mar-09-24,,\n\
         101,27-1,ada_l,,,,1234,Mug,MUG,2,$10.00,$0.00,,,,,Mar-09-24,,55,[Colour:Blue]\n\
         101,27-1,ada_l,,,,1235,Pot,,1,$10.00,$0.00,,,,,Mar-09-24,,56,\n\
         102,27-2,bob,Bob,bob@example.com,Germany,1234,Mug,MUG,1,$10.00,$5.00,$0.00,$0.00,\"$1,015.00\",PayPal,Mar-19-24,Mar-19-24,57,--\n\
         103,27-3,bob,Bob,bob@example.com,Germany,1234,Mug,MUG,1,$10.00,$5.00,$0.00,$0.00,--,PayPal,Mar-19-24,Mar-19-24,57,--\n\
         ,,,,,,,,,,,,,,,,,,,\n\
         3,record(s) downloaded,,,,,,,,,,,,,,,,,,\n\
         Seller ID : shop,,,,,,,,,,,,,,,,,,,\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "ebay");
    assert_eq!(
        imported.list("orders", "order_id customer_id email ordered_on total shipping"),
        [
            "27-1|ada_l||2024-03-09|35.000000|5.000000",
            "27-2|bob|bob@example.com|2024-03-19|1015.000000|5.000000"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_id quantity amount options"),
        [
            "27-1|1|MUG|2.0|20.000000|[Colour:Blue]",
            "27-1|2|1235|1.0|10.000000|",
            "27-2|1|MUG|1.0|10.000000|"
        ]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1), ("no_order", 1)]);
}

const SETTLEMENT: &str = "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type\torder-id\tmerchant-order-id\tadjustment-id\tshipment-id\tmarketplace-name\tamount-type\tamount-description\tamount\tfulfillment-id\tposted-date\tposted-date-time\torder-item-code\tmerchant-order-item-id\tmerchant-adjustment-item-id\tsku\tquantity-purchased\tpromotion-id";

#[test]
fn the_parts_of_a_settlement_make_orders_fees_and_dated_refunds_of_nobody() {
    let part = |kind: &str, order: &str, what: &str, amount: &str, day: &str| {
        format!(
            "189\t\t\t\t\t\t{kind}\t{order}\t\t\tS1\tamazon.co.uk\t{what}\t{amount}\tAFN\t{day}\t\t\t\t\tMUG\t1\t\n"
        )
    };
    let text = [
        format!("{SETTLEMENT}\n189\t2024-03-01\t2024-03-15\t2024-03-17\t1847.32\tGBP\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n"),
        part("Order", "206-1", "ItemPrice\tPrincipal", "29.99", "2024-03-02"),
        part("Order", "206-2", "ItemPrice\tPrincipal", "10.00", "2024-03-02"),
        part("Order", "206-1", "ItemPrice\tShipping", "3.99", "2024-03-02"),
        part("Order", "206-1", "ItemPrice\tTax", "6.00", "2024-03-02"),
        part("Order", "206-1", "Promotion\tShipping", "-3.99", "2024-03-02"),
        part("Order", "206-1", "ItemFees\tCommission", "-4.50", "2024-03-02"),
        part("Order", "206-1", "ItemFees\tFBAPerUnitFulfillmentFee", "-3.22", "2024-03-02"),
        part("Order", "206-1", "ItemWithheldTax\tMarketplaceFacilitatorTax-Principal", "-6.00", "2024-03-02"),
        part("Refund", "206-1", "ItemPrice\tPrincipal", "-29.99", "2024-03-12"),
        part("Refund", "206-1", "ItemPrice\tShipping", "-3.99", "2024-03-12"),
        part("Refund", "206-1", "Promotion\tShipping", "3.99", "2024-03-12"),
        part("Refund", "206-1", "ItemFees\tCommission", "4.00", "2024-03-12"),
        part("ServiceFee", "", "Other\tStorage Fee", "-12.00", "2024-03-12"),
        part("Order", "206-3", "ItemPrice\tPrincipal", "dear", "2024-03-12"),
    ]
    .concat();
    let imported = TextFile::cut(text.as_bytes(), b'\t').import(&Wish::default()).unwrap();
    assert_eq!(imported.importer, "amazon-settlement");
    assert_eq!(
        imported.list(
            "orders",
            "order_id customer_id email ordered_on total items discount shipping tax"
        ),
        [
            "206-1|||2024-03-02|35.990000|29.990000|3.990000|3.990000|6.000000",
            "206-2|||2024-03-02|10.000000|10.000000|||"
        ]
    );
    assert_eq!(imported.list("costs", "target kind amount currency"), ["206-1|fee|7.720000|GBP"]);
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount"),
        ["206-1|2024-03-12|true|29.990000"]
    );
    assert_eq!(imported.totals.orders_without_customer, 2);
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
    assert!(find("amazon-settlement").unwrap().caution.contains("no customer identity"));
}

#[test]
fn the_report_of_a_range_of_dates_adds_its_credits_and_rebates() {
    let head = "date/time,settlement id,type,order id,sku,description,quantity,marketplace,fulfillment,product sales,product sales tax,shipping credits,shipping credits tax,gift wrap credits,giftwrap credits tax,promotional rebates,promotional rebates tax,marketplace withheld tax,selling fees,fba fees,other transaction fees,other,total";
    let imported = import(&format!(
        "{head}\n\
         \"Jun 8, 2024 10:23:05 PM PDT\",18,Order,111-1,MUG,Mug,1,amazon.com,Amazon,14.90,1.04,4.00,0.28,0,0,-4.00,-0.28,-1.04,-2.24,-4.85,0,0,7.81\n\
         \"Jun 8, 2024 10:23:05 PM PDT\",18,Order,111-1,POT,Pot,1,amazon.com,Amazon,\"1,014.90\",0,0,0,0,0,0,0,0,-2.24,-4.85,0,0,7.81\n\
         \"Jun 18, 2024 10:23:05 PM PDT\",18,Refund,111-1,MUG,Mug,1,amazon.com,Amazon,-14.90,-1.04,0,0,0,0,0,0,1.04,2.24,0,0,0,-12.66\n\
         \"Jun 19, 2024 10:23:05 PM PDT\",18,Transfer,,,To your account,,,,0,0,0,0,0,0,0,0,0,0,0,0,-100,-100\n\
         soon,18,Order,111-2,MUG,Mug,1,amazon.com,Amazon,1,0,0,0,0,0,0,0,0,0,0,0,0,1\n"
    ))
    .unwrap();
    assert_eq!(imported.importer, "amazon-transactions");
    assert_eq!(
        imported.list("orders", "order_id ordered_on total items shipping discount tax"),
        ["111-1|2024-06-08|1030.840000|1029.800000|4.000000|4.000000|1.040000"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on amount product_id"),
        ["111-1|2024-06-18|15.940000|MUG"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_date", 1)]);
}
