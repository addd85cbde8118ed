//! The worker process: converts granules one at a time, with restricted privileges.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, BufRead, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal};
use serde::Serialize;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use crate::collection::Collection;
use crate::convert::{self, Outcome};
use crate::pool::protocol::{Answer, Job, Message, Notes, Reply, Setup};
use crate::pool::threads::Threads;
use cumulus_log::relay::{self, Relay, Seconds};
use cumulus_model::warning::{self, Warning};

/// Address space, in MiB, that a worker may map beyond its memory limit, for libraries, stacks and arenas that are
/// mapped but not resident.
const UNUSED_ADDRESS_SPACE_MIB: u64 = 2048;

/// A fault that tests inject into a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stem of the granule that triggers it.
    pub stem: String,
    /// The kind of fault.
    pub kind: FaultKind,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A segmentation fault.
    Crash,
    /// The worker never replies.
    Hang,
    /// The worker allocates memory without limit.
    Grow,
    /// The worker panics.
    Panic,
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, stem) = text.split_once('=').ok_or("a fault is KIND=STEM")?;
        let kind = match kind {
            "crash" => FaultKind::Crash,
            "hang" => FaultKind::Hang,
            "grow" => FaultKind::Grow,
            "panic" => FaultKind::Panic,
            _ => return Err(format!("no fault is called {kind}")),
        };
        Ok(Self { stem: stem.to_owned(), kind })
    }
}

impl Fault {
    #[expect(clippy::panic, reason = "what a test asks for")]
    fn happen(&self) {
        match self.kind {
            // The first signal only removes Rust's own handler.
            FaultKind::Crash => loop {
                let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::SEGV);
            },
            FaultKind::Hang => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            FaultKind::Panic => std::panic::panic_any("as the test asked"),
            FaultKind::Grow => {
                let mut grown: Vec<Vec<u8>> = Vec::new();
                loop {
                    grown.push(vec![1; 4 << 20]);
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
    }
}

/// Converts the jobs from standard input until it is closed.
///
/// # Errors
/// Standard input or output fails, or a line is not a valid job: the supervisor is gone or has another version. Also a
/// privilege that cannot be dropped, a thread that cannot be started, or a folder that cannot be entered.
pub fn serve(collection: &'static Collection, faults: &[Fault]) -> io::Result<()> {
    let mut lines = io::stdin().lock().lines();
    let Some(first) = lines.next() else { return Ok(()) };
    let mut setup: Setup = serde_json::from_str(&first?)?;
    restrict(&setup)?;
    let seconds = tell_supervisor(&setup);
    // Base of relative paths, because the working directory changes with each job.
    let start = std::env::current_dir()?;
    setup.output = start.join(setup.output);
    let mut threads: BTreeMap<usize, Threads> = BTreeMap::new();
    for line in lines {
        let mut job: Job = serde_json::from_str(&line?)?;
        if let Some(staged) = &mut job.granule.staged {
            *staged = start.join(&staged);
        } else {
            job.granule.path = start.join(job.granule.path);
        }
        job.folder = start.join(job.folder);
        // Files that a library leaves in the working directory are removed with the granule's folder.
        std::env::set_current_dir(&job.folder)?;
        if let Some(fault) = faults.iter().find(|fault| fault.stem == job.granule.stem) {
            fault.happen();
        }
        let threads = match threads.entry(job.threads) {
            Entry::Occupied(threads) => threads.into_mut(),
            Entry::Vacant(place) => place.insert(Threads::start(job.threads)?),
        };
        let (warnings, answer) = threads.install(|| convert_one(collection, &setup, &job));
        let notes = Notes { warnings, step_seconds: relay::take(&seconds) };
        say(&Message::Done(Reply { notes, answer }))?;
    }
    Ok(())
}

/// Forwards log events and panic messages of this process to the supervisor, and returns the totals of span times.
fn tell_supervisor(setup: &Setup) -> Arc<Mutex<Seconds>> {
    // If the supervisor is gone, this process is killed anyway.
    let relay = Relay::new(setup.verbosity.parse().unwrap_or(LevelFilter::INFO), |event| {
        let _ = say(&Message::Told(event));
    });
    let seconds = relay.seconds();
    // The subscriber is global because threads of a pool do not inherit one from their parent thread.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(relay));
    std::panic::set_hook(Box::new(|panic| {
        let _ = say(&Message::Panicked(panic.to_string()));
    }));
    seconds
}

fn convert_one(collection: &'static Collection, setup: &Setup, job: &Job) -> (Vec<Warning>, Answer) {
    let context = setup.context(collection, &job.folder);
    let mut warnings = Vec::new();
    let answer = match convert::convert(&job.granule, &context, &mut warnings) {
        Ok(Outcome::Converted(product)) => Answer::Converted(product),
        Ok(Outcome::UpToDate) => Answer::UpToDate,
        Ok(Outcome::Parts(parts)) => Answer::Parts(parts),
        Err(mut failure) => {
            // An operator knows the address, and the copy is gone when the message is read.
            if let Some(staged) = &job.granule.staged {
                let address = job.granule.path.to_string_lossy();
                failure.place = failure.place.replace(&*staged.to_string_lossy(), &address);
            }
            Answer::Failed(Box::new(failure))
        }
    };
    (warning::merged(warnings), answer)
}

fn say(value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    output.flush()
}

/// Restricts this process: it is killed when its supervisor dies, cannot gain privileges, dumps no core, has a limited
/// address space, and ignores the signals that are meant for the supervisor.
fn restrict(setup: &Setup) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    let limit = |bytes: u64| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    rustix::process::setrlimit(Resource::Core, limit(0))?;
    let address_space = (setup.memory_limit_mib + UNUSED_ADDRESS_SPACE_MIB) << 20;
    let allowed = rustix::process::getrlimit(Resource::As).maximum;
    rustix::process::setrlimit(
        Resource::As,
        limit(allowed.map_or(address_space, |allowed| allowed.min(address_space))),
    )?;
    for signal in [SIGHUP, SIGINT, SIGTERM, SIGXFSZ] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}
