//! Shopify's customers export: totals are stated, never true.

use crate::read::{import, shared};

#[test]
fn totals_are_stated_and_a_customer_without_an_id_is_known_by_address() {
    let imported = import(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Default Address Country Code,Default Address Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags\n\
         '5871,Ada,Lovelace,Ada@Example.com,yes,Berlin,DE,'10115,'+49 30 123456,no,412.30,7,\"vip, Wholesale\"\n\
         ,Bob,,bob@example.com,no,,,,,,0.00,0,\n\
         ,,,,no,,,,0044 20 7946 0000,,1.00,1,\n\
         ,Nobody,,,no,,,,,,0.00,0,\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "shopify-customers");
    assert_eq!(
        imported.list("customers", "customer_id email phone postal_code kind is_email_allowed is_sms_allowed stated_total stated_orders"),
        [
            "5871|ada@example.com|+4930123456|10115|wholesale|true|false|412.300000|7",
            "bob@example.com|bob@example.com||||false||0.000000|0",
            "+442079460000||+442079460000|||false||1.000000|1"
        ]
    );
    assert_eq!(imported.put_aside(), [("no_customer", 1)]);
    assert!(imported.totals.currencies.is_empty());
}

#[test]
fn the_real_headings_are_recognised() {
    let Some(text) = shared("exports/headers_only/shopify_customers_export.csv") else { return };
    let imported = import(&text).unwrap();
    assert_eq!((imported.importer, imported.confidence), ("shopify-customers", 1.0));
    let Some(text) = shared("exports/headers_only/shopify_orders_export_79cols.csv") else {
        return;
    };
    assert_eq!(import(&text).unwrap().importer, "shopify-orders");
}
