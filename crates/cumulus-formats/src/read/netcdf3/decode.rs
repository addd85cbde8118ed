//! Element types of the classic formats, and decoding of their big-endian bytes.

use ndarray::{ArrayD, IxDyn};

use cumulus_model::values::{ElementType, Values};

/// An external type (`nc_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes of text.
    Char,
    /// Numbers.
    Numbers(ElementType),
}

impl Kind {
    /// The type with this code. Codes above 6 belong to CDF-5 but are accepted in all versions, because they are
    /// unambiguous.
    pub(super) fn of(code: u32) -> Option<Self> {
        Some(match code {
            1 => Self::Numbers(ElementType::I8),
            2 => Self::Char,
            3 => Self::Numbers(ElementType::I16),
            4 => Self::Numbers(ElementType::I32),
            5 => Self::Numbers(ElementType::F32),
            6 => Self::Numbers(ElementType::F64),
            7 => Self::Numbers(ElementType::U8),
            8 => Self::Numbers(ElementType::U16),
            9 => Self::Numbers(ElementType::U32),
            10 => Self::Numbers(ElementType::I64),
            11 => Self::Numbers(ElementType::U64),
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Char => 1,
            Self::Numbers(element_type) => element_type.size(),
        }
    }

    /// Decodes `bytes` as an array of `shape`; `None` for text, or if the number of bytes does not match.
    pub(super) fn values(self, bytes: &[u8], shape: &[usize]) -> Option<Values> {
        macro_rules! numbers {
            ($variant:ident, $kind:ty) => {
                Values::$variant(array(bytes, shape, <$kind>::from_be_bytes)?)
            };
        }
        let Self::Numbers(element_type) = self else { return None };
        Some(match element_type {
            ElementType::I8 => numbers!(I8, i8),
            ElementType::I16 => numbers!(I16, i16),
            ElementType::I32 => numbers!(I32, i32),
            ElementType::I64 => numbers!(I64, i64),
            ElementType::U8 => numbers!(U8, u8),
            ElementType::U16 => numbers!(U16, u16),
            ElementType::U32 => numbers!(U32, u32),
            ElementType::U64 => numbers!(U64, u64),
            ElementType::F32 => numbers!(F32, f32),
            ElementType::F64 => numbers!(F64, f64),
        })
    }
}

fn array<T, const SIZE: usize>(
    bytes: &[u8],
    shape: &[usize],
    decode: fn([u8; SIZE]) -> T,
) -> Option<ArrayD<T>> {
    let (elements, rest) = bytes.as_chunks::<SIZE>();
    let values = elements.iter().map(|element| decode(*element)).collect();
    rest.is_empty().then(|| ArrayD::from_shape_vec(IxDyn(shape), values).ok()).flatten()
}
