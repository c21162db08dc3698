//! What a sandbox's program has put out.

use ctnr_api::{LogFrame, LogsQuery};
use ctnr_model::SandboxQuery;

use crate::sandboxes::below;
use crate::{Answer, Client, Result, Stream};

impl Client {
    /// The log with its times and streams.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn logs(
        &self,
        sandbox: &SandboxQuery,
        query: &LogsQuery,
    ) -> Result<Stream<Answer<LogFrame>>> {
        self.get(&below(sandbox, ["logs"]))
            .query(query)?
            .lines()
            .await
    }
}
