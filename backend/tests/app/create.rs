//! Making sandboxes.

use backend::app::{AppError, NewSandbox, PageRequest, SandboxFilter};
use ctnr_engine::EngineError;
use ctnr_model::{EngineKind, ImageReference, PortRequest, SandboxState};

use crate::support::{Operation, Platform, busybox, eventually, query};

fn ports(texts: &[&str]) -> Vec<PortRequest> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_sandbox_is_there_when_it_is_acknowledged() {
    let platform = Platform::start().await;
    let made = platform
        .app
        .create_sandbox(NewSandbox {
            ports: ports(&["3000/tcp"]),
            ..busybox("web")
        })
        .await
        .unwrap();
    assert_eq!(made.status.state, SandboxState::Running);
    assert_eq!(made.engine, EngineKind::Native);
    assert_eq!(made.ports[0].container.to_string(), "3000/tcp");
    assert!(made.image_id.is_some());
    // What a process after this one would read is what the caller was told.
    let kept = platform.database.open().await.sandbox(&made.spec.id).await;
    let kept = backend::app::Sandbox::from(kept.unwrap().unwrap());
    assert_eq!(kept, made);
    assert_eq!(platform.app.sandbox(&query("web")).await.unwrap(), made);
}

#[tokio::test]
async fn names_are_made_up_where_none_is_given() {
    let platform = Platform::start().await;
    let image = ImageReference::parse("busybox").unwrap();
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let new = NewSandbox::of(image.clone());
        let made = platform.app.create_sandbox(new).await.unwrap();
        names.insert(made.spec.name);
    }
    assert_eq!(names.len(), 20);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_that_names_its_holder() {
    let platform = Platform::start().await;
    let first = platform.create("web").await;
    let error = platform
        .app
        .create_sandbox(busybox("web"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
    assert!(error.to_string().contains(first.spec.id.short()));
    assert_eq!(platform.engine.ids(), [first.spec.id]);
}

#[tokio::test]
async fn of_two_at_once_one_gets_the_name() {
    let platform = Platform::start().await;
    let gate = platform.engine.gate(Operation::Create);
    let one = tokio::spawn({
        let app = platform.app.clone();
        async move { app.create_sandbox(busybox("web")).await }
    });
    eventually("the engine is asked", || async {
        platform.engine.calls(Operation::Create) == 1
    })
    .await;
    let error = platform
        .app
        .create_sandbox(busybox("web"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
    // Until it is acknowledged, nobody sees it.
    assert!(platform.app.sandbox(&query("web")).await.is_err());
    gate.add_permits(1);
    one.await.unwrap().unwrap();
    platform.app.sandbox(&query("web")).await.unwrap();
}

#[tokio::test]
async fn nothing_is_left_of_one_that_failed() {
    let platform = Platform::start().await;
    let failure = EngineError::CommandNotFound {
        program: "nope".to_owned(),
    };
    platform.engine.fail_next(Operation::Create, failure);
    let error = platform
        .app
        .create_sandbox(busybox("web"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::CommandNotFound(_)), "{error:?}");
    let all = SandboxFilter {
        all: true,
        ..SandboxFilter::default()
    };
    let page = PageRequest::default();
    let list = platform.app.list_sandboxes(&all, &page);
    assert_eq!(list.await.unwrap().items, []);
    assert_eq!(platform.engine.ids(), []);
    eventually("the name is free again", || async {
        platform.app.create_sandbox(busybox("web")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_before_anything_is_recorded() {
    let platform = Platform::start().await;
    let refused = [
        NewSandbox::of(ImageReference::parse("absent").unwrap()),
        NewSandbox {
            ports: ports(&["53/udp"]),
            ..busybox("a1")
        },
        NewSandbox {
            ports: ports(&["8081:80", "8081:81"]),
            ..busybox("a2")
        },
        NewSandbox {
            engine: Some(EngineKind::Docker),
            ..busybox("a3")
        },
    ];
    let mut errors = Vec::new();
    for new in refused {
        errors.push(platform.app.create_sandbox(new).await.unwrap_err());
    }
    assert!(matches!(errors[0], AppError::NotFound(_)), "{errors:?}");
    assert!(matches!(errors[1], AppError::Unsupported(_)), "{errors:?}");
    assert!(matches!(errors[2], AppError::BadRequest(_)), "{errors:?}");
    assert!(matches!(errors[3], AppError::Unsupported(_)), "{errors:?}");
    assert!(errors[3].to_string().contains("start dockerd"));
    assert_eq!(platform.engine.calls(Operation::Create), 0);
}

#[tokio::test]
async fn a_taken_host_port_is_a_conflict() {
    let platform = Platform::start().await;
    let with_port = |name| NewSandbox {
        ports: ports(&["8081:80"]),
        ..busybox(name)
    };
    platform.app.create_sandbox(with_port("a1")).await.unwrap();
    let error = platform
        .app
        .create_sandbox(with_port("a2"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
}

#[tokio::test]
async fn a_caller_who_goes_away_cuts_nothing_in_half() {
    let platform = Platform::start().await;
    let gate = platform.engine.gate(Operation::Create);
    let caller = tokio::spawn({
        let app = platform.app.clone();
        async move { app.create_sandbox(busybox("web")).await }
    });
    eventually("the engine is asked", || async {
        platform.engine.calls(Operation::Create) == 1
    })
    .await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    eventually("the sandbox is made all the same", || async {
        platform.app.sandbox(&query("web")).await.is_ok()
    })
    .await;
}
