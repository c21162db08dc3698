//! What of the host belongs to a data directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{parent_of, pids};

/// What a data directory has outside of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owned {
    /// Processes: `PID of PARENT: COMMAND: holds FILES`.
    pub processes: Vec<String>,
    /// Mounts of the host, by their place.
    pub mounts: Vec<String>,
    /// Control groups.
    pub cgroups: Vec<String>,
}

impl Owned {
    /// Looks at the host for what belongs to a data directory, of which sandboxes had these ids.
    pub fn by(directory: &Path, ids: &[String]) -> Self {
        let mut cgroups = Vec::new();
        let has_id = |path: &Path| {
            let path = path.to_string_lossy();
            ids.iter().any(|id| path.contains(id.as_str()))
        };
        collect_below(Path::new("/sys/fs/cgroup"), 4, &has_id, &mut cgroups);
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts are readable");
        let place = directory.to_string_lossy().into_owned();
        Self {
            processes: processes_of(directory)
                .into_iter()
                .map(|pid| described(pid, directory))
                .collect(),
            mounts: mounts
                .lines()
                .filter(|line| line.contains(&place))
                .map(str::to_owned)
                .collect(),
            cgroups,
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The processes that hold something of a data directory open: the backend, its launcher by its
/// parent, the supervisors by their logs, and what is below those.
pub fn processes_of(directory: &Path) -> Vec<u32> {
    let own = std::process::id();
    pids()
        .into_iter()
        .filter(|pid| *pid != own && holds(*pid, directory))
        .collect()
}

fn holds(pid: u32, directory: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let is_below = |link: &Path| fs::read_link(link).is_ok_and(|to| to.starts_with(directory));
    let Ok(fds) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    is_below(&process.join("cwd"))
        || is_below(&process.join("root"))
        || fds.flatten().any(|fd| is_below(&fd.path()))
}

/// A process, with what it holds open of the folder.
fn described(pid: u32, directory: &Path) -> String {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = read("cmdline").replace('\0', " ");
    let held: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .filter_map(|link| Some(link.strip_prefix(directory).ok()?.display().to_string()))
        .collect();
    let parent = parent_of(pid).unwrap_or_default();
    format!("{pid} of {parent}: {}: holds {held:?}", line.trim())
}

fn collect_below(
    directory: &Path,
    depth: usize,
    wanted: &dyn Fn(&Path) -> bool,
    found: &mut Vec<String>,
) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_directory {
            continue;
        }
        let path = entry.path();
        if wanted(&path) {
            found.push(path.display().to_string());
        } else if depth > 0 {
            collect_below(&path, depth - 1, wanted, found);
        }
    }
}
