//! Names for the shell's completion, asked of the backend while the user waits.

use std::future::Future;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCandidates;
use ctnr_api::{ContainerListQuery, ImagesQuery, ListQuery};
use ctnr_client::{Address, Client};
use ctnr_model::Scope;

use crate::settings;

/// The longest that a key press may take.
const PATIENCE: Duration = Duration::from_millis(800);

/// The sandboxes, running or not.
pub(crate) fn sandboxes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        ask(async |client| {
            let query = ListQuery {
                all: true,
                ..ListQuery::default()
            };
            let list = client.list_sandboxes(&query).await.ok()?;
            let candidates = list.sandboxes.iter().filter_map(|sandbox| {
                let name = sandbox.names.first()?.trim_start_matches('/');
                let about = format!("{}, {}", sandbox.image, sandbox.status);
                Some(CompletionCandidate::new(name).help(Some(about.into())))
            });
            Some(candidates.collect())
        })
    })
}

/// The containers.
pub(crate) fn containers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        ask(async |client| {
            let query = ContainerListQuery::default();
            let list = client.list_containers(&query).await.ok()?;
            let candidates = list.containers.iter().map(|container| {
                let about = format!("{}, {}", container.runtime.name, container.state);
                CompletionCandidate::new(&container.name).help(Some(about.into()))
            });
            Some(candidates.collect())
        })
    })
}

/// The runtimes' names.
pub(crate) fn runtimes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        ask(async |client| {
            let list = client.list_runtimes().await.ok()?;
            let names = list.runtimes.iter().flat_map(|runtime| &runtime.names);
            Some(names.map(CompletionCandidate::new).collect())
        })
    })
}

/// The images' names.
pub(crate) fn images() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        ask(async |client| {
            let list = client.list_images(&ImagesQuery::default()).await.ok()?;
            let names = list.images.iter().flat_map(|image| &image.repo_tags);
            Some(names.map(CompletionCandidate::new).collect())
        })
    })
}

/// The keys to the API.
pub(crate) fn keys() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        ask(async |client| {
            let list = client.list_keys().await.ok()?;
            let candidates = list.keys.iter().map(|key| {
                let about = format!("{}, {}", key.state.as_str(), key.scopes);
                CompletionCandidate::new(key.name.as_str()).help(Some(about.into()))
            });
            Some(candidates.collect())
        })
    })
}

/// The scopes of keys, which are known here.
pub(crate) fn scopes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let all = Scope::all().map(|scope| CompletionCandidate::new(scope.to_string()));
        all.collect::<Vec<_>>()
    })
}

/// Asks the backend; nothing where it does not answer in time. The address is that of the
/// environment, since the options on the line are not known here.
fn ask<F>(question: impl FnOnce(Client) -> F) -> Vec<CompletionCandidate>
where
    F: Future<Output = Option<Vec<CompletionCandidate>>>,
{
    let answer = || {
        let address = settings::value(settings::URL);
        let address = Address::parse(address.as_deref().unwrap_or(Address::DEFAULT)).ok()?;
        let client = Client::new(address, settings::value(settings::API_KEY).as_deref()).ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .ok()?;
        runtime
            .block_on(async { tokio::time::timeout(PATIENCE, question(client)).await })
            .ok()?
    };
    answer().unwrap_or_default()
}
