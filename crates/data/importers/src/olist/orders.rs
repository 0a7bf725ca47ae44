//! Olist's orders: what their other files need to know of them, and how they were delivered.

use clv_tables::Rule;
use clv_tables::canonical::shipments::{self, Shipment};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::order_heads::{OrderHead, OrderHeads};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-orders",
    title: "Olist orders",
    signature: &[
        "order_id",
        "customer_id",
        "order_status",
        "order_purchase_timestamp",
        "order_delivered_customer_date",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&shipments::TABLE],
    caution: "the file has no amounts: orders come out when olist-payments is imported with it; a day of dispatch after the day of arrival is left out",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["order_id"];
    CUSTOMER_ID "customer_id" Text needed ["customer_id"];
    STATUS "status" Text needed ["order_status"];
    PURCHASED_AT "ordered_at" Moment needed ["order_purchase_timestamp"];
    SHIPPED_AT "shipped_at" Moment optional ["order_delivered_carrier_date"];
    DELIVERED_AT "delivered_at" Moment optional ["order_delivered_customer_date"];
    PROMISED_AT "promised_at" Moment optional ["order_estimated_delivery_date"];
}

#[derive(Debug, Default)]
struct Reader {
    heads: OrderHeads,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        let purchased = cells.needed_moment(PURCHASED_AT)?;
        let day = |column| cells.moment(column).map(|moment| moment.map(|moment| moment.day));
        let (shipped_on, delivered_on) = (day(SHIPPED_AT)?, day(DELIVERED_AT)?);
        let promised_on = day(PROMISED_AT)?;
        let status = cells.text(STATUS).map(str::to_lowercase);
        if shipped_on.is_some() || delivered_on.is_some() {
            let contradicts = matches!((shipped_on, delivered_on), (Some(a), Some(b)) if b < a);
            out.rows.shipments.push(
                Shipment {
                    order_id: order_id.into(),
                    shipment_id: "1".into(),
                    shipped_on: shipped_on.filter(|_| !contradicts),
                    promised_on,
                    delivered_on,
                    status: status.as_deref().map(Into::into),
                    country: Some("BR".into()),
                    ..Shipment::default()
                },
                &cells.origin,
            );
        }
        self.heads.insert(
            order_id.to_owned(),
            OrderHead {
                ordered_on: purchased.day,
                ordered_at: purchased.at,
                customer_id: cells.text(CUSTOMER_ID).map(str::to_owned),
                is_cancelled: status.as_deref().is_some_and(|s| super::CANCELLED.contains(&s)),
                status,
                row: cells.origin.row,
            },
        );
        Ok(())
    }

    fn heads(&mut self) -> Option<OrderHeads> {
        Some(std::mem::take(&mut self.heads))
    }
}
