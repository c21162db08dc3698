//! What the native engine does when much is asked of it at once.

use std::io::{BufRead, BufReader};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use super::figures::{Rate, Streamed, mib_per_second, per_second};
use super::machine::{peak_mib, reset_peak, resident_mib};
use super::rounds::{create, delete, exec, timed};
use crate::http::Api;
use crate::up::Engine;

/// How many sandboxes are created at a time.
const CREATORS: usize = 20;
/// How many commands are executed at a time.
const EXECUTORS: usize = 8;
/// How much output is streamed: 1 GiB.
const STREAMED: u64 = 1 << 30;
/// The length of the file that is put out again and again for it.
const FILE: u64 = 16 << 20;

/// Creates `count` sandboxes that live side by side, executes a command in one of them while they
/// do, and deletes them all. One that can't be created fails the measurement.
pub(super) fn creates_and_deletes(api: &Api, count: usize) -> Result<(Rate, Rate)> {
    let ids = Mutex::new(Vec::with_capacity(count));
    let creating = at_a_time(CREATORS, count, |_| {
        let id = create(api, Engine::Native)?;
        lock(&ids).push(id);
        Ok(())
    })?;
    let last = lock(&ids).last().cloned();
    exec(api, &last.context("no sandbox was created")?)?;
    let deleting = at_a_time(CREATORS, count, |_| match lock(&ids).pop() {
        Some(id) => delete(api, &id),
        None => bail!("there are fewer sandboxes than were created"),
    })?;
    Ok((
        rate(CREATORS, count, creating),
        rate(CREATORS, count, deleting),
    ))
}

/// Executes `/bin/true` so often in one sandbox.
pub(super) fn execs(api: &Api, count: usize) -> Result<Rate> {
    let id = create(api, Engine::Native)?;
    let time = at_a_time(EXECUTORS, count, |_| exec(api, &id))?;
    delete(api, &id)?;
    Ok(rate(EXECUTORS, count, time))
}

/// Reads a lot of output of one command as it comes, and watches how much memory the backend, whose
/// process this is, takes meanwhile.
pub(super) fn stream(api: &Api, backend: u32) -> Result<Streamed> {
    let id = create(api, Engine::Native)?;
    let gone = || format!("the backend, process {backend}, has ended");
    reset_peak(backend)?;
    let before_mib = resident_mib(backend).with_context(gone)?;
    let (bytes, time) = timed(|| read_output(api, &id))?;
    let peak_mib = peak_mib(backend).with_context(gone)?;
    delete(api, &id)?;
    if bytes != STREAMED {
        bail!("{bytes} bytes of {STREAMED} came");
    }
    Ok(Streamed {
        bytes,
        mib_per_second: mib_per_second(bytes, time),
        before_mib,
        peak_mib,
    })
}

/// A line of a streamed answer.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Piece<'a> {
    Started {},
    Output {
        #[serde(borrow)]
        data: std::borrow::Cow<'a, str>,
    },
    Exit {
        exit_code: i32,
    },
    Error {
        error: serde_json::Value,
    },
}

fn read_output(api: &Api, id: &str) -> Result<u64> {
    let script = format!(
        "head -c {FILE} /dev/zero | tr '\\0' x > /file; \
         for i in $(seq {}); do cat /file; done",
        STREAMED / FILE
    );
    let body = json!({"cmd": ["sh", "-c", script], "stream": true});
    let answer = api.open("POST", &format!("/v1/sandboxes/{id}/exec"), &body)?;
    let mut reader = BufReader::with_capacity(256 * 1024, answer);
    let (mut bytes, mut line) = (0, String::new());
    loop {
        line.clear();
        let length = reader.read_line(&mut line).context("reading the output")?;
        if length == 0 {
            bail!("the output broke off after {bytes} bytes");
        }
        match serde_json::from_str(&line).context("reading a line of the output")? {
            Piece::Started {} => {}
            Piece::Output { data } => bytes += u64::try_from(data.len()).unwrap_or(0),
            Piece::Exit { exit_code: 0 } => return Ok(bytes),
            Piece::Exit { exit_code } => bail!("the command ended with {exit_code}"),
            Piece::Error { error } => bail!("the command was lost: {error}"),
        }
    }
}

/// Does something `count` times, by so many threads, and answers how long that took. After a failure
/// nothing more is begun.
fn at_a_time(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> Result<()> + Sync,
) -> Result<Duration> {
    let left = Mutex::new(0..count);
    let run = || loop {
        let next = lock(&left).next();
        match next.map(&work) {
            None => return Ok(()),
            Some(Ok(())) => {}
            Some(Err(error)) => {
                *lock(&left) = 0..0;
                return Err(error);
            }
        }
    };
    let ((), time) = timed(|| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            let results: Vec<Result<()>> = threads.into_iter().map(joined).collect();
            results.into_iter().collect()
        })
    })?;
    Ok(time)
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    match thread.join() {
        Ok(result) => result,
        Err(_) => bail!("a measuring thread panicked"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn rate(at_a_time: usize, count: usize, time: Duration) -> Rate {
    Rate {
        count,
        at_a_time,
        per_second: per_second(count, time),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn all_is_done_once() {
        let done = AtomicUsize::new(0);
        at_a_time(4, 100, |_| {
            done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .expect("nothing fails");
        assert_eq!(done.into_inner(), 100);
    }

    #[test]
    fn a_failure_ends_it() {
        let error = at_a_time(4, 1_000_000_000, |number| {
            if number == 10 {
                bail!("the tenth")
            }
            Ok(())
        });
        assert_eq!(error.expect_err("it fails").to_string(), "the tenth");
    }

    #[test]
    fn lines_of_output_are_read() {
        let piece: Piece<'_> =
            serde_json::from_str(r#"{"type":"output","stream":"stdout","data":"a\n"}"#)
                .expect("a line of the documentation");
        assert!(matches!(piece, Piece::Output { data } if data == "a\n"));
        let piece: Piece<'_> =
            serde_json::from_str(r#"{"type":"started","id":"ebf0d913"}"#).expect("the first");
        assert!(matches!(piece, Piece::Started {}));
    }
}
