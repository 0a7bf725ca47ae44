//! The columns of one batch, by the part they play.

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use clv_tables::IdKind;

use crate::convert::{Amounts, Unfit, amounts, days, integers, product, texts};
use crate::error::ImportError;
use crate::plan::{ImportPlan, is_text_type};
use crate::role::Role;

/// The columns of one batch in the types of canonical rows.
pub(super) struct Columns {
    pub(super) customers: Ids,
    pub(super) fallback: Option<StringArray>,
    pub(super) days: Vec<i32>,
    pub(super) day_texts: Option<StringArray>,
    pub(super) amounts: Vec<i64>,
    pub(super) amount_texts: Option<StringArray>,
    pub(super) currencies: Vec<Option<&'static str>>,
    pub(super) currency_texts: Option<StringArray>,
    pub(super) pieces: Option<Vec<i64>>,
    pub(super) refunds: Option<Vec<i64>>,
    pub(super) order_ids: Option<StringArray>,
    pub(super) order_numbers: Option<StringArray>,
    pub(super) statuses: Option<StringArray>,
    pub(super) cancelled: Option<StringArray>,
    pub(super) kinds: Option<StringArray>,
    /// The attributes that are read, in the order of the plan.
    pub(super) attributes: Vec<Option<StringArray>>,
}

pub(super) enum Ids {
    Integer(Int64Array),
    Text(StringArray),
}

impl Columns {
    /// Converts the columns of a batch that are the plan's, in its order.
    ///
    /// # Errors
    /// When a column has a type that cannot play its part.
    pub(super) fn convert(
        plan: &ImportPlan,
        file: &str,
        batch: &RecordBatch,
    ) -> Result<Columns, ImportError> {
        let array = |role: Role| plan.column(role).map(|at| batch.column(at));
        let unfit = |role: Role| {
            move |Unfit(expected): Unfit| ImportError::WrongType {
                file: file.to_owned(),
                column: plan.heading(role).to_owned(),
                found: array(role).map_or_else(String::new, |array| array.data_type().to_string()),
                expected,
            }
        };
        let text = |role: Role| array(role).map(texts).transpose().map_err(unfit(role));
        let number = |role: Role| {
            let format = plan.column(role).and_then(|at| plan.columns[at].number);
            array(role).map(|array| amounts(array, format)).transpose().map_err(unfit(role))
        };
        let needed = |role: Role| array(role).expect("the plan was checked to have this column");
        let customers = match plan.id_kind {
            IdKind::Integer => {
                Ids::Integer(integers(needed(Role::CustomerId)).map_err(unfit(Role::CustomerId))?)
            }
            IdKind::Text => {
                Ids::Text(texts(needed(Role::CustomerId)).map_err(unfit(Role::CustomerId))?)
            }
        };
        let mut pieces = None;
        let mut money_role = Role::Amount;
        let money = match (number(Role::Amount)?, number(Role::Quantity)?, number(Role::UnitPrice)?)
        {
            (Some(amount), ..) => amount,
            (None, quantity, Some(mut price)) => {
                money_role = Role::UnitPrice;
                if let Some(quantity) = quantity {
                    price.micros = product(&quantity.micros, &price.micros);
                    pieces = Some(quantity.micros);
                }
                price
            }
            (None, ..) => Amounts { micros: vec![0; batch.num_rows()], currencies: Vec::new() },
        };
        let as_read = |role: Role| {
            array(role)
                .filter(|array| is_text_type(array.data_type()))
                .and_then(|array| texts(array).ok())
        };
        Ok(Columns {
            customers,
            fallback: text(Role::CustomerFallback)?,
            days: days(needed(Role::OrderedAt), plan.date).map_err(unfit(Role::OrderedAt))?,
            day_texts: as_read(Role::OrderedAt),
            amounts: money.micros,
            amount_texts: as_read(money_role),
            currencies: money.currencies,
            currency_texts: text(Role::Currency)?,
            pieces,
            refunds: number(Role::RefundedAmount)?.map(|amounts| amounts.micros),
            order_ids: text(Role::OrderId)?,
            order_numbers: text(Role::OrderNumber)?,
            statuses: text(Role::Status)?,
            cancelled: text(Role::CancelledAt)?,
            kinds: text(Role::TransactionKind)?,
            attributes: plan.attributes().map(|(at, _)| texts(batch.column(at)).ok()).collect(),
        })
    }
}

/// A cell of a text column, trimmed; empty where there is no column or no value.
pub(super) fn cell(column: &Option<StringArray>, i: usize) -> &str {
    match column {
        Some(strings) if !strings.is_null(i) => strings.value(i).trim(),
        _ => "",
    }
}
