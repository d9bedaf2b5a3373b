//! The desktop host: one window over the same `App` that the daemon serves.
//!
//! It carries requests and events between the page and the program, and nothing else: no trading
//! logic, no SQL, no key that goes back to the page.

mod ending;
#[cfg(target_os = "linux")]
mod renderer;
mod rpc;
mod setup;

use std::process::ExitCode;

use tauri::{AppHandle, Manager, RunEvent};
use undertow_api::app::{App, AppOptions};

/// Runs the app until its window is closed or it is told to end.
#[must_use]
pub fn run() -> ExitCode {
    let options = match setup::options() {
        Ok(options) => options,
        Err(error) => return failed(&error.to_string()),
    };
    #[cfg(target_os = "linux")]
    if let Err(error) = renderer::choose() {
        tracing::warn!(%error, "the window is drawn slowly: the program cannot start itself anew");
    }
    match build(options) {
        Ok(tauri) => {
            tauri.run(|handle, event| {
                if let RunEvent::Exit = event {
                    close(handle);
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => failed(&format!("the window cannot be opened: {error}")),
    }
}

fn build(mut options: AppOptions) -> tauri::Result<tauri::App> {
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| show(app)))
        .setup(|tauri| {
            options.postgres_binaries = setup::shipped_postgres(tauri.path().resource_dir().ok());
            let app = App::new(options);
            // What it opens runs on tasks, and those need the runtime around them.
            tauri::async_runtime::block_on(async { app.resume() });
            tauri.manage(app);
            ending::end_when_told(tauri.handle().clone());
            Ok(())
        })
        .invoke_handler(tauri::generate_handler![rpc::rpc, rpc::subscribe])
        .build(tauri::generate_context!())
}

fn close(handle: &AppHandle) {
    // From here on a new start opens a window of its own, which waits for our database's end.
    tauri_plugin_single_instance::destroy(handle);
    let app = handle.state::<App>().inner().clone();
    tauri::async_runtime::block_on(app.close());
}

/// A second start shows the window of the first and ends.
fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window("main") else { return };
    if let Err(error) = window.unminimize().and_then(|()| window.set_focus()) {
        tracing::warn!(%error, "the window cannot be shown");
    }
}

/// The log may not have begun: the reason goes to whoever looks at the terminal.
#[expect(clippy::print_stderr, reason = "there is no window to say it in")]
fn failed(message: &str) -> ExitCode {
    eprintln!("undertow: {message}");
    ExitCode::FAILURE
}
