//! The colours of a heat table: nine steps of one hue, for a light and a dark page.
//!
//! Each step is a ground and the ink that stands on it with a contrast of at least 4.5 to 1 (WCAG 2.2,
//! criterion 1.4.3); a test holds every pair to it. The number itself is always written in the cell, so no
//! meaning rests on the colour.

/// Ground and ink of each step on a light page, the lowest value first.
pub const LIGHT: [(&str, &str); 9] = [
    ("#f4f8fb", "#1c2733"),
    ("#e3eef6", "#1c2733"),
    ("#cfe2f0", "#1c2733"),
    ("#b5d3e8", "#1c2733"),
    ("#95c0de", "#1c2733"),
    ("#6fa9d1", "#101820"),
    ("#2f77ad", "#ffffff"),
    ("#1a6098", "#ffffff"),
    ("#0a4a7d", "#ffffff"),
];

/// Ground and ink of each step on a dark page, the lowest value first.
pub const DARK: [(&str, &str); 9] = [
    ("#18232e", "#e8edf2"),
    ("#1a2c3c", "#e8edf2"),
    ("#1c364c", "#e8edf2"),
    ("#1e425f", "#f2f6f9"),
    ("#205074", "#ffffff"),
    ("#235f8a", "#ffffff"),
    ("#5c9fcc", "#0b1219"),
    ("#86bce0", "#0b1219"),
    ("#b2d6ee", "#0b1219"),
];

/// The step of a value on a scale from 0 to `top`; what lies above is drawn as the top.
///
/// ```
/// assert_eq!(clv_pages::heat::step(0.0, 0.3), 0);
/// assert_eq!(clv_pages::heat::step(0.3, 0.3), 8);
/// ```
#[must_use]
pub fn step(value: f64, top: f64) -> usize {
    let ratio = if top > 0.0 { value / top } else { 0.0 };
    let reached = (ratio * LIGHT.len() as f64).floor();
    // A float-to-integer cast saturates, so a negative or unknown ratio is step 0.
    (reached as usize).min(LIGHT.len() - 1)
}

/// The style rules `.h0` to `.h8`, each following the page's colour scheme.
#[must_use]
pub fn style() -> String {
    let mut rules = String::new();
    for (i, (light, dark)) in LIGHT.iter().zip(&DARK).enumerate() {
        rules.push_str(&format!(
            ".h{i}{{background:light-dark({},{});color:light-dark({},{})}}",
            light.0, dark.0, light.1, dark.1
        ));
    }
    rules
}
