//! The structure of a file: everything except its values.

/// Everything in a file except its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Dimensions, in the order in which readers list them.
    pub dimensions: Vec<Dimension>,
    /// Variables, in the order in which readers list them.
    pub variables: Vec<Variable>,
    /// Global attributes.
    pub attributes: Vec<Attribute>,
    /// The program that wrote the file, as `name=version`; stored in `_NCProperties`.
    pub producer: String,
}

/// A dimension of fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Its length; 0, which means "unlimited" in netCDF, is rejected.
    pub length: usize,
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name. A variable with the name of its first dimension is that dimension's coordinate.
    pub name: String,
    /// Type of its values.
    pub kind: Type,
    /// Indices of its dimensions in [`Structure::dimensions`], outermost first; empty for a scalar.
    pub dimensions: Vec<usize>,
    /// `_FillValue`: one value of the variable's type.
    pub fill: Option<Value>,
    /// How its values are split into chunks; `None` for contiguous storage.
    pub chunking: Option<Chunking>,
    /// Its other attributes.
    pub attributes: Vec<Attribute>,
}

/// How the values of a variable are split into chunks.
///
/// Chunks are in row-major order. They may split the first and the second axis, and must have the full length of all
/// others. Every chunk has its full shape, also where it extends beyond the edge of the variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunking {
    /// Length of a chunk along each axis.
    pub shape: Vec<usize>,
    /// Level of shuffle and deflate with which the caller compressed the chunks, 1 to 9; `None` if they are
    /// uncompressed.
    pub deflate: Option<u8>,
}

/// Type of values, limited to the netCDF classic model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Signed, 8 bits (`NC_BYTE`).
    I8,
    /// Signed, 16 bits (`NC_SHORT`).
    I16,
    /// Signed, 32 bits (`NC_INT`).
    I32,
    /// IEEE single precision (`NC_FLOAT`).
    F32,
    /// IEEE double precision (`NC_DOUBLE`).
    F64,
    /// A character (`NC_CHAR`).
    Char,
}

impl Type {
    /// Bytes of a value.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::I8 | Self::Char => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// A named attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl Attribute {
    /// Creates a text attribute.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), value: Value::Text(text.into()) }
    }
}

/// Value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, stored as UTF-8.
    Text(String),
    /// 8-bit integers.
    I8(Vec<i8>),
    /// 16-bit integers.
    I16(Vec<i16>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// Single-precision numbers.
    F32(Vec<f32>),
    /// Double-precision numbers.
    F64(Vec<f64>),
}

impl Value {
    /// Type of the numbers; [`Type::Char`] for text.
    #[must_use]
    pub const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::Char,
            Self::I8(_) => Type::I8,
            Self::I16(_) => Type::I16,
            Self::I32(_) => Type::I32,
            Self::F32(_) => Type::F32,
            Self::F64(_) => Type::F64,
        }
    }

    /// Number of values: bytes of text, or numbers.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::I8(numbers) => numbers.len(),
            Self::I16(numbers) => numbers.len(),
            Self::I32(numbers) => numbers.len(),
            Self::F32(numbers) => numbers.len(),
            Self::F64(numbers) => numbers.len(),
        }
    }

    /// True if there are no values.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes as stored.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::I8(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::I16(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::I32(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::F32(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::F64(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        }
    }
}

impl Structure {
    /// Lengths of the axes of a variable.
    pub(crate) fn shape(&self, variable: &Variable) -> Vec<usize> {
        let length = |&dimension: &usize| self.dimensions.get(dimension).map_or(0, |known| known.length);
        variable.dimensions.iter().map(length).collect()
    }

    /// True if the variable has the name of its first dimension.
    pub(crate) fn is_coordinate(&self, variable: &Variable) -> bool {
        let first = variable.dimensions.first().and_then(|&first| self.dimensions.get(first));
        first.is_some_and(|first| first.name == variable.name)
    }

    /// Name of a variable's HDF5 dataset. netCDF-4 adds a prefix to a variable that has the name of a dimension
    /// without being its coordinate (netCDF-4 format, "Creating Non-Coordinate Variables").
    pub(crate) fn stored_name(&self, variable: &Variable) -> String {
        let is_dimension = self.dimensions.iter().any(|dimension| dimension.name == variable.name);
        if is_dimension && !self.is_coordinate(variable) {
            format!("_nc4_non_coord_{}", variable.name)
        } else {
            variable.name.clone()
        }
    }

    /// Number of chunks of a variable, and number of chunks along its second axis; both are 1 for contiguous storage.
    pub(crate) fn chunk_counts(&self, variable: &Variable) -> (usize, usize) {
        let Some(chunking) = &variable.chunking else { return (1, 1) };
        let shape = self.shape(variable);
        let count = |axis: usize| match (shape.get(axis), chunking.shape.get(axis)) {
            (Some(&length), Some(&part)) => length.div_ceil(part.max(1)),
            _ => 1,
        };
        (count(0) * count(1), count(1))
    }
}
