//! Every purchase model of the catalogue goes through the whole battery.

use clv_models::catalogue::purchase_models;
use clv_models::conformance::purchase_model_checks;

#[test]
fn every_purchase_model_conforms() {
    let mut broken = Vec::new();
    for check in purchase_model_checks() {
        for entry in purchase_models() {
            if let Err(counterexample) = (check.check)(entry) {
                broken.push(format!("{}, {}: {counterexample}", entry.id, check.sentence));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
