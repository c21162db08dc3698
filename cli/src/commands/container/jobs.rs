//! `ctnr jobs`.

use ctnr_api::{Job, JobListQuery};
use ctnr_client::Answer;
use ctnr_model::{JobKind, JobProgress, JobState};
use futures::TryStreamExt;
use jiff::Timestamp;

use crate::context::Context;
use crate::error::{About, CliError, Result};
use crate::output::{self, Fields, Table, Tone, ago};

/// Show jobs, and call them off or try them again
///
/// Without a verb, lists the newest.
#[derive(Debug, Clone, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  ctnr jobs
  ctnr jobs --state dead --state failed
  ctnr jobs watch 3f2a
  ctnr jobs retry 3f2a"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Clone, clap::Args)]
struct List {
    /// Only in this state: queued, running, succeeded, failed, dead, cancelled; of several one must
    /// match
    #[arg(long, short = 's')]
    state: Vec<JobState>,
    /// Only of this kind: create, runtime_build, capture, import, push, pull; of several one must match
    #[arg(long, value_parser = JobKind::parse)]
    kind: Vec<JobKind>,
    /// At most so many, the newest
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Verb {
    /// Show all that is known of a job
    Inspect(One),
    /// Show how a job goes on, to its end
    Watch(One),
    /// Call a job off
    Cancel(One),
    /// Put a job that failed, died or was cancelled in the queue again
    Retry(One),
}

#[derive(Debug, Clone, clap::Args)]
struct One {
    /// The job's id, or the unique start of it
    #[arg(value_name = "JOB")]
    job: String,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let client = &context.client;
    let answer = match &args.verb {
        None => return list(args.list, context).await,
        Some(Verb::Watch(one)) => {
            let last = follow(&one.job, context.output.json, context).await;
            return ended(&last.about(&one.job)?, context);
        }
        Some(Verb::Inspect(one)) => client.inspect_job(&one.job).await.about(&one.job)?,
        Some(Verb::Cancel(one)) => client.cancel_job(&one.job).await.about(&one.job)?,
        Some(Verb::Retry(one)) => client.retry_job(&one.job).await.about(&one.job)?,
    };
    match context.output.json {
        true => context.output.document(answer.json()),
        false => show(&answer, context),
    }
}

/// Shows how a job goes on until it has succeeded, and gives it as it is then.
///
/// # Errors
/// Where it does not succeed; the error says why.
pub(super) async fn follow(job: &str, quiet: bool, context: &Context) -> Result<Answer<Job>> {
    let mut states = context.client.watch_job(job).await?;
    let mut told = None;
    let mut last = None;
    while let Some(state) = states.try_next().await? {
        // What goes on in small steps is told of in large ones.
        let percent = state.progress.as_ref().and_then(percent);
        let step = (
            state.state.is_over(),
            message(&state),
            percent.map(|percent| percent / 10),
        );
        if !quiet && told.as_ref() != Some(&step) {
            output::note(&line(&state));
            told = Some(step);
        }
        last = Some(state);
    }
    let Some(last) = last else {
        return Err(CliError::Usage(format!(
            "the backend says nothing of job {job}"
        )));
    };
    match last.state {
        JobState::Succeeded => Ok(last),
        state => Err(CliError::Usage(format!(
            "job {} is {state}: {}",
            last.id.get(..12).unwrap_or(&last.id),
            last.error.as_deref().unwrap_or("no reason was given")
        ))),
    }
}

/// Prints a job that was followed, for programs; people have seen it go on.
pub(super) fn ended(job: &Answer<Job>, context: &Context) -> Result<()> {
    match context.output.json {
        true => context.output.document(job.json()),
        false => Ok(()),
    }
}

async fn list(args: List, context: &Context) -> Result<()> {
    let query = JobListQuery {
        state: args.state,
        kind: args.kind,
        limit: Some(args.limit),
        ..JobListQuery::default()
    };
    let answer = context.client.list_jobs(&query).await?;
    if context.output.json {
        return context.output.document(answer.json());
    }
    let now = Timestamp::now();
    let mut table = Table::new(["ID", "KIND", "STATE", "PROGRESS", "ATTEMPTS", "CREATED"]);
    for job in &answer.jobs {
        let tone = if job.state.is_over() {
            Tone::Faint
        } else {
            Tone::Plain
        };
        table.row(
            tone,
            [
                job.id.get(..12).unwrap_or(&job.id).to_owned(),
                job.kind.to_string(),
                job.state.to_string(),
                job.progress.as_ref().map(progress).unwrap_or_default(),
                format!("{}/{}", job.attempts, job.max_attempts),
                ago(job.created_at, now),
            ],
        );
    }
    table.print(context.output)
}

fn show(job: &Job, context: &Context) -> Result<()> {
    let moment = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let mut fields = Fields::default();
    fields.add("Id", job.id.as_str());
    fields.add("Kind", job.kind.to_string());
    fields.add("State", job.state.to_string());
    fields.add(
        "Progress",
        job.progress.as_ref().map(progress).unwrap_or_default(),
    );
    fields.add("Error", job.error.clone().unwrap_or_default());
    fields.add(
        "Attempts",
        format!("{} of {}", job.attempts, job.max_attempts),
    );
    fields.add("Priority", job.priority.to_string());
    fields.add("Container", job.container.clone().unwrap_or_default());
    fields.add("Holder", job.holder.clone().unwrap_or_default());
    fields.add("Created", job.created_at.to_string());
    fields.add("Started", moment(job.started_at));
    fields.add("Finished", moment(job.finished_at));
    fields.print(context.output)
}

fn line(job: &Job) -> String {
    match job.progress.as_ref().map(progress) {
        Some(progress) if !job.state.is_over() => format!("{}: {progress}", job.kind),
        _ => format!("{}: {}", job.kind, job.state),
    }
}

fn message(job: &Job) -> String {
    job.progress
        .as_ref()
        .map(|progress| progress.message.clone())
        .unwrap_or_default()
}

fn percent(progress: &JobProgress) -> Option<u64> {
    let total = progress.total.filter(|total| *total > 0)?;
    Some(progress.done.min(total) * 100 / total)
}

fn progress(progress: &JobProgress) -> String {
    let percent = percent(progress).map(|percent| format!("{percent} %"));
    match (percent, progress.message.as_str()) {
        (Some(percent), "") => percent,
        (Some(percent), message) => format!("{message} ({percent})"),
        (None, message) => message.to_owned(),
    }
}
