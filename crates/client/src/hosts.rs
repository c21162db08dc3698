//! Hosts, and the agents that report for them.

use ctnr_api::{AgentEnrolled, AgentReport, Host, HostList};

use crate::{Answer, Client, Result};

const HOSTS: [&str; 2] = ["api", "hosts"];

impl Client {
    /// The hosts of the platform.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn list_hosts(&self) -> Result<Answer<HostList>> {
        self.get(&HOSTS).fetch().await
    }

    /// A host, by its id, the unique start of that, or its agent's name.
    ///
    /// # Errors
    /// As for [`Client::list_hosts`].
    pub async fn find_host(&self, host: &str) -> Result<Answer<Host>> {
        self.get(&[HOSTS[0], HOSTS[1], host]).fetch().await
    }

    /// Enrols an agent for the host of an installation, or says that it is still there.
    ///
    /// # Errors
    /// As for [`Client::list_hosts`].
    pub async fn report_agent(
        &self,
        installation: &str,
        report: &AgentReport,
    ) -> Result<Answer<AgentEnrolled>> {
        self.put(&[HOSTS[0], HOSTS[1], installation, "agent"])
            .json(report)
            .fetch()
            .await
    }

    /// Says that the agent of a host stops.
    ///
    /// # Errors
    /// As for [`Client::list_hosts`].
    pub async fn leave_agent(&self, installation: &str) -> Result<()> {
        self.delete(&[HOSTS[0], HOSTS[1], installation, "agent"])
            .done()
            .await
    }
}
