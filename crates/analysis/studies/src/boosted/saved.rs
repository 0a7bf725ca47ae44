//! Boosted heads as they are saved, and read back.

use clv_answers::boosted::{
    BoostedFit, BoostedHead, BoostedHorizon, BoostedPart, SavedNode, ValueBounds,
};
use clv_models::boosted::{
    BoostedTrees, HeadReport, PeriodShift, SCORE_FEATURES, TreeNode, ValueHeads, Ziln,
};

use super::lesson::set_of_part;
use super::{BoostedOptions, Ladder, LearntHeads, PartHeads};
use crate::calendar::{day_of, iso};
use crate::error::StudyError;
use crate::features::{AttributeColumns, feature_names};

/// So many of the features that gained most are told.
const N_TOLD: usize = 6;

/// The heads, in the order in which they are fitted.
const HEADS: [&str; 4] = ["buys", "purchases", "mean_ln", "sd_ln"];

/// The ladder as it is saved.
pub(super) fn saved_ladder(ladder: &Ladder, options: &BoostedOptions) -> BoostedFit {
    let horizon = |one: &LearntHeads| BoostedHorizon {
        horizon_days: one.learnt_days,
        learnt_at: one.learnt_at.iter().map(|day| iso(*day)).collect(),
        shift_ln_purchases: one.shift.ln_purchases,
        shift_logit_buys: one.shift.logit_buys,
        bought_once: one.parts[0].as_ref().map(|part| saved_part(part, 0)),
        bought_again: one.parts[1].as_ref().map(|part| saved_part(part, 1)),
    };
    BoostedFit {
        stands_on: options.parent.to_owned(),
        seed: options.ziln.boost.seed,
        horizons: ladder.rungs.iter().map(horizon).collect(),
    }
}

/// Everything that the trees of a part split on: features, attributes and the probability models' scores.
fn names_of(part: usize, attributes: &[AttributeColumns]) -> Vec<String> {
    let mut names = feature_names(set_of_part(part), attributes);
    names.extend(SCORE_FEATURES.map(str::to_owned));
    names
}

fn saved_part(part: &PartHeads, at: usize) -> BoostedPart {
    let features = names_of(at, &part.attributes);
    let heads = &part.heads;
    let value = heads.value.as_ref();
    let trees = [
        Some(&heads.buys),
        Some(&heads.purchases),
        value.map(|value| &value.mean_ln),
        value.map(|value| &value.ln_sd),
    ];
    let of_head = |(name, trees): (&'static str, Option<&BoostedTrees>)| {
        let report = heads.reports().iter().find(|(of, _)| *of == name)?.1;
        Some((name.to_owned(), saved_head(trees?, &report, &features)))
    };
    BoostedPart {
        attributes: part
            .attributes
            .iter()
            .map(|one| (one.name.clone(), one.levels.clone()))
            .collect(),
        heads: HEADS.into_iter().zip(trees).filter_map(of_head).collect(),
        count_shape: Some(heads.count_shape).filter(|shape| shape.is_finite()),
        value_bounds: value.map(|value| ValueBounds {
            least_ln: value.least_ln,
            largest_ln: value.largest_ln,
            largest_sd_ln: value.largest_sd_ln,
            correction: value.correction,
        }),
        features,
    }
}

fn saved_head(trees: &BoostedTrees, report: &HeadReport, features: &[String]) -> BoostedHead {
    let gains = trees.gain_by_feature(features.len());
    let all: f64 = gains.iter().sum();
    let mut order: Vec<usize> = (0..features.len()).filter(|&at| gains[at] > 0.0).collect();
    order.sort_by(|a, b| gains[*b].total_cmp(&gains[*a]).then(a.cmp(b)));
    let node = |node: &TreeNode| match *node {
        TreeNode::Leaf(value) => SavedNode::Leaf(value),
        TreeNode::Split { feature, threshold, missing_goes_left, left, right, gain } => {
            let threshold = Some(threshold).filter(|threshold| threshold.is_finite());
            SavedNode::Split(feature, threshold, missing_goes_left, left, right, gain)
        }
    };
    let nodes = trees.nodes();
    BoostedHead {
        rounds: report.n_trees as u64,
        loss_of_model: report.loss_of_offsets,
        loss_out_of_time: report.loss,
        loss_in_sample: report.loss_in_sample,
        most_used: order
            .into_iter()
            .take(N_TOLD)
            .map(|at| (features[at].clone(), gains[at] / all))
            .collect(),
        intercept: trees.intercept(),
        trees: nodes.iter().map(|tree| tree.iter().map(node).collect()).collect(),
    }
}

fn wrong(problem: String) -> StudyError {
    StudyError::SavedModel { problem }
}

/// The ladder that was saved.
pub(super) fn ladder_of(saved: &BoostedFit) -> Result<Ladder, StudyError> {
    let mut rungs: Vec<LearntHeads> = Vec::with_capacity(saved.horizons.len());
    for horizon in &saved.horizons {
        if horizon.horizon_days <= rungs.last().map_or(0, |last| last.learnt_days) {
            return Err(wrong(format!(
                "has a horizon of {} days, expected horizons above 0, shortest first",
                horizon.horizon_days
            )));
        }
        let days = horizon.learnt_at.iter().map(|text| {
            day_of(text).ok_or_else(|| wrong(format!("was learnt at '{text}', which is no date")))
        });
        let shifts = [horizon.shift_ln_purchases, horizon.shift_logit_buys];
        if shifts.iter().any(|shift| !shift.is_finite()) {
            return Err(wrong("has a shift that is no finite number".to_owned()));
        }
        rungs.push(LearntHeads {
            learnt_days: horizon.horizon_days,
            learnt_at: days.collect::<Result<_, _>>()?,
            shift: PeriodShift { ln_purchases: shifts[0], logit_buys: shifts[1] },
            parts: [
                horizon.bought_once.as_ref().map(|part| part_of(part, 0)).transpose()?,
                horizon.bought_again.as_ref().map(|part| part_of(part, 1)).transpose()?,
            ],
        });
    }
    if rungs.is_empty() {
        return Err(wrong("has boosted trees for no horizon".to_owned()));
    }
    Ok(Ladder { rungs })
}

fn part_of(saved: &BoostedPart, at: usize) -> Result<PartHeads, StudyError> {
    let attributes: Vec<AttributeColumns> = saved
        .attributes
        .iter()
        .map(|(name, levels)| AttributeColumns { name: name.clone(), levels: levels.clone() })
        .collect();
    let names = names_of(at, &attributes);
    if saved.features != names {
        return Err(wrong(
            "has trees that split on other features than this program computes".to_owned(),
        ));
    }
    let trees = |name: &str| -> Result<BoostedTrees, StudyError> {
        let head =
            saved.heads.get(name).ok_or_else(|| wrong(format!("lacks the trees of '{name}'")))?;
        let node = |node: &SavedNode| match *node {
            SavedNode::Leaf(value) => TreeNode::Leaf(value),
            SavedNode::Split(feature, threshold, missing_goes_left, left, right, gain) => {
                TreeNode::Split {
                    feature,
                    threshold: threshold.unwrap_or(f64::INFINITY),
                    missing_goes_left,
                    left,
                    right,
                    gain,
                }
            }
        };
        let nodes: Vec<Vec<TreeNode>> =
            head.trees.iter().map(|tree| tree.iter().map(node).collect()).collect();
        BoostedTrees::of_nodes(head.intercept, &nodes, names.len())
            .map_err(|error| wrong(format!("has trees of '{name}' that are none: {error}")))
    };
    let value = match saved.value_bounds {
        None => None,
        Some(bounds) => {
            let all = [bounds.least_ln, bounds.largest_ln, bounds.largest_sd_ln, bounds.correction];
            let is_sane = bounds.largest_sd_ln > 0.0 && bounds.correction > 0.0;
            if !is_sane || all.iter().any(|bound| !bound.is_finite()) {
                return Err(wrong("has value_bounds that bound nothing".to_owned()));
            }
            Some(ValueHeads {
                mean_ln: trees("mean_ln")?,
                ln_sd: trees("sd_ln")?,
                least_ln: bounds.least_ln,
                largest_ln: bounds.largest_ln,
                largest_sd_ln: bounds.largest_sd_ln,
                correction: bounds.correction,
            })
        }
    };
    let count_shape = saved.count_shape.unwrap_or(f64::INFINITY);
    if count_shape.is_nan() || count_shape <= 0.0 {
        return Err(wrong("has a count_shape that is no number above 0".to_owned()));
    }
    let report = |name: &&'static str| {
        let head = saved.heads.get(*name)?;
        let report = HeadReport {
            n_trees: head.trees.len(),
            loss_of_offsets: head.loss_of_model,
            loss: head.loss_out_of_time,
            loss_in_sample: head.loss_in_sample,
        };
        Some((*name, report))
    };
    let heads = Ziln {
        buys: trees("buys")?,
        purchases: trees("purchases")?,
        count_shape,
        value,
        reports: HEADS.iter().filter_map(report).collect(),
    };
    Ok(PartHeads { heads, attributes })
}
