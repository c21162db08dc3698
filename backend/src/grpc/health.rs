//! `grpc.health.v1.Health`: what `/healthz` says, for clients that ask by gRPC.

use std::time::Duration;

use axum::http::Method;
use ctnr_api::ErrorCode;
use ctnr_protocol::v1::container_service_server::SERVICE_NAME;
use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::asked::Asked;
use super::call::{Call, told};
use super::gateway::{Gateway, error};
use super::status;
use super::streams::Messages;
use crate::app::App;

/// How often one who watches is told of a change at most.
const LOOK: Duration = Duration::from_secs(5);

/// The service. Anyone may ask, as over REST.
pub(super) struct Healthiness {
    gateway: Gateway,
    app: App,
    stopping: CancellationToken,
}

impl Healthiness {
    pub(super) fn new(gateway: Gateway, app: App) -> Self {
        let stopping = app.closing();
        Self {
            gateway,
            app,
            stopping,
        }
    }

    /// Whether the server is ready, as the route of REST says it.
    async fn ask(&self, call: &Call) -> Result<Response<HealthCheckResponse>, Status> {
        let asked = Asked::new(Method::GET, &["healthz"])?;
        let answer = self.gateway.call(call, asked).await?;
        let is_ready = match answer.status().as_u16() {
            200 => true,
            503 => false,
            _ => return Err(error(answer).await),
        };
        let mut response = Response::new(shown(is_ready && !self.stopping.is_cancelled()));
        *response.metadata_mut() = told(answer.headers());
        Ok(response)
    }
}

#[tonic::async_trait]
impl Health for Healthiness {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let (call, request) = Call::of(request)?;
        if !is_served(&request.service) {
            return Err(status::of(
                ErrorCode::NotFound,
                format!("there is no service {:?}", request.service),
            ));
        }
        self.ask(&call).await
    }

    type WatchStream = Messages<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Messages<HealthCheckResponse>>, Status> {
        let (call, request) = Call::of(request)?;
        let first = self.ask(&call).await?;
        let (told, first) = (first.metadata().clone(), first.into_inner());
        let first = if is_served(&request.service) {
            first
        } else {
            // It may come, says the protocol: such a watch goes on.
            of(ServingStatus::ServiceUnknown)
        };
        let later = changes(self.app.clone(), self.stopping.clone(), first);
        let all = stream::iter([first]).chain(later).map(Ok);
        let mut response = Response::new(all.boxed() as Messages<_>);
        *response.metadata_mut() = told;
        Ok(response)
    }
}

/// What is said after `last`, each time that it is something else. The last word is that nothing is
/// served, when the server stops.
fn changes(
    app: App,
    stopping: CancellationToken,
    last: HealthCheckResponse,
) -> impl futures::Stream<Item = HealthCheckResponse> + Send {
    let is_known = last != of(ServingStatus::ServiceUnknown);
    stream::unfold(Some(last), move |last| {
        let (app, stopping) = (app.clone(), stopping.clone());
        async move {
            let last = last?;
            loop {
                tokio::select! {
                    () = stopping.cancelled() => {
                        let end = if is_known { shown(false) } else { last };
                        return (end != last).then_some((end, None));
                    }
                    () = tokio::time::sleep(LOOK) => {}
                }
                if !is_known {
                    continue;
                }
                let seen = shown(app.health().await.is_ready());
                if seen != last {
                    return Some((seen, Some(seen)));
                }
            }
        }
    })
}

fn is_served(service: &str) -> bool {
    service.is_empty() || service == SERVICE_NAME
}

fn shown(is_ready: bool) -> HealthCheckResponse {
    of(if is_ready {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    })
}

fn of(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
