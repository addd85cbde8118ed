//! The default sink for netCDF-4 files: values are appended in the order in which they arrive, followed by the
//! structures that locate them.
//!
//! Late attributes are known by then, so nothing is written twice. Structures that this sink does not support are
//! written through netcdf-c, see [`super::create`].

#[cfg(test)]
mod judges;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use cumulus_model::attributes::{Attribute, AttributeValue};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::structure::{LateAttributes, Storage, Structure, Variable};
use cumulus_model::values::ElementType;
use netcdf4_writer::{Chunking, Dimension, Error, Type, Value, Writer};

use super::Sink;
use super::chunking::{self, check_block, check_rows, chunk_shape, internal, row_count, unknown};
use super::pack::{Form, Packed, Packing};

/// The program named in `_NCProperties`.
const PRODUCER: &str = concat!("cumulus-core=", env!("CARGO_PKG_VERSION"));

/// A netCDF-4 file being written.
#[derive(Debug)]
pub struct DirectSink {
    path: PathBuf,
    writer: Writer,
    variables: Vec<Variable>,
    /// Rows written so far, by variable.
    rows: Vec<usize>,
    level: u8,
}

impl DirectSink {
    /// Creates the file at `path`, which must not exist; returns `None` if its structure requires netcdf-c.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn create(path: &Path, structure: &Structure, level: u8) -> Result<Option<Self>, Failure> {
        let Some(plain) = converted(structure, level) else { return Ok(None) };
        let writer = match Writer::create(path, plain) {
            Ok(writer) => writer,
            Err(Error::Unsupported(_)) => return Ok(None),
            Err(error) => return Err(unwritable(path, error)),
        };
        let rows = vec![0; structure.variables.len()];
        Ok(Some(Self { path: path.to_owned(), writer, variables: structure.variables.clone(), rows, level }))
    }

    /// Appends the next rows of a variable in stored form: contiguous, or as chunks side by side.
    fn append<'bytes>(
        &mut self,
        variable: usize,
        rows: usize,
        pieces: impl IntoIterator<Item = &'bytes [u8]>,
    ) -> Result<(), Failure> {
        let written = self.rows.get_mut(variable).ok_or_else(|| unknown(&self.path, variable))?;
        *written += rows;
        for bytes in pieces {
            self.writer.append(variable, bytes).map_err(|error| unwritable(&self.path, error))?;
        }
        Ok(())
    }
}

impl Sink for DirectSink {
    fn packing(&self, variable: usize) -> Result<Packing, Failure> {
        let known = self.variables.get(variable).ok_or_else(|| unknown(&self.path, variable))?;
        Ok(chunking::packing(known, self.level))
    }

    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure> {
        match &packed.form {
            Form::Chunks(chunks) => self.append(variable, packed.rows, chunks.iter()),
            Form::Values(values) => {
                if let Some(variable) = self.variables.get(variable) {
                    check_block(variable, values, &self.path)?;
                }
                // A source may store a single value as an array of one.
                self.append(variable, packed.rows, [&*values.bytes()])
            }
        }
    }

    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure> {
        let fits = self.variables.get(variable).filter(|variable| {
            variable.storage == Storage::Characters && variable.shape.iter().product::<usize>() == text.len()
        });
        let Some(rows) = fits.map(row_count) else {
            return Err(internal(&self.path, format!("{} characters do not fit", text.len())));
        };
        self.append(variable, rows, [text])
    }

    fn finish(self: Box<Self>, late: &LateAttributes) -> Result<(), Failure> {
        let Self { path, mut writer, variables, rows, .. } = *self;
        for (variable, &rows) in variables.iter().zip(&rows) {
            check_rows(variable, rows, &path)?;
        }
        let unstorable =
            |name: &str| internal(&path, format!("attribute {name} has values of no netCDF type"));
        for (name, attributes) in &late.variables {
            let number = variables.iter().position(|variable| variable.name == *name);
            let number = number.ok_or_else(|| internal(&path, format!("has no variable {name}")))?;
            for late in attributes {
                let plain = attribute(late).ok_or_else(|| unstorable(&late.name))?;
                writer.set_attribute(Some(number), plain).map_err(|error| unwritable(&path, error))?;
            }
        }
        for late in &late.file {
            let plain = attribute(late).ok_or_else(|| unstorable(&late.name))?;
            writer.set_attribute(None, plain).map_err(|error| unwritable(&path, error))?;
        }
        writer.finish().map_err(|error| unwritable(&path, error))?;
        Ok(())
    }
}

/// Converts the structure to that of the writer; `None` if the writer does not support a dimension or type.
fn converted(structure: &Structure, level: u8) -> Option<netcdf4_writer::Structure> {
    let number = |name: &String, length: usize| {
        structure.dimensions.iter().position(|(known, of)| known == name && *of == length)
    };
    let variables = structure.variables.iter().map(|variable| {
        if variable.dimensions.len() != variable.shape.len() {
            return None;
        }
        let axes = variable.dimensions.iter().zip(&variable.shape);
        let kind = match variable.storage {
            Storage::Characters => Type::Char,
            Storage::Numbers(element_type) => kind(element_type)?,
        };
        let fill = match (variable.fill, variable.storage) {
            (Some(fill), Storage::Numbers(element_type)) => Some(numbers(element_type, &[fill])?),
            _ => None,
        };
        let deflate = (level > 0).then_some(level);
        Some(netcdf4_writer::Variable {
            name: variable.name.clone(),
            kind,
            dimensions: axes.map(|(name, &length)| number(name, length)).collect::<Option<_>>()?,
            fill,
            chunking: chunk_shape(variable).map(|shape| Chunking { shape, deflate }),
            attributes: attributes(&variable.attributes)?,
        })
    });
    let dimension = |(name, length): &(String, usize)| Dimension { name: name.clone(), length: *length };
    Some(netcdf4_writer::Structure {
        variables: variables.collect::<Option<_>>()?,
        dimensions: structure.dimensions.iter().map(dimension).collect(),
        attributes: attributes(&structure.attributes)?,
        producer: PRODUCER.to_owned(),
    })
}

fn attributes(attributes: &[Attribute]) -> Option<Vec<netcdf4_writer::Attribute>> {
    attributes.iter().map(attribute).collect()
}

fn attribute(attribute: &Attribute) -> Option<netcdf4_writer::Attribute> {
    let value = match &attribute.value {
        AttributeValue::Text(text) => Value::Text(text.clone()),
        AttributeValue::Numbers(element_type, values) => numbers(*element_type, values)?,
    };
    Some(netcdf4_writer::Attribute { name: attribute.name.clone(), value })
}

fn kind(element_type: ElementType) -> Option<Type> {
    Some(match element_type {
        ElementType::I8 => Type::I8,
        ElementType::I16 => Type::I16,
        ElementType::I32 => Type::I32,
        ElementType::F32 => Type::F32,
        ElementType::F64 => Type::F64,
        _ => return None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "tables and sources hold values of the type they are for"
)]
fn numbers(element_type: ElementType, numbers: &[f64]) -> Option<Value> {
    let numbers = numbers.iter().copied();
    Some(match element_type {
        ElementType::I8 => Value::I8(numbers.map(|number| number as i8).collect()),
        ElementType::I16 => Value::I16(numbers.map(|number| number as i16).collect()),
        ElementType::I32 => Value::I32(numbers.map(|number| number as i32).collect()),
        ElementType::F32 => Value::F32(numbers.map(|number| number as f32).collect()),
        ElementType::F64 => Value::F64(numbers.collect()),
        _ => return None,
    })
}

fn unwritable(path: &Path, error: Error) -> Failure {
    match error {
        Error::Io(error) => Failure::writing(Stage::Write, path.display().to_string(), error),
        error => internal(path, error.to_string()),
    }
}
