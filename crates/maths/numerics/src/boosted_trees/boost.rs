//! Adds tree to tree, and knows when to stop.

use rayon::prelude::*;

use super::BoostOptions;
use super::bins::BinnedTable;
use super::features::FeatureTable;
use super::grow::grow;
use super::histogram::Pair;
use super::tree::{Node, Tree};

/// What trees are fitted to.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The features.
    pub table: &'a FeatureTable,
    /// The score from which each row starts; one finite f64 for each row.
    pub offsets: &'a [f64],
    /// How much each row counts; one f64 of at least 0 for each row.
    pub weights: &'a [f64],
}

/// A row's loss at a score, and its first two derivatives there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derivatives {
    /// The loss.
    pub loss: f64,
    /// Its first derivative with respect to the score.
    pub gradient: f64,
    /// Its second derivative, or a bound on it; at least 0.
    pub hessian: f64,
}

/// A constant and a sum of trees.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostedTrees {
    pub(super) intercept: f64,
    pub(super) trees: Vec<Tree>,
}

/// How rows are held out from one another.
#[derive(Debug, Clone, Copy)]
pub struct Folds<'a> {
    /// The fold of each row; rows that belong together, such as one customer at several dates, belong in one fold.
    pub of_row: &'a [u32],
    /// Rows that judge and are learnt from only in the end, such as those of the latest date; none where all rows
    /// do both.
    pub judges: Option<&'a [bool]>,
}

/// Trees whose number was chosen by cross-validation.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossFitted {
    /// Fitted to all rows.
    pub trees: BoostedTrees,
    /// The score of each row from trees that have not seen its fold, one f64 for each row.
    pub scores: Vec<f64>,
    /// Mean held-out loss of the offsets alone.
    pub loss_of_offsets: f64,
    /// Mean held-out loss with the constant and the trees.
    pub loss: f64,
    /// Mean loss of the trees in the end, over all rows: those that they were fitted to.
    pub loss_in_sample: f64,
}

impl BoostedTrees {
    /// The score of each row: its offset, the constant and what each tree adds.
    ///
    /// # Panics
    /// Where the table has fewer features than the one fitted to.
    #[must_use]
    pub fn predict(&self, table: &FeatureTable, offsets: &[f64]) -> Vec<f64> {
        offsets
            .par_iter()
            .enumerate()
            .with_min_len(1024)
            .map(|(row, offset)| {
                offset
                    + self.intercept
                    + self.trees.iter().map(|tree| tree.of_row(table, row)).sum::<f64>()
            })
            .collect()
    }

    /// The number of trees; 0 where they had nothing to add to the offsets.
    #[must_use]
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// The constant beside the trees.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// How many splits use each feature, one count for each feature.
    #[must_use]
    pub fn splits_by_feature(&self, n_features: usize) -> Vec<usize> {
        let mut counts = vec![0; n_features];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            if let Node::Split { feature, .. } = node {
                counts[*feature as usize] += 1;
            }
        }
        counts
    }
}

/// Boosts trees on the rows that are not held out, and keeps as many of them as serve the held-out rows best.
/// Without held-out rows all `most_trees` are kept. `loss` takes a row's position and its score.
///
/// ```
/// use clv_numerics::boosted_trees::{
///     BoostOptions, Derivatives, FeatureTable, Monotone, Rows, TreeOptions, boost,
/// };
/// let x: Vec<f64> = (0..100).map(f64::from).collect();
/// let y: Vec<f64> = x.iter().map(|&x| if x < 40.0 { 1.0 } else { 5.0 }).collect();
/// let table = FeatureTable::new(vec![x], vec![Monotone::Free])?;
/// let rows = Rows { table: &table, offsets: &[0.0; 100], weights: &[1.0; 100] };
/// let squared = |row: usize, score: f64| {
///     let miss = score - y[row];
///     Derivatives { loss: 0.5 * miss * miss, gradient: miss, hessian: 1.0 }
/// };
/// let tree =
///     TreeOptions { most_leaves: 2, most_depth: 1, least_hessian: 1.0, l2: 0.0, least_gain: 0.0 };
/// let options = BoostOptions {
///     tree, learning_rate: 1.0, most_trees: 1, patience: 1, row_fraction: 1.0, seed: 1,
/// };
/// let trees = boost(&rows, &squared, None, &options);
/// assert!((trees.predict(&table, &[0.0; 100])[39] - 1.0).abs() < 1e-12);
/// # Ok::<(), clv_numerics::boosted_trees::FeatureError>(())
/// ```
#[must_use]
pub fn boost(
    rows: &Rows<'_>,
    loss: &(dyn Fn(usize, f64) -> Derivatives + Sync),
    held_out: Option<&[bool]>,
    options: &BoostOptions,
) -> BoostedTrees {
    let binned = BinnedTable::new(rows.table);
    let is_held_out = |row: usize| held_out.is_some_and(|held_out| held_out[row]);
    let mut ensemble = Ensemble::new(rows, &binned, loss, &is_held_out);
    if held_out.is_none() {
        for _ in 0..options.most_trees {
            ensemble.add_tree(options);
        }
        return ensemble.into_trees(options.most_trees + 1);
    }
    let (n_steps, _) = best_number(std::slice::from_mut(&mut ensemble), options);
    ensemble.into_trees(n_steps)
}

/// Boosts trees once for each fold on all other folds, chooses the number of trees that serves the left-out folds
/// best, and fits that many to all rows. Where even the constant does not serve them, nothing is added to the offsets.
///
/// The fits for the folds grow together, tree by tree, so that none grows further than needed. Where some rows are
/// judges, the loss is taken over them.
#[must_use]
pub fn cross_boost(
    rows: &Rows<'_>,
    loss: &(dyn Fn(usize, f64) -> Derivatives + Sync),
    folds: &Folds<'_>,
    options: &BoostOptions,
) -> CrossFitted {
    let binned = BinnedTable::new(rows.table);
    let n_folds = folds.of_row.iter().max().map_or(0, |last| last + 1);
    let is_judge = |row: usize| folds.judges.is_none_or(|judges| judges[row]);
    let mut ensembles: Vec<Ensemble<'_>> = (0..n_folds)
        .map(|fold| {
            let mut ensemble = Ensemble::new(rows, &binned, loss, &|row| folds.of_row[row] == fold);
            ensemble.held_out.retain(|&row| is_judge(row as usize));
            if folds.judges.is_some() {
                ensemble.forget(&is_judge);
            }
            ensemble
        })
        .collect();
    let (n_steps, losses) = best_number(&mut ensembles, options);
    let mut scores = rows.offsets.to_vec();
    for (fold, ensemble) in (0..).zip(ensembles) {
        let trees = ensemble.into_trees(n_steps);
        for (row, score) in scores.iter_mut().enumerate() {
            if folds.of_row[row] == fold {
                *score += trees.intercept
                    + trees.trees.iter().map(|tree| tree.of_binned_row(&binned, row)).sum::<f64>();
            }
        }
    }
    let mut whole = Ensemble::new(rows, &binned, loss, &|_| false);
    for _ in 1..n_steps {
        whole.add_tree(options);
    }
    let judged = (0..rows.weights.len()).filter(|&row| is_judge(row));
    let weight: f64 = judged.map(|row| rows.weights[row]).sum();
    let mean = |sum: f64| if weight > 0.0 { sum / weight } else { 0.0 };
    let all = 0..u32::try_from(rows.weights.len()).expect("there are fewer rows than 2^32");
    let all: Vec<u32> = all.collect();
    let undone = if n_steps == 0 { -whole.intercept } else { 0.0 };
    let [seen_loss, ..] = whole.sums(&all, undone);
    let seen_weight: f64 = rows.weights.iter().sum();
    CrossFitted {
        trees: whole.into_trees(n_steps),
        scores,
        loss_of_offsets: mean(losses[0]),
        loss: mean(losses[n_steps]),
        loss_in_sample: if seen_weight > 0.0 { seen_loss / seen_weight } else { 0.0 },
    }
}

/// The number of steps with the smallest held-out loss over all ensembles, and that loss after each number: the
/// constant is the first step, each tree one more.
fn best_number(ensembles: &mut [Ensemble<'_>], options: &BoostOptions) -> (usize, Vec<f64>) {
    let total = |ensembles: &[Ensemble<'_>]| ensembles.iter().map(Ensemble::held_out_loss).sum();
    let of_offsets = ensembles.iter().map(Ensemble::held_out_loss_of_offsets).sum();
    let mut losses: Vec<f64> = vec![of_offsets, total(ensembles)];
    let mut best = usize::from(losses[1] < losses[0]);
    while losses.len() <= options.most_trees + 1
        && losses.len() - 1 - best.max(1) < options.patience
    {
        for ensemble in ensembles.iter_mut() {
            ensemble.add_tree(options);
        }
        losses.push(total(ensembles));
        if losses[losses.len() - 1] < losses[best] {
            best = losses.len() - 1;
        }
    }
    (best, losses)
}

/// Trees on their way, and the scores that they give so far.
struct Ensemble<'a> {
    rows: &'a Rows<'a>,
    binned: &'a BinnedTable,
    loss: &'a (dyn Fn(usize, f64) -> Derivatives + Sync),
    seen: Vec<u32>,
    held_out: Vec<u32>,
    intercept: f64,
    scores: Vec<f64>,
    trees: Vec<Tree>,
}

impl<'a> Ensemble<'a> {
    fn new(
        rows: &'a Rows<'a>,
        binned: &'a BinnedTable,
        loss: &'a (dyn Fn(usize, f64) -> Derivatives + Sync),
        is_held_out: &dyn Fn(usize) -> bool,
    ) -> Self {
        let n = u32::try_from(binned.n_rows).expect("there are fewer rows than 2^32");
        let (held_out, seen): (Vec<u32>, Vec<u32>) =
            (0..n).partition(|&row| is_held_out(row as usize));
        let mut ensemble = Self {
            rows,
            binned,
            loss,
            seen,
            held_out,
            intercept: 0.0,
            scores: rows.offsets.to_vec(),
            trees: Vec::new(),
        };
        ensemble.intercept = ensemble.best_constant();
        for score in &mut ensemble.scores {
            *score += ensemble.intercept;
        }
        ensemble
    }

    /// Loss and derivatives of `rows` together, all scores moved by `constant`.
    fn sums(&self, rows: &[u32], constant: f64) -> [f64; 3] {
        let each: Vec<[f64; 3]> = rows
            .par_iter()
            .with_min_len(4096)
            .map(|&row| {
                let row = row as usize;
                let at = (self.loss)(row, self.scores[row] + constant);
                [at.loss, at.gradient, at.hessian].map(|value| self.rows.weights[row] * value)
            })
            .collect();
        each.iter().fold([0.0; 3], |sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]])
    }

    /// The constant that serves the seen rows best, by Newton steps that are halved until they help.
    fn best_constant(&self) -> f64 {
        const MOST_STEPS: usize = 40;
        const MOST_HALVINGS: usize = 40;
        let mut constant = 0.0;
        let mut at = self.sums(&self.seen, constant);
        for _ in 0..MOST_STEPS {
            let [loss, gradient, hessian] = at;
            // A total Hessian this small against the gradient means that the best constant is infinite.
            if hessian <= 1e-12 * gradient.abs() || hessian <= 0.0 {
                break;
            }
            let mut step = -gradient / hessian;
            let mut moved = self.sums(&self.seen, constant + step);
            for _ in 0..MOST_HALVINGS {
                if moved[0] <= loss {
                    break;
                }
                step *= 0.5;
                moved = self.sums(&self.seen, constant + step);
            }
            if moved[0].is_nan() || moved[0] > loss {
                break;
            }
            constant += step;
            at = moved;
            if step.abs() <= 1e-9 * (1.0 + constant.abs()) {
                break;
            }
        }
        constant
    }

    /// Learns no more from the rows that `is_judge` names, nor has its constant done so.
    fn forget(&mut self, is_judge: &dyn Fn(usize) -> bool) {
        self.seen.retain(|&row| !is_judge(row as usize));
        self.scores.copy_from_slice(self.rows.offsets);
        self.intercept = self.best_constant();
        for score in &mut self.scores {
            *score += self.intercept;
        }
    }

    fn held_out_loss(&self) -> f64 {
        self.sums(&self.held_out, 0.0)[0]
    }

    /// Before any tree is added.
    fn held_out_loss_of_offsets(&self) -> f64 {
        self.sums(&self.held_out, -self.intercept)[0]
    }

    fn add_tree(&mut self, options: &BoostOptions) {
        let tree_number = self.trees.len() as u64;
        let rows: Vec<u32> = self
            .seen
            .iter()
            .copied()
            .filter(|&row| is_drawn(options.seed, tree_number, row, options.row_fraction))
            .collect();
        let scores = &self.scores;
        let pairs: Vec<Pair> = (0..scores.len())
            .into_par_iter()
            .with_min_len(4096)
            .map(|row| {
                let at = (self.loss)(row, scores[row]);
                let weight = self.rows.weights[row];
                [weight * at.gradient, weight * at.hessian]
            })
            .collect();
        let mut tree = grow(self.binned, self.rows.table.monotone(), rows, &pairs, &options.tree);
        for node in &mut tree.nodes {
            if let Node::Leaf(value) = node {
                *value *= options.learning_rate;
            }
        }
        self.scores.par_iter_mut().enumerate().with_min_len(4096).for_each(|(row, score)| {
            *score += tree.of_binned_row(self.binned, row);
        });
        self.trees.push(tree);
    }

    /// What stands after `n_steps`: the constant is the first, each tree one more.
    fn into_trees(mut self, n_steps: usize) -> BoostedTrees {
        self.trees.truncate(n_steps.saturating_sub(1));
        BoostedTrees {
            intercept: if n_steps > 0 { self.intercept } else { 0.0 },
            trees: self.trees,
        }
    }
}

/// Whether a tree sees a row: a hash of seed, tree and row (SplitMix64 [SteeleLeaFlood2014]) against the share asked for.
fn is_drawn(seed: u64, tree: u64, row: u32, share: f64) -> bool {
    if share >= 1.0 {
        return true;
    }
    let mixed = mix(mix(seed.wrapping_add(tree)).wrapping_add(u64::from(row)));
    // The upper 53 bits are a uniform number in [0, 1).
    (mixed >> 11) as f64 * (-53.0_f64).exp2() < share
}

/// One step of SplitMix64.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
