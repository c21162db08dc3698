//! Creating, listing and ending sandboxes.

use std::collections::BTreeMap;

use ctnr_model::{
    ContainerPath, EngineKind, ImageReference, NetworkMode, PortRequest, SandboxName, SandboxState,
    UserSpec,
};
use serde::{Deserialize, Serialize};

use crate::flag::{flag, is_no};
use crate::{Env, LimitsRequest};

/// `POST /v1/sandboxes`: the sandbox that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "image": "nextjs-docker:latest", "name": "my-nextjs", "ports": ["3000/tcp"]
})))]
pub struct CreateSandbox {
    /// The image, as Docker names it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub image: ImageReference,
    /// The name, unique among the sandboxes that exist; one is made up where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$", max_length = 128))]
    pub name: Option<SandboxName>,
    /// Ports to publish, as Docker writes them: `3000/tcp` on a free host port, `8081:3000/tcp`
    /// on host port 8081, `0.0.0.0:8081:3000` on every address of the host, `53:53/udp`. Without
    /// an address they answer on 127.0.0.1 and ::1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["3000/tcp"])))]
    pub ports: Vec<PortRequest>,
    /// Instead of the image's command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Instead of the image's entrypoint; the image's command is then dropped. An empty list
    /// clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Added to the image's environment; the same name replaces.
    #[serde(default, skip_serializing_if = "Env::is_empty")]
    pub env: Env,
    /// Instead of the image's working directory; absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "/app"))]
    pub workdir: Option<ContainerPath>,
    /// Instead of the image's user: `name`, `uid`, `name:group` or `uid:gid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "1000:1000"))]
    pub user: Option<UserSpec>,
    /// Your own keys and values, to find the sandbox again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Limits on the use of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsRequest>,
    /// What the sandbox reaches: `open` (the default: anything but the host, the metadata address
    /// and other sandboxes) or `none`. Published ports work with both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = network_schema))]
    pub network: Option<NetworkMode>,
    /// The engine that runs it; the backend's default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = engine_schema))]
    pub engine: Option<EngineKind>,
}

impl CreateSandbox {
    /// A sandbox of `image` with nothing else asked for.
    pub fn of(image: ImageReference) -> Self {
        Self {
            image,
            name: None,
            ports: Vec::new(),
            cmd: None,
            entrypoint: None,
            env: Env::default(),
            workdir: None,
            user: None,
            labels: BTreeMap::new(),
            limits: None,
            network: None,
            engine: None,
        }
    }
}

/// `201` of `POST /v1/sandboxes`: the sandbox runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "id": "a3f8c2d1e4b5a3f8c2d1e4b5a3f8c2d1e4b5a3f8c2d1e4b5a3f8c2d1e4b5a3f8", "ports": {"3000/tcp": "32768"}
})))]
pub struct SandboxCreated {
    /// The id.
    pub id: String,
    /// The host's port of each published port.
    pub ports: BTreeMap<String, String>,
}

/// The query of `GET /v1/sandboxes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ListQuery {
    /// Those that do not run too.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub all: bool,
    /// Only with this label: `key` or `key=value`. Can be given several times; all must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label: Vec<String>,
    /// Only in this state: `created`, `running`, `paused` or `exited`. Can be given several times;
    /// one must match. Given, it needs no `all`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>, schema_with = states_schema))]
    pub state: Vec<SandboxState>,
    /// Only the one with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub name: Option<SandboxName>,
    /// At most so many, 1 to 1000; `next` in the answer leads to the following ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 1000))]
    pub limit: Option<u32>,
    /// Goes on behind an earlier answer: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The answer of `GET /v1/sandboxes`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxList {
    /// The sandboxes.
    pub sandboxes: Vec<SandboxSummary>,
    /// The `cursor` of the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A sandbox as Docker's `GET /containers/json` shows a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxSummary {
    /// The id, 64 hexadecimal digits.
    pub id: String,
    /// One name, with a slash before it.
    pub names: Vec<String>,
    /// The image as it was asked for.
    pub image: String,
    /// The image's id; empty where it is not known.
    #[serde(rename = "ImageID", default)]
    pub image_id: String,
    /// The command as one text.
    #[serde(default)]
    pub command: String,
    /// When it was created, in seconds since 1970.
    pub created: i64,
    /// Its ports.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// `created`, `running`, `paused` or `exited`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: SandboxState,
    /// The state as a sentence: `Up 10 seconds`.
    pub status: String,
    /// The engine that runs it.
    #[cfg_attr(feature = "openapi", schema(schema_with = engine_schema))]
    pub engine: EngineKind,
}

/// A port as Docker's list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Port {
    /// The host's address.
    #[serde(rename = "IP", default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The sandbox's port.
    pub private_port: u16,
    /// The host's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_port: Option<u16>,
    /// `tcp` or `udp`.
    #[serde(rename = "Type")]
    pub protocol: String,
}

/// The query, or the body, of `POST /v1/sandboxes/{id}/stop`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct StopRequest {
    /// Seconds between the image's stop signal and SIGKILL, 0 to 3600. The default is 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(minimum = 0, maximum = 3600),
        param(minimum = 0, maximum = 3600)
    )]
    pub timeout: Option<f64>,
}

/// The query, or the body, of `POST /v1/sandboxes/{id}/restart`.
pub type RestartRequest = StopRequest;

/// The answer of stop and restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusAnswer {
    /// `stopped` or `restarted`.
    pub status: String,
}

#[cfg(feature = "openapi")]
pub(crate) fn word_schema<const N: usize>(
    words: [&str; N],
    description: &str,
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::schema::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(words))
        .description(Some(description))
        .into()
}

#[cfg(feature = "openapi")]
pub(crate) fn engine_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    word_schema(["native", "docker"], "The engine.")
}

#[cfg(feature = "openapi")]
pub(crate) fn network_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    word_schema(["open", "none"], "What the sandbox reaches.")
}

#[cfg(feature = "openapi")]
fn states_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(word_schema(
            ["created", "running", "paused", "exited"],
            "A state.",
        ))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specs_body_is_read() {
        let create: CreateSandbox = serde_json::from_str(
            r#"{"image": "nextjs-docker:latest", "name": "my-nextjs", "ports": ["3000/tcp"]}"#,
        )
        .unwrap();
        assert_eq!(create.image.familiar(), "nextjs-docker:latest");
        assert_eq!(create.ports[0].to_string(), "3000/tcp");
        let again: CreateSandbox =
            serde_json::from_str(&serde_json::to_string(&create).unwrap()).unwrap();
        assert_eq!(again, create);
    }

    #[test]
    fn unknown_fields_are_named() {
        let error = serde_json::from_str::<CreateSandbox>(r#"{"image":"a","prots":[]}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `prots`"), "{error}");
    }

    #[test]
    fn list_queries_round_trip() {
        let query = ListQuery {
            all: true,
            label: vec!["a=b".to_owned(), "c".to_owned()],
            state: vec![SandboxState::Running],
            limit: Some(5),
            ..ListQuery::default()
        };
        let text = serde_html_form::to_string(&query).unwrap();
        assert_eq!(text, "all=true&label=a%3Db&label=c&state=running&limit=5");
        assert_eq!(
            serde_html_form::from_str::<ListQuery>(&text).unwrap(),
            query
        );
        assert!(serde_html_form::from_str::<ListQuery>("al=1").is_err());
        assert!(serde_html_form::from_str::<ListQuery>("all=1").unwrap().all);
    }
}
