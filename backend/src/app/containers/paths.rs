//! Where a container's paths are on the Linux side.

use ctnr_model::ContainerPath;
use ctnr_model::container::Win32Path;
use ctnr_wine::layout;

/// The folders that every prefix has at the root of its drive. Linux tells upper from lower case,
/// so a second one would be made beside them by another spelling.
const ROOT_FOLDERS: [&str; 5] = [
    "Program Files",
    "Program Files (x86)",
    "ProgramData",
    "users",
    "windows",
];

/// The path on the Linux side; `None` for what is not on the container's drive.
pub(super) fn on_linux(path: &Win32Path) -> Option<ContainerPath> {
    if path.drive() != 'C' {
        return None;
    }
    let mut text = layout::DRIVE_C.to_owned();
    for (depth, name) in path.names().enumerate() {
        let known = ROOT_FOLDERS
            .into_iter()
            .filter(|_| depth == 0)
            .find(|known| known.eq_ignore_ascii_case(name));
        text.push('/');
        text.push_str(known.unwrap_or(name));
    }
    ContainerPath::parse(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drive_is_a_folder_and_roots_have_one_spelling() {
        for (windows, linux) in [
            (r"C:\App", "/wine/drive_c/App"),
            (r"c:\WINDOWS\Temp", "/wine/drive_c/windows/Temp"),
            (r"C:\program files\A b", "/wine/drive_c/Program Files/A b"),
        ] {
            let path = Win32Path::parse(windows).unwrap();
            assert_eq!(on_linux(&path).unwrap().as_str(), linux);
        }
        assert_eq!(on_linux(&Win32Path::parse(r"D:\x").unwrap()), None);
    }
}
