//! One file per outside source: raw rows in, canonical rows and complaints out.
