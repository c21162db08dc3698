//! How long work goes on: bars on terminals, lines otherwise.

use std::collections::HashMap;
use std::io::IsTerminal;

use ctnr_api::ImageProgress;
use ctnr_model::ByteSize;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{clean, note};

/// One bar a subject; without a terminal, a line where a subject enters a phase.
#[derive(Debug)]
pub(crate) struct ProgressBars {
    bars: Option<MultiProgress>,
    subjects: HashMap<String, Subject>,
    is_quiet: bool,
}

#[derive(Debug)]
struct Subject {
    phase: String,
    bar: Option<ProgressBar>,
}

impl ProgressBars {
    /// Shows progress on standard error, or nothing where it should be quiet.
    pub(crate) fn new(is_quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self {
            bars: (is_terminal && !is_quiet).then(MultiProgress::new),
            subjects: HashMap::new(),
            is_quiet,
        }
    }

    /// Shows how it goes on.
    pub(crate) fn show(&mut self, progress: &ImageProgress) {
        if self.is_quiet {
            return;
        }
        let bars = &self.bars;
        let subject = self
            .subjects
            .entry(progress.subject.clone())
            .or_insert_with(|| Subject {
                phase: String::new(),
                bar: bars.as_ref().map(|bars| bars.add(bar(&progress.subject))),
            });
        let is_new = subject.phase != progress.phase;
        subject.phase.clone_from(&progress.phase);
        match &subject.bar {
            Some(bar) => {
                if is_new {
                    bar.set_message(clean(&progress.phase).into_owned());
                }
                update(bar, progress);
            }
            None if is_new => note(&line(progress)),
            None => {}
        }
    }

    /// Takes the bars away.
    pub(crate) fn finish(&mut self) {
        for subject in self.subjects.values() {
            if let Some(bar) = &subject.bar {
                bar.finish_and_clear();
            }
        }
    }
}

impl Drop for ProgressBars {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(subject: &str) -> ProgressBar {
    let template = "{prefix:12} {msg:12} {bar:30} {binary_bytes:>11} {binary_total_bytes:11}";
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ");
    let bar = ProgressBar::new(0).with_style(style);
    bar.set_prefix(clean(subject).into_owned());
    bar
}

fn update(bar: &ProgressBar, progress: &ImageProgress) {
    match progress.total {
        Some(total) => bar.set_length(total),
        // A bar without an end stays at its beginning of the unknown.
        None => bar.set_length(progress.done.max(1)),
    }
    bar.set_position(progress.done);
}

fn line(progress: &ImageProgress) -> String {
    let mut line = String::new();
    if !progress.subject.is_empty() {
        line.push_str(&format!("{}: ", progress.subject));
    }
    line.push_str(&progress.phase);
    if let Some(total) = progress.total.filter(|total| *total > 0) {
        line.push_str(&format!(" {}", ByteSize::from_bytes(total)));
    }
    line
}
