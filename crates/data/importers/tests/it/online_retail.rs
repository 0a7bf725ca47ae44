//! The gift shop's lines: returns, orders whose lines stand apart, ids with a fraction, and the whole real file to the penny.

use crate::read::{TextFile, Wish, import, shared};

const FIRST: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
const SECOND: &str = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country";

#[test]
fn lines_of_an_invoice_make_one_order_under_the_names_of_both_releases() {
    for headings in [FIRST, SECOND] {
        let text = format!(
            "{headings}\n\
             536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n\
             536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,17851.0,United Kingdom\n\
             536365,POST,POSTAGE,1,2010-12-01 08:26:00,18,17850.0,United Kingdom\n"
        );
        let imported = import(&text).unwrap();
        assert_eq!(imported.importer, "online-retail");
        assert_eq!(
            imported.list("orders", "order_id customer_id ordered_on total items shipping"),
            [
                "536365|17850|2010-12-01|33.300000|15.300000|18.000000",
                "536366|17851|2010-12-01|11.100000|11.100000|"
            ]
        );
        assert_eq!(
            imported.list("order_lines", "order_id line product_id"),
            ["536365|1|85123A", "536366|1|22633"]
        );
        assert_eq!(imported.sums("GBP"), (2, 44_400_000, 0));
    }
}

#[test]
fn credit_notes_and_negative_pieces_are_refunds_and_rows_without_customer_stay() {
    let text = format!(
        "{FIRST}\n\
         536365,A,HOLDER,2,01/12/2010 08:26,0.125,,United Kingdom\n\
         C536379,D,Discount,-1,13/12/2010 09:41,27.50,14527,United Kingdom\n\
         536999,B,broken,-3,13/12/2010 10:00,0,,United Kingdom\n\
         A563187,B,Adjust bad debt,1,13/12/2010 10:00,-11062.06,,United Kingdom\n\
         537000,C,FREE,5,13/12/2010 11:00,0,14527,France\n\
         537001,C,MUG,x,13/12/2010 11:00,1,14527,France\n\
         537002,C,MUG,1,soon,1,14527,France\n"
    );
    let imported = import(&text).unwrap();
    assert_eq!(
        imported.list("orders", "order_id customer_id total"),
        ["536365||0.250000", "537000|14527|0.000000"]
    );
    assert_eq!(
        imported.list("refunds", "order_id refunded_on is_dated amount quantity customer_id"),
        [
            "C536379|2010-12-13|true|27.500000|1.0|14527",
            "536999|2010-12-13|true|0.000000|3.0|",
            "A563187|2010-12-13|true|11062.060000|1.0|"
        ]
    );
    assert_eq!(imported.totals.orders_without_customer, 1);
    assert_eq!(imported.put_aside(), [("unreadable_date", 1), ("unreadable_amount", 1)]);
}

#[test]
fn the_real_file_comes_out_to_the_penny() {
    let Some(text) = shared("online_retail/online_retail.csv.gz") else { return };
    let imported =
        TextFile::cut(text.as_bytes(), b',').import(&Wish { only_counts: true, ..Wish::default() });
    let imported = imported.unwrap();
    let (orders, gross, refunds) = imported.sums("GBP");
    assert_eq!(imported.totals.rows, 541_909);
    assert_eq!(gross - refunds, 9_747_747_934_000);
    assert_eq!(imported.totals.rows_put_aside, 0);
    // Of 25,900 invoices 20,726 hold something that was sold; 4,339 of the 4,372 customers bought something.
    assert_eq!((orders, imported.totals.customers()), (20_726, 4_339));
    let (sold, returned) = (imported.n_rows["orders"], imported.n_rows["refunds"]);
    assert_eq!((sold, returned), (20_726, 10_626));
    let days =
        [imported.totals.first_day, imported.totals.last_day].map(|day| day.unwrap().to_string());
    assert_eq!(days, ["2010-12-01", "2011-12-09"]);
}
