//! The Delta logs of the lake's tables: what a commit writes into them and what stands in them at a version.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use clv_tables::Table;
use deltalake_core::DeltaTable;
use deltalake_core::logstore::{StorageConfig, default_logstore};
use deltalake_core::protocol::checkpoints::create_checkpoint;
use object_store::prefix::PrefixStore;
use serde_json::{Value, json};

use super::commit::Commit;
use super::error::LakeError;
use super::hidden;
use super::place::LakePlace;

/// So many versions lie between two checkpoints of a Delta log.
const VERSIONS_PER_CHECKPOINT: u64 = 10;

/// A data file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// Its path below the table's folder.
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) rows: u64,
    /// Delta's statistics, as JSON.
    pub(crate) stats: Option<String>,
}

/// A table at one version.
#[derive(Debug, Clone)]
pub(crate) struct TableState {
    pub(crate) version: u64,
    /// Delta's id of the table, which no version changes.
    pub(crate) id: String,
    /// Own columns, those of origin and the hidden ones.
    pub(crate) schema: SchemaRef,
    /// In the order of their names, which is that of imports.
    pub(crate) files: Vec<DataFile>,
}

impl DataFile {
    pub(crate) fn add(&self, modified_ms: i64, changes_data: bool) -> Value {
        let mut add = json!({
            "path": self.path, "partitionValues": {}, "size": self.size,
            "modificationTime": modified_ms, "dataChange": changes_data,
        });
        if let Some(stats) = &self.stats {
            add["stats"] = json!(stats);
        }
        json!({ "add": add })
    }

    pub(crate) fn remove(&self, deleted_ms: i64, changes_data: bool) -> Value {
        json!({ "remove": {
            "path": self.path, "partitionValues": {}, "size": self.size, "extendedFileMetadata": true,
            "deletionTimestamp": deleted_ms, "dataChange": changes_data,
        } })
    }

    /// The least and greatest value of a column of whole numbers, where the log tells it.
    pub(crate) fn range(&self, column: &str) -> Option<(i64, i64)> {
        let stats: Value = serde_json::from_str(self.stats.as_deref()?).ok()?;
        Some((stats["minValues"][column].as_i64()?, stats["maxValues"][column].as_i64()?))
    }
}

/// The lines that begin every version that the lake writes.
pub(crate) fn opening(number: u64, now_ms: i64, operation: &str) -> Vec<Value> {
    vec![
        json!({ "commitInfo": {
            "timestamp": now_ms, "operation": operation, "operationParameters": {}, "engineInfo": "clv",
        } }),
        json!({ "txn": { "appId": "clv", "version": number, "lastUpdated": now_ms } }),
    ]
}

/// The lines that a table begins with. Old versions stay readable until the lake's own vacuum, whoever else looks after it.
pub(crate) fn protocol() -> Value {
    json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } })
}

/// What the columns of a table are.
pub(crate) fn metadata(table: &str, id: &str, schema: &Schema, now_ms: i64) -> Value {
    let fields: Vec<Value> = schema
        .fields()
        .iter()
        .map(|field| {
            json!({ "name": field.name(), "type": type_name(field.data_type()),
                "nullable": field.is_nullable(), "metadata": {} })
        })
        .collect();
    json!({ "metaData": {
        "id": id, "name": table, "format": { "provider": "parquet", "options": {} },
        "schemaString": json!({ "type": "struct", "fields": fields }).to_string(),
        "partitionColumns": [], "createdTime": now_ms,
        "configuration": {
            "delta.enableExpiredLogCleanup": "false",
            "delta.logRetentionDuration": "interval 36500 days",
            "delta.deletedFileRetentionDuration": "interval 36500 days",
        },
    } })
}

/// Delta's name of a type of the canonical tables.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Int32 => "integer".into(),
        DataType::Int64 => "long".into(),
        DataType::Float64 => "double".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Decimal128(digits, decimals) => format!("decimal({digits},{decimals})"),
        _ => "string".into(),
    }
}

/// The schema that a table is stored with: its own columns as optional as they are, and the hidden ones.
pub(crate) fn stored_schema(table: &Table) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = table.schema().fields().iter().cloned().collect();
    fields.extend(hidden::fields());
    Arc::new(Schema::new(fields))
}

/// The schema of a table after rows of another have come: columns that only one of them has may be empty.
///
/// # Errors
/// When a column changes its type, or a new one must not be empty.
pub(crate) fn merged_schema(table: &Table, stored: &Schema) -> Result<SchemaRef, LakeError> {
    let fault = |column: &str, found: String, expected: String| LakeError::Schema {
        table: table.name.to_owned(),
        column: column.to_owned(),
        found,
        expected,
    };
    let mut fields: Vec<Field> = stored.fields().iter().map(|f| f.as_ref().clone()).collect();
    for new in stored_schema(table).fields() {
        match fields.iter_mut().find(|field| field.name() == new.name()) {
            Some(field) if field.data_type() != new.data_type() => {
                return Err(fault(
                    new.name(),
                    format!("{} came", type_name(new.data_type())),
                    format!("{} as stored", type_name(field.data_type())),
                ));
            }
            Some(field) => {
                let is_nullable = field.is_nullable() || new.is_nullable();
                field.set_nullable(is_nullable);
            }
            None if new.is_nullable() => fields.push(new.as_ref().clone()),
            None => {
                return Err(fault(
                    new.name(),
                    "a new column that must not be empty".into(),
                    "one that may be empty, as stored rows have no value for it".into(),
                ));
            }
        }
    }
    for field in &mut fields {
        // What the rows at hand no longer bring cannot be demanded of them.
        if !hidden::is_hidden(field.name()) && table.column(field.name()).is_none() {
            field.set_nullable(true);
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn log_file(table: &str, version: u64) -> String {
    format!("{table}/_delta_log/{version:020}.json")
}

/// Writes a commit's versions into the Delta logs where they are missing. Doing it again changes nothing.
///
/// # Errors
/// When the place cannot be written, or another program has taken one of the versions.
pub(crate) async fn publish(place: &LakePlace, commit: &Commit) -> Result<(), LakeError> {
    for (name, touched) in &commit.touched {
        let file = log_file(name, touched.version);
        let lines: Vec<String> = touched.actions.iter().map(Value::to_string).collect();
        if place.exists(&file).await?
            || !place.put_new(&file, lines.join("\n").into_bytes()).await?
        {
            let there = place.get(&file).await?.unwrap_or_default();
            let there: Vec<Value> = String::from_utf8_lossy(&there)
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect();
            if there != touched.actions {
                return Err(LakeError::ForeignCommit {
                    path: place.shown(&file),
                    version: touched.version,
                });
            }
        }
    }
    Ok(())
}

/// Refuses a commit of this number where another program has taken the version that is next. That another import has taken it
/// is no fault: then that number is taken too.
pub(crate) async fn refuse_foreign(
    place: &LakePlace,
    table: &str,
    version: u64,
    number: u64,
) -> Result<(), LakeError> {
    let file = log_file(table, version);
    if place.exists(&file).await? && Commit::read(place, number).await?.is_none() {
        return Err(LakeError::ForeignCommit { path: place.shown(&file), version });
    }
    Ok(())
}

/// Makes the checkpoints that are due after a commit, so that a log is not read from its beginning.
pub(crate) async fn checkpoint(place: &LakePlace, commit: &Commit) -> Result<(), LakeError> {
    for (name, touched) in &commit.touched {
        if touched.version > 0 && touched.version.is_multiple_of(VERSIONS_PER_CHECKPOINT) {
            let table = load(place, name, touched.version).await?;
            create_checkpoint(&table, None)
                .await
                .map_err(|error| LakeError::storage(place.shown(name), "written", &error))?;
        }
    }
    Ok(())
}

async fn load(place: &LakePlace, name: &str, version: u64) -> Result<DeltaTable, LakeError> {
    let failed = |error: deltalake_core::DeltaTableError| {
        LakeError::storage(place.shown(&log_file(name, version)), "read", &error)
    };
    let url = place.url.join(&format!("{name}/")).map_err(|error| LakeError::BadLocation {
        location: place.shown.clone(),
        why: error.to_string(),
    })?;
    let prefixed = Arc::new(PrefixStore::new(Arc::clone(&place.store), place.path(name)));
    let log = default_logstore(prefixed, Arc::clone(&place.store), &url, &StorageConfig::default());
    let mut table = DeltaTable::new(log);
    table.load_version(version).await.map_err(failed)?;
    Ok(table)
}

/// A table as a commit leaves it, whether its versions are in the Delta logs yet or not; `None` before its first row.
///
/// # Errors
/// When a log cannot be read.
pub(crate) async fn state_at(
    place: &LakePlace,
    name: &str,
    commit: &Commit,
) -> Result<Option<TableState>, LakeError> {
    let Some(&version) = commit.versions.get(name) else { return Ok(None) };
    let unpublished = match commit.touched.get(name) {
        Some(touched) if !place.exists(&log_file(name, version)).await? => Some(touched),
        _ => None,
    };
    let published = match unpublished {
        None => Some(version),
        Some(_) => version.checked_sub(1),
    };
    let schema = Arc::new(Schema::empty());
    let mut state = TableState { version, id: String::new(), schema, files: Vec::new() };
    let damaged = |detail: &str| LakeError::Damaged {
        path: place.shown(&log_file(name, version)),
        detail: detail.to_owned(),
    };
    if let Some(published) = published {
        let table = load(place, name, published).await?;
        let snapshot = table
            .snapshot()
            .map_err(|error| LakeError::storage(place.shown(name), "read", &error))?;
        state.id = snapshot.metadata().id().to_owned();
        state.schema = known_types(&snapshot.snapshot().arrow_schema());
        for file in snapshot.log_data().iter() {
            let rows = file.num_records().ok_or_else(|| damaged("a file has no number of rows"))?;
            state.files.push(DataFile {
                path: file.path().into_owned(),
                size: file.size().max(0) as u64,
                rows: rows as u64,
                stats: file.stats(),
            });
        }
    }
    for action in unpublished.into_iter().flat_map(|touched| &touched.actions) {
        apply(&mut state, action).ok_or_else(|| damaged("an action of an unknown form"))?;
    }
    state.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(state))
}

/// Applies one line of a log; `None` when it has not the form that the lake writes.
fn apply(state: &mut TableState, action: &Value) -> Option<()> {
    if let Some(metadata) = action.get("metaData") {
        let schema: Value = serde_json::from_str(metadata["schemaString"].as_str()?).ok()?;
        let fields = schema["fields"].as_array()?.iter().map(|field| {
            let data_type = type_named(field["type"].as_str()?)?;
            Some(Field::new(field["name"].as_str()?, data_type, field["nullable"].as_bool()?))
        });
        state.id = metadata["id"].as_str()?.to_owned();
        state.schema = Arc::new(Schema::new(fields.collect::<Option<Vec<_>>>()?));
    }
    if let Some(remove) = action.get("remove") {
        let path = remove["path"].as_str()?;
        state.files.retain(|file| file.path != path);
    }
    if let Some(add) = action.get("add") {
        state.files.push(added(add)?);
    }
    Some(())
}

fn added(add: &Value) -> Option<DataFile> {
    let stats = add["stats"].as_str()?;
    let numbers: Value = serde_json::from_str(stats).ok()?;
    Some(DataFile {
        path: add["path"].as_str()?.to_owned(),
        size: add["size"].as_u64()?,
        rows: numbers["numRecords"].as_u64()?,
        stats: Some(stats.to_owned()),
    })
}

fn type_named(name: &str) -> Option<DataType> {
    Some(match name {
        "string" => DataType::Utf8,
        "integer" => DataType::Int32,
        "long" => DataType::Int64,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "date" => DataType::Date32,
        "timestamp" => moment(),
        decimal => {
            let (digits, decimals) =
                decimal.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
            DataType::Decimal128(digits.parse().ok()?, decimals.parse().ok()?)
        }
    })
}

fn moment() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The same schema with the types that the canonical tables have for text and moments.
fn known_types(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let data_type = match field.data_type() {
                DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
                DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => moment(),
                other => other.clone(),
            };
            Field::new(field.name(), data_type, field.is_nullable())
        })
        .collect();
    Arc::new(Schema::new(fields))
}
