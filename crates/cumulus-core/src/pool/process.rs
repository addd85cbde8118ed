//! A worker process as seen by the supervisor.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;

use serde::Serialize;

use crate::pool::Event;
use crate::pool::death::ProcessEnd;
use crate::pool::protocol::Setup;
use cumulus_log::settings;
use cumulus_model::error::{Class, Failure, Stage};

/// The hidden subcommand that runs this program as a worker.
pub const VERB: &str = "worker";

/// Beginnings of the names of variables that workers must not have: those of Splunk, and those of stores.
const SECRETS: [&str; 2] = [settings::PREFIX, cumulus_store::VARIABLES];

/// Path of the running executable, valid even if its file was replaced after the start.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The first file descriptor after standard input, output and error.
const FIRST_OTHER_DESCRIPTOR: i32 = 3;

/// A running worker, which is killed on drop.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    input: Option<ChildStdin>,
}

impl Worker {
    /// Starts a worker whose output lines and end are sent as events with this `number`.
    ///
    /// # Errors
    /// The system cannot start another process.
    pub fn start(number: u64, setup: &Setup, events: Sender<Event>) -> Result<Self, Failure> {
        // A worker must not inherit descriptors that this process was started with.
        close_fds::set_fds_cloexec(FIRST_OTHER_DESCRIPTOR, &[]);
        let mut command = Command::new(OWN_PROGRAM);
        for (name, _) in std::env::vars_os() {
            // A worker reads untrusted files, so it must not have tokens and passwords.
            if SECRETS.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes())) {
                command.env_remove(name);
            }
        }
        let mut child = command
            .arg(VERB)
            // Locks are not needed, because no other process writes into a staging folder and sources are only
            // read, and file systems without locks are common in archives.
            .env("HDF5_USE_FILE_LOCKING", "FALSE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                Failure::new(Stage::Plan, OWN_PROGRAM, "cannot be started as a worker")
                    .class(Class::Retryable)
                    .found(&error)
                    .hint("check the limits on processes and memory of this machine")
                    .cause(error)
            })?;
        let input = child.stdin.take();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines() {
                    let Ok(line) = line else { break };
                    if events.send(Event::Line(number, line)).is_err() {
                        return;
                    }
                }
                // The receiver is gone once the run is over.
                let _ = events.send(Event::Closed(number));
            });
        }
        let mut worker = Self { child, input };
        worker.send(setup);
        Ok(worker)
    }

    /// Writes one value as a line of JSON. A worker that cannot receive it is killed, so that its reader thread reports
    /// its end.
    pub fn send(&mut self, value: &impl Serialize) {
        let sent = serde_json::to_vec(value).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            let input = self.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
            input.write_all(&line)?;
            input.flush()
        });
        if sent.is_err() {
            self.kill();
        }
    }

    /// Returns the resident memory in MiB; 0 if the process is gone.
    #[must_use]
    pub fn memory_mib(&self) -> u64 {
        // The second field of statm is resident pages.
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        let pages: u64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
        pages * rustix::param::page_size() as u64 / (1 << 20)
    }

    /// Kills the worker.
    pub fn kill(&mut self) {
        // This fails if the worker is dead already.
        let _ = self.child.kill();
    }

    /// Waits for the worker to exit and returns how it ended.
    pub fn wait(&mut self) -> ProcessEnd {
        drop(self.input.take());
        match self.child.wait() {
            Ok(status) => {
                let (signal, code) = (status.signal(), status.code());
                let how = match (signal, code) {
                    (Some(signal), _) => format!("was ended by signal {signal}{}", signal_name(signal)),
                    (None, Some(code)) => format!("ended with code {code}"),
                    (None, None) => "ended".to_owned(),
                };
                ProcessEnd { how, signal, code }
            }
            Err(error) => ProcessEnd { how: format!("was lost: {error}"), signal: None, code: None },
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
        self.wait();
    }
}

fn signal_name(signal: i32) -> String {
    // The crate formats a signal as `Signal::SEGV`, in quotes.
    let name = rustix::process::Signal::from_named_raw(signal).map(|signal| format!("{signal:?}"));
    name.map_or(String::new(), |name| format!(" ({})", name.trim_matches('"').replace("Signal::", "SIG")))
}
