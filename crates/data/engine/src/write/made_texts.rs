//! Text that is made when it is written, so that a million sentences need not be held at once.

use std::fmt;
use std::sync::Arc;

/// Appends the text of a row to what is there.
type Make = dyn Fn(usize, &mut String) + Send + Sync;

/// One text for each row, made when it is asked for.
///
/// ```
/// use clv_engine::MadeTexts;
/// let made = MadeTexts::new(3, |row, text| text.push_str(&"ha".repeat(row)));
/// let mut text = String::from("> ");
/// made.add(2, &mut text);
/// assert_eq!(text, "> haha");
/// ```
#[derive(Clone)]
pub struct MadeTexts {
    pub(super) n_rows: usize,
    make: Arc<Make>,
}

impl MadeTexts {
    /// So many texts; `make` appends that of a row to what is there.
    pub fn new(n_rows: usize, make: impl Fn(usize, &mut String) + Send + Sync + 'static) -> Self {
        Self { n_rows, make: Arc::new(make) }
    }

    /// Appends the text of a row to what is there.
    pub fn add(&self, row: usize, text: &mut String) {
        (self.make)(row, text);
    }

    /// The text of a row in place of what was there.
    pub(super) fn fill<'a>(&self, row: usize, text: &'a mut String) -> &'a str {
        text.clear();
        self.add(row, text);
        text
    }
}

impl fmt::Debug for MadeTexts {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("MadeTexts").field("n_rows", &self.n_rows).finish_non_exhaustive()
    }
}

/// Equal where every text is.
impl PartialEq for MadeTexts {
    fn eq(&self, other: &Self) -> bool {
        let (mut one, mut two) = (String::new(), String::new());
        self.n_rows == other.n_rows
            && (0..self.n_rows).all(|row| self.fill(row, &mut one) == other.fill(row, &mut two))
    }
}
