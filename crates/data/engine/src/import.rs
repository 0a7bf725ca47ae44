//! Files of outside sources on their way into canonical tables: recognised, decided upon, read row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use clv_importers::canonicalise::RowNumbers;
use clv_importers::date_format::DateOrder;
use clv_importers::file_import::positions;
use clv_importers::importers::{LEAST_CONFIDENCE, recognise};
use clv_importers::number_format::Decimal;
use clv_importers::order_heads::OrderHeads;
use clv_importers::{
    ColumnFormats, FileImport, FormatEvidence, FormatWishes, ImportError, ImportTotals, Importer,
    Produced, Sample,
};
use clv_tables::{ComplaintExample, ComplaintLog, Rule, Table};
use jiff::tz::TimeZone;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::files::{Found, find_all};
use crate::inspect::look_at;
use crate::orders::fingerprint;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextRows, each_rows};
use crate::text::decode::{Utf8Reader, read_error, unpack};
use crate::text::json_elements::Elements;

/// Rows that are gathered over all tables before they are passed on.
const ROWS_PASSED_ON: usize = 32_768;

/// What is to be imported, and what the user settles about it.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Files, folders or globs.
    pub paths: Vec<String>,
    /// The importer, by its id; `None` to detect it for each file.
    pub from: Option<String>,
    /// Headings by the importer's own names of its columns; `decimal=comma` is understood too.
    pub columns: BTreeMap<String, String>,
    /// Which of two small numbers in a date is the day; `None` to find out.
    pub date_format: Option<DateOrder>,
    /// The shop or account that the files are of; empty where there is only one.
    pub shop: String,
    /// The shop's time zone, by which a moment falls on a day; `None` to take days as they are written.
    pub shop_zone: Option<TimeZone>,
}

/// Files of one kind: read by one importer, in the same formats.
#[derive(Debug)]
pub struct ImportGroup {
    /// The importer.
    pub importer: &'static Importer,
    /// How sure the headings make us, 0 to 1.
    pub confidence: f64,
    positions: Vec<Option<usize>>,
    formats: ColumnFormats,
    sample: Sample,
    sources: Vec<Source>,
}

impl ImportGroup {
    /// The files, as the user gave them.
    #[must_use]
    pub fn files(&self) -> Vec<&str> {
        self.sources.iter().map(|source| source.file().shown.as_str()).collect()
    }

    /// The columns that are read: the importer's name, the heading, how it is written.
    #[must_use]
    pub fn columns(&self) -> Vec<(&'static str, &str, &'static str)> {
        let columns = self.importer.columns.iter().zip(&self.positions).enumerate();
        columns
            .filter_map(|(at, (column, position))| {
                Some((
                    column.id,
                    self.sample.headings[(*position)?].as_str(),
                    self.formats.describe(at),
                ))
            })
            .collect()
    }
}

/// Files that were recognised.
#[derive(Debug)]
pub struct ImportFiles {
    engine: Engine,
    shop: String,
    /// Groups of files of one kind, in the order of their first files.
    pub groups: Vec<ImportGroup>,
    /// What lies in a folder, glob or archive and is not read, with the reason: unknown, damaged, or a folder itself.
    pub left_alone: Vec<(String, String)>,
}

/// What was read.
#[derive(Debug, Default)]
pub struct ImportedFiles {
    /// Totals to compare with the shop.
    pub totals: ImportTotals,
    /// Rows that were put aside, by rule.
    pub complaints: ComplaintLog,
}

impl Engine {
    /// Finds files, recognises what each is of, and decides how its columns are written.
    ///
    /// # Errors
    /// When a file that was named is missing or damaged, when none is recognised, or when a column can be read in two ways.
    pub fn recognise(&self, options: &ImportOptions) -> Result<ImportFiles, EngineError> {
        let wishes = FormatWishes {
            date_order: options.date_format,
            decimal: decimal_of(&options.columns)?,
            shop_zone: options.shop_zone.clone(),
        };
        let mut groups: Vec<(Pending, Vec<Source>)> = Vec::new();
        let mut left_alone = Vec::new();
        let mut first_refusal = None;
        let findings = find_all(&options.paths)?;
        left_alone.extend(findings.passed_over);
        for Found { shown, is_named, file } in findings.files {
            let looked_at = file.and_then(look_at).and_then(|(source, sample)| {
                let recognised = recognise(&sample, options.from.as_deref())?;
                let positions = positions(recognised.importer, &sample, &options.columns)?;
                // What comes with others must not stop them later, when half of the rows are read.
                if !is_named {
                    check_whole(&source)?;
                }
                Ok((source, sample, recognised, positions))
            });
            let (source, sample, recognised, positions) = match looked_at {
                Ok(looked_at) => looked_at,
                Err(refusal) if !is_named && is_about_the_file(&refusal) => {
                    left_alone.push((shown, refusal.to_string()));
                    first_refusal.get_or_insert(refusal);
                    continue;
                }
                Err(refusal) => return Err(refusal),
            };
            let is_guess = recognised.confidence < LEAST_CONFIDENCE;
            let kin = groups.iter_mut().find(|(pending, _)| {
                std::ptr::eq(pending.importer, recognised.importer)
                    && pending.sample.headings == sample.headings
            });
            match kin {
                Some((_, sources)) => sources.push(source),
                None => {
                    let (importer, confidence) = (recognised.importer, recognised.confidence);
                    let pending = Pending {
                        importer,
                        confidence,
                        positions,
                        sample,
                        is_bare_guess: is_guess && !is_named && options.from.is_none(),
                    };
                    groups.push((pending, vec![source]));
                }
            }
        }
        if let (true, Some(refusal)) = (groups.is_empty(), first_refusal) {
            return Err(refusal);
        }
        // A folder of exports holds tables that only look like orders, such as payouts.
        if groups.iter().any(|(pending, _)| !pending.is_bare_guess) {
            for (guess, sources) in groups.extract_if(.., |(pending, _)| pending.is_bare_guess) {
                let id = guess.importer.id;
                left_alone.extend(sources.iter().map(|source| {
                    let reason = format!(
                        "no importer knows it, though it could hold orders; to read it so, name it alone or with --from {id}"
                    );
                    (source.file().shown.clone(), reason)
                }));
            }
        }
        // Files that others need are read before them; else the order stays.
        groups.sort_by_key(|(pending, _)| (pending.importer.reader)().companion().is_some());
        let groups = groups
            .into_iter()
            .map(|(pending, sources)| pending.decide(sources, &wishes))
            .collect::<Result<_, _>>()?;
        Ok(ImportFiles { engine: self.clone(), shop: options.shop.clone(), groups, left_alone })
    }
}

/// Whether a refusal says something of the file, and does not ask the user to settle or to correct what was asked for.
fn is_about_the_file(refusal: &EngineError) -> bool {
    match refusal {
        EngineError::Import(error) => matches!(
            error,
            ImportError::UnknownSource { .. }
                | ImportError::NotThatSource { .. }
                | ImportError::NoSourceColumn { .. }
                | ImportError::NoColumn { .. }
        ),
        _ => true,
    }
}

/// Reads a text file to its end, where a packed file or a JSON document that breaks off shows it.
fn check_whole(source: &Source) -> Result<(), EngineError> {
    if matches!(source, Source::Parquet(_)) {
        return Ok(());
    }
    let file = source.file();
    let mut text = Utf8Reader::new(unpack(file, ProgressCounter::silent())?);
    let outcome = if let Source::Json { shape, .. } = source {
        let mut elements = Elements::new(text, shape);
        std::iter::from_fn(|| elements.next_element().map(|e| e.map(|_| ())).transpose()).collect()
    } else {
        let mut chunk = Vec::new();
        let chunks = std::iter::from_fn(|| {
            chunk.clear();
            text.append_to(&mut chunk).map(|is_more| is_more.then_some(())).transpose()
        });
        chunks.collect::<Result<(), _>>()
    };
    outcome.map_err(|error| read_error(file, error))
}

/// A group whose formats are not yet decided.
struct Pending {
    importer: &'static Importer,
    confidence: f64,
    positions: Vec<Option<usize>>,
    sample: Sample,
    /// Whether only its content speaks for the importer, and nobody named it.
    is_bare_guess: bool,
}

impl Pending {
    fn decide(
        self,
        sources: Vec<Source>,
        wishes: &FormatWishes,
    ) -> Result<ImportGroup, EngineError> {
        let Pending { importer, confidence, positions, sample, is_bare_guess: _ } = self;
        let mut evidence = FormatEvidence::new(importer, &positions, &sample);
        if evidence.is_open(wishes) {
            let (headings, places) = asked(&positions, &sample);
            for source in &sources {
                let mut observe = |text: TextRows| {
                    for (i, row) in text.rows.iter().enumerate() {
                        evidence.observe(*row, |column| {
                            places[column].map_or("", |at| text.columns[at].value(i))
                        });
                    }
                    Ok(evidence.is_open(wishes))
                };
                each_rows(source, &headings, false, &ProgressCounter::silent(), &mut observe)?;
            }
        }
        let formats = evidence.decide(importer, wishes)?;
        Ok(ImportGroup { importer, confidence, positions, formats, sample, sources })
    }
}

/// The headings to read, and for each column of the importer its place among them.
fn asked(positions: &[Option<usize>], sample: &Sample) -> (Vec<String>, Vec<Option<usize>>) {
    let mut headings: Vec<String> = Vec::new();
    let places = positions
        .iter()
        .map(|position| {
            let heading = &sample.headings[(*position)?];
            let known = headings.iter().position(|h| h == heading);
            Some(known.unwrap_or_else(|| {
                headings.push(heading.clone());
                headings.len() - 1
            }))
        })
        .collect();
    (headings, places)
}

fn decimal_of(columns: &BTreeMap<String, String>) -> Result<Option<Decimal>, EngineError> {
    match columns.get("decimal").map(String::as_str) {
        None => Ok(None),
        Some("comma") => Ok(Some(Decimal::Comma)),
        Some("point") => Ok(Some(Decimal::Point)),
        Some(given) => Err(ImportError::UnknownChoice {
            option: "--columns decimal=",
            given: given.to_owned(),
            known: "comma, point".into(),
            nearest: None,
        }
        .into()),
    }
}

impl ImportFiles {
    /// For each file its name and a hash by which a later run knows it; see [`crate::Orders::fingerprint`].
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn fingerprints(&self) -> Result<Vec<(String, String)>, EngineError> {
        self.groups.iter().flat_map(|group| &group.sources).map(fingerprint).collect()
    }

    /// Reads every file and passes its canonical rows on: the table, the number of the file among all, the rows.
    ///
    /// # Errors
    /// When reading fails, a file changes meanwhile, or whatever `take` fails with.
    pub fn read(
        &self,
        take: &mut dyn FnMut(&'static Table, usize, RecordBatch) -> Result<(), EngineError>,
    ) -> Result<ImportedFiles, EngineError> {
        let sizes = self.groups.iter().flat_map(|group| &group.sources).map(|s| s.file().size);
        let progress = ProgressCounter::new(sizes.sum(), self.engine.options.on_progress.clone());
        let mut produced = Produced::default();
        let mut complaints = ComplaintLog::default();
        let mut n_file = 0;
        let mut heads: BTreeMap<&str, Arc<OrderHeads>> = BTreeMap::new();
        for group in &self.groups {
            for source in &group.sources {
                let file = source.file();
                let sample = Sample { file: file.shown.clone(), ..group.sample.clone() };
                let mut import = FileImport::new(
                    group.importer,
                    &group.positions,
                    group.formats.clone(),
                    &sample,
                    &self.shop,
                );
                let companion = import.companion().and_then(|id| heads.get(id));
                if let Some(companion) = companion {
                    import.take_heads(Arc::clone(companion));
                }
                let (headings, places) = asked(&group.positions, &group.sample);
                each_rows(source, &headings, true, &progress, &mut |text: TextRows| {
                    for (row, value) in &text.ragged {
                        produced.totals.rows += 1;
                        produced.totals.rows_put_aside += 1;
                        import.complaints.add(Rule::RaggedRow, 0, || ComplaintExample {
                            file: file.shown.clone(),
                            row: *row,
                            column: String::new(),
                            value: value.clone(),
                        });
                    }
                    let columns: Vec<Option<StringArray>> =
                        places.iter().map(|at| at.map(|at| text.columns[at].clone())).collect();
                    import.push(
                        &columns,
                        text.rows.len(),
                        RowNumbers::Listed(&text.rows),
                        &text.hashes,
                        &mut produced,
                    );
                    if produced.rows.len() >= ROWS_PASSED_ON {
                        for (table, batch) in produced.rows.take() {
                            take(table, n_file, batch)?;
                        }
                    }
                    Ok(true)
                })?;
                import.finish(&mut produced);
                if let Some(own) = import.heads() {
                    let known = heads.entry(group.importer.id).or_default();
                    // Nobody reads beside the file that tells them.
                    Arc::make_mut(known).extend(own);
                }
                for (table, batch) in produced.rows.take() {
                    take(table, n_file, batch)?;
                }
                file.check_unchanged()?;
                complaints.merge(std::mem::take(&mut import.complaints));
                n_file += 1;
            }
        }
        Ok(ImportedFiles { totals: produced.totals, complaints })
    }
}
