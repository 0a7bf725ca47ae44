//! Reports of Google Ads: a title and a line of dates above the headings, totals below the rows, days, weeks or months.

use clv_tables::canonical::ad_spend::{self, AdSpend};
use clv_tables::{Day, Money, Rule};

use crate::cells::Cells;
use crate::heading::plain;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;
use crate::spend_gathering::SpendGathering;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "google-ads",
    title: "Google Ads report",
    signature: &[
        "Day|Week|Month",
        "Campaign|Campaign ID|Ad group",
        "Cost|Cost (Converted currency)",
        "Impr.|Impressions",
        "Clicks",
        "Currency code|Currency|Conversions",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&ad_spend::TABLE],
    caution: "the report must be segmented by day, week or month: its dates stand above the headings and are not read; what Google claims to have sold is stated and never counts",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    FROM "spent_on" Moment needed ["Day", "Week", "Month"];
    CAMPAIGN_ID "campaign" Text optional ["Campaign ID"];
    CAMPAIGN "campaign_name" Text optional ["Campaign"];
    AD_GROUP "ad_set" Text optional ["Ad group", "Ad group ID"];
    AD "ad" Text optional ["Ad ID", "Ad name"];
    COST "amount" Number needed ["Cost", "Cost (Converted currency)"];
    CURRENCY "currency" Text optional ["Currency code", "Currency"];
    IMPRESSIONS "impressions" Number optional ["Impr.", "Impressions"];
    CLICKS "clicks" Number optional ["Clicks"];
    CONVERSIONS "stated_conversions" Number optional ["Conversions"];
    VALUE "stated_value" Number optional ["Conv. value", "Conversion value"];
}

/// How the report is cut into stretches.
#[derive(Debug, Default, Clone, Copy)]
enum Segment {
    #[default]
    Day,
    Week,
    Month,
}

impl Segment {
    /// The last day of the stretch that begins on a day.
    fn last_day(self, from: Day) -> Day {
        match self {
            Segment::Day => from,
            Segment::Week => Day(from.0 + 6),
            Segment::Month => {
                let (year, month, _) = from.date();
                let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                Day::from_date(year, month, 1).map_or(from, |next| Day(next.0 - 1))
            }
        }
    }
}

#[derive(Debug, Default)]
struct Reader {
    spend: SpendGathering,
    segment: Segment,
}

impl RowReader for Reader {
    fn take_headings(&mut self, headings: &[Option<String>]) {
        self.segment = match plain(headings[FROM].as_deref().unwrap_or_default()).as_str() {
            "week" => Segment::Week,
            "month" => Segment::Month,
            _ => Segment::Day,
        };
    }

    fn row(&mut self, cells: &Cells<'_>, _: &mut Produced) -> Result<(), Problem> {
        if is_total(cells) {
            return Ok(());
        }
        let spent_on = cells.needed_moment(FROM)?.day;
        let campaign = cells.text(CAMPAIGN_ID).or(cells.text(CAMPAIGN)).unwrap_or_default();
        let name = |column| cells.text(column).unwrap_or_default().to_owned();
        let currency = cells.currency(CURRENCY).map(std::borrow::Cow::into_owned);
        let spend = AdSpend {
            spent_on,
            last_on: self.segment.last_day(spent_on),
            channel: "google".into(),
            campaign: campaign.to_owned().into(),
            campaign_name: cells.text(CAMPAIGN).map(|name| name.to_owned().into()),
            ad_set: name(AD_GROUP).into(),
            ad: name(AD).into(),
            amount: cells.money(COST)?.unwrap_or(Money(0)),
            currency: currency
                .or_else(|| cells.money_currency(COST).map(Into::into))
                .map(Into::into),
            impressions: cells.whole(IMPRESSIONS),
            clicks: cells.whole(CLICKS),
            stated_conversions: cells.number(CONVERSIONS).filter(|n| *n >= 0.0),
            stated_value: cells.money(VALUE)?.filter(|value| value.0 >= 0),
        };
        self.spend.add(spend, None, &cells.origin).map_err(|rule| Problem {
            rule,
            column: if rule == Rule::DuplicateOrder { FROM } else { COST },
        })
    }

    fn finish(&mut self, out: &mut Produced) {
        self.spend.finish(out);
    }
}

/// Whether the row adds others up: it begins with `Total`, or names neither a day nor a campaign.
fn is_total(cells: &Cells<'_>) -> bool {
    let says_total = |column: usize| {
        cells.raw(column).trim().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("total"))
            && cells.raw(column).contains(':')
    };
    let names_none = [FROM, CAMPAIGN_ID, CAMPAIGN].iter().all(|at| cells.text(*at).is_none());
    names_none || [FROM, CAMPAIGN, AD_GROUP].into_iter().any(says_total)
}
