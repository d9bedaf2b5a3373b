//! Events over a websocket: one JSON document a text frame.

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::broadcast::error::RecvError;
use undertow_api::app::App;
use undertow_api::events::Event;

pub(crate) async fn stream(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| send_events(app, socket))
}

/// Sends events until either side ends. A reader that falls behind loses events, not rows: every
/// event is a wake-up, and it is told the state of the whole to re-read from.
async fn send_events(app: App, mut socket: WebSocket) {
    let mut events = app.events();
    if send(&mut socket, &app.view_event()).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            event = events.recv() => {
                let event = match event {
                    Ok(event) => event,
                    Err(RecvError::Lagged(_)) => app.view_event(),
                    Err(RecvError::Closed) => return,
                };
                if send(&mut socket, &event).await.is_err() {
                    return;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}

async fn send(socket: &mut WebSocket, event: &Event) -> Result<(), axum::Error> {
    let text = serde_json::to_string(event).map_err(axum::Error::new)?;
    socket.send(Message::Text(text.into())).await
}
