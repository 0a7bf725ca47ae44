//! The canonical tables: columns, types, units, keys, complaints.
