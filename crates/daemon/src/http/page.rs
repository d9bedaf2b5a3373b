//! The web page: the same build that the desktop window shows.

use std::path::PathBuf;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tower_http::services::{ServeDir, ServeFile};

/// Serves the built page, or says how to build it.
pub(crate) fn service() -> Router {
    let Some(folder) = folder() else {
        return Router::new()
            .fallback(|| async { (StatusCode::NOT_FOUND, MISSING).into_response() });
    };
    let index = ServeFile::new(folder.join("index.html"));
    Router::new().fallback_service(ServeDir::new(folder).fallback(index))
}

const MISSING: &str = "The web page is not installed. Build it with `npm run build` in ui/, or name \
                       its folder in UNDERTOW_UI_DIR.";

fn folder() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("ui")));
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    [std::env::var_os("UNDERTOW_UI_DIR").map(PathBuf::from), beside, Some(source)]
        .into_iter()
        .flatten()
        .find(|folder| folder.join("index.html").is_file())
}
