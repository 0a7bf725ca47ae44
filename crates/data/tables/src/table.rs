//! What a canonical table is: its columns with type and unit, its key, and the rows and batches made from one description.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::Day;
use crate::check::Check;

/// Digits of an amount of money, of which six stand after the point.
pub const MONEY_DIGITS: u8 = 18;
/// Digits after the point of an amount of money.
pub const MONEY_DECIMALS: i8 = 6;
/// The largest amount that a canonical table holds, in millionths of the currency unit.
pub const LARGEST_MONEY_MICROS: i64 = 999_999_999_999_999_999;

/// Text of a row that is being made, borrowed from the file where it stands there as it is.
pub type Text<'a> = Cow<'a, str>;

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub i64);

/// Money: millionths of the currency unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i64);

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A real number.
    Real,
    /// An amount of money, exact to a millionth of the currency unit.
    Money,
    /// A calendar day in the shop's time zone.
    Day,
    /// A moment, in UTC.
    Instant,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// The Arrow type of a column of this kind.
    ///
    /// ```
    /// use arrow::datatypes::DataType;
    /// assert_eq!(clv_tables::Kind::Money.data_type(), DataType::Decimal128(18, 6));
    /// ```
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Integer => DataType::Int64,
            Kind::Real => DataType::Float64,
            Kind::Money => DataType::Decimal128(MONEY_DIGITS, MONEY_DECIMALS),
            Kind::Day => DataType::Date32,
            Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Flag => DataType::Boolean,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Text => "text",
            Kind::Integer => "whole number",
            Kind::Real => "number",
            Kind::Money => "money",
            Kind::Day => "day",
            Kind::Instant => "moment",
            Kind::Flag => "yes or no",
        })
    }
}

/// One column of a canonical table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name in every surface.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether every row has a value.
    pub is_required: bool,
    /// What it means, with its unit; one sentence.
    pub meaning: &'static str,
    /// A value as it may stand in a row.
    pub example: &'static str,
}

/// A canonical table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The name, in snake case.
    pub name: &'static str,
    /// What one row is, in a few sentences.
    pub story: &'static str,
    /// The columns of its own, in order; those of [`ORIGIN`] follow.
    pub columns: &'static [Column],
    /// The columns that tell two rows apart, beside source and shop; the file and the row of [`ORIGIN`] may be among them.
    pub key: &'static [&'static str],
    /// The columns that name what is replaced as a whole when it comes again, beside source and shop: an order comes
    /// with all its lines.
    pub owner: &'static [&'static str],
    /// The column of days by which rows are laid out, if any; a row whose source tells no day has none in it.
    pub day: Option<&'static str>,
    /// What must hold in a row; [`Table::all_checks`] adds what follows from the kinds of the columns.
    pub checks: &'static [Check],
}

/// Where a row comes from: the columns that every canonical table ends with.
pub const ORIGIN: [Column; 4] = [
    Column {
        name: "source",
        kind: Kind::Text,
        is_required: true,
        meaning: "The importer that read the row.",
        example: "shopify-orders",
    },
    Column {
        name: "shop",
        kind: Kind::Text,
        is_required: true,
        meaning: "The shop or account that the row belongs to, empty where there is only one: order numbers repeat among shops.",
        example: "berlin",
    },
    Column {
        name: "file",
        kind: Kind::Text,
        is_required: true,
        meaning: "The file, as it was named at the import.",
        example: "orders_export.csv",
    },
    Column {
        name: "row",
        kind: Kind::Integer,
        is_required: true,
        meaning: "The row of the file, its heading being row 1; 0 where rows have no numbers.",
        example: "17",
    },
];

impl Table {
    /// All columns, with those of [`ORIGIN`] at the end.
    pub fn all_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().chain(&ORIGIN)
    }

    /// The Arrow schema of all columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .all_columns()
            .map(|column| Field::new(column.name, column.kind.data_type(), !column.is_required))
            .collect();
        Arc::new(Schema::new(fields))
    }

    /// One of the table's own columns or of [`ORIGIN`].
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.all_columns().find(|column| column.name == name)
    }
}

/// Where the row at hand comes from; see [`ORIGIN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin<'a> {
    /// The importer.
    pub source: &'a str,
    /// The shop or account; empty where there is only one.
    pub shop: &'a str,
    /// The file.
    pub file: &'a str,
    /// The row of the file; 0 where rows have no numbers.
    pub row: u64,
}

/// A value that a column can hold: its kind, and how it joins a column under construction.
pub trait CellValue {
    /// The column under construction.
    type Builder: Default + fmt::Debug;
    /// What the column holds.
    const KIND: Kind;
    /// Whether every row has a value.
    const IS_REQUIRED: bool;
    /// Puts the value at the end of the column.
    fn append_to(self, builder: &mut Self::Builder);
    /// The column, and an empty one in its place.
    fn finish(builder: &mut Self::Builder) -> ArrayRef;
}

/// Decimals of the scale of money.
#[derive(Debug)]
pub struct MoneyBuilder(Decimal128Builder);

impl Default for MoneyBuilder {
    fn default() -> MoneyBuilder {
        MoneyBuilder(Decimal128Builder::new().with_data_type(Kind::Money.data_type()))
    }
}

/// Moments in UTC.
#[derive(Debug)]
pub struct InstantBuilder(TimestampMicrosecondBuilder);

impl Default for InstantBuilder {
    fn default() -> InstantBuilder {
        InstantBuilder(TimestampMicrosecondBuilder::new().with_data_type(Kind::Instant.data_type()))
    }
}

macro_rules! cell_value {
    ($($type:ty, $builder:ty, $kind:ident, |$value:ident, $column:ident| $append:expr, $null:expr, $array:expr;)*) => {$(
        impl CellValue for $type {
            type Builder = $builder;
            const KIND: Kind = Kind::$kind;
            const IS_REQUIRED: bool = true;
            fn append_to(self, $column: &mut $builder) {
                let $value = self;
                $append;
            }
            fn finish($column: &mut $builder) -> ArrayRef {
                Arc::new($array)
            }
        }
        impl CellValue for Option<$type> {
            type Builder = $builder;
            const KIND: Kind = Kind::$kind;
            const IS_REQUIRED: bool = false;
            fn append_to(self, $column: &mut $builder) {
                match self {
                    Some($value) => $append,
                    None => $null,
                }
            }
            fn finish($column: &mut $builder) -> ArrayRef {
                Arc::new($array)
            }
        }
    )*};
}

cell_value! {
    Text<'_>, StringBuilder, Text, |value, column| column.append_value(value.as_ref()), column.append_null(), column.finish();
    i64, Int64Builder, Integer, |value, column| column.append_value(value), column.append_null(), column.finish();
    f64, Float64Builder, Real, |value, column| column.append_value(value), column.append_null(), column.finish();
    bool, BooleanBuilder, Flag, |value, column| column.append_value(value), column.append_null(), column.finish();
    Day, Date32Builder, Day, |value, column| column.append_value(value.0), column.append_null(), column.finish();
    Money, MoneyBuilder, Money, |value, column| column.0.append_value(i128::from(value.0)), column.0.append_null(), column.0.finish();
    Instant, InstantBuilder, Instant, |value, column| column.0.append_value(value.0), column.0.append_null(), column.0.finish();
}

/// Describes a canonical table once: the [`Table`], the struct of one row and the columns under construction.
///
/// The first line names them; then come key, owner and, where rows have one, the column of days; then the checks, each a
/// rule and the columns that it holds for; then the columns, each with its meaning as documentation, its type and an
/// example. The columns of [`ORIGIN`] are added by themselves.
macro_rules! canonical_table {
    (
        $(#[doc = $story:literal])+
        $name:literal, $row:ident, $rows:ident;
        key $($key:ident)*;
        owner $($owner:ident)*;
        $(day $day:ident;)?
        $(check $rule:ident $(($($argument:tt)*))?: $($checked:ident)+;)*
        $(
            #[doc = $meaning:literal]
            $column:ident: $kind:ident $(<$inner:ident>)? = $example:literal;
        )*
    ) => {
        use arrow::array::RecordBatch;
        use $crate::table::{CellValue, Column, Origin, Table};

        /// The table's description.
        pub static TABLE: Table = Table {
            name: $name,
            story: concat!($($story),+).trim_ascii(),
            columns: &[$(Column {
                name: stringify!($column),
                kind: <canonical_table!(@type 'static $kind $(<$inner>)?) as CellValue>::KIND,
                is_required: <canonical_table!(@type 'static $kind $(<$inner>)?) as CellValue>::IS_REQUIRED,
                meaning: $meaning.trim_ascii(),
                example: $example,
            }),*],
            key: &[$(stringify!($key)),*],
            owner: &[$(stringify!($owner)),*],
            day: canonical_table!(@day $($day)?),
            checks: &[$($crate::check::Check {
                rule: $crate::check::check_rule!($rule $(($($argument)*))?),
                columns: &[$(stringify!($checked)),+],
            }),*],
        };

        $(#[doc = $story])+
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $row<'a> {
            $(
                #[doc = $meaning]
                pub $column: canonical_table!(@type 'a $kind $(<$inner>)?),
            )*
        }

        /// Rows under construction.
        #[derive(Debug, Default)]
        pub struct $rows {
            $($column: <canonical_table!(@type 'static $kind $(<$inner>)?) as CellValue>::Builder,)*
            origin: $crate::table::OriginColumns,
        }

        impl $rows {
            /// Adds a row.
            pub fn push(&mut self, row: $row<'_>, origin: &Origin<'_>) {
                $(row.$column.append_to(&mut self.$column);)*
                self.origin.push(origin);
            }

            /// How many rows there are.
            #[must_use]
            pub fn len(&self) -> usize {
                self.origin.len()
            }

            /// Whether there is no row.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.origin.len() == 0
            }

            /// The rows so far, in the table's schema; none are left here.
            pub fn take(&mut self) -> RecordBatch {
                let mut columns = vec![$(<canonical_table!(@type 'static $kind $(<$inner>)?) as CellValue>::finish(&mut self.$column)),*];
                columns.extend(self.origin.take());
                RecordBatch::try_new(TABLE.schema(), columns).expect("the builders are of the schema's types and grow together")
            }
        }
    };
    (@type $life:lifetime Option<Text>) => { Option<$crate::table::Text<$life>> };
    (@type $life:lifetime Text) => { $crate::table::Text<$life> };
    (@type $life:lifetime Option<$kind:ident>) => { Option<canonical_table!(@plain $kind)> };
    (@type $life:lifetime $kind:ident) => { canonical_table!(@plain $kind) };
    (@plain Integer) => { i64 };
    (@plain Real) => { f64 };
    (@plain Flag) => { bool };
    (@plain Day) => { $crate::Day };
    (@plain Money) => { $crate::table::Money };
    (@plain Instant) => { $crate::table::Instant };
    (@day) => { None };
    (@day $day:ident) => { Some(stringify!($day)) };
}

pub(crate) use canonical_table;

/// The columns of [`ORIGIN`] under construction.
#[derive(Debug, Default)]
pub struct OriginColumns {
    source: StringBuilder,
    shop: StringBuilder,
    file: StringBuilder,
    row: Int64Builder,
    n: usize,
}

impl OriginColumns {
    /// Adds a row's origin.
    pub fn push(&mut self, origin: &Origin<'_>) {
        self.source.append_value(origin.source);
        self.shop.append_value(origin.shop);
        self.file.append_value(origin.file);
        self.row.append_value(origin.row as i64);
        self.n += 1;
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The columns so far; none are left here.
    pub fn take(&mut self) -> [ArrayRef; 4] {
        self.n = 0;
        [
            Arc::new(self.source.finish()),
            Arc::new(self.shop.finish()),
            Arc::new(self.file.finish()),
            Arc::new(self.row.finish()),
        ]
    }
}
