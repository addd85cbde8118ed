//! Blocks of values that are passed from source to sink: row-major arrays of one element type.
//!
//! The ten element types are HDF5's integers and floats. A sink accepts only the five types of the netCDF classic
//! model (`i8 i16 i32 f32 f64`); the decoder converts blocks from the former to the latter.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{ArrayD, Axis, Slice};

/// Element type of an array, in the source or in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// Signed 8 bit.
    I8,
    /// Signed 16 bit.
    I16,
    /// Signed 32 bit.
    I32,
    /// Signed 64 bit.
    I64,
    /// Unsigned 8 bit.
    U8,
    /// Unsigned 16 bit.
    U16,
    /// Unsigned 32 bit.
    U32,
    /// Unsigned 64 bit.
    U64,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl ElementType {
    /// The netCDF classic type that holds every value of this one: u8 -> i16, u16 -> i32, and u32, i64, u64 -> f64,
    /// which holds integers exactly up to 2^53 (larger values are rejected when they are read).
    #[must_use]
    pub fn classic(self) -> Self {
        match self {
            Self::U8 => Self::I16,
            Self::U16 => Self::I32,
            Self::U32 | Self::I64 | Self::U64 => Self::F64,
            same => same,
        }
    }

    /// Bytes of one element.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// True for the two floating-point types.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// The name used in messages and product tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// A block of values of one element type and any rank, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Signed 8 bit.
    I8(ArrayD<i8>),
    /// Signed 16 bit.
    I16(ArrayD<i16>),
    /// Signed 32 bit.
    I32(ArrayD<i32>),
    /// Signed 64 bit.
    I64(ArrayD<i64>),
    /// Unsigned 8 bit.
    U8(ArrayD<u8>),
    /// Unsigned 16 bit.
    U16(ArrayD<u16>),
    /// Unsigned 32 bit.
    U32(ArrayD<u32>),
    /// Unsigned 64 bit.
    U64(ArrayD<u64>),
    /// IEEE single precision.
    F32(ArrayD<f32>),
    /// IEEE double precision.
    F64(ArrayD<f64>),
}

/// Evaluates one expression on the array inside [`Values`], for any element type.
#[macro_export]
macro_rules! for_each_type {
    ($values:expr, $array:ident => $body:expr) => {
        match $values {
            $crate::values::Values::I8($array) => $body,
            $crate::values::Values::I16($array) => $body,
            $crate::values::Values::I32($array) => $body,
            $crate::values::Values::I64($array) => $body,
            $crate::values::Values::U8($array) => $body,
            $crate::values::Values::U16($array) => $body,
            $crate::values::Values::U32($array) => $body,
            $crate::values::Values::U64($array) => $body,
            $crate::values::Values::F32($array) => $body,
            $crate::values::Values::F64($array) => $body,
        }
    };
}
pub use for_each_type;

impl Values {
    /// The element type.
    #[must_use]
    pub fn element_type(&self) -> ElementType {
        match self {
            Self::I8(_) => ElementType::I8,
            Self::I16(_) => ElementType::I16,
            Self::I32(_) => ElementType::I32,
            Self::I64(_) => ElementType::I64,
            Self::U8(_) => ElementType::U8,
            Self::U16(_) => ElementType::U16,
            Self::U32(_) => ElementType::U32,
            Self::U64(_) => ElementType::U64,
            Self::F32(_) => ElementType::F32,
            Self::F64(_) => ElementType::F64,
        }
    }

    /// Length of every axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        for_each_type!(self, array => array.shape())
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        for_each_type!(self, array => array.len())
    }

    /// True if there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of rows: the length of the first axis, 1 for a scalar.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.shape().first().copied().unwrap_or(1)
    }

    /// Returns a copy of these rows, clipped to the rows that exist.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.row_count());
        let slice = Slice::from(rows.start.min(end)..end);
        macro_rules! rows {
            ($($variant:ident),*) => {
                match self {
                    $(Self::$variant(array) => Self::$variant(array.slice_axis(Axis(0), slice).to_owned())),*
                }
            };
        }
        rows!(I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
    }

    /// Returns these rows followed by those of `next`, which must have the same element type and row shape. Otherwise
    /// the rows of `next` are dropped, which the check of the number of written rows detects.
    #[must_use]
    pub fn followed_by(self, next: &Self) -> Self {
        macro_rules! join {
            ($($variant:ident),*) => {
                match (self, next) {
                    $((Self::$variant(first), Self::$variant(second)) => {
                        let joined = ndarray::concatenate(Axis(0), &[first.view(), second.view()]);
                        Self::$variant(joined.unwrap_or(first))
                    })*
                    (first, _) => first,
                }
            };
        }
        join!(I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
    }

    /// The bytes of all values in row-major order, in native byte order.
    #[must_use]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        for_each_type!(self, array => match array.as_slice() {
            Some(values) => Cow::Borrowed(bytemuck::cast_slice(values)),
            None => Cow::Owned(bytemuck::cast_slice(&array.iter().copied().collect::<Vec<_>>()).to_vec()),
        })
    }

    /// Converts `numbers` to a one-dimensional block of the classic type of `element_type`, rounded to that type.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
    pub fn from_f64(element_type: ElementType, numbers: &[f64]) -> Self {
        let array = ndarray::Array1::from(numbers.to_vec()).into_dyn();
        match element_type.classic() {
            ElementType::I8 => Self::I8(array.mapv(|number| number.round() as i8)),
            ElementType::I16 => Self::I16(array.mapv(|number| number.round() as i16)),
            ElementType::I32 => Self::I32(array.mapv(|number| number.round() as i32)),
            ElementType::F32 => Self::F32(array.mapv(|number| number as f32)),
            _ => Self::F64(array),
        }
    }

    /// All values as f64, in row-major order. Integers beyond 2^53 are rounded, so use this only for small arrays of
    /// physical quantities or counts, never for values that are written to products.
    #[must_use]
    pub fn to_f64(&self) -> Vec<f64> {
        for_each_type!(self, array => array.iter().map(|value| value.rounded()).collect())
    }
}

/// Conversion to f64, rounded if the type has more digits.
trait Rounded: Copy {
    fn rounded(self) -> f64;
}

macro_rules! rounded_exactly {
    ($($kind:ty),*) => { $(impl Rounded for $kind { fn rounded(self) -> f64 { f64::from(self) } })* };
}
rounded_exactly!(i8, i16, i32, u8, u16, u32, f32, f64);

#[expect(clippy::cast_precision_loss, reason = "rounding is what this trait is for")]
mod wide {
    use super::Rounded;

    impl Rounded for i64 {
        fn rounded(self) -> f64 {
            self as f64
        }
    }

    impl Rounded for u64 {
        fn rounded(self) -> f64 {
            self as f64
        }
    }
}
