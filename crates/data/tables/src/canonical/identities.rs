//! Which keys belong to one person.

use crate::table::canonical_table;

canonical_table! {
    /// One link between two keys of one person. Chains of links that hold make one person: an id linked to an e-mail address, and
    /// that address linked to another id, are three keys of one. A merge is undone by a link that holds no more; it stays as a row.
    /// E-mail addresses and telephone numbers are the same everywhere; the other keys are of the row's source and shop.
    "identities", IdentityLink, Identities;
    key key_kind key other_kind other_key;
    owner key_kind key other_kind other_key;
    check one_of("customer_unique_id" "customer_id" "email" "phone" "anonymous_id"): key_kind other_kind;
    check not_blank: key other_key rule;
    /// What the first key is: customer_unique_id, customer_id, email, phone or anonymous_id; of two kinds, the one named earlier here comes first.
    key_kind: Text = "customer_id";
    /// The first key; of two keys of one kind, the one that sorts first.
    key: Text = "5871";
    /// What the second key is, in the same words.
    other_kind: Text = "email";
    /// The second key.
    other_key: Text = "ada@example.com";
    /// Why the two are one: same_row where a row of the source names both, by_hand where a person said so, or the source's own rule.
    rule: Text = "same_row";
    /// Whether the link holds; false where a merge was undone.
    is_valid: Flag = "true";
    /// The moment of the last decision, where somebody took one.
    decided_at: Option<Instant> = "2024-03-09T13:05:00Z";
    /// Who took it.
    decided_by: Option<Text> = "grace";
    /// Why, in their words.
    reason: Option<Text> = "same postal address";
}
