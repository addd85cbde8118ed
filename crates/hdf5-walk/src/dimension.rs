//! Dimension scales (HDF5 Dimension Scale Specification, which netCDF-4 uses): `DIMENSION_LIST` of a dataset lists a
//! scale for each axis, and `REFERENCE_LIST` of a scale lists the axes that use it. Each is the inverse of the other.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::Attribute;
use super::bytes::{Cursor, count};
use super::datatype::Datatype;
use super::fault::Fault;
use super::summary::{Dataset, Summary};
use super::values::Pointer;
use super::walker::Walker;

/// An axis that uses a scale: the address of the scale, the address of the dataset, and the index of the axis.
pub(super) type Axis = (u64, u64, u64);

/// Checks all object references and dimension scales; returns the axes that use scales.
pub(super) fn check(walk: &mut Walker<'_>, summary: &Summary) -> Vec<Axis> {
    let datasets: BTreeMap<u64, &Dataset> =
        summary.datasets.iter().map(|dataset| (dataset.address, dataset)).collect();
    let groups: BTreeSet<u64> = summary.groups.iter().map(|group| group.address).collect();
    for reference in std::mem::take(&mut walk.references) {
        let known = datasets.contains_key(&reference.target) || groups.contains(&reference.target);
        walk.faults.check(known, reference.at, || {
            format!("object reference names {:#x}, where no linked object is", reference.target)
        });
    }
    let mut used = BTreeMap::new();
    let mut listed = BTreeMap::new();
    for dataset in &summary.datasets {
        if let Some(attribute) = dataset.attribute("DIMENSION_LIST") {
            let result = dimension_list(walk, dataset, attribute, &mut used);
            walk.faults.catch(result);
        }
        if let Some(attribute) = dataset.attribute("REFERENCE_LIST") {
            let result = reference_list(walk, dataset, attribute, &mut listed);
            walk.faults.catch(result);
        }
    }
    for (axis @ (scale, dataset, number), at) in &used {
        walk.faults.check(listed.contains_key(axis), *at, || {
            format!("axis {number} of {dataset:#x} is not in the REFERENCE_LIST of its scale {scale:#x}")
        });
        if let (Some(scale), Some(dataset)) = (datasets.get(scale), datasets.get(dataset)) {
            check_scale(walk, scale, dataset, *number, *at);
        }
    }
    for (axis @ (scale, dataset, number), at) in &listed {
        walk.faults.check(used.contains_key(axis), *at, || {
            format!(
                "axis {number} of {dataset:#x} is in the REFERENCE_LIST of {scale:#x}, which it does not use"
            )
        });
    }
    used.into_keys().collect()
}

/// True if a dataset is a dimension scale.
pub(super) fn is_scale(dataset: &Dataset) -> bool {
    dataset.attribute("CLASS").and_then(Attribute::text).as_deref() == Some("DIMENSION_SCALE")
}

/// Checks that a scale is as long as the axis that uses it, unless it can grow. The first dimension of a scale is the
/// one that it represents.
fn check_scale(walk: &mut Walker<'_>, scale: &Dataset, dataset: &Dataset, axis: u64, at: u64) {
    walk.faults
        .check(is_scale(scale), at, || format!("{} is used as a dimension and is no scale", scale.path));
    let length = usize::try_from(axis).ok().and_then(|axis| dataset.shape.get(axis));
    let grows = scale.maximum.first().is_some_and(Option::is_none);
    walk.faults.check(length.is_some() && (grows || length == scale.shape.first()), at, || {
        format!(
            "axis {axis} of {} has the shape {:?}; its scale {:?}",
            dataset.path, dataset.shape, scale.shape
        )
    });
}

/// Reads one sequence of object references per axis; netCDF attaches exactly one scale.
fn dimension_list(
    walk: &mut Walker<'_>,
    dataset: &Dataset,
    attribute: &Attribute,
    used: &mut BTreeMap<Axis, u64>,
) -> Result<(), Fault> {
    let sequence =
        matches!(&attribute.datatype, Datatype::Sequence { base } if **base == Datatype::Reference);
    if !sequence || attribute.shape != [count(dataset.shape.len())] {
        let text = format!("DIMENSION_LIST of {} is no sequence of references for each axis", dataset.path);
        return Err(Fault::new(attribute.address, text));
    }
    let mut cursor = Cursor::new(&attribute.data, attribute.address);
    for axis in 0..count(dataset.shape.len()) {
        let at = cursor.address();
        let pointer = Pointer::read(&mut cursor)?;
        walk.faults.same(at, "number of scales of an axis", pointer.length, 1);
        let Some(object) = walk.heaps.get(pointer.collection, pointer.index) else { continue };
        let scale = Cursor::new(object.data, object.address).u64("object reference")?;
        used.insert((scale, dataset.address, axis), at);
    }
    Ok(())
}

/// Reads a compound of an object reference "dataset" and a number "dimension" for each axis that uses the scale.
fn reference_list(
    walk: &mut Walker<'_>,
    scale: &Dataset,
    attribute: &Attribute,
    listed: &mut BTreeMap<Axis, u64>,
) -> Result<(), Fault> {
    let fault = || {
        let text = format!("REFERENCE_LIST of {} is no list of datasets and dimensions", scale.path);
        Fault::new(attribute.address, text)
    };
    let Datatype::Compound { size, members } = &attribute.datatype else { return Err(fault()) };
    let [dataset, dimension] = members.as_slice() else { return Err(fault()) };
    let named = dataset.name == "dataset" && dimension.name == "dimension";
    let number = matches!(dimension.datatype, Datatype::Integer { size: 4, big_endian: false, .. });
    if !named || !number || dataset.datatype != Datatype::Reference || attribute.shape.len() != 1 {
        return Err(fault());
    }
    let (size, skip) = (usize::try_from(*size).unwrap_or(usize::MAX), dimension.offset.saturating_sub(8));
    let mut cursor = Cursor::new(&attribute.data, attribute.address);
    while cursor.left() > 0 {
        let at = cursor.address();
        let mut element = Cursor::new(cursor.take(size, "element")?, at);
        element.take_long(u64::from(dataset.offset), "gap")?;
        let target = element.u64("dataset")?;
        element.take_long(u64::from(skip.saturating_sub(dataset.offset)), "gap")?;
        let axis = u64::from(element.u32("dimension")?);
        let earlier = listed.insert((scale.address, target, axis), at);
        walk.faults.check(earlier.is_none(), at, || {
            format!("REFERENCE_LIST of {} has axis {axis} of {target:#x} twice", scale.path)
        });
    }
    Ok(())
}
