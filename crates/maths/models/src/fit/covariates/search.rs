//! The likelihood with covariates as a search sees it, and what is reported of a point of the search.

use clv_numerics::optimise::{MinimiseOptions, Minimum, minimise, polish};

use super::{CovariateFitOptions, Estimate};
use crate::catalogue::PurchaseModelEntry;
use crate::covariates::{
    CovariateHistories, CovariateScale, EffectColumns, EffectTarget, Shift, ShiftedPass, Shifts,
};

/// The likelihood as a search sees it.
pub(in crate::fit) struct Search<'a> {
    pub(in crate::fit) entry: &'static PurchaseModelEntry,
    pub(in crate::fit) pass: ShiftedPass<'a>,
    pub(in crate::fit) columns: &'a EffectColumns,
    pub(in crate::fit) scale: &'a CovariateScale,
    /// Each stratum's covariates, standardised.
    pub(in crate::fit) standardised: Vec<Vec<f64>>,
    n_customers: f64,
}

impl<'a> Search<'a> {
    pub(in crate::fit) fn new(
        entry: &'static PurchaseModelEntry,
        shifts: Shifts,
        columns: &'a EffectColumns,
        scale: &'a CovariateScale,
        histories: &'a CovariateHistories,
    ) -> Self {
        let standardised = histories
            .strata()
            .iter()
            .map(|stratum| scale.standardised(stratum.covariates()))
            .collect();
        Self {
            entry,
            pass: ShiftedPass { entry, shifts, histories },
            columns,
            scale,
            standardised,
            n_customers: histories.n_customers(),
        }
    }

    /// The model's own parameters.
    pub(in crate::fit) fn n_base(&self) -> usize {
        self.entry.kinds.len()
    }

    /// The position of the whole number that the search holds; none where there is none.
    pub(super) fn whole(&self) -> Option<usize> {
        (0..self.n_base()).find(|&at| self.pass.is_held(at))
    }

    /// Mean negative log-likelihood with `l2` times the squared effects, and its gradient.
    pub(super) fn loss(&self, point: &[f64], l2: f64, gradient: &mut [f64]) -> f64 {
        let (base, effects) = point.split_at(self.n_base());
        let shifts: Vec<Shift> =
            self.standardised.iter().map(|z| self.columns.shift(z, effects)).collect();
        let sums = self.pass.sums(base, &shifts);
        let (of_base, of_effects) = gradient.split_at_mut(self.n_base());
        of_base.copy_from_slice(&sums.base);
        of_effects.fill(0.0);
        for (z, slopes) in self.standardised.iter().zip(&sums.strata) {
            self.columns.add_slopes(z, *slopes, of_effects);
        }
        let mut sum = sums.ln_likelihood;
        for (slope, effect) in of_effects.iter_mut().zip(effects) {
            sum -= l2 * effect * effect;
            *slope -= 2.0 * l2 * effect;
        }
        gradient.iter_mut().for_each(|slope| *slope /= -self.n_customers);
        -sum / self.n_customers
    }

    pub(super) fn minimum(&self, starts: &[Vec<f64>], options: &CovariateFitOptions) -> Minimum {
        let whole = self.whole().map_or(0.0, |at| starts[0][at] + 1.0);
        let bound = options.fit.free_bound.max(whole);
        let search_options = |gradient_tolerance| MinimiseOptions {
            lower: -bound,
            upper: bound,
            gradient_tolerance,
            max_evaluations: options.fit.max_passes,
        };
        let mut loss = |point: &[f64], gradient: &mut [f64]| self.loss(point, options.l2, gradient);
        let mut best: Option<Minimum> = None;
        for start in starts {
            let near = minimise(start, &mut loss, search_options(1e-5));
            let tolerance = search_options(options.fit.gradient_tolerance);
            let found = polish(&near.point, None, &mut loss, tolerance);
            let found = if found.value <= near.value { found } else { near };
            let is_settled = found.converged
                && (0..found.point.len())
                    .all(|at| self.pass.is_held(at) || found.point[at].abs() < bound - 1e-3);
            if best.as_ref().is_none_or(|best| found.value < best.value) {
                best = Some(found);
            }
            if is_settled {
                break;
            }
        }
        best.expect("there is at least one start")
    }

    /// Names of what the search moves: equal effects by both names.
    pub(in crate::fit) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.entry.parameter_names.iter().map(|name| (*name).to_owned()).collect();
        let covariates = self.pass.histories.names();
        for slot in 0..self.columns.n_slots {
            let of = |target: EffectTarget, slots: &[Option<usize>]| {
                let at = slots.iter().position(|of| *of == Some(slot))?;
                Some(target.effect(&covariates[at]))
            };
            let both = [
                of(EffectTarget::Purchase, &self.columns.purchase),
                of(EffectTarget::Dropout, &self.columns.dropout),
            ];
            names.push(both.into_iter().flatten().collect::<Vec<String>>().join(" = "));
        }
        names
    }

    /// What is reported, free coordinates at zero covariates and effects per unit, and how it answers to what the
    /// search moves: one row for each reported number.
    pub(in crate::fit) fn reported(&self, point: &[f64]) -> Reported {
        let n_base = self.n_base();
        let (base, effects) = point.split_at(n_base);
        let at_zero = self.scale.standardised(&vec![0.0; self.scale.mean.len()]);
        let shift = self.columns.shift(&at_zero, effects);
        let moved = self.pass.shifts.moved(base, shift);
        let mut rows = Vec::new();
        for at in 0..n_base {
            let mut unit = vec![0.0; n_base];
            unit[at] = 1.0;
            let mut row = vec![0.0; point.len()];
            let slopes = self.pass.shifts.pull_back(base, shift, &unit, &mut row[..n_base]);
            self.columns.add_slopes(&at_zero, slopes, &mut row[n_base..]);
            rows.push(row);
        }
        let mut values = moved;
        let mut names: Vec<String> =
            self.entry.parameter_names.iter().map(|name| (*name).to_owned()).collect();
        let mut by_target = Vec::new();
        for (target, slots) in [
            (EffectTarget::Purchase, &self.columns.purchase),
            (EffectTarget::Dropout, &self.columns.dropout),
        ] {
            let mut per_unit = vec![0.0; slots.len()];
            for (at, slot) in slots.iter().enumerate() {
                let Some(slot) = slot else { continue };
                let deviation = self.scale.deviation[at];
                per_unit[at] = effects[*slot] / deviation;
                values.push(per_unit[at]);
                names.push(target.effect(&self.pass.histories.names()[at]));
                let mut row = vec![0.0; point.len()];
                row[n_base + slot] = 1.0 / deviation;
                rows.push(row);
            }
            by_target.push(per_unit);
        }
        let dropout = by_target.pop().unwrap_or_default();
        Reported { names, values, rows, purchase: by_target.pop().unwrap_or_default(), dropout }
    }
}

/// What is reported of a point of the search.
pub(in crate::fit) struct Reported {
    pub(in crate::fit) names: Vec<String>,
    /// Free coordinates of parameters, then effects per unit.
    pub(in crate::fit) values: Vec<f64>,
    /// Derivatives in what the search moves.
    pub(in crate::fit) rows: Vec<Vec<f64>>,
    /// Effects per unit of each covariate.
    pub(in crate::fit) purchase: Vec<f64>,
    pub(in crate::fit) dropout: Vec<f64>,
}

impl Reported {
    /// The covariance of what is reported, from that of what the search moved.
    pub(in crate::fit) fn covariance(&self, moved: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let half: Vec<Vec<f64>> = self
            .rows
            .iter()
            .map(|row| {
                (0..row.len()).map(|j| row.iter().zip(moved).map(|(r, c)| r * c[j]).sum()).collect()
            })
            .collect();
        half.iter()
            .map(|left| {
                let with = |right: &Vec<f64>| left.iter().zip(right).map(|(l, r)| l * r).sum();
                self.rows.iter().map(with).collect()
            })
            .collect()
    }

    /// Values and standard errors: a number that hangs on something unidentified has none.
    pub(in crate::fit) fn estimates(
        &self,
        entry: &PurchaseModelEntry,
        time_unit: f64,
        covariance: Option<&Vec<Vec<f64>>>,
        is_identified: &[bool],
    ) -> Vec<Estimate> {
        (0..self.names.len())
            .map(|at| {
                let kind = entry.kinds.get(at);
                let value = kind.map_or(self.values[at], |kind| {
                    kind.in_unit(kind.value(self.values[at]), 1.0 / time_unit)
                });
                let slope = kind.map_or(1.0, |kind| kind.slope(value));
                let is_known = self.rows[at]
                    .iter()
                    .zip(is_identified)
                    .all(|(row, is_identified)| *is_identified || row.abs() < 1e-9);
                let standard_error = covariance
                    .filter(|_| is_known)
                    .map(|covariance| slope * covariance[at][at].max(0.0).sqrt());
                Estimate { name: self.names[at].clone(), value, standard_error }
            })
            .collect()
    }
}
