//! Every special function keeps the promise of its row in the accuracy table.

use clv_numerics::accuracy::ACCURACY;

const POINTS: &str = include_str!("../../../../../golden/special_functions.csv");

/// (function, arguments, value) of every reference point.
fn points() -> Vec<(&'static str, Vec<f64>, f64)> {
    POINTS
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let (value, arguments) = fields[1..].split_last().expect("at least a value");
            let arguments =
                arguments.iter().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap());
            (fields[0], arguments.collect(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn every_special_function_is_as_exact_as_it_says() {
    let points = points();
    let mut broken = Vec::new();
    for row in ACCURACY {
        let of_row: Vec<_> = points.iter().filter(|(name, ..)| *name == row.function).collect();
        assert!(of_row.len() >= 9, "{} has {} reference points", row.function, of_row.len());
        for (_, arguments, value) in of_row {
            let found = (row.evaluate)(arguments);
            let error = (found - value).abs() / value.abs().max(row.scale);
            let is_exact = found.to_bits() == value.to_bits() || error <= row.relative_error;
            if !is_exact {
                broken.push(format!(
                    "{}({arguments:?}) = {found}, not {value}: {error:e}",
                    row.function
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{} points:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_reference_point_belongs_to_a_row() {
    for (name, ..) in points() {
        assert!(ACCURACY.iter().any(|row| row.function == name), "no accuracy row for {name}");
    }
}
