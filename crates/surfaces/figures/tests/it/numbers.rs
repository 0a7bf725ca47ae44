//! Numbers as people read them.

use clv_figures::numbers::{
    compact, count, day, decimal, iso_day, money, money_compact, share, signed_share,
};

#[test]
fn numbers_are_written_as_people_write_them() {
    let rows = [
        (count(0), "0"),
        (count(999), "999"),
        (count(1_234_567), "1,234,567"),
        (decimal(-1_234.5, 2), "\u{2212}1,234.50"),
        (decimal(-0.004, 2), "0.00"),
        (decimal(f64::NAN, 2), "\u{2013}"),
        (decimal(f64::INFINITY, 0), "\u{2013}"),
        (money(12.3, Some("GBP")), "£12.30"),
        (money(999.999, Some("USD")), "$1,000"),
        (money(-1_234.4, Some("EUR")), "\u{2212}€1,234"),
        (money(-0.001, Some("EUR")), "€0.00"),
        (money(5.0, Some("CHF")), "CHF\u{a0}5.00"),
        (money(5.0, None), "5.00"),
        (money(f64::NAN, Some("GBP")), "\u{2013}"),
        (money_compact(4_318_870.2, Some("GBP")), "£4.32M"),
        (money_compact(1e12, Some("GBP")), "£1.00tn"),
        (compact(12_345.0), "12.3k"),
        (compact(9_999.7), "10.0k"),
        (compact(999_600.0), "1.00M"),
        (compact(1_234.4), "1,234"),
        (share(0.7412), "74\u{a0}%"),
        (share(0.0312), "3.1\u{a0}%"),
        (share(0.01), "1\u{a0}%"),
        (share(0.997), "99.7\u{a0}%"),
        (share(1.0), "100\u{a0}%"),
        (signed_share(0.115), "+11.5\u{a0}%"),
        (signed_share(-0.115), "\u{2212}11.5\u{a0}%"),
        (signed_share(0.0001), "0.0\u{a0}%"),
        (day("1997-09-30"), "30\u{a0}Sep\u{a0}1997"),
        (day("1997-09-30T10:00:00Z"), "30\u{a0}Sep\u{a0}1997"),
        (day("1997-13-30"), "1997-13-30"),
        (day("<b>"), "<b>"),
        (iso_day(0), "1970-01-01"),
        (iso_day(-1), "1969-12-31"),
        (iso_day(11_016), "2000-02-29"),
        (iso_day(11_017), "2000-03-01"),
        (iso_day(15_317), "2011-12-09"),
    ];
    for (written, expected) in rows {
        assert_eq!(written, expected);
    }
}
