//! Invoices and subscriptions of any system: credit notes are positive, and no day is made up for a length of stay.

use crate::read::{import, shared};

#[test]
fn credit_notes_are_positive_and_refund_the_order_that_they_name() {
    let imported = import(
        "Invoice Number,Type,Invoice Date,Due Date,Customer Code,Customer Name,Customer Email,Order Number,Total,VAT,Amount Paid,Currency,Status\n\
         INV-1,Invoice,31/03/2024,30/04/2024,ACME,Acme Ltd,Ada@Example.com,1001,\"1,428.00\",228.00,\"1,428.00\",EUR,Paid\n\
         INV-1,Invoice,31/03/2024,30/04/2024,ACME,Acme Ltd,Ada@Example.com,1001,\"1,428.00\",228.00,\"1,428.00\",EUR,Paid\n\
         CN-1,Credit note,02/04/2024,,ACME,Acme Ltd,,1001,100.00,19.00,,EUR,Paid\n\
         CN-2,,02/04/2024,,ACME,Acme Ltd,,,-50.00,-9.50,,EUR,Paid\n\
         INV-2,Invoice,02/04/2024,01/04/2024,ACME,Acme Ltd,,,1.00,,,EUR,Open\n\
         INV-3,Invoice,02/04/2024,,,Birch Ltd,,,10.00,,,EUR,Draft\n\
         INV-4,Invoice,02/04/2024,,,,,,10.00,,,EUR,Open\n\
         INV-5,Invoice,02/04/2024,,ACME,,,,ten,,,EUR,Open\n",
    )
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("erp-invoices", 1.0));
    assert_eq!(
        imported.list("invoices", "invoice_id kind account_id customer_id email order_id invoiced_on due_on total tax paid is_cancelled"),
        [
            "CN-1|credit_note||ACME||1001|2024-04-02||100.000000|19.000000||false",
            "CN-2|credit_note||ACME|||2024-04-02||50.000000|9.500000||false",
            "INV-1|invoice||ACME|ada@example.com|1001|2024-03-31|2024-04-30|1428.000000|228.000000|1428.000000|false",
            "INV-3|invoice|Birch Ltd||||2024-04-02||10.000000|||true"
        ]
    );
    assert_eq!(
        imported.list("refunds", "order_id refund_id refunded_on amount currency"),
        ["1001|CN-1|2024-04-02|100.000000|EUR"]
    );
    assert_eq!(
        imported.put_aside(),
        [("no_customer", 1), ("unreadable_amount", 1), ("ends_before_start", 1)]
    );
}

#[test]
fn lines_without_a_total_add_up_to_their_invoice() {
    let imported = import(
        "Invoice Number,Invoice Date,Due Date,Customer Code,Customer Name,Item Description,Quantity,Unit Price,Amount,Status\n\
         INV-1,2024-03-31,2024-04-30,ACME,Acme Ltd,Mug,2,10.00,20.00,open\n\
         INV-1,2024-03-31,2024-04-30,ACME,Acme Ltd,Pot,1,5.50,5.50,open\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "erp-invoices");
    assert_eq!(imported.list("invoices", "invoice_id customer_id total"), ["INV-1|ACME|25.500000"]);
}

#[test]
fn subscriptions_of_any_system_are_read_by_their_names() {
    let imported = import(
        "Subscription ID,Customer ID,Plan,Price,Currency,Billing period,Start date,End date,Status\n\
         s1,71.0,Coffee,18.00,EUR,monthly,2024-03-01,2024-06-30,Ended\n\
         s2,71,Tea,30.00,EUR,quarterly,2024-03-01,,Active\n\
         s3,72,Tea,30.00,EUR,yearly,2024-03-01,2024-02-01,Ended\n\
         s4,73,Tea,30.00,EUR,yearly,,,Active\n\
         s5,,Tea,30.00,EUR,yearly,2024-03-01,,Active\n",
    )
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("generic-subscriptions", 1.0));
    assert_eq!(
        imported.list("subscriptions", "subscription_id customer_id amount interval_unit interval_count started_on ended_on is_ended status"),
        [
            "s1|71|18.000000|month|1|2024-03-01|2024-06-30|true|ended",
            "s2|71|30.000000|month|3|2024-03-01|||active"
        ]
    );
    assert_eq!(
        imported.put_aside(),
        [("no_customer", 1), ("unreadable_date", 1), ("ends_before_start", 1)]
    );
}

#[test]
fn the_real_telecom_customers_stay_for_the_months_that_the_file_tells() {
    let Some(text) = shared("subscriptions/Telco-Customer-Churn.csv.gz") else { return };
    let imported = import(&text).unwrap();
    assert_eq!((imported.importer, imported.put_aside()), ("generic-subscriptions", vec![]));
    let rows = imported.rows("subscriptions");
    let has = |column: &str, value: &str| rows.iter().filter(|row| row[column] == value).count();
    assert_eq!((rows.len(), has("is_ended", "true"), has("n_intervals", "0")), (7_043, 1_869, 11));
    assert!(rows.iter().all(|row| !row.contains_key("started_on")));
    assert_eq!(
        imported.list(
            "subscriptions",
            "subscription_id plan amount interval_unit n_intervals is_ended"
        )[0],
        "7590-VHVEG|Month-to-month|29.850000|month|1|false"
    );
    let blank = imported.rows("customers").iter().filter(|row| !row.contains_key("stated_total"));
    assert_eq!((imported.n_rows["customers"], blank.count()), (7_043, 11));
}

#[test]
fn the_headings_of_xero_are_recognised_and_its_total_counts_once() {
    let imported = import(
        "ContactName,EmailAddress,POAddressLine1,InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,InventoryItemCode,Description,Quantity,UnitAmount,Discount,LineAmount,AccountCode,TaxType,TaxAmount,Currency,Type,Sent,Status\n\
         Acme,ada@example.com,,INV-1,PO 7,31/03/2024,30/04/2024,,119.00,19.00,0.00,119.00,MUG,Mug,1,60.00,,60.00,200,20%,11.40,GBP,Sales invoice,Sent,Awaiting Payment\n\
         Acme,ada@example.com,,INV-1,PO 7,31/03/2024,30/04/2024,,119.00,19.00,0.00,119.00,POT,Pot,1,40.00,,40.00,200,20%,7.60,GBP,Sales invoice,Sent,Awaiting Payment\n\
         Acme,ada@example.com,,CN-1,,01/04/2024,,,11.90,1.90,0.00,11.90,MUG,Mug,1,10.00,,10.00,200,20%,1.90,GBP,Sales credit note,Sent,Awaiting Payment\n",
    )
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("erp-invoices", 1.0));
    assert_eq!(
        imported.list("invoices", "invoice_id kind email total tax paid currency"),
        [
            "CN-1|credit_note|ada@example.com|11.900000|1.900000|0.000000|GBP",
            "INV-1|invoice|ada@example.com|119.000000|19.000000|0.000000|GBP"
        ]
    );
}
