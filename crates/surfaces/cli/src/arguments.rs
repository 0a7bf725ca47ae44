//! What can be typed: the verbs, and the groups of options they share.

mod groups;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::groups::{
    CovariateArguments, DateFormat, DefinitionArguments, ModelArguments, OutputArguments,
    OutputFormat, ReadArguments, ReadingOptions, SeasonArguments, SeasonWay, SpendArguments,
    SubscriptionArguments, TimeArguments, ZeroOrderChoice,
};

/// Customer lifetime value: orders in; what each customer is worth, how sure we are, and what to do about it out.
#[derive(Debug, Parser)]
#[command(name = "clv", version, args_override_self = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Say nothing but errors on standard error.
    #[arg(long = "quiet", short = 'q', global = true)]
    pub(crate) is_quiet: bool,
    /// Ask nothing on the terminal; this release asks nothing anyway.
    #[arg(long = "no-input", global = true, hide = true)]
    pub(crate) is_without_input: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs, in the order of a user's way.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report on the sample shop that ships with the program, and print its headline.
    Demo(DemoArguments),
    /// Exports of shops and services into the workspace, with totals to compare first.
    Import(ImportArguments),
    /// The whole story of your orders in one self-contained page.
    Report(ReportArguments),
    /// Each customer's purchase history: repeat purchases, ages, mean spend, value so far.
    Histories(HistoriesArguments),
    /// Fit a model: parameters with standard errors and diagnostics.
    Fit(FitArguments),
    /// Each customer's expected purchases and the date of the next one, with intervals.
    Forecast(ForecastArguments),
    /// Each customer's value so far, expected value and lifetime value under a named definition.
    Value(ValueArguments),
    /// How well each model and each naive rule would have forecast what came.
    Backtest(BacktestArguments),
    /// One business number with the inputs it was made from.
    Metric(MetricArguments),
    /// A made-up shop, or customers of one model, with the truth beside them.
    Simulate(SimulateArguments),
    /// What a figure, a model or a definition means.
    Explain(ExplainArguments),
    /// Check whether this machine has what it takes.
    Doctor,
    /// Print completions for a shell.
    Completions(CompletionsArguments),
    /// Print the manual page.
    Man,
}

/// `clv import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    /// Only tell what would change; commit nothing.
    #[arg(long = "dry-run")]
    pub(crate) is_dry_run: bool,
    /// The shop or account that the files are of, where there are several: order numbers repeat among shops.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        env = "CLV_SHOP",
        hide_default_value = true
    )]
    pub(crate) shop: String,
    /// The shop's time zone, such as Europe/Berlin: on which day a moment falls. Default: days as they are written.
    #[arg(long, value_name = "ZONE", env = "CLV_TIME_ZONE")]
    pub(crate) time_zone: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `clv demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Where to write the report.
    #[arg(long, short = 'o', value_name = "FILE", default_value = "clv-demo.html")]
    pub(crate) output: PathBuf,
}

/// `clv report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) spend: SpendArguments,
    #[command(flatten)]
    pub(crate) definition: DefinitionArguments,
    #[command(flatten)]
    pub(crate) season: SeasonArguments,
    #[command(flatten)]
    pub(crate) covariates: CovariateArguments,
    /// What to write, as often as needed: an .html page, and the table of all customers as .parquet, .csv, .json or
    /// .ndjson. Default: report.html.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
}

/// `clv histories`.
#[derive(Debug, Args)]
pub(crate) struct HistoriesArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `clv fit`.
#[derive(Debug, Args)]
pub(crate) struct FitArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
    /// The model: auto, blend, ziln, nbd, pareto-nbd, bg-nbd, mbg-nbd, bg-cnbd-k, mbg-cnbd-k, ggom-nbd, pareto-nbd-lognormal or bg-bb;
    /// for spend alone gamma-gamma, log-normal, log-normal-dependent or log-normal-mixture; of subscriptions bdw, sbg or
    /// kaplan-meier.
    #[arg(long, value_name = "ID", default_value = "auto", env = "CLV_MODEL")]
    pub(crate) model: String,
    /// The models among which auto chooses, by id; default all but `ziln`. Naive rules always take part.
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    #[command(flatten)]
    pub(crate) spend: SpendArguments,
    /// Draw the parameters too, so that forecasts with the saved model carry all of their uncertainty.
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) posterior: Option<PosteriorWay>,
    /// How many draws.
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "posterior", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) draws: u32,
    /// The seed of the draws, and of which rows the trees of `ziln` see.
    #[arg(long, value_name = "N", default_value_t = 0, env = "CLV_SEED")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) subscriptions: SubscriptionArguments,
    /// Subscriptions only: annual discount rate of the renewals to come, as a ratio.
    #[arg(long, value_name = "RATIO", default_value_t = 0.1, env = "CLV_DISCOUNT_RATE")]
    pub(crate) discount_rate: f64,
    /// Subscriptions only: how many renewal occasions the curve is told for. Default: twice those seen.
    #[arg(long, value_name = "N")]
    pub(crate) occasions: Option<u32>,
    #[command(flatten)]
    pub(crate) covariates: CovariateArguments,
    #[command(flatten)]
    pub(crate) season: SeasonArguments,
    /// Print the model's card instead: data, parameters in words, scores, calibration, drift and limits.
    #[arg(long)]
    pub(crate) card: bool,
    /// An earlier saved model; the card says what has drifted since.
    #[arg(long, value_name = "FILE", requires = "card")]
    pub(crate) model_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// How parameters are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PosteriorWay {
    /// Importance sampling around the mode, and the no-U-turn sampler where that does not fit.
    Fast,
    /// The no-U-turn sampler, four chains.
    Nuts,
    /// Refits to customers drawn with replacement.
    Bootstrap,
}

/// `clv forecast`.
#[derive(Debug, Args)]
pub(crate) struct ForecastArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) subscriptions: SubscriptionArguments,
    #[command(flatten)]
    pub(crate) covariates: CovariateArguments,
    #[command(flatten)]
    pub(crate) season: SeasonArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `clv value`.
#[derive(Debug, Args)]
pub(crate) struct ValueArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) spend: SpendArguments,
    #[command(flatten)]
    pub(crate) covariates: CovariateArguments,
    #[command(flatten)]
    pub(crate) season: SeasonArguments,
    #[command(flatten)]
    pub(crate) definition: DefinitionArguments,
    #[command(flatten)]
    pub(crate) subscriptions: SubscriptionArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `clv backtest`.
#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
    #[command(flatten)]
    pub(crate) season: SeasonArguments,
    #[command(flatten)]
    pub(crate) spend: SpendArguments,
    #[command(flatten)]
    pub(crate) covariates: CovariateArguments,
    /// The models that take part, by id; default all but `ziln`. Naive rules always do.
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// The seed of random choices: which rows the trees of `ziln` see.
    #[arg(long, value_name = "N", default_value_t = 0, env = "CLV_SEED")]
    pub(crate) seed: u64,
    /// How much is held out. Default: a third of the data, at most 52 weeks.
    #[arg(long, value_name = "SPAN", env = "CLV_HORIZON")]
    pub(crate) horizon: Option<String>,
    /// Rolling origins at most, where --until does not name the only one.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) origins: usize,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `clv metric`.
#[derive(Debug, Args)]
pub(crate) struct MetricArguments {
    /// The metric: simple-lifetime-value; of subscriptions renewal-rate or retention-rate.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    /// Subscriptions only: the length of a period, month by default.
    #[arg(long, value_name = "UNIT", env = "CLV_TIME_UNIT")]
    pub(crate) time_unit: Option<String>,
    /// Subscriptions only: the one cohort to look at.
    #[arg(long, value_name = "NAME")]
    pub(crate) cohort: Option<String>,
    /// Share of net sales that is margin.
    #[arg(long, value_name = "RATIO", default_value_t = 1.0, env = "CLV_MARGIN_RATIO")]
    pub(crate) margin_ratio: f64,
    /// How long a customer stays. Default: how long customers have been observed.
    #[arg(long, value_name = "YEARS")]
    pub(crate) lifespan_years: Option<f64>,
    /// Annual discount rate, as a ratio.
    #[arg(long, value_name = "RATIO", default_value_t = 0.1, env = "CLV_DISCOUNT_RATE")]
    pub(crate) discount_rate: f64,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `clv explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// What to explain: a column, a model, a definition, `models` or `definitions`; nothing lists all.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// `clv completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// What to make up.
#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// A whole shop: orders, lines, refunds, products, campaigns, shipments, tickets, surveys, subscriptions, events.
    #[arg(long = "shop", required_unless_present_any = ["model", "model_file"])]
    pub(crate) is_shop: bool,
    /// Customers of this purchase model.
    #[arg(long, value_name = "ID", conflicts_with = "is_shop")]
    pub(crate) model: Option<String>,
    /// The model's parameters, such as r=0.55,alpha=10.6,s=0.61,beta=11.7. Default: those of an ordinary shop.
    #[arg(long, value_name = "NAME=VALUE,...", requires = "model")]
    pub(crate) parameters: Option<String>,
    /// Customers of a saved model.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["is_shop", "model"])]
    pub(crate) model_file: Option<PathBuf>,
    /// How many customers.
    #[arg(long, value_name = "N", default_value_t = 5000)]
    pub(crate) customers: usize,
    /// The first day.
    #[arg(long, value_name = "DATE", default_value = "2023-01-01")]
    pub(crate) start: String,
    /// How long the data last.
    #[arg(long, value_name = "SPAN", default_value = "2y")]
    pub(crate) period: String,
    /// How long new customers come; default for a model: half of the period. A shop gains them all the time.
    #[arg(long, value_name = "SPAN", conflicts_with = "is_shop")]
    pub(crate) acquisition_period: Option<String>,
    /// How long after the data the truth goes on.
    #[arg(long, value_name = "SPAN", default_value = "1y")]
    pub(crate) horizon: String,
    /// The unit of the model's parameters: hour, day, week or month.
    #[arg(long, value_name = "UNIT", default_value = "week", env = "CLV_TIME_UNIT")]
    pub(crate) time_unit: String,
    /// Decides everything that chance decides.
    #[arg(long, value_name = "N", default_value_t = 1, env = "CLV_SEED")]
    pub(crate) seed: u64,
    /// The format of the tables: csv, ndjson or parquet.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub(crate) output_format: OutputFormat,
    /// The folder to write to; made where there is none. The truth goes into its folder `truth`.
    #[arg(long, short = 'o', value_name = "FOLDER")]
    pub(crate) output: PathBuf,
}
