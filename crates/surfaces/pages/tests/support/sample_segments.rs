//! Segments of the made-up shop.

use clv_answers::segments::{Segment, Segments};

/// Customers, value so far, value to come, its share, chance of another order.
type Numbers = (u64, f64, f64, f64, f64);

fn segment(name: &str, numbers: Numbers, rule: &str, advice: &str) -> Segment {
    let (n_customers, historic_value, residual_value, residual_share, chance) = numbers;
    Segment {
        segment: name.to_lowercase().replace(' ', "-"),
        name: name.into(),
        rule: rule.into(),
        n_customers,
        customer_share: n_customers as f64 / 4_338.0,
        historic_value,
        residual_value,
        residual_share,
        mean_probability_next_order: chance,
        advice: advice.into(),
    }
}

pub(crate) fn value_segments() -> Segments {
    Segments {
        scheme: "value".into(),
        how: "Customers are ranked by expected future value: the first 1 % are Top, the next 9 % High, the next 30 % \
              Middle, the rest Low; equal values stay together in the higher group."
            .into(),
        segments: vec![
            segment(
                "Top",
                (43, 2_610_400.0, 1_251_000.0, 0.29, 0.992),
                "The first 1 % by expected future value.",
                "Give them a person to call, and ask before they leave.",
            ),
            segment(
                "High",
                (391, 2_904_100.0, 1_370_300.0, 0.317, 0.961),
                "The next 9 %.",
                "Offer early access and keep what they buy in stock.",
            ),
            segment(
                "Middle",
                (1_301, 2_290_800.0, 1_188_400.0, 0.275, 0.84),
                "The next 30 %.",
                "Help them to the next order in time: remind them when they usually buy.",
            ),
            segment(
                "Low",
                (2_603, 1_081_900.0, 509_170.2, 0.118, 0.41),
                "All others.",
                "Keep contact cheap: newsletters, no discounts by hand.",
            ),
        ],
    }
}

pub(crate) fn rfm_segments() -> Segments {
    let rows: [(&str, Numbers, &str, &str); 6] = [
        (
            "Champions",
            (948, 5_480_200.0, 2_901_400.0, 0.672, 0.971),
            "Bought lately, often and for much.",
            "Thank them, and let them see new things first.",
        ),
        (
            "Loyal",
            (602, 1_402_100.0, 604_300.0, 0.14, 0.902),
            "Buy often; the last order is not long ago.",
            "Offer the larger size and the things that go with what they buy.",
        ),
        (
            "Promising",
            (811, 504_700.0, 391_200.0, 0.09, 0.713),
            "New, or few orders, but lately.",
            "Win the next order within their usual time.",
        ),
        (
            "Needing attention",
            (640, 702_400.0, 241_800.0, 0.056, 0.552),
            "Good customers who are getting quiet.",
            "Ask what went wrong; remind them of what they liked.",
        ),
        (
            "At risk",
            (498, 611_300.0, 128_900.0, 0.03, 0.322),
            "Bought often, but not for long.",
            "Write to them personally, with a test group left out.",
        ),
        (
            "Lost",
            (839, 186_508.89, 51_270.2, 0.012, 0.121),
            "Few orders, long ago.",
            "Spend nothing on them beyond the newsletter.",
        ),
    ];
    Segments {
        scheme: "rfm".into(),
        how: "Each customer gets 1 to 5 for how recently, how often and for how much they bought, by fifths; equal \
              values get equal scores."
            .into(),
        segments: rows.into_iter().map(|(name, n, rule, advice)| segment(name, n, rule, advice)).collect(),
    }
}
