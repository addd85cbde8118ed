//! HDF5 granules, read through libhdf5, or directly where that gives the same values.
//!
//! Input: a file. Output: its [`Description`] and rows of its datasets. Sources are never opened with netcdf-c, which
//! crashes on perfectly legal HDF5 (fixed-length strings, long doubles) and silently drops objects that it does not
//! support.

mod attributes;
mod datatype;
mod describe;
mod direct;
mod text;
mod unwritten;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use ::hdf5::{Hyperslab, SliceOrIndex};
use bytemuck::Pod;
use ndarray::ArrayD;

use self::datatype::Encoding;
use self::direct::Place;
use self::unwritten::Unwritten;
use crate::hdf5_raw;
use crate::system_error::system_error;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::source::{Dataset, Description, Source};
use cumulus_model::values::{ElementType, Values};

/// The first eight bytes of every HDF5 file, at offset 0, or at 512, 1024, 2048, … after a user block (HDF5 File
/// Format Specification, "Superblock").
const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// An open HDF5 granule.
#[derive(Debug)]
pub struct Hdf5Source {
    description: Description,
    stored: BTreeMap<String, Stored>,
    /// The same file, for positioned reads; `None` if it has a user block, because libhdf5 1.10 includes the block in
    /// some addresses and not in others.
    file: Option<File>,
}

/// An open dataset and how its elements are read.
#[derive(Debug)]
struct Stored {
    dataset: ::hdf5::Dataset,
    encoding: Encoding,
    /// Length of every axis, as stored in the file.
    shape: Vec<usize>,
    /// Where the values can be read without libhdf5; `None` if they cannot.
    place: Option<Place>,
    /// Parts that were never written.
    unwritten: Option<Unwritten>,
}

impl Hdf5Source {
    /// Opens the file at `path` and describes its contents.
    ///
    /// # Errors
    /// Returns an error if the file is not HDF5, is locked, truncated or damaged, or links to other files.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let place = path.display().to_string();
        let signature = signature(path).map_err(|error| Failure::reading(Stage::Read, &place, error))?;
        let Some(signature) = signature else {
            return Err(Failure::new(Stage::Read, place, "is not an HDF5 file")
                .found("no HDF5 signature")
                .expected("an HDF5 granule")
                .hint("check that the transfer was complete and binary"));
        };
        #[expect(clippy::disallowed_methods, reason = "the one place where sources are opened")]
        let file = ::hdf5::File::open(path).map_err(|error| {
            let message = library_message(&error);
            if message.contains("unable to lock file") {
                return Failure::new(Stage::Read, &place, "is locked by another program")
                    .class(Class::Retryable)
                    .found(message)
                    .hint("run again when the program that writes it has closed it; on a file system without locks set HDF5_USE_FILE_LOCKING=FALSE");
            }
            if let Some(error) = system_error(&message) {
                return Failure::reading(Stage::Read, &place, error);
            }
            Failure::new(Stage::Read, &place, "cannot be opened as HDF5")
                .found(message)
                .expected("a complete HDF5 file")
                .hint("the file is probably truncated or damaged; fetch it again")
        })?;
        let (description, stored) = describe::describe(&file)?;
        // Attributes that a failing device kept from being read are not left out: another try may read them.
        let system_error =
            description.notes.iter().find_map(|note| Some((note, system_error(&note.message)?)));
        if let Some((note, error)) = system_error {
            return Err(Failure::reading(Stage::Read, note.place.as_str(), error));
        }
        let has_user_block = signature > 0 || file.userblock() > 0;
        let file = if has_user_block { None } else { File::open(path).ok() };
        Ok(Self { description, stored, file })
    }

    fn stored(&self, dataset: &Dataset) -> Result<&Stored, Failure> {
        self.stored.get(&dataset.path).ok_or_else(|| {
            Failure::new(Stage::Read, &dataset.path, "is not in this granule").class(Class::Internal)
        })
    }
}

impl Source for Hdf5Source {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        self.rows_into(dataset, rows, None)
    }

    fn rows_into(
        &self,
        dataset: &Dataset,
        rows: Range<usize>,
        block: Option<Values>,
    ) -> Result<Values, Failure> {
        let stored = self.stored(dataset)?;
        let read = Rows { stored, file: self.file.as_ref(), shape: &dataset.shape, range: rows };
        macro_rules! numbers {
            ($element_type:expr, $($variant:ident),*) => {
                match $element_type {
                    $(ElementType::$variant => {
                        let memory = match block {
                            Some(Values::$variant(array)) => array.into_raw_vec_and_offset().0,
                            _ => Vec::new(),
                        };
                        read.of(memory).map(Values::$variant)
                    })*
                }
            };
        }
        let values = match stored.encoding {
            Encoding::Numbers(element_type) => {
                numbers!(element_type, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
            }
            Encoding::FixedText { .. } | Encoding::VariableText { .. } | Encoding::Unsupported => {
                return Err(Failure::new(Stage::Read, &dataset.path, "does not hold numbers")
                    .found(&dataset.content)
                    .expected("an integer or floating-point dataset")
                    .hint("the granule is damaged or of another product; ask the producer"));
            }
        };
        let mut values = values.map_err(|error| unreadable(&dataset.path, &error))?;
        read.withdraw_unwritten(&mut values);
        Ok(values)
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        let stored = self.stored(dataset)?;
        let strings = match stored.encoding {
            Encoding::FixedText { bytes, unicode } => text::fixed(&stored.dataset, bytes, unicode),
            Encoding::VariableText { unicode } => text::variable(&stored.dataset, unicode),
            Encoding::Numbers(_) | Encoding::Unsupported => {
                return Err(Failure::new(Stage::Read, &dataset.path, "does not hold text")
                    .found(&dataset.content)
                    .expected("a string dataset"));
            }
        };
        strings.map_err(|error| unreadable(&dataset.path, &error))
    }
}

/// A range of rows of one dataset.
struct Rows<'source> {
    stored: &'source Stored,
    file: Option<&'source File>,
    shape: &'source [usize],
    range: Range<usize>,
}

impl Rows<'_> {
    fn of<T: ::hdf5::H5Type + Pod>(&self, memory: Vec<T>) -> ::hdf5::Result<ArrayD<T>> {
        self.directly(memory).map_or_else(|| self.through_library(), Ok)
    }

    /// Reads the rows by position, reusing the memory of `values`; `None` if that is not possible.
    fn directly<T: Pod>(&self, mut values: Vec<T>) -> Option<ArrayD<T>> {
        let (place, file) = (self.stored.place.as_ref()?, self.file?);
        let mut shape = self.shape.to_vec();
        *shape.first_mut()? = self.range.len();
        values.resize(shape.iter().product(), T::zeroed());
        place.read(file, &self.stored.dataset, &self.range, bytemuck::cast_slice_mut(&mut values))?;
        ArrayD::from_shape_vec(shape, values).ok()
    }

    fn through_library<T: ::hdf5::H5Type + Pod>(&self) -> ::hdf5::Result<ArrayD<T>> {
        let mut shape = self.shape.to_vec();
        if let Some(length) = shape.first_mut() {
            *length = self.range.len();
        }
        let mut values = vec![T::zeroed(); shape.iter().product()];
        if self.stored.shape.is_empty() {
            hdf5_raw::fill(&self.stored.dataset, None, &shape, &mut values)?;
        } else {
            let row_axis = self.row_axis();
            let axes = self.stored.shape.iter().enumerate().map(|(axis, &length)| {
                let range = if axis == row_axis { self.range.clone() } else { 0..length };
                SliceOrIndex::SliceCount { start: range.start, step: 1, count: range.len(), block: 1 }
            });
            let hyperslab = Hyperslab::from(axes.collect::<Vec<_>>());
            let selected = self.stored.dataset.space()?.select(hyperslab)?;
            hdf5_raw::fill(&self.stored.dataset, Some(&selected), &shape, &mut values)?;
        }
        ArrayD::from_shape_vec(shape, values).map_err(|error| error.to_string().into())
    }

    /// The axis of the stored dataset that rows are counted along: the first one, unless axes of length one were
    /// dropped before it.
    fn row_axis(&self) -> usize {
        let rows = self.shape.first().copied().unwrap_or(1);
        self.stored.shape.iter().position(|&length| length == rows).unwrap_or(0)
    }

    /// Replaces unwritten values without an HDF5 fill value by NaN or the stated fill value, so that they are
    /// recognised.
    fn withdraw_unwritten(&self, values: &mut Values) {
        let Some(unwritten) = self.stored.unwritten.as_ref().filter(|unwritten| unwritten.is_undefined)
        else {
            return;
        };
        let (shape, axis, rows) = (&self.stored.shape, self.row_axis(), &self.range);
        macro_rules! set {
            ($array:expr, $value:expr) => {
                if let (Some(values), Some(value)) = ($array.as_slice_mut(), $value) {
                    unwritten.set(shape, axis, rows, values, value);
                }
            };
        }
        let fill = unwritten.fill;
        match values {
            Values::F32(array) => set!(array, Some(f32::NAN)),
            Values::F64(array) => set!(array, Some(f64::NAN)),
            Values::I8(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::I16(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::I32(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::I64(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::U8(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::U16(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::U32(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
            Values::U64(array) => set!(array, fill.and_then(|fill| fill.try_into().ok())),
        }
    }
}

/// Finds the HDF5 signature at one of the offsets that the format allows.
pub(super) fn signature(path: &Path) -> std::io::Result<Option<u64>> {
    use std::os::unix::fs::FileExt;
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let size = file.metadata()?.len();
    let mut offset = 0;
    while offset + SIGNATURE.len() as u64 <= size {
        let mut found = [0; SIGNATURE.len()];
        file.read_exact_at(&mut found, offset)?;
        if found == SIGNATURE {
            return Ok(Some(offset));
        }
        offset = if offset == 0 { 512 } else { offset * 2 };
    }
    Ok(None)
}

/// The failure of a read that HDF5 rejected.
fn unreadable(path: &str, error: &::hdf5::Error) -> Failure {
    let message = library_message(error);
    if let Some(error) = system_error(&message) {
        return Failure::reading(Stage::Read, path, error);
    }
    Failure::new(Stage::Read, path, "cannot be read")
        .found(message)
        .expected("readable values")
        .hint("the file is probably truncated or damaged; fetch it again")
}

/// HDF5's error stack as one sentence.
fn library_message(error: &::hdf5::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests;
