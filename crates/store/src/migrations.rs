//! The schema's migrations, in the program itself so that any database can be brought up to date.

use std::borrow::Cow;
use std::sync::LazyLock;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// `sqlx::migrate!` would read the folder by itself, and would have the whole database library
/// compiled a second time for the compiler's own use.
macro_rules! migrations {
    ($(($version:literal, $description:literal, $file:literal)),* $(,)?) => {
        [$(($version, $description, include_str!(concat!("../../../migrations/", $file)))),*]
    };
}

/// Every file of `migrations/`. Their versions and texts are kept in each database that they were
/// run on and never change; a test compares this list with the folder.
const FILES: [(i64, &str, &str); 11] = migrations![
    (1, "prints", "0001_prints.sql"),
    (2, "rollups", "0002_rollups.sql"),
    (3, "bars", "0003_bars.sql"),
    (4, "collection", "0004_collection.sql"),
    (5, "application", "0005_application.sql"),
    (6, "options", "0006_options.sql"),
    (7, "vendor polygon", "0007_vendor_polygon.sql"),
    (8, "tape", "0008_tape.sql"),
    (9, "opportunities", "0009_opportunities.sql"),
    (10, "packed sums", "0010_packed_sums.sql"),
    (11, "tape notionals", "0011_tape_notionals.sql"),
];

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |(version, description, sql)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(FILES.map(migration).into())
});

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[tokio::test]
    async fn the_list_is_what_lies_in_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        let found = Migrator::new(folder).await.unwrap();
        let told = |migrator: &Migrator| -> Vec<_> {
            let told = |one: &Migration| {
                (one.version, one.description.to_string(), one.checksum.to_vec(), one.no_tx)
            };
            migrator.iter().map(told).collect()
        };
        assert_eq!(told(&MIGRATIONS), told(&found));
    }
}
