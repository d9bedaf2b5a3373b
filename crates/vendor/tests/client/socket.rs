//! A vendor's websocket on loopback whose connections are handed to the test.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// Longer than anything takes here; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A vendor whose connections are handed to the test.
pub(crate) struct Vendor {
    /// `http://…`
    pub(crate) url: String,
    connections: mpsc::Receiver<Connection>,
}

pub(crate) struct Connection {
    pub(crate) address: String,
    pub(crate) has_key_header: bool,
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, connections) = mpsc::channel(16);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let Some(connection) = Connection::accept(tcp).await else { continue };
                if sender.send(connection).await.is_err() {
                    return;
                }
            }
        });
        Self { url, connections }
    }

    pub(crate) async fn connection(&mut self) -> Connection {
        timeout(PATIENCE, self.connections.recv()).await.unwrap().unwrap()
    }

    /// Whether nobody connected since.
    pub(crate) fn is_left_alone(&mut self) -> bool {
        self.connections.try_recv().is_err()
    }
}

impl Connection {
    #[expect(clippy::result_large_err, reason = "the library's own callback")]
    async fn accept(tcp: TcpStream) -> Option<Self> {
        let (mut address, mut has_key_header) = (String::new(), false);
        let look = |request: &Request, response: Response| {
            address = request.uri().to_string();
            has_key_header = request.headers().contains_key("authorization");
            Ok(response)
        };
        let socket = tokio_tungstenite::accept_hdr_async(tcp, look).await.ok()?;
        Some(Self { address, has_key_header, socket })
    }

    /// The next text that the client sends.
    pub(crate) async fn heard(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.unwrap().unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }
}
