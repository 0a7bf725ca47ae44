//! Subscriptions, behind `clv fit`, `clv forecast`, `clv value` and `clv metric`: renewals instead of orders.

use std::fmt::Write;
use std::sync::Arc;

use clv_answers::model_fit::ModelFit;
use clv_answers::retention::{Retention, RetentionMetric};
use clv_answers::{Answer, Provenance};
use clv_engine::{SubscriptionData, Subscriptions};
use clv_studies::covariates::CovariateRequest;
use clv_studies::covariates::retention::retention_with_covariates;
use clv_studies::metrics::renewal_rate::SubscriptionMetricEntry;
use clv_studies::retention::{
    RetentionCurve, forecast_table, is_retention_model, retention, value_table,
};
use clv_studies::served::ModelChoice;
use clv_studies::subscribers::{SubscriberOptions, Subscribers};

use crate::Outcome;
use crate::arguments::{
    CovariateArguments, FitArguments, ForecastArguments, MetricArguments, ModelArguments,
    ReadArguments, SubscriptionArguments, TimeArguments, ValueArguments,
};
use crate::progress::Talk;
use crate::{covariates, output, reading};

/// Rows of a curve that text shows.
const OCCASIONS_SHOWN: usize = 12;

/// Whether a retention model is asked for, by its id or by a saved model of one.
pub(crate) fn is_asked(model: &ModelArguments) -> anyhow::Result<bool> {
    match &model.model_file {
        Some(path) => Ok(is_retention_model(&reading::saved_model(path)?.model)),
        None => Ok(is_retention_model(&model.model)),
    }
}

/// That nothing was typed about subscriptions where orders are read: it would change nothing.
pub(crate) fn refuse(of: &SubscriptionArguments, model: &str) -> anyhow::Result<()> {
    let typed = [
        ("--cohort", of.cohort.is_some()),
        ("--cohort-size", of.cohort_size.is_some()),
        ("--through", of.through.is_some()),
        ("--amount-column", of.amount_column.is_some()),
    ];
    let Some((option, _)) = typed.into_iter().find(|(_, is_typed)| *is_typed) else {
        return Ok(());
    };
    Err(reading::usage(
        &format!("{option} is about subscriptions, and --model {model} reads orders"),
        Some(&format!("leave {option} out, or name a model of subscriptions: --model bdw")),
    ))
}

/// Subscriptions as they were read.
struct Asked {
    read: Subscriptions,
    subscribers: Subscribers,
    provenance: Provenance,
}

fn ask(
    read: &ReadArguments,
    time: &TimeArguments,
    of: &SubscriptionArguments,
    saved: Option<&ModelFit>,
    talk: &Talk,
) -> anyhow::Result<Asked> {
    let cohort_size =
        of.cohort_size.map(|size| reading::positive("--cohort-size", size)).transpose()?;
    let engine = reading::engine(&read.reading, talk)?;
    talk.step("reading subscriptions");
    let mut options = reading::read_options(read)?;
    if let Some(heading) = &of.amount_column {
        options.columns.insert("amount".to_owned(), heading.clone());
    }
    let until = reading::until(time)?;
    let as_of = until.or(options.as_of.map(|day| day.0));
    options.as_of = as_of.map(clv_engine::Day);
    let subscriptions = engine.open_subscriptions(&options)?;
    let columns: Vec<String> = subscriptions
        .columns
        .iter()
        .map(|column| format!("{} = {}", column.role, column.heading))
        .collect();
    talk.say(&format!("read as subscriptions: {}", columns.join(", ")));
    let saved_unit = saved.map(|saved| saved.time_unit.parse()).transpose().map_err(|error| {
        reading::usage(
            &format!("the saved model names its time_unit wrongly: {error}"),
            Some("\"time_unit\": \"month\""),
        )
    })?;
    let subscribers = Subscribers::of(
        &subscriptions.data,
        &SubscriberOptions {
            unit: saved_unit.or(reading::typed_unit(time)?),
            cohort: of.cohort.clone(),
            cohort_size,
            as_of,
            today: Some(reading::today()),
        },
    )?;
    talk.finish();
    for caution in &subscribers.cautions {
        talk.say(&format!("note: {caution}"));
    }
    let mut provenance = reading::provenance(
        None,
        &read.reading,
        &[
            ("time-unit", subscribers.unit.name().into()),
            ("cohort", of.cohort.clone().into()),
            ("cohort-size", of.cohort_size.into()),
            ("amount-column", of.amount_column.clone().into()),
            ("through", of.through.into()),
            ("until", until.map(reading::day_text).into()),
        ],
    )?;
    provenance.table_versions = subscriptions.table_versions.iter().cloned().collect();
    provenance.as_of = subscribers.as_of.map(reading::day_text);
    Ok(Asked { read: subscriptions, subscribers, provenance })
}

/// Says what was put aside.
fn put_aside(read: &Subscriptions, talk: &Talk) -> Outcome {
    match &read.data {
        SubscriptionData::Survivors(_) => Outcome::Done,
        SubscriptionData::Rows(rows) => super::put_aside_groups(&rows.complaints, talk),
    }
}

/// `clv fit --model bdw|sbg|kaplan-meier`.
pub(crate) fn fit(arguments: &FitArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let rate = reading::discount_rate(arguments.discount_rate)?;
    let of = &arguments.subscriptions;
    let mut asked = ask(&arguments.read, &arguments.time, &arguments.subscriptions, None, talk)?;
    let request = covariate_request(
        ModelChoice::Id(arguments.model.clone()),
        &arguments.covariates,
        &arguments.read,
        talk,
    )?;
    let curve = match &request {
        Some(request) => retention_with_covariates(&asked.subscribers, request, of.through)?,
        None => RetentionCurve::fit(&arguments.model, &asked.subscribers, of.through)?,
    };
    covariates::note(&arguments.covariates, &mut asked.provenance);
    let answer = retention(&curve, &asked.subscribers, rate, arguments.occasions, of.through);
    for warning in answer.fit.warnings.iter().skip(asked.subscribers.cautions.len()) {
        talk.say(&format!("warning: {warning}"));
    }
    asked.provenance.model = Some(curve.id().to_owned());
    asked.provenance.options.insert("discount-rate".to_owned(), rate.ratio().into());
    let text = text(&answer);
    let provenance = asked.provenance;
    output::answer(&Answer { answer, provenance }, &text, &arguments.output)?;
    Ok(put_aside(&asked.read, talk))
}

/// What is known of the subscribers, with the model that it goes into; none where no table was given.
fn covariate_request(
    choice: ModelChoice,
    of: &CovariateArguments,
    read: &ReadArguments,
    talk: &Talk,
) -> anyhow::Result<Option<Arc<CovariateRequest>>> {
    let engine = reading::engine(&read.reading, talk)?;
    let columns = read.reading.columns.as_deref();
    Ok(match covariates::with_covariates(&engine, choice, of, columns, false)? {
        ModelChoice::Covariates(request) => Some(request),
        _ => None,
    })
}

/// The curve asked for, and the subscriptions that it is to be applied to.
fn curve_of(
    model: &ModelArguments,
    (read, time): (&ReadArguments, &TimeArguments),
    of: &SubscriptionArguments,
    of_covariates: &CovariateArguments,
    talk: &Talk,
) -> anyhow::Result<(RetentionCurve, Asked)> {
    let saved = model.model_file.as_deref().map(reading::saved_model).transpose()?;
    let mut asked = ask(read, time, of, saved.as_ref(), talk)?;
    let choice = match &saved {
        Some(saved) => ModelChoice::Saved(Box::new(saved.clone())),
        None => ModelChoice::Id(model.model.clone()),
    };
    let request = covariate_request(choice, of_covariates, read, talk)?;
    covariates::note(of_covariates, &mut asked.provenance);
    let curve = match (&request, &saved) {
        (Some(request), _) => retention_with_covariates(&asked.subscribers, request, of.through)?,
        (None, Some(saved)) => RetentionCurve::of_saved(saved)?.0,
        (None, None) => RetentionCurve::fit(&model.model, &asked.subscribers, of.through)?,
    };
    if let Some(warning) = curve.cohorts_differ(&asked.subscribers, of.through) {
        talk.say(&format!("warning: {warning}"));
    }
    asked.provenance.model = Some(curve.id().to_owned());
    asked.provenance.options.insert("horizon".to_owned(), model.horizon.clone().into());
    asked.provenance.seed = Some(model.seed);
    Ok((curve, asked))
}

/// `clv forecast` of subscriptions.
pub(crate) fn forecast(arguments: &ForecastArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let horizon = reading::span("--horizon", &arguments.model.horizon)?;
    let of = (&arguments.read, &arguments.time);
    let (curve, asked) =
        curve_of(&arguments.model, of, &arguments.subscriptions, &arguments.covariates, talk)?;
    let table = forecast_table(&curve, &asked.subscribers, &horizon)?;
    output::table(table, &asked.provenance, &arguments.output)?;
    Ok(put_aside(&asked.read, talk))
}

/// `clv value` of subscriptions.
pub(crate) fn value(arguments: &ValueArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let horizon = reading::span("--horizon", &arguments.model.horizon)?;
    let definition = reading::definition(&arguments.definition, &horizon)?;
    let of = (&arguments.read, &arguments.time);
    let (curve, mut asked) =
        curve_of(&arguments.model, of, &arguments.subscriptions, &arguments.covariates, talk)?;
    let table = value_table(&curve, &asked.subscribers, &horizon, &definition)?;
    for caution in definition.cautions() {
        talk.say(&format!("note: {caution}"));
    }
    asked.provenance.definition_id = Some(definition.id());
    output::table(table, &asked.provenance, &arguments.output)?;
    Ok(put_aside(&asked.read, talk))
}

/// `clv metric` of subscriptions.
pub(crate) fn metric(
    entry: &SubscriptionMetricEntry,
    arguments: &MetricArguments,
    talk: &Talk,
) -> anyhow::Result<Outcome> {
    let time = TimeArguments { time_unit: arguments.time_unit.clone(), until: None };
    let of = SubscriptionArguments {
        cohort: arguments.cohort.clone(),
        ..SubscriptionArguments::default()
    };
    let mut asked = ask(&arguments.read, &time, &of, None, talk)?;
    let metric = (entry.compute)(&asked.subscribers);
    asked.provenance.definition_id = Some(metric.definition_id.clone());
    let text = metric_text(&metric);
    let provenance = asked.provenance;
    output::answer(&Answer { answer: metric, provenance }, &text, &arguments.output)?;
    Ok(put_aside(&asked.read, talk))
}

fn metric_text(metric: &RetentionMetric) -> String {
    let mut text = match (metric.value, &metric.period) {
        (Some(value), Some(period)) => format!("{} {value:.4} in {period}\n", metric.metric),
        _ => format!("{}: no period has one\n", metric.metric),
    };
    let _ = writeln!(text, "  {} ({})", metric.meaning, metric.setting);
    for one in &metric.by_period {
        let rate = match (one.rate, one.rate_low, one.rate_high) {
            (Some(rate), Some(low), Some(high)) => format!("{rate:.4} ({low:.4} to {high:.4})"),
            _ => "-".to_owned(),
        };
        let _ = writeln!(text, "  {:<12} {rate}  of {}", one.period, one.n);
    }
    text
}

/// Each cohort's own fit, and whether they differ.
fn cohorts_text(answer: &Retention) -> String {
    let mut text = String::new();
    for one in &answer.cohort_fits {
        let values: Vec<String> =
            one.parameters.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        let _ = writeln!(
            text,
            "cohort {} alone: {}; {} customers, {} of them have left; a new one's renewals, discounted: {:.4}",
            one.cohort,
            values.join(", "),
            one.n_customers,
            one.n_lost,
            one.discounted_renewals
        );
    }
    if let Some(test) = &answer.cohort_test {
        let _ = writeln!(
            text,
            "a curve for each cohort against {}: {:.4} on {} degrees of freedom, p-value {:.4}",
            test.against, test.statistic, test.degrees_of_freedom, test.p_value
        );
    }
    text
}

fn text(answer: &Retention) -> String {
    let mut text = super::fit::text(&answer.fit);
    let _ = writeln!(
        text,
        "{} of them have left; tenures up to {}",
        answer.n_lost, answer.longest_tenure
    );
    text.push_str(&cohorts_text(answer));
    let _ = writeln!(text, "renewal  still there  renewal rate");
    for point in answer.curve.iter().take(OCCASIONS_SHOWN) {
        let rate = point.renewal_rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.4}"));
        let _ = writeln!(text, "{:>7}  {:>11.4}  {rate:>12}", point.renewal, point.survival);
    }
    for point in answer.to_come.iter().take(1) {
        let _ = writeln!(
            text,
            "a new customer's renewals, discounted: {:.4}; half make no more than {}",
            point.discounted_renewals,
            point.median_renewals.map_or_else(|| "ever so many".to_owned(), |n| n.to_string())
        );
    }
    text
}
