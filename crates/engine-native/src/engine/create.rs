//! Starting sandboxes.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, PoisonError};

use ctnr_engine::{EngineError, Result, Started};
use ctnr_images::{ImageError, StoredImage};
use ctnr_model::{Digest, HostBinding, PortRequest, Process, PublishedPort, SandboxSpec};
use jiff::Timestamp;

use super::Inner;
use super::adopt::{remove_groups, watch_lifeline};
use super::images::engine_error;
use super::sandbox::{Sandbox, status_of};
use super::signals::stop_signal;
use crate::protocol::{Launch, Report, RootLaunch, SandboxLaunch};
use crate::wire::Channel;

/// Makes a sandbox and starts its program; see the trait.
pub(super) async fn create(inner: &Arc<Inner>, spec: &SandboxSpec) -> Result<Started> {
    let (inner, spec) = (Arc::clone(inner), spec.clone());
    // In a task of its own, so that a caller who leaves does not cut it in the middle.
    tokio::spawn(async move {
        let image = image_of(&inner, &spec)?;
        let process = Process::resolve(&image.config, &spec.process)?;
        let held = inner.layers.take(&spec.layers)?;
        let mounts = held.mounts(&spec.mounts)?;
        let index = inner.indexes.take()?;
        let sandbox = Arc::new(Sandbox::new(&inner, spec.id.clone(), index));
        let _turn = sandbox.turn.lock().await;
        let stacked = held.stacked();
        sandbox.hold_layers(held);
        let program = Program {
            root: RootLaunch {
                dir: sandbox.directory.clone(),
                layers: image.layers.clone(),
                stacked,
                mounts,
                ids: inner.identity.ids(sandbox.index),
            },
            image_id: image.id.clone(),
            process,
            stop_signal: stop_signal(image.config.stop_signal.as_deref()),
        };
        let result = match make_directory(&sandbox) {
            Ok(()) => launch(&inner, &sandbox, &spec, program, spec.ports.clone()).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(started) => {
                let mut sandboxes =
                    inner.sandboxes.write().unwrap_or_else(PoisonError::into_inner);
                sandboxes.insert(spec.id.clone(), Arc::clone(&sandbox));
                Ok(started)
            }
            Err(error) => {
                if let Err(left) = inner.trash.throw(&sandbox.directory) {
                    tracing::warn!(sandbox = spec.id.short(), %left, "a failed sandbox's directory is left");
                }
                inner.indexes.release(index);
                Err(error)
            }
        }
    })
    .await
    .map_err(|error| EngineError::internal("creating the sandbox", error))?
}

/// Starts a sandbox that does not run; see the trait.
pub(super) async fn start(
    inner: &Arc<Inner>,
    spec: &SandboxSpec,
    ports: &[PublishedPort],
) -> Result<Started> {
    let (inner, spec, ports) = (Arc::clone(inner), spec.clone(), fixed(&spec.ports, ports));
    tokio::spawn(async move {
        let sandbox = inner.sandbox(&spec.id)?;
        let _turn = sandbox.turn.lock().await;
        if sandbox.running_record().is_ok() {
            return Err(EngineError::Conflict(
                "the sandbox is running already".to_owned(),
            ));
        }
        let record = sandbox.record().ok_or(EngineError::SandboxNotFound)?;
        // What it was made from, whatever the image's name means by now.
        let program = Program {
            root: record.root,
            image_id: record.image_id,
            process: record.process,
            stop_signal: record.stop_signal,
        };
        launch(&inner, &sandbox, &spec, program, ports).await
    })
    .await
    .map_err(|error| EngineError::internal("starting the sandbox", error))?
}

fn image_of(inner: &Inner, spec: &SandboxSpec) -> Result<Arc<StoredImage>> {
    let image = match (inner.store.resolve(&spec.image), spec.image.digest()) {
        // Its name may have gone to another image since.
        (Err(ImageError::NotFound { .. }), Some(digest)) => inner.store.find(&digest.to_string()),
        (image, _) => image,
    };
    let image = image.map_err(|error| match error {
        ImageError::NotFound { .. } => EngineError::ImageNotFound {
            reference: spec.image.familiar(),
        },
        error => engine_error(error),
    })?;
    if image.layers.is_empty() {
        return Err(EngineError::BadRequest(format!(
            "image {} has no files, so no program can run in it",
            spec.image.familiar()
        )));
    }
    Ok(image)
}

/// The ports of a sandbox, with the numbers that they had before.
fn fixed(requests: &[PortRequest], published: &[PublishedPort]) -> Vec<PortRequest> {
    let fix = |request: &PortRequest| {
        let before = published
            .iter()
            .find(|port| port.container == request.container);
        let port = before.map(|port| port.host_port).or(request.host.port);
        PortRequest {
            host: HostBinding {
                port,
                ..request.host
            },
            ..*request
        }
    };
    requests.iter().map(fix).collect()
}

fn make_directory(sandbox: &Sandbox) -> Result<()> {
    match std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&sandbox.directory)
    {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(EngineError::Conflict(
            "a sandbox with this id exists already".to_owned(),
        )),
        result => {
            result.map_err(|error| EngineError::on_disk("making the sandbox's directory", &error))
        }
    }
}

/// What a sandbox runs, and on what.
struct Program {
    root: RootLaunch,
    image_id: Digest,
    process: Process,
    stop_signal: i32,
}

/// Has a supervisor start the program, and watches it from then on.
async fn launch(
    inner: &Arc<Inner>,
    sandbox: &Arc<Sandbox>,
    spec: &SandboxSpec,
    program: Program,
    ports: Vec<PortRequest>,
) -> Result<Started> {
    let network = inner.links.take(spec.network).await?;
    let link = network.link;
    let request = SandboxLaunch {
        id: sandbox.id.clone(),
        index: sandbox.index,
        root: program.root,
        image_id: program.image_id,
        stop_signal: program.stop_signal,
        process: program.process,
        hostname: hostname(spec),
        ports,
        limits: spec.limits,
        network,
        // A name of its own for each start: the group of the last one may still be there.
        cgroup: inner
            .identity
            .limits
            .then(|| format!("{}-{}", sandbox.id, Timestamp::now().as_microsecond())),
    };
    let group = request.cgroup.clone();
    let result = run(inner, sandbox, request).await;
    if result.is_err() {
        tokio::spawn(remove_groups(group.into_iter().collect()));
        inner.links.release(link).await;
    }
    result
}

async fn run(
    inner: &Arc<Inner>,
    sandbox: &Arc<Sandbox>,
    request: SandboxLaunch,
) -> Result<Started> {
    let doing = "starting the sandbox's supervisor";
    let launch = Launch::Sandbox(Box::new(request));
    let lifeline = inner
        .launcher
        .launch(&launch)
        .and_then(Channel::new)
        .map_err(|error| EngineError::internal(doing, error))?;
    let Channel {
        sender,
        mut receiver,
    } = lifeline;
    let report = receiver.recv::<Report>().await;
    match report.map_err(|error| EngineError::internal(doing, error))? {
        Some((Report::Launched(record), _)) => {
            let started = Started {
                ports: record.ports.clone(),
                status: status_of(Some(&record)),
            };
            sandbox.set_record(record);
            tokio::spawn(watch_lifeline(
                Arc::clone(inner),
                Arc::clone(sandbox),
                sender,
                receiver,
            ));
            Ok(started)
        }
        Some((Report::Failed(failure), _)) => Err(failure.into()),
        Some((Report::Ended(_), _)) | None => Err(EngineError::internal(
            doing,
            "it ended before it could answer; is the host out of memory or processes?",
        )),
    }
}

/// What the sandbox calls itself.
fn hostname(spec: &SandboxSpec) -> String {
    match &spec.process.hostname {
        Some(name) => name.to_string(),
        None => spec.id.short().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_keep_their_numbers() {
        let requests =
            ["3000/tcp", "8081:80/tcp", "53/udp"].map(|text| PortRequest::parse(text).unwrap());
        let published = [PublishedPort {
            container: requests[0].container,
            address: None,
            host_port: 32_768,
        }];
        let fixed: Vec<String> = fixed(&requests, &published)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(fixed, ["32768:3000/tcp", "8081:80/tcp", "53/udp"]);
    }
}
