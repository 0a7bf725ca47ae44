//! What a column can mean to an importer.

/// The part a column plays in an order row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Who ordered.
    CustomerId,
    /// Who ordered, where the first column is blank (a telephone number behind an e-mail address).
    CustomerFallback,
    /// When.
    OrderedAt,
    /// How much, the whole row.
    Amount,
    /// Which order the row belongs to.
    OrderId,
    /// A better order id that only the first row of an order carries.
    OrderNumber,
    /// How many pieces.
    Quantity,
    /// Price of one piece.
    UnitPrice,
    /// What was bought.
    ProductId,
    /// Where the order came from.
    Channel,
    /// The kind of what was bought.
    Category,
    /// What was let off, or by which code.
    Discount,
    /// Where it went.
    Country,
    /// Currency of the amounts.
    Currency,
    /// Whether the order was paid, voided, refunded.
    Status,
    /// Filled when the order was cancelled.
    CancelledAt,
    /// What was given back, undated.
    RefundedAmount,
    /// Whether an amount is a sale or a refund.
    TransactionKind,
}

impl Role {
    /// Every role that `--columns` can name.
    pub const ALL: [Role; 18] = [
        Role::CustomerId,
        Role::CustomerFallback,
        Role::OrderedAt,
        Role::Amount,
        Role::OrderId,
        Role::OrderNumber,
        Role::Quantity,
        Role::UnitPrice,
        Role::ProductId,
        Role::Channel,
        Role::Category,
        Role::Discount,
        Role::Country,
        Role::Currency,
        Role::Status,
        Role::CancelledAt,
        Role::RefundedAmount,
        Role::TransactionKind,
    ];

    /// The roles that say something of an order besides its customer, day and money: left alone, unless somebody asks what
    /// first orders tell.
    pub const ATTRIBUTES: [Role; 4] =
        [Role::Channel, Role::Category, Role::Country, Role::Discount];

    /// The name used in `--columns` and in messages.
    pub fn id(self) -> &'static str {
        match self {
            Role::CustomerId => "customer_id",
            Role::CustomerFallback => "customer_fallback",
            Role::OrderedAt => "ordered_at",
            Role::Amount => "amount",
            Role::OrderId => "order_id",
            Role::OrderNumber => "order_number",
            Role::Quantity => "quantity",
            Role::UnitPrice => "unit_price",
            Role::ProductId => "product_id",
            Role::Channel => "channel",
            Role::Category => "category",
            Role::Discount => "discount",
            Role::Country => "country",
            Role::Currency => "currency",
            Role::Status => "status",
            Role::CancelledAt => "cancelled_at",
            Role::RefundedAmount => "refunded_amount",
            Role::TransactionKind => "transaction_kind",
        }
    }

    /// Whether order rows are made from the column; the others are shown and otherwise left alone.
    pub fn is_read(self) -> bool {
        !(self.is_attribute() || self == Role::ProductId)
    }

    /// Whether the column says something of an order besides its customer, day and money.
    pub fn is_attribute(self) -> bool {
        Role::ATTRIBUTES.contains(&self)
    }

    /// Whether the column holds money or counts.
    pub fn is_number(self) -> bool {
        matches!(self, Role::Amount | Role::Quantity | Role::UnitPrice | Role::RefundedAmount)
    }
}
