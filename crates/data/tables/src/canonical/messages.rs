//! Messages to customers, and what became of them.

use crate::table::canonical_table;

canonical_table! {
    /// One message to one person, or one person who was left out as control and got none.
    "messages", Message, Messages;
    key message_id;
    owner message_id;
    day sent_on;
    check not_blank: message_id channel;
    check some_of: customer_id email phone;
    check not_before(sent_at): delivered_at opened_at clicked_at bounced_at complained_at;
    /// The message's id.
    message_id: Text = "m-90211";
    /// The campaign, see `campaigns`.
    campaign_id: Option<Text> = "C-17";
    /// The day on which it was sent, or would have been, in the shop's time zone.
    sent_on: Day = "2024-03-16";
    /// The moment at which it was sent; empty for the control.
    sent_at: Option<Instant> = "2024-03-16T08:00:00Z";
    /// How it was sent: email, sms, push, letter, call, or the source's own word.
    channel: Text = "email";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
    /// The variant of the text.
    variant: Option<Text> = "A";
    /// Whether the person was left out as control: nothing was sent.
    is_control: Flag = "false";
    /// The moment at which it arrived.
    delivered_at: Option<Instant> = "2024-03-16T08:00:04Z";
    /// The moment at which it was first opened; programs open messages, too.
    opened_at: Option<Instant> = "2024-03-16T09:12:00Z";
    /// The moment at which a link was first clicked.
    clicked_at: Option<Instant> = "2024-03-16T09:12:40Z";
    /// The moment at which it came back.
    bounced_at: Option<Instant> = "2024-03-16T08:00:05Z";
    /// The moment at which the person asked for no more messages.
    unsubscribed_at: Option<Instant> = "2024-03-17T10:00:00Z";
    /// The moment at which the person called it unwanted.
    complained_at: Option<Instant> = "2024-03-17T10:01:00Z";
}
