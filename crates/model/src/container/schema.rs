//! Schemas of the values that documents hold as text, and of types from beside this module.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{
    EntryName, EnvironmentName, Extension, HostSource, LayerName, LayerSource, PackageVersion,
    PathTemplate, RegistryKey, RuntimeReference, TextTemplate, Win32Path,
};
use crate::{
    ByteSize, ContainerName, ContainerPath, Digest, HostMount, HostPath, LayerId, Limits,
    MountAccess,
};

fn text(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([example])
}

fn whole(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .description(Some(description))
}

macro_rules! text_schemas {
    ($($type:ident: $description:literal, $example:literal;)*) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    text($description, $example).into()
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($type))
                }
            }
        )*
    };
}

text_schemas! {
    ContainerName: "2 to 128 letters, digits, '_', '.' and '-'", "7-zip";
    ContainerPath: "An absolute path in the sandbox", "/srv/data";
    Digest: "A digest", "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    EntryName: "1 to 64 letters, digits, '_', '.' and '-'", "7za";
    EnvironmentName: "The name of an environment variable", "PATH";
    Extension: "The extension of a file's name, with its dot", ".7z";
    HostPath: "An absolute path on a Linux host", "/srv/data";
    HostSource: "A known folder of the host, or an absolute path on it", "%Documents%\\Work";
    LayerId: "The id of a layer: 64 hexadecimal digits", "2222222222222222222222222222222222222222222222222222222222222222";
    LayerName: "1 to 128 lower-case letters, digits, '_', '.' and '-'", "vcredist";
    LayerSource: "The id, the digest or the name of a layer; by default its name in the manifest", "vcredist-14";
    PackageVersion: "1 to 64 letters, digits, '.', '+', '_' and '-'", "24.09";
    PathTemplate: "A known folder and names below it, or an absolute path on a drive", "%ProgramFiles%\\7-Zip";
    RegistryKey: "A key below HKLM, HKCU or HKCR", "HKCU\\Software\\Vendor";
    RuntimeReference: "The name or the digest of the runtime's image", "wine:10";
    TextTemplate: "A text in which %Documents% is a known folder, %NAME% a variable, and %% a percent sign", "%ProgramFiles%\\7-Zip;%PATH%";
    Win32Path: "An absolute path on a drive", "C:\\Program Files\\7-Zip";
}

impl PartialSchema for ByteSize {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(text("A number with k, m, g or t", "512m"))
            .item(whole("A number of bytes"))
            .into()
    }
}

impl ToSchema for ByteSize {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ByteSize")
    }
}

impl PartialSchema for Limits {
    fn schema() -> RefOr<Schema> {
        let limit = |description| {
            whole(description).schema_type(utoipa::openapi::schema::SchemaType::from_iter([
                Type::Integer,
                Type::Null,
            ]))
        };
        ObjectBuilder::new()
            .description(Some("Limits on the use of the host; null is none"))
            .property("memory", limit("Bytes of memory"))
            .property("cpus", limit("Billionths of a processor"))
            .property("pids", limit("Processes and threads"))
            .into()
    }
}

impl ToSchema for Limits {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Limits")
    }
}

impl PartialSchema for HostMount {
    fn schema() -> RefOr<Schema> {
        let access = [
            MountAccess::ReadOnly,
            MountAccess::ReadWrite,
            MountAccess::CopyOnWrite,
        ];
        let owner = ObjectBuilder::new()
            .description(Some("Who the folder's owner is in the sandbox"))
            .property("uid", whole("The user's id"))
            .property("gid", whole("The group's id"));
        ObjectBuilder::new()
            .description(Some("A folder of the host at a path in the sandbox"))
            .property("source", HostPath::schema())
            .required("source")
            .property("target", ContainerPath::schema())
            .required("target")
            .property(
                "access",
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(access.map(access_word))),
            )
            .required("access")
            .property("owner", owner)
            .into()
    }
}

impl ToSchema for HostMount {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("HostMount")
    }
}

/// The word that serde writes.
fn access_word(access: MountAccess) -> &'static str {
    match access {
        MountAccess::ReadOnly => "read-only",
        MountAccess::ReadWrite => "read-write",
        MountAccess::CopyOnWrite => "copy-on-write",
    }
}
