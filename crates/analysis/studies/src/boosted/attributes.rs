//! What first orders tell of customers, beside their days.

use clv_engine::{CustomerAttribute, Orders};

use crate::base::CustomerBase;
use crate::error::StudyError;
use crate::features::{Attribute, AttributeValues};

/// The base with the attributes of first orders that the files hold: channel, category, country, discount.
///
/// # Errors
/// [`StudyError`] where reading fails.
pub fn with_first_orders(base: CustomerBase, orders: &Orders) -> Result<CustomerBase, StudyError> {
    let attributes = orders.first_orders(base.ids())?.into_iter().map(attribute).collect();
    Ok(base.with_attributes(attributes))
}

/// Numbers where every level is one, such as discounts; else levels.
fn attribute(of: CustomerAttribute) -> Attribute {
    let numbers: Option<Vec<f64>> = of.names.iter().map(|name| number(name)).collect();
    let values = match numbers {
        Some(numbers) if of.role == "discount" => {
            let value = |level: &Option<u32>| level.map(|at| numbers[at as usize]);
            AttributeValues::Numbers(of.of_customer.iter().map(value).collect())
        }
        _ => AttributeValues::Levels { names: of.names, of_customer: of.of_customer },
    };
    Attribute { name: of.role.to_owned(), values }
}

/// A discount as a number: 5, 5.50, 5,50 or 10 %; none for a code.
fn number(text: &str) -> Option<f64> {
    let plain = text.trim_end_matches('%').trim();
    let is_comma = plain.matches(',').count() == 1 && !plain.contains('.');
    let plain = if is_comma { plain.replace(',', ".") } else { plain.to_owned() };
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discounts_are_numbers_where_all_of_them_are() {
        let of = |role: &'static str, names: &[&str]| {
            attribute(CustomerAttribute {
                role,
                names: names.iter().map(|name| (*name).to_owned()).collect(),
                of_customer: vec![Some(1), None, Some(0)],
            })
            .values
        };
        assert_eq!(
            of("discount", &["5,50", "10 %"]),
            AttributeValues::Numbers(vec![Some(10.0), None, Some(5.5)])
        );
        assert!(matches!(of("discount", &["5.50", "WELCOME"]), AttributeValues::Levels { .. }));
        // A category called 17 is no number.
        assert!(matches!(of("category", &["17", "18"]), AttributeValues::Levels { .. }));
    }
}
