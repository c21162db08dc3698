//! The manifest of a container.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, EntryName};
use super::environment::Environment;
use super::file_type::FileType;
use super::host_folder::HostFolder;
use super::isolation::IsolationPolicy;
use super::layer::{Layer, stack};
use super::limits::LimitRequest;
use super::network::NetworkPolicy;
use super::runtime::RuntimeReference;
use super::words::words;
use crate::invalid::string_conversions;
use crate::{ContainerName, Invalid};

words! {
    /// The bitness of a container's programs.
    #[derive(Default)]
    pub enum Bitness: "bitness" {
        /// 64 bits; programs of 32 bits run too.
        #[default]
        X64 => "x64",
        /// 32 bits.
        X86 => "x86",
    }
}

/// The version of a package, as its maker writes it: 1 to 64 letters, digits, `.`, `+`, `_`, `-`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageVersion(String);

impl PackageVersion {
    /// Reads a version.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".+_-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "version",
                text,
                "expected 1 to 64 letters, digits, '.', '+', '_' or '-'",
            ))
        }
    }

    /// The version.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

string_conversions!(PackageVersion);

/// The manifest of a container, `container.toml`.
///
/// It is read by [`Manifest::parse`], which checks it as a whole: names are unique, references
/// lead somewhere, nothing goes in circles. As JSON it has the names that it has in TOML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Manifest {
    /// The version of the form of this document.
    pub schema: u32,
    /// The name of what is packaged.
    pub name: ContainerName,
    /// Its version.
    pub version: PackageVersion,
    /// What it is, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The bitness of its programs.
    pub bitness: Bitness,
    /// The runtime that it asks for.
    pub runtime: RuntimeReference,
    /// The version of the form in which its programs keep their data. Data of another version is
    /// not given to them without a migration.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub state_schema: u32,
    /// Its layers, each over those before it.
    #[serde(rename = "layer", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub layers: Vec<Layer>,
    /// The programs that it offers.
    #[serde(rename = "entry", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub entries: Vec<Entry>,
    /// The files that they open.
    #[serde(rename = "file_type", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub file_types: Vec<FileType>,
    /// Environment variables, over the runtime's.
    #[serde(skip_serializing_if = "Environment::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::BTreeMap<String, String>, required = false))]
    pub environment: Environment,
    /// How far it is kept from the host.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub isolation: IsolationPolicy,
    /// Folders of the host that it is let into.
    #[serde(rename = "host", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub hosts: Vec<HostFolder>,
    /// What it reaches of the network.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub network: NetworkSection,
    /// Limits on its use of the host.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub limits: LimitRequest,
}

/// The section `[network]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NetworkSection {
    /// What the container reaches.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub policy: NetworkPolicy,
}

impl Manifest {
    /// The version of the form that this program reads.
    pub const SCHEMA: u32 = 1;
    /// The longest manifest, in bytes.
    pub const MAX_BYTES: usize = 1 << 20;
    /// The most layers.
    pub const MAX_LAYERS: usize = 64;
    /// The most entries.
    pub const MAX_ENTRIES: usize = 256;
    /// The most file types.
    pub const MAX_FILE_TYPES: usize = 1024;
    /// The most environment variables.
    pub const MAX_VARIABLES: usize = 256;
    /// The most rules of isolation for paths, and for keys.
    pub const MAX_RULES: usize = 4096;
    /// The most folders of the host.
    pub const MAX_HOST_FOLDERS: usize = 64;
    /// The most arguments of an entry.
    pub const MAX_ARGUMENTS: usize = 256;
    /// The longest text for people, in bytes.
    pub const MAX_DESCRIPTION: usize = 4096;

    /// A manifest with nothing but a name, a bitness and a runtime, for a container that is filled
    /// later.
    pub fn empty(name: ContainerName, bitness: Bitness, runtime: RuntimeReference) -> Self {
        Self {
            schema: Self::SCHEMA,
            name,
            version: PackageVersion("0".to_owned()),
            description: None,
            bitness,
            runtime,
            state_schema: 1,
            layers: Vec::new(),
            entries: Vec::new(),
            file_types: Vec::new(),
            environment: Environment::new(),
            isolation: IsolationPolicy::default(),
            hosts: Vec::new(),
            network: NetworkSection::default(),
            limits: LimitRequest::default(),
        }
    }

    /// The manifest as a document that [`Manifest::parse`] reads back to the same.
    ///
    /// # Errors
    /// None for a manifest that was checked; the serializer's, for a field that TOML can't hold.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The layers as they lie on each other, the lowest first: in the order of the manifest, but
    /// each over those that it needs.
    pub fn stacked_layers(&self) -> Vec<&Layer> {
        stack(&self.layers).unwrap_or_else(|_| self.layers.iter().collect())
    }

    /// The entry that runs where none is named.
    pub fn default_entry(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.default)
    }

    /// The entry of a name.
    pub fn entry(&self, name: &EntryName) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }
}
