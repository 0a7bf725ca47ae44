//! Integration tests of the models.

mod cdnow;
mod purchase_golden;
