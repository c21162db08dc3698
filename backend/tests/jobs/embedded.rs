//! Jobs in the process that owns the host.

use std::time::Duration;

use backend::jobs::Performed;
use backend::store::{Claimant, JobRow, Store};
use ctnr_model::JobState;
use futures::StreamExt;

use crate::owner::{INSTALLATION, Owner};
use crate::support::{TestDatabase, eventually};

const LONG: Duration = Duration::from_secs(60);

async fn over(owner: &Owner, job: &JobRow) -> JobRow {
    owner.app.wait_for_job(&job.id, LONG).await.unwrap()
}

async fn take(store: &Store, holder: &str, lease: Duration) -> JobRow {
    let claimant = Claimant {
        name: holder.to_owned(),
        hosts: None,
        lease,
    };
    store.claim_job(&claimant).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_job_is_done_and_tells_how_far_it_is() {
    let database = TestDatabase::sqlite();
    let owner = Owner::start(&database).await;
    let job = owner.enqueue("waits").await;
    let mut changes = owner.app.watch_job(job.id.clone(), None);
    let mut states = Vec::new();
    while let Some(change) = changes.next().await {
        let change = change.unwrap();
        if change.progress.is_some() && owner.steering.begun() == 1 {
            owner.steering.open(1);
        }
        states.push(change.state);
    }
    states.dedup();
    assert_eq!(states.last(), Some(&JobState::Succeeded));
    assert!(states.contains(&JobState::Running), "{states:?}");
    let job = over(&owner, &job).await;
    assert_eq!(job.result.unwrap()["done"], "waits");
    assert_eq!(job.progress.unwrap().message, "half");
    assert_eq!((job.attempts, job.holder), (1, None));
}

#[tokio::test]
async fn what_fails_is_tried_again_or_not() {
    let database = TestDatabase::sqlite();
    let owner = Owner::start(&database).await;
    let job = owner.enqueue("fails once").await;
    let job = over(&owner, &job).await;
    assert_eq!((job.state, job.attempts), (JobState::Succeeded, 2));
    assert_eq!(job.error, None);
    let job = owner.enqueue("fails").await;
    let job = over(&owner, &job).await;
    assert_eq!((job.state, job.attempts), (JobState::Failed, 1));
    assert_eq!(job.error.as_deref(), Some("it is no good"));
}

#[tokio::test]
async fn a_handler_that_panics_makes_a_dead_letter_and_ends_nothing_else() {
    let database = TestDatabase::sqlite();
    let owner = Owner::start(&database).await;
    let bad = owner.enqueue("panics").await;
    let bad = over(&owner, &bad).await;
    assert_eq!((bad.state, bad.attempts), (JobState::Dead, 3));
    let good = owner.enqueue("works").await;
    assert_eq!(over(&owner, &good).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_job_that_runs_heeds_a_call_to_cancel() {
    let database = TestDatabase::sqlite();
    let owner = Owner::start(&database).await;
    let job = owner.enqueue("waits").await;
    eventually("it runs", || async { owner.steering.begun() == 1 }).await;
    let told = owner.app.cancel_job(job.id.short()).await.unwrap();
    assert_eq!(told.state, JobState::Running);
    let job = over(&owner, &job).await;
    assert_eq!(job.state, JobState::Cancelled);
    // Asked for once more, it is done from the beginning.
    owner.app.retry_job(job.id.as_str()).await.unwrap();
    owner.steering.open(1);
    assert_eq!(over(&owner, &job).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn what_a_killed_process_held_is_taken_up_at_once() {
    let database = TestDatabase::sqlite();
    let owner = Owner::quiet(&database).await;
    let job = owner.enqueue("works").await;
    take(&owner.store, &format!("backend {INSTALLATION}"), LONG * 60).await;
    owner.app.start();
    let job = over(&owner, &job).await;
    assert_eq!((job.state, job.attempts), (JobState::Succeeded, 2));
}

#[tokio::test]
async fn jobs_are_left_to_workers_while_there_are_any() {
    let database = TestDatabase::sqlite();
    let owner = Owner::quiet(&database).await;
    let worker = backend::store::WorkerRow {
        id: "1".to_owned(),
        name: "worker".to_owned(),
        // It counts as there for ten seconds from then on, and a busy machine may take longer.
        last_seen: jiff::Timestamp::now() + Duration::from_secs(3_600),
    };
    owner.store.announce_worker(&worker).await.unwrap();
    owner.app.start();
    let job = owner.enqueue("works").await;
    // Long enough for the runner to have looked twice.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let waiting = owner.store.job(&job.id).await.unwrap().unwrap();
    assert_eq!(waiting.state, JobState::Queued);
    owner.store.forget_worker("1").await.unwrap();
    assert_eq!(over(&owner, &job).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn an_execution_goes_on_under_the_lease_of_the_next_holder() {
    let database = TestDatabase::sqlite();
    let owner = Owner::quiet(&database).await;
    let perform = async |job: &JobRow| {
        let wait = Duration::from_millis(200);
        owner.app.perform_job(&job.lease(), wait).await.unwrap()
    };
    owner.enqueue("waits").await;
    let first = take(&owner.store, "one", Duration::ZERO).await;
    assert_eq!(perform(&first).await, Performed::Running);
    let second = take(&owner.store, "two", LONG).await;
    assert_eq!((&second.id, second.attempts), (&first.id, 2));
    assert_eq!(perform(&second).await, Performed::Running);
    assert_eq!(perform(&first).await, Performed::Stale);
    owner.steering.open(1);
    let job = over(&owner, &second).await;
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(owner.steering.begun(), 1);
    assert_eq!(perform(&second).await, Performed::Ended);
}

#[tokio::test]
async fn an_end_waits_for_the_holder_who_is_on_the_way() {
    let database = TestDatabase::sqlite();
    let owner = Owner::quiet(&database).await;
    owner.enqueue("waits").await;
    let first = take(&owner.store, "one", Duration::ZERO).await;
    let wait = Duration::from_millis(50);
    let performed = owner.app.perform_job(&first.lease(), wait).await;
    assert_eq!(performed.unwrap(), Performed::Running);
    // Claimed, and the owner is not yet asked when the work is done.
    let second = take(&owner.store, "two", LONG).await;
    owner.steering.open(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = owner.store.job(&second.id).await.unwrap().unwrap();
    assert_eq!(held.state, JobState::Running);
    let performed = owner.app.perform_job(&second.lease(), LONG).await;
    assert_eq!(performed.unwrap(), Performed::Ended);
    let job = over(&owner, &second).await;
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(owner.steering.begun(), 1);
}

#[tokio::test]
async fn stopping_waits_for_the_jobs_under_way() {
    let database = TestDatabase::sqlite();
    let owner = Owner::start(&database).await;
    let job = owner.enqueue("waits").await;
    eventually("it runs", || async { owner.steering.begun() == 1 }).await;
    let stopping = tokio::spawn({
        let app = owner.app.clone();
        async move { app.stop(LONG).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!stopping.is_finished());
    owner.steering.open(1);
    assert!(stopping.await.unwrap());
    let store = database.open().await;
    let job = store.job(&job.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Succeeded);
}
