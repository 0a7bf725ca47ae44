//! The importers into the workspace: one line each.

use crate::error::ImportError;
use crate::heading::nearest;
use crate::importer::Importer;
use crate::sample::Sample;

/// Every importer, the particular ones before the general ones.
pub static IMPORTERS: [&Importer; 1] = [&crate::shopify_orders::IMPORTER];

/// The importer of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Importer> {
    IMPORTERS.into_iter().find(|importer| importer.id == id)
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

/// The importer that a file is for: the one that is asked for, else the one whose signature it has most of.
///
/// # Errors
/// When `from` names none, or no importer recognises the headings.
pub fn recognise(sample: &Sample, from: Option<&str>) -> Result<Recognised, ImportError> {
    let known = || IMPORTERS.map(|importer| importer.id);
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
        .into_iter()
        .map(|importer| Recognised { importer, confidence: importer.confidence(sample) })
        .max_by(|a, b| {
            let size = |one: &Recognised| one.importer.signature.len();
            a.confidence.total_cmp(&b.confidence).then(size(a).cmp(&size(b)))
        });
    match best {
        Some(best) if best.confidence >= LEAST_CONFIDENCE => Ok(best),
        _ => Err(ImportError::UnknownSource {
            file: sample.file.clone(),
            headings: sample.heading_list(),
            known: known().join(", "),
        }),
    }
}
