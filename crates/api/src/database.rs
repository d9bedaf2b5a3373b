//! The database looked at from a command line, without a market being open.

use serde::Serialize;

use crate::app::{AppOptions, open_real_database, stop_server};
use crate::convert::count;
use crate::error::ApiError;
use crate::handlers;

/// What a database is and holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatabaseReport {
    /// `embedded` or `url`.
    pub kind: &'static str,
    /// The server's version.
    pub server_version: String,
    /// The schema's version.
    pub schema_version: i64,
    /// Size on disk, bytes.
    pub bytes: f64,
    /// Its tables, largest first.
    pub tables: Vec<TableReport>,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableReport {
    /// Name in schema `trading`.
    pub name: String,
    /// Size on disk, bytes.
    pub bytes: f64,
    /// Rows, as the server estimates them.
    pub rows: f64,
}

/// Opens the database of real data, brings its schema up to date, and describes it.
///
/// # Errors
/// It cannot be opened: in use, of another version, not answering.
pub async fn report(options: &AppOptions) -> Result<DatabaseReport, ApiError> {
    let (store, embedded) = open_real_database(options).await?;
    let read = async {
        let status = handlers::stored(store.status().await)?;
        let tables = handlers::stored(store.table_sizes().await)?;
        let tables = tables.into_iter().map(|table| TableReport {
            name: table.table,
            bytes: count(table.bytes),
            rows: count(table.estimated_rows),
        });
        Ok(DatabaseReport {
            kind: if embedded.is_some() { "embedded" } else { "url" },
            server_version: status.server_version,
            schema_version: status.schema_version,
            bytes: count(status.database_bytes),
            tables: tables.collect(),
        })
    };
    let report = read.await;
    store.close().await;
    stop_server(embedded).await;
    report
}

/// What a table lost to pruning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrunedTable {
    /// Name in schema `trading`.
    pub name: String,
    /// Whole months.
    pub months: u32,
    /// Rows by date.
    pub rows: f64,
}

/// Opens the database of real data and lets go of rows that are older than they are kept.
///
/// # Errors
/// It cannot be opened, or a table cannot be pruned now.
pub async fn prune(options: &AppOptions) -> Result<Vec<PrunedTable>, ApiError> {
    let (store, embedded) = open_real_database(options).await?;
    let pruned = handlers::stored(store.prune(chrono::Utc::now()).await);
    store.close().await;
    stop_server(embedded).await;
    let view = |table: undertow_store::retention::Pruned| PrunedTable {
        name: table.table,
        months: table.months,
        rows: count(table.rows),
    };
    Ok(pruned?.tables.into_iter().map(view).collect())
}
