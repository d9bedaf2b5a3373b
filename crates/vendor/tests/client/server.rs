//! A vendor on loopback that answers by a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, serve};
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;

/// One answer of the script.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) way: Way,
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Whole,
    /// Never begins.
    Hang,
    /// The header, half of the body, then nothing more.
    StopHalfway,
    /// A byte at a time, with this pause.
    Drip(Duration),
    /// The header promises more than comes before the connection ends.
    Truncated,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.as_ref().to_vec(), way: Way::Whole }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    fn response(self) -> Response {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        if matches!(self.way, Way::Truncated) {
            response = response.header("content-length", self.body.len() + 100);
        }
        response.body(self.stream()).unwrap()
    }

    fn stream(self) -> Body {
        let bytes = Bytes::from(self.body);
        match self.way {
            Way::Whole | Way::Hang | Way::Truncated => {
                Body::from_stream(stream::iter([Ok::<_, std::io::Error>(bytes)]))
            }
            Way::StopHalfway => {
                let half = bytes.slice(..bytes.len() / 2);
                let begin = stream::iter([Ok::<_, std::io::Error>(half)]);
                Body::from_stream(begin.chain(stream::pending()))
            }
            Way::Drip(pause) => {
                Body::from_stream(stream::iter(bytes).then(move |byte| async move {
                    tokio::time::sleep(pause).await;
                    Ok::<_, std::io::Error>(Bytes::from(vec![byte]))
                }))
            }
        }
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
    under_way: usize,
    most_under_way: usize,
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Server {
    /// The last reply of the script is repeated for ever.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Script { replies: replies.into_iter().collect(), ..Script::default() };
        let script = Arc::new(Mutex::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { serve(listener, router).await.unwrap() });
        Self { url, script }
    }

    /// Puts replies at the end of the script.
    pub(crate) fn add(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().replies.extend(replies);
    }

    /// A new script in place of what is left of the old one.
    pub(crate) fn set(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().replies = replies.into_iter().collect();
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// The largest number of requests that were answered at the same time.
    pub(crate) fn most_under_way(&self) -> usize {
        self.script.lock().unwrap().most_under_way
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let reply = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked {
            path_and_query: request.uri().to_string(),
            headers: request.headers().clone(),
        });
        script.under_way += 1;
        script.most_under_way = script.most_under_way.max(script.under_way);
        let is_last = script.replies.len() == 1;
        if is_last { script.replies[0].clone() } else { script.replies.pop_front().unwrap() }
    };
    if matches!(reply.way, Way::Hang) {
        std::future::pending::<()>().await;
    }
    // Others get their turn while this one is under way.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    script.lock().unwrap().under_way -= 1;
    reply.response()
}
