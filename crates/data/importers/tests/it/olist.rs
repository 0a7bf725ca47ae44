//! Olist's files, whose orders and amounts stand in two of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use clv_importers::order_heads::OrderHeads;

use crate::read::{Imported, Row, TextFile, Wish, import, shared};

const ORDERS: &str = "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date";
const PAYMENTS: &str =
    "order_id,payment_sequential,payment_type,payment_installments,payment_value";
const ITEMS: &str =
    "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value";

fn heads(orders: &str) -> Arc<OrderHeads> {
    Arc::new(count(orders, &Arc::default()).heads.unwrap())
}

fn count(text: &str, heads: &Arc<OrderHeads>) -> Imported {
    let wish = Wish { heads: Some(Arc::clone(heads)), only_counts: true, ..Wish::default() };
    TextFile::cut(text.as_bytes(), b',').import(&wish).unwrap()
}

fn with(text: &str, heads: &Arc<OrderHeads>) -> Imported {
    let wish = Wish { heads: Some(Arc::clone(heads)), ..Wish::default() };
    TextFile::cut(text.as_bytes(), b',').import(&wish).unwrap()
}

#[test]
fn an_order_is_worth_what_its_payments_come_to_in_both_date_styles() {
    for (bought, carried, arrived) in [
        ("10/2/2017 10:56", "10/4/2017 19:55", "10/13/2017 21:25"),
        ("2017-10-02 10:56:33", "2017-10-04 19:55:00", "2017-10-13 21:25:13"),
    ] {
        let orders = format!(
            "{ORDERS}\na,c1,delivered,{bought},,{carried},{arrived},{arrived}\n\
             b,c2,canceled,{bought},,,,{arrived}\nc,c3,delivered,{bought},,{arrived},{carried},{arrived}\n"
        );
        let delivered = import(&orders).unwrap();
        assert_eq!(delivered.importer, "olist-orders");
        assert_eq!(
            delivered.list("shipments", "order_id shipped_on delivered_on promised_on"),
            ["a|2017-10-04|2017-10-13|2017-10-13", "c||2017-10-04|2017-10-13"]
        );
        let heads = heads(&orders);
        let payments = format!(
            "{PAYMENTS}\na,1.0,credit_card,8.0,99.33\nb,1,boleto,1,5.00\na,2,voucher,0,0.67\nz,1,boleto,1,7.00\n"
        );
        let paid = with(&payments, &heads);
        assert_eq!(
            paid.list("orders", "order_id customer_id ordered_on total is_cancelled source"),
            ["a|c1|2017-10-02|100.000000|false|olist", "b|c2|2017-10-02|5.000000|true|olist"]
        );
        assert_eq!(
            paid.list("payments", "payment_id paid_on amount n_instalments"),
            [
                "a/1|2017-10-02|99.330000|8",
                "b/1|2017-10-02|5.000000|1",
                "a/2|2017-10-02|0.670000|",
                "z/1||7.000000|1"
            ]
        );
        assert_eq!(paid.put_aside(), []);
        assert_eq!(paid.sums("BRL"), (1, 100_000_000, 0));
        let items = format!("{ITEMS}\na,1,p,s,10/9/2017 9:45,58.9,13.29\nz,1,p,s,,1,1\n");
        let items = with(&items, &heads);
        assert_eq!(
            items.list("order_lines", "order_id line ordered_on amount vendor"),
            ["a|1|2017-10-02|58.900000|s"]
        );
        assert_eq!(items.put_aside(), [("no_order", 1)]);
    }
}

#[test]
fn without_the_file_of_orders_payments_stay_without_a_day() {
    let imported = import(&format!("{PAYMENTS}\na,1,boleto,1,5.00\n")).unwrap();
    assert_eq!((imported.put_aside(), imported.rows("orders").len()), (vec![], 0));
    assert_eq!(imported.list("payments", "payment_id paid_on amount"), ["a/1||5.000000"]);
}

#[test]
fn a_customer_id_of_one_order_is_linked_to_its_person() {
    let imported = import(
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n\
         c1,ada,9790.0,franca,SP\nc2,ada,14409,franca,SP\n",
    )
    .unwrap();
    assert_eq!(
        imported.list("identities", "key_kind key other_kind other_key"),
        ["customer_unique_id|ada|customer_id|c1", "customer_unique_id|ada|customer_id|c2"]
    );
    assert_eq!(imported.list("customers", "customer_id postal_code"), ["c1|09790", "c2|14409"]);
}

#[test]
fn the_real_customers_products_leads_and_deals_come_out_in_their_numbers() {
    for (file, importer, table, n_rows) in [
        ("olist_products_dataset.csv.gz", "olist-products", "products", 32_951),
        ("olist_marketing_qualified_leads_dataset.csv.gz", "olist-leads", "leads", 8_000),
        ("olist_closed_deals_dataset.csv.gz", "olist-closed-deals", "opportunities", 842),
        ("olist_sellers_dataset.csv.gz", "olist-sellers", "accounts", 3_095),
    ] {
        let Some(text) = shared(&format!("olist/{file}")) else { return };
        let wish = Wish { only_counts: true, ..Wish::default() };
        let imported = TextFile::cut(text.as_bytes(), b',').import(&wish).unwrap();
        assert_eq!((imported.importer, imported.n_rows[table]), (importer, n_rows));
        assert_eq!(imported.put_aside(), []);
    }
    let Some(text) = shared("olist/olist_customers_dataset.csv.gz") else { return };
    let imported = import(&text).unwrap();
    let people: BTreeSet<&str> =
        imported.rows("identities").iter().map(|link| link["key"].as_str()).collect();
    assert_eq!((imported.n_rows["customers"], people.len()), (99_441, 96_096));
}

#[test]
fn the_real_payments_come_out_to_the_centavo() {
    let Some(payments) = shared("olist/olist_order_payments_dataset.csv.gz") else { return };
    let Some(orders) = shared("olist/olist_orders_FIRST9999.csv.gz") else { return };
    // The file of orders holds the first 9,999 of 99,440: the payments of the others have no day.
    let paid = with(&payments, &heads(&orders));
    assert_eq!((paid.n_rows["payments"], paid.totals.rows_put_aside), (103_886, 0));
    let dated = paid.rows("payments").iter().filter(|row| row.contains_key("paid_on"));
    assert_eq!(dated.count(), 10_452);
    let centavos = |row: &Row| (row["amount"].parse::<f64>().unwrap() * 100.0).round() as i64;
    assert_eq!(paid.rows("payments").iter().map(centavos).sum::<i64>(), 1_600_887_212);
    let n_orders = paid.n_rows["orders"];
    assert!((9_990..=9_999).contains(&n_orders), "{n_orders}");
    let all: BTreeSet<&str> = payments.lines().skip(1).map(|line| &line[..32]).collect();
    let orders: Vec<String> =
        all.iter().map(|id| format!("{id},{id},delivered,2017-10-02 10:56:33,,,,")).collect();
    let paid = count(&payments, &heads(&format!("{ORDERS}\n{}\n", orders.join("\n"))));
    assert_eq!(paid.n_rows["payments"], 103_886);
    assert_eq!(paid.sums("BRL"), (99_440, 16_008_872_120_000, 0));
}

#[test]
fn the_real_sample_joins_orders_payments_items_and_reviews() {
    let Some(orders) = shared("olist/sample_8135_orders/olist_orders_dataset.csv.gz") else {
        return;
    };
    let heads = heads(&orders);
    let file = |name: &str| {
        let text = shared(&format!("olist/sample_8135_orders/olist_{name}_dataset.csv.gz"));
        with(&text.unwrap(), &heads)
    };
    let paid = file("order_payments");
    let cancelled = paid.rows("orders").iter().filter(|order| order["is_cancelled"] == "true");
    assert_eq!(cancelled.count() as u64, paid.totals.cancelled_orders);
    assert_eq!(paid.sums("BRL").0 + paid.totals.cancelled_orders, 8_135);
    let paid: f64 = paid.rows("payments").iter().map(|p| p["amount"].parse::<f64>().unwrap()).sum();
    assert!((paid - 1_428_602.81).abs() < 1e-4, "{paid}");
    assert_eq!(file("order_items").n_rows["order_lines"], 8_365);
    let reviews = file("order_reviews");
    assert_eq!(reviews.n_rows["surveys"], 8_225);
}
