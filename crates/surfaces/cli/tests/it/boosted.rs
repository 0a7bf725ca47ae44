//! Boosted trees from the command line: fitted, saved, read back, refused.

use crate::run::{Folder, SAMPLE, rows};

#[test]
fn saved_trees_tell_what_they_learnt_and_serve_orders_but_no_histories() {
    let folder = Folder::new();
    let ended = folder.clv(&["fit", SAMPLE, "--model", "ziln", "--seed", "3", "-o", "ziln.json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let saved = std::fs::read_to_string(folder.path("ziln.json")).expect("it was written");
    let saved: serde_json::Value = serde_json::from_str(&saved).expect("a model is JSON");
    let (fit, provenance) = (&saved["answer"], &saved["provenance"]);
    assert_eq!((fit["model"].as_str(), provenance["seed"].as_u64()), (Some("ziln"), Some(3)));
    assert_eq!(fit["boosted"]["stands_on"], "pareto-nbd");
    let horizons = fit["boosted"]["horizons"].as_array().expect("there are some");
    for part in horizons.iter().flat_map(|one| [&one["bought_once"], &one["bought_again"]]) {
        let heads = part["heads"].as_object().expect("the sample has buyers enough");
        assert_eq!(heads.len(), 4, "{heads:?}");
        for head in heads.values() {
            let (model, with) = (&head["loss_of_model"], &head["loss_out_of_time"]);
            // Trees that do not help out of time are not kept.
            assert!(with.as_f64() <= model.as_f64(), "{head}");
            assert_eq!(
                head["rounds"].as_u64(),
                head["trees"].as_array().map(|all| all.len() as u64)
            );
        }
    }
    let value = folder.clv(&["value", SAMPLE, "--model-file", "ziln.json", "--horizon", "90d"]);
    assert_eq!(value.status, 0, "{}", value.stderr);
    assert_eq!(rows(&value.stdout).len(), 2358);
    let ended = folder.clv(&["histories", SAMPLE, "-o", "histories.csv"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for asked in [&["--model", "ziln"], &["--model-file", "ziln.json"]] {
        let ended = folder.clv(&[&["forecast", "histories.csv"], &asked[..]].concat());
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("ziln learns from each customer's days"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: name the file of orders instead"), "{}", ended.stderr);
    }
}
