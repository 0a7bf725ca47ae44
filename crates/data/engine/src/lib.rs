//! Embedded DataFusion: reading files, the plans that run over them, writing tables.
