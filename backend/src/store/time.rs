//! Moments as the database keeps them: nanoseconds since 1970, which last until the year 2262.

use jiff::Timestamp;

/// The column's value. A moment past the column's range becomes its end.
pub(super) fn to_column(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// The moment. Every column value is one.
pub(super) fn from_column(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_nanosecond() {
        let time: Timestamp = "2026-11-21T19:03:00.123456789Z".parse().unwrap();
        assert_eq!(from_column(to_column(time)), time);
        assert!(from_column(to_column(Timestamp::MAX)) < Timestamp::MAX);
    }
}
