//! `message:send`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Backend, Client, TestDatabase, TestServer, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

/// The newest message of `general`, as the database has it.
async fn newest(client: &mut Client) -> Value {
    let ask = json!({"roomId": "general", "before": "2999-01-01", "limit": 1});
    client.ask("messages:load", ask).await["messages"][0].take()
}

on_both! {
    async fn everybody_in_the_room_gets_a_message_and_its_sender_before_the_ack(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        alice.heard().await;

        let ask = json!({"roomId": "general", "content": "hello", "metadata": {"n": [1.5]}, "replyTo": "x"});
        let ack = alice.ask("message:send", ask).await;

        assert_eq!(ack["success"], true);
        let message = &ack["message"];
        assert_eq!(message["content"], "hello");
        assert_eq!(message["metadata"], json!({"n": [1.5]}));
        assert_eq!(message["replyTo"], "x");
        assert_eq!(message["updatedAt"], json!(null));
        assert_eq!(message["senderName"], "alice");
        assert_eq!(message["reactions"], json!([]));
        assert_eq!(message["seq"], 1);
        assert_eq!(alice.heard_before(), [("message:new".to_owned(), message.clone())]);
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.hear("message:new").await, *message);
    }
}

on_both! {
    async fn the_same_client_id_is_one_message(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let ask = json!({"roomId": "general", "content": "once", "clientId": "c-1"});

        let first = alice.begin("message:send", ask.clone()).await;
        let second = alice.begin("message:send", ask.clone()).await;
        let (first, second) = (alice.answer(first).await, alice.answer(second).await);
        assert_eq!(first["message"]["id"], second["message"]["id"]);

        let edit = json!({"messageId": first["message"]["id"], "content": "twice"});
        assert_eq!(alice.ask("message:edit", edit).await["success"], true);
        let again = alice.ask("message:send", ask).await;
        assert_eq!(again["message"]["id"], first["message"]["id"]);

        let other = json!({"roomId": "general", "content": "another", "clientId": "c-1"});
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        let refused = knowing.ask("message:send", other.clone()).await;
        assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("conflict")));

        // Another sender's client ids are their own.
        let mut bob = server.connect_in("bob", "general").await;
        assert_eq!(bob.ask("message:send", other).await["success"], true);
        let told = alice.heard_names().await.into_iter().filter(|name| name == "message:new").count();
        assert_eq!(told, 2);
    }
}

on_both! {
    async fn a_message_that_cannot_be_stored_is_refused_alone(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let asks = [
            (json!({"roomId": "general", "content": "good 1"}), true),
            (json!({"roomId": "general", "content": "nul \u{0}"}), false),
            (json!({"roomId": "nowhere", "content": "lost"}), false),
            (json!({"roomId": "general", "content": 7}), false),
            (json!({"roomId": "general", "content": "system", "type": "system"}), false),
            (json!({"roomId": "general", "content": "good 2", "metadata": 1e308}), true),
        ];
        let mut ids = Vec::new();
        for (ask, _) in &asks {
            ids.push(alice.begin("message:send", ask.clone()).await);
        }
        for (id, (ask, expected)) in ids.into_iter().zip(&asks) {
            let ack = alice.answer(id).await;
            assert_eq!(ack["success"], *expected, "{ask} => {ack}");
        }
        let stored = server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "id""#).await;
        assert_eq!(stored, ["good 1", "good 2"]);
    }
}

on_both! {
    async fn omitted_fields_have_defaults_and_history_shows_the_same_message(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for content in ["", "hello\n😀 'quoted' \"twice\" \\ {\"a\": 1} %s $1"] {
            let mut message = alice.say("general", content).await;
            assert_eq!(bob.hear("message:new").await, message);
            assert_eq!((&message["content"], &message["type"]), (&json!(content), &json!("text")));
            assert_eq!((&message["metadata"], &message["replyTo"]), (&json!({}), &json!(null)));
            assert_eq!((&message["roomId"], &message["senderId"]), (&json!("general"), &json!("alice")));

            message.as_object_mut().unwrap().shift_remove("seq");
            assert_eq!(newest(&mut alice).await, message);
            let mut carol = server.connect_in("carol", "general").await;
            assert_eq!(carol.hear("room:history").await["messages"][0], message);
        }
    }
}

on_both! {
    async fn falsy_metadata_is_an_empty_object_and_anything_else_comes_back_as_it_went(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut nested = json!(1);
        (0..32).for_each(|_| nested = json!([nested]));
        // A picture as front ends send it: nearly all that a packet may hold.
        let largest = json!({"src": format!("data:image/png;base64,{}", "x".repeat(990_000))});
        let kept = [
            json!({"url": "https://example.org/?a=1&b='", "size": [1, -2.5, null, true], "in": {"": {}}}),
            json!({"__proto__": {"admin": true}, "constructor": 1, "b": 1, "a": 2}),
            json!([1, "two", []]),
            json!("text"),
            json!(17),
            json!(-0.1),
            json!(1e21),
            json!(9_007_199_254_740_991_i64),
            json!(true),
            nested,
            largest,
        ];
        let falsy = [json!(null), json!(false), json!(0), json!("")].map(|falsy| (falsy, json!({})));
        for (metadata, expected) in kept.map(|kept| (kept.clone(), kept)).into_iter().chain(falsy) {
            let ask = json!({"roomId": "general", "content": "x", "metadata": metadata});
            let ack = alice.ask("message:send", ask).await;
            assert_eq!(ack["message"]["metadata"], expected, "{ack:.300}");
            assert_eq!(newest(&mut alice).await["metadata"], expected);
        }
    }
}

on_both! {
    async fn images_and_files_may_be_sent_but_nothing_in_the_servers_name(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let ask = |kind: Value| json!({"roomId": "general", "content": "x", "type": kind});
        for kind in ["text", "image", "file"] {
            let ack = alice.ask("message:send", ask(kind.into())).await;
            assert_eq!((&ack["success"], &ack["message"]["type"]), (&json!(true), &json!(kind)));
            assert_eq!(bob.hear("message:new").await["type"], kind);
            assert_eq!(newest(&mut alice).await["type"], kind);
        }
        alice.heard().await;
        let bad = [json!("system"), json!("poem"), json!("TEXT"), json!(7), json!(true), json!(["text"]), json!({"not": "text"})];
        let bad: Vec<String> = bad.map(|kind| ask(kind).to_string()).into();
        refuses_bad_input(&mut alice, "message:send", &bad).await;
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn nobody_sends_under_another_name_id_or_date(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut forger = server.connect_as(&json!({"sub": "alice", "name": "Bob"})).await;
        let ask = json!({
            "roomId": "general", "content": "x", "senderId": "bob", "senderName": "bob", "id": "my own",
            "createdAt": "2001-01-01T00:00:00.000Z", "updatedAt": "2001-01-01T00:00:00.000Z", "seq": 77,
        });
        let message = &forger.ask("message:send", ask).await["message"];
        for heard in [message, &alice.hear("message:new").await, &bob.hear("message:new").await] {
            assert_eq!((&heard["senderId"], &heard["senderName"]), (&json!("alice"), &json!("alice")));
            assert_eq!((&heard["seq"], &heard["updatedAt"]), (&json!(1), &json!(null)));
            assert!(heard["id"] != "my own" && heard["createdAt"].as_str().unwrap() > "2020");
        }
    }
}

on_both! {
    async fn a_user_who_has_not_joined_may_send_to_a_public_room_but_gets_no_event(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        let message = carol.say("general", "knock knock").await;
        alice.say("general", "who is there?").await;
        assert_eq!(carol.heard().await, []);
        assert_eq!(bob.hear("message:new").await, message);
    }
}

on_both! {
    async fn content_is_as_long_as_a_packet_may_be(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let picture = format!("data:image/png;base64,{}", "😀".repeat(247_000));
        // More than a commit holds, said before the first answer is read.
        for _ in 0..9 {
            alice.emit("message:send", json!({"roomId": "general", "content": picture})).await;
        }
        for _ in 0..9 {
            assert_eq!(bob.hear("message:new").await["content"], picture);
        }
        assert_eq!(newest(&mut alice).await["content"], picture);
        let sync = bob.ask("messages:sync", json!({"roomId": "general", "since": 7})).await;
        assert_eq!(sync["events"][1]["data"]["content"], picture);
        let mut carol = server.connect_in("carol", "general").await;
        assert_eq!(carol.hear("room:history").await["messages"][8]["content"], picture);
        let edited = alice.ask("message:edit", json!({"messageId": sync["events"][1]["data"]["id"], "content": picture})).await;
        assert_eq!(edited["success"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_and_metadata_are_as_long_as_the_settings_say() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let limits = ["--max-message-length", "65536", "--max-metadata-size", "65536"];
    let server = TestServer::start_with(database, &limits).await;
    let (mut alice, mut bob) = server.meet().await;
    // Each is two of JavaScript's units and four bytes.
    alice.say("general", &"😀".repeat(32_768)).await;
    assert_eq!(bob.hear("message:new").await["content"].as_str().unwrap().chars().count(), 32_768);
    alice.heard().await;
    let ask = |content: String, metadata: Value| {
        json!({"roomId": "general", "content": content, "metadata": metadata}).to_string()
    };
    let too_long = [
        ask("😀".repeat(32_768) + "!", json!({})),
        ask("x".repeat(65_537), json!({})),
        ask("x".to_owned(), json!({"text": "x".repeat(65_536)})),
    ];
    refuses_bad_input(&mut alice, "message:send", &too_long).await;
    assert_eq!(bob.heard().await, []);
}

on_both! {
    async fn binary_data_in_metadata_is_stored_as_base64(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let zero = r#"{"_placeholder":true,"num":0}"#;
        let one = r#"{"num":1,"_placeholder":true}"#;
        let send = |metadata: &str| format!(r#"{{"roomId":"general","content":"x","metadata":{metadata}}}"#);
        let parts: [&[u8]; 2] = [&[0, 1, 254, 255], b"picture"];
        for (metadata, expected) in [
            (format!(r#"{{"file":{zero},"in":[{{"deep":{one}}}]}}"#), json!({"file": "AAH+/w==", "in": [{"deep": "cGljdHVyZQ=="}]})),
            (zero.to_owned(), json!("AAH+/w==")),
            (r#"{"none":1}"#.to_owned(), json!({"none": 1})),
        ] {
            let ack = alice.ask_binary("message:send", &send(&metadata), &parts).await;
            assert_eq!(ack["message"]["metadata"], expected, "{ack}");
            assert_eq!(bob.hear("message:new").await["metadata"], expected);
            assert_eq!(newest(&mut bob).await["metadata"], expected);
        }
        // In a packet without binary data it is an object like any other.
        let ack = alice.ask_text("message:send", &send(&format!(r#"{{"file":{zero}}}"#))).await;
        assert_eq!(ack["message"]["metadata"], json!({"file": {"_placeholder": true, "num": 0}}));
        // One more argument is ignored.
        let more = format!("{},{zero}", send("{}"));
        assert_eq!(alice.ask_binary("message:send", &more, &parts[..1]).await["success"], true);
        alice.heard().await;
        bob.heard().await;

        let content = format!(r#"{{"roomId":"general","content":{zero}}}"#);
        let room = format!(r#"{{"roomId":{zero},"content":"x"}}"#);
        let nothing = r#"{"_placeholder":true,"num":2}"#;
        let twice = format!("[{zero},{zero}]");
        for bad in [content, room, send(nothing), send(r#"{"_placeholder":true,"num":-1}"#), send(&twice)] {
            let ack = alice.ask_binary("message:send", &bad, &parts).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("bad_input")), "{bad}");
        }
        assert_eq!(alice.ask_binary("room:join", zero, &parts[..1]).await["code"], "bad_input");
        let many: Vec<&[u8]> = vec![b"x"; 2_000];
        assert_eq!(alice.ask_binary("message:send", &send("{}"), &many).await["success"], true);
        assert_eq!(bob.heard_names().await, ["message:new"]);
    }
}

on_both! {
    async fn half_a_surrogate_pair_becomes_the_replacement_character(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let ask = r#"{"roomId":"general","content":"a\ud83dz\ude00 \ud83d\ude00","metadata":{"k\ud83d":"\udbff"}}"#;

        let ack = alice.ask_text("message:send", ask).await;

        let message = &ack["message"];
        assert_eq!(message["content"], "a\u{fffd}z\u{fffd} 😀", "{ack}");
        assert_eq!(message["metadata"], json!({"k\u{fffd}": "\u{fffd}"}));
        assert_eq!(bob.hear("message:new").await, *message);
        let stored = newest(&mut bob).await;
        assert_eq!((&stored["content"], &stored["metadata"]), (&message["content"], &message["metadata"]));
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.emit("message:send", json!({"roomId": "general", "content": "hello"})).await;
        assert_eq!(alice.heard_names().await, ["message:new"]);
        assert_eq!(bob.heard_names().await, ["message:new"]);
    }
}

on_both! {
    async fn nothing_is_sent_to_a_room_that_the_caller_may_not_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("message:send", |room| json!({"roomId": room, "content": "let me in"})).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_message_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let rows = server.database.all_rows().await;
        let good = json!({"roomId": "general", "content": "x"});
        let texts = |bad: &[&str]| bad.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (nul, long) = (json!("a\u{0}b").to_string(), json!("x".repeat(513)).to_string());
        let mut nested = json!(1);
        (0..33).for_each(|_| nested = json!({"in": nested}));
        let nul_key = json!({"a\u{0}b": 1}).to_string();
        let bad = [
            not_objects(),
            texts(&[r#"[{"roomId":"general","content":"x"}]"#, r#"{"content":"x"}"#]),
            with_bad(&good, "roomId", &not_ids()),
            with_bad(&good, "content", &texts(&["", "null", "7", "true", r#"["x"]"#, r#"{"set":"x"}"#, &nul])),
            with_bad(&good, "replyTo", &texts(&["7", "true", "[]", r#"{"contains":""}"#, &nul, &long])),
            with_bad(&good, "metadata", &texts(&[&nul, &nul_key, &nested.to_string()])),
        ];
        refuses_bad_input(&mut alice, "message:send", &bad.concat()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}
