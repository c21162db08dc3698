//! Entry points and file types of a plan.

use ctnr_model::ContainerPath;
use ctnr_model::container::{Entry, Manifest, Win32Path};

use crate::PlanError;
use crate::environment::Values;
use crate::folders::Folders;
use crate::plan::{PlannedEntry, PlannedFileType};

/// The entries, where `place` says where a directory is in the sandbox, if the target has one.
pub(crate) fn entries(
    manifest: &Manifest,
    folders: &Folders<'_>,
    values: &Values<'_>,
    place: impl Fn(&Win32Path) -> Result<Option<ContainerPath>, PlanError>,
) -> Result<Vec<PlannedEntry>, PlanError> {
    let plan = |(index, entry): (usize, &Entry)| {
        let program = folders.resolve(&entry.program, || format!("entry[{index}].program"))?;
        let directory = match &entry.directory {
            Some(directory) => {
                folders.resolve(directory, || format!("entry[{index}].directory"))?
            }
            None => program.parent().unwrap_or_else(|| program.clone()),
        };
        let args = entry.args.iter().enumerate().map(|(argument, template)| {
            values.expand(template, || format!("entry[{index}].args[{argument}]"))
        });
        Ok(PlannedEntry {
            name: entry.name.clone(),
            kind: entry.kind,
            args: args.collect::<Result<_, _>>()?,
            sandbox_directory: place(&directory)?,
            program,
            directory,
        })
    };
    manifest.entries.iter().enumerate().map(plan).collect()
}

pub(crate) fn file_types(manifest: &Manifest) -> Vec<PlannedFileType> {
    let plan = |file_type: &ctnr_model::container::FileType| PlannedFileType {
        extension: file_type.extension.clone(),
        description: file_type.description.clone(),
        entry: file_type.entry.clone(),
    };
    manifest.file_types.iter().map(plan).collect()
}
