//! What callers write where a sandbox is meant, and lists.

use backend::app::{AppError, LabelFilter, NewSandbox, PageRequest, SandboxFilter};
use ctnr_model::{ExitStatus, SandboxState};

use crate::support::{Platform, busybox, eventually, query};

#[tokio::test]
async fn ids_prefixes_and_names_are_taken() {
    let platform = Platform::start().await;
    let made = platform.create("my-web").await;
    let id = made.spec.id.as_str();
    for text in [id, &id[..12], "my-web", "/my-web"] {
        let found = platform.app.sandbox(&query(text)).await.unwrap();
        assert_eq!(found.spec.id, made.spec.id, "{text}");
    }
    let error = platform.app.sandbox(&query("other")).await.unwrap_err();
    assert_eq!(error.to_string(), "sandbox not found");
}

#[tokio::test]
async fn a_prefix_of_several_is_refused_with_their_number() {
    let platform = Platform::start().await;
    // Of 17 ids, two begin with the same one of 16 digits.
    let mut first_digits = std::collections::BTreeMap::new();
    for number in 0..17 {
        let made = platform.create(&format!("web-{number}")).await;
        let digit = made.spec.id.as_str()[..1].to_owned();
        *first_digits.entry(digit).or_insert(0) += 1;
    }
    let (digit, count) = first_digits.iter().find(|(_, count)| **count > 1).unwrap();
    let error = platform.app.sandbox(&query(digit)).await.unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
    assert!(error.to_string().starts_with(&count.to_string()), "{error}");
}

#[tokio::test]
async fn a_full_name_wins_over_the_beginning_of_an_id() {
    let platform = Platform::start().await;
    let first = platform.create("first").await;
    let name = &first.spec.id.as_str()[..8];
    let second = platform.create(name).await;
    let found = platform.app.sandbox(&query(name)).await.unwrap();
    assert_eq!(found.spec.id, second.spec.id);
}

#[tokio::test]
async fn lists_show_what_runs_and_more_when_asked() {
    let platform = Platform::start().await;
    let running = platform.create("running").await;
    let ended = platform.create("ended").await;
    platform.engine.end(&ended.spec.id, ExitStatus::exited(3));
    let names = async |filter: SandboxFilter| -> Vec<String> {
        let page = PageRequest::default();
        let list = platform.app.list_sandboxes(&filter, &page).await.unwrap();
        list.items
            .into_iter()
            .map(|sandbox| sandbox.spec.name.to_string())
            .collect()
    };
    eventually("the end is recorded", || async {
        names(SandboxFilter::default()).await == [running.spec.name.as_str()]
    })
    .await;
    let all = SandboxFilter {
        all: true,
        ..SandboxFilter::default()
    };
    assert_eq!(names(all).await, ["ended", "running"]);
    let exited = SandboxFilter {
        states: vec![SandboxState::Exited],
        ..SandboxFilter::default()
    };
    assert_eq!(names(exited).await, ["ended"]);
    let named = SandboxFilter {
        name: Some("running".parse().unwrap()),
        ..SandboxFilter::default()
    };
    assert_eq!(names(named).await, ["running"]);
}

#[tokio::test]
async fn labels_select() {
    let platform = Platform::start().await;
    for (name, labels) in [
        ("a1", &[("team", "red"), ("tier", "web")][..]),
        ("a2", &[("team", "blue")]),
        ("a3", &[]),
    ] {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let new = NewSandbox {
            labels,
            ..busybox(name)
        };
        platform.app.create_sandbox(new).await.unwrap();
    }
    for (labels, names) in [
        (&["team"][..], &["a2", "a1"][..]),
        (&["team=red"], &["a1"]),
        (&["team=red", "tier"], &["a1"]),
        (&["team=blue", "tier"], &[]),
        (&["team=' OR 1=1 --"], &[]),
    ] {
        let filter = SandboxFilter {
            labels: labels.iter().map(|text| LabelFilter::parse(text)).collect(),
            ..SandboxFilter::default()
        };
        let page = PageRequest::default();
        let list = platform.app.list_sandboxes(&filter, &page).await.unwrap();
        let found: Vec<_> = list.items.iter().map(|s| s.spec.name.as_str()).collect();
        assert_eq!(found, names, "{labels:?}");
    }
}

#[tokio::test]
async fn pages_hold_everything_once() {
    let platform = Platform::start().await;
    for number in 0..7 {
        platform.create(&format!("web-{number}")).await;
    }
    let mut seen = Vec::new();
    let mut page = PageRequest {
        limit: Some(3),
        cursor: None,
    };
    let mut sizes = Vec::new();
    loop {
        let filter = SandboxFilter::default();
        let list = platform.app.list_sandboxes(&filter, &page).await.unwrap();
        sizes.push(list.items.len());
        seen.extend(list.items.into_iter().map(|s| s.spec.name.to_string()));
        // What is made meanwhile is newer, and does not shift the pages behind.
        platform.create(&format!("later-{}", sizes.len())).await;
        match list.next {
            Some(next) => page.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(sizes, [3, 3, 1]);
    let newest_first: Vec<_> = (0..7).rev().map(|n| format!("web-{n}")).collect();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn cursors_of_ones_own_making_are_refused() {
    let platform = Platform::start().await;
    for cursor in [
        "",
        "x",
        "1.2",
        "zz.aa",
        "1.",
        &format!("1.{}", "g".repeat(64)),
    ] {
        let page = PageRequest {
            limit: None,
            cursor: Some(cursor.to_owned()),
        };
        let filter = SandboxFilter::default();
        let list = platform.app.list_sandboxes(&filter, &page).await;
        assert!(matches!(list, Err(AppError::BadRequest(_))), "{cursor:?}");
    }
}
