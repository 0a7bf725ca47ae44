//! A model's parameter under the name its paper gives it.

/// One parameter and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// The paper's name, such as `alpha`.
    pub name: &'static str,
    /// Its value, in the unit of the model's parameter table.
    pub value: f64,
}
