//! `messages:sync`: catching up is complete, or says that it is not.

use chatoxide::{
    chat::{room::RoomType, timestamp::Timestamp},
    clock,
    db::room_log,
};
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer,
    conversation::{Conversation, is_of_log},
    fixture, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

type Event = (String, Value);

/// Everything that happened in the room, in order.
struct Story {
    events: Vec<Event>,
}

impl Story {
    /// Alice and bob talk, change their minds, take things back: every kind of entry, in every order that matters.
    async fn tell(alice: &mut Client, bob: &mut Client) -> Self {
        let mut ids: Vec<Value> = Vec::new();
        for n in 0..12 {
            ids.push(alice.say("general", &format!("message {n}")).await["id"].clone());
            let (newest, before) = (&ids[n], &ids[n / 2]);
            for (messages, emoji) in [(newest, "👍"), (before, "🎉"), (before, "👀")] {
                let ask = json!({"messageId": messages, "roomId": "general", "emoji": format!("{emoji}{n}")});
                bob.ask("reaction:add", ask).await;
            }
            if n % 2 == 0 {
                let ask = json!({"messageId": before, "content": format!("edited {n}")});
                alice.ask("message:edit", ask).await;
                let ask = json!({"messageId": before, "roomId": "general", "emoji": format!("🎉{n}")});
                bob.ask("reaction:remove", ask).await;
            }
            if n % 4 == 3 {
                // Alice's own reaction goes with the message.
                let ask = json!({"messageId": newest, "roomId": "general", "emoji": "❤️"});
                alice.ask("reaction:add", ask).await;
                alice.ask("message:delete", json!({"messageId": newest, "roomId": "general"})).await;
            }
        }
        let events: Vec<Event> =
            alice.heard().await.into_iter().filter(|(event, _)| is_of_log(event)).collect();
        let seqs = events.iter().map(|(_, argument)| argument["seq"].as_i64().unwrap());
        assert!(seqs.eq(1..=events.len() as i64));
        bob.heard().await;
        Self { events }
    }

    fn head(&self) -> usize {
        self.events.len()
    }

    /// The conversation as somebody has it who heard it up to an entry.
    fn until(&self, seq: usize) -> Conversation {
        let mut conversation = Conversation::default();
        for (event, argument) in &self.events[..seq] {
            conversation.take_next(event, argument);
        }
        conversation
    }
}

async fn sync(client: &mut Client, since: impl Into<Value>) -> Value {
    let answer = client.ask("messages:sync", json!({"roomId": "general", "since": since.into()})).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer
}

/// The events of an answer, each in the shape in which it would have been heard.
fn events(answer: &Value) -> Vec<Event> {
    let event = |told: &Value| {
        let event = told["event"].as_str().unwrap();
        let mut shape = told["data"].clone();
        if event == "message:new" {
            // A message may be told as it is by now.
            (shape["updatedAt"], shape["reactions"]) = (json!(null), json!([]));
        }
        fixture::check_event(event, &shape);
        (event.to_owned(), told["data"].clone())
    };
    answer["events"].as_array().unwrap().iter().map(event).collect()
}

/// The answer without its events: seq, complete, more.
fn extent(answer: &Value) -> (i64, bool, bool) {
    let is = |key: &str| answer[key].as_bool().unwrap();
    (answer["seq"].as_i64().unwrap(), is("complete"), is("more"))
}

on_both! {
    async fn sync_from_any_entry_returns_the_events_sent_since(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let story = Story::tell(&mut alice, &mut bob).await;
        for since in 0..=story.head() {
            let answer = sync(&mut bob, since).await;
            assert_eq!(events(&answer), story.events[since..], "since {since}");
            assert_eq!(extent(&answer), (story.head() as i64, true, false));
        }
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn sync_from_any_entry_leads_to_the_same_conversation_after_a_restart(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let story = Story::tell(&mut alice, &mut bob).await;
        let server = TestServer::start_with(server.stop().await, &["--live-room-idle", "0"]).await;
        // Whoever is not in the room is answered from the database.
        let mut bob = server.connect("bob").await;
        let expected = story.until(story.head()).newest(100);
        for since in 0..=story.head() {
            let answer = sync(&mut bob, since).await;
            let mut conversation = story.until(since);
            for (event, argument) in events(&answer) {
                conversation.take(&event, &argument);
            }
            assert_eq!(conversation.newest(100), expected, "since {since}");
            assert_eq!(extent(&answer), (story.head() as i64, true, false));
        }
        // And somebody who comes back to a live room that does not reach so far.
        let (mut bob, history) = (server.connect("bob").await, json!(story.head()));
        bob.ask("room:join", "general".into()).await;
        assert_eq!(bob.hear("room:history").await["seq"], history);
        assert_eq!(extent(&sync(&mut bob, 1).await), (story.head() as i64, true, false));
    }
}

on_both! {
    async fn more_than_a_page_of_entries_is_returned_in_several_pages(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--max-page-size", "12"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let story = Story::tell(&mut alice, &mut bob).await;
        assert!(story.head() > 40);

        for _live_then_stored in 0..2 {
            let (mut told, mut since) = (Vec::new(), 0);
            loop {
                let answer = sync(&mut bob, since).await;
                let (seq, complete, more) = extent(&answer);
                assert!(events(&answer).len() <= 12);
                told.extend(events(&answer));
                assert_eq!((complete, more), (seq == story.head() as i64, seq < story.head() as i64));
                since = seq;
                if !more {
                    break;
                }
            }
            assert_eq!(since, story.head() as i64);
            let mut conversation = Conversation::default();
            told.iter().for_each(|(event, argument)| conversation.take(event, argument));
            assert_eq!(conversation.newest(100), story.until(story.head()).newest(100));
            alice.ask("room:leave", "general".into()).await;
            bob.ask("room:leave", "general".into()).await;
        }
    }
}

on_both! {
    async fn sync_from_before_the_retained_log_says_that_it_is_incomplete(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let story = Story::tell(&mut alice, &mut bob).await;
        let between = server.database.own("UPDATE own.room_log SET at = '2020-01-01 00:00:00' WHERE seq <= 10");
        server.database.execute(&between).await;
        let hour_ago = Timestamp::from_millis(clock::now().millis() - 3_600_000);
        let forgotten = room_log::forget_before(&server.db, hour_ago).await.unwrap();
        assert_eq!(forgotten, 10);
        let server = TestServer::start_with(server.stop().await, &[]).await;

        let mut bob = server.connect("bob").await;
        let head = story.head() as i64;
        for since in 0..forgotten {
            let answer = sync(&mut bob, since).await;
            assert_eq!((events(&answer), extent(&answer)), (vec![], (head, false, false)), "since {since}");
        }
        for since in forgotten..=story.head() {
            assert_eq!(extent(&sync(&mut bob, since).await), (head, true, false), "since {since}");
        }
        // The messages themselves are all there, and their log goes on.
        let page = bob.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(page["messages"].as_array().unwrap().len(), story.until(story.head()).len());
        assert_eq!(bob.say("general", "and on").await["seq"], head + 1);
    }
}

on_both! {
    async fn an_entry_of_a_kind_that_a_newer_server_wrote_sends_nothing(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let message_id = alice.say("general", "first").await["id"].as_str().unwrap().to_owned();
        let database = server.stop().await;
        let entry = format!(
            "INSERT INTO own.room_log (room_id, seq, kind, message_id, actor_id, body, at)
             SELECT room_id, seq + 1, 'pin', '{message_id}', 'alice', 'x=1:y', at FROM own.room_head"
        );
        database.execute(&database.own(&entry)).await;
        database.execute(&database.own("UPDATE own.room_head SET seq = seq + 1")).await;

        let server = TestServer::start_with(database, &[]).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        // Bob is not in the room, so he is answered from the database.
        let answer = sync(&mut bob, 0).await;
        let names: Vec<String> = events(&answer).into_iter().map(|(event, _)| event).collect();
        assert_eq!((names, extent(&answer)), (vec!["message:new".to_owned()], (2, true, false)));
        assert_eq!(alice.say("general", "second").await["seq"], 3);
        alice.ask("room:join", "general".into()).await;
        assert_eq!(extent(&sync(&mut alice, 0).await), (3, true, false));
    }
}

on_both! {
    async fn sync_from_beyond_the_head_says_that_it_is_incomplete(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "hello").await;
        for since in [2, 1_000, i64::MAX] {
            let answer = sync(&mut bob, since).await;
            assert_eq!((events(&answer), extent(&answer)), (vec![], (1, false, false)));
        }
        server.make_room("empty", RoomType::Public, &["alice"]).await;
        let answer = alice.ask("messages:sync", json!({"roomId": "empty", "since": 0})).await;
        assert_eq!(extent(&answer), (0, true, false));
    }
}

on_both! {
    async fn a_room_that_the_caller_may_not_enter_cannot_be_synced(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("messages:sync", |room| json!({"roomId": room, "since": 0})).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_sync_request_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let good = json!({"roomId": "general", "since": 0});
        let places = ["", "null", "-1", "1.5", r#""0""#, "true", "[]", "{}", "9223372036854775808"];
        let places = places.map(str::to_owned);
        let bad = [not_objects(), with_bad(&good, "roomId", &not_ids()), with_bad(&good, "since", &places)];
        refuses_bad_input(&mut alice, "messages:sync", &bad.concat()).await;
        assert_eq!(bob.heard().await, []);
    }
}
