//! The structure of a product's file: dimensions, variables and attributes of the netCDF classic model.

use crate::attributes::Attributes;
use crate::values::ElementType;

/// Everything in a product's netCDF file except its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Names and lengths, in the order in which they are defined.
    pub dimensions: Vec<(String, usize)>,
    /// Variables, in the order in which they are defined.
    pub variables: Vec<Variable>,
    /// Global attributes.
    pub attributes: Attributes,
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
    pub attributes: Attributes,
}

/// Type of a variable's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Numbers of one classic type.
    Numbers(ElementType),
    /// Characters; the last dimension is the string length.
    Characters,
}

/// Attributes that are known only after all values were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LateAttributes {
    /// By variable name.
    pub variables: Vec<(String, Attributes)>,
    /// Of the file.
    pub file: Attributes,
}
