//! Which column of a subscription file plays which part, by heading, or as the user says.

use std::collections::BTreeMap;

use clv_importers::heading::plain;
use clv_importers::sample::Sample;

use super::cells::real;
use crate::error::EngineError;
use crate::orders::DetectedColumn;

/// A part that a column can play.
pub(super) struct Role {
    pub(super) id: &'static str,
    pub(super) meaning: &'static str,
    /// Headings that people give it.
    names: &'static [&'static str],
}

/// All parts.
pub(super) const ROLES: &[Role] = &[
    Role {
        id: "customer_id",
        meaning: "who",
        names: &[
            "customer_id",
            "customer",
            "user_id",
            "account_id",
            "subscriber_id",
            "subscription_id",
            "member_id",
            "client_id",
            "id",
        ],
    },
    Role {
        id: "start",
        meaning: "the first day",
        names: &[
            "start",
            "start_date",
            "started_at",
            "started_on",
            "start_at",
            "signup_date",
            "signed_up_at",
            "subscribed_at",
            "activated_at",
            "activation_date",
            "join_date",
            "joined_at",
            "joined_on",
            "begin_date",
            "contract_start",
            "subscription_start",
            "valid_from",
        ],
    },
    Role {
        id: "end",
        meaning: "the day it ended, blank where active",
        names: &[
            "end",
            "end_date",
            "ended_at",
            "ended_on",
            "end_at",
            "cancelled_at",
            "canceled_at",
            "cancel_date",
            "cancellation_date",
            "churn_date",
            "churned_at",
            "termination_date",
            "expired_at",
            "contract_end",
            "subscription_end",
            "valid_to",
        ],
    },
    Role {
        id: "tenure",
        meaning: "periods stayed",
        names: &[
            "tenure",
            "tenure_months",
            "tenure_in_months",
            "months_stayed",
            "periods_stayed",
            "lifetime",
            "duration",
            concat!("rec", "ency"),
        ],
    },
    Role {
        id: "churned",
        meaning: "whether the customer has left",
        names: &[
            "churn",
            "churned",
            "has_churned",
            "is_churned",
            "churn_label",
            "has_left",
            "is_lost",
            "cancelled",
            "canceled",
            "exited",
            "attrition",
        ],
    },
    Role {
        id: "observed",
        meaning: "periods observed",
        names: &["T", "observed", "periods_observed"],
    },
    Role { id: "cohort", meaning: "the cohort", names: &["cohort", "cohort_name"] },
    Role {
        id: "amount",
        meaning: "the price of a period",
        names: &[
            "monthly_charges",
            "monthly_charge",
            "monthly_price",
            "monthly_fee",
            "mrr",
            "price",
            "amount",
            "fee",
            "plan_price",
            "plan_amount",
        ],
    },
    Role {
        id: "age",
        meaning: "periods since the cohort began",
        names: &[
            "age", "year", "years", "month", "months", "week", "weeks", "day", "days", "period",
            "periods", "renewal", "renewals", "t", "time",
        ],
    },
    Role { id: "survivors", meaning: "how many are still there", names: &[] },
];

/// Positions of the columns in the order in which they are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowRoles {
    pub(super) id: Option<usize>,
    pub(super) start: Option<usize>,
    pub(super) end: Option<usize>,
    pub(super) tenure: Option<usize>,
    pub(super) has_left: Option<usize>,
    pub(super) observed: Option<usize>,
    pub(super) amount: Option<usize>,
    pub(super) cohort: Option<usize>,
}

/// What the file is.
pub(super) enum Found {
    /// A row for each subscription; the roles are positions among the columns read.
    Rows(RowRoles),
    /// Survivors by age; the age is read first.
    Survivors,
}

/// Decides from the headings; what the user says goes first.
///
/// # Errors
/// [`EngineError::NoSubscriptions`] where no reading fits, [`EngineError::AmbiguousSubscriptions`] where two do.
pub(super) fn find_roles(
    sample: &Sample,
    given: &BTreeMap<String, String>,
) -> Result<(Found, Vec<DetectedColumn>), EngineError> {
    if let Some(unknown) = given.keys().find(|role| !ROLES.iter().any(|known| known.id == **role)) {
        return Err(no_subscriptions(sample, &format!("there is no role '{unknown}'")));
    }
    let place = |id: &str| -> Result<Option<usize>, EngineError> {
        if let Some(heading) = given.get(id) {
            if heading == "none" {
                return Ok(None);
            }
            return sample.find(heading).map(Some).ok_or_else(|| {
                no_subscriptions(sample, &format!("there is no column '{heading}'"))
            });
        }
        let role = ROLES.iter().find(|role| role.id == id);
        Ok(role.and_then(|role| role.names.iter().find_map(|name| sample.find(name))))
    };
    let format = |role: &'static str, position: usize| DetectedColumn {
        role,
        heading: sample.headings[position].clone(),
        format: ROLES
            .iter()
            .find(|known| known.id == role)
            .map_or("", |known| known.meaning)
            .into(),
        is_read: true,
    };
    let (start, end, tenure) = (place("start")?, place("end")?, place("tenure")?);
    let (has_left, observed) = (place("churned")?, place("observed")?);
    let by_tenure = tenure.is_some() && (has_left.is_some() || observed.is_some());
    let is_given = |id: &str| given.contains_key(id);
    let wants_survivors = is_given("survivors") || is_given("age");
    if start.is_some() && by_tenure && !is_given("start") && !is_given("tenure") {
        return Err(EngineError::AmbiguousSubscriptions {
            path: sample.file.clone(),
            row: 1,
            column: sample.headings[start.unwrap_or(0)].clone(),
            value: sample.headings[tenure.unwrap_or(0)].clone(),
            why: "the file has dates and tenures; --columns tenure=none or start=none settles it",
        });
    }
    if !wants_survivors && (start.is_some() || by_tenure) {
        let mut columns = Vec::new();
        let mut roles = RowRoles::default();
        let mut read = |to: &mut Option<usize>, id: &'static str, at: Option<usize>| {
            if let Some(at) = at {
                *to = Some(columns.len());
                columns.push(format(id, at));
            }
        };
        read(&mut roles.id, "customer_id", place("customer_id")?);
        if start.is_some() {
            read(&mut roles.start, "start", start);
            read(&mut roles.end, "end", end);
        } else {
            read(&mut roles.tenure, "tenure", tenure);
            read(&mut roles.has_left, "churned", has_left);
            read(&mut roles.observed, "observed", observed);
        }
        read(&mut roles.amount, "amount", place("amount")?);
        read(&mut roles.cohort, "cohort", place("cohort")?);
        return Ok((Found::Rows(roles), columns));
    }
    let Some(age) = place("age")? else {
        return Err(no_subscriptions(sample, "the file has none of these readings"));
    };
    let survivors: Vec<usize> = match given.get("survivors") {
        Some(names) => names
            .split('+')
            .map(|name| {
                sample.find(name).ok_or_else(|| {
                    no_subscriptions(sample, &format!("there is no column '{name}'"))
                })
            })
            .collect::<Result<_, _>>()?,
        None => (0..sample.headings.len())
            .filter(|at| *at != age && is_numeric(sample, *at))
            .filter(|at| plain(&sample.headings[*at]) != "cohort")
            .collect(),
    };
    if survivors.is_empty() {
        return Err(no_subscriptions(sample, "no column beside the age holds numbers"));
    }
    let mut columns = vec![format("age", age)];
    columns.extend(survivors.iter().map(|at| format("survivors", *at)));
    Ok((Found::Survivors, columns))
}

fn is_numeric(sample: &Sample, at: usize) -> bool {
    let mut n = 0;
    let all = sample.column(at).filter(|(_, cell)| !cell.trim().is_empty()).all(|(_, cell)| {
        n += 1;
        real(cell).is_some()
    });
    all && n > 0
}

fn no_subscriptions(sample: &Sample, why: &str) -> EngineError {
    EngineError::NoSubscriptions {
        path: sample.file.clone(),
        headings: sample.heading_list(),
        why: why.to_owned(),
    }
}
