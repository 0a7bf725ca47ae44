//! Reports of Meta's Ads Manager, which sells advertising on Facebook and Instagram.
//!
//! The heading of the spend holds the currency, `Amount spent (EUR)`, and headings come in the language of who exports: English,
//! Spanish, French, German and Portuguese ones are known. A row without any name is the report's own total and is left out.

use clv_tables::canonical::ad_spend::{self, AdSpend};
use clv_tables::canonical::reach;
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::currency::code;
use crate::heading::plain;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;
use crate::spend_gathering::SpendGathering;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "meta-ads",
    title: "Meta Ads Manager report",
    signature: &[
        "Amount spent (*|Importe gastado (*|Montant dépensé (*|Ausgegebener Betrag (*|Valor usado (*",
        "Day|Día|Jour|Tag|Dia|Reporting starts|Inicio del informe|Début des rapports|Início dos relatórios",
        "Campaign name|Ad set name|Ad name|Nombre de la campaña|Nombre del conjunto de anuncios|Nombre del anuncio|Nom de la campagne|Nom de la publicité|Nome da campanha|Nome do anúncio|Name der Kampagne|Kampagnenname|Anzeigenname",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&ad_spend::TABLE, &reach::TABLE],
    caution: "break the report down by day: of stretches that overlap the first counts and the others are put aside; what Meta claims to have sold is stated and never counts",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    FROM "spent_on" Moment needed ["Day", "Día", "Jour", "Tag", "Dia", "Reporting starts", "Inicio del informe", "Début des rapports", "Início dos relatórios"];
    UNTIL "last_on" Moment optional ["Reporting ends", "Fin del informe", "Fin des rapports", "Término dos relatórios"];
    CAMPAIGN_ID "campaign" Text optional ["Campaign ID"];
    CAMPAIGN "campaign_name" Text optional ["Campaign name", "Nombre de la campaña", "Nom de la campagne", "Nome da campanha", "Name der Kampagne", "Kampagnenname"];
    AD_SET "ad_set" Text optional ["Ad set name", "Nombre del conjunto de anuncios", "Ad set ID"];
    AD "ad" Text optional ["Ad ID", "Ad name", "Nombre del anuncio", "Nom de la publicité", "Nome do anúncio", "Anzeigenname"];
    AMOUNT "amount" Number needed ["Amount spent (*", "Importe gastado (*", "Montant dépensé (*", "Ausgegebener Betrag (*", "Valor usado (*", "Amount spent"];
    CURRENCY "currency" Text optional ["Currency", "Devise", "Divisa", "Moeda", "Währung"];
    IMPRESSIONS "impressions" Number optional ["Impressions", "Impresiones", "Impressões", "Impressionen"];
    REACH "people" Number optional ["Reach", "Alcance", "Couverture", "Reichweite"];
    CLICKS "clicks" Number optional ["Link clicks", "Clics en el enlace", "Clics sur un lien", "Link-Klicks", "Cliques no link", "Clicks (all)"];
    CONVERSIONS "stated_conversions" Number optional ["Purchases", "Compras", "Website purchases"];
    VALUE "stated_value" Number optional ["Purchases conversion value", "Valor de conversión de compras", "Website purchases conversion value"];
}

/// Headings of a single day; under the others stands the first day of a stretch.
const DAYS: [&str; 5] = ["Day", "Día", "Jour", "Tag", "Dia"];

#[derive(Debug, Default)]
struct Reader {
    spend: SpendGathering,
    currency: Option<String>,
    has_days: bool,
}

impl RowReader for Reader {
    fn take_headings(&mut self, headings: &[Option<String>]) {
        let heading = |column: usize| headings[column].as_deref().unwrap_or_default();
        self.currency = heading(AMOUNT)
            .rsplit_once('(')
            .and_then(|(_, currency)| code(currency.trim_end_matches(')')))
            .map(Into::into);
        self.has_days = DAYS.iter().any(|day| plain(day) == plain(heading(FROM)));
    }

    fn row(&mut self, cells: &Cells<'_>, _: &mut Produced) -> Result<(), Problem> {
        let names = [CAMPAIGN_ID, CAMPAIGN, AD_SET, AD];
        if names.iter().any(|name| cells.has(*name))
            && names.iter().all(|name| cells.text(*name).is_none())
        {
            return Ok(());
        }
        let spent_on = cells.needed_moment(FROM)?.day;
        let last_on = match cells.moment(UNTIL)? {
            Some(until) if !self.has_days => until.day,
            _ => spent_on,
        };
        let campaign = cells.text(CAMPAIGN_ID).or(cells.text(CAMPAIGN)).unwrap_or_default();
        let name = |column| cells.text(column).unwrap_or_default().to_owned();
        let currency = cells.currency(CURRENCY).map(std::borrow::Cow::into_owned);
        let spend = AdSpend {
            spent_on,
            last_on,
            channel: "meta".into(),
            campaign: campaign.to_owned().into(),
            campaign_name: cells.text(CAMPAIGN).map(|name| name.to_owned().into()),
            ad_set: name(AD_SET).into(),
            ad: name(AD).into(),
            // An advertisement that ran and cost nothing has a blank cell.
            amount: cells.money(AMOUNT)?.unwrap_or(Money(0)),
            currency: currency.or_else(|| self.currency.clone()).map(Into::into),
            impressions: cells.whole(IMPRESSIONS),
            clicks: cells.whole(CLICKS),
            stated_conversions: cells.number(CONVERSIONS).filter(|n| *n >= 0.0),
            stated_value: cells.money(VALUE)?.filter(|value| value.0 >= 0),
        };
        self.spend.add(spend, cells.whole(REACH), &cells.origin).map_err(|rule| Problem {
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
