//! Mailing, service and surveys: consent is not an absence of an answer, forecasts of others are stated, questions are found.

use serde_json::json;

use crate::read::{TextFile, Wish, import};

#[test]
fn klaviyo_tells_consent_and_its_own_forecasts() {
    let imported = import(
        "Email,Klaviyo ID,First Name,Last Name,Phone Number,Zip Code,Source,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions,Profile Created On,Historic Customer Lifetime Value,Predicted Customer Lifetime Value,Total Customer Lifetime Value,Historic Number Of Orders,Average Days Between Orders\n\
         Ada@Example.com,01H1,Ada,L,'+4930123456,'01099,Footer,SUBSCRIBED,2024-02-11,,2024-02-11 09:30:00,412.30,120.00,532.30,7,30.5\n\
         bob@example.com,01H2,Bob,B,,,,NEVER_SUBSCRIBED,,,2024-02-12 09:30:00,0,,0,0,\n\
         cy@example.com,01H3,Cy,C,,,,SUBSCRIBED,2024-02-11 09:30:00,\"[\"\"UNSUBSCRIBE\"\"]\",2024-02-12 09:30:00,,,,,\n\
         di@example.com,01H4,Di,D,,,,SUBSCRIBED,2024-02-11 09:30:00,\"[\"\"HARD_BOUNCE\"\"]\",2024-02-12 09:30:00,,,,,\n\
         ,,No,Body,,,,,,,,,,,,\n",
    )
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("klaviyo", 1.0));
    assert_eq!(
        imported.list(
            "customers",
            "customer_id email phone postal_code is_email_allowed consented_at known_from"
        ),
        [
            "01H1|ada@example.com|+4930123456|01099|true|2024-02-11T00:00:00Z|2024-02-11",
            "01H2|bob@example.com|||||2024-02-12",
            "01H3|cy@example.com|||false|2024-02-11T09:30:00Z|2024-02-12",
            "01H4|di@example.com|||true|2024-02-11T09:30:00Z|2024-02-12"
        ]
    );
    assert_eq!(
        imported.list(
            "customers",
            "stated_orders stated_total stated_residual_value stated_lifetime_value attributes"
        )[0],
        "7|412.300000|120.000000|532.300000|{\"days_between_orders\":30.5}"
    );
    assert_eq!(imported.put_aside(), [("no_customer", 1)]);
}

#[test]
fn a_file_made_for_klaviyo_is_read_back() {
    let imported = import(
        "Email Address,First Name,Email Marketing Consent,Email Marketing Consent Timestamp\n\
         ada@example.com,Ada,Subscribe,2024-02-11T09:30:00Z\nbob@example.com,Bob,Unsubscribed,\n",
    )
    .unwrap();
    assert_eq!(imported.importer, "klaviyo");
    assert_eq!(
        imported.list("customers", "customer_id is_email_allowed consented_at"),
        ["ada@example.com|true|2024-02-11T09:30:00Z", "bob@example.com|false|"]
    );
}

#[test]
fn minutes_of_zendesk_come_by_the_calendar_and_within_business_hours() {
    let headings = "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,Due date,Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,Reopens,Replies,First reply time in minutes,First reply time in minutes within business hours,First resolution time in minutes,First resolution time in minutes within business hours,Full resolution time in minutes,Full resolution time in minutes within business hours";
    let imported = import(&format!(
        "{headings}\n\
         1,2207,Ada,71,,Ada@Example.com,example.com,Ada,Grace,Service,\"Handle, broken\",\"breakage,mug\",Solved,Normal,Mail,Incident,2024-03-15 08:10:00 +0000,,,,,,2024-03-15 16:40:00 +0000,8.5,Good,1,1,0,2,42,12,510,300,510,300\n\
         1,2208,Bob,72,,,,Bob,,Service,?,,Open,-,Web,,2024-03-16 08:10:00 +0000,,,,,,,,Not Offered,1,1,,,,,,,,\n\
         1,2209,Bob,72,,,,Bob,,Service,?,,Solved,-,Web,,2024-03-16 08:10:00 +0000,,,,,,2024-03-15 08:10:00 +0000,,,,,,,,,,,,\n\
         1,,Bob,72,,,,Bob,,Service,?,,Open,-,Web,,2024-03-16 08:10:00 +0000,,,,,,,,,,,,,,,,,,\n"
    ))
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("zendesk", 1.0));
    assert_eq!(
        imported.list("tickets", "ticket_id opened_at solved_at customer_id email kind channel status priority agent tags first_reply_minutes first_reply_business_minutes solved_minutes reopens replies satisfaction"),
        [
            "2207|2024-03-15T08:10:00Z|2024-03-15T16:40:00Z|71|ada@example.com|incident|mail|solved|normal|Grace|breakage,mug|42.0|12.0|510.0|0|2|good",
            "2208|2024-03-16T08:10:00Z||72|||web|open|||||||||not offered"
        ]
    );
    assert_eq!(imported.put_aside(), [("ends_before_start", 1), ("no_order", 1)]);
}

#[test]
fn an_address_of_delighted_may_stand_in_a_property() {
    let response = |id: &str, score: u32, kind: &str| {
        json!({"id": id, "person": "10", "survey_type": kind, "score": score, "comment": "Quick help", "permalink": "https://example.com/r/1",
               "created_at": 1_713_418_460, "updated_at": null, "person_properties": {"mail": "Ada@Example.com", "country": "USA"}, "notes": [], "tags": []})
    };
    let imported = TextFile::json(&[
        response("1", 9, "nps"),
        response("2", 4, "csat"),
        response("3", 1, "thumbs"),
        response("4", 11, "nps"),
    ])
    .import(&Wish::default())
    .unwrap();
    assert_eq!(imported.importer, "delighted");
    assert_eq!(
        imported.list(
            "surveys",
            "response_id kind answered_at email score scale_low scale_high comment"
        ),
        [
            "1|net_promoter_score|2024-04-18T05:34:20Z|ada@example.com|9.0|0.0|10.0|Quick help",
            "2|customer_satisfaction|2024-04-18T05:34:20Z|ada@example.com|4.0|1.0|5.0|Quick help",
            "3|other|2024-04-18T05:34:20Z|ada@example.com|1.0|||Quick help"
        ]
    );
    assert_eq!(imported.put_aside(), [("unreadable_amount", 1)]);
}

#[test]
fn the_second_heading_of_surveymonkey_is_no_response() {
    let imported = import(
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1,How satisfied are you?,How likely is it that you would recommend us to a friend?,,What is the main reason for your score?\n\
         ,,,,,,,,,Response,Response,Because,Open-Ended Response\n\
         1181,402,03/09/2024 09:14:00 AM,03/09/2024 09:18:22 AM,1.2.3.4,,,,Ada@Example.com,4,Extremely likely - 10,x,Quick help\n\
         1182,402,03/13/2024 09:14:00 PM,03/13/2024 09:18:22 PM,1.2.3.4,,,,bob@example.com,5,7,x,\n\
         1183,402,03/13/2024 09:14:00 PM,03/13/2024 09:18:22 PM,1.2.3.4,,,,,5,,x,\n\
         1184,402,03/13/2024 09:14:00 PM,,1.2.3.4,,,,,5,0,x,slow\n\
         ,402,03/13/2024 09:14:00 PM,,1.2.3.4,,,,,5,3,x,slow\n",
    )
    .unwrap();
    assert_eq!((imported.importer, imported.confidence), ("surveymonkey", 1.0));
    assert_eq!(
        imported.list(
            "surveys",
            "response_id survey kind question answered_on email score scale_high comment"
        ),
        [
            "1181|402|net_promoter_score|How likely is it that you would recommend us to a friend?|2024-03-09|ada@example.com|10.0|10.0|Quick help",
            "1182|402|net_promoter_score|How likely is it that you would recommend us to a friend?|2024-03-13|bob@example.com|7.0|10.0|",
            "1184|402|net_promoter_score|How likely is it that you would recommend us to a friend?|2024-03-13||0.0|10.0|slow"
        ]
    );
    assert_eq!(imported.put_aside(), [("no_order", 1)]);
}

#[test]
fn the_question_of_typeform_is_found_by_its_answers() {
    let text = "#,Your mail,Rate the delivery,Rate us,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID,Tags\n\
         hef1,ada@example.com,4,9,completed,2024-03-09 09:14:00,,2024-03-09 09:18:22,938f,\n\
         hef2,,5,3,partial,2024-03-10 09:14:00,2024-03-10 09:15:00,,938f,\n\
         hef3,,5,,partial,2024-03-10 09:14:00,2024-03-10 09:15:00,,938f,\n";
    let imported = import(text).unwrap();
    assert_eq!((imported.importer, imported.confidence), ("typeform", 1.0));
    assert_eq!(
        imported.list("surveys", "response_id question kind answered_at email score"),
        [
            "hef1|Rate us|other|2024-03-09T09:18:22Z|ada@example.com|9.0",
            "hef2|Rate us|other|2024-03-10T09:15:00Z||3.0"
        ]
    );
    // Answers that may as well be on a scale of five are not taken for answers out of ten, unless somebody says so.
    let short = text.replace(",4,9,", ",4,2,");
    let problem = import(&short).unwrap_err().to_string();
    assert!(problem.contains("no column of answers from 0 to 10"), "{problem}");
    let wish = Wish { columns: &[("score", "Rate us")], ..Wish::default() };
    let named = TextFile::cut(short.as_bytes(), b',').import(&wish).unwrap();
    assert_eq!(named.list("surveys", "question score"), ["Rate us|2.0", "Rate us|3.0"]);
}
