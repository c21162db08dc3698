//! Health and reflection.

use backend::http::{ApiKey, Options};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::{Channel, Served, channel};

pub(super) fn health(served: &Served) -> HealthClient<Channel> {
    HealthClient::with_origin(channel(), served.origin())
}

pub(super) fn reflection(served: &Served) -> ServerReflectionClient<Channel> {
    ServerReflectionClient::with_origin(channel(), served.origin())
}

pub(super) fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

pub(super) fn question(message: MessageRequest) -> ServerReflectionRequest {
    ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    }
}

async fn ask(served: &Served, message: MessageRequest) -> ServerReflectionResponse {
    let asked = futures::stream::iter([question(message)]);
    let mut told = reflection(served)
        .server_reflection_info(asked)
        .await
        .unwrap();
    assert!(told.metadata().contains_key("x-request-id"));
    told.get_mut().message().await.unwrap().unwrap()
}

#[tokio::test]
async fn anyone_may_ask_for_health() {
    let options = Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    };
    let served = Served::start(options).await;
    let mut health = health(&served);
    for service in ["", "containers.v1.ContainerService"] {
        let shown = health.check(of(service)).await.unwrap();
        assert!(shown.metadata().contains_key("x-request-id"));
        assert_eq!(shown.into_inner().status(), ServingStatus::Serving);
    }
    let unknown = health.check(of("containers.v2.None")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound, "{unknown}");
    let mut watch = health.watch(of("containers.v2.None")).await.unwrap();
    let first = watch.get_mut().message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
}

#[tokio::test]
async fn services_and_their_messages_are_described() {
    let served = Served::start(Options::default()).await;
    let list = MessageRequest::ListServices(String::new());
    let Some(MessageResponse::ListServicesResponse(list)) =
        ask(&served, list).await.message_response
    else {
        panic!("no list of services");
    };
    let names: Vec<_> = list.service.iter().map(|row| row.name.as_str()).collect();
    for name in ["containers.v1.ContainerService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for symbol in [
        "containers.v1.ContainerService",
        "containers.v1.ProgramOutput.Exit",
        "google.protobuf.Timestamp",
    ] {
        let symbol = MessageRequest::FileContainingSymbol(symbol.to_owned());
        let told = ask(&served, symbol).await.message_response;
        let Some(MessageResponse::FileDescriptorResponse(files)) = told else {
            panic!("{told:?}");
        };
        assert!(!files.file_descriptor_proto.is_empty());
    }
}

#[tokio::test]
async fn reflection_is_for_those_who_may_read_the_document_of_rest() {
    let served = Served::start(Options::default()).await;
    let list = MessageRequest::ListServices(String::new());
    let mut asked = Request::new(futures::stream::iter([question(list)]));
    let stranger = "203.0.113.9".parse().unwrap();
    asked.metadata_mut().insert("x-forwarded-for", stranger);
    let refused = reflection(&served).server_reflection_info(asked).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
}
