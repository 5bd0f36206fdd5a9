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

/// Pages of ten from a moment on, as every hook asks for them, until there are no more; each is full while there are more.
async fn pages_of_ten(client: &mut Client, mut before: Value, total: usize) -> Vec<String> {
    let mut loaded: Vec<String> = Vec::new();
    loop {
        let page =
            client.ask("messages:load", json!({"roomId": "general", "before": before, "limit": 10})).await;
        let messages = page["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 10.min(total - loaded.len()), "after {}", loaded.len());
        let Some(oldest) = messages.last() else { return loaded };
        before = oldest["createdAt"].clone();
        loaded.extend(ids(&page).into_iter().map(str::to_owned));
    }
}

/// Seeds seven messages a second, so that pages of ten end within a tie, and then `of_one` messages of one moment, as
/// an import makes them.
async fn alice_among_ties(server: &TestServer, of_one: usize) -> Client {
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let seconds = (0..70).map(|n| n / 7).chain(std::iter::repeat_n(10, of_one));
    // Whole seconds: SQLite knows these in two forms.
    let whole = |second| moment(second).replace(".042", ".000");
    let seeded: Vec<_> = (0..).zip(seconds).map(|(n, second)| (format!("m-{n:03}"), whole(second))).collect();
    server.database.seed_messages("general", "alice", &seeded).await;
    server.connect("alice").await
}

on_both! {
    async fn pages_are_full_and_bring_every_message_once_however_many_share_a_millisecond(server: TestServer) {
        let mut alice = alice_among_ties(&server, 330).await;
        let loaded = pages_of_ten(&mut alice, json!("2999-01-01"), 400).await;
        assert_eq!(loaded, down(399, 0));
    }
}

on_both! {
    async fn history_is_fifty_and_pages_go_on_inside_the_millisecond_in_which_it_ended(server: TestServer) {
        let mut alice = alice_among_ties(&server, 130).await;
        // The second time the room is live already.
        for _ in 0..2 {
            alice.ask("room:join", "general".into()).await;
            let history = alice.hear("room:history").await;
            assert_eq!(ids(&history), down(199, 150));
            let oldest = history["messages"][49]["createdAt"].clone();
            assert_eq!(pages_of_ten(&mut alice, oldest, 150).await, down(149, 0));
        }
    }
}

on_both! {
    async fn the_end_of_a_page_is_remembered_for_one_socket_and_room(server: TestServer) {
        let mut alice = alice_among_ties(&server, 30).await;
        server.make_room("random", RoomType::Public, &["alice"]).await;
        let seeded = [("r-1", "2026-01-31 09:00:10.000"), ("r-2", "2026-01-31 09:00:09.000")];
        server.database.seed_messages("random", "alice", &seeded).await;
        let ask = |room: &str| json!({"roomId": room, "before": "2026-01-31T09:00:10.000Z", "limit": 3});
        let newest = json!({"roomId": "general", "limit": 20});
        assert_eq!(ids(&alice.ask("messages:load", newest).await), down(99, 80));

        let mut other_tab = server.connect("alice").await;

        assert_eq!(ids(&other_tab.ask("messages:load", ask("general")).await), down(69, 67));
        assert_eq!(ids(&alice.ask("messages:load", ask("random")).await), ["r-2"]);
        assert_eq!(ids(&alice.ask("messages:load", ask("general")).await), down(79, 77));
    }
}

on_both! {
    async fn a_page_is_full_although_messages_of_its_time_were_deleted(server: TestServer) {
        let mut alice = alice_among(&server, 120).await;
        for n in (40..115).step_by(2) {
            let deleted = alice.ask("message:delete", json!({"messageId": format!("m-{n:03}")})).await;
            assert_eq!(deleted["success"], true);
        }
        let mut bob = server.connect_in("bob", "general").await;
        let history = bob.hear("room:history").await;
        let left: Vec<String> =
            down(119, 0).into_iter().filter(|id| id[2..].parse().is_ok_and(|n| !(40..115).contains(&n) || n % 2 == 1)).collect();
        assert_eq!(ids(&history), left[..50]);
        let before = history["messages"][49]["createdAt"].clone();
        assert_eq!(pages_of_ten(&mut bob, before, left.len() - 50).await, left[50..]);
    }
}

on_both! {
    async fn the_field_before_takes_any_date_that_javascript_takes(server: TestServer) {
        let mut alice = alice_among(&server, 5).await;
        let first_two = [
            json!("2026-01-31T09:00:02.042Z"),
            json!("2026-01-31T09:00:02.042"),
            json!("2026-01-31T10:30:02.042+01:30"),
            json!("2026-01-31T04:00:02.042-05:00"),
            json!("+002026-01-31T09:00:02.042Z"),
            json!("2026-01-31T09:00:02Z"),
            json!("Sat Jan 31 2026 10:00:02 GMT+0100 (Central European Standard Time)"),
            json!("Sat, 31 Jan 2026 09:00:02 GMT"),
            json!(1_769_850_002_042_i64),
            json!(1_769_850_002_042.5),
        ];
        let none =
            [json!("2026-01-31"), json!("2026-01"), json!("2026"), json!("1969-12-31T23:59Z"), json!(1), json!(-1)];
        let later = [json!("2026-02-01"), json!("2026-01-31T10:00"), json!("2027"), json!(8.64e15)];
        let falsy = [json!(null), json!(false), json!(0), json!("")];
        let all = [later, falsy].concat();
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
    async fn messages_load_without_a_callback_sends_nothing(server: TestServer) {
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
    async fn an_invalid_page_request_is_refused_with_no_messages(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let good = json!({"roomId": "general", "before": "2999-01-01", "limit": 10});
        let texts = |bad: &[&str]| bad.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let before = [r#"" ""#, r#""yesterday""#, r#""2026-13-01""#, r#""2026-01-31T25:00:00Z""#, "true", "[]", "{}"];
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
