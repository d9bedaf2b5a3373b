//! The two commands that the page may call.

use tauri::State;
use tauri::ipc::{Channel, Response};
use tokio::sync::broadcast::error::RecvError;
use undertow_api::app::App;
use undertow_api::commands::{self, Answer};
use undertow_api::error::ApiError;
use undertow_api::events::Event;

/// Runs one command of the interface. JSON answers arrive as objects, columns as raw bytes.
#[tauri::command]
pub(crate) async fn rpc(
    app: State<'_, App>,
    name: String,
    payload: String,
) -> Result<Response, ApiError> {
    let answer = commands::dispatch(app.inner(), &name, &payload).await?;
    Ok(match answer {
        Answer::Json(text) => Response::new(text),
        Answer::Columns(bytes) => Response::new(bytes),
    })
}

/// Sends events to the page until it goes away.
#[tauri::command]
pub(crate) fn subscribe(app: State<'_, App>, channel: Channel<Event>) {
    let app = app.inner().clone();
    tauri::async_runtime::spawn(async move {
        let mut events = app.events();
        let mut next = app.view_event();
        while channel.send(next).is_ok() {
            next = match events.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => app.view_event(),
                Err(RecvError::Closed) => return,
            };
        }
    });
}
