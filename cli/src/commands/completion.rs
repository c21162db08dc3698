//! `ctnr completion`.

use clap::ValueEnum;
use clap_complete::env::Shells;

use crate::error::{CliError, Result};
use crate::output::Output;

/// Print the shell's script that completes commands and names
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  echo 'source <(ctnr completion bash)' >> ~/.bashrc
  echo 'source <(ctnr completion zsh)' >> ~/.zshrc
  ctnr completion fish > ~/.config/fish/completions/ctnr.fish

Names of containers, sandboxes and images are asked of the backend in CONTAINERS_URL as you type.")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let shells = Shells::builtins();
    let name = args.shell.name();
    let shell = shells
        .completer(name)
        .ok_or_else(|| CliError::Usage(format!("there is no completion for {name}")))?;
    let mut script = Vec::new();
    shell
        .write_registration("COMPLETE", "ctnr", "ctnr", "ctnr", &mut script)
        .map_err(CliError::printing)?;
    Output::new(false).bytes(&script)
}
