//! Drives besides `C:`.

use ctnr_model::{EnvVar, Invalid};
use ctnr_plan::LinuxDrive;
use ctnr_wine::layout;

/// The variable with the drives that the first process makes, where there are any besides `C:`:
/// `D=/wine/drive_d:E=/wine/drive_e`.
pub(super) fn variable(drives: &[LinuxDrive]) -> Result<Option<EnvVar>, Invalid> {
    let others: Vec<String> = drives
        .iter()
        .filter(|drive| drive.letter != 'C')
        .map(|drive| format!("{}={}", drive.letter.to_ascii_lowercase(), drive.place))
        .collect();
    if others.is_empty() {
        return Ok(None);
    }
    EnvVar::new(layout::DRIVES, &others.join(":")).map(Some)
}

#[cfg(test)]
mod tests {
    use ctnr_model::ContainerPath;

    use super::*;

    fn drive(letter: char) -> LinuxDrive {
        let place = format!("/wine/drive_{}", letter.to_ascii_lowercase());
        LinuxDrive {
            letter,
            place: ContainerPath::parse(&place).expect("a path"),
        }
    }

    #[test]
    fn c_is_the_prefixes_own() {
        assert_eq!(variable(&[drive('C')]).expect("valid"), None);
        let both = variable(&[drive('C'), drive('D'), drive('X')]).expect("valid");
        let both = both.expect("a variable");
        assert_eq!(both.name(), layout::DRIVES);
        assert_eq!(both.value(), "d=/wine/drive_d:x=/wine/drive_x");
    }
}
