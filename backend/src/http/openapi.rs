//! The OpenAPI document, from the routes themselves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::access::scopes::{self, Need};
use super::routes;
use ctnr_model::Scope;

/// The errors that any route can answer with, all in the one shape.
pub(super) struct Errors;

/// What each status means; `docs/api.md` tells it at more length.
const MEANINGS: [(&str, &str); 12] = [
    (
        "400",
        "BAD_REQUEST: the request is wrong in itself; the message names the field",
    ),
    ("401", "UNAUTHORIZED: send a key that is good in X-API-Key"),
    (
        "403",
        "FORBIDDEN: the key lacks the scope, or the page, the host name or the credentials may not do this",
    ),
    ("404", "NOT_FOUND: no such sandbox, command, image or file"),
    (
        "408",
        "TIMEOUT: the body of the request came to a standstill",
    ),
    (
        "409",
        "CONFLICT: a name or port is taken, or the state does not allow it",
    ),
    ("413", "TOO_LARGE: the body is larger than what is taken"),
    ("422", "UNSUPPORTED: the engine cannot do it"),
    ("429", "RATE_LIMITED: come back after Retry-After seconds"),
    (
        "500",
        "INTERNAL_ERROR: something failed that should not have",
    ),
    (
        "503",
        "UNAVAILABLE: the engine or a registry does not answer",
    ),
    ("504", "TIMEOUT: the engine or a registry took too long"),
];

impl IntoResponses for Errors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        MEANINGS
            .iter()
            .map(|(status, _)| {
                let reference = Ref::from_response_name(component(status));
                ((*status).to_owned(), RefOr::Ref(reference))
            })
            .collect()
    }
}

/// A body that is bytes, as OpenAPI writes it. `Vec<u8>` would stand for a JSON array of numbers.
pub(super) struct Bytes;

impl PartialSchema for Bytes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .into()
    }
}

impl ToSchema for Bytes {}

/// The name of a status' answer among the document's components.
fn component(status: &str) -> String {
    format!("Error{status}")
}

fn response(meaning: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ctnr_api::Error::name())))
        .build();
    ResponseBuilder::new()
        .description(meaning)
        .content("application/json", content)
        .build()
}

/// The document, as `/openapi.json` serves it and the repository holds it.
pub fn document() -> OpenApi {
    let mut document = routes::documented().into_openapi();
    let own = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("ctnr")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("Applications in isolated, portable containers."))
                .license(Some(utoipa::openapi::License::new("MIT OR Apache-2.0")))
                .build(),
        )
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme(
                    "key",
                    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                        "X-API-Key",
                        "A key made with POST /api/keys, whose scopes have to include one of those that an operation names, or the server's CONTAINERS_API_KEY, which needs none. Without CONTAINERS_API_KEY, callers on the server's own host need no key.",
                    ))),
                )
                .responses_from_iter(
                    MEANINGS.map(|(status, meaning)| (component(status), response(meaning))),
                )
                .schema(ctnr_api::Error::name(), ctnr_api::Error::schema())
                .schema(ctnr_api::ErrorCode::name(), ctnr_api::ErrorCode::schema())
                .build(),
        ))
        .security(Some([
            SecurityRequirement::default(),
            SecurityRequirement::new("key", Vec::<String>::new()),
        ]))
        .build();
    document.info = own.info.clone();
    document.security.clone_from(&own.security);
    document.merge(own);
    name_scopes(&mut document);
    document
}

/// Writes the scopes that each operation needs into the document: of several, one is enough.
fn name_scopes(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            let (Some(operation), Some(Need::OneOf(scopes))) =
                (operation.as_mut(), scopes::listed(method, path))
            else {
                continue;
            };
            let with = |scope: &Scope| SecurityRequirement::new("key", [scope.to_string()]);
            let requirements = scopes.iter().map(with);
            let all = [SecurityRequirement::default()]
                .into_iter()
                .chain(requirements);
            operation.security = Some(all.collect());
        }
    }
}

/// The document as JSON, with an end of line.
pub fn openapi_json() -> String {
    let json = document().to_pretty_json();
    json.expect("a document of texts and numbers is JSON") + "\n"
}

static JSON: LazyLock<String> = LazyLock::new(openapi_json);

/// `GET /openapi.json`.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str())
}
