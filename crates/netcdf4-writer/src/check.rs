//! Checks that a structure is supported by this crate.

use std::collections::HashSet;

use crate::error::Error;
use crate::name;
use crate::structure::{Attribute, Structure, Type, Variable};

/// Max bytes of an attribute's value: with its name it must fit into a header message of 65,535 bytes.
const MAX_ATTRIBUTE_BYTES: usize = 60_000;

/// Max axes that may share a dimension: the dimension lists them all in one attribute, 16 bytes each.
const MAX_REFERENCES: usize = MAX_ATTRIBUTE_BYTES / 16;

/// Max bytes of a chunk: half the limit of HDF5.
const MAX_CHUNK_BYTES: usize = 1 << 31;

impl Structure {
    /// Checks that this crate can write the structure.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] for a name that netCDF does not allow or that is already used, an attribute
    /// beyond 60,000 bytes, a chunk beyond two gigabytes or of another shape than [`Chunking`](crate::Chunking)
    /// allows, a dimension that has length 0 or does not exist, more than 3,750 axes, or a big-endian machine.
    pub fn check(&self) -> Result<(), Error> {
        let unsupported = |what: String| Err(Error::Unsupported(what));
        if cfg!(target_endian = "big") {
            return unsupported("this machine stores numbers big-endian".to_owned());
        }
        let mut names = HashSet::new();
        for dimension in &self.dimensions {
            if !name::is_legal(&dimension.name) || !names.insert(dimension.name.as_str()) {
                return unsupported(format!(
                    "the dimension name {:?} is not allowed, or taken",
                    dimension.name
                ));
            }
            if dimension.length == 0 {
                return unsupported(format!("dimension {} has length 0", dimension.name));
            }
        }
        check_attributes("the file", &self.attributes)?;
        let mut names = HashSet::new();
        for variable in &self.variables {
            if !name::is_legal(&variable.name) || !names.insert(variable.name.as_str()) {
                return unsupported(format!(
                    "the variable name {:?} is not allowed, or taken",
                    variable.name
                ));
            }
            self.check_variable(variable)?;
        }
        let axes: usize = self.variables.iter().map(|variable| variable.dimensions.len()).sum();
        if axes > MAX_REFERENCES {
            return unsupported(format!("variables have {axes} axes together, more than {MAX_REFERENCES}"));
        }
        Ok(())
    }

    fn check_variable(&self, variable: &Variable) -> Result<(), Error> {
        let name = &variable.name;
        let unsupported = |what: String| Err(Error::Unsupported(format!("{name} {what}")));
        if variable.dimensions.iter().any(|&dimension| dimension >= self.dimensions.len()) {
            return unsupported("has a dimension that does not exist".to_owned());
        }
        if let Some(fill) = &variable.fill
            && (fill.len() != 1 || fill.kind() != variable.kind || variable.kind == Type::Char)
        {
            return unsupported("has a fill value that is not one number of its type".to_owned());
        }
        check_attributes(name, &variable.attributes)?;
        let Some(chunking) = &variable.chunking else { return Ok(()) };
        let shape = self.shape(variable);
        let fits = chunking.shape.len() == shape.len()
            && !shape.is_empty()
            && chunking.shape.iter().zip(&shape).all(|(&chunk, &whole)| (1..=whole).contains(&chunk))
            && chunking.shape.iter().zip(&shape).skip(2).all(|(chunk, whole)| chunk == whole);
        if !fits {
            return unsupported(format!(
                "of shape {shape:?} cannot have chunks of shape {:?}",
                chunking.shape
            ));
        }
        let bytes =
            chunking.shape.iter().try_fold(variable.kind.size(), |bytes, &length| bytes.checked_mul(length));
        if bytes.is_none_or(|bytes| bytes > MAX_CHUNK_BYTES) {
            return unsupported(format!("has chunks of more than {MAX_CHUNK_BYTES} bytes"));
        }
        if chunking.deflate.is_some_and(|level| !(1..=9).contains(&level)) {
            return unsupported("has a deflate level that is not 1 to 9".to_owned());
        }
        Ok(())
    }
}

/// Returns an error if one of the attributes of the object `of` cannot be stored.
fn check_attributes(of: &str, attributes: &[Attribute]) -> Result<(), Error> {
    let mut names = HashSet::new();
    for attribute in attributes {
        check_attribute(of, attribute)?;
        if !names.insert(&attribute.name) {
            return Err(Error::Unsupported(format!("{of} has two attributes {}", attribute.name)));
        }
    }
    Ok(())
}

/// Returns an error if an attribute of the object `of` cannot be stored.
pub(crate) fn check_attribute(of: &str, attribute: &Attribute) -> Result<(), Error> {
    let name = &attribute.name;
    if !name::is_legal(name) || name::RESERVED.contains(&name.as_str()) {
        return Err(Error::Unsupported(format!("{of} has an attribute whose name is not allowed: {name:?}")));
    }
    let bytes = attribute.value.len() * attribute.value.kind().size();
    if bytes > MAX_ATTRIBUTE_BYTES {
        return Err(Error::Unsupported(format!(
            "attribute {name} of {of} has {bytes} bytes, more than {MAX_ATTRIBUTE_BYTES}"
        )));
    }
    Ok(())
}
