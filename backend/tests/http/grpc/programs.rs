//! Programs that are told things while they run.

use bytes::Bytes;
use ctnr_protocol::v1 as proto;
use ctnr_protocol::v1::program_input::Event as Input;
use ctnr_protocol::v1::program_opening::What;
use ctnr_protocol::v1::program_output::Event as Output;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tonic::{Code, Streaming};

use super::{Service, app, with_app};

fn command(words: &[&str]) -> Input {
    let cmd = words.iter().map(|word| (*word).to_owned()).collect();
    Input::Open(proto::ProgramOpening {
        id: app(),
        what: Some(What::Command(proto::CommandLine { cmd })),
        ..Default::default()
    })
}

fn inputs(events: Vec<Input>) -> impl Stream<Item = proto::ProgramInput> {
    stream::iter(events).map(|event| proto::ProgramInput { event: Some(event) })
}

async fn all(outputs: Streaming<proto::ProgramOutput>) -> Result<Vec<Output>, tonic::Status> {
    outputs
        .map_ok(|output| output.event.unwrap())
        .try_collect()
        .await
}

fn stdout(events: &[Output]) -> Vec<u8> {
    let pieces = events.iter().filter_map(|event| match event {
        Output::Stdout(data) => Some(data.as_ref()),
        _ => None,
    });
    pieces.collect::<Vec<_>>().concat()
}

fn code(events: &[Output]) -> Option<i32> {
    match events.last() {
        Some(Output::Exit(exit)) => Some(exit.exit_code),
        _ => None,
    }
}

#[tokio::test]
async fn input_is_answered_as_it_comes() {
    let (_served, mut client) = with_app().await;
    let (sender, mut receiver) = mpsc::channel(4);
    let tell = async |event| {
        sender
            .send(proto::ProgramInput { event: Some(event) })
            .await
            .unwrap();
    };
    tell(command(&["cat"])).await;
    let sent = stream::poll_fn(move |context| receiver.poll_recv(context));
    let mut heard = client.open_program(sent).await.unwrap().into_inner();
    let mut next = async || heard.message().await.unwrap().unwrap().event.unwrap();
    assert!(matches!(next().await, Output::Started(_)));
    for text in ["one\n", "t\0w\u{ff}o"] {
        tell(Input::Stdin(text.into())).await;
        assert_eq!(next().await, Output::Stdout(text.into()));
    }
    tell(Input::EndStdin(proto::InputEnd {})).await;
    assert_eq!(code(&[next().await]), Some(0));
    assert_eq!(heard.message().await.unwrap(), None);
}

/// More than a message of the socket below takes, and more than fits in between at once.
#[tokio::test]
async fn the_end_of_the_messages_is_the_end_of_the_input() {
    let (_served, mut client) = with_app().await;
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let sent = inputs(vec![
        command(&["cat"]),
        Input::Stdin(Bytes::from(content.clone())),
    ]);
    let heard = client.open_program(sent).await.unwrap().into_inner();
    let events = all(heard).await.unwrap();
    assert!(stdout(&events) == content, "it came back otherwise");
    assert_eq!(code(&events), Some(0));
}

async fn refused(client: &mut Service, events: Vec<Input>) -> tonic::Status {
    match client.open_program(inputs(events)).await {
        Err(status) => status,
        Ok(heard) => all(heard.into_inner()).await.unwrap_err(),
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_served, mut client) = with_app().await;
    let opening = |change: fn(&mut proto::ProgramOpening)| {
        let Input::Open(mut opening) = command(&["cat"]) else {
            unreachable!("it opens");
        };
        change(&mut opening);
        Input::Open(opening)
    };
    for (events, code) in [
        (vec![], Code::InvalidArgument),
        (vec![Input::Stdin("a".into())], Code::InvalidArgument),
        (vec![command(&[])], Code::InvalidArgument),
        (
            vec![opening(|opening| opening.what = None)],
            Code::InvalidArgument,
        ),
        (
            vec![opening(|opening| opening.id = String::new())],
            Code::InvalidArgument,
        ),
        (
            vec![opening(|opening| opening.id = "none".to_owned())],
            Code::NotFound,
        ),
        (
            vec![opening(|opening| {
                opening.env.insert("A=B".to_owned(), "c\0".to_owned());
            })],
            Code::InvalidArgument,
        ),
        (
            vec![opening(|opening| {
                opening.terminal = Some(proto::TerminalSize {
                    columns: 70_000,
                    rows: 1,
                });
            })],
            Code::InvalidArgument,
        ),
        (
            vec![command(&["sleep", "9"]), command(&["cat"])],
            Code::InvalidArgument,
        ),
        (
            vec![
                command(&["sleep", "9"]),
                Input::Signal("NOTHING".to_owned()),
            ],
            Code::InvalidArgument,
        ),
        (
            vec![opening(|opening| {
                opening.what = Some(What::Attach("0".repeat(32)));
            })],
            Code::NotFound,
        ),
    ] {
        let shown = format!("{events:?}");
        let status = refused(&mut client, events).await;
        assert_eq!(status.code(), code, "{shown}: {status}");
        assert!(status.metadata().contains_key("ctnr-error-code"), "{shown}");
    }
}

#[tokio::test]
async fn a_signal_ends_a_program() {
    let (_served, mut client) = with_app().await;
    let events = vec![command(&["sleep", "9"]), Input::Signal("TERM".to_owned())];
    let never_ends = inputs(events).chain(stream::pending());
    let heard = client.open_program(never_ends).await.unwrap().into_inner();
    assert_eq!(code(&all(heard).await.unwrap()), Some(128 + 15));
}

#[tokio::test]
async fn a_detached_program_is_listed_and_signalled() {
    let (_served, mut client) = with_app().await;
    let detached = proto::ExecContainerRequest {
        id: app(),
        cmd: vec!["sleep".to_owned(), "9".to_owned()],
        program: Some(proto::Program {
            detach: true,
            ..Default::default()
        }),
    };
    let heard = client.exec_container(detached).await.unwrap().into_inner();
    let heard = all(heard).await.unwrap();
    let [Output::Started(started)] = &heard[..] else {
        panic!("{heard:?}");
    };
    let list = client.list_programs(proto::ListProgramsRequest { id: app() });
    let list = list.await.unwrap().into_inner().programs;
    assert_eq!(list[0].exec_id, started.exec_id);
    assert_eq!(list[0].cmd.last().unwrap(), "9");
    for (signal, code) in [("NOTHING", Some(Code::InvalidArgument)), ("TERM", None)] {
        let signal = proto::SignalProgramRequest {
            id: app(),
            exec_id: started.exec_id.clone(),
            signal: signal.to_owned(),
        };
        let answer = client.signal_program(signal).await;
        assert_eq!(answer.err().map(|error| error.code()), code);
    }
}
