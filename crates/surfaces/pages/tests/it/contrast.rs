//! The heat table can be read on either page.

use clv_pages::heat::{DARK, LIGHT, step};

fn luminance(colour: &str) -> f64 {
    let part = |i: usize| f64::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap()) / 255.0;
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
}

#[test]
fn every_heat_step_keeps_a_contrast_of_four_and_a_half() {
    for (ground, ink) in LIGHT.iter().chain(&DARK) {
        let (a, b) = (luminance(ground), luminance(ink));
        let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
        assert!(contrast >= 4.5, "{ink} on {ground}: {contrast:.2}");
    }
}

#[test]
fn heat_steps_rise_with_the_value_and_stay_on_the_scale() {
    let steps: Vec<usize> =
        [-1.0, 0.0, 0.1, 0.5, 0.99, 1.0, 7.0].iter().map(|v| step(*v, 1.0)).collect();
    assert_eq!(steps, [0, 0, 0, 4, 8, 8, 8]);
    assert_eq!(step(0.2, 0.0), 0);
}
