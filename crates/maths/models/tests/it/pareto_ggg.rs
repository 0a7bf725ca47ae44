//! Pareto/GGG by itself: what it becomes at its edges, and that what it says can be believed.

use clv_models::catalogue::{PurchaseModelEntry, purchase_model};
use clv_models::conformance::purchase_model_checks;

fn entry() -> &'static PurchaseModelEntry {
    purchase_model("pareto-ggg").unwrap()
}

#[test]
fn it_conforms_by_itself() {
    for check in purchase_model_checks() {
        let start = std::time::Instant::now();
        let found = (check.check)(entry());
        println!("{} {:?} {:?}", check.sentence, start.elapsed(), found.err());
    }
}
