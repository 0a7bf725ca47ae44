//! Who is one person: keys that links of `identities` join, and the name by which each person goes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use arrow::array::{AsArray, StringArray};
use clv_tables::canonical::identities::TABLE;
use clv_tables::hash::hash_bytes;

use crate::error::EngineError;
use crate::lake::{LakeError, LakeSnapshot};

/// The kinds of keys, the one that names a person first.
const KINDS: [&str; 5] = ["customer_unique_id", "customer_id", "email", "phone", "anonymous_id"];

/// A telephone number with more e-mail addresses than this is an office's or a family's and joins nobody.
const MOST_ADDRESSES_OF_A_PHONE: usize = 2;

/// A key of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    /// One of [`KINDS`].
    pub(crate) kind: &'a str,
    /// The importer that the row is of.
    pub(crate) source: &'a str,
    /// The shop that the row is of.
    pub(crate) shop: &'a str,
    /// The key itself.
    pub(crate) key: &'a str,
}

impl Key<'_> {
    /// E-mail addresses and telephone numbers are the same everywhere; other keys are of their platform and shop.
    fn is_everywhere(&self) -> bool {
        matches!(self.kind, "email" | "phone")
    }

    fn hash(&self) -> u64 {
        let mut text = String::with_capacity(self.key.len() + 32);
        text.push_str(self.kind);
        text.push('\0');
        if !self.is_everywhere() {
            text.push_str(platform(self.source));
            text.push('\0');
            text.push_str(self.shop);
            text.push('\0');
        }
        text.push_str(self.key);
        hash_bytes(text.as_bytes())
    }

    fn rank(&self) -> usize {
        KINDS.iter().position(|kind| *kind == self.kind).unwrap_or(KINDS.len())
    }
}

/// The platform of an importer: the exports of one platform share their ids.
///
/// `shopify-orders` and `shopify-customers` are both of `shopify`.
pub(crate) fn platform(source: &str) -> &str {
    source.split_once('-').map_or(source, |(platform, _)| platform)
}

/// All links of a lake that hold, as groups of keys.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// The group of each key that some link names.
    groups: HashMap<u64, u32>,
    /// The name of each group.
    names: Vec<String>,
    /// Whether ids of several platforms or shops must be told apart.
    has_several_shops: bool,
}

impl People {
    /// Reads the links.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub(crate) fn load(
        snapshot: &LakeSnapshot,
        has_several_shops: bool,
    ) -> Result<People, EngineError> {
        let mut links = Links { has_several_shops, ..Links::default() };
        let columns = ["key_kind", "key", "other_kind", "other_key", "is_valid", "source", "shop"];
        snapshot.read(&TABLE, &columns, |batch| {
            let text = |at: usize| -> &StringArray { batch.column(at).as_string::<i32>() };
            let is_valid = batch.column(4).as_boolean();
            for i in 0..batch.num_rows() {
                let (source, shop) = (text(5).value(i), text(6).value(i));
                let key = |at: usize| Key {
                    kind: text(at).value(i),
                    source,
                    shop,
                    key: text(at + 1).value(i),
                };
                links.add(key(0), key(2), is_valid.value(i));
            }
            Ok::<(), LakeError>(())
        })?;
        Ok(links.join())
    }

    /// The name of the person who has a key: the first key of their group, or the key itself where nothing is linked to it.
    pub(crate) fn name<'a>(&'a self, key: &Key<'a>) -> Cow<'a, str> {
        match self.groups.get(&key.hash()) {
            Some(group) => Cow::Borrowed(self.names[*group as usize].as_str()),
            None => shown(key, self.has_several_shops),
        }
    }
}

/// A key as a person's name: ids carry their platform and shop where there are several.
fn shown<'a>(key: &Key<'a>, has_several_shops: bool) -> Cow<'a, str> {
    if !has_several_shops || key.is_everywhere() {
        return Cow::Borrowed(key.key);
    }
    let platform = platform(key.source);
    Cow::Owned(match key.shop {
        "" => format!("{platform}:{}", key.key),
        shop => format!("{platform}:{shop}:{}", key.key),
    })
}

#[derive(Debug, Default)]
struct Links {
    has_several_shops: bool,
    numbers: HashMap<u64, u32>,
    /// For each key its rank among kinds and its name.
    keys: Vec<(usize, String)>,
    pairs: Vec<(u32, u32)>,
    undone: HashSet<(u32, u32)>,
    addresses_of_phone: HashMap<u32, HashSet<u32>>,
}

impl Links {
    fn add(&mut self, one: Key<'_>, other: Key<'_>, is_valid: bool) {
        let (a, b) = (self.number(&one), self.number(&other));
        let pair = (a.min(b), a.max(b));
        if !is_valid {
            self.undone.insert(pair);
            return;
        }
        for (phone, address) in [(&one, &other), (&other, &one)] {
            if phone.kind == "phone" && address.kind == "email" {
                let (phone, address) = if phone.key == one.key { (a, b) } else { (b, a) };
                self.addresses_of_phone.entry(phone).or_default().insert(address);
            }
        }
        self.pairs.push(pair);
    }

    fn number(&mut self, key: &Key<'_>) -> u32 {
        let next = self.keys.len() as u32;
        let number = *self.numbers.entry(key.hash()).or_insert(next);
        if number == next {
            self.keys.push((key.rank(), shown(key, self.has_several_shops).into_owned()));
        }
        number
    }

    /// Joins what is linked, directly or by others.
    fn join(self) -> People {
        let mut parents: Vec<u32> = (0..self.keys.len() as u32).collect();
        let is_shared = |key: &u32| {
            self.addresses_of_phone.get(key).is_some_and(|of| of.len() > MOST_ADDRESSES_OF_A_PHONE)
        };
        for pair in &self.pairs {
            if self.undone.contains(pair) || is_shared(&pair.0) || is_shared(&pair.1) {
                continue;
            }
            let (a, b) = (root(&mut parents, pair.0), root(&mut parents, pair.1));
            // The smaller number stays the root, so that the order of links changes nothing.
            parents[a.max(b) as usize] = a.min(b);
        }
        let mut best: HashMap<u32, u32> = HashMap::new();
        for key in 0..self.keys.len() as u32 {
            let root = root(&mut parents, key);
            let first = best.entry(root).or_insert(key);
            if self.keys[key as usize] < self.keys[*first as usize] {
                *first = key;
            }
        }
        let mut names = Vec::with_capacity(best.len());
        let mut group_of_root = HashMap::with_capacity(best.len());
        for (root, key) in best {
            group_of_root.insert(root, names.len() as u32);
            names.push(self.keys[key as usize].1.clone());
        }
        let groups = self
            .numbers
            .iter()
            .map(|(hash, key)| (*hash, group_of_root[&root(&mut parents, *key)]))
            .collect();
        People { groups, names, has_several_shops: self.has_several_shops }
    }
}

fn root(parents: &mut [u32], mut key: u32) -> u32 {
    while parents[key as usize] != key {
        parents[key as usize] = parents[parents[key as usize] as usize];
        key = parents[key as usize];
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(kind: &'a str, key: &'a str) -> Key<'a> {
        Key { kind, source: "shopify-orders", shop: "", key }
    }

    fn people(links: &[(Key<'_>, Key<'_>, bool)]) -> People {
        let mut all = Links::default();
        links.iter().for_each(|(one, other, is_valid)| all.add(*one, *other, *is_valid));
        all.join()
    }

    #[test]
    fn chains_of_links_make_one_person_named_by_the_strongest_key() {
        let people = people(&[
            (key("email", "a@x.com"), key("phone", "+491"), true),
            (key("customer_id", "7"), key("email", "a@x.com"), true),
            (key("customer_id", "9"), key("email", "b@x.com"), true),
        ]);
        assert_eq!(people.name(&key("phone", "+491")), "7");
        assert_eq!(people.name(&key("email", "b@x.com")), "9");
        assert_eq!(people.name(&key("email", "c@x.com")), "c@x.com");
    }

    #[test]
    fn a_merge_that_was_undone_joins_nobody_whoever_made_it() {
        let link = (key("customer_id", "7"), key("email", "a@x.com"));
        let undone = people(&[(link.0, link.1, true), (link.1, link.0, false)]);
        assert_eq!(undone.name(&link.1), "a@x.com");
    }

    #[test]
    fn a_telephone_number_of_many_addresses_joins_nobody() {
        let phone = key("phone", "+491");
        let addresses = ["a@x.com", "b@x.com", "c@x.com"];
        let links: Vec<_> = addresses.iter().map(|of| (key("email", of), phone, true)).collect();
        assert_eq!(people(&links).name(&key("email", "b@x.com")), "b@x.com");
        assert_eq!(people(&links[..2]).name(&key("email", "b@x.com")), "a@x.com");
    }

    #[test]
    fn ids_of_two_shops_are_two_people_and_an_address_joins_them() {
        let mut links = Links { has_several_shops: true, ..Links::default() };
        let berlin = Key { shop: "berlin", ..key("customer_id", "7") };
        let paris = Key { shop: "paris", ..key("customer_id", "7") };
        links.add(paris, key("email", "a@x.com"), true);
        let people = links.join();
        assert_eq!(people.name(&berlin), "shopify:berlin:7");
        assert_eq!(people.name(&key("email", "a@x.com")), "shopify:paris:7");
    }
}
