//! What is known of the customers and what that does: effects in words, tests and groups.

use clv_answers::covariates::{CovariateFit, CovariateUsed, Pooling, Test};
use clv_answers::model_fit::ModelFit;
use clv_figures::numbers::{count, decimal, share};
use maud::{Markup, html};

use crate::table::{Options, scrolling};

/// The quantile of the normal law that 95 % lie within.
const NORMAL_95: f64 = 1.959_964;

/// Groups that fit a page.
const GROUPS_SHOWN: usize = 40;

/// Whether a parameter is the effect of a covariate.
pub(super) fn is_effect(name: &str) -> bool {
    ["purchase.", "dropout.", "spend."].iter().any(|target| name.starts_with(target))
}

/// The effects of a model; nothing where it has none.
pub(super) fn effects(model: &ModelFit, of_purchases: Option<&CovariateFit>) -> Markup {
    let found: Vec<(&String, f64)> = model
        .parameters
        .iter()
        .filter(|(name, _)| is_effect(name))
        .map(|(name, value)| (name, *value))
        .collect();
    let pooling = model.covariates.as_ref().and_then(|fit| fit.pooling.as_ref());
    let tests = model.covariates.as_ref().map_or(&[][..], |fit| &fit.tests[..]);
    if found.is_empty() && pooling.is_none() {
        return html! {};
    }
    let known =
        model.covariates.as_deref().filter(|fit| !fit.covariates.is_empty()).or(of_purchases);
    let covariate = |name: &str| -> Option<&CovariateUsed> {
        known?.covariates.iter().find(|one| one.name == name)
    };
    let rows = html! {
        thead {
            tr {
                th scope="col" { "What is known" }
                th scope="col" { "In words" }
                th.n scope="col" { "Effect" }
                th.n scope="col" { "Standard error" }
            }
        }
        tbody {
            @for (name, value) in &found {
                @let (target, of) = name.split_once('.').unwrap_or(("", name));
                @let error = model.standard_errors.get(name.as_str()).copied();
                tr {
                    th scope="row" { (subject(of, covariate(of))) }
                    td.words data-label="In words" { (in_words(&model.model, target, *value, error)) }
                    td.n data-label="Effect" data-v=(value) { (decimal(*value, 4)) }
                    @match error {
                        Some(error) => td.n data-label="Standard error" data-v=(error) { (decimal(error, 4)) },
                        None => td.n.blank data-label="Standard error" {},
                    }
                }
            }
        }
    };
    let id = format!("effects-{}", model.model);
    html! {
        h4 { "What is known of the customers, and what goes with it" }
        p.remark {
            "Each effect is that of one more, or of this against the level named, all else equal. It says what goes together, \
             not what is the cause."
        }
        @if !found.is_empty() {
            (scrolling(&Options { id: &id, caption: "effects of what is known of the customers" }, &rows))
        }
        @for test in tests { p.remark { (tested(test)) } }
        @if let Some(pooling) = pooling { (groups(pooling)) }
    }
}

/// What a covariate is, against what.
fn subject(name: &str, covariate: Option<&CovariateUsed>) -> String {
    match covariate.and_then(|one| Some((one, one.level.as_ref()?, one.reference.as_ref()?))) {
        Some((one, level, reference)) => {
            format!("{}: {level}, against {reference}", one.column)
        }
        None => name.to_owned(),
    }
}

/// What an effect does.
fn in_words(model: &str, target: &str, effect: f64, error: Option<f64>) -> String {
    let is_coin = matches!(model, "bg-nbd" | "mbg-nbd" | "bg-cnbd-k" | "mbg-cnbd-k" | "bg-bb");
    let is_occasion = model == "bg-bb" && target == "purchase";
    let what = match target {
        "purchase" if is_occasion => "the odds of buying in a period are {} times as high",
        "purchase" => "buys {} times as often",
        "dropout" if is_coin => "the odds of leaving are {} times as high",
        "dropout" => "leaves {} times as readily",
        _ => "spends {} times as much",
    };
    let factor = |effect: f64| decimal(effect.clamp(-20.0, 20.0).exp(), 2);
    let said = what.replace("{}", &factor(effect));
    match error {
        Some(error) => format!(
            "{said} (95 %: {} to {})",
            factor(effect - NORMAL_95 * error),
            factor(effect + NORMAL_95 * error)
        ),
        None => format!("{said}; the data do not bound it"),
    }
}

fn tested(test: &Test) -> String {
    let chance =
        if test.p_value < 1e-4 { "below 0.0001".to_owned() } else { decimal(test.p_value, 4) };
    format!(
        "Against {}: twice the log-likelihood gained is {} on {} degrees of freedom; the chance of as much were the smaller \
         model true is {chance}.",
        test.against,
        decimal(test.statistic, 2),
        test.degrees_of_freedom
    )
}

/// The groups of a pooled column, each with what it is moved by.
fn groups(pooling: &Pooling) -> Markup {
    let words = |target: &str| match target {
        "purchase" => "buys, times as often",
        _ => "leaves, times as readily",
    };
    let targets: Vec<&String> = pooling.spread.keys().collect();
    let rows = html! {
        thead {
            tr {
                th scope="col" { (pooling.column) }
                th.n scope="col" { "Customers" }
                @for target in &targets {
                    th.n scope="col" { (words(target)) }
                    th.n scope="col" { "Drawn to the mean" }
                }
            }
        }
        tbody {
            @for group in pooling.groups.iter().take(GROUPS_SHOWN) {
                tr {
                    th scope="row" { (group.group) }
                    td.n data-label="Customers" data-v=(group.n_customers) { (count(group.n_customers)) }
                    @for target in &targets {
                        @if let Some(one) = group.effects.get(*target) {
                            td.n data-label=(words(target)) data-v=(one.effect) { (decimal(one.effect.exp(), 2)) }
                            td.n data-label="Drawn to the mean" data-v=(one.shrinkage) { (share(one.shrinkage)) }
                        } @else {
                            td.n.blank {}
                            td.n.blank {}
                        }
                    }
                }
            }
        }
    };
    let id =
        format!("groups-{}", pooling.column.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let left_out = pooling.groups.len().saturating_sub(GROUPS_SHOWN);
    html! {
        (scrolling(&Options { id: &id, caption: "groups that borrow strength from each other" }, &rows))
        @if left_out > 0 { p.remark { (left_out) " more groups are in the saved model." } }
    }
}
