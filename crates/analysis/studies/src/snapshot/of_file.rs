//! The customers of a histories file: times in its unit, dates where it has them.

use clv_engine::HistoriesFile;
use clv_models::{PurchaseHistories, PurchaseHistory};

use super::{Origin, Snapshot};
use crate::error::StudyError;
use crate::histories_file::{out_of_range, with_rhythm};
use crate::time::TimeUnit;

impl Snapshot {
    /// The customers of a histories file. Its times are in the unit that it names, else in `unit`; with first and last
    /// order in it, as `clv histories` writes them, it has dates too.
    ///
    /// # Errors
    /// [`StudyError::Histories`] where a row is no purchase history, [`StudyError::HistoriesUnit`] where the unit is
    /// none.
    pub fn of_file(mut file: HistoriesFile, unit: TimeUnit) -> Result<Self, StudyError> {
        let unit = match &file.time_unit {
            Some(named) => named.parse().map_err(StudyError::HistoriesUnit)?,
            None => unit,
        };
        let n = file.repeat_purchases.len();
        // The reader takes whole numbers only; more than 2^32 purchases saturate.
        let n_repeats: Vec<u32> = file.repeat_purchases.iter().map(|x| *x as u32).collect();
        let history = |file: &HistoriesFile, row: usize| {
            PurchaseHistory::new(n_repeats[row], file.last_purchase_age[row], file.age[row])
                .and_then(|history| with_rhythm(history, file, row))
        };
        for row in 0..n {
            let problem = match history(&file, row) {
                Err(error) => Some(error.to_string()),
                Ok(_) => out_of_range(&file, row, unit),
            };
            if let Some(problem) = problem {
                return Err(StudyError::Histories { row: row as u64 + 2, problem });
            }
        }
        let origin = dated(&mut file, &n_repeats, unit).unwrap_or_else(|| {
            let mut histories = PurchaseHistories::with_capacity(n);
            for row in 0..n {
                let history = history(&file, row).expect("every row was just checked");
                let weight = file.weights.as_ref().map_or(1.0, |weights| weights[row]);
                histories.push(history, weight).expect("the reader takes positive weights only");
            }
            Origin::File { histories, unit }
        });
        // A blank cell is a customer without repeat spend.
        let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
        let money = |column: Option<Vec<f64>>| -> Option<Vec<f64>> {
            column.map(|values| values.into_iter().map(finite).collect())
        };
        let zero = || vec![0.0; n];
        let mean_spend = money(file.mean_spend).unwrap_or_else(zero);
        let has_returns = file.returns.is_some();
        let returns = money(file.returns).unwrap_or_else(zero);
        let has_historic_value = file.historic_value.is_some();
        let net = money(file.historic_value).unwrap_or_else(zero);
        let gross: Vec<f64> =
            net.iter().zip(&returns).map(|(net, returns)| net + returns).collect();
        let orders =
            file.orders.unwrap_or_else(|| n_repeats.iter().map(|x| x.saturating_add(1)).collect());
        // What is not repeat spend is the first purchase's; without amounts repeat purchases stand for it.
        let repeat_spend: f64 =
            mean_spend.iter().zip(&n_repeats).map(|(mean, x)| mean * f64::from(*x)).sum();
        let n_with_spend = mean_spend.iter().filter(|mean| **mean > 0.0).count();
        let first_spend = if has_historic_value {
            (gross.iter().sum::<f64>() - repeat_spend).max(0.0) / n.max(1) as f64
        } else {
            mean_spend.iter().sum::<f64>() / n_with_spend.max(1) as f64
        };
        Ok(Self {
            gross,
            returns,
            has_historic_value,
            has_returns,
            orders,
            first_spend,
            mean_spend,
            n_repeats,
            ids: file.ids,
            origin,
            recent_purchases: None,
            whole_periods: None,
            row_weights: file.weights,
            purchase_days: None,
        })
    }
}

/// The dates of a histories file that has them: first and last order, and one end of observation for all rows.
fn dated(file: &mut HistoriesFile, n_repeats: &[u32], unit: TimeUnit) -> Option<Origin> {
    let (first_day, last_day) = (file.first_order.take()?, file.last_order.take()?);
    let end_of = |row: usize| f64::from(first_day[row]) + file.age[row] * unit.days();
    let end = (!first_day.is_empty()).then(|| end_of(0).round())?;
    let end_day = end as i32;
    let is_consistent = (0..first_day.len()).all(|row| {
        let last_age = f64::from(last_day[row] - first_day[row]);
        (end_of(row) - end).abs() < 0.5
            && (last_age - file.last_purchase_age[row] * unit.days()).abs() < 0.01
            && last_day[row] <= end_day
    });
    if !is_consistent {
        return None;
    }
    let ln_unit = unit.days().ln();
    let in_days = |(sum, repeats): (&f64, &u32)| sum + f64::from(*repeats) * ln_unit;
    let sum_ln_days = file
        .sum_ln_interpurchase_times
        .as_ref()
        .map(|sums| sums.iter().zip(n_repeats).map(in_days).collect());
    Some(Origin::Orders {
        sum_ln_days,
        n_days: n_repeats.iter().map(|x| x.saturating_add(1)).collect(),
        end_day,
        n_known: n_repeats.len(),
        first_day,
        last_day,
    })
}
