//! Complaints: rows that were put aside or remarked upon, by the rule that they broke.

use std::collections::BTreeMap;

/// What a row can break. The id is what reports and scripts see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The row names no customer.
    NoCustomer,
    /// The date cell is empty or does not read in the column's format.
    UnreadableDate,
    /// The amount cell is empty, not a number, not finite.
    UnreadableAmount,
    /// The amount is larger than [`crate::money::LARGEST_AMOUNT_UNITS`].
    AmountTooLarge,
    /// The order is dated after the day that the question is asked as of.
    AfterAsOf,
    /// The order was cancelled, voided or never paid.
    CancelledOrder,
    /// The same row was read before.
    DuplicateOrder,
    /// The amount is in a currency other than the one asked for.
    OtherCurrency,
    /// The row has more or fewer cells than the heading.
    RaggedRow,
    /// The order's total is zero and zero orders are not kept.
    ZeroOrder,
    /// Kept: adjacent lines of one order name two customers.
    OrderOfTwoCustomers,
    /// Kept: more was refunded than the order was worth.
    RefundExceedsOrder,
    /// A tenure that is no number of periods, or a flag that says neither that the customer left nor stayed.
    UnreadableTenure,
    /// A subscription that ends before it begins.
    EndsBeforeStart,
    /// A line or refund of an order that the file does not hold.
    NoOrder,
}

impl Rule {
    /// Every rule, in the order in which reports list them.
    pub const ALL: [Rule; 15] = [
        Rule::NoCustomer,
        Rule::UnreadableDate,
        Rule::UnreadableAmount,
        Rule::AmountTooLarge,
        Rule::AfterAsOf,
        Rule::CancelledOrder,
        Rule::DuplicateOrder,
        Rule::OtherCurrency,
        Rule::RaggedRow,
        Rule::ZeroOrder,
        Rule::OrderOfTwoCustomers,
        Rule::RefundExceedsOrder,
        Rule::UnreadableTenure,
        Rule::EndsBeforeStart,
        Rule::NoOrder,
    ];

    /// The stable name, in snake case.
    pub fn id(self) -> &'static str {
        match self {
            Rule::NoCustomer => "no_customer",
            Rule::UnreadableDate => "unreadable_date",
            Rule::UnreadableAmount => "unreadable_amount",
            Rule::AmountTooLarge => "amount_too_large",
            Rule::AfterAsOf => "after_as_of",
            Rule::CancelledOrder => "cancelled_order",
            Rule::DuplicateOrder => "duplicate_order",
            Rule::OtherCurrency => "other_currency",
            Rule::RaggedRow => "ragged_row",
            Rule::ZeroOrder => "zero_order",
            Rule::OrderOfTwoCustomers => "order_of_two_customers",
            Rule::RefundExceedsOrder => "refund_exceeds_order",
            Rule::UnreadableTenure => "unreadable_tenure",
            Rule::EndsBeforeStart => "ends_before_start",
            Rule::NoOrder => "no_order",
        }
    }

    /// What happened, in one sentence for the owner of the file.
    pub fn sentence(self) -> &'static str {
        match self {
            Rule::NoCustomer => "the row names no customer, so nobody can be credited with it",
            Rule::UnreadableDate => "the date does not read in the format of its column",
            Rule::UnreadableAmount => "the amount is missing or is not a finite number",
            Rule::AmountTooLarge => "the amount is larger than 9,000,000,000,000 units",
            Rule::AfterAsOf => "the order is dated after the day of the question",
            Rule::CancelledOrder => "the order was cancelled, voided or never paid",
            Rule::DuplicateOrder => "the same row was already read, so it counts once",
            Rule::OtherCurrency => "the amount is in a currency other than the one asked for",
            Rule::RaggedRow => "the row has more or fewer cells than the heading",
            Rule::ZeroOrder => "the order's total is zero",
            Rule::OrderOfTwoCustomers => {
                "one order names two customers; each keeps their own lines"
            }
            Rule::RefundExceedsOrder => "more was refunded than the order was worth",
            Rule::UnreadableTenure => {
                "the tenure, or whether the customer has left, is missing or does not read"
            }
            Rule::EndsBeforeStart => "the subscription ends before it begins",
            Rule::NoOrder => "the row names no order, or one whose own row does not come before it",
        }
    }

    /// Whether the row counts all the same: a remark, not a row put aside.
    pub fn keeps_row(self) -> bool {
        matches!(self, Rule::OrderOfTwoCustomers | Rule::RefundExceedsOrder)
    }
}

/// One row that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComplaintExample {
    /// File name as the user gave it.
    pub file: String,
    /// Row number in the file, the heading being row 1; zero where the row is not known.
    pub row: u64,
    /// Heading of the column that broke the rule.
    pub column: String,
    /// The cell as it stands in the file, shortened to 80 characters.
    pub value: String,
}

/// All rows that broke one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComplaintGroup {
    /// The rule that was broken.
    pub rule: Rule,
    /// Rows that broke it.
    pub count: u64,
    /// Their money, millionths of the currency unit, signed; rows without a readable amount add nothing.
    pub money: i64,
    /// The first rows by file and row number, at most [`ComplaintLog::MAX_EXAMPLES`].
    pub examples: Vec<ComplaintExample>,
}

/// Complaints as they come in; logs of parts of a file merge into one.
///
/// ```
/// use clv_tables::{ComplaintExample, ComplaintLog, Rule};
/// let mut log = ComplaintLog::default();
/// log.add(Rule::NoCustomer, 5_000_000, || ComplaintExample {
///     file: "orders.csv".into(),
///     row: 7,
///     column: "customer".into(),
///     value: String::new(),
/// });
/// assert_eq!(log.rows_put_aside(), 1);
/// assert_eq!(log.into_groups()[0].money, 5_000_000);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ComplaintLog {
    groups: BTreeMap<Rule, ComplaintGroup>,
}

impl ComplaintLog {
    /// How many examples are kept for each rule.
    pub const MAX_EXAMPLES: usize = 5;

    /// Adds one row; `example` is only called while examples are still wanted.
    pub fn add(&mut self, rule: Rule, money: i64, example: impl FnOnce() -> ComplaintExample) {
        let group = self.group(rule);
        group.count += 1;
        group.money = group.money.saturating_add(money);
        if group.examples.len() < Self::MAX_EXAMPLES {
            let mut example = example();
            if example.value.chars().count() > 80 {
                example.value = example.value.chars().take(79).chain(['…']).collect();
            }
            group.examples.push(example);
        }
    }

    /// Adds another log's rows to this one.
    pub fn merge(&mut self, other: ComplaintLog) {
        for (rule, theirs) in other.groups {
            let group = self.group(rule);
            group.count += theirs.count;
            group.money = group.money.saturating_add(theirs.money);
            group.examples.extend(theirs.examples);
            sort_examples(group);
        }
    }

    /// Takes the examples of `other` in place of those here, where it has any; counts stay.
    pub fn replace_examples(&mut self, other: ComplaintLog) {
        for (rule, theirs) in other.groups {
            if let Some(group) = self.groups.get_mut(&rule) {
                group.examples = theirs.examples;
                sort_examples(group);
            }
        }
    }

    /// Whether nothing was complained about.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Rows put aside, remarks not counted.
    pub fn rows_put_aside(&self) -> u64 {
        self.groups.values().filter(|group| !group.rule.keeps_row()).map(|group| group.count).sum()
    }

    /// The groups in the order of [`Rule::ALL`].
    pub fn into_groups(self) -> Vec<ComplaintGroup> {
        self.groups.into_values().collect()
    }

    fn group(&mut self, rule: Rule) -> &mut ComplaintGroup {
        self.groups.entry(rule).or_insert_with(|| ComplaintGroup {
            rule,
            count: 0,
            money: 0,
            examples: Vec::new(),
        })
    }
}

fn sort_examples(group: &mut ComplaintGroup) {
    group.examples.sort_by(|a, b| (&a.file, a.row).cmp(&(&b.file, b.row)));
    group.examples.truncate(ComplaintLog::MAX_EXAMPLES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_log_counts_all_rows_and_keeps_the_first_examples() {
        let example = |row| ComplaintExample {
            file: "a.csv".into(),
            row,
            column: "date".into(),
            value: "x".repeat(200),
        };
        let (mut first, mut second) = (ComplaintLog::default(), ComplaintLog::default());
        for row in 10..20 {
            first.add(Rule::UnreadableDate, 2, || example(row));
            second.add(Rule::UnreadableDate, 1, || example(row - 10));
        }
        first.merge(second);
        assert_eq!(first.rows_put_aside(), 20);
        let group = first.into_groups().remove(0);
        assert_eq!((group.count, group.money, group.examples.len()), (20, 30, 5));
        assert_eq!(group.examples[4].row, 4);
        assert_eq!(group.examples[0].value.chars().count(), 80);
    }
}
