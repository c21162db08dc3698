//! Where an installer lies while it runs.

use ctnr_model::ContainerPath;
use ctnr_model::container::check_name;
use ctnr_wine::layout;

use crate::app::{AppError, Result};

/// The folder of the installer, below the root of the drive. It is gone when the layer is made.
const FOLDER: &str = "ctnr-capture";

/// The name of an installer's file, which must be one of Windows.
pub(super) fn file_name(text: &str) -> Result<String> {
    check_name(text)
        .map(|()| text.to_owned())
        .map_err(|error| AppError::BadRequest(format!("name: {error}")))
}

/// The folder on the Linux side.
pub(super) fn folder() -> Result<ContainerPath> {
    Ok(ContainerPath::parse(&format!(
        "{}/{FOLDER}",
        layout::DRIVE_C
    ))?)
}

/// The installer's path, as Windows writes it.
pub(super) fn on_windows(name: &str) -> String {
    format!("C:\\{FOLDER}\\{name}")
}

/// Where an archive that unpacks itself goes.
pub(super) fn folder_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("C:\\Program Files\\{stem}")
}
