//! What processes have used, as `/proc` tells it (`proc(5)`).

use std::fs;

/// What some processes have used, and the children among them that have ended and were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ProcessUsage {
    /// Nanoseconds spent in programs.
    pub(crate) user: u64,
    /// Nanoseconds that the kernel spent for them.
    pub(crate) system: u64,
    /// Threads that are alive.
    pub(crate) threads: u64,
    /// Bytes read from disks.
    pub(crate) read_bytes: u64,
    /// Bytes written to disks.
    pub(crate) written_bytes: u64,
}

/// A clock tick of `/proc`, in nanoseconds: `USER_HZ` is 100 on all architectures that Rust knows.
const TICK: u64 = 10_000_000;

/// The numbers behind the name in `/proc/PID/stat`, from field 3 on.
fn fields(pid: u32) -> Option<Vec<u64>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    // Fields that are no numbers, or negative ones, are none that are asked for.
    let number = |field: &str| field.parse().unwrap_or(0);
    Some(rest.split_ascii_whitespace().map(number).collect())
}

/// Adds up what processes have used. Those that are gone meanwhile count with their parents.
pub(crate) fn usage_of(pids: &[u32]) -> ProcessUsage {
    let mut sum = ProcessUsage::default();
    for pid in pids {
        let Some(fields) = fields(*pid) else {
            continue;
        };
        // By the numbers of proc(5), less 3.
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0);
        sum.user += (field(14) + field(16)) * TICK;
        sum.system += (field(15) + field(17)) * TICK;
        sum.threads += field(20);
        add_io(&mut sum, *pid);
    }
    sum
}

/// Adds up what ended and waited-for children of a process have used.
pub(crate) fn usage_of_ended_children(pid: u32) -> ProcessUsage {
    let mut sum = ProcessUsage::default();
    if let Some(fields) = fields(pid) {
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0);
        sum.user = field(16) * TICK;
        sum.system = field(17) * TICK;
        // The file does not tell its own part from that of its children.
        add_io(&mut sum, pid);
    }
    sum
}

fn add_io(sum: &mut ProcessUsage, pid: u32) {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    for (name, value) in io.lines().filter_map(|line| line.split_once(": ")) {
        let value = value.trim().parse().unwrap_or(0);
        match name {
            "read_bytes" => sum.read_bytes += value,
            "write_bytes" => sum.written_bytes += value,
            _ => {}
        }
    }
}

/// The bytes of memory of some processes that are present; what several share counts for each.
pub(crate) fn resident(pids: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    };
    pids.iter().filter_map(of).sum()
}

/// All processes that a process has made, and those that they have made.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = vec![pid];
    while let Some(pid) = next.pop() {
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for thread in threads.filter_map(Result::ok) {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_ascii_whitespace();
            next.extend(children.filter_map(|child| child.parse::<u32>().ok()));
        }
        found.push(pid);
    }
    found.remove(0);
    found
}

/// What all processors of the host have had to give so far, in nanoseconds, and how many they are.
pub(crate) fn host_processors() -> (u64, u32) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut lines = stat.lines();
    // Of a guest's time, which are the last two, the first two have counted already.
    let ticks: u64 = lines
        .next()
        .into_iter()
        .flat_map(|all| all.split_ascii_whitespace().skip(1).take(8))
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    let online = lines.take_while(|line| line.starts_with("cpu")).count();
    (ticks * TICK, u32::try_from(online).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_and_its_children_are_counted() {
        let mut child = std::process::Command::new("sleep")
            .arg("100")
            .spawn()
            .unwrap();
        let own = std::process::id();
        assert!(descendants(own).contains(&child.id()));
        assert!(!descendants(own).contains(&own));
        let usage = usage_of(&[own, child.id()]);
        assert!(usage.threads >= 2, "{usage:?}");
        assert!(resident(&[own]) > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(usage_of(&[child.id()]), ProcessUsage::default());
    }

    #[test]
    fn the_hosts_processors_are_counted() {
        let (nanoseconds, online) = host_processors();
        assert!(nanoseconds > 0 && online > 0);
    }
}
