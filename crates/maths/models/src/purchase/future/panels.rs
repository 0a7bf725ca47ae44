//! Integrals over time in panels of a logarithmic time scale.
//!
//! With v = ln(1 + u / scale) the integrands of this module are analytic in the strip |Im v| < pi whatever the
//! parameters, so a few Gauss points on a panel of bounded width and bounded decay reach full precision.

use std::sync::LazyLock;

use clv_numerics::quadrature::BetaMeanRule;

/// Five points: enough for a decay by exp(-1.5) within a panel of width 0.7 to 1e-11.
static FEW: LazyLock<BetaMeanRule> = LazyLock::new(|| BetaMeanRule::new(5, 1.0, 1.0));
/// Eight points: enough for a decay by exp(-4) within a panel of width 1 to 1e-13.
static SOME: LazyLock<BetaMeanRule> = LazyLock::new(|| BetaMeanRule::new(8, 1.0, 1.0));
/// Twelve points: enough for a decay by exp(-8) within a panel of width 2 to 1e-15.
static MANY: LazyLock<BetaMeanRule> = LazyLock::new(|| BetaMeanRule::new(12, 1.0, 1.0));

/// Largest width of a panel.
const WIDEST: f64 = 2.0;
/// Largest decay, width times rate, within a panel.
const STEEPEST: f64 = 8.0;

/// A stretch of v with the rule that suits it.
#[derive(Clone, Copy)]
pub(in crate::purchase) struct Panel {
    pub(in crate::purchase) from: f64,
    pub(in crate::purchase) width: f64,
    rule: &'static BetaMeanRule,
}

impl Panel {
    /// The next panel from `from` towards `end`; `steepness` at v is the rate at which the integrand decays
    /// there, and does not fall with v. `fineness` of 1 is the usual; below 1 it shortens
    /// panels, all of twelve points, for integrands that rise as well.
    pub(in crate::purchase) fn next(
        from: f64,
        end: f64,
        fineness: f64,
        steepness: impl Fn(f64) -> f64,
    ) -> Option<Self> {
        if from >= end {
            return None;
        }
        let mut width = (end - from).min(WIDEST * fineness);
        let mut decay = width * steepness(from + width);
        // A little more is allowed than is aimed at, so that rounding cannot keep the two apart for ever.
        while decay > (1.0 + 1e-9) * STEEPEST * fineness {
            width = (0.5 * width).max(width * STEEPEST * fineness / decay);
            decay = width * steepness(from + width) * (1.0 - 1e-9);
        }
        let rule = if fineness < 1.0 {
            &*MANY
        } else if decay <= 1.5 && width <= 0.7 {
            &*FEW
        } else if decay <= 4.0 && width <= 1.0 {
            &*SOME
        } else {
            &*MANY
        };
        // A width lost to rounding would never reach the end.
        let width = if from + width > from { width } else { from * f64::EPSILON };
        Some(Self { from, width, rule })
    }

    /// Where the next panel begins.
    pub(in crate::purchase) fn end(&self) -> f64 {
        self.from + self.width
    }

    /// The panel from the same start to `end`, with the same rule.
    pub(super) fn cut_at(self, end: f64) -> Self {
        Self { width: end - self.from, ..self }
    }

    /// Points v with their weights dv.
    pub(in crate::purchase) fn points(self) -> impl Iterator<Item = (f64, f64)> {
        let weights = self.rule.weights().iter().map(move |weight| weight * self.width);
        self.rule.points().iter().map(move |point| self.from + self.width * point).zip(weights)
    }

    /// The integral of `integrand` over the panel.
    pub(super) fn integral(self, integrand: impl Fn(f64) -> f64) -> f64 {
        self.points().map(|(v, dv)| dv * integrand(v)).sum()
    }
}

/// The v within `panel` up to which `density` integrates to `target`, of `whole` over the panel: Newton steps
/// kept inside a shrinking bracket.
pub(super) fn solve_in(panel: Panel, target: f64, whole: f64, density: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (panel.from, panel.end());
    let mut v = low + panel.width * (target / whole).clamp(0.0, 1.0);
    for _ in 0..60 {
        let excess = panel.cut_at(v).integral(&density) - target;
        if excess > 0.0 {
            high = v;
        } else {
            low = v;
        }
        let newton = v - excess / density(v);
        // Newton doubles the digits, so after a step this short it is exact to rounding.
        if (newton - v).abs() <= 1e-9 * v {
            return newton.clamp(panel.from, panel.end());
        }
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if next <= low || next >= high {
            return v;
        }
        v = next;
    }
    v
}
