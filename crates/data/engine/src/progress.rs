//! How far a run has come, for those who show it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of the input files read so far, as they lie on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub bytes_read: u64,
    /// Bytes there are.
    pub bytes_total: u64,
}

/// Who hears of progress; called from many threads, some hundred times a run.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Adds up the bytes of all threads and tells at every megabyte.
pub(crate) struct ProgressCounter {
    read: AtomicU64,
    total: u64,
    listener: Option<OnProgress>,
}

impl std::fmt::Debug for ProgressCounter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgressCounter")
            .field("read", &self.read)
            .field("total", &self.total)
            .finish()
    }
}

impl ProgressCounter {
    pub(crate) fn new(total: u64, listener: Option<OnProgress>) -> Arc<ProgressCounter> {
        Arc::new(ProgressCounter { read: AtomicU64::new(0), total, listener })
    }

    /// A counter that nobody listens to.
    pub(crate) fn silent() -> Arc<ProgressCounter> {
        ProgressCounter::new(0, None)
    }

    pub(crate) fn add(&self, n_bytes: u64) {
        const STEP: u64 = 1 << 20;
        let before = self.read.fetch_add(n_bytes, Ordering::Relaxed);
        let after = before + n_bytes;
        if let Some(listener) = &self.listener
            && (before / STEP != after / STEP || after >= self.total)
        {
            listener(Progress { bytes_read: after.min(self.total), bytes_total: self.total });
        }
    }
}
