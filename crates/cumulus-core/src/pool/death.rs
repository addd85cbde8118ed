//! How a worker process died, and what that means for its granule.

use std::time::Duration;

use cumulus_model::error::{Class, Failure, Stage};

/// Number of the signal that cannot be caught, which the kernel sends to free memory.
const SIGKILL: i32 = 9;

/// Exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// Minimum free space in bytes; below it a worker's death is attributed to a full device, because libhdf5 crashes when
/// it cannot write.
const MIN_FREE_BYTES: u64 = 16 << 20;

/// How the process of a worker ended, as its parent sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessEnd {
    /// Description, such as `was ended by signal 11 (SIGSEGV)`.
    pub how: String,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its exit code, if it was not ended by a signal.
    pub code: Option<i32>,
}

/// How a worker died while it had a granule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// It panicked, with this message.
    Panic(String),
    /// The supervisor killed it after this time.
    Timeout(Duration),
    /// The supervisor killed it, because it had this much memory, in MiB, of this much allowed.
    Memory {
        /// Resident memory in MiB.
        used: u64,
        /// The limit in MiB.
        limit: u64,
    },
    /// The supervisor killed it for a message that cannot be parsed.
    Garbled(String),
    /// It ended by itself or from outside.
    Ended(ProcessEnd),
}

/// What is done with a granule whose worker died for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It failed: another try would end in the same way.
    Never,
    /// It is tried again at the end of the queue, beside other granules.
    Queued,
    /// It is tried again at the end of the run, alone, so that it cannot harm others or be harmed by them.
    Alone,
}

impl Death {
    /// Returns the death of a worker that was not killed by the supervisor.
    #[must_use]
    pub fn of(end: ProcessEnd, panic: Option<String>) -> Self {
        match panic {
            Some(message) => Self::Panic(message),
            None if end.code == Some(PANICKED) => Self::Panic("without a message".to_owned()),
            None => Self::Ended(end),
        }
    }

    /// Returns whether and how the granule is tried again, with the free space in bytes on the device of OUTPUT.
    #[must_use]
    pub fn retry(&self, free_bytes: Option<u64>) -> Retry {
        match self {
            Self::Ended(_) if is_full(free_bytes) => Retry::Never,
            Self::Panic(_) | Self::Memory { .. } => Retry::Never,
            Self::Timeout(_) => Retry::Queued,
            Self::Garbled(_) | Self::Ended(_) => Retry::Alone,
        }
    }

    /// Returns what the worker process did, as the end of a sentence that begins with it.
    #[must_use]
    pub fn how(&self) -> String {
        match self {
            Self::Panic(message) => format!("panicked: {message}"),
            Self::Timeout(limit) => format!("was killed after {} s (--timeout)", limit.as_secs()),
            Self::Memory { used, limit } => {
                format!("was killed at {used} MiB of {limit} MiB (--memory-limit)")
            }
            Self::Garbled(error) => format!("sent a message that cannot be parsed: {error}"),
            Self::Ended(end) => end.how.clone(),
        }
    }

    /// Returns the final failure of the granule after this number of tries, with the free space in bytes on the device
    /// of OUTPUT.
    #[must_use]
    pub fn failure(&self, place: String, tries: u32, free_bytes: Option<u64>) -> Failure {
        let how = self.how();
        if let (Self::Ended(_), true) = (self, is_full(free_bytes)) {
            let free = free_bytes.unwrap_or_default();
            return Failure::new(Stage::Write, place, "cannot be written")
                .class(Class::DeviceFull)
                .found(format!("the worker process {how} with {free} bytes free on the device of OUTPUT"))
                .hint("make room on the device or choose another OUTPUT, then run again");
        }
        let times = if tries > 1 { ", twice" } else { "" };
        let failure = Failure::new(Stage::Read, place, "cannot be processed")
            .found(format!("the worker process {how}{times}"))
            .expected("a granule that can be read within the limits");
        match self {
            Self::Panic(_) => failure
                .class(Class::Internal)
                .hint("this is a bug in the program: keep the granule and report it with this message"),
            Self::Timeout(_) => failure.class(Class::Retryable).hint(
                "raise --timeout if the granule is large or the device slow; if it never ends, the file is damaged",
            ),
            // Unlike time, memory does not depend on the machine, so another run would end in the same way.
            Self::Memory { .. } => failure.hint(
                "the file is probably damaged: fetch it again; raise --memory-limit if it is merely large",
            ),
            Self::Ended(ProcessEnd { signal: Some(SIGKILL), .. }) => failure.class(Class::Retryable).hint(
                "it was killed from outside, most likely by the kernel because the machine ran out of memory: look at \
                 its log (dmesg), and run again with fewer --jobs",
            ),
            // A worker ends with 1 when a folder or a pipe fails, which is not about the granule.
            Self::Ended(ProcessEnd { code: Some(1), .. }) => {
                failure.class(Class::Retryable).hint("check the device behind OUTPUT, then run again")
            }
            Self::Garbled(_) | Self::Ended(_) => {
                failure.hint("the file is probably damaged: fetch it again, or ask the producer")
            }
        }
    }
}

/// Returns true if a crash is attributed to the device of OUTPUT.
fn is_full(free_bytes: Option<u64>) -> bool {
    free_bytes.is_some_and(|free| free < MIN_FREE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(number: i32) -> Death {
        Death::Ended(ProcessEnd {
            how: format!("was ended by signal {number}"),
            signal: Some(number),
            code: None,
        })
    }

    #[test]
    fn each_death_has_the_class_that_tells_what_to_do() {
        let ended = |code| Death::of(ProcessEnd { code: Some(code), ..ProcessEnd::default() }, None);
        for (death, class, word) in [
            (Death::Panic("at x.rs:1: no".to_owned()), Class::Internal, "x.rs:1: no"),
            (ended(101), Class::Internal, "bug"),
            (ended(1), Class::Retryable, "device"),
            (Death::Timeout(Duration::from_secs(5)), Class::Retryable, "--timeout"),
            (Death::Memory { used: 9, limit: 8 }, Class::BadGranule, "--memory-limit"),
            (signal(9), Class::Retryable, "dmesg"),
            (signal(11), Class::BadGranule, "damaged"),
        ] {
            let failure = death.failure("in/a.h5".to_owned(), 2, Some(u64::MAX));
            assert_eq!(failure.class, class, "{failure}");
            assert!(failure.to_string().contains(word), "{failure}");
        }
    }

    #[test]
    fn a_crash_on_a_full_device_is_no_fault_of_the_granule() {
        assert_eq!(signal(11).failure("a".to_owned(), 1, Some(4096)).class, Class::DeviceFull);
        assert_eq!([Some(4096), None].map(|free| signal(11).retry(free)), [Retry::Never, Retry::Alone]);
        let slow = Death::Timeout(Duration::from_secs(5));
        assert_eq!(slow.failure("a".to_owned(), 2, Some(4096)).class, Class::Retryable);
    }
}
