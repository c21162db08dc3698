//! An override from its text.

use super::table::Value;
use super::{Document, sections};
use crate::container::{
    EntryName, HostChange, Manifest, ManifestError, Override, PathTemplate, RuntimeReference,
};

impl Override {
    /// Reads an override. It has the keys of a manifest that may be overridden, and
    /// `default_entry`; a section `[[host]]` with `remove = true` takes a folder away.
    ///
    /// # Errors
    /// [`ManifestError`] with all that is wrong with it, each with its line, column and field.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        Document::read(text, |document, mut root| {
            sections::schema(document, &mut root)?;
            let runtime = root.take(document, "runtime");
            let runtime =
                runtime.and_then(|runtime| runtime.text(document, RuntimeReference::parse));
            let default_entry = root.take(document, "default_entry");
            let default_entry =
                default_entry.and_then(|name| name.text(document, EntryName::parse));
            let environment = sections::environment(document, &mut root);
            let (default_isolation, paths, keys) = sections::isolation(document, &mut root);
            let hosts = root.take(document, "host");
            let hosts =
                hosts.and_then(|all| all.list(document, Manifest::MAX_HOST_FOLDERS, host_change));
            let network = sections::network(document, &mut root);
            let limits = sections::limits(document, &mut root);
            root.finish(document);
            Some(Self {
                runtime,
                default_entry,
                environment,
                default_isolation,
                paths,
                keys,
                hosts: hosts.unwrap_or_default(),
                network,
                limits,
            })
        })
    }
}

fn host_change(document: &mut Document<'_>, value: Value<'_, '_>) -> Option<HostChange> {
    let mut table = value.table(document)?;
    let remove = match table.take(document, "remove") {
        Some(remove) => remove.truth(document)?,
        None => false,
    };
    if !remove {
        return sections::host_folder(document, table).map(HostChange::Put);
    }
    let path = table.require(document, "path");
    let path = path.and_then(|path| path.text(document, PathTemplate::parse));
    table.finish(document);
    path.map(HostChange::Remove)
}
