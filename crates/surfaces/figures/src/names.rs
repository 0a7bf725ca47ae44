//! How models, baselines and units are called when people read them.

/// The usual name of a model or baseline: `pareto-nbd` is "Pareto/NBD", `naive-historic-mean` is
/// "historic mean". An id that is not known is shown with its hyphens as spaces.
///
/// ```
/// assert_eq!(clv_figures::names::model_name("mbg-nbd"), "MBG/NBD");
/// assert_eq!(clv_figures::names::model_name("naive-historic-mean"), "historic mean");
/// assert_eq!(clv_figures::names::model_name("nbd+covariates"), "NBD with covariates");
/// ```
#[must_use]
pub fn model_name(id: &str) -> String {
    if let Some(without) = id.strip_suffix("+covariates") {
        return format!("{} with covariates", model_name(without));
    }
    match id {
        "nbd" => "NBD".into(),
        "pareto-nbd" => "Pareto/NBD".into(),
        "bg-nbd" => "BG/NBD".into(),
        "mbg-nbd" => "MBG/NBD".into(),
        "bg-cnbd-k" => "BG/CNBD-k".into(),
        "mbg-cnbd-k" => "MBG/CNBD-k".into(),
        "ggom-nbd" => "GGom/NBD".into(),
        "bg-bb" => "BG/BB".into(),
        "gamma-gamma" => "gamma-gamma".into(),
        "log-normal" => "log-normal spend".into(),
        "log-normal-dependent" => "log-normal spend by frequency".into(),
        "log-normal-mixture" => "log-normal spend of two kinds".into(),
        "blend" => "the blend".into(),
        "ziln" => "boosted trees".into(),
        other => other.strip_prefix("naive-").unwrap_or(other).replace('-', " "),
    }
}

/// Whether the id is that of a naive baseline.
#[must_use]
pub fn is_naive(id: &str) -> bool {
    id.starts_with("naive-")
}

/// What a money axis or column is counted in: the currency, or "money" where the data do not tell it.
#[must_use]
pub fn money_unit(currency: Option<&str>) -> &str {
    currency.unwrap_or("money")
}
