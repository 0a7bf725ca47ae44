//! What first orders tell of customers, in a reading of its own: no other question has to carry it.

use std::sync::Arc;

use clv_importers::canonicalise::{Canonicaliser, FirstOrders, RowNumbers, Shared};

use crate::error::EngineError;
use crate::orders::{Orders, OrdersContent};
use crate::plans::CustomerIds;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

/// One attribute of customers' first orders: channel, category, country or discount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerAttribute {
    /// The role of its column, see `clv_importers::Role::id`.
    pub role: &'static str,
    /// Its levels, as they stand in the files.
    pub names: Vec<String>,
    /// The position of each customer's among them; none where the first order does not tell it.
    pub of_customer: Vec<Option<u32>>,
}

impl Orders {
    /// What the first purchase day of each of these customers tells; empty where no column says anything besides customer,
    /// day and money, and of a workspace, whose orders are not asked for it. Reads the files anew.
    ///
    /// ```
    /// use clv_engine::{CustomerIds, Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("orders.csv");
    /// std::fs::write(&path, "customer,date,amount,channel\na,2021-03-01,5,shop\na,2021-01-01,7,web\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let attributes = engine.open(&read)?.first_orders(&CustomerIds::Text(vec!["a".to_owned()]))?;
    /// let level = attributes[0].of_customer[0].map(|at| attributes[0].names[at as usize].as_str());
    /// assert_eq!((attributes[0].role, level), ("channel", Some("web")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When reading fails.
    pub fn first_orders(&self, ids: &CustomerIds) -> Result<Vec<CustomerAttribute>, EngineError> {
        let OrdersContent::Files { sources, plan } = &self.content else { return Ok(Vec::new()) };
        let Some(plan) = plan.with_attributes() else { return Ok(Vec::new()) };
        let plan = Arc::new(plan);
        let headings: Vec<String> =
            plan.columns.iter().map(|column| column.heading.clone()).collect();
        let shared = Arc::new(Shared::default());
        let mut known = FirstOrders::default();
        for source in sources.iter() {
            let file = source.file();
            let mut canonical =
                Canonicaliser::new(Arc::clone(&plan), &file.shown, Arc::clone(&shared))
                    .noting_first_orders(known);
            match source {
                Source::Parquet(parquet) => {
                    let there = positions(&parquet.headings(), &headings, file)?;
                    for piece in parquet.pieces() {
                        for batch in parquet.read(&piece, &there)? {
                            canonical.push(&batch?, RowNumbers::Unknown, &[])?;
                        }
                    }
                }
                text => {
                    let silent = ProgressCounter::silent();
                    if let Some(mut reader) = TextReader::open(text, &headings, false, silent)? {
                        while let Some(text) =
                            reader.next_batch().map_err(|error| read_error(file, error))?
                        {
                            canonical.push(&text.batch, RowNumbers::Listed(&text.rows), &[])?;
                        }
                    }
                }
            }
            file.check_unchanged()?;
            known = canonical.into_first_orders();
        }
        let attributes = plan.attributes().enumerate().map(|(at, (_, role))| {
            let found = match ids {
                CustomerIds::Integer(ids) => known.of_integers(at, ids),
                CustomerIds::Text(ids) => known.of_texts(at, ids),
            };
            CustomerAttribute {
                role: role.id(),
                names: found.names,
                of_customer: found.of_customer,
            }
        });
        Ok(attributes.collect())
    }
}
