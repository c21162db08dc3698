//! Commands in running sandboxes.

use ctnr_api::{
    ExecFrame, ExecList, ExecRequest, ExecResult, ExecStarted, ResizeRequest, SignalRequest,
    TerminalAttachQuery, TerminalQuery,
};
use ctnr_model::{ExecId, SandboxQuery};

use crate::sandboxes::below;
use crate::socket::{self, ExecInput, ExecOutput};
use crate::{Answer, Client, Result, Stream};

impl Client {
    /// Runs a command and waits for its end.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn exec(
        &self,
        sandbox: &SandboxQuery,
        request: &ExecRequest,
    ) -> Result<Answer<ExecResult>> {
        self.post(&below(sandbox, ["exec"]))
            .json(request)
            .fetch()
            .await
    }

    /// Runs a command and gives its output as it comes.
    ///
    /// # Errors
    /// As for [`Client::exec`].
    pub async fn exec_lines(
        &self,
        sandbox: &SandboxQuery,
        request: &ExecRequest,
    ) -> Result<Stream<Answer<ExecFrame>>> {
        self.post(&below(sandbox, ["exec"]))
            .json(request)
            .lines()
            .await
    }

    /// Starts a command that stays when nobody listens. `request.detach` has to be set.
    ///
    /// # Errors
    /// As for [`Client::exec`].
    pub async fn exec_detached(
        &self,
        sandbox: &SandboxQuery,
        request: &ExecRequest,
    ) -> Result<Answer<ExecStarted>> {
        self.post(&below(sandbox, ["exec"]))
            .json(request)
            .fetch()
            .await
    }

    /// Runs a command with its streams, or its terminal, over a WebSocket. The command goes in a
    /// message and not in the address, which gets into logs and may not be long.
    ///
    /// # Errors
    /// As for [`Client::exec`]; that the command could not be started is told by
    /// [`ExecOutput::next`].
    pub async fn exec_socket(
        &self,
        sandbox: &SandboxQuery,
        command: TerminalQuery,
    ) -> Result<(ExecInput, ExecOutput)> {
        let request = self.get(&below(sandbox, ["exec", "ws"]));
        let (mut input, output) = socket::open(request).await?;
        input.start(command).await?;
        Ok((input, output))
    }

    /// Attaches to a detached command.
    ///
    /// # Errors
    /// As for [`Client::exec`].
    pub async fn attach(
        &self,
        sandbox: &SandboxQuery,
        exec: &ExecId,
        query: &TerminalAttachQuery,
    ) -> Result<(ExecInput, ExecOutput)> {
        let route = below(sandbox, ["exec", exec.as_str(), "ws"]);
        socket::open(self.get(&route).query(query)?).await
    }

    /// The detached commands.
    ///
    /// # Errors
    /// As for [`Client::exec`].
    pub async fn list_execs(&self, sandbox: &SandboxQuery) -> Result<Answer<ExecList>> {
        self.get(&below(sandbox, ["exec"])).fetch().await
    }

    /// Sends a detached command a signal.
    ///
    /// # Errors
    /// As for [`Client::exec`].
    pub async fn signal_exec(
        &self,
        sandbox: &SandboxQuery,
        exec: &ExecId,
        request: &SignalRequest,
    ) -> Result<()> {
        let route = below(sandbox, ["exec", exec.as_str(), "signal"]);
        self.post(&route).json(request).done().await
    }

    /// Sets the size of a detached command's terminal.
    ///
    /// # Errors
    /// As for [`Client::exec`].
    pub async fn resize_exec(
        &self,
        sandbox: &SandboxQuery,
        exec: &ExecId,
        request: &ResizeRequest,
    ) -> Result<()> {
        let route = below(sandbox, ["exec", exec.as_str(), "resize"]);
        self.post(&route).json(request).done().await
    }
}
