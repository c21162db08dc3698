//! User names of a sandbox, looked up in its own files.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;

use ctnr_model::UserSpec;
use rustix::fs::OFlags;

/// The most that is read of `/etc/passwd` or `/etc/group`, which the image may have made huge.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A user by numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedUser {
    /// The user's id in the sandbox.
    pub(crate) uid: u32,
    /// The group's id in the sandbox.
    pub(crate) gid: u32,
    /// Supplementary groups.
    pub(crate) groups: Vec<u32>,
    /// The home directory; `/` where none is known.
    pub(crate) home: String,
}

/// Looks a user up in `/etc/passwd` and `/etc/group` of the root that the process is in, by
/// Docker's rules: numbers need no entry, names do.
pub(crate) fn resolve(spec: &UserSpec) -> io::Result<ResolvedUser> {
    resolve_in(spec, &lines("/etc/passwd"), &lines("/etc/group"))
}

/// The lines of a regular file; none where it can't be read. A pipe in its place must not make
/// the open wait for a writer.
fn lines(path: &str) -> Vec<String> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let Ok(file) = File::options().read(true).custom_flags(flags).open(path) else {
        return Vec::new();
    };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Vec::new();
    }
    BufReader::new(file.take(MAX_BYTES))
        .lines()
        .map_while(Result::ok)
        .collect()
}

fn resolve_in(spec: &UserSpec, passwd: &[String], group: &[String]) -> io::Result<ResolvedUser> {
    let missing = |kind: &str, name: &str| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("no {kind} {name:?} in the image; give a number, or one that it has"),
        )
    };
    let number: Option<u32> = spec.user().parse().ok();
    let entry = passwd
        .iter()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| {
            fields.len() >= 6
                && (fields[0] == spec.user()
                    || number.is_some_and(|uid| fields[2].parse() == Ok(uid)))
        });
    let uid = match (&entry, number) {
        (Some(fields), _) => fields[2]
            .parse()
            .map_err(|_| missing("user", spec.user()))?,
        (None, Some(uid)) => uid,
        (None, None) => return Err(missing("user", spec.user())),
    };
    let name = entry.as_ref().map_or("", |fields| fields[0]);
    let default_gid = entry
        .as_ref()
        .and_then(|fields| fields[3].parse().ok())
        .unwrap_or(0);
    let groups = group.iter().map(|line| line.split(':').collect::<Vec<_>>());
    let gid = match spec.group() {
        None => default_gid,
        Some(wanted) => match wanted.parse() {
            Ok(gid) => gid,
            Err(_) => groups
                .clone()
                .find(|fields| fields.len() >= 3 && fields[0] == wanted)
                .and_then(|fields| fields[2].parse().ok())
                .ok_or_else(|| missing("group", wanted))?,
        },
    };
    let mut supplementary: Vec<u32> = match spec.group() {
        Some(_) => Vec::new(),
        None => groups
            .filter(|fields| {
                fields.len() >= 4
                    && !name.is_empty()
                    && fields[3].split(',').any(|user| user == name)
            })
            .filter_map(|fields| fields[2].parse().ok())
            .collect(),
    };
    // Past the kernel's limit (`NGROUPS_MAX`) setgroups fails.
    supplementary.truncate(65_536);
    let home = match entry.as_ref().map(|fields| fields[5]) {
        Some(home) if home.starts_with('/') => home.to_owned(),
        _ => "/".to_owned(),
    };
    Ok(ResolvedUser {
        uid,
        gid,
        groups: supplementary,
        home,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> io::Result<ResolvedUser> {
        let passwd = [
            "root:x:0:0:root:/root:/bin/sh",
            "node:x:1000:1001::/home/node:/bin/sh",
            "bad",
        ];
        let group = ["root:x:0:", "node:x:1001:", "audio:x:29:node,bun"];
        resolve_in(
            &UserSpec::parse(text).unwrap(),
            &passwd.map(str::to_owned),
            &group.map(str::to_owned),
        )
    }

    #[test]
    fn names_and_numbers() {
        for (text, uid, gid, groups, home) in [
            ("", 0, 0, &[][..], "/root"),
            ("node", 1000, 1001, &[29][..], "/home/node"),
            ("1000", 1000, 1001, &[29][..], "/home/node"),
            ("node:audio", 1000, 29, &[][..], "/home/node"),
            ("5", 5, 0, &[][..], "/"),
            ("5:7", 5, 7, &[][..], "/"),
        ] {
            let user = user(text).unwrap();
            assert_eq!(
                (user.uid, user.gid, &user.groups[..], &*user.home),
                (uid, gid, groups, home)
            );
        }
        assert!(user("nobody").is_err());
        assert!(user("node:nogroup").is_err());
    }
}
