//! The importers into the workspace: one line each.

use std::collections::BTreeMap;

use crate::error::ImportError;
use crate::heading::nearest;
use crate::importer::Importer;
use crate::role::Role;
use crate::sample::Sample;

/// Every importer, the particular ones before the general ones.
pub static IMPORTERS: &[&Importer] = &[
    &crate::shopify_orders::IMPORTER,
    &crate::shopify_orders::TRANSPORTER_IMPORTER,
    &crate::shopify_orders::JSON,
    &crate::shopify_customers::IMPORTER,
    &crate::woocommerce::export::IMPORTER,
    &crate::woocommerce::json::IMPORTER,
    &crate::woocommerce::analytics::IMPORTER,
    &crate::stripe::payments::IMPORTER,
    &crate::stripe::charges::IMPORTER,
    &crate::stripe::subscriptions::IMPORTER,
    &crate::square::transactions::IMPORTER,
    &crate::square::items::IMPORTER,
    &crate::magento_grid::IMPORTER,
    &crate::bigcommerce::IMPORTER,
    &crate::gumroad::IMPORTER,
    &crate::etsy::orders::IMPORTER,
    &crate::etsy::items::IMPORTER,
    &crate::ebay::IMPORTER,
    &crate::amazon::settlement::IMPORTER,
    &crate::amazon::transactions::IMPORTER,
    &crate::online_retail::IMPORTER,
    &crate::olist::orders::IMPORTER,
    &crate::olist::payments::IMPORTER,
    &crate::olist::items::IMPORTER,
    &crate::olist::customers::IMPORTER,
    &crate::olist::products::IMPORTER,
    &crate::olist::reviews::IMPORTER,
    &crate::olist::sellers::IMPORTER,
    &crate::olist::leads::IMPORTER,
    &crate::olist::closed_deals::IMPORTER,
    &crate::klaviyo::IMPORTER,
    &crate::zendesk::IMPORTER,
    &crate::delighted::IMPORTER,
    &crate::surveymonkey::IMPORTER,
    &crate::typeform::IMPORTER,
    &crate::ga4::IMPORTER,
    &crate::meta_ads::IMPORTER,
    &crate::google_ads::IMPORTER,
    &crate::generic_ads::IMPORTER,
    &crate::erp_invoices::IMPORTER,
    &crate::generic_subscriptions::IMPORTER,
    &crate::generic::IMPORTER,
];

/// The importer of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().copied().find(|importer| importer.id == id)
}

/// An importer for a file, and how sure its headings make us.
#[derive(Debug, Clone, Copy)]
pub struct Recognised {
    /// The importer.
    pub importer: &'static Importer,
    /// 0 to 1.
    pub confidence: f64,
}

/// The least share of an importer's signature that a file must have.
pub const LEAST_CONFIDENCE: f64 = 0.8;

/// How sure a file that the general importer can read makes us.
pub const GENERAL_CONFIDENCE: f64 = 0.5;

/// The importer that a file is for: the one that is asked for, else the one whose signature it has most of, else the
/// general one where it finds the columns that it needs.
///
/// # Errors
/// When `from` names none, or no importer recognises the headings.
pub fn recognise(sample: &Sample, from: Option<&str>) -> Result<Recognised, ImportError> {
    let known = || IMPORTERS.iter().map(|importer| importer.id).collect::<Vec<_>>();
    if let Some(given) = from {
        let importer = find(given).ok_or_else(|| ImportError::UnknownChoice {
            option: "--from",
            given: given.to_owned(),
            known: known().join(", "),
            nearest: nearest(given, known()),
        })?;
        return Ok(Recognised { importer, confidence: importer.confidence(sample) });
    }
    // Of equals the longer signature: it says more.
    let best = IMPORTERS
        .iter()
        .copied()
        .map(|importer| Recognised { importer, confidence: importer.confidence(sample) })
        .max_by(|a, b| {
            let size = |one: &Recognised| one.importer.signature.len();
            a.confidence.total_cmp(&b.confidence).then(size(a).cmp(&size(b)))
        });
    match best {
        Some(best) if best.confidence >= LEAST_CONFIDENCE => Ok(best),
        _ => general(sample),
    }
}

/// The general importer, where the file has what it needs.
fn general(sample: &Sample) -> Result<Recognised, ImportError> {
    let importer = &crate::generic::IMPORTER;
    match crate::generic::positions(sample, &BTreeMap::new()) {
        Ok(_) => Ok(Recognised { importer, confidence: GENERAL_CONFIDENCE }),
        // It is a file of orders: the message says which column to name.
        Err(
            error @ (ImportError::AmbiguousColumns { .. }
            | ImportError::NoColumn { role: Role::Amount, .. }),
        ) => Err(error),
        Err(_) => Err(ImportError::UnknownSource {
            file: sample.file.clone(),
            headings: sample.heading_list(),
            known: IMPORTERS.iter().map(|importer| importer.id).collect::<Vec<_>>().join(", "),
        }),
    }
}
