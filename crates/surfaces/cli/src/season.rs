//! `--season` and `--campaign`: from what was typed to what a study is asked.

use clv_studies::calendar::day_of;
use clv_studies::inquiry::InquiryOptions;
use clv_studies::season::{SeasonChoice, SeasonRequest, SeasonWindow};
use clv_studies::served::ModelChoice;

use crate::arguments::{SeasonArguments, SeasonWay};
use crate::reading::usage;

/// What to type for a campaign.
const EXAMPLE: &str = "--campaign sale=2024-11-25..2024-12-02";

/// What is asked about season and campaigns; `auto` is what nobody said where a bake-off runs.
pub(crate) fn request(
    arguments: &SeasonArguments,
    options: &InquiryOptions,
) -> anyhow::Result<SeasonRequest> {
    let windows = windows(&arguments.campaign)?;
    if let (ModelChoice::Saved(_), Some(_)) = (&options.choice, arguments.season) {
        return Err(usage(
            "the saved model says by which season it tells time; that cannot be changed without a new fit",
            Some("leave --season out, or fit again with --season"),
        ));
    }
    let choice = match (arguments.season, &options.choice) {
        (Some(way), _) => choice(way),
        (None, ModelChoice::Auto) => SeasonChoice::Auto,
        (None, ModelChoice::Id(_)) if options.always_bake_off => SeasonChoice::Auto,
        (None, _) => SeasonChoice::None,
    };
    Ok(SeasonRequest { choice, windows })
}

/// That nothing was typed about a season where no orders are counted.
pub(crate) fn refuse(arguments: &SeasonArguments, model: &str) -> anyhow::Result<()> {
    let is_typed = !arguments.campaign.is_empty()
        || arguments.season.is_some_and(|way| way == SeasonWay::Month);
    if !is_typed {
        return Ok(());
    }
    Err(usage(
        &format!("{model} counts no orders, so that it can be told no season and no campaign"),
        Some("leave --season and --campaign out, or name a purchase model: --model pareto-nbd"),
    ))
}

/// The same for a bake-off by itself.
pub(crate) fn bake_off_request(arguments: &SeasonArguments) -> anyhow::Result<SeasonRequest> {
    Ok(SeasonRequest {
        choice: arguments.season.map_or(SeasonChoice::Auto, choice),
        windows: windows(&arguments.campaign)?,
    })
}

fn choice(way: SeasonWay) -> SeasonChoice {
    match way {
        SeasonWay::None => SeasonChoice::None,
        SeasonWay::Month => SeasonChoice::Month,
        SeasonWay::Auto => SeasonChoice::Auto,
    }
}

fn windows(texts: &[String]) -> anyhow::Result<Vec<SeasonWindow>> {
    texts.iter().map(|text| window(text)).collect()
}

fn window(text: &str) -> anyhow::Result<SeasonWindow> {
    let wrong = |why: &str| usage(&format!("--campaign is '{text}', {why}"), Some(EXAMPLE));
    let (name, days) = text.split_once('=').ok_or_else(|| wrong("expected NAME=FROM..TO"))?;
    let (from, to) = days.split_once("..").ok_or_else(|| wrong("expected NAME=FROM..TO"))?;
    if name.trim().is_empty() {
        return Err(wrong("which has no name"));
    }
    let day = |text: &str| {
        day_of(text)
            .ok_or_else(|| wrong(&format!("and '{text}' is no date; expected year-month-day")))
    };
    let (first_day, last_day) = (day(from)?, day(to)?);
    if last_day < first_day {
        return Err(wrong("which ends before it begins"));
    }
    Ok(SeasonWindow { name: name.trim().to_owned(), first_day, last_day })
}
