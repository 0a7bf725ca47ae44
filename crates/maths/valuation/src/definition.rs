//! Named, versioned definitions of lifetime value. There is no single one, so every figure says which it is.

use serde::{Deserialize, Serialize};

use crate::discounting::AnnualDiscountRate;

/// What a unit of value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Sales before returns.
    GrossSales,
    /// Sales less returns.
    NetSales,
    /// Net sales times the margin ratio.
    GrossMargin,
    /// Gross margin less the variable cost of each order.
    Contribution,
}

/// One named way to compute lifetime value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedDefinition {
    /// The name, such as `net-sales`.
    pub name: &'static str,
    /// The version: raised whenever the same inputs would give another number.
    pub version: u32,
    /// The basis.
    pub basis: Basis,
    /// Whether the cost of winning the customer is taken off.
    pub is_after_acquisition_cost: bool,
    /// The definition in plain words.
    pub meaning: &'static str,
}

/// The definitions there are, the default first.
#[must_use]
pub fn definitions() -> &'static [NamedDefinition] {
    const DEFINITIONS: &[NamedDefinition] = &[
        NamedDefinition {
            name: "net-sales",
            version: 1,
            basis: Basis::NetSales,
            is_after_acquisition_cost: false,
            meaning: "sales less returns so far, plus the discounted sales less returns expected over the horizon",
        },
        NamedDefinition {
            name: "gross-sales",
            version: 1,
            basis: Basis::GrossSales,
            is_after_acquisition_cost: false,
            meaning: "sales before returns so far, plus the discounted sales before returns expected over the horizon",
        },
        NamedDefinition {
            name: "gross-margin",
            version: 1,
            basis: Basis::GrossMargin,
            is_after_acquisition_cost: false,
            meaning: "net sales times the margin ratio, so far and expected over the horizon, discounted",
        },
        NamedDefinition {
            name: "contribution",
            version: 1,
            basis: Basis::Contribution,
            is_after_acquisition_cost: false,
            meaning: "gross margin less the variable cost of each order, so far and expected over the horizon, discounted",
        },
        NamedDefinition {
            name: "net-profit",
            version: 1,
            basis: Basis::Contribution,
            is_after_acquisition_cost: true,
            meaning: "contribution so far and expected over the horizon, discounted, less the cost of winning the customer",
        },
    ];
    DEFINITIONS
}

/// What a definition needs beside the orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Economics {
    /// Share of net sales that is margin; none where it was not given.
    pub margin_ratio: Option<f64>,
    /// Variable cost of one order (shipping, payment, packing), money; none where it was not given.
    pub cost_per_order: Option<f64>,
    /// Cost of winning one customer, money; none where it was not given.
    pub acquisition_cost: Option<f64>,
    /// Whether what a customer's referrals bring counts.
    pub referrals: Referrals,
}

/// Whether lifetime value counts what the customers bring whom a customer refers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Referrals {
    /// It does not.
    LeftOut,
    /// It does.
    Counted {
        /// Value of the customers that one customer refers, money for each customer; none where it is not known, which
        /// counts as 0 and is [said](Definition::cautions).
        value_per_customer: Option<f64>,
    },
}

/// A definition with all its numbers: the way from purchases and sales to value.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    named: NamedDefinition,
    horizon_label: String,
    discount_rate: AnnualDiscountRate,
    margin_ratio: f64,
    cost_per_order: f64,
    acquisition_cost: f64,
    referrals: Referrals,
}

/// Why a definition cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DefinitionError {
    /// No definition of that name.
    #[error("there is no definition '{name}'; expected one of {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// An input it needs was not given: a cost is never taken as 0 in silence.
    #[error("definition '{name}' needs {needed}, which was not given")]
    Missing {
        /// The definition.
        name: &'static str,
        /// The input, as its option.
        needed: &'static str,
    },
    /// An input out of range.
    #[error("{what} is {value}, expected {expected}")]
    OutOfRange {
        /// The input.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        expected: &'static str,
    },
}

impl Definition {
    /// The definition called `name`, which may carry its version (`net-sales@1`).
    ///
    /// `horizon_label` is the horizon as people write it, such as `52w`; it becomes part of the id.
    ///
    /// # Errors
    /// [`DefinitionError`] where the name is unknown, an input it needs is missing or one is out of range.
    pub fn new(
        name: &str,
        horizon_label: &str,
        discount_rate: AnnualDiscountRate,
        economics: &Economics,
    ) -> Result<Self, DefinitionError> {
        let named = definitions()
            .iter()
            .find(|known| name == known.name || name == format!("{}@{}", known.name, known.version))
            .ok_or_else(|| DefinitionError::Unknown {
                name: name.to_owned(),
                known: definitions().iter().map(|known| known.name).collect::<Vec<_>>().join(", "),
            })?;
        for (what, value, most, expected) in [
            ("--margin-ratio", economics.margin_ratio, 1.0, "a share from 0 to 1"),
            ("--cost-per-order", economics.cost_per_order, f64::MAX, "an amount from 0 up"),
            ("--acquisition-cost", economics.acquisition_cost, f64::MAX, "an amount from 0 up"),
            ("--referral-value", economics.referrals.given(), f64::MAX, "an amount from 0 up"),
        ] {
            if let Some(value) = value
                && !(0.0..=most).contains(&value)
            {
                return Err(DefinitionError::OutOfRange { what, value, expected });
            }
        }
        let needs = |given: Option<f64>, is_needed: bool, needed: &'static str, neutral: f64| match (
            given, is_needed,
        ) {
            (_, false) => Ok(neutral),
            (Some(value), true) => Ok(value),
            (None, true) => Err(DefinitionError::Missing { name: named.name, needed }),
        };
        let has_margin = matches!(named.basis, Basis::GrossMargin | Basis::Contribution);
        let has_order_cost = named.basis == Basis::Contribution;
        Ok(Self {
            named: *named,
            horizon_label: horizon_label.to_owned(),
            discount_rate,
            margin_ratio: needs(economics.margin_ratio, has_margin, "--margin-ratio", 1.0)?,
            cost_per_order: needs(
                economics.cost_per_order,
                has_order_cost,
                "--cost-per-order",
                0.0,
            )?,
            acquisition_cost: needs(
                economics.acquisition_cost,
                named.is_after_acquisition_cost,
                "--acquisition-cost",
                0.0,
            )?,
            referrals: economics.referrals,
        })
    }

    /// The id that every figure carries: name, version and every number the definition depends on.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = format!(
            "{}@{};horizon={};discount_rate={}",
            self.named.name,
            self.named.version,
            self.horizon_label,
            self.discount_rate.ratio()
        );
        if matches!(self.named.basis, Basis::GrossMargin | Basis::Contribution) {
            id.push_str(&format!(";margin_ratio={}", self.margin_ratio));
        }
        if self.named.basis == Basis::Contribution {
            id.push_str(&format!(";cost_per_order={}", self.cost_per_order));
        }
        if self.named.is_after_acquisition_cost {
            id.push_str(&format!(";acquisition_cost={}", self.acquisition_cost));
        }
        match self.referrals {
            Referrals::LeftOut => {}
            Referrals::Counted { value_per_customer: None } => {
                id.push_str(";referral_value=unknown");
            }
            Referrals::Counted { value_per_customer: Some(value) } => {
                id.push_str(&format!(";referral_value={value}"));
            }
        }
        id
    }

    /// The definition in plain words.
    #[must_use]
    pub fn meaning(&self) -> String {
        match self.referrals {
            Referrals::LeftOut => self.named.meaning.to_owned(),
            Referrals::Counted { .. } => format!(
                "{}; a customer's lifetime value also holds what the customers they refer bring, totals and means over \
                 all customers do not, where whoever was referred counts for themselves",
                self.named.meaning
            ),
        }
    }

    /// What has to be said beside every figure of this definition: inputs it needs that nobody knows.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        match self.referrals {
            Referrals::Counted { value_per_customer: None } => vec![
                "lifetime value is to count referrals, and their value was not given: it counts as 0; --referral-value \
                 gives it"
                    .to_owned(),
            ],
            Referrals::LeftOut | Referrals::Counted { .. } => Vec::new(),
        }
    }

    /// What the referrals of one customer count for, money; 0 where they are left out or not known.
    #[must_use]
    pub fn referral_value(&self) -> f64 {
        self.referrals.given().unwrap_or(0.0)
    }

    /// The annual discount rate.
    #[must_use]
    pub fn discount_rate(&self) -> AnnualDiscountRate {
        self.discount_rate
    }

    /// Whether returns are taken off.
    #[must_use]
    pub fn is_net_of_returns(&self) -> bool {
        self.named.basis != Basis::GrossSales
    }

    /// Value of past purchases: `gross` sales, `returns` (a positive amount) and the number of `orders`.
    #[must_use]
    pub fn historic_value(&self, gross: f64, returns: f64, orders: f64) -> f64 {
        let sales = if self.is_net_of_returns() { gross - returns } else { gross };
        sales * self.margin_ratio - self.cost_per_order * orders
    }

    /// Value of one future purchase whose expected gross spend is `spend`, where `return_ratio` of sales comes
    /// back. Linear in `spend`.
    #[must_use]
    pub fn value_of_purchase(&self, spend: f64, return_ratio: f64) -> f64 {
        self.value_per_unit_of_spend(return_ratio) * spend - self.cost_per_order
    }

    /// How much value one unit of gross spend carries.
    #[must_use]
    pub fn value_per_unit_of_spend(&self, return_ratio: f64) -> f64 {
        let kept = if self.is_net_of_returns() { 1.0 - return_ratio } else { 1.0 };
        kept * self.margin_ratio
    }

    /// One customer's lifetime value from its parts: historic plus residual, less the cost of winning the customer and
    /// plus what their referrals bring where the definition says so.
    #[must_use]
    pub fn lifetime_value(&self, historic_value: f64, residual_value: f64) -> f64 {
        historic_value + residual_value - self.acquisition_cost + self.referral_value()
    }

    /// The lifetime value of all `n_customers` together, from the sum of their own: each customer once, so that whoever
    /// was referred counts for themselves and not for whoever referred them too.
    ///
    /// ```
    /// # use clv_valuation::definition::{Definition, Economics, Referrals};
    /// # use clv_valuation::discounting::AnnualDiscountRate;
    /// let economics = Economics {
    ///     margin_ratio: None,
    ///     cost_per_order: None,
    ///     acquisition_cost: None,
    ///     referrals: Referrals::Counted { value_per_customer: Some(12.0) },
    /// };
    /// let definition = Definition::new("net-sales", "52w", AnnualDiscountRate::new(0.1)?, &economics)?;
    /// let each = definition.lifetime_value(100.0, 50.0);
    /// assert_eq!(each, 162.0);
    /// assert_eq!(definition.total_lifetime_value(2.0 * each, 2), 300.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn total_lifetime_value(&self, sum: f64, n_customers: usize) -> f64 {
        sum - self.referral_value() * n_customers as f64
    }
}

impl Referrals {
    /// Their value for each customer, where they count and it is known.
    fn given(self) -> Option<f64> {
        match self {
            Self::LeftOut => None,
            Self::Counted { value_per_customer } => value_per_customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str) -> Result<Definition, DefinitionError> {
        let economics = Economics {
            margin_ratio: Some(0.4),
            cost_per_order: Some(3.0),
            acquisition_cost: Some(20.0),
            referrals: Referrals::LeftOut,
        };
        let rate = AnnualDiscountRate::new(0.1).expect("0.1 is a rate");
        Definition::new(name, "52w", rate, &economics)
    }

    #[test]
    fn five_definitions_of_one_customer_give_five_numbers_worked_by_hand() {
        // Three orders for 200.00, 25.00 returned; 1.5 purchases of 60.00 to come, an eighth of it returned.
        let rows = [
            ("gross-sales", 200.0, 60.0, 290.0),
            ("net-sales", 175.0, 52.5, 253.75),
            ("gross-margin", 70.0, 21.0, 101.5),
            ("contribution", 61.0, 18.0, 88.0),
            ("net-profit", 61.0, 18.0, 68.0),
        ];
        for (name, historic, per_purchase, lifetime) in rows {
            let definition = definition(name).expect("all inputs are given");
            let historic_value = definition.historic_value(200.0, 25.0, 3.0);
            let value_of_purchase = definition.value_of_purchase(60.0, 0.125);
            let lifetime_value = definition.lifetime_value(historic_value, 1.5 * value_of_purchase);
            for (got, expected) in [
                (historic_value, historic),
                (value_of_purchase, per_purchase),
                (lifetime_value, lifetime),
            ] {
                assert!((got - expected).abs() < 0.005, "{name}: {got} is not {expected}");
            }
            assert!(definition.id().starts_with(name), "{}", definition.id());
        }
    }

    fn with_referrals(value_per_customer: Option<f64>) -> Result<Definition, DefinitionError> {
        let economics = Economics {
            margin_ratio: Some(0.4),
            cost_per_order: Some(3.0),
            acquisition_cost: Some(20.0),
            referrals: Referrals::Counted { value_per_customer },
        };
        let rate = AnnualDiscountRate::new(0.1).expect("0.1 is a rate");
        Definition::new("net-profit", "52w", rate, &economics)
    }

    #[test]
    fn referrals_are_in_each_customers_value_and_no_part_of_the_total() {
        let known = with_referrals(Some(12.5)).expect("all inputs are given");
        // 61.00 so far, 27.00 to come, 20.00 to win, 12.50 by referrals, worked by hand.
        let each = known.lifetime_value(61.0, 27.0);
        assert!((each - 80.5).abs() < 0.005, "{each}");
        assert!((known.total_lifetime_value(3.0 * each, 3) - 204.0).abs() < 0.005);
        assert!(known.id().ends_with(";referral_value=12.5"), "{}", known.id());
        assert!(known.cautions().is_empty() && known.meaning().contains("refer"));
        assert!(with_referrals(Some(-1.0)).is_err());
    }

    #[test]
    fn referrals_of_unknown_value_count_as_nothing_and_are_said_to() {
        let unknown = with_referrals(None).expect("they may be unknown");
        assert!((unknown.lifetime_value(61.0, 27.0) - 68.0).abs() < 0.005);
        assert!(unknown.id().ends_with(";referral_value=unknown"), "{}", unknown.id());
        assert!(unknown.cautions().iter().any(|said| said.contains("--referral-value")));
        let left_out = definition("net-profit").expect("all inputs are given");
        assert!(left_out.cautions().is_empty() && !left_out.id().contains("referral"));
    }

    #[test]
    fn a_missing_cost_is_asked_for_and_never_taken_as_zero() {
        let rate = AnnualDiscountRate::new(0.1).expect("0.1 is a rate");
        let nothing = Economics {
            margin_ratio: None,
            cost_per_order: None,
            acquisition_cost: None,
            referrals: Referrals::LeftOut,
        };
        for (name, needed) in [("gross-margin", "--margin-ratio"), ("net-profit", "--margin-ratio")]
        {
            let error =
                Definition::new(name, "52w", rate, &nothing).expect_err("a cost is missing");
            assert!(error.to_string().contains(needed), "{error}");
        }
        assert!(Definition::new("net-sales", "52w", rate, &nothing).is_ok());
        assert!(Definition::new("clv", "52w", rate, &nothing).is_err());
    }
}
