//! The panel's files, as `cargo xtask build panel` left them in `site/` when this was compiled.
//!
//! A checkout without them (Node is needed to make them) compiles too: [`is_there`] tells. Why
//! they are in the binary stands in `docs/adr/0031-the-panel-is-files-in-the-binary.md`.
#![warn(missing_docs)]

/// A file of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its path below the panel's root, without a slash before it: `index.html`.
    pub path: &'static str,
    /// What the header `Content-Type` says of it.
    pub content_type: &'static str,
    /// The entity tag, quotes included; it changes with the content.
    pub etag: &'static str,
    /// Whether its name changes with its content, so that it may be kept for ever.
    pub is_immutable: bool,
    /// The sources of `script-src` for what is inside of a page: the hashes of its inline scripts.
    pub script_hashes: &'static str,
    /// The content, packed with gzip.
    pub gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Whether the panel was built into this binary.
#[must_use]
pub const fn is_there() -> bool {
    !FILES.is_empty()
}

/// The file that a path of a request means: `/jobs` is the page `jobs.html`.
#[must_use]
pub fn find(path: &str) -> Option<&'static File> {
    look_up(FILES, path)
}

fn look_up<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    let path = path.strip_prefix('/')?;
    let page;
    let path = match path {
        "" => "index.html",
        _ if path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.')) =>
        {
            path
        }
        _ => {
            page = format!("{path}.html");
            &page
        }
    };
    // They are sorted by their paths.
    let index = files.binary_search_by(|file| file.path.cmp(path)).ok()?;
    files.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn file(path: &'static str) -> File {
        File {
            path,
            content_type: "text/html",
            etag: "\"0\"",
            is_immutable: false,
            script_hashes: "",
            gzip: &[],
        }
    }

    #[test]
    fn paths_mean_pages_and_files() {
        let files = [file("_next/a.js"), file("index.html"), file("jobs.html")];
        let found = |path| look_up(&files, path).map(|file| file.path);
        assert_eq!(found("/"), Some("index.html"));
        assert_eq!(found("/jobs"), Some("jobs.html"));
        assert_eq!(found("/jobs.html"), Some("jobs.html"));
        assert_eq!(found("/_next/a.js"), Some("_next/a.js"));
        for absent in [
            "", "jobs", "/jobs/", "/job", "/../jobs", "//jobs", "/v1/info",
        ] {
            assert_eq!(found(absent), None, "{absent}");
        }
    }

    #[test]
    fn the_files_are_sorted_and_packed() {
        assert!(FILES.is_sorted_by(|a, b| a.path < b.path));
        for file in FILES {
            assert!(file.gzip.starts_with(&[0x1f, 0x8b]), "{}", file.path);
        }
    }
}
