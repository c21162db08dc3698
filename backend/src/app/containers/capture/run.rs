//! Running an installer, and waiting for all that it starts.

use std::collections::VecDeque;
use std::time::Duration;

use ctnr_engine::{ExecSession, ExecSpec, SandboxEngine, Stdio};
use ctnr_model::{EnvVar, ExecId, ExitStatus, SandboxId};
use futures::StreamExt;

use crate::app::Result;

/// How much of the end of an installer's output is kept.
const MAX_LOG: usize = 64 << 10;

/// How often the programs that are left are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Prints the names of the programs of a session that are none of Wine's own. Wine gives its
/// processes the names of their programs.
const PROGRAMS_LEFT: &str = r#"
for folder in /proc/[0-9]*; do
    [ "${folder#/proc/}" = "$$" ] && continue
    read -r name <"$folder/comm" || continue
    case $name in
    sh | sleep | win32-start | win32-wait | wineserver* | services.exe | winedevice.exe) ;;
    plugplay.exe | svchost.exe | explorer.exe | rpcss.exe | conhost.exe | tabtip.exe) ;;
    spoolsv.exe | wineboot.exe | Xtigervnc | Xvnc | Xvfb) ;;
    *) echo "$name" ;;
    esac
done 2>/dev/null
"#;

/// The end of an installer's output.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<u8>);

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        let surplus = self.0.len().saturating_sub(MAX_LOG);
        self.0.drain(..surplus);
    }

    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().copied().collect();
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }
}

/// Begins a command in a session.
pub(super) async fn begin(
    engine: &dyn SandboxEngine,
    sandbox: &SandboxId,
    cmd: Vec<String>,
    env: Vec<EnvVar>,
) -> Result<ExecSession> {
    let spec = ExecSpec {
        id: ExecId::from_random(rand::random()),
        cmd,
        env,
        workdir: None,
        user: None,
        stdio: Stdio::Pipes { stdin: false },
        detached: false,
    };
    Ok(engine.exec(sandbox, &spec).await?)
}

/// Reads a command's output to its end, and gives its exit. `tail` has what it has put out so far,
/// also where the future is dropped. Programs that it leaves behind may keep its output open: the
/// exit counts.
pub(super) async fn to_end(session: ExecSession, tail: &mut Tail) -> Result<ExitStatus> {
    let ExecSession {
        mut output,
        mut exit,
        // Both end the command when they are dropped.
        stdin: _stdin,
        control: _control,
    } = session;
    let mut is_open = true;
    loop {
        tokio::select! {
            status = &mut exit => return Ok(status?),
            piece = output.next(), if is_open => match piece {
                Some(piece) => tail.add(&piece?.data),
                None => is_open = false,
            }
        }
    }
}

/// Waits until no program is left that is none of Wine's own, at most so long, and gives the names
/// of those that are left then.
pub(super) async fn children(
    engine: &dyn SandboxEngine,
    sandbox: &SandboxId,
    patience: Duration,
    tell: impl Fn(&[String]),
) -> Result<Vec<String>> {
    let end = tokio::time::Instant::now() + patience;
    loop {
        let cmd = ["/bin/sh", "-c", PROGRAMS_LEFT].map(str::to_owned).to_vec();
        let session = begin(engine, sandbox, cmd, Vec::new()).await?;
        let left = names(session).await?;
        if left.is_empty() || tokio::time::Instant::now() >= end {
            return Ok(left);
        }
        tell(&left);
        tokio::time::sleep(LOOK).await;
    }
}

/// The lines that a command puts out.
async fn names(mut session: ExecSession) -> Result<Vec<String>> {
    let mut tail = Tail::default();
    while let Some(piece) = session.output.next().await {
        tail.add(&piece?.data);
    }
    session.exit.await?;
    Ok(tail.text().lines().map(str::to_owned).collect())
}
