//! Sums over the rows of a file, as they are read.

/// Sums over the rows that were seen; money in millionths of the currency unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowTotals {
    /// Rows of the file.
    pub rows_read: u64,
    /// Rows that were not put aside.
    pub rows_accepted: u64,
    /// Money of accepted purchases.
    pub gross: i64,
    /// Money of accepted returns, positive.
    pub returns: i64,
    /// Earliest accepted day.
    pub first_day: Option<i32>,
    /// Latest accepted day.
    pub last_day: Option<i32>,
    /// The currency that amounts were seen in.
    pub currency: Option<&'static str>,
}

impl RowTotals {
    /// Adds another part's sums.
    pub fn merge(&mut self, other: &RowTotals) {
        self.rows_read += other.rows_read;
        self.rows_accepted += other.rows_accepted;
        self.gross = self.gross.saturating_add(other.gross);
        self.returns = self.returns.saturating_add(other.returns);
        self.first_day = [self.first_day, other.first_day].into_iter().flatten().min();
        self.last_day = self.last_day.max(other.last_day);
        self.currency = self.currency.or(other.currency);
    }

    /// Takes a row in.
    pub fn accept(&mut self, day: i32, amount: i64, is_return: bool) {
        self.rows_accepted += 1;
        self.add_money(day, amount, is_return);
    }

    pub(super) fn add_money(&mut self, day: i32, amount: i64, is_return: bool) {
        if is_return {
            self.returns = self.returns.saturating_sub(amount);
        } else {
            self.gross = self.gross.saturating_add(amount);
        }
        self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
        self.last_day = Some(self.last_day.map_or(day, |last| last.max(day)));
    }
}
