//! Spend on advertising: totals are no spend, currencies stand in headings, the same days never count twice.

use clv_importers::{DateOrder, FormatWishes};

use crate::read::{import, import_with, shared};

#[test]
fn the_currency_of_meta_stands_in_the_heading_and_its_total_is_no_spend() {
    for heading in [
        "Reporting starts,Reporting ends,Campaign name,Ad set name,Reach,Impressions,Link clicks,Amount spent (EUR),Purchases,Purchases conversion value",
        "Inicio del informe,Fin del informe,Nombre de la campaña,Nombre del conjunto de anuncios,Alcance,Impresiones,Clics en el enlace,Importe gastado (EUR),Compras,Valor de conversión de compras",
    ] {
        let imported = import(&format!(
            "{heading}\n\
             2024-03-01,2024-03-07,,,9000,\"11,000\",320,91.40,7,300.00\n\
             2024-03-01,2024-03-07,Spring,Berlin,8000,10000,300,84.10,6,290.00\n\
             2024-03-01,2024-03-07,Spring,Hamburg,1000,1000,20,7.30,1,10.00\n\
             2024-03-08,2024-03-08,Spring,Berlin,10,12,,,,\n\
             2024-03-05,2024-03-10,Spring,Berlin,10,12,,5.00,,\n\
             2024-03-12,2024-03-10,Spring,Berlin,10,12,,5.00,,\n"
        ))
        .unwrap();
        assert_eq!((imported.importer, imported.confidence), ("meta-ads", 1.0));
        assert_eq!(
            imported.list("ad_spend", "spent_on last_on channel campaign ad_set amount currency impressions clicks stated_conversions stated_value"),
            [
                "2024-03-01|2024-03-07|meta|Spring|Berlin|84.100000|EUR|10000|300|6.0|290.000000",
                "2024-03-01|2024-03-07|meta|Spring|Hamburg|7.300000|EUR|1000|20|1.0|10.000000",
                "2024-03-08|2024-03-08|meta|Spring|Berlin|0.000000|EUR|12|||"
            ]
        );
        assert_eq!(
            imported.list("reach", "seen_on last_on measure subject count"),
            [
                "2024-03-01|2024-03-07|people|Spring / Berlin|8000",
                "2024-03-01|2024-03-07|people|Spring / Hamburg|1000",
                "2024-03-08|2024-03-08|people|Spring / Berlin|10"
            ]
        );
        assert_eq!(imported.put_aside(), [("duplicate_order", 1), ("ends_before_start", 1)]);
    }
}

#[test]
fn rows_of_meta_that_are_broken_down_by_age_add_up_and_their_people_do_not() {
    let imported = import(
        "Day,Reporting starts,Reporting ends,Campaign ID,Campaign name,Ad name,Age,Reach,Impressions,Amount spent (USD)\n\
         2024-03-01,2024-03-01,2024-03-31,23851,Spring,Mug,18-24,50,60,1.25\n\
         2024-03-01,2024-03-01,2024-03-31,23851,Spring,Mug,25-34,70,90,2.50\n\
         2024-03-02,2024-03-01,2024-03-31,23851,Spring,Mug,25-34,70,90,3\n",
    )
    .unwrap();
    assert_eq!(
        imported.list("ad_spend", "spent_on last_on campaign campaign_name ad amount impressions"),
        [
            "2024-03-01|2024-03-01|23851|Spring|Mug|3.750000|150",
            "2024-03-02|2024-03-02|23851|Spring|Mug|3.000000|90"
        ]
    );
    assert_eq!(imported.list("reach", "seen_on count"), ["2024-03-02|70"]);
}

#[test]
fn totals_of_google_are_no_spend_and_dashes_are_nothing() {
    let imported = import(
        "Day,Campaign,Campaign ID,Currency code,Cost,Impr.,Clicks,Conversions,Conv. value\n\
         2024-03-01,Brand,111,EUR,\"1,204.50\",\"48,210\",\"1,930\",96.00,\"9,120.00\"\n\
         2024-03-01,Brand,111,EUR,10.00,100,10,1.00,50.00\n\
         2024-03-02,Brand,111,EUR, --,0,0, --, --\n\
         Total: Campaigns, --, --,EUR,\"1,214.50\",\"48,310\",\"1,940\",97.00,\"9,170.00\"\n\
         Total: Account, --, --,EUR,\"1,214.50\",\"48,310\",\"1,940\",97.00,\"9,170.00\"\n",
    )
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("google-ads", 1.0));
    assert_eq!(
        imported.list("ad_spend", "spent_on channel campaign campaign_name amount currency impressions clicks stated_conversions stated_value"),
        [
            "2024-03-01|google|111|Brand|1214.500000|EUR|48310|1940|97.0|9170.000000",
            "2024-03-02|google|111|Brand|0.000000|EUR|0|0||"
        ]
    );
    assert_eq!(imported.put_aside(), []);
}

#[test]
fn weeks_and_months_of_google_last_until_the_day_before_the_next() {
    for (heading, first, last) in
        [("Week", "2024-02-26", "2024-03-03"), ("Month", "2024-02-01", "2024-02-29")]
    {
        let imported = import_with(
            &format!(
                "{heading}\tCampaign\tCurrency code\tCost\tImpr.\tClicks\n{first}\tBrand\tEUR\t1 234,56\t1 000\t10\n\
                 {first}\tTotal: Campaigns\t --\t1 234,56\t1 000\t10\n"
            ),
            b'\t',
            &FormatWishes::default(),
        )
        .unwrap();
        assert_eq!(
            imported.list("ad_spend", "spent_on last_on campaign amount impressions"),
            [format!("{first}|{last}|Brand|1234.560000|1000")]
        );
    }
}

#[test]
fn a_report_of_google_without_days_is_refused_with_what_is_missing() {
    let problem =
        import("Campaign,Currency code,Cost,Impr.,Clicks,Campaign ID\nBrand,EUR,1.00,10,1,7\n");
    let problem = problem.unwrap_err().to_string();
    assert!(problem.contains("Day or Week or Month"), "{problem}");
}

#[test]
fn the_real_advertisements_come_out_to_the_cent() {
    let Some(text) = shared("ads_kag_facebook/KAG_conversion_data.csv") else { return };
    let imported = import(&text).unwrap();
    assert_eq!((imported.importer, imported.put_aside()), ("generic-ads", vec![]));
    let spend = imported.rows("ad_spend");
    assert_eq!(spend.len(), 1_143);
    let sum = |column: &str| -> f64 {
        spend
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.parse::<f64>().unwrap())
            .sum()
    };
    assert!((sum("amount") - 58_705.23).abs() < 0.005, "{}", sum("amount"));
    assert_eq!(sum("impressions").round() as u64, 213_434_828);
    assert_eq!(sum("stated_conversions").round() as u64, 1_079);
    let asked = FormatWishes { date_order: Some(DateOrder::DayFirst), ..FormatWishes::default() };
    let again = import_with(&text, b',', &asked).unwrap();
    assert_eq!(again.list("ad_spend", "ad spent_on"), imported.list("ad_spend", "ad spent_on"));
}
