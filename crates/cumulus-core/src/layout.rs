//! Folders of products inside OUTPUT: `--layout`.
//!
//! A layout is a path with placeholders, such as `{year}/{day_of_year}`. Everything that it may use is known before a
//! granule is opened: its folder inside INPUT, and what its file name states. So the name of a product can be told by
//! a dry run, and another run finds the product where an earlier one put it.

use std::fmt;
use std::str::FromStr;

use crate::collection::Collection;
use crate::granule::{self, Granule, is_printable};
use cumulus_model::error::{Class, Failure, Stage};

/// The folder of a granule inside INPUT.
const FOLDER: &str = "folder";

/// The product by file name.
const PRODUCT: &str = "product";

/// Parts of the date in the file name: placeholder and format of `strftime`.
const DATE_PARTS: [(&str, &str); 4] = [("year", "%Y"), ("month", "%m"), ("day", "%d"), ("day_of_year", "%j")];

/// Where products go inside OUTPUT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(String),
}

impl Default for Layout {
    /// The folders of INPUT.
    fn default() -> Self {
        Self(vec![Part::Placeholder(FOLDER.to_owned())])
    }
}

impl FromStr for Layout {
    type Err = String;

    /// Parses a layout; an empty one puts all products directly into OUTPUT.
    fn from_str(text: &str) -> Result<Self, String> {
        let clean = text.chars().all(|character| is_printable(character) && character != '\\');
        if !clean || text.starts_with('/') || text.split('/').any(|name| name.starts_with('.')) {
            return Err("folders inside OUTPUT, such as {year}/{day_of_year}; no name may begin with a dot"
                .to_owned());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("there is a { without a }")?;
            parts.extend([Part::Text(before.to_owned()), Part::Placeholder(name.to_owned())]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => formatter.write_str(text),
            Part::Placeholder(name) => write!(formatter, "{{{name}}}"),
        })
    }
}

impl Layout {
    /// Checks that every placeholder is known to `collection`.
    ///
    /// # Errors
    /// One is unknown; the message lists those that exist.
    pub fn check(&self, collection: &'static Collection) -> Result<(), Failure> {
        let known = placeholders(collection)?;
        for part in &self.0 {
            if let Part::Placeholder(name) = part
                && !known.contains(name)
            {
                let known: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
                return Err(Failure::new(Stage::Plan, "--layout", "has an unknown placeholder")
                    .class(Class::Usage)
                    .found(format!("{{{name}}}"))
                    .expected(known.join(", ")));
            }
        }
        Ok(())
    }

    /// Returns the folder of a granule's products inside OUTPUT, without a slash at its ends; empty for OUTPUT itself.
    ///
    /// # Errors
    /// The granule's name does not state what the layout needs, or would leave OUTPUT.
    pub fn folder(&self, collection: &'static Collection, granule: &Granule) -> Result<String, Failure> {
        let place = || granule.path.display().to_string();
        let mut folder = String::new();
        let identity = match self.0.as_slice() {
            // By far the most common layout needs nothing of the name.
            [Part::Placeholder(name)] if name == FOLDER => None,
            _ => granule::identify_by_name(collection, &granule.stem)?,
        };
        for part in &self.0 {
            let name = match part {
                Part::Text(text) => {
                    folder.push_str(text);
                    continue;
                }
                Part::Placeholder(name) if name == FOLDER => {
                    folder.push_str(&granule.folder);
                    continue;
                }
                Part::Placeholder(name) => name,
            };
            let value = identity.as_ref().and_then(|identity| {
                let of_date = DATE_PARTS.iter().find(|(part, _)| part == name);
                match of_date {
                    Some((_, format)) => identity.date.map(|date| date.strftime(*format).to_string()),
                    None if name == PRODUCT => Some(identity.product.name.to_owned()),
                    None => {
                        identity.fields.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone())
                    }
                }
            });
            let value = value.ok_or_else(|| {
                Failure::new(Stage::Plan, place(), "does not state in its name what --layout needs")
                    .expected(format!("a value for {{{name}}}"))
                    .hint("rename the file to the producer's pattern, or use a layout without this part")
            })?;
            folder.push_str(&value);
        }
        let names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
        if names.iter().any(|name| name.starts_with('.') || name.len() > MAX_NAME) {
            return Err(Failure::new(Stage::Plan, place(), "would have an invalid folder in OUTPUT")
                .found(&folder)
                .expected("names of at most 255 bytes that do not begin with a dot"));
        }
        Ok(names.join("/"))
    }
}

/// Maximum length of a file name in bytes on Linux (`NAME_MAX`).
const MAX_NAME: usize = 255;

/// Returns all placeholders of a collection, with the named parts of its file names.
fn placeholders(collection: &'static Collection) -> Result<Vec<String>, Failure> {
    let mut known = vec![FOLDER.to_owned(), PRODUCT.to_owned()];
    known.extend(DATE_PARTS.map(|(name, _)| name.to_owned()));
    for field in granule::fields(collection)? {
        if !known.contains(&field) {
            known.push(field);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_it_says() {
        assert_eq!("{folder}".parse::<Layout>().unwrap(), Layout::default());
    }

    #[test]
    fn a_layout_that_leaves_output_is_refused() {
        for text in ["/srv", "../x", "a/../b", ".hidden", "a\\b", "{year"] {
            assert!(text.parse::<Layout>().is_err(), "{text}");
        }
        for text in ["", "{folder}", "{year}/{day_of_year}", "level{product}/v1"] {
            assert_eq!(text.parse::<Layout>().unwrap().to_string(), text);
        }
    }
}
