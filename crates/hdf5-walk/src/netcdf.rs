//! Checks of what netCDF-4 stores redundantly: dimension numbers and fill values must agree with the rest of the
//! file.

use std::collections::BTreeMap;

use super::attribute::{Attribute, check_orders};
use super::bytes::{Cursor, count};
use super::datatype::Datatype;
use super::dimension::{Axis, is_scale};
use super::fault::Fault;
use super::summary::{Dataset, Summary};
use super::walker::Walker;

/// Checks the attributes that are internal to netCDF-4.
pub(super) fn check(walk: &mut Walker<'_>, summary: &Summary, axes: &[Axis]) {
    let mut numbers = BTreeMap::new();
    for scale in summary.datasets.iter().filter(|dataset| is_scale(dataset)) {
        // Datasets that are not scales may repeat the number of their first dimension.
        let Some(attribute) = scale.attribute("_Netcdf4Dimid") else { continue };
        let result = integers(attribute);
        if let Some([number]) = walk.faults.catch(result).as_deref() {
            numbers.insert(scale.address, *number);
        }
    }
    // Dimensions are numbered from 0 without gaps, over all groups.
    let root = summary.groups.first().map(|group| group.address).unwrap_or_default();
    check_orders(numbers.values().copied().collect(), root, "dimensions (_Netcdf4Dimid)", &mut walk.faults);
    for dataset in &summary.datasets {
        fill_value(walk, dataset);
        let Some(attribute) = dataset.attribute("_Netcdf4Coordinates") else { continue };
        let result = integers(attribute);
        let Some(found) = walk.faults.catch(result) else { continue };
        walk.faults.same(attribute.address, "number of coordinates", found.len(), dataset.shape.len());
        for (axis, number) in found.into_iter().enumerate() {
            let used = axes.iter().find(|(_, user, place)| (*user, *place) == (dataset.address, count(axis)));
            let expected = used.and_then(|(scale, ..)| numbers.get(scale)).copied();
            walk.faults.check(expected.is_none_or(|expected| expected == number), attribute.address, || {
                format!(
                    "_Netcdf4Coordinates of {} names {number} for axis {axis}; its scale has {expected:?}",
                    { &dataset.path }
                )
            });
        }
    }
}

/// Returns the values of an attribute of 32-bit integers.
fn integers(attribute: &Attribute) -> Result<Vec<u64>, Fault> {
    if !matches!(attribute.datatype, Datatype::Integer { size: 4, big_endian: false, .. }) {
        let text = format!("\"{}\" is {}; expected int32", attribute.name, attribute.datatype);
        return Err(Fault::new(attribute.address, text));
    }
    let mut cursor = Cursor::new(&attribute.data, attribute.address);
    let mut values = Vec::new();
    while cursor.left() > 0 {
        values.push(u64::from(cursor.u32(&attribute.name)?));
    }
    Ok(values)
}

/// Checks that the `_FillValue` of a variable equals its fill value message.
fn fill_value(walk: &mut Walker<'_>, dataset: &Dataset) {
    let Some(attribute) = dataset.attribute("_FillValue") else { return };
    walk.faults.check(attribute.datatype == dataset.datatype, attribute.address, || {
        format!(
            "_FillValue of {} is {}; its values are {}",
            dataset.path, attribute.datatype, dataset.datatype
        )
    });
    walk.faults.check(dataset.fill.as_ref() == Some(&attribute.data), attribute.address, || {
        format!("_FillValue of {} is {:?}; its fill value {:?}", dataset.path, attribute.data, dataset.fill)
    });
}
