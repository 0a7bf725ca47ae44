//! Olist's products: category, size and weight; they have no names.

use clv_tables::Rule;
use clv_tables::canonical::products::{self, Product};
use serde_json::{Map, Value};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-products",
    title: "Olist products",
    signature: &["product_id", "product_category_name", "product_photos_qty", "product_weight_g"],
    not: &["order_id"],
    columns: COLUMNS,
    tables: &[&products::TABLE],
    caution: "products have neither names nor prices: prices stand on the lines of orders",
    reader: || Box::new(Reader),
};

source_columns! {
    PRODUCT_ID "product_id" Text needed ["product_id"];
    CATEGORY "category" Text optional ["product_category_name"];
    PHOTOS "photos" Number optional ["product_photos_qty"];
    WEIGHT "weight_g" Number optional ["product_weight_g"];
    LENGTH "length_cm" Number optional ["product_length_cm"];
    HEIGHT "height_cm" Number optional ["product_height_cm"];
    WIDTH "width_cm" Number optional ["product_width_cm"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let product_id = cells.needed_text(PRODUCT_ID, Rule::NoOrder)?;
        let mut attributes = Map::new();
        for column in [PHOTOS, WEIGHT, LENGTH, HEIGHT, WIDTH] {
            if let Some(number) = cells.number(column) {
                attributes.insert(COLUMNS[column].id.to_owned(), Value::from(number));
            }
        }
        out.rows.products.push(
            Product {
                product_id: product_id.into(),
                category: cells.text(CATEGORY).map(Into::into),
                attributes: (!attributes.is_empty())
                    .then(|| Value::Object(attributes).to_string().into()),
                ..Product::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
