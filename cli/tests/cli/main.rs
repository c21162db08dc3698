//! The built `ctnr` against a mock of the API: what each verb sends, prints and exits with.

mod copy;
mod errors;
mod exec;
mod help;
mod images;
mod sandboxes;
mod streams;
mod support;
mod terminal;
