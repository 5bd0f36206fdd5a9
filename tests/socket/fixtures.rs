//! The server keeps to every fixture of the protocol: the client compares all received packets with them, and the first story
//! causes all of them. A client's requests are sent to the server as they are, and altered.

use std::collections::BTreeSet;

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::{
    search::searching,
    support::{fixture, on_both, refusals::refuses_bad_input},
};

on_both! {
    async fn every_event_and_ack_is_as_its_fixture(server: TestServer) {
        let server = searching(server).await;
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        let sent = alice.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
        let id = &sent["message"]["id"];
        let half = json!({"id": "long", "index": 0, "count": 2});
        alice.ask("message:send", json!({"roomId": "general", "content": "x", "chunk": half})).await;
        bob.ask("reaction:add", json!({"messageId": id, "emoji": "👍"})).await;
        alice.ask("message:edit", json!({"messageId": id, "content": "y"})).await;
        alice.ask("message:send", json!({"roomId": "general", "content": "@bob"})).await;
        bob.ask("mentions:list", json!({})).await;
        bob.ask("mentions:read", json!({})).await;
        let in_thread = json!({"roomId": "general", "content": "in the thread", "threadId": id});
        let reply = bob.ask("message:send", in_thread).await["message"]["id"].take();
        alice.hear("thread:unread").await;
        alice.ask("thread:load", json!({"rootId": id})).await;
        alice.ask("thread:read", json!({"rootId": id, "messageId": reply})).await;
        alice.ask("thread:unfollow", json!({"rootId": id})).await;
        alice.ask("thread:follow", json!({"rootId": id})).await;
        alice.ask("threads:list", json!({})).await;
        alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        alice.ask("messages:load", json!({"roomId": "nowhere", "before": "2999-01-01"})).await;
        alice.ask("messages:sync", json!({"roomId": "general", "since": 0})).await;
        alice.ask("messages:search", json!({"query": "y"})).await;
        bob.ask("reaction:remove", json!({"messageId": id, "emoji": "👍"})).await;
        alice.ask("room:update", json!({"roomId": "general", "name": "All", "topic": "anything"})).await;
        bob.ask("typing:start", "general".into()).await;
        bob.ask("typing:stop", "general".into()).await;
        bob.ask("room:read", "general".into()).await;
        bob.ask("dm:start", "alice".into()).await;
        bob.ask("room:presence", "general".into()).await;
        bob.ask("rooms:list", json!({})).await;
        bob.ask("unread:list", json!({})).await;
        bob.ask("settings:update", json!({"privateReads": false})).await;
        bob.ask("settings:show", json!({})).await;
        bob.ask("message:readers", json!({"messageId": id})).await;
        alice.ask("messages:show", json!({"messageIds": [id]})).await;
        bob.ask("users:show", json!({"userIds": ["alice"]})).await;
        bob.ask("users:find", json!({"query": "ali"})).await;
        let made = bob.ask("room:create", json!({"name": "Plans"})).await;
        bob.ask("room:invite", json!({"roomId": made["room"]["id"], "userId": "alice"})).await;
        alice.ask("message:send", json!({"roomId": made["room"]["id"], "content": "z"})).await;
        bob.hear("room:activity").await;
        bob.hear("room:unread").await;
        alice.ask("message:delete", json!({"messageId": id})).await;
        alice.ask("message:delete", json!({"messageId": id})).await;
        server.make_room("watched", RoomType::Private, &["bob", "carol"]).await;
        bob.ask("users:watch", json!({"userIds": ["alice", "carol"]})).await;
        let _carol = server.connect("carol").await;
        bob.ask("member:join", "general".into()).await;
        bob.ask("member:leave", "general".into()).await;
        bob.hear("users:presence").await;
        bob.ask("presence:set", json!({"state": "away"})).await;
        bob.ask("presence:watch", json!({"userIds": ["alice"]})).await;
        bob.ask("presence:list", json!({"roomId": "watched"})).await;
        let clear_at = chatoxide::clock::now().millis() + 60_000;
        alice.ask("status:set", json!({"text": "Lunch", "emoji": "🍜", "clearAt": clear_at})).await;
        bob.hear("presence:update").await;
        bob.ask("room:leave", "general".into()).await;
        alice.heard().await;
        bob.heard().await;

        let mut seen: BTreeSet<String> = alice.seen.union(&bob.seen).cloned().collect();
        // Only who does not read meets it: see rooms/slow_reader.rs.
        seen.insert("server_pulse".to_owned());
        // Only with DELIVERY_RECEIPTS: see message_delivered.rs.
        seen.insert("message_delivered".to_owned());
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), fixture::names());
    }
}

on_both! {
    async fn every_request_is_taken_as_its_fixture_shows_it(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        server.own_room("general", "alice").await;
        for request in fixture::requests() {
            for mut argument in request.good() {
                // A new message of alice's own each time: some requests delete it, and a client id is for one message.
                // She is a member, though some requests end that.
                alice.ask("member:join", "general".into()).await;
                let root = alice.say("general", "x").await["id"].take();
                let reply = json!({"roomId": "general", "content": "y", "threadId": root});
                let id = alice.ask("message:send", reply).await["message"]["id"].take();
                for key in ["messageId", "clientId", "rootId", "threadId"] {
                    if argument.get(key).is_some_and(Value::is_string) {
                        argument[key] = id.clone();
                    }
                }
                let ack = alice.ask(request.event, argument.clone()).await;
                assert_eq!(ack["success"], true, "{} {argument}: {ack}", request.event);
            }
        }
    }
}

on_both! {
    async fn every_request_is_refused_when_it_is_not_as_its_fixture(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        for request in fixture::requests() {
            refuses_bad_input(&mut alice, request.event, &request.bad()).await;
        }
    }
}

#[test]
fn each_event_of_the_servers_table_has_a_request_and_no_other() {
    let table = include_str!("../../src/socket/events/mod.rs").lines();
    let rows = table.filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "));
    let mut events: Vec<&str> = rows.map(|(event, _)| event).collect();
    events.sort_unstable();
    let mut requests: Vec<&str> = fixture::requests().map(|request| request.event).collect();
    requests.sort_unstable();
    assert_eq!(requests, events);
}

#[test]
fn a_fixture_agrees_with_its_example_and_finds_what_is_missing_new_or_of_another_type() {
    for name in fixture::names() {
        let example = fixture::example(&name);
        assert_eq!(fixture::faults(&name, example), Vec::<String>::new());
        let mut changed = vec![json!("something else"), json!([example])];
        for key in example.as_object().into_iter().flat_map(|example| example.keys()) {
            let (mut without, mut other, mut more) = (example.clone(), example.clone(), example.clone());
            without.as_object_mut().unwrap().shift_remove(key);
            other[key] = json!({"of": "another type"});
            more["unheardOf"] = json!(1);
            changed.push(more);
            if !fixture::is_loose(&name, key) {
                changed.extend([without, other]);
            }
        }
        for value in changed {
            assert_ne!(fixture::faults(&name, &value), Vec::<String>::new(), "{name}: {value}");
        }
    }
}

#[test]
fn a_date_in_a_fixture_stands_for_one_form_only() {
    let read =
        |timestamp: &str| json!({"roomId": "general", "userId": "alice", "timestamp": timestamp, "seq": 1});
    assert!(fixture::faults("room_user_read", &read("2030-12-24T00:00:00.000Z")).is_empty());
    for other in ["2026-01-31T09:05:07Z", "2026-01-31 09:05:07.042", "2026-01-31T09:05:07.042+00:00", "soon"]
    {
        assert!(!fixture::faults("room_user_read", &read(other)).is_empty(), "{other}");
    }
}
