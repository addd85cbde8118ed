//! What an earlier run left of a granule in OUTPUT, and whether that is kept.

use std::fmt;
use std::fs;

use crate::context::Context;
use crate::granule::Granule;
use crate::metadata::echo10;
use crate::options::Reuse;
use crate::product_name::output_names;
use cumulus_model::digest::FileDigest;
use cumulus_model::error::Failure;

/// The state of the published product of a granule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// There is none.
    Nothing,
    /// There may be one, but every granule is to be converted.
    Forced,
    /// Data or metadata are missing or not what the metadata state.
    Damaged(String),
    /// The source is another one now.
    SourceChanged,
    /// Another program or version made it.
    OtherVersion(String),
    /// It was made with other options.
    OtherOptions,
    /// It is complete, and would be made again as it is.
    UpToDate {
        /// Size of its data file in bytes.
        size: u64,
    },
}

impl Earlier {
    /// Returns one word for the state, for counting.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "new",
            Self::Forced => "forced",
            Self::Damaged(_) => "damaged",
            Self::SourceChanged => "changed",
            Self::OtherVersion(_) => "other version",
            Self::OtherOptions => "other options",
            Self::UpToDate { .. } => "up to date",
        }
    }
}

impl fmt::Display for Earlier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())?;
        match self {
            Self::Damaged(how) => write!(formatter, ": {how}"),
            Self::SourceChanged => formatter.write_str(": its source is another file now"),
            Self::OtherVersion(version) => write!(formatter, ": made by {version}"),
            Self::Nothing | Self::Forced | Self::OtherOptions | Self::UpToDate { .. } => Ok(()),
        }
    }
}

/// Returns the state of the published product of a granule, and the checksum of the source if it had to be computed
/// with `checksum`.
///
/// # Errors
/// The source cannot be read. A product that cannot be read is damaged.
pub fn look(
    granule: &Granule,
    context: &Context<'_>,
    checksum: impl Fn() -> Result<FileDigest, Failure>,
) -> Result<(Earlier, Option<FileDigest>), Failure> {
    if context.reuse == Reuse::Never {
        return Ok((Earlier::Forced, None));
    }
    let (data, metadata) = output_names(granule, &context.options.metadata_suffix);
    let (data, metadata) = (context.output.join(data), context.output.join(metadata));
    // Anything but a file, such as a named pipe, could block.
    if !metadata.metadata().is_ok_and(|there| there.is_file()) {
        let earlier = match data.symlink_metadata() {
            Ok(_) => Earlier::Damaged("its metadata are missing".to_owned()),
            Err(_) => Earlier::Nothing,
        };
        return Ok((earlier, None));
    }
    let source = checksum()?;
    let damaged = |how: &str| Earlier::Damaged(how.to_owned());
    let state = || {
        let Ok(document) = fs::read_to_string(&metadata) else {
            return damaged("its metadata cannot be read");
        };
        let Some(stated) = echo10::origin(&document) else { return damaged("its metadata state no origin") };
        let wanted = context.origin(&source);
        if (&stated.program, &stated.version) != (&wanted.program, &wanted.version) {
            return Earlier::OtherVersion(format!("{} {}", stated.program, stated.version));
        }
        if stated.source_sha256 != wanted.source_sha256 {
            return Earlier::SourceChanged;
        }
        if stated.options_sha256 != wanted.options_sha256 {
            return Earlier::OtherOptions;
        }
        let Some(size) = data.metadata().ok().filter(fs::Metadata::is_file).map(|there| there.len()) else {
            return damaged("its data are missing");
        };
        if !echo10::states_size(&document, size) {
            return damaged("the size of its data is not that of its metadata");
        }
        if context.reuse == Reuse::Rehashed
            && !(context.digest)(&data).is_ok_and(|found| echo10::describes(&document, &found))
        {
            return damaged("the checksum of its data is not that of its metadata");
        }
        Earlier::UpToDate { size }
    };
    let state = state();
    Ok((state, Some(source)))
}
