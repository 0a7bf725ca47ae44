//! `clv metric`: one business number with the inputs it was made from.

use std::fmt::Write;

use clv_answers::Answer;
use clv_studies::metrics::{MetricOptions, catalogue, subscription_catalogue};
use clv_studies::snapshot::{Newborns, Snapshot};

use crate::Outcome;
use crate::arguments::MetricArguments;
use crate::failure::NotFound;
use crate::progress::Talk;
use crate::{output, reading, workspace};

pub(crate) fn run(arguments: &MetricArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    let of_subscriptions = subscription_catalogue();
    if let Some(entry) = of_subscriptions.iter().find(|entry| entry.name == arguments.name) {
        return super::retention::metric(entry, arguments, talk);
    }
    let Some(entry) = catalogue().iter().find(|entry| entry.name == arguments.name) else {
        let mut known: Vec<&str> = catalogue().iter().map(|entry| entry.name).collect();
        known.extend(of_subscriptions.iter().map(|entry| entry.name));
        return Err(NotFound {
            message: format!(
                "there is no metric '{}'; expected {}",
                arguments.name,
                known.join(", ")
            ),
            hint: Some(format!("clv metric {} ORDERS", known[0])),
        }
        .into());
    };
    let options = MetricOptions {
        margin_ratio: reading::share("--margin-ratio", arguments.margin_ratio)?,
        lifespan_years: arguments
            .lifespan_years
            .map(|years| reading::positive("--lifespan-years", years))
            .transpose()?,
        discount_rate: reading::discount_rate(arguments.discount_rate)?.ratio(),
    };
    let engine = reading::engine(&arguments.read.reading, talk)?;
    talk.step("reading orders");
    let orders = workspace::open_orders(&engine, &arguments.read, talk)?;
    let (snapshot, intake) = Snapshot::of_orders(&orders, None, Newborns::LeftOut)?;
    talk.finish();
    let metric = (entry.compute)(&snapshot, &options)?;
    let mut provenance = reading::provenance(Some(&orders), &arguments.read.reading, &[])?;
    provenance.definition_id = Some(metric.definition_id.clone());
    provenance.as_of = snapshot.end_day().map(reading::day_text);
    let mut text =
        format!("{} {:.4} {}\n  {}\n", metric.metric, metric.value, metric.unit, metric.meaning);
    for input in &metric.inputs {
        let _ = writeln!(text, "  {:<20} {:>14.4} {}", input.name, input.value, input.unit);
    }
    output::answer(&Answer { answer: metric, provenance }, &text, &arguments.output)?;
    Ok(super::put_aside(Some(&intake), talk))
}
