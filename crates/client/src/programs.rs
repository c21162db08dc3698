//! Programs in containers.

use ctnr_api::{
    ContainerExecRequest, ContainerTerminalQuery, ExecFrame, ExecList, ExecResult, ExecStarted,
    LogFrame, LogsQuery, RunRequest, SignalRequest, TerminalAttachQuery,
};
use ctnr_model::{ContainerQuery, ExecId};

use crate::containers::below;
use crate::socket::{self, ExecInput, ExecOutput};
use crate::{Answer, Client, Result, Stream};

impl Client {
    /// Runs an entry point and waits for its end.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn run_in_container(
        &self,
        container: &ContainerQuery,
        request: &RunRequest,
    ) -> Result<Answer<ExecResult>> {
        self.post(&below(container, ["run"]))
            .json(request)
            .fetch()
            .await
    }

    /// Runs an entry point and gives its output as it comes.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn run_in_container_lines(
        &self,
        container: &ContainerQuery,
        request: &RunRequest,
    ) -> Result<Stream<Answer<ExecFrame>>> {
        self.post(&below(container, ["run"]))
            .json(request)
            .lines()
            .await
    }

    /// Starts an entry point that stays when nobody listens. `request.detach` has to be set.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn run_in_container_detached(
        &self,
        container: &ContainerQuery,
        request: &RunRequest,
    ) -> Result<Answer<ExecStarted>> {
        self.post(&below(container, ["run"]))
            .json(request)
            .fetch()
            .await
    }

    /// Runs a command line and waits for its end.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn exec_in_container(
        &self,
        container: &ContainerQuery,
        request: &ContainerExecRequest,
    ) -> Result<Answer<ExecResult>> {
        self.post(&below(container, ["exec"]))
            .json(request)
            .fetch()
            .await
    }

    /// Runs a command line and gives its output as it comes.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn exec_in_container_lines(
        &self,
        container: &ContainerQuery,
        request: &ContainerExecRequest,
    ) -> Result<Stream<Answer<ExecFrame>>> {
        self.post(&below(container, ["exec"]))
            .json(request)
            .lines()
            .await
    }

    /// Starts a command line that stays when nobody listens. `request.detach` has to be set.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn exec_in_container_detached(
        &self,
        container: &ContainerQuery,
        request: &ContainerExecRequest,
    ) -> Result<Answer<ExecStarted>> {
        self.post(&below(container, ["exec"]))
            .json(request)
            .fetch()
            .await
    }

    /// Runs a command line or an entry point with its streams, or its terminal, over a WebSocket. It
    /// goes in a message and not in the address, which gets into logs and may not be long.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`]; that the program could not be started is told by
    /// [`ExecOutput::next`].
    pub async fn container_socket(
        &self,
        container: &ContainerQuery,
        program: ContainerTerminalQuery,
    ) -> Result<(ExecInput, ExecOutput)> {
        let route = below(container, ["exec", "ws"]);
        let query = ContainerTerminalQuery {
            by_message: true,
            ..ContainerTerminalQuery::default()
        };
        let (mut input, output) = socket::open(self.get(&route).query(&query)?).await?;
        input.program(program).await?;
        Ok((input, output))
    }

    /// Attaches to a detached program.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn attach_in_container(
        &self,
        container: &ContainerQuery,
        exec: &ExecId,
        query: &TerminalAttachQuery,
    ) -> Result<(ExecInput, ExecOutput)> {
        let route = below(container, ["exec", exec.as_str(), "ws"]);
        socket::open(self.get(&route).query(query)?).await
    }

    /// The detached programs of a container.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn list_container_programs(
        &self,
        container: &ContainerQuery,
    ) -> Result<Answer<ExecList>> {
        self.get(&below(container, ["exec"])).fetch().await
    }

    /// Sends a detached program a signal.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn signal_container_program(
        &self,
        container: &ContainerQuery,
        exec: &ExecId,
        request: &SignalRequest,
    ) -> Result<()> {
        let route = below(container, ["exec", exec.as_str(), "signal"]);
        self.post(&route).json(request).done().await
    }

    /// What a container's session has put out.
    ///
    /// # Errors
    /// As for [`Client::run_in_container`].
    pub async fn container_logs(
        &self,
        container: &ContainerQuery,
        query: &LogsQuery,
    ) -> Result<Stream<Answer<LogFrame>>> {
        self.get(&below(container, ["logs"]))
            .query(query)?
            .lines()
            .await
    }
}
