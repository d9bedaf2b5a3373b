//! `undertowd serve` and `undertowd demo`.

use std::net::SocketAddr;

use anyhow::Context;
use serde_json::json;
use tokio::net::TcpListener;
use undertow_api::app::{App, Choice};
use undertow_api::dto::Mode;

use crate::cli::{Common, Demo, Listen};
use crate::outcome::Outcome;
use crate::running::Running;
use crate::{http, setup};

pub(crate) async fn live(common: &Common, listen: &Listen) -> anyhow::Result<Outcome> {
    let loaded = setup::load(common, listen.listen.as_deref())?;
    setup::log(&loaded.settings.log.filter)?;
    let address = address(&loaded.settings.server.listen)?;
    let options = setup::environment(common).options(loaded.settings)?;
    let choice = (!options.vendor_keys.is_empty()).then_some(Choice::Live);
    if choice.is_none() {
        tracing::warn!("no vendor key: set UNDERTOW_UNUSUAL_WHALES_KEY, or enter it on the page");
    }
    serve(App::new(options), choice, address).await
}

pub(crate) async fn demo(common: &Common, demo: &Demo) -> anyhow::Result<Outcome> {
    let loaded = setup::load(common, demo.listen.listen.as_deref())?;
    setup::log(&loaded.settings.log.filter)?;
    let address = address(&loaded.settings.server.listen)?;
    let options = setup::environment(common).options(loaded.settings)?;
    let choice = Choice::Simulated { seed: demo.seed, speed: demo.speed };
    serve(App::new(options), Some(choice), address).await
}

/// Without TLS of its own the daemon listens on this machine only.
fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let address: SocketAddr = text
        .parse()
        .with_context(|| format!("server.listen = {text}: use a form like 127.0.0.1:8730"))?;
    anyhow::ensure!(
        address.ip().is_loopback(),
        "server.listen = {text}: undertowd has no TLS of its own and listens on this machine only; \
         use 127.0.0.1 and reach it through an SSH tunnel"
    );
    Ok(address)
}

async fn serve(app: App, choice: Option<Choice>, address: SocketAddr) -> anyhow::Result<Outcome> {
    let data_dir = app.options().data_dir.clone();
    if let Some(running) = Running::find(&data_dir).await {
        anyhow::bail!(
            "another undertowd (process {}) already serves this data folder at {}",
            running.pid,
            running.url
        );
    }
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}: if another program uses the port, choose another \
                 with --listen or UNDERTOW_LISTEN"
        )
    })?;
    let address = listener.local_addr()?;
    let running = Running { url: format!("http://{address}"), pid: std::process::id() };
    running.announce(&data_dir)?;
    tracing::info!(url = %running.url, "serving");
    announce_to_person(&running.url);
    if let Some(choice) = choice {
        app.choose(choice);
    }
    let served = axum::serve(listener, http::router(app.clone(), address))
        .with_graceful_shutdown(told_to_stop())
        .await;
    Running::withdraw(&data_dir);
    let mode = app.view().mode;
    app.close().await;
    served.context("the web server ended")?;
    Ok(Outcome::done("", json!({ "stopped": true, "failed": mode == Mode::Failed })))
}

#[expect(clippy::print_stderr, reason = "the one line that a person waits for")]
fn announce_to_person(url: &str) {
    eprintln!("Undertow is at {url}");
}

/// Ends on Ctrl-C and on a polite request of the system.
pub(crate) async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
