//! Discounting, lifetime value, customer equity and concentration.
