//! Maps HDF5 datatypes to the types of the rest of the program.

use ::hdf5::Datatype;
use ::hdf5::datatype::ByteOrder;
use ::hdf5::types::{EnumType, FloatSize, IntSize, TypeDescriptor};
use ndarray::Array1;

use super::library_message;
use cumulus_model::source::{Content, SourceAttribute, SourceValue};
use cumulus_model::values::{ElementType, Values};

/// Max bytes of a fixed-length string.
const MAX_TEXT: usize = 65_536;

/// How elements are stored in the file, as far as it matters for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Numbers that HDF5 converts to this type without loss, including enumerations and booleans.
    Numbers(ElementType),
    /// Fixed-length strings of `bytes` bytes.
    FixedText {
        bytes: usize,
        unicode: bool,
    },
    /// Variable-length strings.
    VariableText {
        unicode: bool,
    },
    Unsupported,
}

/// Returns how elements of a stored type are read, and the content that they become.
pub(super) fn encoding(datatype: &Datatype) -> (Encoding, Content) {
    let numbers = |element_type| (Encoding::Numbers(element_type), Content::Numbers(element_type));
    match datatype.to_descriptor() {
        Ok(TypeDescriptor::Integer(size)) => numbers(integer(size, true)),
        Ok(TypeDescriptor::Unsigned(size)) => numbers(integer(size, false)),
        Ok(TypeDescriptor::Enum(EnumType { size, signed, .. })) => numbers(integer(size, signed)),
        Ok(TypeDescriptor::Float(FloatSize::U4)) => numbers(ElementType::F32),
        Ok(TypeDescriptor::Float(FloatSize::U8)) => numbers(ElementType::F64),
        Ok(TypeDescriptor::Boolean) => numbers(ElementType::I8),
        Ok(TypeDescriptor::FixedAscii(bytes) | TypeDescriptor::FixedUnicode(bytes)) if bytes > MAX_TEXT => {
            let what = format!("strings of {bytes} bytes, longer than the {MAX_TEXT} that are read");
            (Encoding::Unsupported, Content::Unsupported(what))
        }
        Ok(TypeDescriptor::FixedAscii(bytes)) => {
            (Encoding::FixedText { bytes, unicode: false }, Content::Text)
        }
        Ok(TypeDescriptor::FixedUnicode(bytes)) => {
            (Encoding::FixedText { bytes, unicode: true }, Content::Text)
        }
        Ok(TypeDescriptor::VarLenAscii) => (Encoding::VariableText { unicode: false }, Content::Text),
        Ok(TypeDescriptor::VarLenUnicode) => (Encoding::VariableText { unicode: true }, Content::Text),
        Ok(other) => (Encoding::Unsupported, Content::Unsupported(format!("HDF5 type {other}"))),
        // The crate has no half floats and no long doubles, but HDF5 converts both. A half float fits into f32
        // exactly; a long double is rounded to f64.
        Err(_) if datatype.conv_to::<f64>().is_some() => {
            numbers(if datatype.size() == 2 { ElementType::F32 } else { ElementType::F64 })
        }
        Err(error) => (
            Encoding::Unsupported,
            Content::Unsupported(format!("an HDF5 type ({})", library_message(&error))),
        ),
    }
}

fn integer(size: IntSize, signed: bool) -> ElementType {
    match (size, signed) {
        (IntSize::U1, true) => ElementType::I8,
        (IntSize::U2, true) => ElementType::I16,
        (IntSize::U4, true) => ElementType::I32,
        (IntSize::U8, true) => ElementType::I64,
        (IntSize::U1, false) => ElementType::U8,
        (IntSize::U2, false) => ElementType::U16,
        (IntSize::U4, false) => ElementType::U32,
        (IntSize::U8, false) => ElementType::U64,
    }
}

/// Values and names of an enumeration's members, sorted by value; empty if `datatype` is not an enumeration, or is
/// the boolean one, whose values are self-explanatory.
pub(super) fn members(datatype: &Datatype) -> Vec<(i128, String)> {
    let Ok(TypeDescriptor::Enum(EnumType { size, signed, members })) = datatype.to_descriptor() else {
        return Vec::new();
    };
    let bytes = size as usize;
    let swapped =
        bytes > 1 && datatype.byte_order() == ByteOrder::BigEndian && cfg!(target_endian = "little");
    let number = |stored: u64| {
        let unused = 64 - 8 * bytes;
        // The crate stores the value in the first bytes of eight, in the byte order of the file.
        let stored = if swapped { stored.swap_bytes() >> unused } else { stored };
        let stored = stored << unused;
        if signed { i128::from(stored.cast_signed() >> unused) } else { i128::from(stored >> unused) }
    };
    let mut members: Vec<(i128, String)> =
        members.into_iter().map(|member| (number(member.value), member.name)).collect();
    members.sort();
    members
}

/// The members of an enumeration as the CF attributes `flag_values` and `flag_meanings`.
#[expect(
    clippy::cast_precision_loss,
    reason = "codes beyond 2^53 cannot be flag_values; netCDF's classic model has no such integers"
)]
pub(super) fn flags(members: &[(i128, String)]) -> Vec<SourceAttribute> {
    if members.is_empty() {
        return Vec::new();
    }
    let values: Array1<f64> = members.iter().map(|(value, _)| *value as f64).collect();
    let mut words: Vec<String> = Vec::new();
    for (_, name) in members {
        let word = word(name);
        let word = cumulus_model::name::free_name(&word, |taken| words.iter().any(|word| word == taken));
        words.push(word);
    }
    vec![
        SourceAttribute {
            name: "flag_values".to_owned(),
            value: SourceValue::Numbers(Values::F64(values.into_dyn())),
        },
        SourceAttribute { name: "flag_meanings".to_owned(), value: SourceValue::Text(words.join(" ")) },
    ]
}

/// Converts `name` to one word of `flag_meanings`, whose words are separated by blanks and consist of letters, digits
/// and `_-.+@` (CF-1.6, 3.5).
fn word(name: &str) -> String {
    let is_legal = |character: char| character.is_ascii_alphanumeric() || "_-.+@".contains(character);
    let word: String =
        name.trim().chars().map(|character| if is_legal(character) { character } else { '_' }).collect();
    if word.is_empty() { "_".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_members_become_words_that_stay_apart() {
        let members = [(0, "no layer"), (1, "no_layer"), (2, " "), (3, "eis/ice"), (4, "größe")];
        let members: Vec<(i128, String)> = members.map(|(value, name)| (value, name.to_owned())).to_vec();
        let flags = flags(&members);
        let text = SourceValue::Text("no_layer no_layer_2 _ eis_ice gr__e".to_owned());
        assert_eq!(flags[1].value, text);
        assert!(super::flags(&[]).is_empty());
    }
}
