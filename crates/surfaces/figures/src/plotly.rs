//! The drawing library that ships with the pages.

/// The version of plotly.js in [`SCRIPT`].
pub const VERSION: &str = "4.1.1";

/// plotly.js, partial bundle "basic", minified: about 1.2 MB of JavaScript that fetches nothing when loaded.
///
/// It never contains `</script`, so it can be inlined as it is.
pub const SCRIPT: &str = include_str!("../assets/plotly-basic.min.js");
