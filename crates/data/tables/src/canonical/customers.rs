//! What sources tell of customers.

use crate::table::canonical_table;

canonical_table! {
    /// One customer as one source knows them; `identities` says which of them are one person.
    /// What a source says of orders and value is kept to be compared with the orders, and never counts.
    "customers", Customer, Customers;
    key customer_id;
    owner customer_id;
    check not_blank: customer_id;
    check one_of("person" "staff" "wholesale" "test"): kind;
    check between(1900 2100): birth_year;
    check not_negative: stated_orders;
    check currency_code: currency;
    /// The customer's id in the source; the e-mail address where it has none.
    customer_id: Text = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
    /// Given name.
    first_name: Option<Text> = "Ada";
    /// Family name.
    last_name: Option<Text> = "Lovelace";
    /// The firm that the customer buys for, by name.
    company: Option<Text> = "Analytical Engines";
    /// The account that the customer buys for, see `accounts`.
    account_id: Option<Text> = "ACME";
    /// Who this is: person, staff, wholesale or test; those who are no person can be left out of figures.
    kind: Option<Text> = "person";
    /// The day on which the source first knew the customer.
    known_from: Option<Day> = "2024-02-11";
    /// The country, as ISO 3166 code where the source has one.
    country: Option<Text> = "DE";
    /// State, province or region.
    region: Option<Text> = "Berlin";
    /// Town.
    city: Option<Text> = "Berlin";
    /// Postal code, as text.
    postal_code: Option<Text> = "10115";
    /// The language to write in, as ISO 639 code where the source has one.
    language: Option<Text> = "de";
    /// Year of birth.
    birth_year: Option<Integer> = "1985";
    /// Gender, in the source's words.
    gender: Option<Text> = "female";
    /// Where the customer was won, in the source's words.
    channel: Option<Text> = "newsletter";
    /// Whether marketing e-mail is allowed; empty where nobody asked.
    is_email_allowed: Option<Flag> = "true";
    /// Whether marketing by text message is allowed; empty where nobody asked.
    is_sms_allowed: Option<Flag> = "false";
    /// The moment at which the consent was given or taken back last.
    consented_at: Option<Instant> = "2024-02-11T09:30:00Z";
    /// The text that was agreed to.
    consent_text: Option<Text> = "Send me offers by e-mail.";
    /// Where it was agreed to.
    consent_place: Option<Text> = "footer form";
    /// How many orders the source says that there were.
    stated_orders: Option<Integer> = "7";
    /// What the source says that the customer spent.
    stated_total: Option<Money> = "412.30";
    /// What the source forecasts that the customer will still spend.
    stated_residual_value: Option<Money> = "120.00";
    /// What the source says that the customer is worth in all.
    stated_lifetime_value: Option<Money> = "532.30";
    /// The currency of these amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// What else is known of the customer, as JSON object.
    attributes: Option<Text> = "{\"size\":\"M\"}";
    /// Labels of the shop, comma separated.
    tags: Option<Text> = "vip";
}
