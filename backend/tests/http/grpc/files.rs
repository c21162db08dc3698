//! Bytes of any length, in both directions.

use std::time::Duration;

use axum::http::Request;
use backend::http::Options;
use bytes::Bytes;
use ctnr_protocol::v1 as proto;
use ctnr_protocol::v1::write_file_request::Part;
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message;
use tokio::net::TcpStream;
use tonic::Code;

use super::{Served, Service, app, with_app};

const PATH: &str = "/wine/drive_c/data.bin";

fn target(path: &str) -> proto::WriteFileRequest {
    let target = proto::FileTarget {
        id: app(),
        path: path.to_owned(),
        mode: None,
    };
    proto::WriteFileRequest {
        part: Some(Part::Target(target)),
    }
}

fn data(data: impl Into<Bytes>) -> proto::WriteFileRequest {
    proto::WriteFileRequest {
        part: Some(Part::Data(data.into())),
    }
}

async fn read(client: &mut Service, path: &str) -> Result<Vec<Bytes>, tonic::Status> {
    let wanted = proto::ReadFileRequest {
        id: app(),
        path: path.to_owned(),
    };
    let pieces = client.read_file(wanted).await?.into_inner();
    pieces.map_ok(|piece| piece.data).try_collect().await
}

#[tokio::test]
async fn a_file_is_written_and_read_in_pieces() {
    let (_served, mut client) = with_app().await;
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let mut parts = vec![target(PATH)];
    parts.extend(content.chunks(3 << 20).map(|chunk| data(chunk.to_vec())));
    let written = client.write_file(stream::iter(parts)).await.unwrap();
    assert_eq!(written.into_inner().size, 5_000_000);
    let pieces = read(&mut client, PATH).await.unwrap();
    assert!(pieces.iter().all(|piece| piece.len() <= 1 << 20));
    assert!(pieces.concat() == content, "it came back otherwise");
    let missing = read(&mut client, "/wine/nothing").await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound, "{missing}");
}

/// A message as gRPC frames it.
fn framed(message: &proto::WriteFileRequest) -> Vec<u8> {
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], &message].concat()
}

/// Half a file must not be taken for a whole one. A client resets the stream of a call that it
/// calls off, and of one whose deadline is over.
#[tokio::test]
async fn a_write_that_is_called_off_writes_nothing() {
    let (served, mut client) = with_app().await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    for reason in [h2::Reason::CANCEL, h2::Reason::NO_ERROR] {
        let uri = format!(
            "http://{}/containers.v1.ContainerService/WriteFile",
            served.address
        );
        let request = Request::post(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .unwrap();
        sender = sender.ready().await.unwrap();
        let (_answer, mut body) = sender.send_request(request, false).unwrap();
        for message in [target(PATH), data("half")] {
            body.send_data(framed(&message).into(), false).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        body.send_reset(reason);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let missing = read(&mut client, PATH).await.unwrap_err();
        assert_eq!(missing.code(), Code::NotFound, "{reason:?}: {missing}");
    }
}

#[tokio::test]
async fn it_has_to_be_said_once_where_bytes_belong() {
    let (_served, mut client) = with_app().await;
    for parts in [
        vec![],
        vec![data("lost")],
        vec![proto::WriteFileRequest { part: None }],
        vec![target(PATH), data("a"), target("/wine/other")],
        vec![target(PATH), proto::WriteFileRequest { part: None }],
        vec![target("not-absolute"), data("a")],
    ] {
        let shown = format!("{parts:?}");
        let refused = client.write_file(stream::iter(parts)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{shown}: {refused}");
    }
    let missing = read(&mut client, PATH).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound, "{missing}");
}

#[tokio::test]
async fn an_upload_goes_on_where_it_ended() {
    let served = Served::start(Options::default()).await;
    let mut client = served.client();
    let begun = client.begin_upload(proto::BeginUploadRequest {}).await;
    let id = begun.unwrap().into_inner().id;
    let part = |offset, bytes: &'static str| {
        use proto::send_upload_request::Part;
        let target = proto::UploadTarget {
            id: id.clone(),
            offset,
        };
        stream::iter([Part::Target(target), Part::Data(bytes.into())])
            .map(|part| proto::SendUploadRequest { part: Some(part) })
    };
    let first = client.send_upload(part(0, "abc")).await.unwrap();
    assert_eq!(first.into_inner().received, 3);
    let gap = client.send_upload(part(9, "xyz")).await.unwrap_err();
    assert_eq!(gap.code(), Code::FailedPrecondition, "{gap}");
    let second = client.send_upload(part(3, "defg")).await.unwrap();
    assert_eq!(second.into_inner().received, 7);
    let shown = client.get_upload(proto::GetUploadRequest { id: id.clone() });
    assert_eq!(shown.await.unwrap().into_inner().received, 7);
    let gone = proto::DeleteUploadRequest { id: id.clone() };
    client.delete_upload(gone).await.unwrap();
    let missing = client.get_upload(proto::GetUploadRequest { id: id.clone() });
    assert_eq!(missing.await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_capture_needs_its_upload() {
    let (_served, mut client) = with_app().await;
    let capture = proto::CaptureInstallerRequest {
        id: app(),
        upload: "0".repeat(32),
        name: "setup.exe".to_owned(),
        ..Default::default()
    };
    let refused = client.capture_installer(capture).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "{refused}");
    let none = client.list_captures(proto::ListCapturesRequest { id: app() });
    assert!(none.await.unwrap().into_inner().captures.is_empty());
}
