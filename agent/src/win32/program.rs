//! Programs of Windows as commands in a container's sandbox.

use ctnr_model::container::Win32Path;
use ctnr_model::{ContainerPath, Invalid};
use ctnr_plan::PlannedEntry;
use ctnr_wine::layout;

/// A program that can't be run as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// No program is named.
    #[error("no program is named: give its path below C:\\, or a name such as cmd.exe")]
    Empty,
    /// A word has a NUL.
    #[error("a command must not contain a NUL character")]
    Nul,
    /// The program is named by a path of Linux.
    #[error(
        "{0:?} is a path of Linux: a container's program is named by its path below a drive, such as \
         C:\\Program Files\\7-Zip\\7z.exe"
    )]
    LinuxPath(String),
    /// The working directory has no place in the sandbox.
    #[error(transparent)]
    Directory(#[from] Invalid),
}

/// A program of Windows, with its arguments and its working directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    words: Vec<String>,
    directory: Option<ContainerPath>,
}

/// Programs of Wine's own that are named without their path. Where Wine itself has to look for a
/// name, it starts a second program for that, which takes as long as the first.
const OF_WINE: [&str; 9] = [
    "cmd", "msiexec", "net", "notepad", "reg", "regsvr32", "rundll32", "taskkill", "tasklist",
];

/// A command for a container's sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramCommand {
    /// What is executed, and its arguments.
    pub args: Vec<String>,
    /// The working directory; the container's own where there is none.
    pub workdir: Option<ContainerPath>,
}

impl Program {
    /// A program by its path on a drive or by a name that Windows looks for, and its arguments.
    ///
    /// # Errors
    /// [`ProgramError`] where the first word is no program's name.
    pub fn new(words: Vec<String>) -> Result<Self, ProgramError> {
        let program = words.first().ok_or(ProgramError::Empty)?;
        if program.trim().is_empty() {
            return Err(ProgramError::Empty);
        }
        if program.starts_with('/') || program.starts_with('-') {
            return Err(ProgramError::LinuxPath(program.clone()));
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err(ProgramError::Nul);
        }
        let mut words = words;
        if let Some(path) = path_of(&words[0]) {
            words[0] = path;
        }
        Ok(Self {
            words,
            directory: None,
        })
    }

    /// An entry point of a plan, with the caller's arguments behind its own.
    ///
    /// # Errors
    /// [`ProgramError::Nul`] for an argument with a NUL.
    pub fn entry(entry: &PlannedEntry, arguments: &[String]) -> Result<Self, ProgramError> {
        let words = std::iter::once(entry.program.to_string())
            .chain(entry.args.iter().cloned())
            .chain(arguments.iter().cloned());
        let mut program = Self::new(words.collect())?;
        program.directory.clone_from(&entry.sandbox_directory);
        Ok(program)
    }

    /// The same in another working directory. Its names have the case that they have on the drive.
    ///
    /// # Errors
    /// [`ProgramError::Directory`] for one that Linux has no name for.
    pub fn in_directory(mut self, directory: &Win32Path) -> Result<Self, ProgramError> {
        let root = format!(
            "{}/drive_{}",
            layout::PREFIX,
            directory.drive().to_ascii_lowercase()
        );
        let names: Vec<&str> = directory.names().collect();
        self.directory = Some(ContainerPath::parse(&root)?.join(&names.join("/"))?);
        Ok(self)
    }

    /// The command that runs it. Wine makes one command line of the words, by the rules that
    /// [`split_command_line`](super::split_command_line) reads.
    pub fn command(self) -> ProgramCommand {
        ProgramCommand {
            args: std::iter::once(layout::LOADER.to_owned())
                .chain(self.words)
                .collect(),
            workdir: self.directory,
        }
    }
}

/// The path of a program of Wine's that is named without one.
fn path_of(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let stem = name.strip_suffix(".exe").unwrap_or(&name);
    if stem == "regedit" {
        return Some("C:\\windows\\regedit.exe".to_owned());
    }
    OF_WINE
        .contains(&stem)
        .then(|| format!("C:\\windows\\system32\\{stem}.exe"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_program_is_run_by_the_loader() {
        let program = Program::new(words(&[r"C:\a b\c.exe", "x y", ""])).expect("a program");
        let command = program.command();
        assert_eq!(
            command.args,
            words(&[layout::LOADER, r"C:\a b\c.exe", "x y", ""])
        );
        assert_eq!(command.workdir, None);
    }

    #[test]
    fn wines_own_programs_are_found_at_once() {
        for (name, path) in [
            ("cmd", r"C:\windows\system32\cmd.exe"),
            ("REG.EXE", r"C:\windows\system32\reg.exe"),
            ("regedit", r"C:\windows\regedit.exe"),
            ("tool.exe", "tool.exe"),
            (r"C:\tools\cmd.exe", r"C:\tools\cmd.exe"),
        ] {
            let program = Program::new(words(&[name])).expect("a program");
            assert_eq!(program.command().args[1], path);
        }
    }

    #[test]
    fn a_directory_is_a_folder_of_the_prefix() {
        for (directory, place) in [
            (r"C:\", "/wine/drive_c"),
            (r"C:\Program Files\a", "/wine/drive_c/Program Files/a"),
            (r"d:\x", "/wine/drive_d/x"),
        ] {
            let directory = Win32Path::parse(directory).expect("a path");
            let program = Program::new(words(&["cmd.exe"])).expect("a program");
            let command = program.in_directory(&directory).expect("it has a place");
            let workdir = command.command().workdir;
            assert_eq!(workdir.expect("a directory").as_str(), place);
        }
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for (given, error) in [
            (&[][..], ProgramError::Empty),
            (&[""], ProgramError::Empty),
            (&["/bin/sh"], ProgramError::LinuxPath("/bin/sh".into())),
            (&["--version"], ProgramError::LinuxPath("--version".into())),
            (&["cmd", "a\0b"], ProgramError::Nul),
        ] {
            assert_eq!(Program::new(words(given)), Err(error), "{given:?}");
        }
    }
}
