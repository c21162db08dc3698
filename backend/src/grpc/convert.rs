//! The wire types of REST as messages.

use ctnr_api as api;
use ctnr_protocol::v1 as proto;
use prost_types::Timestamp;

pub(super) fn container(shown: api::Container) -> proto::Container {
    proto::Container {
        id: shown.id,
        name: shown.name,
        state: shown.state.to_string(),
        error: shown.error,
        job: shown.job,
        capture: shown.capture,
        runtime: Some(proto::RuntimeReference {
            name: shown.runtime.name,
            digest: shown.runtime.digest,
        }),
        entry_points: shown.entry_points,
        layers: shown.layers.iter().map(ToString::to_string).collect(),
        base_layers: shown.base_layers,
        sandbox: shown.sandbox,
        labels: shown.labels,
        limits: Some(proto::Limits {
            memory_bytes: shown.limits.memory.map(|memory| memory.bytes()),
            cpus: shown.limits.cpus.map(|cpus| cpus.nanos() as f64 / 1e9),
            pids: shown.limits.pids.map(|pids| pids.count()),
        }),
        network: shown.network.as_str().to_owned(),
        folders: shown.folders,
        engine: shown.engine.to_string(),
        host: shown.host,
        created_at: Some(time(shown.created_at)),
        changed_at: Some(time(shown.changed_at)),
    }
}

pub(super) fn snapshot(shown: api::Snapshot) -> proto::Snapshot {
    proto::Snapshot {
        name: shown.name,
        layers: shown.layers,
        created_at: Some(time(shown.created_at)),
    }
}

pub(super) fn job(shown: api::Job) -> proto::Job {
    proto::Job {
        id: shown.id,
        kind: shown.kind.to_string(),
        state: shown.state.to_string(),
        priority: shown.priority,
        attempts: shown.attempts,
        max_attempts: shown.max_attempts,
        cancel_requested: shown.cancel_requested,
        progress: shown.progress.map(|progress| proto::job::Progress {
            done: progress.done,
            total: progress.total,
            message: progress.message,
        }),
        result_json: shown.result.map(|result| result.to_string()),
        error: shown.error,
        container: shown.container,
        host: shown.host,
        revision: shown.revision,
        created_at: Some(time(shown.created_at)),
        started_at: shown.started_at.map(time),
        finished_at: shown.finished_at.map(time),
    }
}

pub(super) fn job_started(started: api::JobStarted) -> proto::JobStarted {
    proto::JobStarted { job: started.job }
}

pub(super) fn program(shown: api::ExecInfo) -> proto::DetachedProgram {
    proto::DetachedProgram {
        exec_id: shown.id,
        cmd: shown.cmd,
        tty: shown.tty,
        state: word(&shown.state),
        pid: shown.pid,
        started_at: Some(time(shown.started_at)),
        finished_at: shown.finished_at.map(time),
        exit_code: shown.exit_code,
    }
}

pub(super) fn upload(shown: api::Upload) -> proto::Upload {
    proto::Upload {
        id: shown.id,
        received: shown.received,
    }
}

pub(super) fn capture(shown: api::Capture) -> proto::Capture {
    let product = |product: api::CapturedProduct| proto::capture::Product {
        name: product.name,
        version: product.version,
        publisher: product.publisher,
        icon: product.icon,
        location: product.location,
    };
    let program = |program: api::CapturedProgram| proto::capture::CapturedProgram {
        name: program.name,
        program: program.program,
        arguments: program.arguments,
        description: program.description,
        icon: program.icon,
        kind: program.kind,
    };
    proto::Capture {
        layer: shown.layer,
        job: shown.job,
        created_at: Some(time(shown.created_at)),
        installer: shown.installer,
        kind: shown.kind,
        arguments: shown.arguments,
        exit_code: shown.exit_code,
        log: shown.log,
        products: shown.products.into_iter().map(product).collect(),
        programs: shown.programs.into_iter().map(program).collect(),
        left_running: shown.left_running,
        registry_json: shown.registry.to_string(),
    }
}

pub(super) fn runtime(shown: api::Runtime) -> proto::Runtime {
    proto::Runtime {
        digest: shown.digest,
        image: shown.image,
        names: shown.names,
        size: shown.size,
        is_default: shown.default,
        containers: shown.containers,
        created_at: shown.created_at.map(time),
    }
}

pub(super) fn event(event: api::Event) -> proto::Event {
    proto::Event {
        sequence: event.sequence,
        time: Some(time(event.time)),
        subject: word(&event.subject),
        action: word(&event.action),
        id: event.id,
        attributes: event.attributes,
    }
}

/// A time, in the form that gRPC has for it.
pub(super) fn time(time: jiff::Timestamp) -> Timestamp {
    // The nanoseconds of the message go upwards, also before 1970.
    let nanos = time.subsec_nanosecond();
    let (seconds, nanos) = if nanos < 0 {
        (time.as_second() - 1, nanos + 1_000_000_000)
    } else {
        (time.as_second(), nanos)
    };
    Timestamp { seconds, nanos }
}

/// The word that a value is in JSON.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
