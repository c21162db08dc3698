//! Programs in containers.

use std::time::Duration;

use axum::http::Method;
use ctnr_api as api;
use ctnr_api::ErrorCode;
use ctnr_protocol::v1::program_input::Event as Input;
use ctnr_protocol::v1::program_output::{Event as Output, Started};
use ctnr_protocol::v1::*;
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};
use tonic::Streaming;

use super::{Answer, Containers, answer, fields_of};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::gateway::lost;
use crate::grpc::program;
use crate::grpc::streams::{self, Messages};
use crate::grpc::{convert, status};

/// How long a caller may take to say which program is meant.
const OPENING_TIMEOUT: Duration = Duration::from_secs(30);

impl Containers {
    pub(super) async fn run_container(
        &self,
        call: Call,
        request: RunContainerRequest,
    ) -> Answer<Messages<ProgramOutput>> {
        let asked = Asked::container(Method::POST, &request.id, &["run"])?;
        let fields = fields_of([
            ("entry", request.entry.map(Value::from)),
            ("args", Some(json!(request.args))),
        ]);
        self.program(call, asked, fields, request.program.unwrap_or_default())
            .await
    }

    pub(super) async fn exec_container(
        &self,
        call: Call,
        request: ExecContainerRequest,
    ) -> Answer<Messages<ProgramOutput>> {
        let asked = Asked::container(Method::POST, &request.id, &["exec"])?;
        let fields = fields_of([("cmd", Some(json!(request.cmd)))]);
        self.program(call, asked, fields, request.program.unwrap_or_default())
            .await
    }

    /// Runs a program and streams what it does.
    async fn program(
        &self,
        call: Call,
        asked: Asked,
        mut fields: Map<String, Value>,
        program: Program,
    ) -> Answer<Messages<ProgramOutput>> {
        let detach = program.detach;
        fields.extend(fields_of([
            ("env", Some(json!(program.env))),
            ("workdir", program.workdir.map(Value::from)),
            ("timeout", program.timeout_seconds.map(Value::from)),
            (
                "stdin",
                program.stdin.map(|stdin| streams::encode(&stdin).into()),
            ),
            ("display", program.display.map(Value::from)),
            ("encoding", Some(json!("base64"))),
            ("stream", Some(json!(!detach))),
            ("detach", Some(json!(detach))),
            ("tty", Some(json!(program.tty))),
        ]));
        let asked = asked.json(Value::Object(fields));
        if detach {
            let (started, told) = self.gateway.ask::<api::ExecStarted>(&call, asked).await?;
            let event = Some(Output::Started(Started {
                exec_id: started.id,
            }));
            let only = stream::iter([Ok(ProgramOutput { event })]);
            return Ok(answer(only.boxed() as Messages<_>, told));
        }
        let (frames, told) = self.lines(&call, asked).await?;
        let messages = frames.and_then(async |frame| streams::output(frame));
        Ok(answer(messages.boxed() as Messages<_>, told))
    }

    pub(super) async fn open_program(
        &self,
        call: Call,
        mut inputs: Streaming<ProgramInput>,
    ) -> Answer<Messages<ProgramOutput>> {
        let first = tokio::time::timeout(OPENING_TIMEOUT, inputs.message()).await;
        let opening = match first {
            Ok(first) => first?.and_then(|input| input.event),
            Err(_) => None,
        };
        let Some(Input::Open(opening)) = opening else {
            return Err(status::of(
                ErrorCode::BadRequest,
                "the first message has to be open, within 30 s, and say which program is meant",
            ));
        };
        let (asked, first) = program::opening(opening)?;
        let (mut socket, told) = self.gateway.open(&call, asked).await?;
        let is_owned = first.is_some();
        if let Some(first) = first {
            socket.send(first).await.map_err(lost)?;
        }
        Ok(answer(program::converse(socket, inputs, is_owned), told))
    }

    pub(super) async fn list_programs(
        &self,
        call: Call,
        request: ListProgramsRequest,
    ) -> Answer<ListProgramsResponse> {
        let asked = Asked::container(Method::GET, &request.id, &["exec"])?;
        let convert = |list: api::ExecList| ListProgramsResponse {
            programs: list.execs.into_iter().map(convert::program).collect(),
        };
        self.ask(&call, asked, convert).await
    }

    pub(super) async fn signal_program(
        &self,
        call: Call,
        request: SignalProgramRequest,
    ) -> Answer<SignalProgramResponse> {
        let below = ["exec", request.exec_id.as_str(), "signal"];
        let asked = Asked::container(Method::POST, &request.id, &below)?
            .json(json!({ "signal": request.signal }));
        self.tell(&call, asked, SignalProgramResponse {}).await
    }
}
