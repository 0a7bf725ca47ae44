//! Square: transactions and their items, as the dashboard exports them.

pub mod items;
pub mod transactions;

use jiff::tz::TimeZone;

use crate::cells::Cells;
use crate::importer::Problem;
use crate::moment::{Moment, instant_at};

/// Zones by the names that Square writes, which are those of Rails.
const ZONES: [(&str, &str); 19] = [
    ("Eastern Time (US & Canada)", "America/New_York"),
    ("Central Time (US & Canada)", "America/Chicago"),
    ("Mountain Time (US & Canada)", "America/Denver"),
    ("Pacific Time (US & Canada)", "America/Los_Angeles"),
    ("Arizona", "America/Phoenix"),
    ("Alaska", "America/Juneau"),
    ("Hawaii", "Pacific/Honolulu"),
    ("Atlantic Time (Canada)", "America/Halifax"),
    ("Newfoundland", "America/St_Johns"),
    ("Saskatchewan", "America/Regina"),
    ("London", "Europe/London"),
    ("Dublin", "Europe/Dublin"),
    ("Paris", "Europe/Paris"),
    ("Madrid", "Europe/Madrid"),
    ("Tokyo", "Asia/Tokyo"),
    ("Sydney", "Australia/Sydney"),
    ("Melbourne", "Australia/Melbourne"),
    ("Brisbane", "Australia/Brisbane"),
    ("Perth", "Australia/Perth"),
];

/// Day, time and zone of a row, each in a cell of its own. The day is the one of the till; without a known zone there is no moment.
fn moment(cells: &Cells<'_>, [date, time, zone]: [usize; 3]) -> Result<Moment, Problem> {
    let day = cells.needed_moment(date)?.day;
    let zone = cells.text(zone).and_then(|name| {
        let known = ZONES.iter().find(|(spelled, _)| *spelled == name);
        TimeZone::get(known.map_or(name, |(_, zone)| *zone)).ok()
    });
    let at = zone.and_then(|zone| instant_at(&zone, day, cells.text(time)?));
    Ok(Moment { day, at })
}
