//! The canonical order row: who, on which day, how much, whether it was a return, and of which order.
//!
//! | column | type | meaning |
//! | --- | --- | --- |
//! | `customer` | Int64 or Utf8, never null | the id as the file gives it |
//! | `day` | Int32 | days since 1970-01-01, the local day as the file writes it |
//! | `amount` | Int64 | millionths of the currency unit, negative for a return |
//! | `is_return` | Boolean | the row reduces value and is no purchase |
//! | `order_key` | UInt64 | hash of the order id; null throughout when the file has no order id: then each row is an order |

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// Column name of the customer's id.
pub const CUSTOMER: &str = "customer";
/// Column name of the order's local day.
pub const DAY: &str = "day";
/// Column name of the signed amount.
pub const AMOUNT: &str = "amount";
/// Column name of the return flag.
pub const IS_RETURN: &str = "is_return";
/// Column name of the order's key.
pub const ORDER_KEY: &str = "order_key";

/// Whether customers are told apart by whole numbers or by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// Int64 ids.
    Integer,
    /// Utf8 ids.
    Text,
}

impl IdKind {
    /// The Arrow type of the customer column.
    pub fn data_type(self) -> DataType {
        match self {
            IdKind::Integer => DataType::Int64,
            IdKind::Text => DataType::Utf8,
        }
    }
}

/// The schema of canonical order rows.
///
/// ```
/// use clv_tables::orders::{IdKind, order_schema};
/// let schema = order_schema(IdKind::Integer);
/// assert_eq!(schema.field(0).name(), "customer");
/// assert_eq!(*schema.field(0).data_type(), IdKind::Integer.data_type());
/// ```
pub fn order_schema(id_kind: IdKind) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(CUSTOMER, id_kind.data_type(), false),
        Field::new(DAY, DataType::Int32, false),
        Field::new(AMOUNT, DataType::Int64, false),
        Field::new(IS_RETURN, DataType::Boolean, false),
        Field::new(ORDER_KEY, DataType::UInt64, true),
    ]))
}
