//! Enrolling at a backend, and saying that the host is there until the agent is stopped.
//!
//! ```text
//!  looking ──▶ trying ──taken──▶ enrolled ──a third of the lease──▶ trying
//!                ▲ └──refused, or nobody answers──▶ pause ──┘
//! ```

use std::time::Duration;

use anyhow::Context;
use ctnr_agent::DataDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::look::{Found, Holder, lines, look};
use crate::settings::Settings;

/// The pause after a first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long the backend has to take note that the agent stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// Enrols until a signal comes.
pub(crate) async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
    let _only_one = DataDir::claim_agent(&settings.data_dir)?;
    let found = look(settings).await?;
    match &found.holder {
        Holder::Nobody(_) => tracing::info!(
            "nobody holds the data directory {}; a backend that is started on this host does",
            settings.data_dir.display()
        ),
        Holder::Other(process) => tracing::info!(
            "the data directory {} is held by {process}, which runs what is on this host",
            settings.data_dir.display()
        ),
    }
    if let Holder::Nobody(_) = found.holder {
        let report = found.report(&settings.name, &settings.client).await;
        lines(&report)
            .iter()
            .for_each(|line| tracing::info!("{line}"));
    }
    let mut enrolment = Enrolment::new(settings, &found);
    tokio::select! {
        () = enrolment.keep() => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    enrolment.leave().await;
    tracing::info!("stopped; sandboxes and containers go on");
    Ok(())
}

/// How the agent stands with its backend.
struct Enrolment<'a> {
    settings: &'a Settings,
    found: &'a Found,
    enrolled: bool,
    /// What was last said of a failure, which is not said again each time.
    told: Option<String>,
}

impl<'a> Enrolment<'a> {
    fn new(settings: &'a Settings, found: &'a Found) -> Self {
        Self {
            settings,
            found,
            enrolled: false,
            told: None,
        }
    }

    /// Reports again and again, for ever.
    async fn keep(&mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.report().await {
                Ok(lease) => {
                    pause = FIRST_PAUSE;
                    tokio::time::sleep(lease / 3).await;
                }
                Err(error) => {
                    self.tell(&error);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Reports once, and gives the lease.
    async fn report(&mut self) -> ctnr_client::Result<Duration> {
        let Settings { client, name, .. } = self.settings;
        let report = self.found.report(name, client).await;
        let answer = client
            .report_agent(&self.found.installation, &report)
            .await?;
        if !self.enrolled {
            tracing::info!(
                "enrolled at {} as host {name}, id {}",
                client.address(),
                self.found.installation
            );
            if let Holder::Other(_) = self.found.holder {
                lines(&report)
                    .iter()
                    .for_each(|line| tracing::info!("{line}"));
            }
        }
        self.enrolled = true;
        self.told = None;
        // A lease of nothing would have the agent report without a pause.
        Ok(Duration::from_secs(answer.lease.max(3)))
    }

    fn tell(&mut self, error: &ctnr_client::ClientError) {
        let text = error.to_string();
        if self.told.as_ref() != Some(&text) {
            tracing::warn!("this host is not enrolled: {text}; trying again");
        }
        self.enrolled = false;
        self.told = Some(text);
    }

    /// Says that the agent stops, where it is enrolled. A backend that does not hear of it finds
    /// out by the lease.
    async fn leave(self) {
        if !self.enrolled {
            return;
        }
        let leaving = self.settings.client.leave_agent(&self.found.installation);
        match tokio::time::timeout(FAREWELL, leaving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the backend did not take the farewell"),
            Err(_) => tracing::debug!("the backend did not answer the farewell"),
        }
    }
}
