//! How the database is doing.

use chrono::{DateTime, Utc};

use crate::store::schema_version;
use crate::{SimulatedMarket, Store, StoreError};

/// How the database is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreStatus {
    /// The server's version, as it calls itself: `18.4`.
    pub server_version: String,
    /// The schema's version.
    pub schema_version: i64,
    /// The newest schema version that this program knows.
    pub known_schema_version: i64,
    /// The simulated market whose data it holds; none for real data.
    pub simulated: Option<SimulatedMarket>,
    /// Size on disk of the whole database, in bytes.
    pub database_bytes: i64,
    /// Connections to this database, ours included.
    pub connections: i64,
    /// Whether an acknowledged commit survives a power cut.
    pub durable: bool,
}

/// Size of a table with its indexes; partitions are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Name in schema `trading`.
    pub table: String,
    /// Size on disk in bytes.
    pub bytes: i64,
    /// Rows, as the server estimates them.
    pub estimated_rows: i64,
}

impl Store {
    /// How the database is doing.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn status(&self) -> Result<StoreStatus, StoreError> {
        let row: (String, i64, Option<String>, i64, i64, bool) = sqlx::query_as(
            "SELECT current_setting('server_version'),
                    (SELECT max(version) FROM _sqlx_migrations),
                    (SELECT seed FROM trading.database_identity),
                    pg_database_size(current_database()),
                    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
                    current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean
                        AND current_setting('synchronous_commit') <> 'off'",
        )
        .fetch_one(&self.pool)
        .await?;
        let (server_version, schema, seed, database_bytes, connections, durable) = row;
        let simulated = seed.map(|seed| read_seed(&seed)).transpose()?;
        let known_schema_version = schema_version();
        Ok(StoreStatus {
            server_version,
            schema_version: schema,
            known_schema_version,
            simulated,
            database_bytes,
            connections,
            durable,
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Sizes of all tables, largest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn table_sizes(&self) -> Result<Vec<TableSize>, StoreError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT c.relname::text,
                    sum(pg_total_relation_size(part.relid))::bigint,
                    sum(greatest(leaf.reltuples, 0))::bigint
             FROM pg_class c
             CROSS JOIN LATERAL (
                SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf
                UNION ALL SELECT c.oid WHERE c.relkind = 'r'
             ) part
             JOIN pg_class leaf ON leaf.oid = part.relid
             WHERE c.relnamespace = 'trading'::regnamespace AND c.relkind IN ('r', 'p')
               AND NOT c.relispartition
             GROUP BY c.relname ORDER BY 2 DESC, 1",
        )
        .fetch_all(&self.pool)
        .await?;
        let size = |(table, bytes, estimated_rows)| TableSize { table, bytes, estimated_rows };
        Ok(rows.into_iter().map(size).collect())
    }

    /// The tape time of the newest print of any symbol.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn newest_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        // The key leads with the symbol: the newest is looked up for each symbol that has any.
        let newest = sqlx::query_scalar(
            "SELECT max(newest.reported_at)
             FROM (SELECT DISTINCT symbol FROM trading.darkpool_day_sums) known
             CROSS JOIN LATERAL (
                SELECT reported_at FROM trading.darkpool_trades t WHERE t.symbol = known.symbol
                ORDER BY reported_at DESC LIMIT 1
             ) newest",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(newest)
    }
}

fn read_seed(text: &str) -> Result<SimulatedMarket, StoreError> {
    let seed =
        text.parse().map_err(|error| StoreError::broken("database_identity", text, error))?;
    Ok(SimulatedMarket { seed })
}
