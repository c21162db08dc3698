//! The promises about jobs.

use std::time::Duration;

use backend::store::{
    Claimant, Ending, JobFilter, JobRow, Lease, NewJob, PageRequest, Priority, Store, StoreError,
};
use ctnr_model::{ContainerId, EventAction, EventSubject, JobProgress, JobState};
use jiff::Timestamp;

use crate::support::TestDatabase;

const LEASE: Duration = Duration::from_secs(60);

fn new(kind: &str) -> NewJob {
    NewJob::new(
        kind.parse().unwrap(),
        &serde_json::json!({"name": "ñ 'quoted'"}),
    )
    .unwrap()
}

fn claimant(name: &str) -> Claimant {
    Claimant {
        name: name.to_owned(),
        hosts: None,
        lease: LEASE,
    }
}

async fn enqueue(store: &Store, job: &NewJob) -> JobRow {
    store.enqueue_job(job).await.unwrap().job
}

async fn claim(store: &Store, name: &str) -> Option<JobRow> {
    store.claim_job(&claimant(name)).await.unwrap()
}

/// Takes a job as one whose lease is over at once, as if its holder had died.
async fn claim_and_die(store: &Store) -> JobRow {
    let dying = Claimant {
        lease: Duration::ZERO,
        ..claimant("dying")
    };
    let job = store.claim_job(&dying).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(2)).await;
    job
}

async fn again(pause: Duration) -> Ending {
    Ending::Retry {
        error: "the net was down".to_owned(),
        pause,
    }
}

fn is_lost<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::LeaseLost { .. }))
}

pub(crate) async fn everything_of_a_job_is_kept(database: TestDatabase) {
    let store = database.open().await;
    let container = ContainerId::from_random([7; 32]);
    let wanted = NewJob {
        priority: Priority::High,
        max_attempts: 3,
        idempotency_key: Some("key".to_owned()),
        host: Some("host-1".to_owned()),
        container_id: Some(container.clone()),
        ..new("create")
    };
    let job = enqueue(&store, &wanted).await;
    assert_eq!(job.id, wanted.id);
    assert_eq!(job.payload, r#"{"name":"ñ 'quoted'"}"#);
    assert_eq!((job.state, job.attempts), (JobState::Queued, 0));
    assert_eq!(job.container_id, Some(container));
    assert_eq!(job.host.as_deref(), Some("host-1"));

    let taken = claim(&store, "worker 1").await.unwrap();
    assert_eq!((taken.state, taken.attempts), (JobState::Running, 1));
    assert_eq!(taken.holder.as_deref(), Some("worker 1"));
    let progress = JobProgress {
        done: 1,
        total: Some(u64::MAX),
        message: "importing".to_owned(),
    };
    store
        .note_progress(&taken.lease(), Some(&progress))
        .await
        .unwrap();
    let result = serde_json::json!({"container": "x"});
    store
        .end_job(&taken.lease(), &Ending::Succeeded(result.clone()))
        .await
        .unwrap();
    store.close().await;
    let store = database.open().await;
    let job = store.job(&wanted.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(job.progress, Some(progress));
    assert_eq!(job.result, Some(result));
    assert_eq!((job.holder, job.lease_until), (None, None));
    assert!(job.finished_at >= job.started_at && job.started_at >= Some(job.created_at));
    let told = store.events_after(0, 10).await.unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|event| {
            (
                event.subject,
                event.action,
                event.attributes["state"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (EventSubject::Job, EventAction::Create, "queued"),
            (EventSubject::Job, EventAction::Start, "running"),
            (EventSubject::Job, EventAction::Finish, "succeeded"),
        ]
    );
}

pub(crate) async fn a_key_stands_for_one_job_of_a_kind(database: TestDatabase) {
    let store = database.open().await;
    let keyed = |kind: &str| NewJob {
        idempotency_key: Some("order 66".to_owned()),
        ..new(kind)
    };
    let attempts = (0..8).map(|_| {
        let (store, job) = (store.clone(), keyed("create"));
        async move { store.enqueue_job(&job).await.unwrap() }
    });
    let all = futures::future::join_all(attempts).await;
    assert_eq!(all.iter().filter(|enqueued| enqueued.is_new).count(), 1);
    assert!(all.iter().all(|enqueued| enqueued.job.id == all[0].job.id));
    // The key of another kind is another key, and no key is no key.
    assert!(store.enqueue_job(&keyed("other")).await.unwrap().is_new);
    assert!(store.enqueue_job(&new("create")).await.unwrap().is_new);
    assert!(store.enqueue_job(&new("create")).await.unwrap().is_new);
    assert_eq!(store.events_after(0, 20).await.unwrap().len(), 4);
}

pub(crate) async fn each_job_is_taken_once_under_concurrency(database: TestDatabase) {
    const JOBS: usize = 40;
    let (store, second) = (database.open().await, database.open().await);
    for _ in 0..JOBS {
        enqueue(&store, &new("create")).await;
    }
    let takers = (0..8).map(|number| {
        let store = if number % 2 == 0 { &store } else { &second }.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            // Others may take all that was looked at, so that one empty claim is not the end.
            for _ in 0..JOBS {
                if let Some(job) = claim(&store, &format!("worker {number}")).await {
                    taken.push(job.id);
                }
            }
            taken
        })
    });
    let mut taken = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        taken.extend(taker.await.unwrap());
    }
    taken.sort();
    let before = taken.len();
    taken.dedup();
    assert_eq!((taken.len(), before), (JOBS, JOBS));
}

pub(crate) async fn jobs_come_in_the_order_of_priority_and_age(database: TestDatabase) {
    let store = database.open().await;
    let with = |priority| NewJob {
        priority,
        ..new("create")
    };
    let low = enqueue(&store, &with(Priority::Low)).await.id;
    let first = enqueue(&store, &with(Priority::Normal)).await.id;
    let second = enqueue(&store, &with(Priority::Normal)).await.id;
    let high = enqueue(&store, &with(Priority::High)).await.id;
    let later = NewJob {
        run_at: Some(Timestamp::now() + Duration::from_secs(60)),
        ..with(Priority::High)
    };
    enqueue(&store, &later).await;
    let mut order = Vec::new();
    while let Some(job) = claim(&store, "worker").await {
        order.push(job.id);
    }
    assert_eq!(order, [high, first, second, low]);
}

pub(crate) async fn a_lease_that_ran_out_is_taken_over_and_its_holder_refused(
    database: TestDatabase,
) {
    let store = database.open().await;
    enqueue(&store, &new("create")).await;
    let first = claim_and_die(&store).await;
    let second = claim(&store, "worker 2").await.unwrap();
    assert_eq!(second.id, first.id);
    assert!(second.fence > first.fence);
    assert_eq!(second.attempts, 2);
    let (old, current) = (first.lease(), second.lease());
    assert!(is_lost(store.heartbeat_job(&old, LEASE).await));
    assert!(is_lost(store.note_progress(&old, None).await));
    assert!(is_lost(
        store
            .note_progress(&old, Some(&JobProgress::default()))
            .await
    ));
    assert!(is_lost(store.assign_job(&old, "host-1").await));
    let done = Ending::Succeeded(serde_json::Value::Null);
    assert!(is_lost(store.end_job(&old, &done).await));
    store.assign_job(&current, "host-1").await.unwrap();
    let job = store.end_job(&current, &done).await.unwrap();
    assert_eq!(job.host.as_deref(), Some("host-1"));
    assert!(is_lost(store.end_job(&current, &done).await));
    assert!(claim(&store, "worker 3").await.is_none());
}

pub(crate) async fn a_lease_that_is_kept_is_not_taken_over(database: TestDatabase) {
    let store = database.open().await;
    enqueue(&store, &new("create")).await;
    let short = Claimant {
        lease: Duration::from_millis(50),
        ..claimant("worker 1")
    };
    let job = store.claim_job(&short).await.unwrap().unwrap();
    store.heartbeat_job(&job.lease(), LEASE).await.unwrap();
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert!(claim(&store, "worker 2").await.is_none());
    // One who is known to be gone need not be waited for.
    store.expire_leases_of("worker 2").await.unwrap();
    assert!(claim(&store, "worker 2").await.is_none());
    store.expire_leases_of("worker 1").await.unwrap();
    assert_eq!(claim(&store, "worker 2").await.unwrap().id, job.id);
}

pub(crate) async fn what_fails_is_tried_again_until_it_is_a_dead_letter(database: TestDatabase) {
    let store = database.open().await;
    let wanted = NewJob {
        max_attempts: 2,
        ..new("create")
    };
    enqueue(&store, &wanted).await;
    let job = claim(&store, "worker").await.unwrap();
    let later = again(Duration::from_secs(60)).await;
    let job = store.end_job(&job.lease(), &later).await.unwrap();
    assert_eq!((job.state, job.finished_at), (JobState::Queued, None));
    assert_eq!(job.error.as_deref(), Some("the net was down"));
    assert!(job.run_at > Timestamp::now());
    assert!(claim(&store, "worker").await.is_none());

    // A host that is away costs no attempt, and its pause holds.
    let other = enqueue(&store, &wanted_again(&wanted)).await;
    let job = claim(&store, "worker").await.unwrap();
    assert_eq!(job.id, other.id);
    let released = Ending::Released {
        error: None,
        pause: Duration::ZERO,
    };
    let job = store.end_job(&job.lease(), &released).await.unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Queued, 0));
    for attempt in 1..=2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let job = claim(&store, "worker").await.unwrap();
        assert_eq!(job.attempts, attempt);
        let now = again(Duration::ZERO).await;
        let job = store.end_job(&job.lease(), &now).await.unwrap();
        let dead = attempt == 2;
        assert_eq!(job.state == JobState::Dead, dead);
        assert_eq!(job.finished_at.is_some(), dead);
    }
    let job = store.retry_job(&other.id).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Queued, 0));
    assert_eq!((job.error, job.finished_at), (None, None));
}

fn wanted_again(job: &NewJob) -> NewJob {
    NewJob {
        max_attempts: job.max_attempts,
        ..new("create")
    }
}

pub(crate) async fn a_job_that_kills_its_holders_is_given_up(database: TestDatabase) {
    let store = database.open().await;
    let wanted = NewJob {
        max_attempts: 2,
        ..new("create")
    };
    enqueue(&store, &wanted).await;
    claim_and_die(&store).await;
    claim_and_die(&store).await;
    assert!(claim(&store, "worker").await.is_none());
    let job = store.job(&wanted.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Dead);
    assert!(job.error.unwrap().contains("went away"));
    let told = store.events_after(0, 10).await.unwrap();
    assert_eq!(told.last().unwrap().action, EventAction::Finish);
}

pub(crate) async fn cancelling_ends_what_waits_and_tells_what_runs(database: TestDatabase) {
    let store = database.open().await;
    let waits = enqueue(&store, &new("create")).await;
    let job = store.cancel_job(&waits.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Cancelled);
    assert!(claim(&store, "worker").await.is_none());

    for ending in [
        Ending::Cancelled,
        again(Duration::ZERO).await,
        Ending::Released {
            error: None,
            pause: Duration::ZERO,
        },
    ] {
        let runs = enqueue(&store, &new("create")).await;
        let taken = claim(&store, "worker").await.unwrap();
        let job = store.cancel_job(&runs.id).await.unwrap().unwrap();
        assert_eq!((job.state, job.cancel_requested), (JobState::Running, true));
        let held = store.heartbeat_job(&taken.lease(), LEASE).await;
        assert!(held.unwrap().cancel_requested);
        let job = store.end_job(&taken.lease(), &ending).await.unwrap();
        assert_eq!(job.state, JobState::Cancelled, "{ending:?}");
        assert!(job.finished_at.is_some());
    }
    // What was done before the call was heeded is done.
    let runs = enqueue(&store, &new("create")).await;
    let taken = claim(&store, "worker").await.unwrap();
    store.cancel_job(&runs.id).await.unwrap();
    let done = Ending::Succeeded(serde_json::Value::Null);
    let job = store.end_job(&taken.lease(), &done).await.unwrap();
    assert_eq!(job.state, JobState::Succeeded);
    let after = store.cancel_job(&runs.id).await.unwrap().unwrap();
    assert_eq!(after, job);
    assert_eq!(store.retry_job(&runs.id).await.unwrap(), Some(job));
}

pub(crate) async fn a_claimant_takes_only_what_its_hosts_can_do(database: TestDatabase) {
    let store = database.open().await;
    let on = |host: Option<&str>| NewJob {
        host: host.map(str::to_owned),
        ..new("create")
    };
    let any = enqueue(&store, &on(None)).await.id;
    let one = enqueue(&store, &on(Some("host-1"))).await.id;
    let two = enqueue(&store, &on(Some("host-2"))).await.id;
    let take = async |hosts: &[&str]| {
        let claimant = Claimant {
            hosts: Some(hosts.iter().map(|&host| host.to_owned()).collect()),
            ..claimant("worker")
        };
        let job = store.claim_job(&claimant).await.unwrap();
        job.map(|job| job.id)
    };
    assert_eq!(take(&["host-2"]).await, Some(any));
    assert_eq!(take(&[]).await, None);
    assert_eq!(take(&["host-2", "host-3"]).await, Some(two));
    assert_eq!(take(&["host-2"]).await, None);
    assert_eq!(claim(&store, "worker").await.map(|job| job.id), Some(one));
}

pub(crate) async fn pages_of_jobs_leave_nothing_out(database: TestDatabase) {
    let store = database.open().await;
    let container = ContainerId::from_random([3; 32]);
    let mut all = Vec::new();
    for number in 0..7 {
        let job = NewJob {
            container_id: (number < 2).then(|| container.clone()),
            ..new(if number % 2 == 0 {
                "create"
            } else {
                "runtime_build"
            })
        };
        all.push(enqueue(&store, &job).await.id);
    }
    all.reverse();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest {
            limit: Some(3),
            cursor,
        };
        let page = store.list_jobs(&JobFilter::default(), &page).await.unwrap();
        seen.extend(page.items.into_iter().map(|job| job.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
    let count = async |filter: JobFilter| {
        let page = store.list_jobs(&filter, &PageRequest::default()).await;
        page.unwrap().items.len()
    };
    claim(&store, "worker").await.unwrap();
    let filter = |states: &[JobState], kinds: &[&str], container: Option<&ContainerId>| JobFilter {
        states: states.to_vec(),
        kinds: kinds.iter().map(|kind| kind.parse().unwrap()).collect(),
        container: container.cloned(),
    };
    assert_eq!(count(filter(&[JobState::Running], &[], None)).await, 1);
    assert_eq!(
        count(filter(
            &[JobState::Running, JobState::Queued],
            &["runtime_build"],
            None
        ))
        .await,
        3
    );
    assert_eq!(count(filter(&[], &[], Some(&container))).await, 2);
    assert_eq!(
        count(filter(&[JobState::Dead], &["create"], Some(&container))).await,
        0
    );
    for bad in ["", "zz", "0.1"] {
        let page = PageRequest {
            limit: None,
            cursor: Some(bad.to_owned()),
        };
        let refused = store.list_jobs(&JobFilter::default(), &page).await;
        assert!(matches!(refused, Err(StoreError::BadCursor)));
    }
    let found = store.jobs_by_prefix(&all[0].as_str()[..20]).await.unwrap();
    assert_eq!(found[0].id, all[0]);
}

pub(crate) async fn only_jobs_that_are_over_are_pruned(database: TestDatabase) {
    let store = database.open().await;
    enqueue(&store, &new("create")).await;
    let over = claim(&store, "worker").await.unwrap();
    let done = Ending::Failed("no".to_owned());
    store.end_job(&over.lease(), &done).await.unwrap();
    let waits = enqueue(&store, &new("create")).await;
    enqueue(&store, &new("create")).await;
    claim(&store, "worker").await.unwrap();
    let hour = Duration::from_secs(3_600);
    assert_eq!(store.prune_jobs(Timestamp::now() - hour).await.unwrap(), 0);
    assert_eq!(store.prune_jobs(Timestamp::now() + hour).await.unwrap(), 1);
    assert_eq!(store.job(&over.id).await.unwrap(), None);
    assert!(store.job(&waits.id).await.unwrap().is_some());
    let missing = Lease {
        job: over.id.clone(),
        fence: over.fence,
    };
    assert!(is_lost(store.end_job(&missing, &done).await));
    assert_eq!(store.cancel_job(&over.id).await.unwrap(), None);
    assert_eq!(store.retry_job(&over.id).await.unwrap(), None);
}
