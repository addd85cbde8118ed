//! Datasets: checks that they have the required messages, and that their values fit their shape and datatype.

use super::attribute;
use super::bytes::count;
use super::datatype::{self, Datatype};
use super::fault::{Fault, Faults};
use super::index::{self, Grid};
use super::message::{self, Dataspace, check_flags, kind};
use super::object::{Header, Message};
use super::regions::Use;
use super::storage::{self, DEFLATE, FillValue, Layout};
use super::summary::{Dataset, Storage};
use super::values;
use super::walker::Walker;

/// Chunks must be smaller than this many bytes, because their size is a 32-bit number.
const LARGEST_CHUNK: u64 = 0xffff_ffff;

/// Start of the NAME attribute of a dimension without a variable (netCDF-4).
const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// Returns the only message of this kind; none or several are a fault.
pub(super) fn single<'m, 'a>(header: &'m Header<'a>, kind: u8, what: &str) -> Result<&'m Message<'a>, Fault> {
    let mut found = header.messages.iter().filter(|message| message.kind == kind);
    match (found.next(), found.next()) {
        (Some(message), None) => Ok(message),
        (None, _) => Err(Fault::new(header.address, format!("object has no {what} message"))),
        (_, Some(second)) => Err(Fault::new(second.address, format!("object has a second {what} message"))),
    }
}

/// Adds a fault for every message of a kind that the object must not have.
pub(super) fn only(header: &Header<'_>, kinds: &[u8], what: &str, faults: &mut Faults) {
    for message in &header.messages {
        let kind = message.kind;
        faults.check(kinds.contains(&kind), message.address, || {
            format!("message of type {kind:#04x} is not expected in a {what}")
        });
    }
}

/// Reads a dataset and claims its values.
pub(super) fn read(walk: &mut Walker<'_>, header: &Header<'_>, path: &str) -> Result<Dataset, Fault> {
    const KINDS: [u8; 7] = [
        kind::DATASPACE,
        kind::DATATYPE,
        kind::FILL_VALUE,
        kind::LAYOUT,
        kind::FILTERS,
        kind::ATTRIBUTE,
        kind::ATTRIBUTE_INFO,
    ];
    only(header, &KINDS, "dataset", &mut walk.faults);
    let attributes = attribute::read_all(walk, header);
    let faults = &mut walk.faults;
    if header.messages.iter().any(|message| message.kind == kind::ATTRIBUTE_INFO) {
        single(header, kind::ATTRIBUTE_INFO, "attribute info")?;
    }

    let message = single(header, kind::DATASPACE, "dataspace")?;
    let mut cursor = message.cursor();
    let space = message::dataspace(&mut cursor, faults)?;
    cursor.end("dataspace", faults);
    let fixed = space.maximum.as_ref().is_none_or(|maximum| *maximum == space.shape);
    // libhdf5 sets no flag; a constant extent is only valid if the dataset cannot grow.
    check_flags(message, if fixed { None } else { Some(false) }, "dataspace", faults);

    let message = single(header, kind::DATATYPE, "datatype")?;
    let mut cursor = message.cursor();
    let datatype = datatype::read(&mut cursor, faults)?;
    cursor.end("datatype", faults);
    check_flags(message, Some(true), "datatype", faults);

    let fill = storage::fill_value(single(header, kind::FILL_VALUE, "fill value")?, faults)?;
    let size = fill.value.as_ref().map(|value| count(value.len()));
    faults.check(size.is_none_or(|size| size == u64::from(datatype.size())), fill.address, || {
        format!("fill value has {} bytes; its datatype has {}", size.unwrap_or_default(), datatype.size())
    });

    let mut filters = Vec::new();
    if header.messages.iter().any(|message| message.kind == kind::FILTERS) {
        let message = single(header, kind::FILTERS, "filter pipeline")?;
        filters = storage::filters(message, datatype.size(), faults)?;
    }
    let message = single(header, kind::LAYOUT, "layout")?;
    let layout = storage::layout(message, faults)?;
    let mut dataset = Dataset {
        path: path.to_owned(),
        address: header.address,
        maximum: maximum(&space),
        shape: space.shape.clone(),
        datatype,
        fill: fill.value.clone(),
        storage: Storage::Contiguous { address: None, size: 0 },
        filters,
        attributes,
    };
    dataset.storage = match layout {
        Layout::Chunked { tree, shape, element } => {
            chunked(walk, &dataset, message.address, tree, shape, element)?
        }
        layout => plain(walk, &dataset, &space, &fill, &layout, message.address),
    };
    Ok(dataset)
}

/// The maximum lengths of the dimensions.
fn maximum(space: &Dataspace) -> Vec<Option<u64>> {
    let maximum = space.maximum.as_ref().unwrap_or(&space.shape);
    maximum.iter().map(|length| (*length != u64::MAX).then_some(*length)).collect()
}

/// Checks values that are not chunked: their size is that of all elements, and they cannot grow.
fn plain(
    walk: &mut Walker<'_>,
    dataset: &Dataset,
    space: &Dataspace,
    fill: &FillValue,
    layout: &Layout<'_>,
    at: u64,
) -> Storage {
    let faults = &mut walk.faults;
    let element = u64::from(dataset.datatype.size());
    let expected = space.elements().and_then(|elements| elements.checked_mul(element));
    faults.check(dataset.filters.is_empty(), at, || "values with filters are not chunked".to_owned());
    faults.check(space.maximum.as_ref().is_none_or(|maximum| *maximum == space.shape), at, || {
        "values with room to grow are not chunked".to_owned()
    });
    match *layout {
        Layout::Compact { address, data } => {
            faults.same(at, "size of compact values", Some(count(data.len())), expected);
            faults.same(fill.address, "space allocation time of compact values", fill.allocation, 1);
            values::check(walk, &dataset.datatype, data, address);
            Storage::Compact { address, size: count(data.len()) }
        }
        Layout::Contiguous { address, size } => {
            faults.same(at, "size of contiguous values", Some(size), expected);
            // Incremental allocation is for chunks (section IV.A.2.f); early allocation requires allocated space.
            faults.check(fill.allocation < 3, fill.address, || {
                "contiguous values grow incrementally".to_owned()
            });
            faults.check(address.is_some() || fill.allocation != 1 || size == 0, at, || {
                "values have no address although their space was to be allocated early".to_owned()
            });
            if let Some(start) = address {
                walk.claim(start, size, Use::Values);
                check_values(walk, &dataset.datatype, start, size);
            }
            Storage::Contiguous { address, size }
        }
        Layout::Chunked { .. } => Storage::Contiguous { address: None, size: 0 },
    }
}

/// Follows the references in the values of a contiguous dataset, and checks texts.
fn check_values(walk: &mut Walker<'_>, datatype: &Datatype, start: u64, size: u64) {
    if !datatype.points() && !matches!(datatype, Datatype::Text { .. }) {
        return;
    }
    let file = walk.file;
    let bytes = usize::try_from(start).ok().zip(usize::try_from(start.saturating_add(size)).ok());
    let data = bytes.and_then(|(start, end)| file.get(start..end)).unwrap_or_default();
    values::check(walk, datatype, data, start);
}

/// Checks the shape of chunks and reads their B-tree.
fn chunked(
    walk: &mut Walker<'_>,
    dataset: &Dataset,
    at: u64,
    tree: Option<u64>,
    shape: Vec<u64>,
    element: u32,
) -> Result<Storage, Fault> {
    let faults = &mut walk.faults;
    faults.same(at, "element size of the chunks", element, dataset.datatype.size());
    if shape.len() != dataset.shape.len() {
        let (found, expected) = (shape.len(), dataset.shape.len());
        return Err(Fault::new(at, format!("chunks have {found} dimensions; their dataset has {expected}")));
    }
    for (&step, &maximum) in shape.iter().zip(&dataset.maximum) {
        faults.check(step > 0 && maximum.is_none_or(|maximum| step <= maximum), at, || {
            format!("chunk length is {step} in a dimension of at most {maximum:?}")
        });
    }
    let bytes = shape.iter().try_fold(u64::from(element), |product, step| product.checked_mul(*step));
    let bytes = bytes.filter(|bytes| *bytes <= LARGEST_CHUNK);
    let bytes = bytes.ok_or_else(|| Fault::new(at, format!("chunks of the shape {shape:?} exceed 4 GiB")))?;
    faults.check(!dataset.datatype.points(), at, || {
        "chunked values that point into the global heap or to objects are not expected".to_owned()
    });
    let Some(root) = tree else {
        let name = dataset.attribute("NAME").and_then(attribute::Attribute::text).unwrap_or_default();
        faults.check(dataset.shape.contains(&0) || name.starts_with(NO_VARIABLE), at, || {
            "chunked dataset has no B-tree: none of its chunks is stored".to_owned()
        });
        return Ok(Storage::Chunked { shape, chunks: Vec::new() });
    };
    let filtered = !dataset.filters.is_empty();
    let deflated = dataset.filters.iter().any(|filter| filter.identifier == DEFLATE);
    let grid = Grid { shape: &dataset.shape, chunk: &shape, bytes, filtered, deflated };
    let chunks = index::read(walk, root, &grid);
    Ok(Storage::Chunked { shape, chunks })
}
