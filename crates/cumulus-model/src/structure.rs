//! The structure of a product's file: dimensions, variables and attributes of the netCDF classic model.

use crate::values::ElementType;

/// Everything in a product's netCDF file except its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Names and lengths, in the order in which they are defined.
    pub dimensions: Vec<(String, usize)>,
    /// Variables, in the order in which they are defined.
    pub variables: Vec<Variable>,
    /// Global attributes.
    pub attributes: Vec<Attribute>,
}

/// One variable of a product's netCDF file.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Type of its values.
    pub storage: Storage,
    /// Names of its dimensions, outermost first.
    pub dimensions: Vec<String>,
    /// Their lengths.
    pub shape: Vec<usize>,
    /// `_FillValue`, if it has one.
    pub fill: Option<f64>,
    /// Its other attributes.
    pub attributes: Vec<Attribute>,
}

/// Type of a variable's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Numbers of one classic type.
    Numbers(ElementType),
    /// Characters; the last dimension is the string length.
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

/// Adds `attribute`, replacing an earlier one of the same name.
pub fn set(attributes: &mut Vec<Attribute>, attribute: Attribute) {
    match attributes.iter_mut().find(|earlier| earlier.name == attribute.name) {
        Some(earlier) => *earlier = attribute,
        None => attributes.push(attribute),
    }
}

/// Attributes that are known only after all values were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LateAttributes {
    /// Attributes of variables, by variable name.
    pub variables: Vec<(String, Vec<Attribute>)>,
    /// Global attributes.
    pub file: Vec<Attribute>,
}
