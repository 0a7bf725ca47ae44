//! Customers made up from one purchase model, as an order file with its truth.

use clv_answers::{Table, Values};
use clv_models::purchase::PurchaseModel;
use clv_models::simulate::{SimulatedCustomer, simulate_customers, simulate_spends};
use clv_models::spend::GammaGamma;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::simulated_shop::SimulatedShop;
use crate::time::TimeUnit;

/// How customers of a model are made up.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationOptions {
    /// The first day, days since 1970-01-01.
    pub first_day: i32,
    /// Days of data.
    pub n_days: i32,
    /// Days from the first on over which first purchases are spread evenly, at least 1.
    pub acquisition_days: i32,
    /// Days after the data whose orders are truth only.
    pub future_days: i32,
    /// How many customers.
    pub n_customers: usize,
    /// Decides everything that chance decides.
    pub seed: u64,
    /// The unit of the model's parameters.
    pub unit: TimeUnit,
}

/// Simulates customers of `model` who spend by `spend`.
///
/// Orders carry whole days, as shops record them, so that two purchases of one day are one purchase occasion.
///
/// ```
/// use clv_models::purchase::pareto_nbd::ParetoNbd;
/// use clv_models::spend::GammaGamma;
/// use clv_studies::simulated_model::{SimulationOptions, simulate_model};
/// use clv_studies::time::TimeUnit;
/// let options = SimulationOptions {
///     first_day: 14_610,
///     n_days: 365,
///     acquisition_days: 90,
///     future_days: 90,
///     n_customers: 20,
///     seed: 1,
///     unit: TimeUnit::Week,
/// };
/// let model = ParetoNbd::new(0.55, 10.6, 0.61, 11.7)?;
/// let shop = simulate_model(&model, &GammaGamma::new(6.25, 3.74, 15.44)?, &options);
/// assert!(shop.table("orders").is_some_and(|orders| orders.n_rows() >= 20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn simulate_model(
    model: &dyn PurchaseModel,
    spend: &GammaGamma,
    options: &SimulationOptions,
) -> SimulatedShop {
    let mut random = StdRng::seed_from_u64(options.seed ^ 0x0f1a_57da);
    let last_start = options.acquisition_days.clamp(1, options.n_days.max(1));
    let mut born: Vec<i32> =
        (0..options.n_customers).map(|_| random.random_range(0..last_start)).collect();
    born.sort_unstable();
    let unit_days = options.unit.days();
    // A purchase of the first day belongs to a day's start: its age counts from there to the end of the last day.
    let ages: Vec<f64> =
        born.iter().map(|born| f64::from(options.n_days - 1 - born) / unit_days).collect();
    let future = f64::from(options.future_days) / unit_days;
    let customers = simulate_customers(&model.new_customer(), &ages, future, options.seed);
    let n_purchases: Vec<usize> =
        customers.iter().map(|customer| customer.purchase_times.len() + 1).collect();
    let spends = simulate_spends(spend, &n_purchases, options.seed ^ 0x00c0_ffee);
    let mut orders = Vec::new();
    for (number, customer) in customers.iter().enumerate() {
        let times = std::iter::once(0.0).chain(customer.purchase_times.iter().copied());
        for (time, amount) in times.zip(&spends[number]) {
            // Both are below 2^31: a shop has fewer days than that.
            let day = born[number] + (time * unit_days).floor() as i32;
            orders.push(Order { number, day, amount: (100.0 * amount).round() / 100.0 });
        }
    }
    orders.sort_by_key(|order| (order.day, order.number));
    let (seen, to_come): (Vec<Order>, Vec<Order>) =
        orders.into_iter().partition(|order| order.day < options.n_days);
    let truth = truth_table(&customers, &born, &to_come, options);
    SimulatedShop {
        tables: vec![("orders".to_owned(), order_table(&seen, options))],
        truth: vec![
            ("future_orders".to_owned(), order_table(&to_come, options)),
            ("customers".to_owned(), truth),
        ],
    }
}

/// One order.
struct Order {
    number: usize,
    day: i32,
    amount: f64,
}

fn customer_id(number: usize) -> String {
    format!("C{:07}", number + 1)
}

fn order_table(orders: &[Order], options: &SimulationOptions) -> Table {
    let ids = orders.iter().map(|order| customer_id(order.number)).collect();
    let days = orders.iter().map(|order| options.first_day + order.day).collect();
    Table::new()
        .with("customer_id", "", Values::Text(ids))
        .with("ordered_at", "date", Values::Date(days))
        .with("amount", "money", Values::Real(orders.iter().map(|order| order.amount).collect()))
}

fn truth_table(
    customers: &[SimulatedCustomer],
    born: &[i32],
    to_come: &[Order],
    options: &SimulationOptions,
) -> Table {
    let mut future_orders = vec![0_i64; customers.len()];
    let mut future_value = vec![0.0; customers.len()];
    for order in to_come {
        future_orders[order.number] += 1;
        future_value[order.number] += order.amount;
    }
    let last = options.n_days + options.future_days;
    let left = |(customer, born): (&SimulatedCustomer, &i32)| {
        let day = f64::from(*born) + customer.left_at * options.unit.days();
        (day < f64::from(last)).then(|| options.first_day + day.floor() as i32)
    };
    let rows = || customers.iter().zip(born);
    Table::new()
        .with("customer_id", "", Values::Text((0..customers.len()).map(customer_id).collect()))
        .with("left_at", "date", Values::OptionalDate(rows().map(left).collect()))
        .with(
            "is_alive",
            "",
            Values::Truth(customers.iter().map(SimulatedCustomer::is_alive).collect()),
        )
        .with("future_orders", "count", Values::Integer(future_orders))
        .with("future_value", "money", Values::Real(future_value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use clv_models::purchase::nbd::Nbd;

    use super::*;

    #[test]
    fn orders_come_as_often_as_the_model_says() {
        let options = SimulationOptions {
            first_day: 0,
            n_days: 364,
            acquisition_days: 1,
            future_days: 182,
            n_customers: 4000,
            seed: 9,
            unit: TimeUnit::Week,
        };
        let model = Nbd::new(2.0, 20.0).unwrap();
        let shop = simulate_model(&model, &GammaGamma::new(6.0, 4.0, 15.0).unwrap(), &options);
        let n = |table: &Table| table.n_rows() as f64 / 4000.0;
        let seen = n(shop.table("orders").unwrap()) - 1.0;
        let to_come = n(shop.truth("future_orders").unwrap());
        // Means 5.2 and 2.6 with a spread of about 4.3 and 2.5 over customers.
        assert!((seen - 5.2).abs() < 0.3, "{seen}");
        assert!((to_come - 2.6).abs() < 0.2, "{to_come}");
    }
}
