//! The facts of one granule that the catalogue asks for: platform, campaign and short name of the collection.
//!
//! In: the collection's table, the parts of the granule's name, and its contents. Out: one text for each fact. What a
//! granule does not state in a way that the table knows is an error and never a guess.

use crate::collection::{Collection, Fact, Statement};
use crate::map::text;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Source, SourceValue};

/// What is known about a granule as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// GCMD keyword of the platform.
    pub platform: String,
    /// GCMD keyword of the campaign.
    pub campaign: String,
    /// Short name of the collection in the catalogue, unless an option states another.
    pub short_name: String,
}

impl Facts {
    /// Returns the facts of a granule with these named `parts` of its name; `source` is `None` for texts, which have
    /// neither attributes nor datasets.
    ///
    /// # Errors
    /// The granule does not state a fact, or states it in a text that the table does not know.
    pub fn of(
        collection: &Collection,
        parts: &[(String, String)],
        source: Option<&dyn Source>,
    ) -> Result<Self, Failure> {
        let fact = |what, fact| value(what, fact, parts, source);
        Ok(Self {
            platform: fact("platform", &collection.platform)?,
            campaign: fact("campaign", &collection.campaign)?,
            short_name: fact("short name", &collection.short_name)?,
        })
    }
}

fn value(
    what: &str,
    fact: &Fact,
    parts: &[(String, String)],
    source: Option<&dyn Source>,
) -> Result<String, Failure> {
    let (statement, meanings) = match fact {
        Fact::Always(value) => return Ok((*value).to_owned()),
        Fact::Stated(statement, meanings) => (statement, meanings),
    };
    let stated = stated(*statement, parts, source)?;
    let known = stated.as_deref().and_then(|stated| {
        let is_stated = |text: &str| text.eq_ignore_ascii_case(stated.trim());
        meanings.iter().find(|(text, _)| is_stated(text)).map(|(_, value)| (*value).to_owned())
    });
    known.ok_or_else(|| {
        let texts: Vec<&str> = meanings.iter().map(|(text, _)| *text).collect();
        Failure::new(Stage::Read, place(*statement), format!("does not state the {what} of the granule"))
            .found(stated.map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}")))
            .expected(texts.join(" or "))
            .hint("the granule belongs to another collection, or its table lacks this one")
    })
}

fn place(statement: Statement) -> String {
    match statement {
        Statement::NamePart(name) => format!("{name} in the file name"),
        Statement::Attribute(name) => format!("global attribute {name}"),
        Statement::Dataset(path) => path.to_owned(),
    }
}

fn stated(
    statement: Statement,
    parts: &[(String, String)],
    source: Option<&dyn Source>,
) -> Result<Option<String>, Failure> {
    match (statement, source) {
        (Statement::NamePart(name), _) => {
            Ok(parts.iter().find(|(part, _)| part == name).map(|(_, text)| text.clone()))
        }
        (Statement::Attribute(name), Some(source)) => {
            let mut attributes = source.description().attributes.iter();
            let attribute = attributes.find(|attribute| attribute.name == name);
            Ok(attribute.and_then(|attribute| match &attribute.value {
                SourceValue::Text(text) => Some(text.clone()),
                SourceValue::Numbers(_) => None,
            }))
        }
        (Statement::Dataset(path), Some(source)) => text::single(source, path),
        (Statement::Attribute(_) | Statement::Dataset(_), None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use cumulus_model::source::{Content, Dataset, Description, SourceAttribute};
    use cumulus_model::values::Values;

    use super::*;

    /// A source with the text "ER-2 " in the dataset `Information/Aircraft` and in the global attribute `platform`.
    struct Stating(Description);

    impl Stating {
        fn new() -> Self {
            let dataset = Dataset {
                path: "Information/Aircraft".to_owned(),
                shape: vec![1],
                content: Content::Text,
                rows_stored_together: None,
                attributes: Vec::new(),
            };
            let value = SourceValue::Text("ER-2 ".to_owned());
            let attributes = vec![SourceAttribute { name: "platform".to_owned(), value }];
            Self(Description { datasets: vec![dataset], attributes, ..Description::default() })
        }
    }

    impl Source for Stating {
        fn description(&self) -> &Description {
            &self.0
        }

        fn rows(&self, dataset: &Dataset, _rows: Range<usize>) -> Result<Values, Failure> {
            Err(Failure::new(Stage::Read, &dataset.path, "holds text"))
        }

        fn strings(&self, _dataset: &Dataset) -> Result<Vec<String>, Failure> {
            Ok(vec!["ER-2 ".to_owned()])
        }
    }

    #[test]
    fn datasets_and_attributes_state_facts_too() {
        const MEANINGS: &[(&str, &str)] = &[("er-2", "NASA ER-2")];
        let source = Stating::new();
        let found =
            |statement| value("platform", &Fact::Stated(statement, MEANINGS), &[], Some(&source)).ok();
        assert_eq!(found(Statement::Dataset("Information/Aircraft")).as_deref(), Some("NASA ER-2"));
        assert_eq!(found(Statement::Attribute("platform")).as_deref(), Some("NASA ER-2"));
        assert_eq!(found(Statement::Dataset("Information/Platform")), None);
        assert_eq!(found(Statement::Attribute("aircraft")), None);
    }

    const PLATFORM: Fact =
        Fact::Stated(Statement::NamePart("campaign"), &[("EPOCH", "GLOBAL HAWK"), ("CPEX", "DC-8")]);

    fn platform(campaign: &str) -> Result<String, String> {
        let parts = [("campaign".to_owned(), campaign.to_owned())];
        value("platform", &PLATFORM, &parts, None).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_stated_fact_is_translated_by_the_table() {
        assert_eq!(platform("EPOCH"), Ok("GLOBAL HAWK".to_owned()));
        assert_eq!(platform(" cpex "), Ok("DC-8".to_owned()));
    }

    #[test]
    fn a_fact_that_is_not_stated_or_not_known_is_never_guessed() {
        let unknown = platform("GRIP").unwrap_err();
        for text in ["campaign in the file name", "platform", "\"GRIP\"", "EPOCH or CPEX"] {
            assert!(unknown.contains(text), "{text}: {unknown}");
        }
        let nothing = value("platform", &PLATFORM, &[], None).unwrap_err().to_string();
        assert!(nothing.contains("found nothing"), "{nothing}");
    }
}
