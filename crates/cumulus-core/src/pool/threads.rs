//! A thread pool that joins its threads on drop.
//!
//! Libraries register cleanup handlers that run when a thread ends, and others that run when the process ends.
//! OpenSSL, which netcdf-c initializes through libcurl, does not wait between the two: a thread that ends during
//! process exit uses freed memory. Neither dropping a [`ThreadPool`] nor a thread scope waits for more than the last
//! job, so the threads are joined here.

use std::io;
use std::thread::{Builder, JoinHandle};

use rayon::{ThreadBuilder, ThreadPool, ThreadPoolBuilder};

/// A pool of threads; dropping it blocks until all of them have ended.
#[derive(Debug)]
pub struct Threads {
    // Fields are dropped in this order: the pool signals its threads to end, then they are joined.
    pool: ThreadPool,
    _running: Running,
}

#[derive(Debug, Default)]
struct Running(Vec<JoinHandle<()>>);

impl Threads {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// The system cannot start another thread.
    pub fn start(count: usize) -> io::Result<Self> {
        let mut running = Running::default();
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .spawn_handler(|thread: ThreadBuilder| {
                running.0.push(Builder::new().spawn(|| thread.run())?);
                Ok(())
            })
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { pool, _running: running })
    }

    /// Runs `work` on one of the threads; its parallel iterators use all of them.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            // The panic hook has reported a panic already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    static CLEANED_UP: AtomicUsize = AtomicUsize::new(0);

    /// Stands for a library's cleanup handler that runs when a thread ends.
    struct Leftover;

    impl Drop for Leftover {
        fn drop(&mut self) {
            std::thread::sleep(Duration::from_millis(50));
            CLEANED_UP.fetch_add(1, Ordering::SeqCst);
        }
    }

    thread_local! {
        static LEFTOVER: Leftover = const { Leftover };
    }

    #[test]
    fn threads_have_cleaned_up_when_they_are_dropped() {
        let threads = Threads::start(3).expect("threads");
        threads.install(|| rayon::broadcast(|_| LEFTOVER.with(|_| ())));
        assert_eq!(CLEANED_UP.load(Ordering::SeqCst), 0);
        drop(threads);
        assert_eq!(CLEANED_UP.load(Ordering::SeqCst), 3);
    }
}
