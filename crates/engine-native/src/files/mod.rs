//! (being written)
use crate::protocol::Failure;
use std::os::fd::OwnedFd;
pub(crate) fn serve(_socket: OwnedFd) {}
pub(crate) fn refuse(_socket: OwnedFd, _failure: Failure) {}
