//! What first orders tell of customers besides their day and money.

use std::collections::HashMap;

use arrow::array::StringArray;

use super::columns::cell;
use super::rows::CustomerRef;

/// What each customer's first purchase day tells: whatever a later order says is not looked at.
#[derive(Debug, Default)]
pub struct FirstOrders {
    integers: HashMap<i64, FirstDay>,
    texts: HashMap<String, FirstDay>,
    attributes: Vec<Levels>,
}

/// One attribute's levels.
#[derive(Debug, Default)]
struct Levels {
    names: Vec<String>,
    places: HashMap<String, u32>,
}

/// A customer's first purchase day so far, and what its rows say of each attribute.
#[derive(Debug)]
struct FirstDay {
    day: i32,
    levels: Vec<Option<u32>>,
}

/// One attribute of first orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstOrderAttribute {
    /// Its levels, as they stand in the files.
    pub names: Vec<String>,
    /// The position of each customer's among them; none where the cells are blank.
    pub of_customer: Vec<Option<u32>>,
}

impl FirstOrders {
    /// Notes a row of a purchase: of an earlier day than known so far it says all, of the same day what the rows before
    /// it left blank, of a later day nothing.
    pub(super) fn note(
        &mut self,
        customer: &CustomerRef<'_>,
        day: i32,
        columns: &[Option<StringArray>],
        row: usize,
    ) {
        self.attributes.resize_with(columns.len(), Levels::default);
        let unknown = || FirstDay { day, levels: vec![None; columns.len()] };
        let known = match customer {
            CustomerRef::Integer(id) => self.integers.entry(*id).or_insert_with(unknown),
            CustomerRef::Text(id) => match self.texts.get_mut(*id) {
                Some(known) => known,
                None => self.texts.entry((*id).to_owned()).or_insert_with(unknown),
            },
            CustomerRef::Missing => return,
        };
        if day > known.day {
            return;
        }
        if day < known.day {
            known.day = day;
            known.levels.fill(None);
        }
        for ((level, column), of) in known.levels.iter_mut().zip(columns).zip(&mut self.attributes)
        {
            let text = cell(column, row);
            if level.is_none() && !text.is_empty() {
                *level = Some(of.place_of(text));
            }
        }
    }

    /// The attribute at this place in the plan, of the customers with these ids; none of whom is not known.
    #[must_use]
    pub fn of_integers(&self, attribute: usize, ids: &[i64]) -> FirstOrderAttribute {
        self.of(attribute, ids.iter().map(|id| self.integers.get(id)))
    }

    /// The same of customers whose ids are text.
    #[must_use]
    pub fn of_texts(&self, attribute: usize, ids: &[String]) -> FirstOrderAttribute {
        self.of(attribute, ids.iter().map(|id| self.texts.get(id)))
    }

    fn of<'a>(
        &self,
        attribute: usize,
        days: impl Iterator<Item = Option<&'a FirstDay>>,
    ) -> FirstOrderAttribute {
        let names = self.attributes.get(attribute).map_or_else(Vec::new, |of| of.names.clone());
        let level = |day: Option<&FirstDay>| day?.levels.get(attribute).copied().flatten();
        FirstOrderAttribute { names, of_customer: days.map(level).collect() }
    }
}

impl Levels {
    fn place_of(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = u32::try_from(self.names.len()).expect("there are fewer levels than 2^32");
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}
