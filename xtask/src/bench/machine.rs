//! The machine that the figures are from.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

/// What matters of the machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    pub(crate) distribution: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let memory_kib: u64 = field(&read("/proc/meminfo"), "MemTotal", ':')
            .and_then(|value| value.split(' ').next()?.parse().ok())
            .unwrap_or(0);
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name", ':')
                .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_kib / 1024 / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            distribution: field(&read("/etc/os-release"), "PRETTY_NAME", '=')
                .map(|name| name.trim_matches('"').to_owned())
                .unwrap_or_default(),
        }
    }

    /// In one line.
    pub(crate) fn shown(&self) -> String {
        format!(
            "{}, {} cores, {} GiB, Linux {}, {}",
            self.processor, self.cores, self.memory_gib, self.kernel, self.distribution
        )
    }
}

/// The value of the first line `name SEPARATOR value`.
fn field(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

/// The resident memory of a process, in MiB with one decimal.
pub(crate) fn resident_mib(pid: u32) -> Option<f64> {
    memory_mib(pid, "VmRSS")
}

/// The most resident memory that a process had since [`reset_peak`], in MiB with one decimal.
pub(crate) fn peak_mib(pid: u32) -> Option<f64> {
    memory_mib(pid, "VmHWM")
}

/// Begins anew to look for a process's most resident memory (`proc_pid_clear_refs(5)`).
pub(crate) fn reset_peak(pid: u32) -> Result<()> {
    let path = format!("/proc/{pid}/clear_refs");
    fs::write(&path, "5").with_context(|| format!("cannot write {path}"))
}

fn memory_mib(pid: u32, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib: u32 = field(&status, name, ':')?.split(' ').next()?.parse().ok()?;
    Some((f64::from(kib) / 1024.0 * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found() {
        let text = "processor\t: 0\nmodel name\t: A Processor @ 2 GHz\n";
        assert_eq!(
            field(text, "model name", ':').as_deref(),
            Some("A Processor @ 2 GHz")
        );
        assert_eq!(field(text, "missing", ':'), None);
    }

    #[test]
    fn memory_is_read() {
        let own = std::process::id();
        reset_peak(own).expect("it is this process");
        let resident = resident_mib(own).expect("this process runs");
        assert!(resident > 0.5);
        assert!(peak_mib(own).is_some_and(|peak| peak > 0.5));
    }
}
