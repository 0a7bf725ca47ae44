//! Talk on standard error: progress on a terminal, remarks, nothing at all with `--quiet`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Longer than this and a person wants to see that something happens.
const TICK: Duration = Duration::from_millis(120);

/// Whoever talks to the person at the terminal.
#[derive(Debug)]
pub(crate) struct Talk {
    is_quiet: bool,
    bar: Option<ProgressBar>,
}

impl Talk {
    /// Talks unless quiet; shows progress only where standard error is a terminal.
    pub(crate) fn new(is_quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = (!is_quiet && is_terminal).then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            bar.set_style(style);
            bar
        });
        Self { is_quiet, bar }
    }

    /// Names what is going on now.
    pub(crate) fn step(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(TICK);
        }
    }

    /// Takes the progress away before data or remarks are printed.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// A remark of one line.
    pub(crate) fn say(&self, remark: &str) {
        if self.is_quiet {
            return;
        }
        match &self.bar {
            Some(bar) => bar.suspend(|| write_remark(remark)),
            None => write_remark(remark),
        }
    }

    /// What the engine calls with the bytes read so far and in all.
    pub(crate) fn reader(&self) -> Option<Arc<dyn Fn(u64, u64) + Send + Sync>> {
        let bar = self.bar.clone()?;
        Some(Arc::new(move |done, total| {
            if let Some(percent) = (100 * done.min(total)).checked_div(total) {
                bar.set_message(format!("reading orders: {percent} %"));
            }
        }))
    }
}

/// A remark that nobody can read any more is not worth a failure.
fn write_remark(remark: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{remark}");
}
