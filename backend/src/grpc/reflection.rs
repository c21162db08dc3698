//! What the services are, for clients that have no copy of the protocol.
//!
//! It may be read by those who may read `/openapi.json`.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ctnr_protocol::DESCRIPTORS;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::service::Routes;
use tonic_reflection::server::Builder;

use super::asked::Asked;
use super::call::{Call, told};
use super::gateway::Gateway;

/// The service, in both versions that clients ask for.
///
/// # Errors
/// Where the descriptors that are built in are damaged.
pub(super) fn routes(
    gateway: Gateway,
    stopping: CancellationToken,
) -> Result<Router, tonic_reflection::server::Error> {
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let services = Routes::new(builder().build_v1()?).add_service(builder().build_v1alpha()?);
    Ok(services
        .into_axum_router()
        .layer(from_fn_with_state((gateway, stopping), admit)))
}

async fn admit(
    State((gateway, stopping)): State<(Gateway, CancellationToken)>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let caller = Call::new(request.extensions().get(), request.headers().clone());
    let admitted = match ask(&gateway, caller).await {
        Ok(admitted) => admitted,
        Err(status) => return status.into_http(),
    };
    // A client may keep its stream of questions open for as long as it lives; it ends with the
    // server.
    let request = request.map(|questions| {
        let questions = questions.into_data_stream();
        Body::from_stream(questions.take_until(stopping.cancelled_owned()))
    });
    let mut answer = next.run(request).await;
    answer
        .headers_mut()
        .extend(told(admitted.headers()).into_headers());
    answer
}

async fn ask(gateway: &Gateway, caller: Result<Call, Status>) -> Result<Response, Status> {
    let asked = Asked::new(Method::GET, &["openapi.json"])?;
    gateway.send(&caller?, asked).await
}
