//! Parses dates in the names and text datasets of granules.

use jiff::civil::Date;

/// Parses a date as written in CPL files, `06Sep12` or `15 Jan 2020`, or as `20120906` or `2012-09-06`.
#[must_use]
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let compact: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    ["%d%b%y", "%d%b%Y", "%Y%m%d", "%Y-%m-%d"].iter().find_map(|format| Date::strptime(format, &compact).ok())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_in_every_known_form() {
        for text in ["06Sep12", " 6 Sep 2012", "06 Sep 2012", "20120906", "2012-09-06"] {
            assert_eq!(parse_date(text), Some(date(2012, 9, 6)), "{text}");
        }
        assert_eq!(parse_date("Sept 6"), None);
    }
}
