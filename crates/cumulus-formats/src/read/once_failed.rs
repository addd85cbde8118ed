//! A source that stays failed after an error of its device.
//!
//! Code that can do without a value, such as a stated number of records, goes on when it cannot be read. After an error
//! of the device that would be wrong twice: another try may read the value, and libhdf5 1.10 returns zeros instead of
//! an error when the same dataset is read again, because it keeps the buffer that it could not fill.

use std::ops::Range;
use std::sync::OnceLock;

use cumulus_model::error::{Class, Failure};
use cumulus_model::source::{Dataset, Description, Source};
use cumulus_model::values::Values;

/// A source and the first error of its device.
#[derive(Debug)]
pub(super) struct OnceFailed<S> {
    source: S,
    failure: OnceLock<Failure>,
}

impl<S: Source> OnceFailed<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, failure: OnceLock::new() }
    }

    /// Reads with `read`, unless a read failed before.
    fn unless_failed<T>(&self, read: impl FnOnce(&S) -> Result<T, Failure>) -> Result<T, Failure> {
        if let Some(failure) = self.failure.get() {
            return Err(failure.clone());
        }
        let result = read(&self.source);
        if let Err(failure) = &result
            && failure.class == Class::Retryable
        {
            // Another thread may have been first; either failure will do.
            let _ = self.failure.set(failure.clone());
        }
        result
    }
}

impl<S: Source> Source for OnceFailed<S> {
    fn description(&self) -> &Description {
        self.source.description()
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        self.unless_failed(|source| source.rows(dataset, rows))
    }

    fn rows_into(
        &self,
        dataset: &Dataset,
        rows: Range<usize>,
        block: Option<Values>,
    ) -> Result<Values, Failure> {
        self.unless_failed(|source| source.rows_into(dataset, rows, block))
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        self.unless_failed(|source| source.strings(dataset))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use cumulus_model::error::Stage;
    use cumulus_model::source::Content;
    use cumulus_model::values::ElementType;
    use ndarray::arr0;

    use super::*;

    /// Fails at the first read, as a device or as a damaged file does, and returns zeros afterwards.
    struct Flaky {
        description: Description,
        class: Class,
        has_failed: AtomicBool,
    }

    impl Source for Flaky {
        fn description(&self) -> &Description {
            &self.description
        }

        fn rows(&self, dataset: &Dataset, _rows: Range<usize>) -> Result<Values, Failure> {
            if self.has_failed.swap(true, Ordering::Relaxed) {
                return Ok(Values::I32(arr0(0).into_dyn()));
            }
            Err(Failure::new(Stage::Read, &dataset.path, "cannot be read").class(self.class))
        }

        fn strings(&self, _dataset: &Dataset) -> Result<Vec<String>, Failure> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn nothing_is_read_after_an_error_of_the_device() {
        let dataset = Dataset {
            path: "NumRecs".to_owned(),
            shape: Vec::new(),
            content: Content::Numbers(ElementType::I32),
            rows_stored_together: None,
            attributes: Vec::new(),
        };
        for (class, goes_on) in [(Class::Retryable, false), (Class::BadGranule, true)] {
            let flaky =
                Flaky { description: Description::default(), class, has_failed: AtomicBool::new(false) };
            let source = OnceFailed::new(flaky);
            assert!(source.rows(&dataset, 0..1).is_err());
            assert_eq!(source.rows_into(&dataset, 0..1, None).is_ok(), goes_on);
            assert_eq!(source.strings(&dataset).is_ok(), goes_on);
        }
    }
}
