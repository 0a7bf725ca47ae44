//! Integration tests of the numerics.

mod accuracy;
