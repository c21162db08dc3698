//! Lengths of time on the command line.

use std::time::Duration;

use ctnr_model::Invalid;

/// Reads `10`, `1.5s`, `2m`, `1h`, up to a day.
pub(crate) fn duration(text: &str) -> Result<Duration, Invalid> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let factor = match unit {
        "m" => 60.0,
        "h" => 3_600.0,
        _ => 1.0,
    };
    number
        .parse::<f64>()
        .ok()
        .map(|number| number * factor)
        .filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0)
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            Invalid::new(
                "time",
                text,
                "expected seconds, or a number with s, m or h, up to 24h",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, millis) in [
            ("10", 10_000),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(millis));
        }
        for bad in ["", "s", "0", "-1", "25h", "NaN", "inf", "1d", "ñ"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
