//! Parameters, groups' effects and spreads, each moved to where the likelihood is highest given the others.

use super::arrow::{Arrow, Curvature};
use super::spread::{Outlook, most_likely_spreads};
use crate::covariates::{EffectTarget, Shift};
use crate::fit::covariates::Search;

/// Rounds of parameters and spreads in turn before giving up.
const MOST_ROUNDS: usize = 60;
/// Newton steps within a round.
const MOST_STEPS: usize = 25;
/// At rest when no slope of the summed penalised log-likelihood, per customer, is larger.
const GRADIENT_TOLERANCE: f64 = 1e-8;
/// At rest when no spread changes by more than this share.
const SPREAD_TOLERANCE: f64 = 1e-4;

/// Where the search for parameters, effects and spreads stands.
pub(super) struct Pool<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) targets: &'a [EffectTarget],
    pub(super) l2: f64,
    pub(super) bound: f64,
    pub(super) point: Vec<f64>,
    /// For each group its effect on each target.
    pub(super) effects: Vec<Vec<f64>>,
    pub(super) spreads: Vec<f64>,
}

/// The log-likelihood and its slopes.
pub(super) struct Slopes {
    pub(super) ln_likelihood: f64,
    pub(super) point: Vec<f64>,
    pub(super) effects: Vec<Vec<f64>>,
}

impl Pool<'_> {
    pub(super) fn shift_of(&self, effects: &[f64]) -> Shift {
        let mut shift = Shift::default();
        for (target, effect) in self.targets.iter().zip(effects) {
            match target {
                EffectTarget::Purchase => shift.purchase += effect,
                EffectTarget::Dropout => shift.dropout += effect,
            }
        }
        shift
    }

    pub(super) fn slopes(&self, point: &[f64], effects: &[Vec<f64>]) -> Slopes {
        let (base, fixed) = point.split_at(self.search.n_base());
        let strata = self.search.pass.histories.strata();
        let shifts: Vec<Shift> = strata
            .iter()
            .zip(&self.search.standardised)
            .map(|(stratum, z)| {
                let own = self.search.columns.shift(z, fixed);
                let of_group = stratum
                    .group()
                    .map_or(Shift::default(), |group| self.shift_of(&effects[group]));
                Shift {
                    purchase: own.purchase + of_group.purchase,
                    dropout: own.dropout + of_group.dropout,
                }
            })
            .collect();
        let sums = self.search.pass.sums(base, &shifts);
        let mut of_point = sums.base;
        of_point.resize(point.len(), 0.0);
        let mut of_effects = vec![vec![0.0; self.targets.len()]; effects.len()];
        for ((stratum, z), slopes) in strata.iter().zip(&self.search.standardised).zip(&sums.strata)
        {
            let fixed = &mut of_point[self.search.n_base()..];
            self.search.columns.add_slopes(z, *slopes, fixed);
            if let Some(group) = stratum.group() {
                for (slope, target) in of_effects[group].iter_mut().zip(self.targets) {
                    *slope += match target {
                        EffectTarget::Purchase => slopes.purchase,
                        EffectTarget::Dropout => slopes.dropout,
                    };
                }
            }
        }
        Slopes { ln_likelihood: sums.ln_likelihood, point: of_point, effects: of_effects }
    }

    /// The Hessian of the negative log-likelihood by central differences, every group's block at once.
    fn curvature(&self) -> Curvature {
        const STEP: f64 = 1e-4;
        let difference = |above: &[f64], below: &[f64]| -> Vec<f64> {
            above.iter().zip(below).map(|(above, below)| (below - above) / (2.0 * STEP)).collect()
        };
        let by = |slopes: (Slopes, Slopes)| {
            let of_point = difference(&slopes.0.point, &slopes.1.point);
            let groups = slopes.0.effects.iter().zip(&slopes.1.effects);
            (of_point, groups.map(|(above, below)| difference(above, below)).collect())
        };
        let along_point: Vec<_> = (0..self.point.len())
            .map(|at| {
                let moved = |step: f64| {
                    let mut point = self.point.clone();
                    point[at] += step;
                    self.slopes(&point, &self.effects)
                };
                by((moved(STEP), moved(-STEP)))
            })
            .collect();
        let along_effects: Vec<_> = (0..self.targets.len())
            .map(|at| {
                let moved = |step: f64| {
                    let mut effects = self.effects.clone();
                    effects.iter_mut().for_each(|group| group[at] += step);
                    self.slopes(&self.point, &effects)
                };
                by((moved(STEP), moved(-STEP))).1
            })
            .collect();
        Curvature::new(&along_point, &along_effects)
    }

    /// The log-likelihood with the penalties on effects of covariates and groups.
    pub(super) fn penalised(&self, slopes: &Slopes, point: &[f64], effects: &[Vec<f64>]) -> f64 {
        let fixed: f64 = point[self.search.n_base()..].iter().map(|x| self.l2 * x * x).sum();
        let between: f64 = effects
            .iter()
            .flat_map(|group| group.iter().zip(&self.spreads))
            .map(|(effect, spread)| 0.5 * (effect / spread).powi(2))
            .sum();
        slopes.ln_likelihood - fixed - between
    }

    /// Maximises over parameters and effects, and over spreads, in turn.
    pub(super) fn settle(&mut self) -> (Arrow, bool) {
        let mut curvature = self.curvature();
        for round in 0..MOST_ROUNDS {
            let is_flat = self.climb(&mut curvature, round == 0);
            let slopes = self.slopes(&self.point, &self.effects);
            let outlooks: Vec<Outlook> = (0..self.effects.len())
                .map(|group| {
                    Outlook::new(
                        curvature.of_group(group),
                        &slopes.effects[group],
                        &self.effects[group],
                    )
                })
                .collect();
            let before = std::mem::take(&mut self.spreads);
            self.spreads = most_likely_spreads(&outlooks, &before);
            let is_same = before
                .iter()
                .zip(&self.spreads)
                .all(|(old, new)| (new - old).abs() <= SPREAD_TOLERANCE * old);
            if is_same && is_flat {
                return (self.arrow(&curvature), true);
            }
        }
        (self.arrow(&curvature), false)
    }

    fn arrow(&self, curvature: &Curvature) -> Arrow {
        Arrow::new(curvature, &self.spreads, self.search.n_base(), self.l2)
    }

    /// Newton steps at the present spreads; whether the gradient vanished.
    fn climb(&mut self, curvature: &mut Curvature, is_fresh: bool) -> bool {
        let n_customers = self.search.pass.histories.n_customers();
        let mut slopes = self.slopes(&self.point, &self.effects);
        let mut value = self.penalised(&slopes, &self.point, &self.effects);
        let mut is_fresh = is_fresh;
        for _ in 0..MOST_STEPS {
            let (of_point, of_effects) = self.penalised_slopes(&slopes);
            let steepest = of_point
                .iter()
                .zip(&self.point)
                .filter(|(slope, x)| x.abs() < self.bound || **slope * **x < 0.0)
                .map(|(slope, _)| slope.abs())
                .chain(of_effects.iter().flatten().map(|slope| slope.abs()))
                .fold(0.0, f64::max);
            if steepest <= GRADIENT_TOLERANCE * n_customers {
                return true;
            }
            let step = self.arrow(curvature).step(&of_point, &of_effects);
            let mut damping = 1.0;
            let mut accepted = false;
            for _ in 0..8 {
                let point: Vec<f64> = self
                    .point
                    .iter()
                    .zip(&step.0)
                    .map(|(x, by)| (x + damping * by).clamp(-self.bound, self.bound))
                    .collect();
                let effects: Vec<Vec<f64>> = self
                    .effects
                    .iter()
                    .zip(&step.1)
                    .map(|(u, by)| u.iter().zip(by).map(|(u, by)| u + damping * by).collect())
                    .collect();
                let there = self.slopes(&point, &effects);
                let value_there = self.penalised(&there, &point, &effects);
                if value_there >= value - 1e-12 * value.abs() {
                    accepted = value_there > value + 1e-13 * value.abs() || damping >= 1.0;
                    (self.point, self.effects, slopes, value) =
                        (point, effects, there, value_there);
                    break;
                }
                damping *= 0.3;
            }
            if !accepted && is_fresh {
                return false;
            }
            // A step that had to be shortened or did little was led by a curvature from elsewhere.
            is_fresh = !accepted || damping < 1.0;
            if is_fresh {
                *curvature = self.curvature();
            }
        }
        *curvature = self.curvature();
        false
    }

    fn penalised_slopes(&self, slopes: &Slopes) -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut of_point = slopes.point.clone();
        for (slope, x) in of_point.iter_mut().zip(&self.point).skip(self.search.n_base()) {
            *slope -= 2.0 * self.l2 * x;
        }
        let of_effects = slopes
            .effects
            .iter()
            .zip(&self.effects)
            .map(|(slopes, effects)| {
                let each = slopes.iter().zip(effects.iter().zip(&self.spreads));
                each.map(|(slope, (effect, spread))| slope - effect / (spread * spread)).collect()
            })
            .collect();
        (of_point, of_effects)
    }
}
