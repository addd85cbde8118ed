//! The structure of a product's file: dimensions, variables and attributes of the netCDF classic model.

use std::ops::Deref;

use crate::values::ElementType;

/// Name of the attribute that holds the remarks.
const COMMENT: &str = "comment";

/// A named attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: AttributeValue,
}

/// Value of an attribute, limited to the types of the netCDF classic model.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// Characters.
    Text(String),
    /// Numbers of one classic type.
    Numbers(ElementType, Vec<f64>),
}

impl Attribute {
    /// A text attribute.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: AttributeValue::Text(value.into()) }
    }

    /// A numeric attribute.
    pub fn numbers(name: impl Into<String>, element_type: ElementType, values: &[f64]) -> Self {
        Self { name: name.into(), value: AttributeValue::Numbers(element_type, values.to_vec()) }
    }
}

/// Attributes in the order in which they are written, each name once.
///
/// Everything that describes a variable may have something to remark on it, and a later step may find that a remark is no
/// longer true. So the remarks are kept apart until they are read, as one text attribute `comment`:
///
/// ```
/// use cumulus_model::attributes::{Attribute, Attributes};
///
/// let mut attributes = Attributes::from_iter([Attribute::text("units", "1")]);
/// attributes.remark("units not stated in the source");
/// attributes.remark("0 where there is no layer");
/// assert_eq!(attributes.text("comment"), Some("units not stated in the source; 0 where there is no layer"));
///
/// attributes.set(Attribute::text("units", "km"));
/// attributes.withdraw("units not stated in the source");
/// assert_eq!(attributes.text("comment"), Some("0 where there is no layer"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    entries: Vec<Attribute>,
    /// The parts of the entry called `comment`, which is absent if there are none.
    remarks: Vec<String>,
}

impl Attributes {
    /// Sets an attribute, in the place of an earlier one of its name if there is one.
    pub fn set(&mut self, attribute: Attribute) {
        if attribute.name == COMMENT {
            self.remarks = match &attribute.value {
                AttributeValue::Text(text) => vec![text.clone()],
                AttributeValue::Numbers(..) => Vec::new(),
            };
        }
        self.put(attribute);
    }

    /// Removes an attribute, if it is there.
    pub fn remove(&mut self, name: &str) {
        if name == COMMENT {
            self.remarks.clear();
        }
        self.entries.retain(|entry| entry.name != name);
    }

    /// The value of an attribute.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&AttributeValue> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)
    }

    /// The value of a text attribute; `None` for a numeric one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            AttributeValue::Text(text) => Some(text),
            AttributeValue::Numbers(..) => None,
        }
    }

    /// True if there is an attribute of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Appends a remark to the comment.
    pub fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
        self.write_comment();
    }

    /// Inserts a remark before all others.
    pub fn remark_first(&mut self, remark: impl Into<String>) {
        self.remarks.insert(0, remark.into());
        self.write_comment();
    }

    /// Removes a remark that is no longer true. Other remarks that contain its text stay.
    pub fn withdraw(&mut self, remark: &str) {
        let before = self.remarks.len();
        self.remarks.retain(|other| other != remark);
        if self.remarks.len() < before {
            self.write_comment();
        }
    }

    fn write_comment(&mut self) {
        if self.remarks.is_empty() {
            self.remove(COMMENT);
        } else {
            self.put(Attribute::text(COMMENT, self.remarks.join("; ")));
        }
    }

    fn put(&mut self, attribute: Attribute) {
        match self.entries.iter_mut().find(|earlier| earlier.name == attribute.name) {
            Some(earlier) => *earlier = attribute,
            None => self.entries.push(attribute),
        }
    }
}

impl Deref for Attributes {
    type Target = [Attribute];

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl Extend<Attribute> for Attributes {
    fn extend<I: IntoIterator<Item = Attribute>>(&mut self, attributes: I) {
        attributes.into_iter().for_each(|attribute| self.set(attribute));
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        let mut all = Self::default();
        all.extend(attributes);
        all
    }
}

impl<'all> IntoIterator for &'all Attributes {
    type Item = &'all Attribute;
    type IntoIter = std::slice::Iter<'all, Attribute>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_and_keeps_its_place() {
        let mut attributes = Attributes::from_iter([Attribute::text("a", "1"), Attribute::text("b", "2")]);
        attributes.set(Attribute::text("a", "3"));
        assert_eq!(*attributes, [Attribute::text("a", "3"), Attribute::text("b", "2")]);
        attributes.remove("a");
        assert_eq!(*attributes, [Attribute::text("b", "2")]);
    }

    #[test]
    fn a_comment_ends_with_its_last_remark() {
        let mut attributes = Attributes::default();
        attributes.remark("one; with a semicolon");
        attributes.remark("two");
        attributes.remark_first("zero");
        assert_eq!(attributes.text("comment"), Some("zero; one; with a semicolon; two"));
        attributes.withdraw("one; with a semicolon");
        attributes.withdraw("never there");
        assert_eq!(attributes.text("comment"), Some("zero; two"));
        attributes.withdraw("two");
        attributes.withdraw("zero");
        assert!(attributes.is_empty());
    }

    #[test]
    fn a_comment_that_is_set_is_the_only_remark() {
        let mut attributes = Attributes::default();
        attributes.remark("ours");
        attributes.set(Attribute::text("comment", "theirs"));
        attributes.remark("more");
        assert_eq!(attributes.text("comment"), Some("theirs; more"));
        attributes.set(Attribute::numbers("comment", ElementType::I32, &[1.0]));
        assert_eq!(attributes.text("comment"), None);
    }
}
