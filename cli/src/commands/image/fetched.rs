//! The end of a pull or import, and the way there.

use ctnr_api::ImageFrame;
use ctnr_client::{Answer, ClientError, Stream};
use futures::TryStreamExt;

use crate::context::Context;
use crate::error::{CliError, Result};
use crate::output::ProgressBars;

/// Shows progress until the work is done, and gives its last frame. With --json each frame is a
/// line.
pub(super) async fn follow(
    mut frames: Stream<Answer<ImageFrame>>,
    is_quiet: bool,
    context: &Context,
) -> Result<ImageFrame> {
    let mut bars = ProgressBars::new(is_quiet || context.output.json);
    while let Some(frame) = frames.try_next().await? {
        if context.output.json && !matches!(*frame, ImageFrame::Error(_)) {
            context.output.record(frame.json())?;
        }
        match frame.into_value() {
            ImageFrame::Progress(progress) => bars.show(&progress),
            ImageFrame::Error(error) => return Err(ClientError::Refused(error).into()),
            last => return Ok(last),
        }
    }
    Err(CliError::Usage(
        "the backend broke off without saying how it ended; try again".to_owned(),
    ))
}
