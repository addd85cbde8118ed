//! The structure of a product's file: dimensions, variables and attributes of the netCDF classic model.

use crate::values::ElementType;

/// Everything in an output file but its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Names and lengths, in the order in which they are defined.
    pub dimensions: Vec<(String, usize)>,
    /// Variables, in the order in which they are defined.
    pub variables: Vec<Variable>,
    /// Global attributes.
    pub attributes: Vec<Attribute>,
}

/// One variable of an output file.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub storage: Storage,
    /// Names of its dimensions, outermost first.
    pub dimensions: Vec<String>,
    /// Their lengths.
    pub shape: Vec<usize>,
    /// `_FillValue`, where it has one.
    pub fill: Option<f64>,
    /// Its other attributes.
    pub attributes: Vec<Attribute>,
}

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Numbers of one classic type.
    Numbers(ElementType),
    /// Characters; the last dimension counts them.
    Characters,
}

/// A named attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: AttributeValue,
}

/// Value of an attribute: what the netCDF classic model knows.
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

/// Adds `attribute`, in the place of an earlier one of its name if there is one.
pub fn set(attributes: &mut Vec<Attribute>, attribute: Attribute) {
    match attributes.iter_mut().find(|earlier| earlier.name == attribute.name) {
        Some(earlier) => *earlier = attribute,
        None => attributes.push(attribute),
    }
}

/// Attributes that only the values can tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LateAttributes {
    /// By variable name.
    pub variables: Vec<(String, Vec<Attribute>)>,
    /// Of the file.
    pub file: Vec<Attribute>,
}
