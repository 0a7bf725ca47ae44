//! Every purchase model of the catalogue goes through the whole battery.

use clv_models::catalogue::{parameter_meaning, purchase_models, retention_models, spend_models};
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

#[test]
fn every_parameter_of_every_model_is_told_in_words_of_its_own() {
    let purchases = purchase_models().iter().map(|one| (one.id, one.parameter_names));
    let spends = spend_models().iter().map(|one| (one.id, one.parameter_names));
    let retentions = retention_models().iter().map(|one| (one.id, one.parameter_names));
    for (id, names) in purchases.chain(spends).chain(retentions) {
        let words: Vec<&str> =
            names.iter().filter_map(|name| parameter_meaning(id, name)).collect();
        assert_eq!(words.len(), names.len(), "{id} leaves a parameter without words");
        for (place, one) in words.iter().enumerate() {
            assert!(one.len() > 10 && !words[..place].contains(one), "{id}: {one:?}");
        }
    }
}
