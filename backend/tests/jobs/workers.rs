//! Worker processes on a real PostgreSQL and Redis; the owner of the host is the test.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ctnr_model::JobState;

use crate::owner::Owner;
use crate::redis::TestRedis;
use crate::support::{TestDatabase, eventually};

const LONG: Duration = Duration::from_secs(60);

/// A worker process. Dropped, it is killed.
struct Worker(Child);

impl Worker {
    fn start(database: &TestDatabase, redis: Option<&TestRedis>, name: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CONTAINERS_") {
                command.env_remove(name);
            }
        }
        command
            .args(["--name", name])
            .env("DATABASE_URL", database.url())
            .env_remove("REDIS_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(redis) = redis {
            command.env("REDIS_URL", redis.url());
        }
        Self(command.spawn().unwrap())
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM, and the wait for its orderly end.
    fn terminate(mut self) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").arg(pid).status().unwrap();
        assert!(sent.success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn patiently<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    for _ in 0..1_200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come about that {what}");
}

#[tokio::test]
async fn a_job_of_a_killed_worker_is_taken_over_and_done_once() {
    let (database, redis) = (TestDatabase::postgres().await, TestRedis::number(1).await);
    let owner = Owner::serve(&database).await;
    owner.app.start();
    let first = Worker::start(&database, Some(&redis), "first");
    eventually("the worker is there", || async {
        !owner.store.workers_seen(LONG).await.unwrap().is_empty()
    })
    .await;
    let job = owner.enqueue("waits").await;
    let holder = async || owner.store.job(&job.id).await.unwrap().unwrap().holder;
    patiently("the first worker has it", || async {
        holder().await.as_deref() == Some("first") && owner.steering.begun() == 1
    })
    .await;
    first.kill();
    let _second = Worker::start(&database, Some(&redis), "second");
    patiently("the second worker has it", || async {
        holder().await.as_deref() == Some("second")
    })
    .await;
    owner.steering.open(1);
    let job = owner.app.wait_for_job(&job.id, LONG).await.unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Succeeded, 2));
    assert_eq!(owner.steering.begun(), 1);
}

#[tokio::test]
async fn without_redis_workers_poll_and_without_workers_the_owner_does_it() {
    let database = TestDatabase::postgres().await;
    let owner = Owner::serve(&database).await;
    owner.app.start();
    let worker = Worker::start(&database, None, "only");
    eventually("the worker is there", || async {
        !owner.store.workers_seen(LONG).await.unwrap().is_empty()
    })
    .await;
    let job = owner.enqueue("waits").await;
    patiently("the worker has it", || async {
        let job = owner.store.job(&job.id).await.unwrap().unwrap();
        job.holder.as_deref() == Some("only")
    })
    .await;
    owner.steering.open(1);
    let job = owner.app.wait_for_job(&job.id, LONG).await.unwrap();
    assert_eq!(job.state, JobState::Succeeded);
    worker.terminate();
    assert!(owner.store.workers_seen(LONG).await.unwrap().is_empty());
    let job = owner.enqueue("works").await;
    let job = owner.app.wait_for_job(&job.id, LONG).await.unwrap();
    assert_eq!(job.state, JobState::Succeeded);
}

#[tokio::test]
async fn jobs_come_through_while_redis_is_flushed_and_cut_and_workers_are_killed() {
    const JOBS: usize = 30;
    let (database, mut redis) = (TestDatabase::postgres().await, TestRedis::number(2).await);
    let cable = redis.on_a_cable().await;
    let owner = Owner::serve(&database).await;
    owner.app.start();
    let mut workers = vec![
        Worker::start(&database, Some(&redis), "one"),
        Worker::start(&database, Some(&redis), "two"),
    ];
    let mut jobs = Vec::new();
    for number in 0..JOBS {
        jobs.push(owner.enqueue("works").await);
        match number {
            8 => redis.flush().await,
            14 => cable.cut(),
            18 => workers.remove(0).kill(),
            20 => cable.mend(),
            24 => workers.push(Worker::start(&database, Some(&redis), "three")),
            _ => {}
        }
    }
    for job in jobs {
        let job = owner.app.wait_for_job(&job.id, LONG).await.unwrap();
        assert_eq!(job.state, JobState::Succeeded);
    }
    assert_eq!(owner.steering.begun(), JOBS);
}
