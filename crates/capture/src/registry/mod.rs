//! Wine's registry: its files, the difference of two of its states, and other forms of that.

mod data;
mod delta;
mod hive;
mod noise;
mod reg_file;
mod text;

pub use data::Data;
pub use delta::{Delta, KeyChange};
pub use hive::{Hive, HiveKind, ReadError};
pub use reg_file::to_reg_file;
