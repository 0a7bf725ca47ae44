//! The apparel data of the shared folder: purchases of the first 104 weeks, same-day orders one occasion.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The last day of calibration, counted from 2005-01-02.
const WEEKS: i64 = 104;

/// Purchase days of each customer.
pub(crate) struct Apparel {
    folder: PathBuf,
    days: HashMap<String, Vec<i64>>,
    end: i64,
}

/// Days of the proleptic calendar, good enough for differences.
pub(crate) fn day(date: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| date[range].parse::<i64>().unwrap();
    let (year, month) = (part(0..4), part(5..7));
    let (year, month) = if month < 3 { (year - 1, month + 12) } else { (year, month) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + part(8..10)
}

impl Apparel {
    /// The data; none, with the reason, where they are absent.
    pub(crate) fn read() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
        let folder = [root.join("../shared/data/apparel"), root.join("../../shared/data/apparel")]
            .into_iter()
            .find(|folder| folder.exists());
        let Some(folder) = folder else {
            println!("skipped: there is no ../shared/data/apparel here");
            return None;
        };
        let end = day("2005-01-02") + WEEKS * 7;
        let mut shop = Self { folder, days: HashMap::new(), end };
        for line in shop.text("apparelTrans.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            if day(cells[1]) <= end {
                shop.days.entry(cells[0].to_owned()).or_default().push(day(cells[1]));
            }
        }
        for days in shop.days.values_mut() {
            days.sort_unstable();
            days.dedup();
        }
        Some(shop)
    }

    /// A file's text, unpacked where its name says that it is packed.
    pub(crate) fn text(&self, name: &str) -> String {
        let bytes = std::fs::read(self.folder.join(name)).unwrap();
        if !name.ends_with(".gz") {
            return String::from_utf8(bytes).unwrap();
        }
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        text
    }

    /// The first purchase day of a customer; none where they bought nothing in time.
    pub(crate) fn first_day(&self, customer: &str) -> Option<i64> {
        Some(self.days.get(customer)?[0])
    }

    /// Ages at repeat purchases and at the end of calibration, weeks.
    pub(crate) fn ages(&self, customer: &str) -> Option<(Vec<f64>, f64)> {
        let days = self.days.get(customer)?;
        let weeks = |to: i64| (to - days[0]) as f64 / 7.0;
        Some((days[1..].iter().map(|day| weeks(*day)).collect(), weeks(self.end)))
    }
}
