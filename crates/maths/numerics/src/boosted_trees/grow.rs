//! Grows one tree, the most gainful split first.

use super::bins::{BinnedTable, MISSING};
use super::features::Monotone;
use super::histogram::{Histogram, Pair};
use super::tree::{Node, Tree};

/// How a tree is grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeOptions {
    /// At most this many leaves.
    pub most_leaves: usize,
    /// At most this many splits on the way to a leaf.
    pub most_depth: usize,
    /// No leaf with a smaller sum of weighted Hessians.
    pub least_hessian: f64,
    /// Added to the Hessian of every leaf, which draws its value towards 0.
    pub l2: f64,
    /// No split that makes the second-order loss smaller by less than this.
    pub least_gain: f64,
}

/// A leaf that may still be split.
struct OpenLeaf {
    node: usize,
    depth: usize,
    rows: std::ops::Range<usize>,
    histogram: Histogram,
    bounds: (f64, f64),
    best: Option<Split>,
}

/// A split of a leaf, with the bounds that monotone features leave to each side.
#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    feature: usize,
    last_bin: u8,
    missing_goes_left: bool,
    values: (f64, f64),
}

/// Grows a tree on `rows`, whose gradients and Hessians are `pairs` (one for each row of the table). Leaves hold
/// whole Newton steps; the caller takes its share of them.
pub(super) fn grow(
    table: &BinnedTable,
    monotone: &[Monotone],
    mut rows: Vec<u32>,
    pairs: &[Pair],
    options: &TreeOptions,
) -> Tree {
    let histogram = Histogram::new(table, &rows, pairs);
    let total = rows.iter().fold([0.0, 0.0], |sum, &row| {
        let pair = pairs[row as usize];
        [sum[0] + pair[0], sum[1] + pair[1]]
    });
    let bounds = (f64::NEG_INFINITY, f64::INFINITY);
    let mut nodes = vec![Node::Leaf(leaf_value(total, bounds, options.l2))];
    let mut root =
        OpenLeaf { node: 0, depth: 0, rows: 0..rows.len(), histogram, bounds, best: None };
    root.best = best_split(&root, monotone, options);
    let mut open = vec![root];
    for _ in 1..options.most_leaves {
        let gainful = (0..open.len())
            .filter_map(|at| open[at].best.map(|split| (at, split)))
            .reduce(|best, other| if other.1.gain > best.1.gain { other } else { best });
        let Some((at, split)) = gainful else { break };
        let leaf = open.swap_remove(at);
        let column = &table.columns[split.feature];
        let goes_left = |row: u32| match column[row as usize] {
            MISSING => split.missing_goes_left,
            bin => bin <= split.last_bin,
        };
        let n_left = partition(&mut rows[leaf.rows.clone()], goes_left);
        let middle = leaf.rows.start + n_left;
        let children = nodes.len();
        let node_number = |at: usize| u32::try_from(at).expect("a tree has few nodes");
        nodes[leaf.node] = Node::Split {
            feature: node_number(split.feature),
            last_bin: split.last_bin,
            // Behind the last cut lies nothing but missing values: whoever has a number goes left.
            threshold: table.cuts[split.feature]
                .get(usize::from(split.last_bin))
                .copied()
                .unwrap_or(f64::INFINITY),
            missing_goes_left: split.missing_goes_left,
            left: node_number(children),
            right: node_number(children + 1),
            gain: split.gain,
        };
        nodes.push(Node::Leaf(split.values.0));
        nodes.push(Node::Leaf(split.values.1));
        let sides = [leaf.rows.start..middle, middle..leaf.rows.end];
        let bounds = child_bounds(&leaf, &split, monotone[split.feature]);
        let is_left_smaller = sides[0].len() <= sides[1].len();
        let smaller = sides[usize::from(!is_left_smaller)].clone();
        let of_smaller = Histogram::new(table, &rows[smaller], pairs);
        let of_larger = leaf.histogram.without(&of_smaller);
        let histograms =
            if is_left_smaller { [of_smaller, of_larger] } else { [of_larger, of_smaller] };
        for (side, ((rows, bounds), histogram)) in
            sides.into_iter().zip(bounds).zip(histograms).enumerate()
        {
            let node = children + side;
            let depth = leaf.depth + 1;
            let mut child = OpenLeaf { node, depth, rows, histogram, bounds, best: None };
            if depth < options.most_depth {
                child.best = best_split(&child, monotone, options);
            }
            open.push(child);
        }
    }
    Tree { nodes }
}

/// Puts the rows that go left first, both sides in their old order; gives how many go left.
fn partition(rows: &mut [u32], goes_left: impl Fn(u32) -> bool) -> usize {
    let mut right = Vec::new();
    let mut n_left = 0;
    for at in 0..rows.len() {
        let row = rows[at];
        if goes_left(row) {
            rows[n_left] = row;
            n_left += 1;
        } else {
            right.push(row);
        }
    }
    rows[n_left..].copy_from_slice(&right);
    n_left
}

/// The Newton step of a leaf, within its bounds.
fn leaf_value([gradient, hessian]: Pair, (low, high): (f64, f64), l2: f64) -> f64 {
    let denominator = hessian + l2;
    if denominator > 0.0 {
        (-gradient / denominator).clamp(low, high)
    } else {
        0.0_f64.clamp(low, high)
    }
}

/// By how much a leaf with this value makes the second-order loss smaller.
fn gain_of([gradient, hessian]: Pair, value: f64, l2: f64) -> f64 {
    -(gradient * value + 0.5 * (hessian + l2) * value * value)
}

/// What a monotone split leaves to each side: neither passes the middle between the two.
fn child_bounds(leaf: &OpenLeaf, split: &Split, direction: Monotone) -> [(f64, f64); 2] {
    let (low, high) = leaf.bounds;
    let middle = 0.5 * (split.values.0 + split.values.1);
    match direction {
        Monotone::Free => [(low, high), (low, high)],
        Monotone::Rising => [(low, middle), (middle, high)],
        Monotone::Falling => [(middle, high), (low, middle)],
    }
}

/// The split of a leaf that gains most; the first one among equals.
fn best_split(leaf: &OpenLeaf, monotone: &[Monotone], options: &TreeOptions) -> Option<Split> {
    let mut best: Option<Split> = None;
    for (feature, &direction) in monotone.iter().enumerate() {
        let bins = leaf.histogram.of_feature(feature);
        let missing = bins[usize::from(MISSING)];
        let numbers = &bins[..usize::from(MISSING)];
        let known =
            numbers.iter().fold([0.0, 0.0], |sum: Pair, bin| [sum[0] + bin[0], sum[1] + bin[1]]);
        let total = [known[0] + missing[0], known[1] + missing[1]];
        if total[1] < 2.0 * options.least_hessian {
            continue;
        }
        let undivided = gain_of(total, leaf_value(total, leaf.bounds, options.l2), options.l2);
        let mut below = [0.0, 0.0];
        for (last_bin, bin) in numbers.iter().enumerate() {
            below = [below[0] + bin[0], below[1] + bin[1]];
            if bin[1] <= 0.0 {
                continue;
            }
            // Where nothing is missing here, a missing value met later goes with the larger side.
            let sides: &[bool] = if missing[1] > 0.0 {
                &[true, false]
            } else if below[1] >= known[1] - below[1] {
                &[true]
            } else {
                &[false]
            };
            for &missing_goes_left in sides {
                let left = if missing_goes_left {
                    [below[0] + missing[0], below[1] + missing[1]]
                } else {
                    below
                };
                let right = [total[0] - left[0], total[1] - left[1]];
                if left[1] < options.least_hessian || right[1] < options.least_hessian {
                    continue;
                }
                let values = (
                    leaf_value(left, leaf.bounds, options.l2),
                    leaf_value(right, leaf.bounds, options.l2),
                );
                let is_against = match direction {
                    Monotone::Free => false,
                    Monotone::Rising => values.0 > values.1,
                    Monotone::Falling => values.0 < values.1,
                };
                if is_against {
                    continue;
                }
                let gain = gain_of(left, values.0, options.l2)
                    + gain_of(right, values.1, options.l2)
                    - undivided;
                if gain > best.map_or(options.least_gain, |best| best.gain) {
                    let last_bin = u8::try_from(last_bin).expect("a bin is a byte");
                    best = Some(Split { gain, feature, last_bin, missing_goes_left, values });
                }
            }
        }
    }
    best
}
