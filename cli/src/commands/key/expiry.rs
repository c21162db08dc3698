//! How long a key lasts, on the command line.

use std::time::Duration;

use ctnr_model::Invalid;
use jiff::Timestamp;

/// When a key's time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// So long after it was made.
    After(Duration),
    /// At a moment.
    At(Timestamp),
    /// When it is revoked.
    Never,
}

impl Expiry {
    /// Reads `30d`, `12h`, `15m`, `2w`, a moment as `2030-01-01T00:00:00Z`, or `never`.
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "never" {
            return Ok(Self::Never);
        }
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        length(text).map(Self::After).ok_or_else(|| {
            Invalid::new(
                "expiry",
                text,
                "expected a number with m, h, d or w, as in 30d, a moment as 2030-01-01T00:00:00Z, or never",
            )
        })
    }

    /// The moment, of a key that is made at `now`; `None` for one that does not expire.
    pub(super) fn moment(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::After(length) => Some(now.saturating_add(length).unwrap_or(Timestamp::MAX)),
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }
}

fn length(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds: u64 = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    (number > 0).then(|| Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lasts_so_long_or_until_a_moment() {
        let hours = |hours: u64| Expiry::After(Duration::from_secs(hours * 3_600));
        for (text, expiry) in [
            ("15m", Expiry::After(Duration::from_secs(900))),
            ("12h", hours(12)),
            ("30d", hours(720)),
            ("2w", hours(336)),
            ("never", Expiry::Never),
            (
                "1970-01-01T00:00:07Z",
                Expiry::At(Timestamp::from_second(7).unwrap()),
            ),
        ] {
            assert_eq!(Expiry::parse(text), Ok(expiry), "{text}");
        }
        for bad in [
            "",
            "30",
            "d",
            "0d",
            "-1d",
            "1.5d",
            "1y",
            "tomorrow",
            "2030-01-01",
            "1ñ",
        ] {
            assert!(Expiry::parse(bad).is_err(), "{bad}");
        }
        let now = Timestamp::from_second(100).unwrap();
        assert_eq!(hours(1).moment(now), Timestamp::from_second(3_700).ok());
        assert_eq!(Expiry::Never.moment(now), None);
        let far = Expiry::parse("4294967295w").unwrap();
        assert_eq!(far.moment(now), Some(Timestamp::MAX));
    }
}
