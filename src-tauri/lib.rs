//! The desktop host: one window over the same `App` that the daemon serves.
//!
//! It carries requests and events between the page and the program, and nothing else: no trading
//! logic, no SQL, no key that goes back to the page.

mod rpc;
mod setup;

use std::process::ExitCode;

use tauri::{Manager, RunEvent};
use undertow_api::app::App;

/// Runs the app until its window is closed.
#[must_use]
pub fn run() -> ExitCode {
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| {
            if let Some(window) = app.get_webview_window("main") {
                report(
                    "the window cannot be shown",
                    window.unminimize().and_then(|()| window.set_focus()),
                );
            }
        }))
        .setup(|tauri| {
            let resources = tauri.path().resource_dir().ok();
            let app = tauri::async_runtime::block_on(async { setup::open(resources) })?;
            app.resume();
            tauri.manage(app);
            Ok(())
        })
        .invoke_handler(tauri::generate_handler![rpc::rpc, rpc::subscribe])
        .build(tauri::generate_context!());
    match built {
        Ok(tauri) => {
            tauri.run(|handle, event| {
                if let RunEvent::Exit = event {
                    let app = handle.state::<App>().inner().clone();
                    tauri::async_runtime::block_on(app.close());
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window cannot be opened");
            ExitCode::FAILURE
        }
    }
}

fn report(what: &str, result: tauri::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what}");
    }
}
