//! `messages:load`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, moment, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

/// Alice in `general`, with so many messages, a second apart: `m-000`, `m-001`, ...
async fn alice_among(server: &TestServer, count: usize) -> Client {
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let seeded: Vec<_> = (0..count).map(|n| (format!("m-{n:03}"), moment(n))).collect();
    server.database.seed_messages("general", "alice", &seeded).await;
    server.connect_in("alice", "general").await
}

fn ids(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

/// `m-<from>` down to `m-<to>`.
fn down(from: usize, to: usize) -> Vec<String> {
    (to..=from).rev().map(|n| format!("m-{n:03}")).collect()
}

on_both! {
    async fn a_page_is_newest_first_and_the_next_goes_on_where_it_ended(server: TestServer) {
        let mut alice = alice_among(&server, 120).await;
        let history = alice.hear("room:history").await;
        alice.heard().await;
        assert_eq!(ids(&history), down(119, 70));

        let mut oldest = history["messages"][49]["createdAt"].clone();
        for expected in [down(69, 20), down(19, 0), Vec::new()] {
            let page = alice.ask("messages:load", json!({"roomId": "general", "before": oldest})).await;
            assert_eq!(page["success"], true);
            assert_eq!(ids(&page), expected);
            oldest = page["messages"].as_array().unwrap().last().map_or(oldest, |last| last["createdAt"].clone());
        }
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn a_message_in_a_page_is_whole(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let ask =
            json!({"roomId": "general", "content": "old", "metadata": {"a": [1]}, "replyTo": "x", "type": "file"});
        let sent = alice.ask("message:send", ask).await["message"].take();
        bob.ask("reaction:add", json!({"messageId": sent["id"], "emoji": "🎉"})).await;
        alice.ask("reaction:add", json!({"messageId": sent["id"], "emoji": "👍"})).await;
        let edit = json!({"messageId": sent["id"], "content": "new"});
        let mut expected = alice.ask("message:edit", edit).await["message"].take();
        expected.as_object_mut().unwrap().shift_remove("seq");
        let reactions = json!([{"emoji": "🎉", "userId": "bob"}, {"emoji": "👍", "userId": "alice"}]);
        assert_eq!(expected["reactions"], reactions);

        let page = bob.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01T00:00:00.000Z"})).await;

        assert_eq!(page["messages"], json!([expected]));
    }
}

on_both! {
    async fn pages_bring_every_message_once_however_many_share_a_millisecond(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        // Of seven each, so that no page of ten ends between two moments; the last thirty are all of one.
        let seconds = (0..70).map(|n| n / 7).chain([10; 30]);
        let seeded: Vec<_> = (0..).zip(seconds).map(|(n, second)| (format!("m-{n:03}"), moment(second))).collect();
        server.database.seed_messages("general", "alice", &seeded).await;
        let mut alice = server.connect("alice").await;

        let (mut loaded, mut before) = (Vec::new(), json!("2999-01-01"));
        loop {
            let page = json!({"roomId": "general", "before": before, "limit": 10});
            let page = alice.ask("messages:load", page).await;
            let Some(oldest) = page["messages"].as_array().unwrap().last() else { break };
            before = oldest["createdAt"].clone();
            loaded.extend(ids(&page).into_iter().map(str::to_owned));
        }
        assert_eq!(loaded, down(99, 0));
    }
}

on_both! {
    async fn before_may_be_any_date_that_javascript_takes(server: TestServer) {
        let mut alice = alice_among(&server, 5).await;
        let first_two = [
            json!("2026-01-31T09:00:02.042Z"),
            json!("2026-01-31T09:00:02.042"),
            json!("2026-01-31T10:30:02.042+01:30"),
            json!("2026-01-31T04:00:02.042-05:00"),
            json!("+002026-01-31T09:00:02.042Z"),
            json!("2026-01-31T09:00:02Z"),
            json!(1_769_850_002_042_i64),
            json!(1_769_850_002_042.5),
        ];
        let none =
            [json!("2026-01-31"), json!("2026-01"), json!("2026"), json!("1969-12-31T23:59Z"), json!(0), json!(-1)];
        let all = [json!("2026-02-01"), json!("2026-01-31T10:00"), json!("2027"), json!(8.64e15), json!(null)];
        for (forms, expected) in [(&first_two[..], down(1, 0)), (&none, Vec::new()), (&all, down(4, 0))] {
            for before in forms {
                let page = alice.ask("messages:load", json!({"roomId": "general", "before": before})).await;
                assert_eq!(ids(&page), expected, "before {before}");
            }
        }
        let page = alice.ask("messages:load", json!({"roomId": "general"})).await;
        assert_eq!(ids(&page), down(4, 0));
    }
}

on_both! {
    async fn a_limit_is_a_whole_number_of_which_0_means_50(server: TestServer) {
        let mut alice = alice_among(&server, 520).await;
        for (limit, expected) in
            [("1", 1), ("2.0", 2), ("200", 200), ("0", 50), ("null", 50), ("500", 500), ("501", 500), ("1e9", 500)]
        {
            let ask = format!(r#"{{"roomId":"general","before":"2999-01-01","limit":{limit}}}"#);
            let page = alice.ask_text("messages:load", &ask).await;
            assert_eq!(ids(&page), down(519, 520 - expected), "limit {limit}");
        }
    }
}

on_both! {
    async fn a_public_room_may_be_read_without_joining_it_and_nobody_is_told(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let sent = alice.say("general", "hello").await;
        alice.heard().await;
        let mut carol = server.connect("carol").await;

        let page = carol.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;

        assert_eq!(ids(&page), [sent["id"].as_str().unwrap()]);
        assert_eq!(alice.heard().await, []);
        alice.say("general", "nobody listens").await;
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn a_page_holds_messages_of_no_other_room(server: TestServer) {
        let mut alice = alice_among(&server, 3).await;
        server.make_room("random", RoomType::Public, &["alice"]).await;
        server.database.seed_messages("random", "alice", &[("elsewhere", moment(1))]).await;
        let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(ids(&page), down(2, 0));
    }
}

on_both! {
    async fn without_a_callback_nothing_is_said(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.emit("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn a_room_that_is_not_the_callers_shows_no_messages(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("messages:load", |room| json!({"roomId": room, "before": "2999-01-01"})).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn what_is_no_page_is_refused_with_no_messages(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let good = json!({"roomId": "general", "before": "2999-01-01", "limit": 10});
        let texts = |bad: &[&str]| bad.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let before = [r#""""#, r#""yesterday""#, r#""2026-13-01""#, r#""2026-01-31T25:00:00Z""#, "true", "[]", "{}"];
        let more = [r#"{"gt":0}"#, r#"["2026-01-31"]"#, "8640000000000001", "1e300", r#""\u0000""#];
        let bad = [
            not_objects(),
            with_bad(&good, "roomId", &not_ids()),
            with_bad(&good, "before", &texts(&before)),
            with_bad(&good, "before", &texts(&more)),
            with_bad(&good, "limit", &texts(&["-1", "1.5", r#""10""#, r#""all""#, "true", "[]", "{}"])),
            texts(&[r#"{"roomId":"general","before":"2999-01-01","limit":1e400}"#]),
        ];
        refuses_bad_input(&mut alice, "messages:load", &bad.concat()).await;
        assert_eq!(bob.heard().await, []);
    }
}
