//! The words of the report, explained.

use maud::html;

use crate::page::Section;

const TERMS: [(&str, &str); 14] = [
    ("Average order value", "Net sales divided by the number of purchases."),
    (
        "Bake-off",
        "Every model and naive baseline foretells a past that is already known; the best is served.",
    ),
    (
        "Calibration, holdout, origin",
        "The orders up to the origin, which the model saw; those after it, which it did \
      not; the day between them.",
    ),
    ("Cohort", "Customers who first bought in the same period."),
    ("Customer equity", "The sum of the expected future value of all present customers."),
    (
        "Expected future value",
        "What a customer is expected to bring over the horizon, later money counted for less \
      (discounted). Also called residual value.",
    ),
    (
        "Gini coefficient",
        "How unequal customers are: 0 if all are worth the same, near 1 if one brings everything.",
    ),
    ("Historic value", "What a customer has brought so far: purchases less returns."),
    (
        "Interval",
        "Where the true number lies with the stated chance, counting what is unknown about the model, the \
      number of orders and their size.",
    ),
    (
        "Lifetime value",
        "Historic and future value under the named definition, which says what is counted.",
    ),
    (
        "Naive baseline",
        "A rule of thumb, such as \u{201c}as many as before\u{201d}, that any model must beat.",
    ),
    (
        "Order again",
        "The chance of at least one order within the horizon. One minus it is the risk of losing the \
      customer.",
    ),
    (
        "RFM",
        "Scores from 1 (low) to 5 (high) for how recently, how often and for how much a customer bought.",
    ),
    (
        "Still a customer",
        "The chance that a customer has not left for good. Nobody tells a shop when they leave, so it \
      is inferred from the silence.",
    ),
];

pub(super) fn section() -> Section {
    Section {
        id: "terms",
        name: "Terms",
        title: "Terms used".to_owned(),
        lead: String::new(),
        body: html! {
            div.panel { dl.list.terms { @for (term, meaning) in TERMS { dt { (term) } dd { (meaning) } } } }
        },
    }
}
