//! Long messages: `message:send` and `message:edit` with `chunk`.

use chatoxide::chat::room::RoomType;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, on_both,
    process::{ServerProcess, settings},
    refusals::refuses_bad_input,
};

fn chunk(id: &str, (index, count): (usize, usize), content: &str) -> Value {
    json!({"roomId": "general", "content": content, "chunk": {"id": id, "index": index, "count": count}})
}

/// A text of many scripts, in chunks of different lengths.
fn long_text(chunks: usize) -> (String, Vec<String>) {
    let parts: Vec<String> = (0..chunks).map(|n| format!("{n} ä語😀\n").repeat(1_000 + n)).collect();
    (parts.concat(), parts)
}

async fn contents(client: &mut Client) -> Vec<String> {
    let page = client.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
    let messages = page["messages"].as_array().unwrap().iter().rev();
    messages.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn chunks_in_any_order_and_twice_become_one_message(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let (text, parts) = long_text(6);
        let mut missing: Vec<usize> = (0..6).collect();
        for index in [3, 0, 5, 3, 1, 4, 0] {
            let answer = alice.ask("message:send", chunk("long", (index, 6), &parts[index])).await;
            missing.retain(|there| *there != index);
            let received = 6 - missing.len();
            let progress = json!({"id": "long", "count": 6, "received": received, "missing": missing});
            assert_eq!((&answer["success"], &answer["chunk"]), (&json!(true), &progress));
        }
        assert_eq!(bob.heard().await, [], "nobody hears of half a message");
        let mut last = chunk("long", (2, 6), &parts[2]);
        last["type"] = json!("image");
        let answer = alice.ask("message:send", last).await;
        assert_eq!((&answer["message"]["content"], &answer["message"]["type"]), (&json!(text), &json!("text")));
        let told = bob.heard().await;
        assert_eq!(told, [("message:new".to_owned(), answer["message"].clone())]);
        alice.say("general", "later").await;
        assert_eq!(contents(&mut bob).await, [text, "later".to_owned()]);
    }
}

on_both! {
    async fn a_message_has_the_fields_beside_its_first_chunk(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let answered = bob.say("general", "a question").await;
        alice.heard().await;
        let mut first = chunk("long", (0, 2), "the ");
        first["metadata"] = json!({"a": [1]});
        first["replyTo"] = answered["id"].clone();
        alice.ask("message:send", chunk("long", (1, 2), "answer @bob")).await;
        let message = alice.ask("message:send", first).await["message"].clone();
        assert_eq!(message["content"], "the answer @bob");
        assert_eq!((&message["metadata"], &message["replyTo"]), (&json!({"a": [1]}), &answered["id"]));
        assert_eq!(bob.hear("mention:new").await["messageId"], message["id"]);
    }
}

on_both! {
    async fn a_message_in_chunks_stays_in_the_thread_of_its_first_chunk(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let root = bob.say("general", "a question").await["id"].clone();
        let mut first = chunk("long", (0, 2), "the ");
        first["threadId"] = root.clone();
        alice.ask("message:send", first).await;
        let message = alice.ask("message:send", chunk("long", (1, 2), "answer")).await["message"].clone();
        assert_eq!(message["thread"], json!({"rootId": root, "alsoToRoom": false}));
        assert_eq!(message["replyTo"], root);
    }
}

on_both! {
    async fn chunks_that_are_sent_again_after_the_commit_are_answered_with_the_message(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut ids = Vec::new();
        for round in 0..3 {
            for index in [0, 1] {
                let mut part = chunk("long", (index, 2), "half ");
                part["clientId"] = json!("c-1");
                let answer = alice.ask("message:send", part).await;
                assert_eq!(answer["message"].is_object(), index == 1, "round {round}: {answer}");
                ids.extend(answer["message"].get("id").cloned());
            }
        }
        assert_eq!(ids, vec![ids[0].clone(); 3]);
        // Without a client id, the id of the chunks is one.
        for _ in 0..2 {
            alice.ask("message:send", chunk("other", (0, 2), "1")).await;
            alice.ask("message:send", chunk("other", (1, 2), "2")).await;
        }
        assert_eq!(contents(&mut bob).await, ["half half ", "12"]);
        assert_eq!(bob.heard_names().await, ["message:new", "message:new"]);
    }
}

on_both! {
    async fn chunks_come_by_several_connections_and_two_users_may_use_one_id(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut tab = server.connect("alice").await;
        alice.ask("message:send", chunk("x", (0, 3), "alice ")).await;
        bob.ask("message:send", chunk("x", (0, 2), "bob ")).await;
        tab.ask("message:send", chunk("x", (2, 3), "does")).await;
        alice.close().await;
        bob.ask("message:send", chunk("x", (1, 2), "too")).await;
        let mut alice = server.connect_in("alice", "general").await;
        let answer = alice.ask("message:send", chunk("x", (1, 3), "still ")).await;
        assert_eq!(answer["message"]["content"], "alice still does");
        assert_eq!(contents(&mut bob).await, ["bob too", "alice still does"]);
    }
}

on_both! {
    async fn many_connections_that_send_all_chunks_at_once_make_one_message(server: TestServer) {
        let (_alice, mut bob) = server.meet().await;
        let (text, parts) = long_text(4);
        let tabs = join_all((0..4).map(|_| server.connect("alice"))).await;
        let send = |mut tab: Client| {
            let parts = &parts;
            async move {
                // The chunks that another one has completed are missing again, until the message is answered.
                loop {
                    for (index, part) in parts.iter().enumerate() {
                        let answer = tab.ask("message:send", chunk("x", (index, 4), part)).await;
                        if answer["message"].is_object() {
                            return answer["message"]["id"].clone();
                        }
                    }
                }
            }
        };
        let ids = join_all(tabs.into_iter().map(send)).await;
        assert_eq!(ids, vec![ids[0].clone(); 4]);
        assert_eq!(contents(&mut bob).await, [text]);
    }
}

on_both! {
    async fn an_edit_in_chunks_is_one_edit(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let message = alice.say("general", "short").await;
        let part = |index: usize, content: &str| {
            let chunk = json!({"id": "edit", "index": index, "count": 2});
            json!({"messageId": message["id"], "content": content, "chunk": chunk})
        };
        let (text, parts) = long_text(2);
        alice.ask("message:edit", part(1, &parts[1])).await;
        let other = bob.ask("message:edit", part(0, "bob's")).await;
        assert_eq!(other["code"], "message_not_found");
        bob.heard().await;
        let edited = alice.ask("message:edit", part(0, &parts[0])).await;
        assert_eq!(edited["message"]["content"], text);
        assert_eq!(bob.heard().await, [("message:updated".to_owned(), edited["message"].clone())]);
    }
}

on_both! {
    async fn chunks_that_contradict_are_refused_and_those_that_agree_go_on(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("other", RoomType::Public, &["alice"]).await;
        alice.ask("message:send", chunk("x", (0, 2), "one ")).await;
        let mut elsewhere = chunk("x", (1, 2), "two");
        elsewhere["roomId"] = json!("other");
        let mut headed = chunk("x", (0, 2), "one ");
        headed["metadata"] = json!({"a": 1});
        for contrary in [chunk("x", (1, 3), "two"), chunk("x", (0, 2), "ONE "), elsewhere, headed] {
            assert_eq!(alice.ask("message:send", contrary).await["code"], "conflict");
        }
        let answer = alice.ask("message:send", chunk("x", (1, 2), "two")).await;
        assert_eq!(answer["message"]["content"], "one two");
        assert_eq!(contents(&mut bob).await, ["one two"]);
    }
}

on_both! {
    async fn nothing_is_seen_of_a_message_whose_author_may_not_finish_it(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        server.own_room("secret", "alice").await;
        let secret = |index: usize| {
            let mut part = chunk("x", (index, 2), "secret ");
            part["roomId"] = json!("secret");
            part
        };
        let mut carol = server.connect("carol").await;
        assert_eq!(carol.ask("message:send", secret(0)).await["code"], "forbidden", "a stranger");
        assert!(bob.ask("message:send", secret(0)).await["chunk"].is_object());
        let removed = alice.ask("member:remove", json!({"roomId": "secret", "userId": "bob"})).await;
        assert_eq!(removed["success"], true, "{removed}");
        assert_eq!(bob.ask("message:send", secret(1)).await["code"], "forbidden", "a removed member");
        let page = alice.ask("messages:load", json!({"roomId": "secret", "before": "2999-01-01"})).await;
        assert_eq!(page["messages"], json!([]));
    }
}

async fn limited(server: TestServer, more: &[&str]) -> TestServer {
    TestServer::start_with(server.stop().await, more).await
}

on_both! {
    async fn a_content_in_chunks_is_bounded_by_its_setting_and_by_that_of_all_messages(server: TestServer) {
        let server = limited(server, &["--max-long-message-size", "10000"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let half = "ä".repeat(2_500);
        for index in [0, 1] {
            alice.ask("message:send", chunk("fits", (index, 2), &half)).await;
        }
        for index in [0, 1] {
            alice.ask("message:send", chunk("long", (index, 3), &half)).await;
        }
        let refused = alice.ask("message:send", chunk("long", (2, 3), "x")).await;
        assert_eq!(refused["code"], "bad_input");
        let begun = alice.ask("message:send", chunk("long", (2, 3), "x")).await;
        assert_eq!(begun["chunk"]["received"], 1, "the others are forgotten: {begun}");
        assert_eq!(contents(&mut bob).await, ["ä".repeat(5_000)]);

        let more = ["--max-long-message-size", "10000", "--max-message-length", "3000"];
        let server = limited(server, &more).await;
        let mut alice = server.connect("alice").await;
        alice.ask("message:send", chunk("units", (0, 2), &half)).await;
        let refused = alice.ask("message:send", chunk("units", (1, 2), &half)).await;
        assert_eq!(refused["code"], "bad_input", "{refused}");

        let server = limited(server, &["--max-long-message-size", "0"]).await;
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        let refused = knowing.ask("message:send", chunk("none", (0, 2), "x")).await;
        assert_eq!(refused["code"], "bad_input", "{refused}");
        let mut alice = server.connect("alice").await;
        let taken = alice.ask("message:send", chunk("none", (0, 2), "x")).await;
        assert!(taken["message"].is_object(), "{taken}");
    }
}

on_both! {
    async fn a_million_bytes_reach_everybody_whole(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let half = "語".repeat(174_762);
        alice.ask("message:send", chunk("x", (0, 2), &half)).await;
        let sent = alice.ask("message:send", chunk("x", (1, 2), &half)).await;
        assert_eq!(sent["message"]["content"].as_str().unwrap().len(), 1_048_572);
        assert_eq!(bob.hear("message:new").await, sent["message"]);
        let mut carol = server.connect("carol").await;
        carol.ask("room:join", "general".into()).await;
        assert_eq!(carol.hear("room:history").await["messages"][0]["content"], sent["message"]["content"]);
        let synced = carol.ask("messages:sync", json!({"roomId": "general", "since": 0})).await;
        assert_eq!(synced["events"][0]["data"], sent["message"]);
    }
}

on_both! {
    async fn impossible_chunks_are_refused_and_a_foreign_field_is_not_looked_at(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        let impossible = [(0, 0), (0, 1_001), (2, 2), (4_294_967_295, 2), (0, 4_294_967_295)];
        let bad: Vec<String> =
            impossible.iter().map(|place| chunk("x", *place, "x").to_string()).collect();
        refuses_bad_input(&mut alice, "message:send", &bad).await;
        let foreign = [json!(7), json!("x"), json!({}), json!({"id": 1, "index": 0, "count": 1}),
            json!({"id": "x", "index": -1, "count": 1}), json!({"id": "x", "index": 0.5, "count": 1}),
            json!({"id": "x", "index": 0, "count": 4_294_967_296_u64}), json!({"id": "", "index": 0, "count": 1}),
            json!({"id": "x".repeat(65), "index": 0, "count": 1}), json!({"id": "a\u{0}", "index": 0, "count": 1})];
        let with = |chunk: &Value| json!({"roomId": "general", "content": "x", "chunk": chunk});
        let bad: Vec<String> = foreign.iter().map(|chunk| with(chunk).to_string()).collect();
        refuses_bad_input(&mut knowing, "message:send", &bad).await;
        for chunk in &foreign {
            assert!(alice.ask("message:send", with(chunk)).await["message"].is_object(), "{chunk}");
        }
        assert_eq!(contents(&mut bob).await.len(), foreign.len());
    }
}

on_both! {
    async fn a_user_who_abandons_a_thousand_uploads_keeps_nobody_from_sending(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for number in 0..1_000 {
            let answer = alice.ask("message:send", chunk(&number.to_string(), (0, 2), "x")).await;
            let code = if number < 8 { Value::Null } else { json!("busy") };
            assert_eq!(answer["code"], code, "{number}: {answer}");
        }
        for index in [0, 1] {
            bob.ask("message:send", chunk("bob", (index, 2), "bob")).await;
        }
        let finished = alice.ask("message:send", chunk("3", (1, 2), "y")).await;
        assert_eq!(finished["message"]["content"], "xy");
        assert_eq!(contents(&mut bob).await, ["bobbob", "xy"]);
    }
}

on_both! {
    async fn a_killed_server_shows_nothing_of_half_a_message_and_takes_all_chunks_again(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let token = server.token("alice");
        let database = server.stop().await;
        let settings = settings(&database, &[]).await;
        let process = ServerProcess::start(&database, &settings).await;
        let mut alice = Client::connect(process.address, &token).await.unwrap();
        assert!(alice.ask("message:send", chunk("x", (0, 2), "half 0, ")).await["chunk"].is_object());
        process.kill().await;

        let process = ServerProcess::start(&database, &settings).await;
        let mut alice = Client::connect(process.address, &token).await.unwrap();
        assert_eq!(contents(&mut alice).await, Vec::<String>::new());
        let answer = alice.ask("message:send", chunk("x", (1, 2), "half 1")).await;
        assert_eq!(answer["chunk"]["missing"], json!([0]));
        let answer = alice.ask("message:send", chunk("x", (0, 2), "half 0, ")).await;
        assert_eq!(answer["message"]["content"], "half 0, half 1");
    }
}
