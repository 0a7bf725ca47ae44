//! Checks: what must hold in the rows of a canonical table beyond the types of its columns.

use std::fmt;

use crate::Kind;

/// One line of a table's checks: a rule and the columns that it holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// What must hold.
    pub rule: CheckRule,
    /// The columns, each by itself; for [`CheckRule::SomeOf`] all of them together.
    pub columns: &'static [&'static str],
}

/// What must hold of a value. All but [`CheckRule::Missing`], [`CheckRule::SomeOf`] and [`CheckRule::Balanced`] say
/// nothing of an empty cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckRule {
    /// A required column has a value. Holds for every required column by itself.
    Missing,
    /// A real number is neither infinite nor "not a number". Holds for every column of real numbers by itself.
    Finite,
    /// The day or moment is in the years 1970 to 2100. Holds for every column of days or moments by itself.
    PlausibleDay,
    /// The text has a character that is not white space.
    NotBlank,
    /// The number is zero or more.
    NotNegative,
    /// The number is more than zero.
    Positive,
    /// The number is not zero.
    NotZero,
    /// The number lies between two others, both included.
    Between {
        /// The smallest number that may stand here.
        low: i64,
        /// The largest number that may stand here.
        high: i64,
    },
    /// The score lies between the ends of its scale, both included, where these are known.
    OnScale {
        /// The column with the lower end.
        low: &'static str,
        /// The column with the upper end.
        high: &'static str,
    },
    /// The day or moment is not before another one of the same row.
    NotBefore {
        /// The column with the earlier one; of the same kind.
        start: &'static str,
    },
    /// The text differs from another one of the same row.
    NotSame {
        /// The column with the other text.
        other: &'static str,
    },
    /// The text is three capital letters, as ISO 4217 codes are.
    CurrencyCode,
    /// The text is one of these words.
    OneOf(&'static [&'static str]),
    /// One of the columns, at least, has a value, and one that is not blank.
    SomeOf,
    /// The numbers of all rows that agree in origin and in a column sum to zero. Such rows must be checked in one batch.
    Balanced {
        /// The column in which the rows agree.
        by: &'static str,
    },
}

impl CheckRule {
    /// The stable name of what is wrong where the rule is broken, in snake case.
    ///
    /// ```
    /// assert_eq!(clv_tables::CheckRule::NotBlank.id(), "blank");
    /// ```
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            CheckRule::Missing => "missing",
            CheckRule::Finite => "not_finite",
            CheckRule::PlausibleDay => "implausible_day",
            CheckRule::NotBlank => "blank",
            CheckRule::NotNegative => "negative",
            CheckRule::Positive => "not_positive",
            CheckRule::NotZero => "zero",
            CheckRule::Between { .. } => "out_of_bounds",
            CheckRule::OnScale { .. } => "off_scale",
            CheckRule::NotBefore { .. } => "ends_before_start",
            CheckRule::NotSame { .. } => "same_twice",
            CheckRule::CurrencyCode => "no_currency_code",
            CheckRule::OneOf(_) => "unknown_word",
            CheckRule::SomeOf => "none_given",
            CheckRule::Balanced { .. } => "unbalanced",
        }
    }

    /// Whether the rule can be asked of a column of this kind.
    #[must_use]
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            CheckRule::Missing | CheckRule::SomeOf => true,
            CheckRule::Finite => kind == Kind::Real,
            CheckRule::PlausibleDay | CheckRule::NotBefore { .. } => {
                matches!(kind, Kind::Day | Kind::Instant)
            }
            CheckRule::NotBlank
            | CheckRule::NotSame { .. }
            | CheckRule::CurrencyCode
            | CheckRule::OneOf(_) => kind == Kind::Text,
            CheckRule::Balanced { .. } => kind == Kind::Integer,
            CheckRule::NotNegative
            | CheckRule::Positive
            | CheckRule::NotZero
            | CheckRule::Between { .. }
            | CheckRule::OnScale { .. } => {
                matches!(kind, Kind::Integer | Kind::Real | Kind::Money)
            }
        }
    }

    /// The other columns of the row that the rule looks at.
    #[must_use]
    pub fn other_columns(self) -> Vec<&'static str> {
        match self {
            CheckRule::OnScale { low, high } => vec![low, high],
            CheckRule::NotBefore { start } => vec![start],
            CheckRule::NotSame { other } => vec![other],
            CheckRule::Balanced { by } => vec![by],
            _ => Vec::new(),
        }
    }
}

/// What must hold, to be read after the name of a column: "is not blank".
impl fmt::Display for CheckRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckRule::Missing => f.write_str("is there"),
            CheckRule::Finite => f.write_str("is finite"),
            CheckRule::PlausibleDay => f.write_str("is in the years 1970 to 2100"),
            CheckRule::NotBlank => f.write_str("is not blank"),
            CheckRule::NotNegative => f.write_str("is zero or more"),
            CheckRule::Positive => f.write_str("is more than zero"),
            CheckRule::NotZero => f.write_str("is not zero"),
            CheckRule::Between { low, high } => write!(f, "is between {low} and {high}"),
            CheckRule::OnScale { low, high } => write!(f, "is between `{low}` and `{high}`"),
            CheckRule::NotBefore { start } => write!(f, "is not before `{start}`"),
            CheckRule::NotSame { other } => write!(f, "differs from `{other}`"),
            CheckRule::CurrencyCode => f.write_str("is three capital letters"),
            CheckRule::OneOf(words) => write!(f, "is one of `{}`", words.join("`, `")),
            CheckRule::SomeOf => f.write_str("or another of these is given"),
            CheckRule::Balanced { by } => write!(f, "sums to zero over the rows of a `{by}`"),
        }
    }
}

/// A rule as the description of a table writes it.
macro_rules! check_rule {
    (not_blank) => { $crate::check::CheckRule::NotBlank };
    (not_negative) => { $crate::check::CheckRule::NotNegative };
    (positive) => { $crate::check::CheckRule::Positive };
    (not_zero) => { $crate::check::CheckRule::NotZero };
    (currency_code) => { $crate::check::CheckRule::CurrencyCode };
    (some_of) => { $crate::check::CheckRule::SomeOf };
    (ratio) => { $crate::check::CheckRule::Between { low: 0, high: 1 } };
    (between($low:literal $high:literal)) => { $crate::check::CheckRule::Between { low: $low, high: $high } };
    (on_scale($low:ident $high:ident)) => {
        $crate::check::CheckRule::OnScale { low: stringify!($low), high: stringify!($high) }
    };
    (not_before($start:ident)) => { $crate::check::CheckRule::NotBefore { start: stringify!($start) } };
    (not_same($other:ident)) => { $crate::check::CheckRule::NotSame { other: stringify!($other) } };
    (one_of($($word:literal)+)) => { $crate::check::CheckRule::OneOf(&[$($word),+]) };
    (balanced($by:ident)) => { $crate::check::CheckRule::Balanced { by: stringify!($by) } };
}

pub(crate) use check_rule;
