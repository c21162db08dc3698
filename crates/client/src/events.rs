//! What happened, as it happens, over broken connections too.

use std::time::Duration;

use bytes::Bytes;
use ctnr_api::{ContainerEventQuery, EventQuery};
use ctnr_model::Event;
use futures::StreamExt;

use crate::sse::{Block, Blocks};
use crate::{Answer, Client, ClientError, Result, Stream, lines};

/// The longest pause before connecting again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Events in their order. Where the connection breaks, it is made again, and goes on behind the
/// last event that was seen.
pub struct EventStream {
    client: Client,
    topic: Topic,
    lines: Option<Stream<Bytes>>,
    blocks: Blocks,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// Which events they are.
#[derive(Debug, Clone)]
enum Topic {
    /// Those of sandboxes and images.
    Sandboxes(EventQuery),
    /// Those of containers and jobs.
    Containers(ContainerEventQuery),
}

impl Client {
    /// Listens to what happens to sandboxes and images.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`] where it does not.
    pub async fn events(&self, query: EventQuery) -> Result<EventStream> {
        EventStream::open(self.clone(), Topic::Sandboxes(query)).await
    }

    /// Listens to what happens to containers and jobs.
    ///
    /// # Errors
    /// As for [`Client::events`].
    pub async fn container_events(&self, query: ContainerEventQuery) -> Result<EventStream> {
        EventStream::open(self.clone(), Topic::Containers(query)).await
    }
}

impl EventStream {
    async fn open(client: Client, topic: Topic) -> Result<Self> {
        let mut events = Self {
            client,
            topic,
            lines: None,
            blocks: Blocks::default(),
        };
        events.connect().await?;
        Ok(events)
    }

    /// Waits for the next event. It has no end.
    ///
    /// # Errors
    /// [`ClientError::Refused`] where the backend will not go on, and [`ClientError::Unreadable`]
    /// for an event that can't be read. A broken connection is no error.
    pub async fn next(&mut self) -> Result<Answer<Event>> {
        loop {
            let Some(lines) = &mut self.lines else {
                self.connect_again().await?;
                continue;
            };
            match lines.next().await {
                Some(Ok(line)) => {
                    if let Some(block) = self.blocks.push(&line)
                        && let Some(event) = self.take(&block)?
                    {
                        return Ok(event);
                    }
                }
                Some(Err(error)) if !error.is_transient() => return Err(error),
                Some(Err(_)) | None => self.lines = None,
            }
        }
    }

    fn take(&mut self, block: &Block) -> Result<Option<Answer<Event>>> {
        if let Some(id) = block.id.as_deref().and_then(|id| id.parse().ok()) {
            match &mut self.topic {
                Topic::Sandboxes(query) => query.after = Some(id),
                Topic::Containers(query) => query.after = Some(id),
            }
        }
        if block.data.is_empty() {
            return Ok(None);
        }
        if block.event.as_deref() == Some("error") {
            return match serde_json::from_str(&block.data) {
                Ok(error) => Err(ClientError::Refused(error)),
                Err(_) => Ok(None),
            };
        }
        Answer::read(block.data.as_bytes(), "the events").map(Some)
    }

    async fn connect(&mut self) -> Result<()> {
        let request = match &self.topic {
            Topic::Sandboxes(query) => self.client.get(&["v1", "events"]).query(query)?,
            Topic::Containers(query) => self
                .client
                .get(&["api", "events", "containers"])
                .query(query)?,
        }
        .accept("text/event-stream");
        let route = request.route().to_owned();
        self.lines = Some(lines::split(request.bytes().await?, route));
        self.blocks = Blocks::default();
        Ok(())
    }

    async fn connect_again(&mut self) -> Result<()> {
        let mut pause = Duration::from_millis(100);
        loop {
            tokio::time::sleep(pause).await;
            match self.connect().await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_transient() => pause = (pause * 2).min(LONGEST_PAUSE),
                Err(error) => return Err(error),
            }
        }
    }
}
