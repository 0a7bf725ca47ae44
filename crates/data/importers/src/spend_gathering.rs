//! Spend from the rows of a report: rows of one advertisement and stretch of days are added up, for reports are broken down by
//! device, age or place, and a stretch that overlaps another one of the same advertisement is put aside, for it would count twice.

use std::collections::{BTreeMap, HashMap};

use clv_tables::canonical::ad_spend::AdSpend;
use clv_tables::canonical::reach::ReachCount;
use clv_tables::{Day, Money, Origin, Rule};

use crate::produced::Produced;

/// Days, campaign, group and advertisement.
type Key = (Day, Day, [String; 4]);

/// The spend of one file that may still get rows; some 500 bytes for each advertisement and stretch.
#[derive(Debug, Default)]
pub(crate) struct SpendGathering {
    open: BTreeMap<Key, Open>,
    stretches: HashMap<[String; 4], Vec<(Day, Day)>>,
    file: Option<[String; 3]>,
}

#[derive(Debug)]
struct Open {
    spend: AdSpend<'static>,
    people: Option<i64>,
    n_rows: u64,
    row: u64,
}

impl SpendGathering {
    /// Adds what a row tells. `people` is how many saw it, each counted once.
    ///
    /// # Errors
    /// [`Rule::DuplicateOrder`] when the days were told before in another stretch, [`Rule::OtherCurrency`] when the row has
    /// another currency than the rows before it, [`Rule::UnreadableAmount`] when something is less than nothing, and
    /// [`Rule::EndsBeforeStart`].
    pub(crate) fn add(
        &mut self,
        part: AdSpend<'static>,
        people: Option<i64>,
        origin: &Origin<'_>,
    ) -> Result<(), Rule> {
        if part.last_on < part.spent_on {
            return Err(Rule::EndsBeforeStart);
        }
        let counts = [part.impressions, part.clicks];
        if part.amount.0 < 0 || counts.into_iter().flatten().any(|count| count < 0) {
            return Err(Rule::UnreadableAmount);
        }
        let name = [&part.channel, &part.campaign, &part.ad_set, &part.ad];
        let name = name.map(|text| text.clone().into_owned());
        let stretches = self.stretches.entry(name.clone()).or_default();
        let days = (part.spent_on, part.last_on);
        if !stretches.contains(&days) {
            if stretches.iter().any(|(from, until)| *from <= days.1 && days.0 <= *until) {
                return Err(Rule::DuplicateOrder);
            }
            stretches.push(days);
        }
        self.file.get_or_insert_with(|| [origin.source, origin.shop, origin.file].map(Into::into));
        let key = (days.0, days.1, name);
        let Some(open) = self.open.get_mut(&key) else {
            self.open.insert(key, Open { spend: part, people, n_rows: 1, row: origin.row });
            return Ok(());
        };
        let spend = &mut open.spend;
        if spend.currency != part.currency {
            return Err(Rule::OtherCurrency);
        }
        let sum = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        spend.amount = Money(spend.amount.0.saturating_add(part.amount.0));
        spend.impressions = sum(spend.impressions, part.impressions);
        spend.clicks = sum(spend.clicks, part.clicks);
        spend.stated_conversions = match (spend.stated_conversions, part.stated_conversions) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        let value = sum(spend.stated_value.map(|a| a.0), part.stated_value.map(|b| b.0));
        spend.stated_value = value.map(Money);
        open.n_rows += 1;
        Ok(())
    }

    /// Produces everything: the file has ended.
    pub(crate) fn finish(&mut self, out: &mut Produced) {
        let Some([source, shop, file]) = self.file.take() else { return };
        for ((from, until, [_, campaign, ad_set, ad]), open) in std::mem::take(&mut self.open) {
            let Open { spend, people, n_rows, row } = open;
            let origin = Origin { source: &source, shop: &shop, file: &file, row };
            // People are counted once in each row: those of several rows cannot be added up.
            if let (Some(count), 1) = (people.filter(|count| *count >= 0), n_rows) {
                let names = [campaign, ad_set, ad];
                let subject: Vec<&str> =
                    names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
                out.rows.reach.push(
                    ReachCount {
                        seen_on: from,
                        last_on: until,
                        channel: spend.channel.clone(),
                        measure: "people".into(),
                        subject: subject.join(" / ").into(),
                        count,
                        ..ReachCount::default()
                    },
                    &origin,
                );
            }
            out.rows.ad_spend.push(spend, &origin);
        }
        self.stretches.clear();
    }
}
