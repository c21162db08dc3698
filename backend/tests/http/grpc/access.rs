//! Who may call, how often, and what becomes of what is odd.

use std::time::Duration;

use axum::http::Request;
use backend::http::{ApiKey, Options};
use ctnr_protocol::v1 as proto;
use ctnr_protocol::v1::container_service_client::ContainerServiceClient;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tower::service_fn;

use super::{Served, create, get};

fn with<T>(message: T, name: &'static str, value: &'static str) -> tonic::Request<T> {
    let mut call = tonic::Request::new(message);
    call.metadata_mut().insert(name, value.parse().unwrap());
    call
}

#[tokio::test]
async fn a_key_is_asked_for_as_over_rest() {
    let options = Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    };
    let served = Served::start(options).await;
    let mut client = served.client();
    for call in [
        tonic::Request::new(get()),
        with(get(), "x-api-key", "guess"),
    ] {
        let refused = client.get_container(call).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        let code = refused.metadata().get("ctnr-error-code").unwrap();
        assert_eq!(code, "UNAUTHORIZED");
    }
    let streamed = client.stream_events(proto::StreamEventsRequest::default());
    assert_eq!(streamed.await.unwrap_err().code(), Code::Unauthenticated);
    let known = client
        .get_container(with(get(), "x-api-key", "s3cret"))
        .await;
    assert_eq!(known.unwrap_err().code(), Code::NotFound);
}

/// A stranger could make the server keep room for messages that never come.
#[tokio::test]
async fn a_stranger_is_answered_before_the_message_is_there() {
    let options = Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    };
    let served = Served::start(options).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let uri = format!(
        "http://{}/containers.v1.ContainerService/CreateContainer",
        served.address
    );
    let request = Request::post(uri)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (answer, mut body) = sender.send_request(request, false).unwrap();
    // It announces 4 MiB and keeps them back.
    body.send_data(vec![0, 0, 0x40, 0, 0, 1].into(), false)
        .unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(30), answer).await;
    let answer = answer.expect("an answer, not a wait").unwrap();
    let status = Code::Unauthenticated as i32;
    assert_eq!(answer.headers()["grpc-status"], status.to_string().as_str());
}

#[tokio::test]
async fn limits_count_for_both_protocols() {
    let options = Options {
        rate_limit: 1,
        ..Options::default()
    };
    let served = Served::start(options).await;
    let mut client = served.client();
    let limited = loop {
        let refused = client.get_container(get()).await.unwrap_err();
        if refused.code() != Code::NotFound {
            break refused;
        }
    };
    assert_eq!(limited.code(), Code::ResourceExhausted, "{limited}");
    assert!(limited.metadata().contains_key("retry-after"));
}

#[tokio::test]
async fn odd_input_is_refused() {
    let (_served, mut client) = super::with_app().await;
    for (id, code) in [
        ("", Code::InvalidArgument),
        (".", Code::NotFound),
        ("..", Code::NotFound),
        ("../sandboxes", Code::NotFound),
        ("app/start", Code::NotFound),
        ("app?force=true", Code::NotFound),
        ("a b\r\nx-api-key: k", Code::NotFound),
        ("none", Code::NotFound),
    ] {
        let delete = proto::DeleteContainerRequest { id: id.to_owned() };
        let refused = client.delete_container(delete).await.unwrap_err();
        assert_eq!(refused.code(), code, "{id}: {refused}");
    }
    client.get_container(get()).await.unwrap();
    let key = proto::CreateContainerRequest {
        idempotency_key: Some("a\nb".to_owned()),
        ..create()
    };
    let refused = client.create_container(key).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let page = proto::ListContainersRequest {
        page_size: Some(0),
        ..Default::default()
    };
    let refused = client.list_containers(page).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
}

#[tokio::test]
async fn names_of_the_server_count_as_over_rest() {
    let (served, _) = super::with_app().await;
    let address = served.address;
    for (authority, code) in [
        ("localhost", None),
        // A name that means a port of a sandbox over HTTP means the API here.
        ("3000--app.localhost", None),
        ("xn--bcher-kva.localhost", None),
        // One by which a page would call that makes it resolve to this host.
        ("evil.localhost.example", Some(Code::PermissionDenied)),
    ] {
        let mut connector = HttpConnector::new_with_resolver(service_fn(move |_| async move {
            Ok::<_, std::io::Error>([address].into_iter())
        }));
        connector.enforce_http(false);
        let channel = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build(connector);
        let origin = format!("http://{authority}:{}", address.port());
        let mut client = ContainerServiceClient::with_origin(channel, origin.parse().unwrap());
        let answer = client.get_container(get()).await;
        assert_eq!(answer.err().map(|error| error.code()), code, "{authority}");
    }
}

#[tokio::test]
async fn one_who_speaks_for_another_is_not_on_this_host() {
    let (_served, mut client) = super::with_app().await;
    for name in ["forwarded", "x-forwarded-for", "x-real-ip"] {
        let call = with(get(), name, "203.0.113.9");
        let refused = client.get_container(call).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{name}: {refused}");
        assert!(
            refused.message().contains("CONTAINERS_API_KEY"),
            "{refused}"
        );
    }
    // What a page sends is refused, as over REST.
    let call = with(get(), "origin", "http://evil.example");
    let refused = client.get_container(call).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
}

#[tokio::test]
async fn a_request_id_goes_through() {
    let (_served, mut client) = super::with_app().await;
    let answer = client.get_container(with(get(), "x-request-id", "mine-1"));
    let answer = answer.await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "mine-1");
}

#[tokio::test]
async fn a_long_error_is_cut_and_arrives() {
    let served = Served::start(Options::default()).await;
    let create = proto::CreateContainerRequest {
        manifest: Some(format!("schema = 1\n\"{}\" = 1\n", "ü".repeat(20_000))),
        ..create()
    };
    let refused = served.client().create_container(create).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused() {
    let (_served, mut client) = super::with_app().await;
    let create = proto::CreateContainerRequest {
        manifest: Some("#".repeat(5 << 20)),
        ..create()
    };
    let refused = client.create_container(create).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
    client.get_container(get()).await.unwrap();
}

/// What does not speak HTTP/2, and what asks for a method that is not there.
#[tokio::test]
async fn other_requests_are_answered() {
    let served = Served::start(Options::default()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let greeting = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(greeting).await.unwrap();
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    // Closed, and not left hanging.
    let _ = tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap();
    let uri = format!(
        "http://{}/containers.v1.ContainerService/Nothing",
        served.address
    );
    let request = Request::post(uri)
        .header("content-type", "application/grpc")
        .body(tonic::body::Body::empty())
        .unwrap();
    let answer = super::channel().request(request).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "12");
}
