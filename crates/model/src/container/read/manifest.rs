//! A manifest from its text.

use super::{Document, sections};
use crate::ContainerName;
use crate::container::check;
use crate::container::{
    Bitness, IsolationPolicy, Manifest, ManifestError, NetworkSection, PackageVersion,
    RuntimeReference,
};

impl Manifest {
    /// Reads `container.toml`. Keys that are not known are refused, and the whole is checked.
    ///
    /// # Errors
    /// [`ManifestError`] with all that is wrong with it, each with its line, column and field.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        Document::read(text, |document, mut root| {
            let schema = sections::schema(document, &mut root)?;
            let name = root.require(document, "name");
            let name = name.and_then(|name| name.text(document, ContainerName::parse));
            let version = root.require(document, "version");
            let version = version.and_then(|version| version.text(document, PackageVersion::parse));
            let about = root.take(document, "description");
            let about = about.and_then(|about| sections::description(about, document));
            let bitness = root.require(document, "bitness");
            let bitness = bitness.and_then(|bitness| bitness.text(document, Bitness::parse));
            let runtime = root.require(document, "runtime");
            let runtime =
                runtime.and_then(|runtime| runtime.text(document, RuntimeReference::parse));
            let state_schema = match root.take(document, "state_schema") {
                Some(version) => version.whole(document),
                None => Some(1),
            };
            let layers = root.take(document, "layer");
            let layers =
                layers.and_then(|all| all.list(document, Self::MAX_LAYERS, sections::layer));
            let entries = root.take(document, "entry");
            let entries =
                entries.and_then(|all| all.list(document, Self::MAX_ENTRIES, sections::entry));
            let file_types = root.take(document, "file_type");
            let file_types = file_types
                .and_then(|all| all.list(document, Self::MAX_FILE_TYPES, sections::file_type));
            let environment = sections::environment(document, &mut root);
            let (default, paths, keys) = sections::isolation(document, &mut root);
            let hosts = root.take(document, "host");
            let hosts = hosts.and_then(|all| {
                all.list(document, Self::MAX_HOST_FOLDERS, |document, host| {
                    let table = host.table(document)?;
                    sections::host_folder(document, table)
                })
            });
            let network = sections::network(document, &mut root);
            let limits = sections::limits(document, &mut root);
            root.finish(document);
            let mut manifest = Self {
                schema,
                name: name?,
                version: version?,
                description: about,
                bitness: bitness?,
                runtime: runtime?,
                state_schema: state_schema?,
                layers: layers.unwrap_or_default(),
                entries: entries.unwrap_or_default(),
                file_types: file_types.unwrap_or_default(),
                environment,
                isolation: IsolationPolicy {
                    default: default.unwrap_or_default(),
                    paths,
                    keys,
                },
                hosts: hosts.unwrap_or_default(),
                network: NetworkSection {
                    policy: network.unwrap_or_default(),
                },
                limits,
            };
            if let [only] = &mut manifest.entries[..]
                && !document.places.contains_key("entry[0].default")
            {
                only.default = true;
            }
            // Where a part can't be read, its index and its name are not to be relied on.
            if document.problems.is_empty() {
                for (field, message) in check::problems(&manifest) {
                    document.problem(&field, message);
                }
            }
            Some(manifest)
        })
    }
}
