//! A sandbox's spec in the daemon's words.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, PortMap,
    RestartPolicy, RestartPolicyNameEnum,
};
use ctnr_model::{Limits, SandboxSpec};

/// What root in a sandbox may do: enough for package managers and web servers, the same on every
/// engine.
const CAPABILITIES: [&str; 11] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The container of a sandbox.
pub(super) fn container(
    spec: &SandboxSpec,
    bindings: PortMap,
    labels: HashMap<String, String>,
    network_mode: &str,
) -> ContainerCreateBody {
    let process = &spec.process;
    ContainerCreateBody {
        hostname: Some(match &process.hostname {
            Some(name) => name.to_string(),
            None => spec.id.short().to_owned(),
        }),
        image: Some(spec.image.familiar()),
        entrypoint: process.entrypoint.clone(),
        cmd: process.cmd.clone(),
        env: Some(process.env.iter().map(ToString::to_string).collect()),
        working_dir: process.workdir.as_ref().map(ToString::to_string),
        user: process.user.as_ref().map(ToString::to_string),
        exposed_ports: Some(bindings.keys().cloned().collect()),
        labels: Some(labels),
        host_config: Some(HostConfig {
            port_bindings: Some(bindings),
            network_mode: Some(network_mode.to_owned()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(CAPABILITIES.map(str::to_owned).to_vec()),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            ipc_mode: Some("private".to_owned()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
            restart_policy: Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::NO),
                maximum_retry_count: None,
            }),
            log_config: Some(log_config()),
            ..limits(&spec.limits)
        }),
        ..ContainerCreateBody::default()
    }
}

/// Logs that can be read back, whatever the daemon's default is, and that don't fill the disk.
fn log_config() -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(HashMap::from([
            ("max-size".to_owned(), "16m".to_owned()),
            ("max-file".to_owned(), "4".to_owned()),
        ])),
    }
}

fn limits(limits: &Limits) -> HostConfig {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let memory = limits.memory.map(|memory| signed(memory.bytes()));
    HostConfig {
        memory,
        // The same as memory: no swap on top of it.
        memory_swap: memory,
        nano_cpus: limits.cpus.map(|cpus| signed(cpus.nanos())),
        pids_limit: limits.pids.map(|pids| i64::from(pids.count())),
        ..HostConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use ctnr_model::{ImageReference, NetworkMode, ProcessOverrides, SandboxId, SandboxName};

    use super::*;

    #[test]
    fn safe_by_default() {
        let spec = SandboxSpec {
            id: SandboxId::from_random([1; 32]),
            name: SandboxName::parse("one").unwrap(),
            image: ImageReference::parse("busybox").unwrap(),
            process: ProcessOverrides::default(),
            ports: Vec::new(),
            labels: ctnr_model::Labels::new(),
            limits: Limits::default(),
            network: NetworkMode::Open,
            layers: Vec::new(),
            mounts: Vec::new(),
        };
        let body = container(&spec, PortMap::new(), HashMap::new(), "ctnr-x");
        let host = body.host_config.unwrap();
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert_eq!(host.security_opt.unwrap(), ["no-new-privileges"]);
        assert_eq!(host.pids_limit, Some(4096));
        assert_eq!(host.memory, Some(2 << 30));
        assert_eq!(host.memory_swap, host.memory);
        assert_eq!(host.privileged, None);
        assert_eq!(body.hostname.unwrap(), "010101010101");
        assert_eq!(body.image.unwrap(), "busybox:latest");
        assert_eq!(body.entrypoint, None);
    }
}
