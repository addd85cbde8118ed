//! The structure of a product's file: dimensions, variables and attributes of the netCDF classic model.

use crate::attributes::Attributes;
use crate::values::ElementType;

/// Everything in an output file but its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Names and lengths, in the order in which they are defined.
    pub dimensions: Vec<(String, usize)>,
    /// Variables, in the order in which they are defined.
    pub variables: Vec<Variable>,
    /// Global attributes.
    pub attributes: Attributes,
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
    pub attributes: Attributes,
}

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Numbers of one classic type.
    Numbers(ElementType),
    /// Characters; the last dimension counts them.
    Characters,
}

/// Attributes that depend on the values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LateAttributes {
    /// By variable name.
    pub variables: Vec<(String, Attributes)>,
    /// Of the file.
    pub file: Attributes,
}
