//! Checks that every byte of the file is claimed exactly once.
//!
//! Metadata structures start at multiples of 8. Values may start anywhere. Unclaimed bytes are padding: at most 7
//! bytes, all zero, and only to align the next metadata structure to a multiple of 8.

use super::bytes::{check_zero, count};
use super::fault::Faults;

/// Max bytes of padding before a structure.
const LONGEST_PADDING: u64 = 7;

/// The use of a range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// A structure of the file format, with its name.
    Metadata(&'static str),
    /// Values of a dataset.
    Values,
}

/// A range of bytes with one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// The first byte.
    pub start: u64,
    /// The first byte after the range.
    pub end: u64,
    /// What the bytes are used for.
    pub used_for: Use,
}

/// Number of bytes of each use.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Totals {
    pub(super) metadata: u64,
    pub(super) values: u64,
    pub(super) padding: u64,
}

/// The ranges claimed so far.
#[derive(Debug, Default)]
pub(super) struct Regions {
    claimed: Vec<Region>,
}

impl Regions {
    /// Claims bytes. Overlaps are detected when all claims are known.
    pub(super) fn claim(&mut self, start: u64, length: u64, used_for: Use, faults: &mut Faults) {
        if let Use::Metadata(name) = used_for {
            faults.check(start.is_multiple_of(8), start, || {
                format!("{name} begins at an address that is not a multiple of 8")
            });
        }
        match start.checked_add(length) {
            Some(_) if length == 0 => {}
            Some(end) => self.claimed.push(Region { start, end, used_for }),
            None => faults.add(start, format!("{used_for:?} of {length} bytes goes beyond all addresses")),
        }
    }

    /// Checks that the claims cover the whole file and do not overlap.
    pub(super) fn finish(mut self, file: &[u8], faults: &mut Faults) -> (Vec<Region>, Totals) {
        self.claimed.sort_unstable();
        let mut totals = Totals::default();
        let mut reached = 0;
        for region in &self.claimed {
            let length = region.end.saturating_sub(region.start);
            match region.used_for {
                Use::Metadata(_) => totals.metadata = totals.metadata.saturating_add(length),
                Use::Values => totals.values = totals.values.saturating_add(length),
            }
            faults.check(region.end <= count(file.len()), region.start, || {
                format!("{:?} ends at {:#x}, beyond the end of the file", region.used_for, region.end)
            });
            if region.start < reached {
                let used_for = region.used_for;
                faults.add(
                    region.start,
                    format!("{used_for:?} overlaps what goes before it, up to {reached:#x}"),
                );
            } else {
                let padding = region.start.saturating_sub(reached);
                totals.padding = totals.padding.saturating_add(padding);
                check_padding(file, reached, padding, Some(region.used_for), faults);
            }
            reached = reached.max(region.end);
        }
        check_padding(file, reached, count(file.len()).saturating_sub(reached), None, faults);
        (self.claimed, totals)
    }
}

/// Checks the bytes between two regions.
fn check_padding(file: &[u8], start: u64, length: u64, next: Option<Use>, faults: &mut Faults) {
    if length == 0 {
        return;
    }
    match next {
        Some(Use::Metadata(_)) => faults.check(length <= LONGEST_PADDING, start, || {
            format!(
                "padding of {length} bytes belongs to no structure; at most {LONGEST_PADDING} are expected"
            )
        }),
        Some(Use::Values) => {
            faults.add(start, format!("{length} bytes before values belong to no structure"));
        }
        None => faults.add(start, format!("{length} bytes at the end of the file belong to no structure")),
    }
    let end = usize::try_from(start.saturating_add(length)).unwrap_or(usize::MAX).min(file.len());
    let bytes = usize::try_from(start).ok().and_then(|start| file.get(start..end)).unwrap_or_default();
    check_zero(bytes, start, "padding", faults);
}
