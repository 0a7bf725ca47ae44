//! Comparing headings as people write them.

/// A heading without case, spaces, punctuation and accents of the usual Latin letters: `"Customer ID"` is `customerid`.
///
/// ```
/// use clv_importers::heading::plain;
/// assert_eq!(plain("Customer ID"), plain("customer_id"));
/// ```
pub fn plain(heading: &str) -> String {
    heading
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'ç' | 'č' => 'c',
            'è' | 'é' | 'ê' | 'ë' | 'ě' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ñ' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'š' => 's',
            'ž' => 'z',
            other => other,
        })
        .collect()
}

/// Whether a heading that [`plain`] has written is one that a pattern names: the same, or where the pattern ends or begins with
/// `*`, one that begins or ends with the rest of it.
///
/// ```
/// use clv_importers::heading::{fits, plain};
/// assert!(fits("Amount spent (*", &plain("Amount spent (EUR)")));
/// assert!(fits("*recommend us?", &plain("How likely are you to recommend us?")));
/// ```
#[must_use]
pub fn fits(pattern: &str, plain_heading: &str) -> bool {
    let wanted = plain(pattern);
    match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (false, false) => plain_heading == wanted,
        (false, true) => plain_heading.starts_with(&wanted),
        (true, false) => plain_heading.ends_with(&wanted),
        (true, true) => plain_heading.contains(&wanted),
    }
}

/// The candidate nearest to what was given, when it is near enough to have been meant.
///
/// ```
/// use clv_importers::heading::nearest;
/// assert_eq!(nearest("custmer", ["customer", "amount"]), Some("customer".into()));
/// assert_eq!(nearest("weight", ["customer", "amount"]), None);
/// ```
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = plain(given);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(&wanted, &plain(candidate)), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().max(wanted.len()) / 3)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Insertions, deletions and substitutions between two words.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_tell_headings_apart() {
        assert_eq!(plain("Customer ID"), plain("customer_id"));
        assert_eq!(plain("\u{feff}Émail"), "email");
    }

    #[test]
    fn the_nearest_heading_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("custmer", ["date", "customer"]).as_deref(), Some("customer"));
        assert_eq!(nearest("zzzzzz", ["date", "customer"]), None);
    }
}
