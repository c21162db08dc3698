//! The end of the server.

use std::time::Duration;

use ctnr_protocol::v1 as proto;
use ctnr_protocol::v1::program_input::Event as Input;
use ctnr_protocol::v1::program_opening::What;
use futures::{StreamExt, stream};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use super::health::{health, of, question, reflection};
use super::{app, with_app};

/// Nothing that a client leaves open holds the server up: each is told, and it is gone long before
/// its patience with calls under way is over.
#[tokio::test]
async fn endless_calls_end_with_the_server() {
    let (served, mut client) = with_app().await;
    let mut events = client
        .stream_events(proto::StreamEventsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let opening = proto::ProgramOpening {
        id: app(),
        what: Some(What::Command(proto::CommandLine {
            cmd: vec!["cat".to_owned()],
        })),
        ..Default::default()
    };
    let event = Some(Input::Open(opening));
    let inputs = stream::iter([proto::ProgramInput { event }]).chain(stream::pending());
    let mut program = client.open_program(inputs).await.unwrap().into_inner();
    program.message().await.unwrap().unwrap();
    let mut watch = health(&served).watch(of("")).await.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let list = question(MessageRequest::ListServices(String::new()));
    let questions = stream::iter([list]).chain(stream::pending());
    let mut answers = reflection(&served)
        .server_reflection_info(questions)
        .await
        .unwrap()
        .into_inner();
    answers.message().await.unwrap().unwrap();
    let _silent = TcpStream::connect(served.address).await.unwrap();

    served.platform.app.close();
    let end = loop {
        match events.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an endless stream says why it ends"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable, "{end}");
    let end = program.message().await.unwrap_err();
    assert_eq!(end.code(), Code::Unavailable, "{end}");
    let last = watch.message().await.unwrap().unwrap();
    assert_eq!(last.status(), ServingStatus::NotServing);
    assert_eq!(watch.message().await.unwrap(), None);
    assert_eq!(answers.message().await.unwrap(), None);
    tokio::time::timeout(Duration::from_secs(5), served.server)
        .await
        .expect("the server has stopped")
        .unwrap();
}
