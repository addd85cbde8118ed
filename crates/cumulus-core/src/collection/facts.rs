//! Rules in a table for facts of a granule that the catalogue asks for.

/// A fact of a granule, such as its platform: the same in every granule, or stated by each of them.
///
/// ```
/// use cumulus_core::collection::{Fact, Statement};
///
/// /// The instrument flew on another aircraft in each campaign, which the name of a granule begins with.
/// const PLATFORM: Fact = Fact::Stated(
///     Statement::NamePart("campaign"),
///     &[("EPOCH", "GLOBAL HAWK"), ("CPEX", "DC-8")],
/// );
/// assert_eq!(PLATFORM.values(), ["GLOBAL HAWK", "DC-8"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The same in every granule.
    Always(&'static str),
    /// What a granule states, translated: pairs of a text, compared without regard to case and surrounding blanks, and
    /// the fact that it means. A granule that states none of these texts is refused, because any fact would be a guess.
    Stated(Statement, &'static [(&'static str, &'static str)]),
}

/// Where a granule states a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A named group of the product's file-name pattern.
    NamePart(&'static str),
    /// A global attribute.
    Attribute(&'static str),
    /// A text dataset.
    Dataset(&'static str),
}

impl Fact {
    /// All values that the fact can have, in the order of the table.
    #[must_use]
    pub fn values(&self) -> Vec<&'static str> {
        match self {
            Self::Always(value) => vec![value],
            Self::Stated(_, meanings) => meanings.iter().map(|(_, value)| *value).collect(),
        }
    }
}
