//! What is on sale, and what goes into a basket.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Poisson, StandardNormal};

use super::people::{Person, pick};
use super::settings::ProductSettings;

/// One product.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Product {
    pub(super) category: usize,
    /// Price in hundredths of the currency unit.
    pub(super) price: i64,
    /// Unit cost in hundredths of the currency unit.
    pub(super) cost: i64,
    /// Weight among the products of its category.
    popularity: f64,
    /// The product that it pulls into the basket.
    pub(super) companion: usize,
}

/// The whole catalogue.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Catalogue {
    pub(super) products: Vec<Product>,
    n_categories: usize,
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) product: usize,
    pub(super) quantity: i64,
    /// Price of one unit after discount, in hundredths.
    pub(super) unit_price: i64,
    /// Whether it was pulled in by the companion before it.
    pub(super) is_companion: bool,
    pub(super) is_returned: bool,
}

impl Catalogue {
    /// Products whose prices are log-normal and whose popularity falls with their rank.
    pub(super) fn new(settings: &ProductSettings, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ 0xca7a_1096);
        let n = settings.n_products;
        let n_categories = settings.categories.len();
        let products = (0..n)
            .map(|number| {
                let normal: f64 = StandardNormal.sample(&mut random);
                let price = settings.median_price * (settings.sd_ln_price * normal).exp();
                let price = (100.0 * price).round().max(50.0) as i64;
                Product {
                    category: number % n_categories,
                    price,
                    cost: (price as f64 * settings.cost_share).round() as i64,
                    popularity: 1.0 / (1.0 + (number / n_categories) as f64),
                    companion: random.random_range(0..n),
                }
            })
            .collect();
        Self { products, n_categories }
    }

    /// What a customer puts into a basket at this discount.
    pub(super) fn basket(
        &self,
        person: &Person,
        settings: &ProductSettings,
        discount: f64,
        random: &mut StdRng,
    ) -> Vec<Line> {
        let extra = Poisson::new(settings.mean_extra_lines)
            .map_or(0.0, |poisson: Poisson<f64>| poisson.sample(random))
            as usize;
        let mut lines = Vec::with_capacity(extra + 2);
        let line = |product: usize, is_companion: bool, random: &mut StdRng| {
            let list_price = self.products[product].price as f64;
            Line {
                product,
                quantity: if random.random::<f64>() < 0.85 { 1 } else { 2 },
                unit_price: (list_price * (1.0 - discount)).round() as i64,
                is_companion,
                is_returned: random.random::<f64>() < settings.return_share,
            }
        };
        for _ in 0..=extra {
            let product = self.draw(person, random);
            lines.push(line(product, false, random));
            if random.random::<f64>() < settings.companion_share {
                lines.push(line(self.products[product].companion, true, random));
            }
        }
        lines
    }

    /// A product of the favourite category half of the time; dear ones for those who spend.
    fn draw(&self, person: &Person, random: &mut StdRng) -> usize {
        let category = if random.random::<f64>() < 0.5 {
            person.favourite
        } else {
            random.random_range(0..self.n_categories)
        };
        let weight = |product: &Product| {
            let taste = (product.price as f64 / 2000.0).ln() * person.spend.ln();
            product.popularity * taste.exp()
        };
        let of_category = || {
            let all = self.products.iter().enumerate();
            all.filter(|(_, product)| product.category == category)
        };
        let total: f64 = of_category().map(|(_, product)| weight(product)).sum();
        let place = pick(of_category().map(|(_, product)| weight(product) / total), random);
        of_category().nth(place).map_or(0, |(number, _)| number)
    }
}
