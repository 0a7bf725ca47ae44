//! The whole story of one order file: every section of the report, as plain data.

use serde::{Deserialize, Serialize};

use crate::backtest::Backtest;
use crate::calibration::Calibration;
use crate::cohorts::Cohorts;
use crate::concentration::Concentration;
use crate::customer_value::CustomerValue;
use crate::data_quality::DataQuality;
use crate::headline::Headline;
use crate::model_card::ModelCard;
use crate::model_fit::ModelFit;
use crate::segments::Segments;
use crate::tracking::Tracking;

/// A definition of lifetime value as a reader meets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DefinitionNote {
    /// The id every figure carries.
    pub definition_id: String,
    /// What the number is, in plain words.
    pub meaning: String,
}

/// Everything the report shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What the report is about: the file's name.
    pub title: String,
    /// The definition in force.
    pub definition: DefinitionNote,
    /// The few numbers at the top.
    pub headline: Headline,
    /// The best customers by residual value, at most 100.
    pub best_customers: Vec<CustomerValue>,
    /// Concentration of historic value.
    pub historic_concentration: Concentration,
    /// Concentration of residual value; none where all of it is zero.
    pub residual_concentration: Option<Concentration>,
    /// Value segments.
    pub value_segments: Segments,
    /// RFM segments.
    pub rfm_segments: Segments,
    /// Cohorts.
    pub cohorts: Cohorts,
    /// Actual against expected; none where the data are too short for a holdout.
    pub tracking: Option<Tracking>,
    /// Calibration of value; none where the data are too short for a holdout.
    pub calibration: Option<Calibration>,
    /// The bake-off; none where the data are too short for one.
    pub backtest: Option<Backtest>,
    /// The purchase model served; none where a naive baseline is.
    pub model: Option<ModelFit>,
    /// The card of whoever is served.
    pub card: ModelCard,
    /// What was read and put aside.
    pub data_quality: DataQuality,
    /// What the reader must know before relying on the figures, in plain sentences.
    pub cautions: Vec<String>,
}
