//! Walks an HDF5 file once and lists its datasets.
//!
//! Refused by name: links into other files, external and virtual storage, filters that are not built into HDF5,
//! nesting beyond [`DEEPEST`], more than [`MOST_OBJECTS`] objects, arrays beyond [`LARGEST`] elements. No archive
//! granule has any of them, and each of them has been used to make libhdf5 crash or hang.

use std::collections::{BTreeMap, BTreeSet};

use ::hdf5::filters::Filter;
use ::hdf5::plist::DatasetCreate;
use ::hdf5::plist::dataset_create::Layout;
use ::hdf5::{Container, Group, LinkType, Location, LocationType};

use super::direct::Place;
use super::{Encoding, Stored, encoding, library_message, text};
use crate::error::{Failure, Stage};
use crate::read::{Content, Dataset, Description, SourceAttribute, SourceValue};
use crate::values::{ElementType, Values};
use crate::warning::{Code, Warning};

/// Groups inside groups that are followed; CPL granules have none.
const DEEPEST: usize = 8;

/// Objects in one file; an HS3 granule has 42 datasets.
const MOST_OBJECTS: usize = 4096;

/// Elements of one dataset: 500 times the largest array of the largest CPL granule known (2.3 GB in all).
const LARGEST: usize = 1 << 37;

/// Elements of one attribute that is carried through.
const LARGEST_ATTRIBUTE: usize = 4096;

/// Attributes by which HDF5 and netCDF-4 keep their own books; they mean nothing outside the file they are in.
const BOOKKEEPING: [&str; 10] = [
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
    "DIMENSION_LABELS",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
    "_NCProperties",
    "_nc3_strict",
    "PALETTE",
];

pub(super) fn describe(file: &::hdf5::File) -> Result<(Description, BTreeMap<String, Stored>), Failure> {
    let mut walk = Walk::default();
    let (attributes, notes) = attributes(file, "/");
    walk.description.attributes = attributes;
    walk.description.notes = notes;
    walk.group(file, "", 0)?;
    walk.description.datasets.sort_by(|left, right| left.path.cmp(&right.path));
    Ok((walk.description, walk.stored))
}

#[derive(Default)]
struct Walk {
    description: Description,
    stored: BTreeMap<String, Stored>,
    /// Addresses of the groups already seen, so that a cycle of hard links ends.
    groups: BTreeSet<String>,
    objects: usize,
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
            if self.objects > MOST_OBJECTS {
                return Err(refused(
                    &path,
                    format!("more than {MOST_OBJECTS} objects"),
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
        let info = group.loc_info_by_name(name).map_err(|error| damaged(path, &error))?;
        if info.loc_type == LocationType::Dataset {
            let dataset = group.dataset(name).map_err(|error| damaged(path, &error))?;
            return self.dataset(dataset, path);
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
        if matches!(content, Content::Numbers(ElementType::F64)) && datatype.size() > 8 {
            self.description.notes.push(Warning::at(
                Code::PrecisionReduced,
                path,
                format!("{}-byte floats rounded to 8 bytes, the widest netCDF has", datatype.size()),
            ));
        }
        let (attributes, notes) = attributes(&dataset, path);
        self.description.notes.extend(notes);
        let place = Place::of(&dataset, &creation, &datatype, encoding, &shape);
        self.description.datasets.push(Dataset {
            path: path.to_owned(),
            shape,
            content,
            rows_stored_together: creation.chunk().and_then(|shape| shape.first().copied()),
            attributes,
        });
        self.stored.insert(path.to_owned(), Stored { dataset, encoding, place });
        Ok(())
    }
}

/// True for what netCDF-4 stores for a dimension without a variable: a dataset that was never written and whose title
/// says so (NetCDF Users Guide, "NetCDF-4 File Format"). Its axis lengths are those of the variables that have it.
fn is_bare_dimension(dataset: &::hdf5::Dataset) -> bool {
    const TITLE: &str = "This is a netCDF dimension but not a netCDF variable";
    let Ok(title) = dataset.attr("NAME") else { return false };
    matches!(attribute_value(&title), Ok(SourceValue::Text(text)) if text.starts_with(TITLE))
}

/// Refuses storage that is not inside the file, and filters HDF5 does not have; answers how it was created.
fn check_storage(dataset: &::hdf5::Dataset, path: &str) -> Result<DatasetCreate, Failure> {
    let creation = dataset.create_plist().map_err(|error| damaged(path, &error))?;
    let layout = creation.get_layout().map_err(|error| damaged(path, &error))?;
    if layout == Layout::Virtual {
        return Err(refused(path, "a virtual dataset".to_owned(), "values stored in the granule".to_owned()));
    }
    if !creation.external().is_empty() {
        return Err(refused(path, "external storage".to_owned(), "values stored in the granule".to_owned()));
    }
    for filter in creation.filters() {
        if let Filter::User(id, _) = filter {
            return Err(refused(
                path,
                format!("filter {id}, which is not built into HDF5"),
                "deflate, shuffle, Fletcher32, szip, n-bit or scale-offset".to_owned(),
            ));
        }
        // The HDF5 of the feature `static` comes without szip.
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

/// Attributes of a file or dataset, and notes about those that cannot be carried through.
fn attributes(location: &Location, path: &str) -> (Vec<SourceAttribute>, Vec<Warning>) {
    let mut found = Vec::new();
    let mut notes = Vec::new();
    let names = match location.attr_names() {
        Ok(names) => names,
        Err(error) => {
            let message = format!("attributes cannot be listed: {}", library_message(&error));
            notes.push(Warning::at(Code::AttributeLeftOut, path, message));
            return (found, notes);
        }
    };
    for name in names {
        if BOOKKEEPING.contains(&name.as_str()) {
            continue;
        }
        let attribute = location.attr(&name).map_err(|error| library_message(&error));
        // What is empty says nothing: ASPEN writes every attribute it knows, whether it has a value or not.
        if attribute.as_ref().is_ok_and(|attribute| attribute.space().is_ok_and(|space| space.size() == 0)) {
            continue;
        }
        match attribute.and_then(|attribute| attribute_value(&attribute)) {
            Ok(value) => found.push(SourceAttribute { name, value }),
            Err(why) => notes.push(Warning::at(
                Code::AttributeLeftOut,
                path,
                format!("attribute {name} not carried through: {why}"),
            )),
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    (found, notes)
}

fn attribute_value(attribute: &Container) -> Result<SourceValue, String> {
    let space = attribute.space().map_err(|error| library_message(&error))?;
    if space.ndim() > 1 || space.size() > LARGEST_ATTRIBUTE {
        return Err(format!("its shape is {:?}", space.shape()));
    }
    let datatype = attribute.dtype().map_err(|error| library_message(&error))?;
    let (encoding, content) = encoding(&datatype);
    macro_rules! numbers {
        ($variant:ident) => {
            attribute.read_dyn().map(|array| SourceValue::Numbers(Values::$variant(array)))
        };
    }
    let text = |texts: Vec<String>| SourceValue::Text(texts.join("\n"));
    let value = match encoding {
        Encoding::FixedText { bytes, unicode } => text::fixed(attribute, bytes, unicode).map(text),
        Encoding::VariableText { unicode } => text::variable(attribute, unicode).map(text),
        Encoding::Boolean => {
            attribute.read_dyn::<bool>().map(|flags| SourceValue::Numbers(Values::I8(flags.mapv(i8::from))))
        }
        Encoding::Numbers(ElementType::I8) => numbers!(I8),
        Encoding::Numbers(ElementType::I16) => numbers!(I16),
        Encoding::Numbers(ElementType::I32) => numbers!(I32),
        Encoding::Numbers(ElementType::I64) => numbers!(I64),
        Encoding::Numbers(ElementType::U8) => numbers!(U8),
        Encoding::Numbers(ElementType::U16) => numbers!(U16),
        Encoding::Numbers(ElementType::U32) => numbers!(U32),
        Encoding::Numbers(ElementType::U64) => numbers!(U64),
        Encoding::Numbers(ElementType::F32) => numbers!(F32),
        Encoding::Numbers(ElementType::F64) => numbers!(F64),
        Encoding::Unsupported => return Err(format!("it is {content}")),
    };
    value.map_err(|error| library_message(&error))
}

fn refused(path: &str, found: String, expected: String) -> Failure {
    Failure::new(Stage::Read, path, "is refused")
        .found(found)
        .expected(expected)
        .hint("ask the producer for a self-contained granule")
}

fn damaged(path: &str, error: &::hdf5::Error) -> Failure {
    Failure::new(Stage::Read, path, "cannot be described")
        .found(library_message(error))
        .expected("a readable HDF5 object")
        .hint("the file is probably truncated or damaged; fetch it again")
}
