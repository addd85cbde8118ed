//! Compares date and campaign of a sounding with its file name and its collection.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::date::parse_date;
use cumulus_model::warning::{Code, Warning};
use cumulus_sounding::Sounding;

/// Maximum days between the dates of name and launch without a warning: names may have the day of take-off.
const DAYS_APART: i32 = 1;

/// Adds a warning if the date of a sounding differs from that in its file name (without the ending, `stem`), or if its
/// project is not `campaign`. Neither is an error: people choose file names, and a campaign's sondes are distributed
/// under the name of another one.
pub fn compare(sounding: &Sounding, stem: &str, campaign: &str, warnings: &mut Vec<Warning>) {
    let launch = sounding.launch.as_ref().map(|launch| launch.instant).or(sounding.time_origin);
    let launched = launch.map(|instant| instant.to_zoned(TimeZone::UTC).date());
    if let (Some(named), Some(launched)) = (date_in(stem), launched)
        && (named.duration_until(launched).as_hours() / 24).abs() > i64::from(DAYS_APART)
    {
        let message = format!("the file name has {named}, but the launch was on {launched}, which is used");
        warnings.push(Warning::of_granule(Code::DatesDisagree, message));
    }
    let project = sounding.project.as_deref().map(str::trim).filter(|project| !project.is_empty());
    if let Some(project) = project.filter(|project| !names(project, campaign)) {
        let message =
            format!("the source names the project {project:?}, but the collection belongs to {campaign}");
        warnings.push(Warning::of_granule(Code::AnotherCampaign, message));
    }
}

/// Returns true if `project` contains `campaign`, ignoring ASCII case.
fn names(project: &str, campaign: &str) -> bool {
    let (project, campaign) = (project.to_ascii_uppercase(), campaign.to_ascii_uppercase());
    project.contains(&campaign)
}

/// Returns the first date `yyyymmdd` in a name, alone or followed by a time without a separator.
fn date_in(stem: &str) -> Option<Date> {
    stem.split(|character: char| !character.is_ascii_digit())
        .filter(|digits| matches!(digits.len(), 8 | 10 | 12 | 14))
        .filter_map(|digits| parse_date(digits.get(..8)?))
        .find(|date| (1969..=2068).contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cumulus_sounding::Launch;

    fn warned(project: &str, stem: &str) -> Vec<Code> {
        let launch = Launch {
            instant: "2012-09-07T00:10:00Z".parse().unwrap(),
            source: "test",
            has_fraction: false,
            detected: true,
        };
        let project = Some(project.to_owned());
        let sounding = Sounding { project, launch: Some(launch), ..Sounding::default() };
        let mut warnings = Vec::new();
        compare(&sounding, stem, "HS3", &mut warnings);
        warnings.iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn names_and_contents_that_contradict_each_other_are_told() {
        assert_eq!(warned("HS3 2012", "D20120907_001000_PQC"), []);
        assert_eq!(warned("hs3", "D20120906_235900"), []);
        assert_eq!(warned("HS3", "sounding"), []);
        assert_eq!(warned("HS3", "AVAPS_201209081200_R0"), []);
        assert_eq!(warned("HS3", "AVAPS_201209101200_R0"), [Code::DatesDisagree]);
        assert_eq!(warned("IMPACTS", "D20130907_001000"), [Code::DatesDisagree, Code::AnotherCampaign]);
    }
}
