//! Integration tests of the models.

mod cdnow;
mod future_process;
mod purchase_golden;
