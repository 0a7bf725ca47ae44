//! The workspace: where it is, and how it is opened.

use std::collections::BTreeMap;
use std::path::Path;

use clv_engine::lake::{AsOf, Lake, LakePlace};
use clv_engine::{Engine, EngineError, Instant, Orders, WorkspaceOptions};
use clv_studies::calendar::day_of;

use crate::arguments::ReadArguments;
use crate::progress::Talk;
use crate::reading::{self, usage};

/// The workspace where nobody names one.
const DEFAULT: &str = "clv-workspace";

/// What an object store is told from the environment, by the names that its own tools use.
const STORE_VARIABLES: [(&str, &str); 6] = [
    ("AWS_ACCESS_KEY_ID", "access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ("AWS_SESSION_TOKEN", "session_token"),
    ("AWS_REGION", "region"),
    ("AWS_DEFAULT_REGION", "region"),
    ("AWS_ENDPOINT_URL", "endpoint"),
];

/// The workspace that was named, or the one in the working folder.
pub(crate) fn location(named: Option<&str>) -> String {
    named.unwrap_or(DEFAULT).to_owned()
}

/// The place of a workspace.
pub(crate) fn place(named: Option<&str>) -> anyhow::Result<LakePlace> {
    let location = location(named);
    let mut options = BTreeMap::new();
    if location.starts_with("s3://") {
        for (variable, option) in STORE_VARIABLES {
            if let Ok(value) = std::env::var(variable) {
                options.entry(option.to_owned()).or_insert(value);
            }
        }
        if options.get("endpoint").is_some_and(|endpoint| endpoint.starts_with("http://")) {
            options.insert("allow_http".to_owned(), "true".to_owned());
        }
    }
    Ok(LakePlace::new(&location, &options).map_err(EngineError::from)?)
}

/// Orders from the paths, or from the workspace where no path was typed.
pub(crate) fn open_orders(
    engine: &Engine,
    read: &ReadArguments,
    talk: &Talk,
) -> anyhow::Result<Orders> {
    let options = reading::read_options(read)?;
    if !read.paths.is_empty() {
        let orders = engine.open(&options)?;
        reading::show_columns(&orders, talk);
        return Ok(orders);
    }
    let named = read.reading.workspace.as_deref();
    let location = location(named);
    if named.is_none() && !Path::new(&location).exists() {
        return Err(usage(
            &format!("no path was typed, and there is no workspace {location} here"),
            Some("name a file of orders, or import one: clv import orders_export.csv"),
        ));
    }
    let lake = Lake::open(engine, place(named)?).map_err(EngineError::from)?;
    let workspace = WorkspaceOptions {
        as_of_import: as_of_import(read.reading.as_of_import.as_deref())?,
        currency: options.currency,
        as_of: options.as_of,
        zero_orders: options.zero_orders,
    };
    let orders = engine.open_workspace(&lake, &workspace)?;
    talk.say(&format!("orders of the workspace {location}"));
    Ok(orders)
}

/// `--as-of-import`: the number of an import, or the last one of a day.
fn as_of_import(text: Option<&str>) -> anyhow::Result<AsOf> {
    let Some(text) = text else { return Ok(AsOf::Latest) };
    if let Ok(number) = text.parse() {
        return Ok(AsOf::Commit(number));
    }
    let day = day_of(text).ok_or_else(|| {
        usage(
            &format!("--as-of-import is '{text}', expected the number of an import or a date"),
            Some("--as-of-import 12, or --as-of-import 2024-03-31"),
        )
    })?;
    // To the end of that day.
    Ok(AsOf::Time(Instant((i64::from(day) + 1) * 86_400_000_000 - 1)))
}
