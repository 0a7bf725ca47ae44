//! Etsy: the files of sold orders and of their items. Buyers are known by their number; there is no address of theirs.

pub mod items;
pub mod orders;
