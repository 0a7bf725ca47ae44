//! Texts that rows share in part: each row's is one of some beginnings followed by one of some endings.
//!
//! A million sentences made of three hundred thousand beginnings would fill a hundred megabytes; kept apart they take a
//! third of it, and none of them is made before it is written.

/// One text for each row, kept as a beginning and an ending.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JoinedTexts {
    /// All beginnings, one after the other.
    beginnings: String,
    /// Where each of them ends.
    ends: Vec<u32>,
    beginning_of_row: Vec<u32>,
    endings: Vec<String>,
    ending_of_row: Vec<u32>,
}

impl JoinedTexts {
    /// Adds a beginning that rows may have and gives its place; `write` appends it to what is there.
    ///
    /// # Panics
    /// Beyond 4 GB of beginnings, more than four billion letters of reasons.
    pub fn add_beginning(&mut self, write: impl FnOnce(&mut String)) -> u32 {
        write(&mut self.beginnings);
        self.ends.push(u32::try_from(self.beginnings.len()).expect("reasons stay below 4 GB"));
        self.ends.len() as u32 - 1
    }

    /// Adds an ending that rows may have and gives its place.
    pub fn add_ending(&mut self, ending: String) -> u32 {
        self.endings.push(ending);
        self.endings.len() as u32 - 1
    }

    /// With the places of each row's beginning and ending.
    ///
    /// # Panics
    /// Where the two have different lengths or name a place that there is not: a programming error.
    ///
    /// ```
    /// use clv_answers::JoinedTexts;
    /// let mut texts = JoinedTexts::default();
    /// let two = texts.add_beginning(|text| text.push_str("2 orders"));
    /// let three = texts.add_beginning(|text| text.push_str("3 orders"));
    /// let (plain, large) = (texts.add_ending(String::new()), texts.add_ending("; large".to_owned()));
    /// let texts = texts.with_rows(vec![three, two, two], vec![plain, plain, large]);
    /// assert_eq!(texts.text(2), "2 orders; large");
    /// assert_eq!(texts.text(0), "3 orders");
    /// ```
    #[must_use]
    pub fn with_rows(mut self, beginning_of_row: Vec<u32>, ending_of_row: Vec<u32>) -> Self {
        assert_eq!(beginning_of_row.len(), ending_of_row.len(), "each row has both");
        let are_known = |places: &[u32], n: usize| places.iter().all(|at| (*at as usize) < n);
        assert!(are_known(&beginning_of_row, self.ends.len()), "a beginning is not there");
        assert!(are_known(&ending_of_row, self.endings.len()), "an ending is not there");
        (self.beginning_of_row, self.ending_of_row) = (beginning_of_row, ending_of_row);
        self
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.beginning_of_row.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.beginning_of_row.is_empty()
    }

    /// The text of a row, in its two parts.
    #[must_use]
    pub fn parts(&self, row: usize) -> (&str, &str) {
        let place = self.beginning_of_row[row] as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        let beginning = &self.beginnings[start..self.ends[place] as usize];
        (beginning, &self.endings[self.ending_of_row[row] as usize])
    }

    /// The text of a row.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        let (beginning, ending) = self.parts(row);
        [beginning, ending].concat()
    }
}
