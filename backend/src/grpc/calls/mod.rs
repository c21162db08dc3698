//! `containers.v1.ContainerService`: which call is which route. A file here is what its calls are
//! about.

mod captures;
mod containers;
mod files;
mod jobs;
mod programs;
mod runtimes;
mod snapshots;
mod told;

use axum::http::{HeaderName, header};
use ctnr_protocol::v1::container_service_server::ContainerService;
use ctnr_protocol::v1::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::asked::Asked;
use super::call::{self, Call};
use super::gateway::Gateway;
use super::streams::{self, Messages};

const NDJSON: &str = "application/x-ndjson";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The service.
pub(super) struct Containers {
    gateway: Gateway,
    /// Cancelled when the server stops, so that endless answers end.
    stopping: CancellationToken,
}

type Answer<T> = Result<Response<T>, Status>;

impl Containers {
    pub(super) fn new(gateway: Gateway, stopping: CancellationToken) -> Self {
        Self { gateway, stopping }
    }

    /// What REST answers, as the message that `convert` makes of it.
    async fn ask<T: DeserializeOwned, M>(
        &self,
        call: &Call,
        asked: Asked,
        convert: impl FnOnce(T) -> M,
    ) -> Answer<M> {
        let (shown, told) = self.gateway.ask(call, asked).await?;
        Ok(answer(convert(shown), told))
    }

    /// Has something done whose answer is `done`.
    async fn tell<M>(&self, call: &Call, asked: Asked, done: M) -> Answer<M> {
        let told = self.gateway.tell(call, asked).await?;
        Ok(answer(done, told))
    }

    /// The lines of an answer that is streamed.
    async fn lines<T: DeserializeOwned + Send + 'static>(
        &self,
        call: &Call,
        asked: Asked,
    ) -> Result<(Messages<T>, MetadataMap), Status> {
        let asked = asked.header(header::ACCEPT, Some(NDJSON));
        let sent = self.gateway.send(call, asked).await?;
        let told = call::told(sent.headers());
        Ok((streams::lines(sent), told))
    }
}

/// An answer, with what its caller is told beside.
fn answer<T>(message: T, told: MetadataMap) -> Response<T> {
    let mut response = Response::new(message);
    *response.metadata_mut() = told;
    response
}

/// The body with what is set in it.
fn body<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    Value::Object(fields_of(fields))
}

fn fields_of<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let set = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    set.collect()
}

/// A text that is empty where there is none.
fn token(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Takes each call apart, and hands it to the method of its name.
macro_rules! calls {
    ($($name:ident($request:ty) -> $answer:ty;)*) => {
        #[tonic::async_trait]
        impl ContainerService for Containers {
            type RunContainerStream = Messages<ProgramOutput>;
            type ExecContainerStream = Messages<ProgramOutput>;
            type OpenProgramStream = Messages<ProgramOutput>;
            type ReadFileStream = Messages<Piece>;
            type ReadArchiveStream = Messages<Piece>;
            type StreamLogsStream = Messages<LogRecord>;
            type StreamEventsStream = Messages<Event>;
            type WatchJobStream = Messages<Job>;

            $(async fn $name(&self, request: Request<$request>) -> Answer<$answer> {
                let (call, request) = Call::of(request)?;
                Containers::$name(self, call, request).await
            })*
        }
    };
}

calls! {
    list_containers(ListContainersRequest) -> ListContainersResponse;
    create_container(CreateContainerRequest) -> Container;
    get_container(GetContainerRequest) -> Container;
    delete_container(DeleteContainerRequest) -> DeleteContainerResponse;
    start_container(StartContainerRequest) -> Container;
    stop_container(StopContainerRequest) -> Container;
    clone_container(CloneContainerRequest) -> Container;
    reset_container(ResetContainerRequest) -> Container;
    move_container(MoveContainerRequest) -> Container;
    plan_container(PlanContainerRequest) -> Plan;

    run_container(RunContainerRequest) -> Messages<ProgramOutput>;
    exec_container(ExecContainerRequest) -> Messages<ProgramOutput>;
    open_program(Streaming<ProgramInput>) -> Messages<ProgramOutput>;
    list_programs(ListProgramsRequest) -> ListProgramsResponse;
    signal_program(SignalProgramRequest) -> SignalProgramResponse;

    list_snapshots(ListSnapshotsRequest) -> ListSnapshotsResponse;
    create_snapshot(CreateSnapshotRequest) -> Snapshot;
    delete_snapshot(DeleteSnapshotRequest) -> DeleteSnapshotResponse;
    rollback_container(RollbackContainerRequest) -> Container;

    read_file(ReadFileRequest) -> Messages<Piece>;
    write_file(Streaming<WriteFileRequest>) -> WriteFileResponse;
    read_archive(ReadArchiveRequest) -> Messages<Piece>;
    write_archive(Streaming<WriteArchiveRequest>) -> WriteArchiveResponse;
    upload_layer(Streaming<UploadLayerRequest>) -> Layer;

    begin_upload(BeginUploadRequest) -> Upload;
    send_upload(Streaming<SendUploadRequest>) -> Upload;
    get_upload(GetUploadRequest) -> Upload;
    delete_upload(DeleteUploadRequest) -> DeleteUploadResponse;
    capture_installer(CaptureInstallerRequest) -> JobStarted;
    finish_capture(FinishCaptureRequest) -> FinishCaptureResponse;
    list_captures(ListCapturesRequest) -> ListCapturesResponse;

    list_runtimes(ListRuntimesRequest) -> ListRuntimesResponse;
    build_runtime(BuildRuntimeRequest) -> JobStarted;
    remove_runtime(RemoveRuntimeRequest) -> RemoveRuntimeResponse;

    stream_logs(StreamLogsRequest) -> Messages<LogRecord>;
    stream_events(StreamEventsRequest) -> Messages<Event>;

    list_jobs(ListJobsRequest) -> ListJobsResponse;
    get_job(GetJobRequest) -> Job;
    watch_job(WatchJobRequest) -> Messages<Job>;
    cancel_job(CancelJobRequest) -> Job;
    retry_job(RetryJobRequest) -> Job;
}
