//! Any file of spend on advertising, its columns by the names that such files use.

use clv_tables::canonical::ad_spend::{self, AdSpend};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::currency::code;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;
use crate::spend_gathering::SpendGathering;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "generic-ads",
    title: "Spend on advertising, by its columns' names",
    signature: &[
        "Date|Day|Week|Month|Start date",
        "Spent|Spend|Cost|Costs|Ad spend|Amount spent|Spend (*",
        "Impressions|Views",
        "Clicks|Link clicks",
        "Campaign*|Ad id|Ad name|Ad group|Ad|xyz_campaign_id",
    ],
    not: &["Email", "Order ID", "Customer ID", "Amount spent (*", "Impr."],
    columns: COLUMNS,
    tables: &[&ad_spend::TABLE],
    caution: "the channel is the column of that name, else advertising; a row counts for its one day unless the file has an end",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    FROM "spent_on" Moment needed ["Date", "Day", "Start date", "Week", "Month"];
    UNTIL "last_on" Moment optional ["End date"];
    CHANNEL "channel" Text optional ["Channel", "Platform", "Network", "Source"];
    CAMPAIGN "campaign" Text optional ["Campaign ID", "fb_campaign_id", "Campaign", "Campaign name"];
    CAMPAIGN_NAME "campaign_name" Text optional ["Campaign name", "Campaign"];
    AD_SET "ad_set" Text optional ["Ad set name", "Ad set", "Ad set ID", "Ad group", "Ad group ID"];
    AD "ad" Text optional ["Ad ID", "Ad name", "Ad"];
    AMOUNT "amount" Number needed ["Spent", "Spend", "Cost", "Costs", "Ad spend", "Amount spent", "Spend (*"];
    CURRENCY "currency" Text optional ["Currency", "Currency code"];
    IMPRESSIONS "impressions" Number optional ["Impressions", "Views"];
    CLICKS "clicks" Number optional ["Clicks", "Link clicks"];
    CONVERSIONS "stated_conversions" Number optional ["Approved_Conversion", "Purchases", "Orders", "Conversions"];
    VALUE "stated_value" Number optional ["Conversion value", "Conv. value", "Revenue"];
}

#[derive(Debug, Default)]
struct Reader {
    spend: SpendGathering,
    currency: Option<String>,
}

impl RowReader for Reader {
    fn take_headings(&mut self, headings: &[Option<String>]) {
        self.currency = headings[AMOUNT]
            .as_deref()
            .and_then(|heading| heading.rsplit_once('('))
            .and_then(|(_, currency)| code(currency.trim_end_matches(')')))
            .map(Into::into);
    }

    fn row(&mut self, cells: &Cells<'_>, _: &mut Produced) -> Result<(), Problem> {
        let spent_on = cells.needed_moment(FROM)?.day;
        let name = |column| cells.text(column).unwrap_or_default().to_owned();
        let currency = cells.currency(CURRENCY).map(std::borrow::Cow::into_owned);
        let currency = currency.or_else(|| cells.money_currency(AMOUNT).map(Into::into));
        let spend = AdSpend {
            spent_on,
            last_on: cells.moment(UNTIL)?.map_or(spent_on, |until| until.day),
            channel: cells.text(CHANNEL).unwrap_or("advertising").to_lowercase().into(),
            campaign: name(CAMPAIGN).into(),
            campaign_name: cells.text(CAMPAIGN_NAME).map(|name| name.to_owned().into()),
            ad_set: name(AD_SET).into(),
            ad: name(AD).into(),
            amount: cells.money(AMOUNT)?.unwrap_or(Money(0)),
            currency: currency.or_else(|| self.currency.clone()).map(Into::into),
            impressions: cells.whole(IMPRESSIONS),
            clicks: cells.whole(CLICKS),
            stated_conversions: cells.number(CONVERSIONS).filter(|n| *n >= 0.0),
            stated_value: cells.money(VALUE)?.filter(|value| value.0 >= 0),
        };
        self.spend.add(spend, None, &cells.origin).map_err(|rule| Problem {
            rule,
            column: match rule {
                Rule::DuplicateOrder => FROM,
                Rule::EndsBeforeStart => UNTIL,
                _ => AMOUNT,
            },
        })
    }

    fn finish(&mut self, out: &mut Produced) {
        self.spend.finish(out);
    }
}
