//! The groups of options that verbs share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where orders come from and how they are read.
#[derive(Debug, Args)]
pub(crate) struct ReadArguments {
    /// Files, folders or patterns: CSV, TSV, NDJSON or Parquet, plain, gzip or zstd. Default: the workspace's orders.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingOptions,
}

/// How orders are read.
#[derive(Debug, Args, Default)]
pub(crate) struct ReadingOptions {
    /// The workspace, a folder or s3://bucket/prefix. Default: clv-workspace in the working folder.
    #[arg(long, value_name = "DIR", env = "CLV_WORKSPACE")]
    pub(crate) workspace: Option<String>,
    /// Read the workspace as an earlier import left it: its number, or a date for the last one of that day.
    #[arg(long, value_name = "IMPORT", env = "CLV_AS_OF_IMPORT")]
    pub(crate) as_of_import: Option<String>,
    /// The kind of file, where detection is wrong: generic, shopify-orders or online-retail.
    #[arg(long, value_name = "SOURCE", env = "CLV_FROM")]
    pub(crate) from: Option<String>,
    /// Which heading plays which part: customer_id=cust,ordered_at=date,amount=sales,...
    #[arg(long, value_name = "ROLE=HEADING,...", env = "CLV_COLUMNS")]
    pub(crate) columns: Option<String>,
    /// The order of day and month in dates such as 03/04/2021.
    #[arg(long, value_enum, value_name = "ORDER", env = "CLV_DATE_FORMAT")]
    pub(crate) date_format: Option<DateFormat>,
    /// Keep only amounts in this currency; the others are put aside.
    #[arg(long, value_name = "CODE", env = "CLV_CURRENCY")]
    pub(crate) currency: Option<String>,
    /// The day the question is asked as of; later rows are put aside. Default: the last day of the data.
    #[arg(long, value_name = "DATE", env = "CLV_AS_OF")]
    pub(crate) as_of: Option<String>,
    /// Whether orders of 0 count as purchases. Default: as the source's users expect.
    #[arg(long, value_enum, value_name = "KEEP|DROP", env = "CLV_ZERO_ORDERS")]
    pub(crate) zero_orders: Option<ZeroOrderChoice>,
    /// Threads to use. Default: one for each core.
    #[arg(long, value_name = "N", env = "CLV_THREADS")]
    pub(crate) threads: Option<usize>,
    /// Memory for sorting and grouping before it spills to disk, such as 512M or 4G.
    #[arg(long, value_name = "SIZE", env = "CLV_MEMORY_LIMIT")]
    pub(crate) memory_limit: Option<String>,
}

/// The order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DateFormat {
    /// Day before month: 31/12/2021.
    Dmy,
    /// Month before day: 12/31/2021.
    Mdy,
}

/// What to do with orders of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ZeroOrderChoice {
    /// They count as purchases.
    Keep,
    /// They are put aside.
    Drop,
}

/// Time: units and the last day used.
#[derive(Debug, Args)]
pub(crate) struct TimeArguments {
    /// The unit of ages and parameters: hour, day, week (the default), month or year; of subscriptions the length of a
    /// period, by default a month.
    #[arg(long, value_name = "UNIT", env = "CLV_TIME_UNIT")]
    pub(crate) time_unit: Option<String>,
    /// The last day a model may see. Default: the last day of the data.
    #[arg(long, value_name = "DATE", env = "CLV_UNTIL")]
    pub(crate) until: Option<String>,
}

/// Where the answer goes.
#[derive(Debug, Args, Default)]
pub(crate) struct OutputArguments {
    /// The file to write; its extension decides the format (.csv, .tsv, .json, .ndjson, .parquet, .gz, .zst).
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The format on standard output.
    #[arg(long, value_enum, value_name = "FORMAT", env = "CLV_OUTPUT_FORMAT")]
    pub(crate) output_format: Option<OutputFormat>,
}

/// Formats of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    Text,
    /// One JSON document, the answer with its provenance.
    Json,
    /// Comma-separated values.
    Csv,
    /// One JSON object on each line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// Who forecasts.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// The model: auto, blend, ziln, nbd, pareto-nbd, bg-nbd, mbg-nbd, bg-cnbd-k, mbg-cnbd-k, ggom-nbd, pareto-nbd-lognormal
    /// or bg-bb; of subscriptions bdw, sbg or kaplan-meier.
    #[arg(long, value_name = "ID", default_value = "auto", env = "CLV_MODEL")]
    pub(crate) model: String,
    /// A model saved by `clv fit ... -o model.json`; goes before --model.
    #[arg(long, value_name = "FILE")]
    pub(crate) model_file: Option<PathBuf>,
    /// How far ahead: 39w, 90d, 12mo, 2y.
    #[arg(long, value_name = "SPAN", default_value = "52w", env = "CLV_HORIZON")]
    pub(crate) horizon: String,
    /// The models among which auto chooses, by id; default all but `ziln`. Naive rules always take part.
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// The seed of random choices: which rows the trees of `ziln` see. The other models make none.
    #[arg(long, value_name = "N", default_value_t = 0, env = "CLV_SEED")]
    pub(crate) seed: u64,
}

/// Subscriptions instead of orders, for bdw, sbg and kaplan-meier.
#[derive(Debug, Args, Default)]
pub(crate) struct SubscriptionArguments {
    /// Subscriptions only: the one cohort to look at, a column of survivors or a value of the column cohort.
    #[arg(long, value_name = "NAME")]
    pub(crate) cohort: Option<String>,
    /// Subscriptions only: how many a cohort given in percent or shares began with. Default: 1000, which is then said.
    #[arg(long, value_name = "N")]
    pub(crate) cohort_size: Option<f64>,
    /// Subscriptions only: fit to the first N renewal occasions, as if nothing had been seen since.
    #[arg(long, value_name = "N")]
    pub(crate) through: Option<u32>,
    /// Subscriptions only: the column with the price of a period.
    #[arg(long, value_name = "HEADING")]
    pub(crate) amount_column: Option<String>,
}

/// Who the customers are, and what that acts on.
#[derive(Debug, Args, Default)]
pub(crate) struct CovariateArguments {
    /// What is known of the customers: a table with customer_id and any columns, one row for each customer; or with a column
    /// date too, one row for each customer from each day on where it changes, or for all customers without customer_id.
    #[arg(long, value_name = "FILE")]
    pub(crate) covariates: Option<String>,
    /// What the columns act on: purchase, dropout, spend for all columns, dropout.NAME for one. Default: purchase and,
    /// where customers can leave, dropout.
    #[arg(long, value_name = "TARGET,...", value_delimiter = ',')]
    pub(crate) covariates_on: Vec<String>,
    /// Columns whose effects on purchases and on dropout are held equal.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) constrain: Vec<String>,
    /// Draw effects towards 0: this times each squared effect per standard deviation is taken off the summed
    /// log-likelihood.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) l2: Option<f64>,
    /// The column whose levels get pooled effects of their own: small groups borrow strength from the others.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) pool: Option<String>,
}

/// What customers spend at a purchase.
#[derive(Debug, Args)]
pub(crate) struct SpendArguments {
    /// The spend model: gamma-gamma, log-normal, log-normal-dependent or log-normal-mixture, or auto, which takes the one that
    /// foretells customers left out best. A saved model's own goes before it. Default: gamma-gamma.
    #[arg(long, value_name = "ID", env = "CLV_SPEND_MODEL")]
    pub(crate) spend_model: Option<String>,
}

/// The calendar of the shop.
#[derive(Debug, Args, Default)]
pub(crate) struct SeasonArguments {
    /// Whether months of the year have factors of their own. Default: auto where a bake-off runs, else none.
    #[arg(long, value_enum, value_name = "WAY", env = "CLV_SEASON")]
    pub(crate) season: Option<SeasonWay>,
    /// A campaign or another known window of days, as often as needed: windows of one NAME share a factor, and those to
    /// come carry over what was learnt.
    #[arg(long, value_name = "NAME=FROM..TO")]
    pub(crate) campaign: Vec<String>,
}

/// What is done about the months of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeasonWay {
    /// Every month is like the others.
    None,
    /// Each month has a factor.
    Month,
    /// Each month has a factor where that made forecasts of held-out orders better.
    Auto,
}

/// What value means.
#[derive(Debug, Args)]
pub(crate) struct DefinitionArguments {
    /// net-sales, gross-sales, gross-margin, contribution or net-profit.
    #[arg(long, value_name = "NAME", default_value = "net-sales", env = "CLV_DEFINITION")]
    pub(crate) definition: String,
    /// Annual discount rate, as a ratio.
    #[arg(long, value_name = "RATIO", default_value_t = 0.1, env = "CLV_DISCOUNT_RATE")]
    pub(crate) discount_rate: f64,
    /// Share of net sales that is margin.
    #[arg(long, value_name = "RATIO", env = "CLV_MARGIN_RATIO")]
    pub(crate) margin_ratio: Option<f64>,
    /// Variable cost of one order.
    #[arg(long, value_name = "MONEY", env = "CLV_COST_PER_ORDER")]
    pub(crate) cost_per_order: Option<f64>,
    /// Cost of winning one customer.
    #[arg(long, value_name = "MONEY", env = "CLV_ACQUISITION_COST")]
    pub(crate) acquisition_cost: Option<f64>,
    /// Count in each customer's lifetime value what the customers they refer bring.
    #[arg(long)]
    pub(crate) with_referrals: bool,
    /// Value of the customers that one customer refers; 0 and a note without it.
    #[arg(long, value_name = "MONEY", requires = "with_referrals")]
    pub(crate) referral_value: Option<f64>,
}
