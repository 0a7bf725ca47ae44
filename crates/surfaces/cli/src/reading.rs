//! From what was typed to an open engine, orders and options of a study.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use clv_answers::Provenance;
use clv_answers::model_fit::ModelFit;
use clv_engine::{
    DateOrder, Day, Engine, EngineOptions, Intake, Orders, Progress, ReadOptions, ZeroOrders,
};
use clv_studies::calendar::{day_of, day_of_date, iso};
use clv_studies::inquiry::InquiryOptions;
use clv_studies::season::SeasonRequest;
use clv_studies::served::ModelChoice;
use clv_studies::snapshot::Newborns;
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::{Span, TimeUnit};
use clv_valuation::definition::{Definition, Economics, Referrals};
use clv_valuation::discounting::AnnualDiscountRate;

use crate::arguments::{
    DateFormat, DefinitionArguments, ModelArguments, ReadArguments, ReadingOptions, SpendArguments,
    TimeArguments, ZeroOrderChoice,
};
use crate::failure::UsageError;
use crate::progress::Talk;

/// Aggregations may hold this much before they spill, where nobody says otherwise.
const DEFAULT_MEMORY_LIMIT: usize = 4 << 30;

/// More threads than any machine has cores for.
const MOST_THREADS: usize = 4096;

/// An engine within the limits asked for.
pub(crate) fn engine(options: &ReadingOptions, talk: &Talk) -> anyhow::Result<Engine> {
    if let Some(threads) = options.threads.filter(|threads| !(1..=MOST_THREADS).contains(threads)) {
        return Err(usage(
            &format!("--threads is {threads}, expected 1 to {MOST_THREADS}"),
            Some("without --threads there is one for each core"),
        ));
    }
    let memory_limit = match &options.memory_limit {
        Some(text) => bytes_of(text)?,
        None => DEFAULT_MEMORY_LIMIT,
    };
    let on_progress = talk.reader().map(|tell| {
        let listener: Arc<dyn Fn(Progress) + Send + Sync> =
            Arc::new(move |progress: Progress| tell(progress.bytes_read, progress.bytes_total));
        listener
    });
    Ok(Engine::new(EngineOptions {
        threads: options.threads,
        memory_limit_bytes: Some(memory_limit),
        spill_dir: None,
        on_progress,
    })?)
}

/// What is to be read, as the engine wants it.
pub(crate) fn read_options(arguments: &ReadArguments) -> anyhow::Result<ReadOptions> {
    refuse_twice(&arguments.paths)?;
    let options = &arguments.reading;
    Ok(ReadOptions {
        paths: arguments.paths.clone(),
        from: options.from.clone(),
        columns: columns_by_role(options.columns.as_deref().unwrap_or(""))?,
        date_format: options.date_format.map(|order| match order {
            DateFormat::Dmy => DateOrder::DayFirst,
            DateFormat::Mdy => DateOrder::MonthFirst,
        }),
        currency: options.currency.clone(),
        as_of: day_option("--as-of", options.as_of.as_deref())?.map(Day),
        zero_orders: options.zero_orders.map(|choice| match choice {
            ZeroOrderChoice::Keep => ZeroOrders::Keep,
            ZeroOrderChoice::Drop => ZeroOrders::Drop,
        }),
    })
}

/// The same file named twice would count every order twice.
fn refuse_twice(paths: &[String]) -> anyhow::Result<()> {
    let mut seen = Vec::new();
    for path in paths {
        let Ok(place) = std::path::Path::new(path).canonicalize() else { continue };
        if seen.contains(&place) {
            return Err(usage(
                &format!("{path} is named twice: every order would count twice"),
                Some("name it once"),
            ));
        }
        seen.push(place);
    }
    Ok(())
}

/// Tells how the columns were understood.
pub(crate) fn show_columns(orders: &Orders, talk: &Talk) {
    let columns: Vec<String> = orders
        .columns()
        .iter()
        .filter(|column| column.is_read)
        .map(|column| format!("{} = {} ({})", column.role, column.heading, column.format))
        .collect();
    talk.say(&format!("read as {}: {}", orders.source_id(), columns.join(", ")));
}

/// The unit of time.
pub(crate) fn unit(arguments: &TimeArguments) -> anyhow::Result<TimeUnit> {
    Ok(typed_unit(arguments)?.unwrap_or(TimeUnit::Week))
}

/// The unit of time that was asked for; none where nothing was said.
pub(crate) fn typed_unit(arguments: &TimeArguments) -> anyhow::Result<Option<TimeUnit>> {
    arguments.time_unit.as_deref().map(unit_of).transpose()
}

/// The unit of time of this name.
pub(crate) fn unit_of(text: &str) -> anyhow::Result<TimeUnit> {
    text.parse().map_err(|error| usage(&format!("--time-unit: {error}"), Some("--time-unit week")))
}

/// The last day a model may see.
pub(crate) fn until(arguments: &TimeArguments) -> anyhow::Result<Option<i32>> {
    day_option("--until", arguments.until.as_deref())
}

/// A span of time.
pub(crate) fn span(option: &str, text: &str) -> anyhow::Result<Span> {
    text.parse()
        .map_err(|error| usage(&format!("{option}: {error}"), Some(&format!("{option} 39w"))))
}

/// The study's options.
pub(crate) fn inquiry_options(
    time: &TimeArguments,
    model: &ModelArguments,
) -> anyhow::Result<InquiryOptions> {
    let choice = match &model.model_file {
        Some(path) => ModelChoice::Saved(Box::new(saved_model(path)?)),
        None => ModelChoice::named(&model.model)?,
    };
    Ok(InquiryOptions {
        choice,
        unit: unit(time)?,
        file_unit: typed_unit(time)?,
        horizon: span("--horizon", &model.horizon)?,
        until: until(time)?,
        newborns: Newborns::AsNew,
        spend: SpendModelChoice::gamma_gamma(),
        always_bake_off: false,
        season: SeasonRequest::default(),
        models: model.models.clone(),
        seed: model.seed,
    })
}

/// The spend model asked for.
pub(crate) fn spend_choice(spend: &SpendArguments) -> anyhow::Result<SpendModelChoice> {
    Ok(match &spend.spend_model {
        None => SpendModelChoice::gamma_gamma(),
        Some(id) => SpendModelChoice::named(id)?,
    })
}

/// Notes the spend model asked for in the provenance of an answer.
pub(crate) fn note_spend(spend: &SpendArguments, provenance: &mut Provenance) {
    if let Some(id) = &spend.spend_model {
        provenance.options.insert("spend-model".to_owned(), id.clone().into());
    }
}

/// A model that `clv fit` saved, or one written by hand.
pub(crate) fn saved_model(path: &std::path::Path) -> anyhow::Result<ModelFit> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(usage(
                &format!("{shown}: no such file; expected a model saved by `clv fit`"),
                Some("clv fit ORDERS --model pareto-nbd -o model.json"),
            ));
        }
        Err(error) => {
            let why =
                if path.is_dir() { "it is a folder".to_owned() } else { error.kind().to_string() };
            return Err(usage(
                &format!("{shown}: cannot be read: {why}; expected a model saved by `clv fit`"),
                Some("clv fit ORDERS --model pareto-nbd -o model.json"),
            ));
        }
    };
    let wrong = |error: serde_json::Error| {
        usage(
            &format!("{shown}: not a saved model: {error}"),
            Some("expected JSON with model, time_unit and parameters"),
        )
    };
    let json: serde_json::Value = serde_json::from_str(&text).map_err(wrong)?;
    // A model is saved as an answer with its provenance; written by hand it is the answer alone.
    let model = json.get("answer").cloned().unwrap_or(json);
    serde_json::from_value(model).map_err(wrong)
}

/// The definition of lifetime value.
pub(crate) fn definition(
    arguments: &DefinitionArguments,
    horizon: &Span,
) -> anyhow::Result<Definition> {
    let rate = discount_rate(arguments.discount_rate)?;
    let economics = Economics {
        margin_ratio: arguments.margin_ratio,
        cost_per_order: arguments.cost_per_order,
        acquisition_cost: arguments.acquisition_cost,
        referrals: if arguments.with_referrals {
            Referrals::Counted { value_per_customer: arguments.referral_value }
        } else {
            Referrals::LeftOut
        },
    };
    Ok(Definition::new(&arguments.definition, &horizon.to_string(), rate, &economics)
        .map_err(clv_studies::StudyError::from)?)
}

/// What was said about reading the files, by the options' names.
fn said_about_reading(options: &ReadingOptions) -> [(&'static str, serde_json::Value); 6] {
    [
        ("from", options.from.clone().into()),
        ("columns", options.columns.clone().into()),
        (
            "date-format",
            options
                .date_format
                .map(|order| match order {
                    DateFormat::Dmy => "dmy",
                    DateFormat::Mdy => "mdy",
                })
                .into(),
        ),
        ("currency", options.currency.clone().into()),
        ("as-of", options.as_of.clone().into()),
        (
            "zero-orders",
            options
                .zero_orders
                .map(|choice| match choice {
                    ZeroOrderChoice::Keep => "keep",
                    ZeroOrderChoice::Drop => "drop",
                })
                .into(),
        ),
    ]
}

/// An annual discount rate.
pub(crate) fn discount_rate(ratio: f64) -> anyhow::Result<AnnualDiscountRate> {
    Ok(AnnualDiscountRate::new(ratio).map_err(clv_studies::StudyError::from)?)
}

/// A share from 0 to 1.
pub(crate) fn share(option: &str, value: f64) -> anyhow::Result<f64> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    let hint = format!("{option} 0.3");
    Err(usage(&format!("{option} is {value}, expected a share from 0 to 1"), Some(&hint)))
}

/// A number above 0.
pub(crate) fn positive(option: &str, value: f64) -> anyhow::Result<f64> {
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    let hint = format!("{option} 2.5, or leave it out");
    Err(usage(&format!("{option} is {value}, expected a number above 0"), Some(&hint)))
}

/// The provenance of an answer from orders.
pub(crate) fn provenance(
    orders: Option<&Orders>,
    reading: &ReadingOptions,
    options: &[(&str, serde_json::Value)],
) -> anyhow::Result<Provenance> {
    let table_versions = match orders {
        Some(orders) => orders.fingerprint()?.into_iter().collect(),
        None => BTreeMap::new(),
    };
    Ok(Provenance {
        definition_id: None,
        table_versions,
        model: None,
        options: options
            .iter()
            .chain(&said_about_reading(reading))
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        seed: None,
        as_of: None,
        clv_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// What to say where orders are dated after today: one wrong date stretches every customer's silence to it.
pub(crate) fn future_remark(intake: Option<&Intake>) -> Option<String> {
    let last = intake?.last_day?.0;
    let today = today();
    (last > today).then(|| {
        format!(
            "the last order is dated {}, after today: everyone else counts as silent until then; --as-of {} leaves it out",
            iso(last),
            iso(today)
        )
    })
}

/// The day it is here.
pub(crate) fn today() -> i32 {
    day_of_date(jiff::Zoned::now().date())
}

/// A day in ISO 8601.
pub(crate) fn day_text(day: i32) -> String {
    iso(day)
}

/// A day that must be said.
pub(crate) fn day(option: &str, text: &str) -> anyhow::Result<i32> {
    day_option(option, Some(text))?.context("a text was given")
}

fn day_option(option: &str, text: Option<&str>) -> anyhow::Result<Option<i32>> {
    let Some(text) = text else { return Ok(None) };
    day_of(text).map(Some).ok_or_else(|| {
        usage(
            &format!("{option} is '{text}', which is no date; expected year-month-day"),
            Some(&format!("{option} 1997-09-30")),
        )
    })
}

/// `--columns` as headings by role.
pub(crate) fn columns_by_role(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| match part.split_once('=') {
            Some((role, heading)) if !role.trim().is_empty() => {
                Ok((role.trim().to_owned(), heading.trim().to_owned()))
            }
            _ => Err(usage(
                &format!("--columns has '{part}', expected ROLE=HEADING"),
                Some("--columns customer_id=cust,ordered_at=date,amount=sales"),
            )),
        })
        .collect()
}

fn bytes_of(text: &str) -> anyhow::Result<usize> {
    let wrong = || {
        usage(&format!("--memory-limit is '{text}', expected a size"), Some("--memory-limit 2G"))
    };
    let upper = text.trim().to_uppercase();
    let number = upper.trim_end_matches('B').trim_end_matches('I');
    let (digits, factor) = match number.chars().last() {
        Some('K') => (&number[..number.len() - 1], 1_u64 << 10),
        Some('M') => (&number[..number.len() - 1], 1 << 20),
        Some('G') => (&number[..number.len() - 1], 1 << 30),
        Some('T') => (&number[..number.len() - 1], 1 << 40),
        _ => (number, 1),
    };
    let size: f64 = digits.trim().parse().map_err(|_| wrong())?;
    if !(size > 0.0 && size.is_finite()) {
        return Err(wrong());
    }
    usize::try_from((size * factor as f64) as u64).map_err(|_| wrong())
}

/// A way of asking that cannot be answered.
pub(crate) fn usage(message: &str, hint: Option<&str>) -> anyhow::Error {
    UsageError { message: message.to_owned(), hint: hint.map(str::to_owned) }.into()
}
