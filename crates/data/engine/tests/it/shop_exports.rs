//! Exports of shop systems: what counts, what is put aside, and why.

use clv_engine::{CustomerIds, Day, Intake, ReadOptions, Rule, ZeroOrders};

use crate::{engine, file, fixture, open, options, shared};

fn counts(intake: &Intake) -> Vec<(Rule, u64, i64)> {
    intake
        .complaints
        .iter()
        .map(|group| (group.rule, group.count, group.money / 1_000_000))
        .collect()
}

#[test]
fn a_shopify_order_counts_once_whatever_its_lines_repeat() {
    let orders = open(&fixture("shopify_orders.csv")).unwrap();
    assert_eq!(orders.source_id(), "shopify-orders");
    let (days, intake) = orders.purchase_occasions(None).unwrap();
    let CustomerIds::Text(ids) = &days.ids else { panic!("ids are text") };
    assert_eq!(ids, &["+4915112345", "anna@example.com", "bert@example.com"]);
    let units = |money: &[i64]| money.iter().map(|m| m / 1_000_000).collect::<Vec<_>>();
    assert_eq!(units(&days.gross), [12, 35, 50, 25]);
    assert_eq!(units(&days.returns), [0, 0, 20, 30]);
    assert_eq!(days.orders, [1, 1, 1, 1]);
    // The local day as written, not the day in London: 23:30 at -0500 is still the 6th.
    assert_eq!(days.day[0], Day::parse_iso("2023-01-06").unwrap().0);
    assert_eq!(intake.currency.as_deref(), Some("EUR"));
    assert_eq!((intake.rows_read, intake.rows_accepted, intake.rows_put_aside), (11, 6, 5));
    assert_eq!(
        counts(&intake),
        [
            (Rule::NoCustomer, 1, 8),
            (Rule::CancelledOrder, 3, 139),
            (Rule::ZeroOrder, 1, 0),
            (Rule::RefundExceedsOrder, 1, -30),
        ]
    );
    assert_eq!(intake.complaints[0].examples[0].row, 10);
}

#[test]
fn zero_orders_of_a_shop_count_when_asked_for() {
    let path = fixture("shopify_orders.csv");
    let read = ReadOptions { zero_orders: Some(ZeroOrders::Keep), ..options(&path) };
    let (histories, _) = engine().open(&read).unwrap().purchase_histories(None).unwrap();
    assert_eq!(histories.len(), 4);
}

#[test]
fn the_transporter_template_gives_payments_and_refunds() {
    let Some(path) = shared("exports/shopify_transporter_templates/orders.csv") else { return };
    let orders = open(&path).unwrap();
    assert_eq!(orders.source_id(), "shopify-transporter");
    let (histories, intake) = orders.purchase_histories(None).unwrap();
    assert_eq!(histories.ids, CustomerIds::Text(vec!["john.doe@acme.com".into()]));
    assert_eq!((histories.gross[0], histories.returns[0]), (1_000_000_000, 500_000_000));
    assert!(intake.complaints.iter().any(|group| group.rule == Rule::CancelledOrder));
}

#[test]
fn both_releases_of_online_retail_give_the_same_histories() {
    let first =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    let second = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n";
    let rows = |id: &str| {
        format!(
            "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,{id},UK\n536365,71053,LANTERN,2,2010-12-01 08:26:00,3.39,{id},UK\n\
             C536379,D,Discount,-1,2010-12-02 09:41:00,5.50,{id},UK\n536414,22139,,56,2010-12-01 11:52:00,0.5,,UK\n"
        )
    };
    let (_a, first) = file("first.csv", format!("{first}{}", rows("17850")));
    let (_b, second) = file("second.csv", format!("{second}{}", rows("17850.0")));
    let read = |path| open(path).unwrap().purchase_histories(None).unwrap();
    let ((histories, intake), (other, _)) = (read(&first), read(&second));
    assert_eq!(histories, other);
    assert_eq!(histories.ids, CustomerIds::Text(vec!["17850".into()]));
    assert_eq!(
        (histories.orders[0], histories.gross[0], histories.returns[0]),
        (1, 22_080_000, 5_500_000)
    );
    assert_eq!(counts(&intake), [(Rule::NoCustomer, 1, 28)]);
}

#[test]
fn a_customer_with_returns_only_has_no_history() {
    let (_guard, path) = file(
        "orders.csv",
        "customer,date,amount\na,2021-01-01,5\nb,2021-01-02,-3\na,2021-01-03,-1\n",
    );
    let (histories, intake) = open(&path).unwrap().purchase_histories(None).unwrap();
    assert_eq!(histories.ids, CustomerIds::Text(vec!["a".into()]));
    assert_eq!((intake.returns, intake.returns_without_purchase), (4_000_000, 3_000_000));
}

#[test]
fn an_order_whose_rows_stand_far_apart_counts_once() {
    let heading = "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,\
                   Lineitem name,Cancelled at\n";
    let row = |name: &str, email: &str, total: &str, item: usize, cancelled: &str| {
        format!(
            "{name},{email},paid,,EUR,{total},2023-01-05 10:00:00 +0100,1,Item {item},{cancelled}\n"
        )
    };
    let mut rows = String::new();
    // Every order's lines repeat its total, and come again after all the others.
    for line in 0..3 {
        for order in 0..30_000 {
            let cancelled = if order == 7 { "2023-01-06 10:00:00 +0100" } else { "" };
            let email = format!("c{}@example.com", order % 9_000);
            rows += &row(&format!("#{order}"), &email, "10.00", line, cancelled);
        }
    }
    // A line without total or customer may even come before the row with the money.
    let early = row("#late", "", "", 0, "");
    let late = row("#late", "late@example.com", "77.00", 1, "");
    let (_guard, path) = file("orders.csv", format!("{heading}{early}{rows}{late}"));
    let orders = open(&path).unwrap();
    assert_eq!(orders.source_id(), "shopify-orders");
    let (histories, intake) = orders.purchase_histories(None).unwrap();
    assert_eq!(intake.orders, 30_000);
    assert_eq!(intake.gross, (29_999 * 10 + 77) * 1_000_000);
    assert_eq!(histories.gross.iter().sum::<i64>(), intake.gross);
    assert_eq!(counts(&intake), [(Rule::NoCustomer, 1, 0), (Rule::CancelledOrder, 3, 10)]);
}
