//! The general sink for netCDF-4 files, for structures that [`super::direct`] does not support.
//!
//! netcdf-c creates the skeleton — dimensions, variables, attributes, chunking, filters — so that the file has the
//! creation order and dimension scales that netCDF-4 requires. The file is then closed, and the values are written
//! through libhdf5, in chunks that are already compressed. Late attributes are added at the end, again through
//! netcdf-c.
//!
//! Characters are also written through netcdf-c, after the numbers, because HDF5 would need a string type for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::hdf5::H5Type;
use ::netcdf::types::{FloatType, IntType, NcVariableType};
use ndarray::{ArrayD, ArrayViewD};

use super::Sink;
use super::chunking::{
    self, check_block, check_rows, chunk_shape, internal, row_count, stored_name, unknown,
};
use super::pack::{Chunks, Form, Packed, Packing};
use crate::hdf5_raw;
use crate::system_error::system_error;
use cumulus_model::attributes::{Attribute, AttributeValue};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::structure::{LateAttributes, Storage, Structure, Variable};
use cumulus_model::values::{ElementType, for_each_type};

/// A netCDF file being written.
#[derive(Debug)]
pub struct NetcdfSink {
    path: PathBuf,
    file: ::hdf5::File,
    variables: Vec<Target>,
    texts: Vec<(usize, ArrayD<u8>)>,
    level: u8,
}

/// A variable being written.
#[derive(Debug)]
struct Target {
    variable: Variable,
    dataset: ::hdf5::Dataset,
    /// Rows written so far.
    written: usize,
}

impl NetcdfSink {
    /// Creates the file at `path`, which must not exist, with everything except its values.
    ///
    /// # Errors
    /// Returns an error if netCDF does not allow a name or attribute, or the file cannot be written.
    pub fn create(path: &Path, structure: &Structure, level: u8) -> Result<Self, Failure> {
        make_skeleton(path, structure, level)?;
        #[expect(clippy::disallowed_methods, reason = "the one place where outputs are filled")]
        let file = ::hdf5::File::open_rw(path).map_err(|error| unwritable(path, "/", &error))?;
        let variables = structure
            .variables
            .iter()
            .map(|variable| {
                let name = stored_name(variable, structure);
                let dataset = file.dataset(&name).map_err(|error| unwritable(path, &name, &error))?;
                Ok(Target { variable: variable.clone(), dataset, written: 0 })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Self { path: path.to_owned(), file, variables, texts: Vec::new(), level })
    }
}

impl Sink for NetcdfSink {
    fn packing(&self, variable: usize) -> Result<Packing, Failure> {
        let target = self.variables.get(variable).ok_or_else(|| unknown(&self.path, variable))?;
        Ok(chunking::packing(&target.variable, self.level))
    }

    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure> {
        let target = self.variables.get_mut(variable).ok_or_else(|| unknown(&self.path, variable))?;
        let written = match &packed.form {
            Form::Chunks(chunks) => target.store(chunks),
            Form::Values(values) => {
                check_block(&target.variable, values, &self.path)?;
                for_each_type!(values, array => target.write_values(&array.view()))
            }
        };
        written.map_err(|error| unwritable(&self.path, &target.variable.name, &error))?;
        target.written += packed.rows;
        Ok(())
    }

    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure> {
        let target = self.variables.get_mut(variable).ok_or_else(|| unknown(&self.path, variable))?;
        let characters = ArrayD::from_shape_vec(target.variable.shape.clone(), text.to_vec())
            .ok()
            .filter(|_| target.variable.storage == Storage::Characters)
            .ok_or_else(|| internal(&self.path, format!("{} characters do not fit", text.len())))?;
        target.written = row_count(&target.variable);
        self.texts.push((variable, characters));
        Ok(())
    }

    fn finish(self: Box<Self>, late: &LateAttributes) -> Result<(), Failure> {
        for target in &self.variables {
            check_rows(&target.variable, target.written, &self.path)?;
        }
        let Self { path, file, variables, texts, .. } = *self;
        let texts = texts
            .into_iter()
            .filter_map(|(number, text)| Some((variables.get(number)?.variable.name.clone(), text)))
            .collect();
        drop(variables);
        file.close().map_err(|error| unwritable(&path, "/", &error))?;
        complete(&path, late, texts)
    }
}

impl Target {
    /// Stores chunks that are side by side.
    fn store(&self, chunks: &Chunks) -> ::hdf5::Result<()> {
        let part = chunk_shape(&self.variable).and_then(|shape| shape.get(1).copied()).unwrap_or(0);
        for (number, bytes) in chunks.iter().enumerate() {
            let mut offset = vec![0; self.variable.shape.len()];
            for (axis, start) in offset.iter_mut().zip([self.written, number * part]) {
                *axis = start as u64;
            }
            hdf5_raw::store_chunk(&self.dataset, &offset, bytes)?;
        }
        Ok(())
    }

    /// Writes all values of a variable that is stored contiguous.
    fn write_values<T: H5Type>(&self, rows: &ArrayViewD<'_, T>) -> ::hdf5::Result<()> {
        if self.variable.shape.is_empty() {
            // A source may store a single value as an array of one.
            return rows.first().map_or(Ok(()), |value| self.dataset.write_scalar(value));
        }
        self.dataset.write(rows)
    }
}

fn make_skeleton(path: &Path, structure: &Structure, level: u8) -> Result<(), Failure> {
    let refused = |place: &str, error: ::netcdf::Error| {
        Failure::new(Stage::Write, place, "is rejected by netCDF")
            .found(&error)
            .expected("a legal netCDF name and value")
            .hint("ask the producer to rename the dataset, or report this")
            .cause(error)
    };
    // netcdf-c reports any file-system error as an HDF error, so the file is first created here to get the reason.
    let probe = std::fs::File::create_new(path).and_then(|file| file.sync_all());
    probe.map_err(|error| Failure::writing(Stage::Write, path.display().to_string(), error))?;
    #[expect(clippy::disallowed_methods, reason = "the one place where outputs are made")]
    let file = ::netcdf::create(path);
    let mut file = file.map_err(|error| {
        Failure::new(Stage::Write, path.display().to_string(), "cannot be created")
            .class(Class::Retryable)
            .found(&error)
            .hint("check space and permissions of OUTPUT")
            .cause(error)
    })?;
    for (name, length) in &structure.dimensions {
        file.add_dimension(name, *length).map_err(|error| refused(name, error))?;
    }
    for variable in &structure.variables {
        define(&mut file, variable, level).map_err(|error| refused(&variable.name, error))?;
    }
    for attribute in &structure.attributes {
        file.add_attribute(&attribute.name, library_value(&attribute.value))
            .map_err(|error| refused(&attribute.name, error))?;
    }
    file.close().map_err(|error| refused("/", error))
}

fn define(file: &mut ::netcdf::FileMut, variable: &Variable, level: u8) -> ::netcdf::Result<()> {
    let dimensions: Vec<&str> = variable.dimensions.iter().map(String::as_str).collect();
    let kind = match variable.storage {
        Storage::Characters => NcVariableType::Char,
        Storage::Numbers(element_type) => library_type(element_type),
    };
    let mut defined = file.add_variable_with_type(&variable.name, &dimensions, &kind)?;
    if let Some(chunk) = chunk_shape(variable) {
        defined.set_chunking(&chunk)?;
        if level > 0 {
            defined.set_compression(level.into(), true)?;
        }
    }
    if let (Some(fill), Storage::Numbers(element_type)) = (variable.fill, variable.storage) {
        set_fill(&mut defined, element_type, fill)?;
    }
    for attribute in &variable.attributes {
        defined.put_attribute(&attribute.name, library_value(&attribute.value))?;
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "the fill value fits every type that has one")]
fn set_fill(
    variable: &mut ::netcdf::VariableMut<'_>,
    element_type: ElementType,
    fill: f64,
) -> ::netcdf::Result<()> {
    match element_type {
        ElementType::I8 => variable.set_fill_value(fill as i8),
        ElementType::I16 => variable.set_fill_value(fill as i16),
        ElementType::I32 => variable.set_fill_value(fill as i32),
        ElementType::F32 => variable.set_fill_value(fill as f32),
        _ => variable.set_fill_value(fill),
    }
}

fn library_type(element_type: ElementType) -> NcVariableType {
    match element_type {
        ElementType::I8 => NcVariableType::Int(IntType::I8),
        ElementType::I16 => NcVariableType::Int(IntType::I16),
        ElementType::I32 => NcVariableType::Int(IntType::I32),
        ElementType::F32 => NcVariableType::Float(FloatType::F32),
        _ => NcVariableType::Float(FloatType::F64),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "tables and sources hold values of the attribute's own type"
)]
fn library_value(value: &AttributeValue) -> ::netcdf::AttributeValue {
    use ::netcdf::AttributeValue as Library;
    match value {
        AttributeValue::Text(text) => Library::Str(text.clone()),
        AttributeValue::Numbers(ElementType::I8, values) => {
            Library::Schars(values.iter().map(|&value| value as i8).collect())
        }
        AttributeValue::Numbers(ElementType::I16, values) => {
            Library::Shorts(values.iter().map(|&value| value as i16).collect())
        }
        AttributeValue::Numbers(ElementType::I32, values) => {
            Library::Ints(values.iter().map(|&value| value as i32).collect())
        }
        AttributeValue::Numbers(ElementType::F32, values) => {
            Library::Floats(values.iter().map(|&value| value as f32).collect())
        }
        AttributeValue::Numbers(_, values) => Library::Doubles(values.clone()),
    }
}

/// Adds the texts and late attributes to a file that is otherwise complete.
fn complete(path: &Path, late: &LateAttributes, texts: Vec<(String, ArrayD<u8>)>) -> Result<(), Failure> {
    let refused = |place: &str, error: ::netcdf::Error| {
        Failure::new(Stage::Write, place, "cannot be completed")
            .class(Class::Retryable)
            .found(&error)
            .hint("check space on the device behind OUTPUT, then run again")
            .cause(error)
    };
    let place = path.display().to_string();
    let mut file = ::netcdf::append(path).map_err(|error| refused(&place, error))?;
    let missing = |name: &str| internal(path, format!("has no variable {name}"));
    for (name, text) in texts {
        let mut variable = file.variable_mut(&name).ok_or_else(|| missing(&name))?;
        variable.put(text.view(), ..).map_err(|error| refused(&name, error))?;
    }
    let mut by_name: BTreeMap<&str, &[Attribute]> = BTreeMap::new();
    for (name, attributes) in &late.variables {
        by_name.insert(name, attributes);
    }
    for (name, attributes) in by_name {
        let mut variable = file.variable_mut(name).ok_or_else(|| missing(name))?;
        for attribute in attributes {
            variable
                .put_attribute(&attribute.name, library_value(&attribute.value))
                .map_err(|error| refused(name, error))?;
        }
    }
    for attribute in &late.file {
        file.add_attribute(&attribute.name, library_value(&attribute.value))
            .map_err(|error| refused(&attribute.name, error))?;
    }
    file.close().map_err(|error| refused(&place, error))
}

/// The failure of a write through libhdf5. Where the library does not state the error of the system, a full disk is by
/// far the most likely reason.
fn unwritable(path: &Path, name: &str, error: &::hdf5::Error) -> Failure {
    if let Some(error) = system_error(&error.to_string()) {
        return Failure::writing(Stage::Write, format!("{} {name}", path.display()), error);
    }
    Failure::new(Stage::Write, format!("{} {name}", path.display()), "cannot be written")
        .class(Class::Retryable)
        .found(error)
        .hint("check space on the device behind OUTPUT, then run again")
}
