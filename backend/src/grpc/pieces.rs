//! Bytes of any length as streams of messages, in both directions. Nothing is held as a whole.

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use ctnr_api::ErrorCode;
use ctnr_protocol::v1::*;
use futures::{StreamExt, TryStreamExt, stream};
use tonic::{Status, Streaming};

use super::gateway::lost;
use super::status;
use super::streams::Messages;

/// The longest piece that is sent. Clients take messages of 4 MiB where nothing else is set.
const MAX_PIECE: usize = 1 << 20;

/// A message of a stream that carries bytes somewhere.
pub(super) trait Carrier: Send + 'static {
    /// Where to.
    type Target;

    /// What it carries.
    fn part(self) -> Part<Self::Target>;
}

/// What a message of such a stream carries.
pub(super) enum Part<T> {
    /// Where the bytes belong, which comes first and once.
    Target(T),
    /// Some of them.
    Data(Bytes),
    /// Nothing that is known.
    Neither,
}

macro_rules! carries {
    ($message:ty, $module:ident, $target:ty) => {
        impl Carrier for $message {
            type Target = $target;

            fn part(self) -> Part<$target> {
                match self.part {
                    Some($module::Part::Target(target)) => Part::Target(target),
                    Some($module::Part::Data(data)) => Part::Data(data),
                    None => Part::Neither,
                }
            }
        }
    };
}

carries!(WriteFileRequest, write_file_request, FileTarget);
carries!(WriteArchiveRequest, write_archive_request, ArchiveTarget);
carries!(UploadLayerRequest, upload_layer_request, LayerTarget);
carries!(SendUploadRequest, send_upload_request, UploadTarget);

/// Where a stream of messages carries bytes, and the bytes as a body.
///
/// # Errors
/// Where the first message does not say where to.
pub(super) async fn body<T: Carrier>(
    mut messages: Streaming<T>,
) -> Result<(T::Target, Body), Status> {
    let target = match messages.message().await?.map(Carrier::part) {
        Some(Part::Target(target)) => target,
        _ => {
            return Err(status::of(
                ErrorCode::BadRequest,
                "the first message has to be target, which says where the bytes belong",
            ));
        }
    };
    let data = messages.map(|message| match message?.part() {
        Part::Data(data) => Ok(data),
        Part::Target(_) | Part::Neither => Err(status::of(
            ErrorCode::BadRequest,
            "each message behind the first one has to be data",
        )),
    });
    Ok((target, Body::from_stream(data)))
}

/// A body as messages.
pub(super) fn pieces(answer: Response<Body>) -> Messages<Piece> {
    let data = answer.into_body().into_data_stream();
    data.map_err(lost)
        .map_ok(|data| stream::iter(split(data).map(|data| Ok(Piece { data }))))
        .try_flatten()
        .boxed()
}

/// Cuts bytes into pieces that are not too long, for messages and for a WebSocket of REST.
pub(super) fn split(mut data: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let piece = data.split_to(data.len().min(MAX_PIECE));
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_not_too_long() {
        for (length, pieces) in [
            (0, vec![]),
            (1, vec![1]),
            (MAX_PIECE, vec![MAX_PIECE]),
            (2 * MAX_PIECE + 7, vec![MAX_PIECE, MAX_PIECE, 7]),
        ] {
            let data = Bytes::from(vec![7; length]);
            let lengths: Vec<_> = split(data).map(|piece| piece.len()).collect();
            assert_eq!(lengths, pieces);
        }
    }
}
