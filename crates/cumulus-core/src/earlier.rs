//! What an earlier run left of a granule in OUTPUT, and whether that is kept.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::context::Context;
use crate::granule::Granule;
use crate::metadata::{Origin, echo10};
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

/// The metadata of a published product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// There are none.
    Absent,
    /// There is something that cannot be read as text.
    Unreadable,
    /// Their text.
    Text(String),
}

/// The published files of a granule, in a folder or in a store. A failure means that nothing is known of them; files that
/// cannot be read are no failure.
pub trait Published {
    /// Returns the metadata.
    ///
    /// # Errors
    /// What is published cannot be asked for.
    fn document(&self) -> Result<Document, Failure>;

    /// Returns true if there is anything in the place of the data.
    ///
    /// # Errors
    /// As for [`Self::document`].
    fn has_data(&self) -> Result<bool, Failure>;

    /// Returns the size of the data file in bytes, `None` if there is none.
    ///
    /// # Errors
    /// As for [`Self::document`].
    fn data_size(&self) -> Result<Option<u64>, Failure>;

    /// Returns the checksum of the data, `None` if they cannot be read.
    ///
    /// # Errors
    /// As for [`Self::document`].
    fn data_digest(&self) -> Result<Option<FileDigest>, Failure>;
}

/// Files in a folder.
#[derive(Debug)]
pub struct InFolder {
    data: PathBuf,
    metadata: PathBuf,
    digest: fn(&std::path::Path) -> std::io::Result<FileDigest>,
}

impl InFolder {
    /// The files of a granule in the folder of `context`.
    #[must_use]
    pub fn of(granule: &Granule, context: &Context<'_>) -> Self {
        let (data, metadata) = output_names(granule, &context.options.metadata_suffix);
        let [data, metadata] = [data, metadata].map(|name| context.output.join(name));
        Self { data, metadata, digest: context.digest }
    }
}

impl Published for InFolder {
    fn document(&self) -> Result<Document, Failure> {
        // Anything but a file, such as a named pipe, could block.
        if !self.metadata.metadata().is_ok_and(|there| there.is_file()) {
            return Ok(Document::Absent);
        }
        Ok(fs::read_to_string(&self.metadata).map_or(Document::Unreadable, Document::Text))
    }

    fn has_data(&self) -> Result<bool, Failure> {
        Ok(self.data.symlink_metadata().is_ok())
    }

    fn data_size(&self) -> Result<Option<u64>, Failure> {
        Ok(self.data.metadata().ok().filter(fs::Metadata::is_file).map(|there| there.len()))
    }

    fn data_digest(&self) -> Result<Option<FileDigest>, Failure> {
        Ok((self.digest)(&self.data).ok())
    }
}

/// Returns the state of the published product of a granule, and the checksum of the source if it had to be known.
/// `checksum` returns it; it is given the origin that the product states.
///
/// # Errors
/// The source or what is published cannot be asked for. A product that cannot be read is damaged.
pub fn look(
    published: &dyn Published,
    context: &Context<'_>,
    checksum: impl FnOnce(&Origin) -> Result<FileDigest, Failure>,
) -> Result<(Earlier, Option<FileDigest>), Failure> {
    let damaged = |how: &str| Earlier::Damaged(how.to_owned());
    let without_source = |earlier: Earlier| Ok((earlier, None));
    if context.reuse == Reuse::Never {
        return without_source(Earlier::Forced);
    }
    let document = match published.document()? {
        Document::Text(document) => document,
        Document::Unreadable => return without_source(damaged("its metadata cannot be read")),
        Document::Absent if published.has_data()? => {
            return without_source(damaged("its metadata are missing"));
        }
        Document::Absent => return without_source(Earlier::Nothing),
    };
    let Some(stated) = echo10::origin(&document) else {
        return without_source(damaged("its metadata state no origin"));
    };
    if (stated.program.as_str(), stated.version.as_str())
        != (context.collection.program, context.collection.version)
    {
        return without_source(Earlier::OtherVersion(format!("{} {}", stated.program, stated.version)));
    }
    let source = checksum(&stated)?;
    let wanted = context.origin(&source);
    let state = || {
        if stated.source_sha256 != wanted.source_sha256 {
            return Ok(Earlier::SourceChanged);
        }
        if stated.options_sha256 != wanted.options_sha256 {
            return Ok(Earlier::OtherOptions);
        }
        let Some(size) = published.data_size()? else { return Ok(damaged("its data are missing")) };
        if !echo10::states_size(&document, size) {
            return Ok(damaged("the size of its data is not that of its metadata"));
        }
        let is_described = || {
            let found = published.data_digest()?;
            Ok(found.is_some_and(|found| echo10::describes(&document, &found)))
        };
        if context.reuse == Reuse::Rehashed && !is_described()? {
            return Ok(damaged("the checksum of its data is not that of its metadata"));
        }
        Ok(Earlier::UpToDate { size })
    };
    let state = state()?;
    Ok((state, Some(source)))
}
