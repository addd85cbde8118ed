//! Progress on a terminal: one line that fits any width.
//!
//! ```text
//! ━━━━━━━━━━━━━╸           125/411  3 failed  12.8/s  22 s left
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Interval at which the line is drawn again.
const TICK: Duration = Duration::from_millis(200);

/// The line; the bar takes what the numbers leave, and nothing if that is too little.
const TEMPLATE: &str = "{wide_bar} {pos}/{len}{failed}{speed}";

/// Shows how many granules are finished.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_visible: bool,
    failed: Arc<AtomicUsize>,
}

impl Progress {
    /// Returns the progress line on standard error, hidden unless `visible`.
    #[must_use]
    pub fn new(visible: bool) -> Self {
        let failed = Arc::new(AtomicUsize::new(0));
        // It is shown from the first granule on.
        let bar = ProgressBar::hidden();
        let count = Arc::clone(&failed);
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(
            style
                .progress_chars("━╸ ")
                .with_key("failed", move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
                    let failed = count.load(Ordering::Relaxed);
                    let _ = if failed > 0 { write!(line, "  {failed} failed") } else { Ok(()) };
                })
                .with_key("speed", |state: &ProgressState, line: &mut dyn std::fmt::Write| {
                    // Before the first granule nothing is known.
                    if state.pos() > 0 {
                        let _ = write!(line, "  {:.1}/s  {} left", state.per_sec(), duration(state.eta()));
                    }
                }),
        );
        Self { bar, is_visible: visible, failed }
    }

    /// Shows the line for this number of granules.
    pub(super) fn begin(&self, granules: usize) {
        self.bar.set_length(granules as u64);
        if granules > 0 && self.is_visible {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.reset_elapsed();
            self.bar.enable_steady_tick(TICK);
        }
    }

    /// Adds granules that were found while the run was under way.
    pub(super) fn more(&self, granules: usize) {
        self.bar.inc_length(granules as u64);
    }

    /// Counts a finished granule.
    pub(super) fn ended(&self, has_failed: bool) {
        self.failed.fetch_add(usize::from(has_failed), Ordering::Relaxed);
        self.bar.inc(1);
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Returns true if the line is shown.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.is_visible
    }

    /// Returns a function that writes a line to standard error without garbling the progress line.
    ///
    /// Write errors are ignored: a closed standard error is no reason to stop the run.
    #[must_use]
    pub fn line_writer(&self) -> Arc<dyn Fn(&str) + Send + Sync> {
        let bar = self.bar.clone();
        Arc::new(move |line| {
            use std::io::Write;
            bar.suspend(|| {
                // A single write call, because other processes may write to the same file or pipe.
                let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
            });
        })
    }
}

/// Returns a time as a person would say it: `22 s`, `5 min`, `3.2 h`.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", time.as_secs_f64() / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (seconds, told) in
            [(0, "0 s"), (99, "99 s"), (600, "10 min"), (5999, "99 min"), (36_000, "10.0 h")]
        {
            assert_eq!(duration(Duration::from_secs(seconds)), told);
        }
    }
}
