//! The program without a host, over a simulated vendor and a real database.

use std::collections::BTreeMap;

use serde_json::Value;
use tempfile::TempDir;
use undertow_api::app::{App, AppOptions, Choice};
use undertow_api::commands::{Answer, dispatch};
use undertow_api::error::ApiError;
use undertow_engine::settings::{self, Settings};
use undertow_market::VendorId;
use undertow_store::Store;
use undertow_testkit::postgres::TestDatabase;

use crate::rig::*;

/// The program, and the truth behind what it collects.
pub(crate) struct Program {
    pub(crate) app: App,
    pub(crate) rig: Rig,
    pub(crate) store: Store,
    _database: TestDatabase,
    _folder: TempDir,
}

/// A decoded columnar answer.
pub(crate) struct Columns {
    pub(crate) rows: usize,
    columns: BTreeMap<String, Vec<f64>>,
    pub(crate) meta: Value,
}

impl Program {
    /// At an instant, with the keys of these vendors and settings as `choose` leaves them. No
    /// market is open yet.
    pub(crate) async fn at(
        now: &str,
        vendors: &[VendorId],
        choose: impl FnOnce(&mut Settings),
    ) -> Self {
        let rig = Rig::at(now, 1.0).await;
        let (database, store) = database().await;
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings::load(None, |_| None, &[]).unwrap().settings;
        let address = rig.simulator.url();
        settings.vendors.polygon.ws_url = format!("{}/stocks", address.replacen("http", "ws", 1));
        settings.vendors.polygon.rest_url = address.clone();
        settings.vendors.unusual_whales.url = address;
        settings.database.url = address_of(&database);
        choose(&mut settings);
        let app = App::new(AppOptions {
            data_dir: folder.path().to_owned(),
            settings,
            vendor_keys: vendors.iter().map(|vendor| (*vendor, rig.key.clone().into())).collect(),
            start_at: Some(at(now)),
            postgres_binaries: None,
            collect: true,
        });
        Self { app, rig, store, _database: database, _folder: folder }
    }

    /// Opens the market of the keys.
    pub(crate) async fn enter(&self) {
        self.app.choose(Choice::Live);
        self.app.opened().await.unwrap();
    }

    pub(crate) async fn ask(&self, name: &str, request: &Value) -> Result<Answer, ApiError> {
        dispatch(&self.app, name, &request.to_string()).await
    }

    pub(crate) async fn json(&self, name: &str, request: Value) -> Value {
        match self.ask(name, &request).await {
            Ok(Answer::Json(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("{name} {request}: {other:?}"),
        }
    }

    pub(crate) async fn columns(&self, name: &str, request: Value) -> Columns {
        match self.ask(name, &request).await {
            Ok(Answer::Columns(bytes)) => Columns::decode(&bytes),
            other => panic!("{name} {request}: {other:?}"),
        }
    }
}

impl Columns {
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        assert_eq!(&bytes[..4], b"UTC1");
        let header = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        let document: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
        let rows = usize::try_from(document["rows"].as_u64().unwrap()).unwrap();
        let names = document["columns"].as_array().unwrap();
        let values: Vec<f64> = bytes[8 + header..]
            .chunks_exact(8)
            .map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap()))
            .collect();
        assert_eq!(values.len(), rows * names.len(), "every column is whole");
        let column = |(place, name): (usize, &Value)| {
            (name.as_str().unwrap().to_owned(), values[place * rows..][..rows].to_vec())
        };
        let columns = names.iter().enumerate().map(column).collect();
        Self { rows, columns, meta: document["meta"].clone() }
    }

    pub(crate) fn column(&self, name: &str) -> &[f64] {
        self.columns.get(name).unwrap_or_else(|| panic!("there is no column {name}"))
    }
}

fn address_of(database: &TestDatabase) -> String {
    let address = database.address();
    let folder = address.get_socket().expect("the tests' server listens on a socket");
    let user = address.get_username();
    format!("postgres://{user}@localhost/{}?host={}", database.name, folder.display())
}
