//! How long ago something was.

use jiff::Timestamp;

/// `3 minutes ago`, as Docker's lists say it.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..2_592_000 => (seconds / 86_400, "day"),
        2_592_000..31_536_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_the_largest_unit() {
        let now = Timestamp::from_second(100_000_000).unwrap();
        for (seconds, text) in [
            (0, "0 seconds ago"),
            (1, "1 second ago"),
            (119, "1 minute ago"),
            (7_200, "2 hours ago"),
            (172_800, "2 days ago"),
            (70_000_000, "2 years ago"),
            (-5, "0 seconds ago"),
        ] {
            let then = Timestamp::from_second(100_000_000 - seconds).unwrap();
            assert_eq!(ago(then, now), text);
        }
    }
}
