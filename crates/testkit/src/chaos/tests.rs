use tokio::time::{Instant, timeout};

use super::*;

/// A server that sends back what it is sent.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

async fn proxy() -> Proxy {
    Proxy::start(Upstream::Tcp(echo().await)).await.unwrap()
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

/// Sends bytes and reads as many back as come before the end or an error.
async fn exchange(client: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    let mut back = vec![0; bytes.len()];
    let mut filled = 0;
    if client.write_all(bytes).await.is_err() {
        return Vec::new();
    }
    while filled < back.len() {
        match client.read(&mut back[filled..]).await {
            Ok(0) | Err(_) => break,
            Ok(read) => filled += read,
        }
    }
    back.truncate(filled);
    back
}

#[tokio::test]
async fn without_faults_every_byte_passes_in_order() {
    let proxy = proxy().await;
    let mut client = connect(&proxy).await;
    for size in [1, 1_000, 60_000] {
        let bytes: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[0]).collect();
        assert_eq!(exchange(&mut client, &bytes).await, bytes);
    }
    assert_eq!((proxy.accepted(), proxy.bytes()), (1, 2 * 61_001));
}

#[tokio::test]
async fn latency_and_bandwidth_take_their_time() {
    let proxy = proxy().await;
    let mut client = connect(&proxy).await;
    proxy.set(|faults| faults.latency = Duration::from_millis(30));
    let began = Instant::now();
    assert_eq!(exchange(&mut client, b"ping").await, b"ping");
    assert!(began.elapsed() >= Duration::from_millis(60), "30 ms there and 30 ms back");
    proxy.heal();
    proxy.set(|faults| faults.bytes_per_s = Some(50_000));
    let began = Instant::now();
    assert_eq!(exchange(&mut client, &[7; 5_000]).await, [7; 5_000]);
    assert!(began.elapsed() >= Duration::from_millis(90), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_black_hole_swallows_and_keeps_the_connection_open() {
    let proxy = proxy().await;
    let mut client = connect(&proxy).await;
    proxy.set(|faults| faults.blackhole = true);
    let waited = timeout(Duration::from_millis(100), exchange(&mut client, b"lost")).await;
    assert!(waited.is_err(), "neither an answer nor an end");
    proxy.heal();
    assert_eq!(exchange(&mut client, b"found").await, b"found");
}

#[tokio::test]
async fn a_limit_cuts_an_answer_short() {
    let proxy = proxy().await;
    proxy.set(|faults| faults.limit_bytes = Some(1_500));
    let mut client = connect(&proxy).await;
    assert_eq!(exchange(&mut client, &[1; 1_000]).await.len(), 1_000);
    assert_eq!(exchange(&mut client, &[2; 1_000]).await, [2; 500]);
}

#[tokio::test]
async fn a_reset_ends_open_connections_and_spares_new_ones() {
    let proxy = proxy().await;
    let mut client = connect(&proxy).await;
    assert_eq!(exchange(&mut client, b"before").await, b"before");
    proxy.reset_connections();
    let ended = client.read(&mut [0; 8]).await;
    assert!(
        matches!(&ended, Err(error) if error.kind() == io::ErrorKind::ConnectionReset),
        "{ended:?}"
    );
    assert_eq!(exchange(&mut connect(&proxy).await, b"after").await, b"after");
}

#[tokio::test]
async fn while_down_nothing_gets_through() {
    let proxy = proxy().await;
    let mut open = connect(&proxy).await;
    assert_eq!(exchange(&mut open, b"before").await, b"before");
    proxy.set(|faults| faults.down = true);
    assert!(exchange(&mut open, b"lost").await.is_empty());
    assert!(exchange(&mut connect(&proxy).await, b"lost").await.is_empty());
    proxy.heal();
    assert_eq!(exchange(&mut connect(&proxy).await, b"after").await, b"after");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_looks_like_a_broken_server() {
    let nowhere = Upstream::Unix("/nowhere/at/all".into());
    let proxy = Proxy::start(nowhere).await.unwrap();
    assert!(exchange(&mut connect(&proxy).await, b"lost").await.is_empty());
}
