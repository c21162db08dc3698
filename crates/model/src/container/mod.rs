//! Win32 containers: the manifest `container.toml`, the names of Win32, and the life of a
//! container.
//!
//! `docs/spec.md` describes the model as a whole. What a manifest means on a host is the
//! business of the crate `ctnr-plan`.

mod check;
mod entry;
mod environment;
mod file_type;
mod fold;
mod host_folder;
mod isolation;
mod known_folder;
mod layer;
mod limits;
mod manifest;
mod network;
mod overrides;
mod path_template;
mod problem;
mod read;
mod registry_key;
mod runtime;
#[cfg(feature = "schema")]
mod schema;
mod state;
mod text_template;
mod win32_name;
mod win32_path;
mod words;

pub use entry::{Entry, EntryKind, EntryName};
pub use environment::{
    Environment, EnvironmentFault, EnvironmentName, RUNTIME_VARIABLES, is_runtime_variable, settle,
};
pub use file_type::{Extension, FileType};
pub use fold::fold;
pub use host_folder::{HostAccess, HostFolder, HostSource};
pub use isolation::{Isolation, IsolationPolicy, KeyRule, PathRule};
pub use known_folder::KnownFolder;
pub use layer::{Layer, LayerName, LayerSource};
pub use limits::LimitRequest;
pub use manifest::{Bitness, Manifest, NetworkSection, PackageVersion};
pub use network::NetworkPolicy;
pub use overrides::{HostChange, Override};
pub use path_template::PathTemplate;
pub use problem::{ManifestError, Position, Problem};
pub use registry_key::{Hive, RegistryKey, RegistryView};
pub use runtime::RuntimeReference;
pub use state::ContainerState;
pub use text_template::{TextPart, TextTemplate};
pub use win32_name::{NameFault, check_name, is_device_name, is_short_name};
pub use win32_path::{Win32Path, resolve_names};
