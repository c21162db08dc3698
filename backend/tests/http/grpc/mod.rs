//! gRPC, by a client made from the same protocol.

mod access;
mod files;
mod health;
mod life;
mod programs;
mod stop;

use std::net::SocketAddr;

use backend::grpc;
use backend::http::{self, Options};
use ctnr_protocol::v1 as proto;
use ctnr_protocol::v1::container_service_client::ContainerServiceClient;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;

use super::support::Platform;

type Channel = Client<HttpConnector, Body>;
type Service = ContainerServiceClient<Channel>;

/// A platform that is served over gRPC.
struct Served {
    platform: Platform,
    address: SocketAddr,
    /// Ends when the server has stopped.
    server: JoinHandle<()>,
}

impl Served {
    /// One with the runtime `wine:latest`.
    async fn start(options: Options) -> Self {
        let platform = Platform::start().await;
        platform.engine.add_runtime("wine:latest", 0x11);
        Self::of(platform, options).await
    }

    async fn of(platform: Platform, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = http::router(platform.app.clone(), options);
        let server = tokio::spawn(grpc::serve(listener, platform.app.clone(), router));
        Self {
            platform,
            address,
            server,
        }
    }

    fn client(&self) -> Service {
        Service::with_origin(channel(), self.origin())
    }

    fn origin(&self) -> axum::http::Uri {
        format!("http://{}", self.address).parse().unwrap()
    }
}

fn channel() -> Channel {
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http()
}

fn app() -> String {
    "app".to_owned()
}

fn get() -> proto::GetContainerRequest {
    proto::GetContainerRequest { id: app() }
}

fn create() -> proto::CreateContainerRequest {
    proto::CreateContainerRequest {
        name: Some(app()),
        labels: [("team".to_owned(), "red".to_owned())].into(),
        ..Default::default()
    }
}

/// A server with the container `app`, and a client of it.
async fn with_app() -> (Served, Service) {
    let served = Served::start(Options::default()).await;
    let mut client = served.client();
    client.create_container(create()).await.unwrap();
    (served, client)
}
