//! The server itself: connections and stopping.

use backend::http::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::api::Api;

async fn talk(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        if read == 0
            || text.contains("\r\n\r\n")
                && (text.ends_with('}') || text.contains("content-length: 0"))
        {
            return text.into_owned();
        }
    }
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let api = Api::start().await;
    let address = api.listen(Options::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        let answer = talk(
            &mut stream,
            "GET /v1/sandboxes HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with(r#"{"sandboxes":[]}"#), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_http_does_not_disturb_others() {
    let api = Api::start().await;
    let address = api.listen(Options::default()).await;
    for noise in [
        "\0\0\0\0\r\n\r\n",
        "GET /v1/sandboxes/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /v1/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = talk(&mut stream, noise).await;
        assert!(!answer.contains(" 500 "), "{noise:?}: {answer}");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let answer = talk(
        &mut stream,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn stopping_ends_endless_answers_and_idle_connections() {
    let api = Api::start().await;
    let address = api.listen(Options::default()).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    talk(
        &mut idle,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    .await;
    let mut events = TcpStream::connect(address).await.unwrap();
    events
        .write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 64];
    events.read_exact(&mut first).await.unwrap();
    api.platform.app.close();
    let mut rest = Vec::new();
    events.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the answer is whole");
    idle.read_to_end(&mut rest).await.unwrap();
}
