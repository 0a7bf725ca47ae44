//! Any file of orders or lines, by the names of its columns or by what is in them.

use crate::read::{TextFile, Wish, import, shared};

#[test]
fn a_file_that_no_other_importer_knows_is_read_by_the_names_of_its_columns() {
    let text = "customer;order_date;amount;currency\n\
         Ada;31.01.2021;1.234,50;EUR\n\
         Ada;31.01.2021;5,00;EUR\n\
         Bob;01.02.2021;-3,25;EUR\n";
    let imported = TextFile::cut(text.as_bytes(), b';').import(&Wish::default()).unwrap();
    assert_eq!((imported.importer, imported.confidence), ("generic-orders", 0.5));
    assert_eq!(
        imported.list("orders", "order_id customer_id ordered_on total currency"),
        [
            "Ada/2021-01-31/1|Ada|2021-01-31|1234.500000|EUR",
            "Ada/2021-01-31/2|Ada|2021-01-31|5.000000|EUR"
        ]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount customer_id"),
        ["refund Bob/2021-02-01/1|2021-02-01|true|3.250000|Bob"]
    );
    assert_eq!(imported.sums("EUR"), (2, 1_239_500_000, 3_250_000));
}

#[test]
fn lines_are_gathered_into_orders_and_an_address_is_no_customer_id() {
    let text = "order id,email,date,sku,quantity,unit price,status\n\
         A1,Ada@Example.com,2021-01-31,MUG,2,1.005,paid\n\
         B2,bob@example.com,2021-01-31,POT,1,7.00,cancelled\n\
         A1,ada@example.com,2021-01-31,POT,1,7.00,paid\n\
         A1,ada@example.com,2021-02-05,MUG,-1,1.005,paid\n\
         C3,carl@example.com,2021-02-06,MUG,,1.00,paid\n";
    let imported = import(text).unwrap();
    assert_eq!(
        imported.list("orders", "order_id customer_id email total is_cancelled"),
        ["A1||ada@example.com|9.010000|false", "B2||bob@example.com|7.000000|true"]
    );
    assert_eq!(
        imported.list("order_lines", "order_id line product_id quantity amount"),
        ["A1|1|MUG|2.0|2.010000", "B2|1|POT|1.0|7.000000", "A1|2|POT|1.0|7.000000"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refund_id refunded_on amount"),
        ["A1|1|2021-02-05|1.005000"]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
}

#[test]
fn the_same_order_row_twice_counts_once_and_two_lines_alike_count_twice() {
    let orders = "order_id,customer,date,amount\n1,a,2021-01-31,5\n1,a,2021-01-31,5\n";
    let imported = import(orders).unwrap();
    assert_eq!(imported.put_aside(), [("duplicate_order", 1)]);
    assert_eq!(imported.sums(""), (1, 5_000_000, 0));
    let lines = "order_id,customer,date,product,amount\n1,a,2021-01-31,x,5\n1,a,2021-01-31,x,5\n";
    assert_eq!(import(lines).unwrap().sums(""), (1, 10_000_000, 0));
}

#[test]
fn a_file_of_something_else_is_refused_and_an_unclear_one_asks() {
    let error = import("sku,stock\nMUG,4\n").unwrap_err();
    assert!(error.to_string().contains("no importer knows its headings"), "{error}");
    let error = import("customer,date,total,order total\na,2021-01-31,4,4\n").unwrap_err();
    assert!(error.to_string().contains("could both be the amount"), "{error}");
    let error = import("customer,date\na,2021-01-31\n").unwrap_err();
    assert!(error.hint().unwrap_or_default().contains("amount=none"), "{error}");
}

#[test]
fn the_real_files_come_out_with_their_totals() {
    if let Some(text) = shared("cdnow/cdnow_sample.csv") {
        let imported = import(&text).unwrap();
        assert_eq!(imported.importer, "generic-orders");
        assert_eq!(imported.sums(""), (6_919, 244_091_940_000, 0));
        assert_eq!(imported.totals.customers(), 2_357);
    }
    if let Some(text) = shared("cdnow/CDNOW_sample.txt") {
        let imported = TextFile::cut_at_spaces(&text).import(&Wish::default()).unwrap();
        assert_eq!(imported.sums(""), (6_919, 244_091_940_000, 0));
        assert_eq!(imported.totals.customers(), 2_357);
    }
    if let Some(text) = shared("grocery/groceryElog.csv.gz") {
        let no_money = Wish {
            from: Some("generic-orders"),
            columns: &[("amount", "none")],
            ..Wish::default()
        };
        let imported = TextFile::cut(text.as_bytes(), b',').import(&no_money).unwrap();
        assert_eq!(imported.sums(""), (10_483, 0, 0));
        assert_eq!(imported.totals.customers(), 1_525);
    }
    if let Some(text) = shared("apparel/apparelTrans.csv") {
        let imported = import(&text).unwrap();
        assert_eq!((imported.sums("").0, imported.totals.customers()), (3_187, 600));
    }
}

#[test]
fn a_day_that_no_table_takes_puts_its_row_aside() {
    let text = "customer,date,amount\na,2021-01-31,5\na,1969-12-31,5\na,9999-12-31,5\n";
    let imported = import(text).unwrap();
    assert_eq!(
        (imported.rows("orders").len(), imported.put_aside()),
        (1, vec![("unreadable_date", 2)])
    );
}
