//! Writing a granule's product: first its structure, then its values, a block of rows at a time.
//!
//! [`Sink`] is the only thing the rest of the program knows of the output format.

pub mod check;
mod chunk;
pub mod chunking;
pub mod direct;
mod hdf5;
pub mod netcdf;
pub mod pack;
pub mod publish;
pub mod unit;
mod whole;

use std::path::Path;

use crate::error::Failure;
use crate::values::ElementType;
use direct::DirectSink;
use netcdf::NetcdfSink;
use pack::{Packed, Packing};

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

/// Makes the file at `path`, which must not exist: directly where its structure allows, through netcdf-c where not.
///
/// # Errors
/// The structure is not whole in itself, or the file cannot be written.
pub fn create(path: &Path, structure: &Structure, level: u8) -> Result<Box<dyn Sink>, Failure> {
    whole::check(path, structure)?;
    if direct::suits(structure) {
        Ok(Box::new(DirectSink::create(path, structure, level)?))
    } else {
        Ok(Box::new(NetcdfSink::create(path, structure, level)?))
    }
}

/// An output file under construction.
pub trait Sink: Send {
    /// How rows of a numeric variable are to be packed.
    ///
    /// # Errors
    /// There is no such variable.
    fn packing(&self, variable: usize) -> Result<Packing, Failure>;

    /// Writes the next rows of a numeric variable, one packed unit after another. A block of one value fits a
    /// scalar, whatever its rank.
    ///
    /// # Errors
    /// The type or shape is not the variable's, or the file cannot be written.
    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure>;

    /// Writes all characters of a text variable, row-major, each string filled with NULs to its full width.
    ///
    /// # Errors
    /// The number of bytes is not the variable's, or the file cannot be written.
    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure>;

    /// Adds what is known only now and closes the file.
    ///
    /// # Errors
    /// A variable has fewer rows than its dimension, or the file cannot be written.
    fn finish(self: Box<Self>, late: &LateAttributes) -> Result<(), Failure>;
}

/// Attributes that only the values can tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LateAttributes {
    /// By variable name.
    pub variables: Vec<(String, Vec<Attribute>)>,
    /// Of the file.
    pub file: Vec<Attribute>,
}
