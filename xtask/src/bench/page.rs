//! The figures as a table and as a page of the documentation.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::figures::{EngineFigures, LoadFigures, Rate, Spread};
use super::machine::Machine;
use crate::console;
use crate::workspace;

const PAGE: &str = "docs/benchmarks.md";
const BEGIN: &str = "<!-- bench sandbox: begin -->\n";
const END: &str = "<!-- bench sandbox: end -->\n";

/// All that a run measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) machine: Machine,
    /// How often each operation was measured.
    pub(crate) number: u32,
    /// From the start of the process to the first answer.
    pub(crate) start_to_listening_ms: f64,
    /// Resident memory of the backend before its first sandbox.
    pub(crate) idle_mib: f64,
    /// Resident memory of the backend after all of them.
    pub(crate) idle_after_mib: f64,
    pub(crate) native: EngineFigures,
    pub(crate) docker: EngineFigures,
    pub(crate) load: LoadFigures,
}

/// The tables in Markdown, the ratios first.
pub(super) fn table(figures: &Figures) -> String {
    let Figures { native, docker, .. } = figures;
    let mut lines = vec![
        "| | native is faster by | native p50 | native p99 | Docker p50 | Docker p99 | goal for p50 |".to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for (name, native, docker, goal) in [
        (
            "create and start",
            native.create,
            docker.create,
            "10 ms, 30 times",
        ),
        (
            "exec `/bin/true`",
            native.exec,
            docker.exec,
            "3 ms, 20 times",
        ),
        ("delete", native.delete, docker.delete, "5 ms"),
    ] {
        lines.push(format!("{} {goal} |", spread_row(name, native, docker)));
    }
    lines.push(String::new());
    lines.push("| native | measured | goal |".to_owned());
    lines.push("|---|---:|---:|".to_owned());
    lines.extend(load_rows(figures));
    lines.push(String::new());
    lines.push(format!(
        "Over HTTP, {} of each in the first table, the engines in turn; image `busybox:latest`, with a \
         network namespace of its own, one published port and the default limits and filter.",
        figures.number
    ));
    lines.push(String::new());
    lines.push(format!("Machine: {}.", figures.machine.shown()));
    lines.join("\n") + "\n"
}

fn load_rows(figures: &Figures) -> Vec<String> {
    let LoadFigures {
        creates,
        deletes,
        execs,
        stream,
    } = &figures.load;
    let rate = |what: &str, rate: &Rate, goal: &str| {
        let Rate {
            count,
            at_a_time,
            per_second,
        } = rate;
        format!(
            "| {count} {what}, {at_a_time} at a time, none failed | {per_second:.1}/s | {goal} |"
        )
    };
    vec![
        rate("creates that live side by side", creates, "100/s"),
        rate("deletes of them", deletes, ""),
        rate("execs in one sandbox", execs, "300/s"),
        format!(
            "| {} MiB of output of one exec, streamed | {:.0} MiB/s | |",
            stream.bytes / 1024 / 1024,
            stream.mib_per_second
        ),
        format!(
            "| the backend's memory during that, before and at most | {:.1} and {:.1} MiB | constant |",
            stream.before_mib, stream.peak_mib
        ),
        format!(
            "| the backend's memory when idle, at first and after all this | {:.1} and {:.1} MiB | 50 MB |",
            figures.idle_mib, figures.idle_after_mib
        ),
        format!(
            "| from the backend's start to its first answer | {:.0} ms | 100 ms |",
            figures.start_to_listening_ms
        ),
    ]
}

fn spread_row(name: &str, native: Spread, docker: Spread) -> String {
    let ratio = docker.p50_ms / native.p50_ms.max(f64::MIN_POSITIVE);
    format!(
        "| {name} | {ratio:.1} times | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms |",
        native.p50_ms, native.p99_ms, docker.p50_ms, docker.p99_ms
    )
}

/// Puts the table into the documentation.
pub(super) fn write(table: &str) -> Result<()> {
    let path = workspace::root().join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))?;
    fs::write(&path, replaced(&page, table)?).with_context(|| format!("cannot write {path:?}"))?;
    console::note(format!("wrote {PAGE}"));
    Ok(())
}

fn replaced(page: &str, table: &str) -> Result<String> {
    let place = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = place else {
        bail!("{PAGE} lacks the lines {BEGIN:?} and {END:?}");
    };
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_replaced_and_the_rest_stays() {
        let page = format!("# Title\n\n{BEGIN}\nold\n\n{END}\ntext\n");
        let once = replaced(&page, "new\n").expect("it has the marks");
        assert_eq!(once, format!("# Title\n\n{BEGIN}\nnew\n\n{END}\ntext\n"));
        assert_eq!(replaced(&once, "new\n").expect("again"), once);
        assert!(replaced("# Title\n", "new\n").is_err());
    }

    #[test]
    fn ratios_come_first() {
        let fast = Spread {
            p50_ms: 2.0,
            p99_ms: 3.0,
        };
        let slow = Spread {
            p50_ms: 300.0,
            p99_ms: 400.0,
        };
        assert_eq!(
            spread_row("create", fast, slow),
            "| create | 150.0 times | 2.00 ms | 3.00 ms | 300.00 ms | 400.00 ms |"
        );
    }
}
