//! Writes netCDF-4 files front to back, without libhdf5.
//!
//! Values are appended in the order in which they arrive; chunks are compressed by the caller. The metadata that
//! locate them are written when the file is finished. So nothing is written twice, attributes may depend on the
//! values, and an unfinished file has no signature: no reader accepts it as a complete file.
//!
//! A file has the classic model: dimensions of fixed length, variables of six types, attributes; no groups, no
//! unlimited dimensions. For an unsupported [`Structure`], the crate returns an [`Error`] with the reason before the
//! file is created, so that the caller can use another library (netcdf-c).
//!
//! # Example
//!
//! ```
//! use netcdf4_writer::{Attribute, Dimension, Structure, Type, Value, Variable, Writer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let structure = Structure {
//!     dimensions: vec![Dimension { name: "time".to_owned(), length: 3 }],
//!     variables: vec![Variable {
//!         name: "pressure".to_owned(),
//!         kind: Type::F32,
//!         dimensions: vec![0],
//!         fill: Some(Value::F32(vec![-999.0])),
//!         chunking: None,
//!         attributes: vec![Attribute::text("units", "hPa")],
//!     }],
//!     attributes: vec![Attribute::text("Conventions", "CF-1.6")],
//!     producer: "example=1.0".to_owned(),
//! };
//! let path = folder.path().join("sounding.nc");
//! let mut writer = Writer::create(&path, structure)?;
//! let values = [1000.0_f32, 950.0, -999.0];
//! writer.append(0, &values.map(f32::to_le_bytes).concat())?;
//! writer.set_attribute(Some(0), Attribute { name: "valid_max".to_owned(), value: Value::F32(vec![1100.0]) })?;
//! let stored = writer.finish()?;
//! assert_eq!(stored[0][0].bytes, 12);
//!
//! let file = netcdf_reader::NcFile::open(&path)?;
//! assert_eq!(file.read_variable_as_f64("pressure")?.iter().copied().collect::<Vec<_>>(), [1000.0, 950.0, -999.0]);
//! # Ok(())
//! # }
//! ```

mod check;
mod conventions;
mod error;
mod hdf5;
mod name;
mod structure;
mod writer;

pub use error::Error;
pub use name::{MAX_NAME_BYTES, RESERVED, is_legal};
pub use structure::{Attribute, Chunking, Dimension, Structure, Type, Value, Variable};
pub use writer::{Extent, Writer};
