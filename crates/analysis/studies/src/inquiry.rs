//! From orders or a histories file to everything that per-customer questions need: the customers on one day, the
//! bake-off where one was asked for, and who is served.

mod cautions;
mod repeated;
mod trees;
mod whole;

use std::sync::Arc;

use clv_answers::Table;
use clv_answers::Values;
use clv_answers::model_fit::ModelFit;
use clv_engine::{HistoriesFile, Intake, Orders};
use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::spend_model;
use clv_models::purchase::PurchaseModel;
use clv_valuation::definition::Definition;

use self::cautions::{check_span, season_caution, silence_caution};
use self::repeated::{note_recent_purchases, window_to_repeat};
use self::trees::{is_boosted, is_new_boosted, serve_trees};
use self::whole::count_whole_periods;
use crate::backtest::{BacktestOptions, BacktestOutcome, default_models};
use crate::base::CustomerBase;
use crate::blend::BLEND;
use crate::boosted::{BoostedOptions, with_first_orders};
use crate::covariates::{CovariateChoice, id_with_covariates};
use crate::customer_value::{CustomerValues, customer_values};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::model_fit::GAMMA_GAMMA;
use crate::origins::choose_origins;
use crate::posterior::{DrawOptions, purchase_draws, saved_draws, spend_draws};
use crate::purchase_forecast::forecast_table;
use crate::reason::{rhythm_reasons, value_reasons};
use crate::saved_blend::saved_forecaster;
use crate::season::{SeasonRequest, serve_season, settle_season};
use crate::served::{
    ModelChoice, ServeOptions, Served, bake_off, bake_off_base, does_without, serve,
};
use crate::snapshot::{Newborns, Snapshot};
use crate::spend::spend_observations;
use crate::spend_choice::{SpendModelChoice, SpendModelPick};
use crate::time::{Span, TimeUnit};
use crate::uncertainty::{ParameterUncertainty, parameter_uncertainty};

/// Rolling origins of the bake-off behind `auto`, where the data bear so many.
pub const N_ORIGINS: usize = 5;

/// Draws at which expectations are evaluated; more change a standard deviation by less than 4 %.
const MOST_DRAWS: usize = 400;

/// What is asked.
#[derive(Debug, Clone)]
pub struct InquiryOptions {
    /// Who shall answer.
    pub choice: ModelChoice,
    /// The unit of time.
    pub unit: TimeUnit,
    /// The unit of a histories file that names none; none takes the saved model's, else `unit`.
    pub file_unit: Option<TimeUnit>,
    /// The horizon.
    pub horizon: Span,
    /// The last day used; none takes all.
    pub until: Option<i32>,
    /// What happens to customers who first buy after `until`.
    pub newborns: Newborns,
    /// The spend model; a saved model's own goes before it.
    pub spend: SpendModelChoice,
    /// Whether a bake-off runs even where the model is settled, because the report shows it.
    pub always_bake_off: bool,
    /// Season and campaigns; of a saved model only campaigns to come.
    pub season: SeasonRequest,
    /// Who takes part in the bake-off, by id; empty takes all but the boosted trees.
    pub models: Vec<String>,
    /// The seed of random choices: which rows the boosted trees see.
    pub seed: u64,
}

/// Everything there is to answer with.
#[derive(Debug)]
pub struct Inquiry {
    /// The customers.
    pub snapshot: Snapshot,
    /// What was read; none for a histories file.
    pub intake: Option<Intake>,
    /// The base of the bake-off, perhaps a sample.
    pub base: Option<CustomerBase>,
    /// The bake-off.
    pub bake_off: Option<BacktestOutcome>,
    /// Who answers.
    pub served: Served,
    /// The horizon.
    pub horizon: Span,
    /// The saved model that was asked for; none where a model was fitted.
    pub saved: Option<ModelFit>,
}

impl Inquiry {
    /// Asks orders.
    ///
    /// # Errors
    /// [`StudyError`] where reading fails, nobody had bought by `until` or the model is unknown.
    pub fn of_orders(orders: &Orders, options: &InquiryOptions) -> Result<Self, StudyError> {
        let (mut snapshot, intake) = Snapshot::of_orders(orders, options.until, options.newborns)?;
        if options.always_bake_off {
            check_span(&snapshot)?;
        }
        let wants_bake_off = options.always_bake_off
            || matches!(options.choice, ModelChoice::Auto | ModelChoice::Blend)
            || is_auto_with_covariates(&options.choice)
            || is_new_boosted(&options.choice);
        let pick = pick_spend(&snapshot, options);
        let mut base = None;
        let mut outcome = None;
        let mut too_short = None;
        if wants_bake_off {
            let mut sampled = bake_off_base(orders, snapshot.n_customers())?;
            let asked = bake_off_options(&sampled, &snapshot, options);
            if asked.boosted.is_some() {
                sampled = with_first_orders(sampled, orders)?;
            }
            if let Some(until) = options.until {
                sampled = sampled.until(until);
            }
            if let ModelChoice::Covariates(request) = &options.choice {
                sampled = sampled.with_covariates(Arc::clone(request))?;
            }
            match bake_off(&sampled, &asked)? {
                Ok(found) => outcome = Some(found),
                Err(problem) => too_short = Some(problem),
            }
            base = Some(sampled);
        }
        if let Some(found) = &mut outcome
            && let Some(id) = asked_for(&options.choice)
        {
            found.serve_instead(id);
        }
        if let Some(window) = window_to_repeat(&options.choice, outcome.as_ref(), &snapshot)? {
            note_recent_purchases(window, &mut snapshot, orders, base.as_ref())?;
        }
        if let ModelChoice::Covariates(request) = &options.choice
            && request.is_changing()
            && request.options().is_some()
        {
            snapshot.note_purchase_days(orders)?;
        }
        let unfinished = count_whole_periods(&mut snapshot, orders, options)?;
        let wants_season = options.season != SeasonRequest::default();
        if wants_season && base.is_none() && !matches!(options.choice, ModelChoice::Saved(_)) {
            let sampled = bake_off_base(orders, snapshot.n_customers())?;
            base = Some(match options.until {
                Some(until) => sampled.until(until),
                None => sampled,
            });
        }
        let (settled, trial) = match base.as_ref().filter(|_| wants_season) {
            None => (None, None),
            Some(base) => {
                let origins = match &outcome {
                    Some(found) => Some(found.origins.clone()),
                    None => choose_origins(base, &bake_off_options(base, &snapshot, options)).ok(),
                };
                let (choice, season) = (&options.choice, &options.season);
                let (unit, origins) = (options.unit, origins.as_ref());
                settle_season(base, outcome.as_mut(), choice, season, unit, origins)?
            }
        };
        let is_auto =
            matches!(options.choice, ModelChoice::Auto) || is_auto_with_covariates(&options.choice);
        let is_boosted = is_boosted(&options.choice)
            || (is_auto && outcome.as_ref().is_some_and(|found| found.answer.served == ZILN_ID));
        let asked = serve_options(options, pick);
        let mut served = match &settled {
            _ if is_boosted => serve_trees(&snapshot, orders, outcome.as_ref(), options, &asked)?,
            Some(season) => serve_season(&snapshot, outcome.as_ref(), season, &asked)?,
            None => serve(&snapshot, outcome.as_ref(), &asked)?,
        };
        if let Some(fit) = &mut served.fit {
            fit.season_trial = trial.or(fit.season_trial.take());
        }
        served.cautions.extend(unfinished);
        if let (true, ModelChoice::Covariates(request)) = (is_boosted, &options.choice) {
            served.cautions.push(does_without(ZILN_ID, &request.file.path));
        }
        if let (true, Some(found)) = (is_auto, &outcome) {
            let tested = f64::from(found.origins.horizon_days);
            if options.horizon.days() > 1.5 * tested {
                served.cautions.push(format!(
                    "the data bear a test over {tested} days only; what is said about the {} ahead goes beyond it",
                    options.horizon.in_words()
                ));
            }
        }
        served.cautions.extend(season_caution(&snapshot, outcome.as_ref()));
        served.cautions.extend(silence_caution(options.until, &intake));
        if let Some(problem) = too_short {
            served.cautions.push(format!("no forecast could be tested on a holdout: {problem}"));
        }
        let horizon = options.horizon.clone();
        let saved = saved_of(&options.choice);
        Ok(Self { snapshot, intake: Some(intake), base, bake_off: outcome, served, horizon, saved })
    }

    /// Asks a histories file, whose times are in the options' unit.
    ///
    /// # Errors
    /// [`StudyError`] where a row is no history or the model is unknown.
    pub fn of_file(file: HistoriesFile, options: &InquiryOptions) -> Result<Self, StudyError> {
        if is_boosted(&options.choice) {
            return Err(StudyError::BoostedNeedsOrders);
        }
        let unit = match &options.choice {
            ModelChoice::Saved(saved) => saved_forecaster(saved)?.1,
            ModelChoice::Covariates(request) => match &request.choice {
                CovariateChoice::Saved(saved) => crate::model_fit::saved_purchase_model(saved)?.1,
                CovariateChoice::Fit(_) | CovariateChoice::Auto(_) => options.unit,
            },
            _ => options.unit,
        };
        if options.season.is_demanded() && !matches!(options.choice, ModelChoice::Saved(_)) {
            return Err(StudyError::Season {
                problem: "a season or a campaign is learnt from dated orders, and this is a histories file".to_owned(),
                hint: Some(
                    "name the file of orders instead, or --model-file with a model that was fitted to them".to_owned(),
                ),
            });
        }
        let file_unit = options.file_unit.unwrap_or(unit);
        let has_named_unit = file.time_unit.is_some();
        let snapshot = Snapshot::of_file(file, file_unit)?;
        let pick = pick_spend(&snapshot, options);
        let mut served =
            serve(&snapshot, None, &ServeOptions { unit, ..serve_options(options, pick) })?;
        if !has_named_unit {
            served.cautions.push(format!(
                "the histories file names no time_unit; its ages are read in units of a {file_unit}"
            ));
        }
        if !snapshot.has_returns() {
            served.cautions.push(
                "the histories file has no column returns: future value is before returns"
                    .to_owned(),
            );
        }
        let horizon = options.horizon.clone();
        let saved = saved_of(&options.choice);
        Ok(Self { snapshot, intake: None, base: None, bake_off: None, served, horizon, saved })
    }

    /// The horizon in the unit of whoever is served, discounted at `annual` per year.
    #[must_use]
    pub fn horizon_options(
        &self,
        annual: clv_valuation::discounting::AnnualDiscountRate,
    ) -> HorizonOptions {
        let length = self.horizon.in_unit(self.served.unit);
        let discount_rate = annual.continuous_per(self.served.unit.years());
        let Some(season) = &self.served.season else {
            return HorizonOptions { length, discount_rate };
        };
        // Over the horizon as a whole the clock's time is discounted as much as the calendar's.
        let by_clock = season.clock_days(&self.horizon) / self.served.unit.days();
        HorizonOptions { length: by_clock, discount_rate: discount_rate * length / by_clock }
    }

    /// Forecasts of the distinct histories.
    #[must_use]
    pub fn forecast_rows(&self, horizon: &HorizonOptions) -> Vec<RowForecast> {
        self.served.forecaster.forecast_rows(&self.served.grouped, horizon)
    }

    /// The forecast of every customer, as `clv forecast` gives it.
    #[must_use]
    pub fn forecast_table(&self, rows: &[RowForecast], horizon: &HorizonOptions) -> Table {
        forecast_table(
            self.snapshot.id_values(),
            &self.served,
            rows,
            &self.uncertainty_of_parameters(rows, horizon),
            horizon.length,
            self.snapshot.end_day(),
        )
        .with("reason", "", Values::Joined(rhythm_reasons(&self.snapshot, &self.served)))
    }

    /// The served model at up to `n` of the draws saved with it, evenly taken; none where none were saved.
    fn drawn_models(&self, n: usize) -> Option<Vec<Arc<dyn PurchaseModel>>> {
        let Forecaster::Model(model) = &self.served.forecaster else { return None };
        let names: Vec<&str> = model.parameters().iter().map(|one| one.name).collect();
        // Whatever is wrong with saved draws was said when the model was served.
        let draws = saved_draws(self.served.fit.as_ref()?, &names).ok()??;
        let every = draws.len().div_ceil(n).max(1);
        let models = draws.iter().step_by(every).map(|draw| model.with_parameters(draw));
        let models: Vec<Arc<dyn PurchaseModel>> =
            models.filter_map(Result::ok).map(Arc::from).collect();
        (!models.is_empty()).then_some(models)
    }

    /// What the parameters' uncertainty does to the forecasts.
    #[must_use]
    pub fn uncertainty(
        &self,
        rows: &[RowForecast],
        horizon: &HorizonOptions,
    ) -> ParameterUncertainty {
        let mut found = self.uncertainty_of_parameters(rows, horizon);
        if let Some(season) = &self.served.season {
            found.of_total += season.relative_variance(&self.horizon);
        }
        found
    }

    fn uncertainty_of_parameters(
        &self,
        rows: &[RowForecast],
        horizon: &HorizonOptions,
    ) -> ParameterUncertainty {
        let expected: Vec<f64> = rows.iter().map(|row| row.expected_purchases).collect();
        if let Some(models) = self.drawn_models(MOST_DRAWS) {
            return ParameterUncertainty::over(&models, &self.served.grouped, &expected, horizon);
        }
        parameter_uncertainty(
            &self.served.forecaster,
            self.served.ln_covariance.as_deref(),
            &self.served.grouped,
            &expected,
            horizon,
        )
    }

    /// Adds draws of the parameters of whoever is served, and of the spend model beside them, to `fit`.
    ///
    /// `fit` is that of the served model, or of its spend model alone.
    ///
    /// # Errors
    /// [`StudyError`] where no draws are asked for.
    pub fn add_draws(&self, fit: &mut ModelFit, options: &DrawOptions) -> Result<(), StudyError> {
        if fit.boosted.is_some() {
            return Err(StudyError::NoBoostedDraws);
        }
        let is_spend = spend_model(&fit.model).is_some();
        if let Some(spend) = if is_spend { Some(&*fit) } else { fit.spend.as_deref() }
            && spend.model != GAMMA_GAMMA
        {
            return Err(StudyError::NoSpendDraws { id: spend.model.clone() });
        }
        if !is_spend {
            let histories = self.snapshot.histories_to_fit(&self.served.grouped);
            fit.posterior = Some(purchase_draws(fit, &histories, options)?);
        }
        let columns = self.snapshot.columns();
        let seen = spend_observations(
            columns.n_repeats,
            columns.mean_spend,
            self.snapshot.mean_first_spend(),
        );
        let spend = if is_spend { Some(fit) } else { fit.spend.as_deref_mut() };
        if let Some(spend) = spend {
            spend.posterior = spend_draws(spend, &seen, options)?;
        }
        Ok(())
    }

    /// The value of every customer.
    ///
    /// # Errors
    /// [`StudyError::NoValue`] where nobody has spent anything.
    pub fn values(
        &self,
        rows: &[RowForecast],
        uncertainty: &ParameterUncertainty,
        definition: &Definition,
    ) -> Result<CustomerValues, StudyError> {
        if !self.snapshot.has_value() {
            return Err(StudyError::NoValue);
        }
        Ok(customer_values(
            &self.snapshot.columns(),
            &self.served,
            rows,
            uncertainty,
            (definition, self.snapshot.return_ratio()),
            &self.horizon_options(definition.discount_rate()),
        ))
    }

    /// The value table, as `clv value` gives it; low and high are the 80 % interval, the `_90` columns the 90 %.
    #[must_use]
    pub fn value_table(&self, values: CustomerValues, definition: &Definition) -> Table {
        let n = values.residual.len();
        // A histories file may not say what customers have spent so far: then that is unknown, not 0.
        let known = |of: Vec<f64>| {
            if self.snapshot.has_historic_value() {
                Values::Real(of)
            } else {
                Values::OptionalReal(vec![None; n])
            }
        };
        let [[low, high], [low_90, high_90]] = values.ends;
        Table::new()
            .with("customer_id", "", self.snapshot.id_values())
            .with("historic_value", "money", known(values.historic))
            .with("residual_value", "money", Values::Real(values.residual))
            .with("residual_value_low", "money", Values::Real(low))
            .with("residual_value_high", "money", Values::Real(high))
            .with("residual_value_low_90", "money", Values::Real(low_90))
            .with("residual_value_high_90", "money", Values::Real(high_90))
            .with("lifetime_value", "money", known(values.lifetime))
            .with("definition_id", "", Values::Same(definition.id(), n))
            .with("reason", "", Values::Joined(value_reasons(&self.snapshot, &self.served)))
    }
}

/// The spend model asked for: the saved one's where there is one. Where it is chosen, each origin of a bake-off chooses
/// by what was known there.
fn spend_asked_for(options: &InquiryOptions) -> SpendModelChoice {
    let saved = saved_of(&options.choice).and_then(|saved| spend_model(&saved.spend?.model));
    saved.map_or(options.spend, SpendModelChoice::Model)
}

/// The spend model to fit, where it is chosen by the customers as they are now.
fn pick_spend(snapshot: &Snapshot, options: &InquiryOptions) -> SpendModelPick {
    let columns = snapshot.columns();
    spend_asked_for(options).among(|| {
        spend_observations(columns.n_repeats, columns.mean_spend, snapshot.mean_first_spend())
    })
}

fn serve_options(options: &InquiryOptions, spend: SpendModelPick) -> ServeOptions {
    ServeOptions {
        choice: options.choice.clone(),
        unit: options.unit,
        horizon: options.horizon.clone(),
        spend,
        windows: options.season.windows.clone(),
    }
}

fn bake_off_options(
    base: &CustomerBase,
    snapshot: &Snapshot,
    options: &InquiryOptions,
) -> BacktestOptions {
    let n = base.n_customers();
    let mut models = options.models.clone();
    if is_new_boosted(&options.choice) {
        if models.is_empty() && options.always_bake_off {
            models = default_models();
        }
        models.push(ZILN_ID.to_owned());
    }
    BacktestOptions {
        unit: options.unit,
        horizon: None,
        wished_horizon: options.horizon.clone(),
        until: None,
        n_origins: N_ORIGINS,
        boosted: BoostedOptions::among(&models, options.unit, options.seed),
        models,
        sampled_customers: (n < snapshot.n_customers()).then_some(n as u64),
        spend: spend_asked_for(options),
    }
}

fn is_auto_with_covariates(choice: &ModelChoice) -> bool {
    let ModelChoice::Covariates(request) = choice else { return false };
    matches!(request.choice, CovariateChoice::Auto(_))
}

fn saved_of(choice: &ModelChoice) -> Option<ModelFit> {
    match choice {
        ModelChoice::Saved(saved) => Some(saved.as_ref().clone()),
        ModelChoice::Covariates(request) => match &request.choice {
            CovariateChoice::Saved(saved) => Some(saved.as_ref().clone()),
            CovariateChoice::Fit(_) | CovariateChoice::Auto(_) => None,
        },
        ModelChoice::Auto | ModelChoice::Blend | ModelChoice::Id(_) => None,
    }
}

/// The id that was asked for; none where the bake-off decides, or where who is asked for takes no part in it.
fn asked_for(choice: &ModelChoice) -> Option<&str> {
    match choice {
        ModelChoice::Auto => None,
        ModelChoice::Covariates(request) => match &request.choice {
            CovariateChoice::Fit(options) => Some(id_with_covariates(&options.model)),
            CovariateChoice::Saved(_) | CovariateChoice::Auto(_) => None,
        },
        ModelChoice::Blend => Some(BLEND),
        ModelChoice::Id(id) => Some(id),
        ModelChoice::Saved(saved) => Some(&saved.model),
    }
}
