//! The colours of the charts, told apart by people with any kind of colour vision.
//!
//! The hues are those of Okabe and Ito's colour-blind-safe set, darkened or lightened until a line keeps a
//! contrast of at least 3 to 1 against its page.

/// The first series: what was observed.
pub const BLUE: &str = "#0072b2";
/// The second series: what was expected.
pub const VERMILLION: &str = "#c75300";
/// A third series.
pub const GREEN: &str = "#008a65";
/// References and what stays in the background.
pub const GREY: &str = "#767f8c";
/// One cohort among many: present, not prominent.
pub const PALE: &str = "#b9c6d3";
/// Text.
pub const INK: &str = "#1c2733";
/// Axis labels and remarks.
pub const MUTED: &str = "#566270";
/// Grid lines.
pub const GRID: &str = "#e6eaee";
/// Axis lines and borders.
pub const LINE: &str = "#aeb7c1";
/// The page behind a label.
pub const PAPER: &str = "#ffffff";
/// The ground of a marked stretch, such as the holdout.
pub const SHADE: &str = "rgba(199,83,0,0.07)";

/// What each colour becomes on a dark page: (light, dark).
pub const DARK: [(&str, &str); 11] = [
    (BLUE, "#6cb8ee"),
    (VERMILLION, "#ff9d5c"),
    (GREEN, "#3fcba1"),
    (GREY, "#97a2af"),
    (PALE, "#44576a"),
    (INK, "#e8edf2"),
    (MUTED, "#a3b0bd"),
    (GRID, "#26323e"),
    (LINE, "#4b5a69"),
    (PAPER, "#151d26"),
    (SHADE, "rgba(255,157,92,0.09)"),
];
