//! The canonical tables, one file each, and the list of them.

pub mod accounts;
pub mod ad_spend;
pub mod benchmarks;
pub mod campaigns;
pub mod contracts;
pub mod costs;
pub mod coupons;
pub mod customers;
pub mod events;
pub mod fx_rates;
pub mod identities;
pub mod invoices;
pub mod leads;
pub mod loyalty_entries;
pub mod memberships;
pub mod messages;
pub mod opportunities;
pub mod order_lines;
pub mod orders;
pub mod payments;
pub mod products;
pub mod put_aside;
pub mod reach;
pub mod referrals;
pub mod refunds;
pub mod shipments;
pub mod subscriptions;
pub mod surveys;
pub mod tickets;
pub mod touchpoints;

use crate::table::Table;

/// Every canonical table, in the order of documents.
pub static TABLES: [&Table; 30] = [
    &orders::TABLE,
    &order_lines::TABLE,
    &refunds::TABLE,
    &payments::TABLE,
    &shipments::TABLE,
    &products::TABLE,
    &costs::TABLE,
    &customers::TABLE,
    &identities::TABLE,
    &accounts::TABLE,
    &contracts::TABLE,
    &invoices::TABLE,
    &leads::TABLE,
    &opportunities::TABLE,
    &subscriptions::TABLE,
    &memberships::TABLE,
    &coupons::TABLE,
    &referrals::TABLE,
    &loyalty_entries::TABLE,
    &campaigns::TABLE,
    &messages::TABLE,
    &ad_spend::TABLE,
    &touchpoints::TABLE,
    &events::TABLE,
    &reach::TABLE,
    &tickets::TABLE,
    &surveys::TABLE,
    &benchmarks::TABLE,
    &fx_rates::TABLE,
    &put_aside::TABLE,
];

/// The table of this name.
///
/// ```
/// assert!(clv_tables::canonical::table("orders").is_some());
/// ```
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.into_iter().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Origin;

    #[test]
    fn every_key_and_owner_is_a_required_column_and_an_owner_is_part_of_its_key() {
        for table in TABLES {
            for name in table.key.iter().chain(table.owner) {
                let column = table.column(name);
                assert!(column.is_some_and(|column| column.is_required), "{}.{name}", table.name);
            }
            assert!(table.owner.iter().all(|name| table.key.contains(name)), "{}", table.name);
            assert!(!table.key.is_empty(), "{}", table.name);
        }
    }

    #[test]
    fn only_payments_and_subscriptions_may_stand_without_their_day() {
        let mut without = Vec::new();
        for table in TABLES {
            let Some(name) = table.day else { continue };
            let column = table.column(name).unwrap_or_else(|| panic!("{}.{name}", table.name));
            assert_eq!(column.kind, crate::table::Kind::Day, "{}.{name}", table.name);
            if !column.is_required {
                without.push(table.name);
            }
        }
        assert_eq!(without, ["payments", "subscriptions"]);
    }

    #[test]
    fn rows_become_a_batch_of_the_schema_and_leave_nothing_behind() {
        let mut rows = orders::Orders::default();
        let origin = Origin { source: "generic", shop: "", file: "a.csv", row: 2 };
        rows.push(orders::Order { order_id: "1".into(), ..Default::default() }, &origin);
        assert_eq!(rows.len(), 1);
        let batch = rows.take();
        assert_eq!((batch.num_rows(), batch.schema()), (1, orders::TABLE.schema()));
        assert!(rows.is_empty());
    }
}
