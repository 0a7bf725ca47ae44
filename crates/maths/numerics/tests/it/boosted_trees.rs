//! Boosted trees against what can be said of them without fitting.

use clv_numerics::boosted_trees::{
    BoostOptions, Derivatives, FeatureTable, Folds, Monotone, Rows, TreeOptions, boost, cross_boost,
};

const TREE: TreeOptions =
    TreeOptions { most_leaves: 16, most_depth: 6, least_hessian: 5.0, l2: 1.0, least_gain: 0.0 };

const OPTIONS: BoostOptions = BoostOptions {
    tree: TREE,
    learning_rate: 0.1,
    most_trees: 100,
    patience: 20,
    row_fraction: 1.0,
    seed: 3,
};

/// Numbers in [0, 1) without any pattern to speak of.
fn uniform(row: usize, stream: usize) -> f64 {
    let mixed = (row as u64 * 64 + stream as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 * (-53.0_f64).exp2()
}

fn by(of_row: &[u32]) -> Folds<'_> {
    Folds { of_row, judges: None }
}

fn squared(target: &[f64]) -> impl Fn(usize, f64) -> Derivatives + Sync + '_ {
    |row, score| {
        let miss = score - target[row];
        Derivatives { loss: 0.5 * miss * miss, gradient: miss, hessian: 1.0 }
    }
}

fn logistic(target: &[f64]) -> impl Fn(usize, f64) -> Derivatives + Sync + '_ {
    |row, score| {
        let p = 1.0 / (1.0 + (-score).exp());
        let loss = score.max(0.0) + (-score.abs()).exp().ln_1p() - target[row] * score;
        Derivatives { loss, gradient: p - target[row], hessian: p * (1.0 - p) }
    }
}

fn mean_square(predicted: &[f64], target: &[f64]) -> f64 {
    let sum: f64 = predicted.iter().zip(target).map(|(p, t)| (p - t) * (p - t)).sum();
    sum / target.len() as f64
}

/// Three features of which two matter, together, and noise.
fn hills(n: usize) -> (FeatureTable, Vec<f64>) {
    let columns: Vec<Vec<f64>> =
        (0..3).map(|stream| (0..n).map(|row| uniform(row, stream)).collect()).collect();
    let target = (0..n)
        .map(|row| {
            let (x, y) = (columns[0][row], columns[1][row]);
            (6.0 * x).sin() * y + 0.3 * (uniform(row, 9) - 0.5)
        })
        .collect();
    let table = FeatureTable::new(columns, vec![Monotone::Free; 3]).expect("columns are alike");
    (table, target)
}

#[test]
fn a_surface_that_no_line_follows_is_learnt() {
    let n = 4_000;
    let (table, target) = hills(n);
    let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
    let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
    let folds: Vec<u32> = (0..n).map(|row| (row % 4) as u32).collect();
    let fitted = cross_boost(&rows, &squared(&target), &by(&folds), &OPTIONS);
    // The noise alone has a mean square of 0.09 / 12 = 0.0075.
    let honest = mean_square(&fitted.scores, &target);
    assert!(honest < 0.012, "{honest}");
    assert!((fitted.loss - 0.5 * honest).abs() < 1e-9 * honest, "{} {honest}", fitted.loss);
    assert!(fitted.loss < 0.1 * fitted.loss_of_offsets);
    let splits = fitted.trees.splits_by_feature(3);
    assert!(
        splits[2] < splits[0].min(splits[1]) / 2,
        "the idle feature is rarely used: {splits:?}"
    );
}

#[test]
fn the_number_of_threads_changes_no_prediction() {
    let n = 30_000;
    let (table, target) = hills(n);
    let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
    let options = BoostOptions { most_trees: 10, row_fraction: 0.7, ..OPTIONS };
    let predict_on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
        pool.expect("a pool of few threads").install(|| {
            let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
            boost(&rows, &squared(&target), None, &options).predict(&table, &offsets)
        })
    };
    assert_eq!(predict_on(1), predict_on(3));
}

#[test]
fn a_monotone_feature_never_turns_against_its_direction() {
    let n = 1_000;
    let (free, target) = hills(n);
    let directions = vec![Monotone::Rising, Monotone::Falling, Monotone::Free];
    let bound = FeatureTable::new(free.columns().to_vec(), directions).expect("three of each");
    let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
    let turns = |table: &FeatureTable, feature: usize, sign: f64| {
        let rows = Rows { table, offsets: &offsets, weights: &weights };
        let trees = boost(&rows, &squared(&target), None, &OPTIONS);
        (0..50)
            .filter(|&place| {
                let path: Vec<Vec<f64>> = (0..3)
                    .map(|column| {
                        (0..101)
                            .map(|step| {
                                let at = f64::from(step) / 100.0;
                                if column == feature { at } else { uniform(place, column + 5) }
                            })
                            .collect()
                    })
                    .collect();
                let along = FeatureTable::new(path, table.monotone().to_vec()).expect("alike");
                let scores = trees.predict(&along, &[0.0; 101]);
                scores.windows(2).any(|pair| sign * (pair[1] - pair[0]) < -1e-12)
            })
            .count()
    };
    assert_eq!((turns(&bound, 0, 1.0), turns(&bound, 1, -1.0)), (0, 0));
    // Left free, the trees do turn: the constraint is what holds them.
    assert!(turns(&free, 0, 1.0) > 40);
}

#[test]
fn a_missing_value_goes_to_the_side_that_it_resembles() {
    let n = 600;
    let column: Vec<f64> = (0..n)
        .map(|row| match row % 3 {
            0 => f64::NAN,
            1 => 1.0,
            _ => 2.0,
        })
        .collect();
    for (of_missing, expected) in [(10.0, 10.0), (4.0, 4.0), (7.0, 7.0)] {
        let target: Vec<f64> = (0..n).map(|row| [of_missing, 4.0, 10.0][row % 3]).collect();
        let table = FeatureTable::new(vec![column.clone()], vec![Monotone::Free]).expect("one");
        let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
        let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
        let tree = TreeOptions { l2: 0.0, ..TREE };
        let options = BoostOptions { tree, learning_rate: 1.0, most_trees: 2, ..OPTIONS };
        let trees = boost(&rows, &squared(&target), None, &options);
        let predicted = trees.predict(&table, &offsets);
        assert!((predicted[0] - expected).abs() < 1e-9, "{} is not {expected}", predicted[0]);
        assert!((predicted[1] - 4.0).abs() < 1e-9 && (predicted[2] - 10.0).abs() < 1e-9);
    }
}

#[test]
fn offsets_that_know_everything_leave_nothing_to_the_trees() {
    let n = 3_000;
    let (table, _) = hills(n);
    let truth: Vec<f64> = (0..n).map(|row| 3.0 * uniform(row, 0) - 2.0).collect();
    let bought: Vec<f64> = (0..n)
        .map(|row| f64::from(u8::from(uniform(row, 11) < 1.0 / (1.0 + (-truth[row]).exp()))))
        .collect();
    let weights = vec![1.0; n];
    let folds: Vec<u32> = (0..n).map(|row| (row % 5) as u32).collect();
    let fit = |offsets: &[f64]| {
        let rows = Rows { table: &table, offsets, weights: &weights };
        cross_boost(&rows, &logistic(&bought), &by(&folds), &OPTIONS)
    };
    let knowing = fit(&truth);
    let ignorant = fit(&vec![0.0; n]);
    assert!(knowing.loss <= ignorant.loss, "{} {}", knowing.loss, ignorant.loss);
    assert!(knowing.trees.n_trees() <= 3, "{} trees", knowing.trees.n_trees());
    assert!(ignorant.trees.n_trees() > 10);
    assert!(knowing.trees.intercept().abs() < 0.15);
}

#[test]
fn a_weight_of_three_is_the_same_as_three_rows() {
    let n = 500;
    let (table, target) = hills(n);
    let weights: Vec<f64> = (0..n).map(|row| [1.0, 3.0][row % 2]).collect();
    let thrice: Vec<usize> =
        (0..n).flat_map(|row| std::iter::repeat_n(row, [1, 3][row % 2])).collect();
    let repeated_table = table.rows(&thrice);
    let repeated_target: Vec<f64> = thrice.iter().map(|&row| target[row]).collect();
    let options = BoostOptions { most_trees: 30, ..OPTIONS };
    let zeros = vec![0.0; thrice.len()];
    let ones = vec![1.0; thrice.len()];
    let weighted = Rows { table: &table, offsets: &zeros[..n], weights: &weights };
    let repeated = Rows { table: &repeated_table, offsets: &zeros, weights: &ones };
    let once = boost(&weighted, &squared(&target), None, &options).predict(&table, &zeros[..n]);
    // 500 different values make more than 254 cuts, which repetition shifts a little.
    let again =
        boost(&repeated, &squared(&repeated_target), None, &options).predict(&table, &zeros[..n]);
    assert!(mean_square(&once, &again) < 1e-2 * mean_square(&once, &vec![0.0; n]));
    let coarse: Vec<Vec<f64>> = table
        .columns()
        .iter()
        .map(|column| column.iter().map(|value| (value * 50.0).floor()).collect())
        .collect();
    let coarse = FeatureTable::new(coarse, vec![Monotone::Free; 3]).expect("alike");
    let coarse_repeated = coarse.rows(&thrice);
    let weighted = Rows { table: &coarse, ..weighted };
    let repeated = Rows { table: &coarse_repeated, ..repeated };
    let once = boost(&weighted, &squared(&target), None, &options).predict(&coarse, &zeros[..n]);
    let again =
        boost(&repeated, &squared(&repeated_target), None, &options).predict(&coarse, &zeros[..n]);
    let apart = once.iter().zip(&again).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart < 1e-9, "{apart:e}");
}

#[test]
fn stretching_a_feature_changes_no_prediction() {
    let n = 2_000;
    let (table, target) = hills(n);
    // Fine steps, so that every value has a bin of its own and cuts lie between the same rows.
    let steps = |stretch: fn(f64) -> f64| {
        let columns = table
            .columns()
            .iter()
            .map(|column| column.iter().map(|value| stretch((value * 200.0).floor())).collect())
            .collect();
        FeatureTable::new(columns, vec![Monotone::Free; 3]).expect("alike")
    };
    let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
    let predict = |table: &FeatureTable| {
        let rows = Rows { table, offsets: &offsets, weights: &weights };
        boost(&rows, &squared(&target), None, &OPTIONS).predict(table, &offsets)
    };
    assert_eq!(predict(&steps(|x| x)), predict(&steps(|x| (0.05 * x).exp() - 7.0)));
}

#[test]
fn outcomes_that_are_all_alike_end_in_finite_scores() {
    let n = 200;
    let (table, _) = hills(n);
    let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
    let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
    for outcome in [0.0, 1.0] {
        let target = vec![outcome; n];
        let scores = boost(&rows, &logistic(&target), None, &OPTIONS).predict(&table, &offsets);
        assert!(scores.iter().all(|score| score.is_finite() && score.abs() > 10.0));
    }
    let empty = FeatureTable::new(vec![], vec![]).expect("nothing is alike");
    let nothing = Rows { table: &empty, offsets: &[], weights: &[] };
    let fitted = cross_boost(&nothing, &squared(&[]), &by(&[]), &OPTIONS);
    assert_eq!((fitted.trees.n_trees(), fitted.scores.len()), (0, 0));
}

#[test]
fn what_does_not_last_until_the_rows_that_judge_is_not_learnt() {
    let n = 4_000;
    let (table, target) = hills(n);
    // The surface of the earlier half says the opposite of that of the later one.
    let turned: Vec<f64> =
        (0..n).map(|row| if row < n / 2 { -target[row] } else { target[row] }).collect();
    let (offsets, weights) = (vec![0.0; n], vec![1.0; n]);
    let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
    let of_row: Vec<u32> = (0..n).map(|row| (row % 4) as u32).collect();
    let later: Vec<bool> = (0..n).map(|row| row >= n / 2).collect();
    let judged = Folds { of_row: &of_row, judges: Some(&later) };
    let fickle = cross_boost(&rows, &squared(&turned), &judged, &OPTIONS);
    assert_eq!(fickle.trees.n_trees(), 0);
    let lasting = cross_boost(&rows, &squared(&target), &judged, &OPTIONS);
    assert!(lasting.trees.n_trees() > 10 && lasting.loss < 0.2 * lasting.loss_of_offsets);
}

#[test]
fn offsets_that_are_right_keep_even_the_constant_away() {
    let n = 400;
    let (table, _) = hills(n);
    let target: Vec<f64> = (0..n).map(|row| [1.0, -1.0][row % 2]).collect();
    let (offsets, weights) = (target.clone(), vec![1.0; n]);
    let rows = Rows { table: &table, offsets: &offsets, weights: &weights };
    let of_row: Vec<u32> = (0..n).map(|row| (row % 4) as u32).collect();
    let fitted = cross_boost(&rows, &squared(&target), &by(&of_row), &OPTIONS);
    assert_eq!((fitted.trees.n_trees(), fitted.scores), (0, target));
    assert!(fitted.trees.intercept().abs() < 1e-15);
}
