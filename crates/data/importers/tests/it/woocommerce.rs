//! WooCommerce: rows by order or by item, REST objects with refunds of their own, and the Analytics download without customers.

use serde_json::{Value, json};

use crate::read::{TextFile, Wish, import};

const EXPORT: &str = "order_id,order_number,order_date,status,shipping_total,tax_total,discount_total,order_total,order_currency,payment_method,customer_id,billing_email,billing_phone,billing_country,coupons,refunded_total";

#[test]
fn an_order_on_one_row_has_its_items_in_one_cell() {
    let imported = import(&format!(
        "{EXPORT},line_items\n\
         17,W-17,2024-03-09 14:05:00,wc-completed,4.90,9.55,5.00,59.80,EUR,paypal,0,Ada@Example.com,+49 30 123456,DE,code:spring|amount:5,12.50,name:Mug|sku:MUG|quantity:2|total:22.50;name:Pot|sku:|quantity:1|total:27.75\n\
         18,W-18,2024-03-10 09:00:00,refunded,0,0,0,10.00,EUR,paypal,12,bob@example.com,,DE,,,\"[{{\"\"name\"\":\"\"Mug\"\",\"\"sku\"\":\"\"MUG\"\",\"\"quantity\"\":1,\"\"total\"\":\"\"10.00\"\"}}]\"\n\
         19,W-19,2024-03-10 09:00:00,failed,0,0,0,7.00,EUR,paypal,0,c@example.com,,DE,,,\n"
    ))
    .unwrap();
    assert_eq!(imported.importer, "woocommerce");
    assert_eq!(
        imported.list(
            "orders",
            "order_id number customer_id email total shipping coupon status is_cancelled"
        ),
        [
            "17|W-17||ada@example.com|59.800000|4.900000|spring|completed|false",
            "18|W-18|12|bob@example.com|10.000000|0.000000||refunded|false",
            "19|W-19||c@example.com|7.000000|0.000000||failed|true"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_id quantity amount"),
        ["17|1|MUG|2.0|22.500000", "17|2|Pot|1.0|27.750000", "18|1|MUG|1.0|10.000000"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount"),
        ["17|2024-03-09|false|12.500000", "18|2024-03-10|false|10.000000"]
    );
    assert_eq!(imported.sums("EUR"), (2, 69_800_000, 22_500_000));
}

#[test]
fn an_order_on_a_row_for_each_item_counts_once() {
    let row = |id: &str, total: &str, item: &str| {
        format!(
            "{id},{id},2024-03-09 14:05:00,processing,0,0,0,{total},USD,card,5,a@example.com,,,,,{item}\n"
        )
    };
    let imported = import(&format!(
        "{EXPORT},item_name,item_sku,item_quantity,item_total\n{}{}{}{}{}",
        row("1", "30.00", "Mug,MUG,2,20.00"),
        row("2", "x", "Mug,MUG,2,20.00"),
        row("1", "30.00", "Pot,POT,1,10.00"),
        row("2", "x", "Pot,POT,1,10.00"),
        row("3", "5.00", ",,,")
    ))
    .unwrap();
    assert_eq!(imported.sums("USD"), (2, 35_000_000, 0));
    assert_eq!(
        imported.list("order_lines", "order_id line product_id amount"),
        ["1|1|MUG|20.000000", "1|2|POT|10.000000"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1), ("no_order", 1)]);
}

fn order(id: u32, more: &Value) -> Value {
    let mut order = json!({
        "id": id, "parent_id": 0, "number": id.to_string(), "status": "completed", "currency": "EUR",
        "date_created": "2024-03-10T00:30:00", "date_created_gmt": "2024-03-09T23:30:00",
        "total": "59.80", "total_tax": "9.55", "shipping_total": "4.90", "discount_total": "5.00",
        "customer_id": 0, "billing": {"email": "Ada@Example.com", "phone": "", "country": "DE"},
        "line_items": [{"name": "Mug", "sku": "MUG", "product_id": 7, "quantity": 2, "subtotal": "25.00", "total": "22.50"},
                       {"name": "Pot", "sku": "", "product_id": 8, "quantity": 1, "subtotal": "27.75", "total": "27.75"}],
        "coupon_lines": [{"code": "spring"}], "refunds": []
    });
    for (key, value) in more.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

#[test]
fn refunds_that_are_objects_of_their_own_date_those_that_orders_name() {
    let imported = TextFile::json(&[
        order(1, &json!({"refunds": [{"id": 91, "reason": "damaged", "total": "-12.50"}, {"id": 92, "total": "-1.00"}]})),
        json!({"id": 91, "parent_id": 1, "status": "completed", "currency": "EUR", "customer_id": 0,
               "date_created": "2024-03-20T09:00:00", "date_created_gmt": "2024-03-20T08:00:00", "total": "-12.50"}),
        order(2, &json!({"customer_id": 12, "status": "cancelled", "refunds": [{"id": 93, "total": "-1.00"}]})),
        json!({"id": 94, "parent_id": 7, "date_created": "2024-03-21T09:00:00", "amount": "3.00", "reason": "late"}),
    ])
    .import(&Wish::default())
    .unwrap();
    assert_eq!(imported.importer, "woocommerce-json");
    assert_eq!(
        imported.list(
            "orders",
            "order_id customer_id email ordered_on ordered_at total coupon is_cancelled"
        ),
        [
            "1||ada@example.com|2024-03-10|2024-03-09T23:30:00Z|59.800000|spring|false",
            "2|12|ada@example.com|2024-03-10|2024-03-09T23:30:00Z|59.800000|spring|true"
        ]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_id amount discount")[..2],
        ["1|1|MUG|22.500000|2.500000", "1|2|8|27.750000|"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refund_id refunded_on is_dated amount reason"),
        [
            "1|91|2024-03-20|true|12.500000|",
            "7|94|2024-03-21|true|3.000000|late",
            "1|92|2024-03-10|false|1.000000|"
        ]
    );
    assert_eq!(imported.totals.currencies["EUR"].refunds, 13_500_000);
}

#[test]
fn the_analytics_download_names_nobody() {
    let imported = import(
        "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,Attribution\n\
         2024-03-09 14:05:00,17,\"৳2,999\",completed,Ada Lovelace,new,\"2× Mug, blue, 1× Pot\",3,\"spring, ten\",2999,Organic: Google\n\
         2024-03-10 14:05:00,17,\"-৳999\",refunded,Ada Lovelace,returning,1× Pot,1,,-999,\n\
         2024-03-11 14:05:00,18,৳500,failed,Bob,new,1× Pot,1,,500,\n\
         2024-03-12 14:05:00,19,৳0,completed,Bob,new,1× Pot,1,,free,\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "woocommerce-analytics");
    assert_eq!(
        imported.list(
            "orders",
            "order_id customer_id email total currency coupon channel is_cancelled"
        ),
        ["17|||2999.000000|BDT|spring|Organic: Google|false", "18|||500.000000|BDT|||true"]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_name quantity")[..2],
        ["17|1|Mug, blue|2.0", "17|2|Pot|1.0"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on amount"),
        ["17|2024-03-10|999.000000"]
    );
    assert_eq!(imported.totals.orders_without_customer, 1);
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
    let caution = clv_importers::importers::find("woocommerce-analytics").unwrap().caution;
    assert!(caution.contains("no customer identity"));
}
