//! `ctnr sandbox stats`.

use std::io::IsTerminal;

use ctnr_api::{ErrorCode, ListQuery, SandboxStats, StatsQuery};
use ctnr_client::{Answer, ClientError};
use ctnr_model::{ByteSize, SandboxQuery};
use futures::future::join_all;

use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Table, Tone};

/// What a terminal does to be empty, with the cursor at its top.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Show what sandboxes use of the host
///
/// Processors in use (100% is one), memory without what the kernel takes back when it is needed,
/// processes, and what went over the network and to disks since the start. Goes on until Ctrl-C, or
/// until none of the sandboxes runs.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox stats
  ctnr sandbox stats --no-stream web db
  ctnr sandbox stats --json --no-stream web | jq .usage.memory_bytes")]
pub(crate) struct Args {
    /// Print it once
    #[arg(long)]
    no_stream: bool,
    /// Measure over so many seconds, 0.1 to 60
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    interval: f64,
    /// Their names, ids, or unique starts of ids; all that run where none is given
    #[arg(value_name = "SANDBOX", value_parser = SandboxQuery::parse, add = complete::sandboxes())]
    sandboxes: Vec<SandboxQuery>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let redraws = !args.no_stream && !context.output.json && std::io::stdout().is_terminal();
    let mut seen_any = false;
    loop {
        // A sandbox that is named has to be there at first, and may end later.
        let lenient = seen_any || args.sandboxes.is_empty();
        let stats = read(&args, lenient, context).await?;
        if context.output.json {
            for stats in &stats {
                context.output.record(stats.json())?;
            }
        } else {
            if redraws {
                context.output.text(CLEAR)?;
            }
            table(&stats).print(context.output)?;
        }
        if args.no_stream || stats.is_empty() {
            return Ok(());
        }
        seen_any = true;
    }
}

/// One reading of each. Leniently, one that has ended is left out.
async fn read(args: &Args, lenient: bool, context: &Context) -> Result<Vec<Answer<SandboxStats>>> {
    let sandboxes = if !args.sandboxes.is_empty() {
        args.sandboxes.clone()
    } else {
        let (running, _) = super::fetch(ListQuery::default(), None, context).await?;
        let ids = running.iter().map(|one| SandboxQuery::parse(&one.id));
        ids.collect::<std::result::Result<_, _>>()?
    };
    let query = StatsQuery {
        stream: false,
        interval: Some(args.interval),
    };
    let readings = sandboxes
        .iter()
        .map(|sandbox| context.client.stats(sandbox, &query));
    let mut stats = Vec::new();
    for (sandbox, reading) in sandboxes.iter().zip(join_all(readings).await) {
        match reading {
            Err(error) if lenient && is_over(&error) => {}
            reading => stats.push(reading.about(sandbox.as_str())?),
        }
    }
    Ok(stats)
}

/// Whether the sandbox has ended or is gone.
fn is_over(error: &ClientError) -> bool {
    matches!(
        error.code(),
        Some(ErrorCode::Conflict | ErrorCode::NotFound)
    )
}

fn table(stats: &[Answer<SandboxStats>]) -> Table {
    let mut table = Table::new([
        "ID",
        "NAME",
        "CPU",
        "MEMORY",
        "LIMIT",
        "NETWORK IN",
        "OUT",
        "READ",
        "WRITTEN",
        "PIDS",
    ]);
    for stats in stats {
        let usage = &stats.usage;
        let bytes = |bytes| ByteSize::from_bytes(bytes).to_string();
        table.row(
            Tone::Plain,
            [
                stats.id.get(..12).unwrap_or(&stats.id).to_owned(),
                stats.name.trim_start_matches('/').to_owned(),
                format!("{:.1}%", usage.cpu_percent),
                bytes(usage.memory_bytes),
                usage.memory_limit_bytes.map(bytes).unwrap_or_default(),
                bytes(usage.received_bytes),
                bytes(usage.sent_bytes),
                bytes(usage.read_bytes),
                bytes(usage.written_bytes),
                usage.pids.to_string(),
            ],
        );
    }
    table
}
