//! What customers answered.

use crate::table::canonical_table;

canonical_table! {
    /// One answer to one question of a survey. A score always comes with its scale, so that answers on different scales are never mixed.
    "surveys", SurveyAnswer, Surveys;
    key response_id question;
    owner response_id;
    day answered_on;
    check not_blank: response_id question;
    check one_of("net_promoter_score" "customer_satisfaction" "customer_effort" "heard_from" "other"): kind;
    check some_of: score comment;
    check on_scale(scale_low scale_high): score;
    check not_before(asked_at): answered_at;
    check not_before(answered_on): followed_up_on;
    /// The response that the answer is part of; a link to a survey takes one response.
    response_id: Text = "r-3310";
    /// The question, by name or in its words.
    question: Text = "How likely are you to recommend us?";
    /// What is asked: net_promoter_score, customer_satisfaction, customer_effort, heard_from or other.
    kind: Text = "net_promoter_score";
    /// The survey, by name.
    survey: Option<Text> = "after delivery";
    /// The moment at which it was asked.
    asked_at: Option<Instant> = "2024-03-18T09:00:00Z";
    /// The day of the answer in the shop's time zone.
    answered_on: Day = "2024-03-18";
    /// The moment of the answer, where the source tells the time and its zone.
    answered_at: Option<Instant> = "2024-03-18T17:25:00Z";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The order that it is about.
    order_id: Option<Text> = "#1001";
    /// The ticket that it is about.
    ticket_id: Option<Text> = "T-2207";
    /// The product that it is about.
    product_id: Option<Text> = "MUG-BLUE";
    /// The score.
    score: Option<Real> = "9";
    /// The worst score that could be given.
    scale_low: Option<Real> = "0";
    /// The best score that could be given.
    scale_high: Option<Real> = "10";
    /// What the customer wrote or chose.
    comment: Option<Text> = "Quick help with the broken handle.";
    /// How it was asked.
    channel: Option<Text> = "email";
    /// The day on which somebody answered the customer; empty while nobody did.
    followed_up_on: Option<Day> = "2024-03-19";
}
