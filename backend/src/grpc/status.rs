//! The one table from errors to gRPC.

use ctnr_api::ErrorCode;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Status};

/// The metadata with an error's code, as REST has it in the body.
const ERROR_CODE: &str = "ctnr-error-code";

/// How many bytes a message may take as it is sent, where what is not plain ASCII takes three for
/// each. Clients refuse metadata of more than 8 KiB in all.
const MAX_MESSAGE: usize = 4096;

/// The table: the status that goes with a code. `TOO_LARGE` is not `RESOURCE_EXHAUSTED`, which
/// clients take for something that passes.
fn code_of(code: ErrorCode) -> Code {
    match code {
        ErrorCode::BadRequest => Code::InvalidArgument,
        ErrorCode::Unauthorized => Code::Unauthenticated,
        ErrorCode::Forbidden => Code::PermissionDenied,
        ErrorCode::NotFound => Code::NotFound,
        ErrorCode::Conflict => Code::FailedPrecondition,
        ErrorCode::TooLarge => Code::OutOfRange,
        ErrorCode::RateLimited => Code::ResourceExhausted,
        ErrorCode::Unsupported | ErrorCode::MethodNotAllowed => Code::Unimplemented,
        ErrorCode::Timeout => Code::DeadlineExceeded,
        ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::InternalError => Code::Internal,
        ErrorCode::Unknown => Code::Unknown,
    }
}

/// The status of an error, with its code and what else the caller is told in the metadata.
pub(super) fn status(error: ctnr_api::Error, mut metadata: MetadataMap) -> Status {
    metadata.insert(
        ERROR_CODE,
        AsciiMetadataValue::from_static(error.code.as_str()),
    );
    Status::with_metadata(code_of(error.code), cut(error.message), metadata)
}

/// The status of an error that begins here.
pub(super) fn of(code: ErrorCode, message: impl Into<String>) -> Status {
    let message = message.into();
    status(ctnr_api::Error { code, message }, MetadataMap::new())
}

/// A message, cut where it would be too long.
fn cut(mut message: String) -> String {
    let mut taken = 0;
    let end = message.char_indices().find(|(_, letter)| {
        let is_plain = matches!(letter, ' '..='~') && *letter != '%';
        taken += if is_plain { 1 } else { 3 * letter.len_utf8() };
        taken > MAX_MESSAGE
    });
    if let Some((end, _)) = end {
        message.truncate(end);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_status_and_is_named() {
        for (code, expected) in [
            (ErrorCode::BadRequest, Code::InvalidArgument),
            (ErrorCode::Unauthorized, Code::Unauthenticated),
            (ErrorCode::Forbidden, Code::PermissionDenied),
            (ErrorCode::NotFound, Code::NotFound),
            (ErrorCode::Conflict, Code::FailedPrecondition),
            (ErrorCode::TooLarge, Code::OutOfRange),
            (ErrorCode::RateLimited, Code::ResourceExhausted),
            (ErrorCode::Unsupported, Code::Unimplemented),
            (ErrorCode::MethodNotAllowed, Code::Unimplemented),
            (ErrorCode::Timeout, Code::DeadlineExceeded),
            (ErrorCode::Unavailable, Code::Unavailable),
            (ErrorCode::InternalError, Code::Internal),
            (ErrorCode::Unknown, Code::Unknown),
        ] {
            let status = of(code, "why");
            assert_eq!((status.code(), status.message()), (expected, "why"));
            let named = status.metadata().get(ERROR_CODE).unwrap();
            assert_eq!(named, code.as_str());
        }
    }

    #[test]
    fn long_messages_are_cut_between_letters() {
        assert_eq!(cut("short: ä".to_owned()), "short: ä");
        let plain = "a".repeat(MAX_MESSAGE);
        assert_eq!(cut(plain.clone()), plain);
        assert_eq!(cut(format!("{plain}b")), format!("{plain}…"));
        let cut = cut("ä".repeat(MAX_MESSAGE));
        assert_eq!(cut.chars().count(), MAX_MESSAGE / 6 + 1);
    }
}
