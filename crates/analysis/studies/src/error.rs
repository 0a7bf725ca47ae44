//! Why a study has no answer. Not converging is not among them: that is an answer.

use clv_engine::EngineError;
use clv_valuation::definition::DefinitionError;

/// A question that cannot be answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// Reading or writing failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The definition of lifetime value is unknown or lacks an input.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// A discount rate that cannot discount.
    #[error(transparent)]
    DiscountRate(#[from] clv_valuation::discounting::DiscountRateError),
    /// There was nothing to fit to.
    #[error(transparent)]
    Fit(#[from] clv_models::fit::FitError),
    /// There was nothing to draw parameters from.
    #[error(transparent)]
    Posterior(#[from] clv_models::fit::PosteriorError),
    /// The boosted heads had nothing to learn from.
    #[error(transparent)]
    Boosted(#[from] clv_models::boosted::ZilnError),
    /// A model id that is not in the catalogue.
    #[error("there is no purchase model '{id}'; expected one of {known}")]
    UnknownModel {
        /// The id asked for.
        id: String,
        /// The ids there are.
        known: String,
    },
    /// A spend model's id that is not in the catalogue.
    #[error("there is no spend model '{id}'; expected one of {known}")]
    UnknownSpendModel {
        /// The id asked for.
        id: String,
        /// The ids there are.
        known: String,
    },
    /// Draws of a spend model's parameters that nobody knows how to make.
    #[error("draws are made of gamma-gamma's parameters only, and the spend model is {id}")]
    NoSpendDraws {
        /// The spend model.
        id: String,
    },
    /// Covariates that do not go into a fit.
    #[error(transparent)]
    Covariate(#[from] clv_models::covariates::CovariateError),
    /// A table of customers or a choice of covariates that cannot be used as asked.
    #[error("{problem}")]
    Covariates {
        /// What is wrong.
        problem: String,
        /// What to try.
        hint: Option<String>,
    },
    /// A season or a campaign that cannot be used as asked.
    #[error("{problem}")]
    Season {
        /// What is wrong.
        problem: String,
        /// What to try.
        hint: Option<String>,
    },
    /// A saved model that does not hold what its model needs.
    #[error("the saved model {problem}")]
    SavedModel {
        /// What is wrong with it.
        problem: String,
    },
    /// A blend was asked for where no bake-off could teach one.
    #[error(
        "there is nothing to blend: it takes a bake-off on orders with at least two forecasters"
    )]
    NothingToBlend,
    /// A saved model that repeats recent purchases, and data that do not tell them.
    #[error("the saved model counts on {rule}, which needs each customer's dated purchases")]
    NoRecentPurchases {
        /// The rule's id.
        rule: String,
    },
    /// A histories file that names an unknown unit of time.
    #[error("the histories file names its time_unit wrongly: {0}")]
    HistoriesUnit(#[source] crate::time::TimeError),
    /// A row of a histories file that is no purchase history.
    #[error("row {row} of the histories file is no purchase history: {problem}")]
    Histories {
        /// The row, counting the heading as row 1.
        row: u64,
        /// What is wrong.
        problem: String,
    },
    /// Subscriptions that bear no answer.
    #[error("{problem}")]
    Subscriptions {
        /// What is wrong.
        problem: String,
    },
    /// Value of subscriptions was asked for and no row has a price.
    #[error("no subscription has a price, so that there is no value to compute")]
    NoPrice,
    /// A history that a model of whole periods cannot take.
    #[error(
        "{model} counts whole periods with at most one purchase in each; {repeat_purchases} purchases, the last at age \
         {last_purchase_age} of {age}, are not such a history"
    )]
    NotWhole {
        /// The model's id.
        model: &'static str,
        /// Purchases after the first.
        repeat_purchases: u32,
        /// From first to last purchase, in the unit of the study.
        last_purchase_age: f64,
        /// From the first purchase to the end of observation.
        age: f64,
    },
    /// No customer has bought by the day the question is asked for.
    #[error("no customer has a purchase on or before {until}; the data begin on {first}")]
    NobodyYet {
        /// The day asked for, ISO 8601.
        until: String,
        /// The first day of the data, ISO 8601.
        first: String,
    },
    /// Boosted trees were asked of a histories file.
    #[error(
        "ziln learns from each customer's days, and a histories file keeps only their number and the first and the last"
    )]
    BoostedNeedsOrders,
    /// Draws of the parameters of boosted trees.
    #[error("no draws are made of ziln: its trees are not drawn")]
    NoBoostedDraws,
    /// A question that needs dates was asked of a histories file.
    #[error("this needs orders: a histories file has no dates")]
    NoDates,
    /// Dates that lie further apart than any business is old.
    #[error(
        "the orders run from {first} to {last}: more than a century, so that one of the dates must be wrong"
    )]
    TooLong {
        /// The first day, ISO 8601.
        first: String,
        /// The last day, ISO 8601.
        last: String,
    },
    /// Customers have brought nothing or less under the definition.
    #[error(
        "all customers together have brought {total:.2} so far under this definition: there is nothing to share out"
    )]
    NoPositiveTotal {
        /// Their historic value, money.
        total: f64,
    },
    /// All rows are returns.
    #[error(
        "none of the {rows} rows is a purchase: every amount is negative or marked as a return"
    )]
    NoPurchase {
        /// Rows that were used.
        rows: u64,
    },
    /// Every purchase was on one day, so that nothing can be learnt about coming back.
    #[error("all purchases are on one day, {day}: nothing can be learnt about coming back")]
    OneDay {
        /// The day, ISO 8601.
        day: String,
    },
    /// Value was asked for and there is none.
    #[error("no order has an amount above 0, so that there is no value to compute")]
    NoValue,
    /// The data end before the holdout does, or leave too little before it.
    #[error("{problem}")]
    TooShort {
        /// Which period is too short, with both dates.
        problem: String,
    },
}

impl StudyError {
    /// What to try next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            StudyError::Engine(error) => error.hint(),
            StudyError::Definition(DefinitionError::Missing { needed, .. }) => {
                Some(format!("give {needed} NUMBER, or use --definition net-sales"))
            }
            StudyError::Definition(_) => Some("clv explain definitions".to_owned()),
            StudyError::Fit(_)
            | StudyError::Posterior(_)
            | StudyError::Boosted(_)
            | StudyError::Covariate(_) => None,
            StudyError::Season { hint, .. } | StudyError::Covariates { hint, .. } => hint.clone(),
            StudyError::DiscountRate(_) => Some("--discount-rate 0.1".to_owned()),
            StudyError::UnknownModel { .. } | StudyError::UnknownSpendModel { .. } => {
                Some("clv explain models".to_owned())
            }
            StudyError::NoSpendDraws { .. } => {
                Some("leave --posterior out, or fit with --spend-model gamma-gamma".to_owned())
            }
            StudyError::SavedModel { .. } => {
                Some("write one with `clv fit ... -o model.json`".to_owned())
            }
            StudyError::NothingToBlend => Some("--model auto, or a single model".to_owned()),
            StudyError::NoRecentPurchases { .. } => {
                Some("score orders instead of a histories file, or save a single model".to_owned())
            }
            StudyError::Histories { .. } | StudyError::HistoriesUnit(_) => {
                Some("write one with `clv histories ORDERS -o histories.parquet`".to_owned())
            }
            StudyError::Subscriptions { .. } => Some(
                "clv fit reads a row for each subscription, or survivors from age 0 on with a column for each cohort"
                    .to_owned(),
            ),
            StudyError::NoPrice => {
                Some("name the column that holds the price of a period: --amount-column HEADING".to_owned())
            }
            StudyError::NotWhole { .. } => Some(
                "name the file of orders instead, whose purchases are then counted by period, or the --time-unit that \
                 the file counts in"
                    .to_owned(),
            ),
            StudyError::NobodyYet { first, .. } => Some(format!("--until {first} or later")),
            StudyError::NoPositiveTotal { .. } => Some(
                "check margin and costs, or look at `clv value`, which shows each customer".to_owned(),
            ),
            StudyError::TooLong { .. } => {
                Some("--as-of DATE puts everything after DATE aside".to_owned())
            }
            StudyError::BoostedNeedsOrders => Some(
                "name the file of orders instead, or a single model such as --model pareto-nbd".to_owned(),
            ),
            StudyError::NoBoostedDraws => {
                Some("leave --posterior out, or --model pareto-nbd".to_owned())
            }
            StudyError::NoDates => Some("name the file of orders instead".to_owned()),
            StudyError::NoPurchase { .. } => Some(
                "if the file writes sales as negative numbers, turn the sign; else name the right column with \
                 --columns amount=HEADING"
                    .to_owned(),
            ),
            StudyError::OneDay { .. } => {
                Some("give a longer period of orders; two days are the least".to_owned())
            }
            StudyError::NoValue => Some(
                "name the column that holds money with --columns amount=HEADING; purchase counts \
                 need no amounts: clv forecast"
                    .to_owned(),
            ),
            StudyError::TooShort { .. } => {
                Some("choose a shorter --horizon or an earlier --until".to_owned())
            }
        }
    }
}
