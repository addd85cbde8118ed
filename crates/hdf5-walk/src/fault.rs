//! Faults found in a file, and the list that collects them.

use std::fmt;

/// Max number of faults that are kept, so that a badly damaged file cannot fill the memory with messages.
const LIMIT: usize = 10_000;

/// A violation of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Address of the first faulty byte.
    pub address: u64,
    /// What was found and what was expected, with the section of the specification if there is one.
    pub problem: String,
}

impl Fault {
    pub(super) fn new(address: u64, problem: impl Into<String>) -> Self {
        Self { address, problem: problem.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:#x}: {}", self.address, self.problem)
    }
}

impl std::error::Error for Fault {}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    /// Adds a fault; checking continues.
    pub(super) fn add(&mut self, address: u64, problem: impl Into<String>) {
        if self.list.len() < LIMIT {
            self.list.push(Fault::new(address, problem));
        }
    }

    /// Adds a fault unless the condition holds.
    pub(super) fn check(&mut self, holds: bool, address: u64, problem: impl FnOnce() -> String) {
        if !holds {
            self.add(address, problem());
        }
    }

    /// Adds a fault unless the two values are equal.
    pub(super) fn same<T: Copy + PartialEq + fmt::Debug>(
        &mut self,
        address: u64,
        what: &str,
        found: T,
        expected: T,
    ) {
        if found != expected {
            self.add(address, format!("{what} is {found:?}; expected {expected:?}"));
        }
    }

    /// Adds the fault that ended the reading of one structure, so that the walk continues with the next.
    pub(super) fn catch<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.add(fault.address, fault.problem);
                None
            }
        }
    }

    /// Returns the faults in order of address, without duplicates.
    pub(super) fn into_list(mut self) -> Vec<Fault> {
        self.list.sort_by(|a, b| (a.address, &a.problem).cmp(&(b.address, &b.problem)));
        self.list.dedup();
        self.list
    }
}
