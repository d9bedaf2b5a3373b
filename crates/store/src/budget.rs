//! Table `vendor_budget`: what a vendor said about its limits. The store does not look inside.

use chrono::{DateTime, Utc};
use serde_json::Value;
use undertow_market::VendorId;

use crate::{Store, StoreError};

impl Store {
    /// Keeps what a vendor said about its limits.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn save_budget(
        &self,
        vendor: VendorId,
        state: &Value,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO trading.vendor_budget (vendor, state, updated_at)
             VALUES ($1::trading.vendor, $2, $3)
             ON CONFLICT (vendor) DO UPDATE
                SET state = excluded.state, updated_at = excluded.updated_at",
        )
        .bind(vendor.as_str())
        .bind(state)
        .bind(at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What was kept last, and when.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn load_budget(
        &self,
        vendor: VendorId,
    ) -> Result<Option<(Value, DateTime<Utc>)>, StoreError> {
        let row = sqlx::query_as(
            "SELECT state, updated_at FROM trading.vendor_budget WHERE vendor = $1::trading.vendor",
        )
        .bind(vendor.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row)
    }
}
