//! Clients at work while the backend, its launcher and supervisors are killed at any moment:
//! whatever was acknowledged holds, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use ctnr_e2e::{Api, Backend, eventually, launcher_of, sh};
use serde_json::{Value, json};

/// How often something is killed, unless `CTNR_TEST_KILLS` says otherwise.
const KILLS: usize = 20;
const CLIENTS: u64 = 3;

fn kills() -> usize {
    match std::env::var("CTNR_TEST_KILLS") {
        Ok(kills) => kills.parse().expect("CTNR_TEST_KILLS is a number"),
        Err(_) => KILLS,
    }
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What clients were told of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Running,
    Stopped,
    Gone,
    /// A request about it was not answered, or failed because of what was killed.
    Unknown,
}

/// What the clients share.
struct Storm {
    api: RwLock<Api>,
    told: Mutex<BTreeMap<String, Told>>,
    /// Sandboxes whose supervisor was killed: they have ended, whatever was said before.
    orphans: Mutex<BTreeSet<String>>,
    over: AtomicBool,
}

impl Storm {
    /// Sends a request to the backend of the moment.
    fn send(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let api = self.api.read().unwrap().clone();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = api.try_send(method, path, body.into_bytes()).ok()?;
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        Some((answer.status, body))
    }

    fn tell(&self, id: &str, told: Told) {
        self.told.lock().unwrap().insert(id.to_owned(), told);
    }

    /// A client's work until the storm is over.
    fn work(&self, mut dice: Dice) {
        let mut own: Vec<String> = Vec::new();
        while !self.over.load(Ordering::SeqCst) {
            if own.len() < 4 {
                let body = json!({
                    "image": "busybox", "cmd": ["sh", "-c", "trap exit TERM; sleep 1000 & wait"],
                    "ports": ["80/tcp"],
                });
                match self.send("POST", "/v1/sandboxes", &body) {
                    Some((201, created)) => {
                        let id = created["id"].as_str().unwrap().to_owned();
                        self.tell(&id, Told::Running);
                        own.push(id);
                    }
                    // What was killed takes the create along, which then was not acknowledged.
                    Some((500.., _)) => {}
                    Some(other) => panic!("a create was answered with {other:?}"),
                    None => std::thread::sleep(std::time::Duration::from_millis(20)),
                }
                continue;
            }
            let at = usize::try_from(dice.below(own.len() as u64)).unwrap();
            let path = format!("/v1/sandboxes/{}", own[at]);
            let (answer, then) = match dice.below(4) {
                0 => {
                    let exec = json!({ "cmd": ["echo", "x"] });
                    // An exec changes nothing, so its answer is only looked at.
                    if let Some((200, answer)) = self.send("POST", &format!("{path}/exec"), &exec)
                        && answer["exit_code"] == 0
                    {
                        assert_eq!(answer["stdout"], "x\n");
                    }
                    continue;
                }
                1 => (
                    self.send("POST", &format!("{path}/stop?timeout=5"), &Value::Null),
                    Told::Stopped,
                ),
                2 => (
                    self.send("POST", &format!("{path}/restart?timeout=5"), &Value::Null),
                    Told::Running,
                ),
                _ => (self.send("DELETE", &path, &Value::Null), Told::Gone),
            };
            match answer {
                Some((200 | 204, _)) => self.tell(&own[at], then),
                _ => self.tell(&own[at], Told::Unknown),
            }
            if then == Told::Gone {
                own.remove(at);
            }
        }
    }
}

#[test]
fn killed_at_many_moments() {
    let mut backend = Backend::native();
    let storm = Arc::new(Storm {
        api: RwLock::new(backend.api().clone()),
        told: Mutex::default(),
        orphans: Mutex::default(),
        over: AtomicBool::new(false),
    });
    let clients: Vec<_> = (1..=CLIENTS)
        .map(|client| {
            let storm = Arc::clone(&storm);
            std::thread::spawn(move || storm.work(Dice(client * 7919)))
        })
        .collect();
    let mut dice = Dice(4711);
    let mut killed = [0; 3];
    for _ in 0..kills() {
        std::thread::sleep(std::time::Duration::from_millis(50 + dice.below(400)));
        match dice.below(3) {
            0 => {
                killed[0] += 1;
                backend.kill();
                backend.resume();
                *storm.api.write().unwrap() = backend.api().clone();
            }
            1 => {
                if let Some(launcher) = launcher_of(backend.pid()) {
                    killed[1] += 1;
                    sh(&format!("kill -KILL {launcher}"));
                }
            }
            _ => {
                let supervisors = backend.supervisors();
                if !supervisors.is_empty() {
                    let at = usize::try_from(dice.below(supervisors.len() as u64)).unwrap();
                    let (id, pid) = &supervisors[at];
                    killed[2] += 1;
                    storm.orphans.lock().unwrap().insert(id.clone());
                    sh(&format!("kill -KILL {pid}"));
                }
            }
        }
    }
    storm.over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }

    assert!(
        killed.iter().all(|count| *count > 0),
        "backend, launcher and supervisors were killed {killed:?} times"
    );
    let told = storm.told.lock().unwrap().clone();
    let orphans = storm.orphans.lock().unwrap().clone();
    assert!(told.len() > 10, "the storm came to little: {told:?}");
    eventually("what was told to hold", || {
        let known = backend.api().all();
        for (id, told) in &told {
            let found = known.iter().find(|sandbox| sandbox["Id"] == *id);
            let state = found.map(|sandbox| sandbox["State"].as_str().unwrap_or_default());
            let holds = match (told, state) {
                (Told::Unknown, _) | (Told::Gone, None) => true,
                (Told::Running, Some("running")) | (Told::Stopped, Some("exited")) => true,
                (Told::Running, Some("exited")) => orphans.contains(id),
                _ => false,
            };
            if !holds {
                return Err(format!("{id} was told to be {told:?}, and is {state:?}"));
            }
        }
        Ok(())
    });
    for sandbox in backend.api().all() {
        let path = format!("/v1/sandboxes/{}", sandbox["Id"].as_str().unwrap());
        if sandbox["State"] == "running" {
            let exec = json!({ "cmd": ["true"] });
            let answer = backend.api().post_json(&format!("{path}/exec"), &exec);
            assert_eq!(answer.expect(200).json()["exit_code"], 0);
        }
        // What was ended by a kill can be started again.
        backend
            .api()
            .post(&format!("{path}/restart?timeout=1"))
            .expect(200);
        backend.api().delete(&path).expect(204);
    }
    let ids: Vec<String> = told.into_keys().collect();
    eventually("nothing but the backend and its launcher", || {
        let owned = backend.owned(&ids);
        if owned.processes.len() <= 2 && owned.cgroups.is_empty() && owned.mounts.is_empty() {
            Ok(())
        } else {
            Err(format!("{owned:#?}"))
        }
    });
    eventually("no link", || match links_of(&backend) {
        links if links.is_empty() => Ok(()),
        links => Err(format!("{links:?}")),
    });
}

/// The links of the backend's sandboxes, whose names begin with its share of the host's network.
fn links_of(backend: &Backend) -> Vec<String> {
    let record = std::fs::read(backend.data().join("network.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    let prefix = match record["instance"]["number"].as_u64().unwrap() {
        0 => "ctnr-".to_owned(),
        number => format!("ctnr{number}-"),
    };
    let links = std::fs::read_dir("/sys/class/net").unwrap();
    links
        .map(|link| link.unwrap().file_name().into_string().unwrap())
        .filter(|link| link.starts_with(&prefix))
        .collect()
}
