//! Creating, listing and ending sandboxes.

use ctnr_api::{
    CreateSandbox, ListQuery, RestartRequest, SandboxCreated, SandboxDetails, SandboxList,
    SandboxStats, StatsQuery, StatusAnswer, StopRequest,
};
use ctnr_model::SandboxQuery;

use crate::{Answer, Client, Result, Stream};

const SANDBOXES: [&str; 2] = ["v1", "sandboxes"];

/// The segments of a route below a sandbox.
pub(crate) fn below<'a, const N: usize>(
    sandbox: &'a SandboxQuery,
    rest: [&'a str; N],
) -> Vec<&'a str> {
    SANDBOXES
        .into_iter()
        .chain([sandbox.as_str()])
        .chain(rest)
        .collect()
}

impl Client {
    /// Creates and starts a sandbox.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn create_sandbox(&self, sandbox: &CreateSandbox) -> Result<Answer<SandboxCreated>> {
        self.post(&SANDBOXES).json(sandbox).fetch().await
    }

    /// One page of the sandboxes.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn list_sandboxes(&self, query: &ListQuery) -> Result<Answer<SandboxList>> {
        self.get(&SANDBOXES).query(query)?.fetch().await
    }

    /// All that is known of a sandbox.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn inspect_sandbox(&self, sandbox: &SandboxQuery) -> Result<Answer<SandboxDetails>> {
        self.get(&below(sandbox, [])).fetch().await
    }

    /// What a sandbox uses of the host.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn stats(
        &self,
        sandbox: &SandboxQuery,
        query: &StatsQuery,
    ) -> Result<Answer<SandboxStats>> {
        self.get(&below(sandbox, ["stats"]))
            .query(query)?
            .fetch()
            .await
    }

    /// What a sandbox uses of the host, again and again until it ends.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn watch_stats(
        &self,
        sandbox: &SandboxQuery,
        query: &StatsQuery,
    ) -> Result<Stream<Answer<SandboxStats>>> {
        self.get(&below(sandbox, ["stats"]))
            .query(query)?
            .lines()
            .await
    }

    /// Stops a sandbox's program.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn stop_sandbox(
        &self,
        sandbox: &SandboxQuery,
        request: &StopRequest,
    ) -> Result<Answer<StatusAnswer>> {
        self.post(&below(sandbox, ["stop"]))
            .json(request)
            .fetch()
            .await
    }

    /// Stops a sandbox's program if it runs, and starts it again.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn restart_sandbox(
        &self,
        sandbox: &SandboxQuery,
        request: &RestartRequest,
    ) -> Result<Answer<StatusAnswer>> {
        self.post(&below(sandbox, ["restart"]))
            .json(request)
            .fetch()
            .await
    }

    /// Removes a sandbox with all that is in it, running or not.
    ///
    /// # Errors
    /// As for [`Client::create_sandbox`].
    pub async fn delete_sandbox(&self, sandbox: &SandboxQuery) -> Result<()> {
        self.delete(&below(sandbox, [])).done().await
    }
}
