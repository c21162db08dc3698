//! The same done to several things.

use std::future::Future;

use futures::{StreamExt, stream};

use crate::error::{CliError, Result};
use crate::output;

/// How many are worked on at once.
const AT_ONCE: usize = 8;

/// Does `work` to each, several at once, and `tell`s of each in the order in which they are
/// given. One that fails does not keep the others; the first failure alone is passed on as it is.
pub(crate) async fn each<'a, T, R, F>(
    items: &'a [T],
    work: impl Fn(&'a T) -> F,
    mut tell: impl FnMut(&T, R) -> Result<()>,
) -> Result<()>
where
    F: Future<Output = Result<R>>,
{
    let mut failed = 0;
    let mut results = stream::iter(items.iter().map(work)).buffered(AT_ONCE);
    let mut remaining = items.iter();
    while let (Some(result), Some(item)) = (results.next().await, remaining.next()) {
        match result {
            Ok(value) => tell(item, value)?,
            Err(error) if items.len() == 1 => return Err(error),
            Err(error) => {
                output::problem(&error);
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(CliError::Some {
            failed,
            all: items.len(),
        }),
    }
}
