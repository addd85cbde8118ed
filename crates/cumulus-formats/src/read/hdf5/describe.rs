//! Walks an HDF5 file once and lists its datasets.
//!
//! Some files are rejected: those with links to other files, nesting beyond [`DEEPEST`], more than [`MAX_OBJECTS`]
//! objects, or groups with two names. No archive granule has any of these, and each of them has been used to make
//! libhdf5 crash or hang.
//!
//! A dataset that cannot be described or read is left out without rejecting the file: external and virtual storage,
//! filters that are not built into HDF5, arrays beyond [`LARGEST`] elements, types that netCDF does not have. Its
//! values are never read. The mapping of the product decides later if the granule is valid without it.

use std::collections::{BTreeMap, BTreeSet};

use ::hdf5::filters::Filter;
use ::hdf5::plist::DatasetCreate;
use ::hdf5::plist::dataset_create::Layout;
use ::hdf5::{Group, LinkType, LocationType};

use super::attributes::{attributes, is_bare_dimension};
use super::datatype::{encoding, flags, members};
use super::direct::Place;
use super::unwritten::Unwritten;
use super::{Stored, library_message};
use crate::hdf5_raw;
use crate::read::AttributeNotes;
use crate::system_error::system_error;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::source::{Content, Dataset, Description};
use cumulus_model::values::ElementType;
use cumulus_model::warning::{Code, Warning};

/// Max depth of nested groups; CPL granules have none.
const DEEPEST: usize = 8;

/// Max number of objects in one file; an HS3 granule has 42 datasets.
const MAX_OBJECTS: usize = 4096;

/// Max elements of one dataset: 500 times the largest array of the largest known CPL granule (2.3 GB in total).
const LARGEST: usize = 1 << 37;

/// Max number of parameters of one filter.
const MAX_PARAMETERS: usize = 32;

pub(super) fn describe(file: &::hdf5::File) -> Result<(Description, BTreeMap<String, Stored>), Failure> {
    let mut walk = Walk::default();
    walk.description.attributes = attributes(file, "/", &mut walk.attribute_notes);
    walk.group(file, "", 0)?;
    walk.description.datasets.sort_by(|left, right| left.path.cmp(&right.path));
    walk.description.notes.extend(walk.attribute_notes.finish());
    Ok((walk.description, walk.stored))
}

#[derive(Default)]
struct Walk {
    description: Description,
    stored: BTreeMap<String, Stored>,
    /// Tokens of the groups visited so far, to detect cycles of hard links.
    groups: BTreeSet<String>,
    objects: usize,
    attribute_notes: AttributeNotes,
}

impl Walk {
    fn group(&mut self, group: &Group, prefix: &str, depth: usize) -> Result<(), Failure> {
        let place = if prefix.is_empty() { "/" } else { prefix };
        if depth > DEEPEST {
            return Err(refused(place, format!("groups nested {depth} deep"), format!("at most {DEEPEST}")));
        }
        let mut links = Vec::new();
        group
            .iter_visit_default(|name, link| {
                links.push((name.to_owned(), link.link_type));
                Ok(())
            })
            .map_err(|error| damaged(place, &error))?;
        links.sort_by(|left, right| left.0.cmp(&right.0));
        for (name, link) in links {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            self.objects += 1;
            if self.objects > MAX_OBJECTS {
                return Err(refused(
                    &path,
                    format!("more than {MAX_OBJECTS} objects"),
                    "a granule".to_owned(),
                ));
            }
            match link {
                LinkType::Hard => self.object(group, &name, &path, depth)?,
                LinkType::Soft => {
                    self.description.notes.push(Warning::at(
                        Code::DatasetLeftOut,
                        path,
                        "soft link not followed; what it points to is read by its own name",
                    ));
                }
                LinkType::External => {
                    return Err(refused(
                        &path,
                        "a link into another file".to_owned(),
                        "a granule complete in one file".to_owned(),
                    ));
                }
            }
        }
        Ok(())
    }

    fn object(&mut self, group: &Group, name: &str, path: &str, depth: usize) -> Result<(), Failure> {
        let info = match group.loc_info_by_name(name) {
            Ok(info) => info,
            Err(error) => return self.unusable(path, damaged(path, &error)),
        };
        if info.loc_type == LocationType::Dataset {
            let described = match group.dataset(name) {
                Ok(dataset) => self.dataset(dataset, path),
                Err(error) => Err(damaged(path, &error)),
            };
            return described.or_else(|failure| self.unusable(path, failure));
        }
        if info.loc_type == LocationType::Group {
            if !self.groups.insert(format!("{:?}", info.token)) {
                return Err(refused(
                    path,
                    "a group that contains itself or has two names".to_owned(),
                    "a tree of groups".to_owned(),
                ));
            }
            let member = group.group(name).map_err(|error| damaged(path, &error))?;
            return self.group(&member, path, depth + 1);
        }
        self.left_out(path, "named datatype, holds no data");
        Ok(())
    }

    fn left_out(&mut self, path: &str, message: impl Into<String>) {
        self.description.notes.push(Warning::at(Code::DatasetLeftOut, path, message));
    }

    /// Leaves out a dataset for a reason that rejects the granule if the product requires the dataset. An error of the
    /// device rejects it in any case, because another try may read the dataset.
    fn unusable(&mut self, path: &str, failure: Failure) -> Result<(), Failure> {
        if failure.class == Class::Retryable {
            return Err(failure);
        }
        let found = failure.found.as_deref().unwrap_or(&failure.problem);
        self.left_out(path, format!("not in the product: {found}"));
        self.description.unusable.insert(path.to_owned(), failure);
        Ok(())
    }

    fn dataset(&mut self, dataset: ::hdf5::Dataset, path: &str) -> Result<(), Failure> {
        if is_bare_dimension(&dataset) {
            return Ok(());
        }
        let creation = check_storage(&dataset, path)?;
        let space = dataset.space().map_err(|error| damaged(path, &error))?;
        if space.is_null() {
            self.left_out(path, "empty dataset, holds no data");
            return Ok(());
        }
        let shape = space.shape();
        let length = shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis));
        if length.is_none_or(|length| length > LARGEST) {
            return Err(refused(path, format!("shape {shape:?}"), format!("at most {LARGEST} elements")));
        }
        if length == Some(0) {
            self.left_out(path, format!("dataset of shape {shape:?}, holds no data"));
        }
        let datatype = dataset.dtype().map_err(|error| damaged(path, &error))?;
        let (encoding, content) = encoding(&datatype);
        if let Content::Unsupported(what) = &content {
            return Err(Failure::new(Stage::Read, path, "has a type that netCDF cannot store")
                .found(what)
                .expected("numbers or text")
                .hint("ask the producer to store it as plain arrays"));
        }
        let unwritten = Unwritten::of(&dataset, &creation, &shape);
        if matches!(content, Content::Numbers(ElementType::F64)) && datatype.size() > 8 {
            self.description.notes.push(Warning::at(
                Code::PrecisionReduced,
                path,
                format!("{}-byte floats rounded to 8 bytes, the widest netCDF has", datatype.size()),
            ));
        }
        let mut attributes = attributes(&dataset, path, &mut self.attribute_notes);
        // ASPEN never writes the name of its trajectory; products set their own.
        let is_identifier = attributes.iter().any(|attribute| attribute.name == "cf_role");
        if let Some(unwritten) = unwritten.as_ref().filter(|_| !is_identifier) {
            self.unwritten(path, &content, unwritten)?;
        }
        let flags = flags(&members(&datatype));
        if !flags.is_empty() {
            // The type defines the flags; attributes of the same names can only repeat it.
            attributes.retain(|attribute| flags.iter().all(|flag| flag.name != attribute.name));
            attributes.extend(flags);
        }
        if let Some(fill) = unwritten.as_ref().and_then(|unwritten| unwritten.stated(&content, &attributes)) {
            attributes.push(fill);
        }
        let place = Place::of(&dataset, &creation, &datatype, encoding, &shape);
        self.description.datasets.push(Dataset {
            path: path.to_owned(),
            shape: shape.clone(),
            content,
            rows_stored_together: creation.chunk().and_then(|shape| shape.first().copied()),
            attributes,
        });
        self.stored.insert(path.to_owned(), Stored { dataset, encoding, shape, place, unwritten });
        Ok(())
    }

    /// Warns about values that were never written; rejects undefined ones that no missing value can stand for.
    fn unwritten(&mut self, path: &str, content: &Content, unwritten: &Unwritten) -> Result<(), Failure> {
        let (chunks, of) = unwritten.chunks;
        let what = if of == 1 { "its values".to_owned() } else { format!("{chunks} of {of} chunks") };
        let can_be_missing = match content {
            Content::Numbers(numbers) => numbers.is_float() || unwritten.fill.is_some(),
            Content::Text | Content::Unsupported(_) => false,
        };
        if unwritten.is_undefined && !(can_be_missing && unwritten.parts.is_some()) {
            return Err(Failure::new(Stage::Read, path, "has values that were never written")
                .found(format!("{what} never written, and no fill value to use for them"))
                .expected("values, or a fill value that HDF5 may use")
                .hint("the program that made the file did not finish; ask the producer"));
        }
        let is_float = matches!(content, Content::Numbers(numbers) if numbers.is_float());
        let read_as = if unwritten.is_undefined && is_float {
            "they are missing, because HDF5 has no value for them"
        } else {
            "they are the dataset's fill value"
        };
        let mut warning =
            Warning::at(Code::ChunksNeverWritten, path, format!("{what} were never written; {read_as}"));
        warning.count = unwritten.values().and_then(|count| u64::try_from(count).ok());
        self.description.notes.push(warning);
        Ok(())
    }
}

/// Rejects storage outside the file and filters that HDF5 does not have; returns the creation properties.
fn check_storage(dataset: &::hdf5::Dataset, path: &str) -> Result<DatasetCreate, Failure> {
    let creation = dataset.create_plist().map_err(|error| damaged(path, &error))?;
    let layout = creation.get_layout().map_err(|error| damaged(path, &error))?;
    if layout == Layout::Virtual {
        return Err(refused(path, "a virtual dataset".to_owned(), "values stored in the granule".to_owned()));
    }
    if !creation.external().is_empty() {
        return Err(refused(path, "external storage".to_owned(), "values stored in the granule".to_owned()));
    }
    let filters = hdf5_raw::filters(&creation).map_err(|error| damaged(path, &error))?;
    if let Some((id, count)) = filters.iter().find(|(_, count)| *count > MAX_PARAMETERS) {
        return Err(refused(
            path,
            format!("filter {id} with {count} parameters"),
            format!("at most {MAX_PARAMETERS} parameters"),
        ));
    }
    for filter in creation.get_filters().map_err(|error| damaged(path, &error))? {
        if let Filter::User(id, _) = filter {
            return Err(refused(
                path,
                format!("filter {id}, which is not built into HDF5"),
                "deflate, shuffle, Fletcher32, szip, n-bit or scale-offset".to_owned(),
            ));
        }
        // The HDF5 of the feature `static` is built without szip.
        if !filter.is_available() {
            let name = if matches!(filter, Filter::SZip(..)) { "szip" } else { "a filter" };
            return Err(refused(
                path,
                format!("{name}, which the HDF5 in this program lacks"),
                "deflate, shuffle, Fletcher32, n-bit or scale-offset".to_owned(),
            )
            .hint(
                "repack it: h5repack -f GZIP=4 GRANULE REPACKED; or use a program built on the system's HDF5",
            ));
        }
    }
    Ok(creation)
}

fn refused(path: &str, found: String, expected: String) -> Failure {
    Failure::new(Stage::Read, path, "is refused")
        .found(found)
        .expected(expected)
        .hint("ask the producer for a self-contained granule")
}

fn damaged(path: &str, error: &::hdf5::Error) -> Failure {
    let message = library_message(error);
    if let Some(error) = system_error(&message) {
        return Failure::reading(Stage::Read, path, error);
    }
    Failure::new(Stage::Read, path, "cannot be described")
        .found(message)
        .expected("a readable HDF5 object")
        .hint("the file is probably truncated or damaged; fetch it again")
}
