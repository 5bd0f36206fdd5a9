//! Mentions: whom a message mentions, `mention:new`, `mentions:list` and `mentions:read`. The grammar has tests of its own.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, on_both, refusals::refuses_bad_input};

/// The inbox, each as its excerpt, its kind, and whether it is unread.
async fn inbox(client: &mut Client) -> Vec<(String, String, bool)> {
    let listed = client.ask("mentions:list", json!({})).await;
    let mentions = listed["mentions"].as_array().unwrap_or_else(|| panic!("{listed}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mention =
        |mention: &Value| (text(&mention["excerpt"]), text(&mention["kind"]), mention["isUnread"] == true);
    mentions.iter().map(mention).collect()
}

fn entry(excerpt: &str, kind: &str, is_unread: bool) -> (String, String, bool) {
    (excerpt.to_owned(), kind.to_owned(), is_unread)
}

/// The mentions that a client has received.
async fn pushed(client: &mut Client) -> Vec<Value> {
    let heard = client.heard().await.into_iter();
    heard.filter(|(event, _)| event == "mention:new").map(|(_, mention)| mention).collect()
}

on_both! {
    async fn every_device_of_the_mentioned_is_told_in_whatever_room_it_is(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect_in("bob", "secret").await;
        let mut bobs_phone = server.connect("bob").await;
        let mut carol = server.connect_in("carol", "secret").await;

        let message = alice.say("secret", "Hello @bob!").await;

        let expected = json!({
            "messageId": message["id"], "roomId": "secret", "sender": {"id": "alice", "name": message["senderName"]},
            "kind": "user", "excerpt": "Hello @bob!", "at": message["createdAt"], "isUnread": true,
        });
        assert_eq!(pushed(&mut bob).await, std::slice::from_ref(&expected));
        assert_eq!(bobs_phone.heard().await, [("mention:new".to_owned(), expected.clone())]);
        assert_eq!(pushed(&mut carol).await, Vec::<Value>::new());
        assert_eq!(pushed(&mut alice).await, Vec::<Value>::new());
        let listed = bobs_phone.ask("mentions:list", json!({})).await;
        assert_eq!(listed, json!({"success": true, "mentions": [expected], "before": null}));
        assert_eq!(inbox(&mut alice).await, []);
        assert_eq!(inbox(&mut carol).await, []);
    }
}

on_both! {
    async fn only_members_are_mentioned_and_nobody_by_themself(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut carol = server.connect("carol").await;
        alice.say("secret", "@carol @{carol} @alice @room").await;
        assert_eq!(pushed(&mut carol).await, Vec::<Value>::new());
        assert_eq!(pushed(&mut alice).await, Vec::<Value>::new());
        assert_eq!(inbox(&mut carol).await, []);
        assert_eq!(inbox(&mut alice).await, []);
        // She becomes a member later.
        alice.ask("room:invite", json!({"roomId": "secret", "userId": "carol"})).await;
        alice.say("secret", "now @carol").await;
        assert_eq!(pushed(&mut carol).await.len(), 1);
    }
}

on_both! {
    async fn room_is_for_all_members_and_here_for_those_who_are_online(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect("bob").await;
        alice.say("secret", "@here").await;
        alice.say("secret", "@room").await;
        alice.say("secret", "@room and @bob").await;
        let kinds: Vec<Value> = pushed(&mut bob).await.iter().map(|mention| mention["kind"].clone()).collect();
        assert_eq!(kinds, ["here", "room", "user"]);
        let of_bob = [entry("@room and @bob", "user", true), entry("@room", "room", true), entry("@here", "here", true)];
        assert_eq!(inbox(&mut bob).await, of_bob);
        let mut carol = server.connect("carol").await;
        let of_carol = [entry("@room and @bob", "room", true), entry("@room", "room", true)];
        assert_eq!(inbox(&mut carol).await, of_carol);
    }
}

on_both! {
    async fn a_guest_of_a_public_room_mentions_members_but_not_all_of_them(server: TestServer) {
        server.make_room("open", RoomType::Public, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let mut guest = server.connect_in("carol", "open").await;
        guest.say("open", "@room @here").await;
        assert_eq!(pushed(&mut bob).await, Vec::<Value>::new());
        assert_eq!(inbox(&mut bob).await, []);
        guest.say("open", "@room @bob").await;
        assert_eq!(inbox(&mut bob).await, [entry("@room @bob", "user", true)]);
    }
}

on_both! {
    async fn an_edit_tells_only_those_whom_it_mentions_anew_and_takes_back_the_others(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        let id = alice.say("secret", "@bob").await["id"].clone();
        assert_eq!(pushed(&mut bob).await.len(), 1);
        for (content, of_bob, of_carol) in [("@bob and @carol", 0, 1), ("@carol", 0, 0), ("@bob @carol", 1, 0), ("x", 0, 0)] {
            let edit = json!({"messageId": id, "content": content});
            assert_eq!(alice.ask("message:edit", edit).await["success"], true);
            assert_eq!(pushed(&mut bob).await.len(), of_bob, "{content}");
            assert_eq!(pushed(&mut carol).await.len(), of_carol, "{content}");
            let is_listed = [inbox(&mut bob).await.len(), inbox(&mut carol).await.len()];
            assert_eq!(is_listed, ["bob", "carol"].map(|name| usize::from(content.contains(name))), "{content}");
        }
    }
}

on_both! {
    async fn here_stays_for_those_who_were_online_when_it_was_written(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect("bob").await;
        let id = alice.say("secret", "@here at fife").await["id"].clone();
        let mut carol = server.connect("carol").await;
        let edit = json!({"messageId": id, "content": "@here at five"});
        assert_eq!(alice.ask("message:edit", edit).await["success"], true);
        assert_eq!(pushed(&mut bob).await.len(), 1);
        assert_eq!(pushed(&mut carol).await, Vec::<Value>::new());
        assert_eq!(inbox(&mut bob).await, [entry("@here at five", "here", true)]);
        assert_eq!(inbox(&mut carol).await, []);
    }
}

on_both! {
    async fn a_deleted_message_mentions_nobody(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "@bob").await["id"].clone();
        assert_eq!(alice.ask("message:delete", json!({"messageId": id})).await["success"], true);
        assert_eq!(inbox(&mut bob).await, []);
        assert_eq!(server.database.select(&server.database.own("SELECT count(*) FROM own.mention")).await, ["0"]);
        // So does one that another program has deleted.
        let id = alice.say("general", "@bob again").await["id"].as_str().unwrap().to_owned();
        server.database.execute(&format!(r#"DELETE FROM "Message" WHERE "id" = '{id}'"#)).await;
        assert_eq!(inbox(&mut bob).await, []);
    }
}

on_both! {
    async fn a_mention_is_read_with_its_room_or_the_inbox_on_every_device(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("other", RoomType::Public, &["alice", "bob"]).await;
        let mut phone = server.connect("bob").await;
        assert_eq!(alice.ask("room:join", "other".into()).await["success"], true);
        alice.say("general", "one @bob").await;
        alice.say("other", "two @bob").await;
        assert_eq!(bob.ask("room:join", "other".into()).await["success"], true);
        assert_eq!(bob.ask("room:read", "other".into()).await["success"], true);
        // The list of rooms is read from stored marks.
        bob.ask("rooms:list", json!({})).await;
        assert_eq!(inbox(&mut bob).await, [entry("two @bob", "user", false), entry("one @bob", "user", true)]);
        bob.heard().await;
        phone.heard().await;
        let read = bob.ask("mentions:read", json!({})).await;
        let told = [("mention:read".to_owned(), json!({"at": read["at"]}))];
        assert_eq!(phone.heard().await, told);
        assert_eq!(inbox(&mut phone).await, [entry("two @bob", "user", false), entry("one @bob", "user", false)]);
        alice.say("other", "three @bob").await;
        assert_eq!(inbox(&mut phone).await[0], entry("three @bob", "user", true));
    }
}

on_both! {
    async fn pages_of_the_inbox_have_each_mention_once(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for index in 0..7 {
            alice.say("general", &format!("{index} @bob @room")).await;
        }
        let (mut before, mut seen) = (Value::Null, Vec::new());
        loop {
            let page = bob.ask("mentions:list", json!({"limit": 3, "before": before})).await;
            let mentions = page["mentions"].as_array().unwrap();
            assert!(mentions.len() <= 3);
            seen.extend(mentions.iter().map(|mention| mention["excerpt"].as_str().unwrap()[..1].to_owned()));
            before = page["before"].clone();
            if before.is_null() {
                break;
            }
        }
        seen.dedup();
        assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
    }
}

on_both! {
    async fn a_removed_member_no_longer_sees_what_mentions_them(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect("bob").await;
        alice.say("secret", "@bob").await;
        alice.say("secret", "@room").await;
        assert_eq!(inbox(&mut bob).await.len(), 2);
        assert_eq!(bob.ask("member:leave", "secret".into()).await["success"], true);
        assert_eq!(inbox(&mut bob).await, []);
        bob.heard().await;
        alice.say("secret", "@bob @room").await;
        assert_eq!(pushed(&mut bob).await, Vec::<Value>::new());
    }
}

on_both! {
    async fn a_message_mentions_at_most_fifty_users(server: TestServer) {
        let users: Vec<String> = (0..60).map(|index| format!("u{index:02}")).collect();
        let members: Vec<&str> = users.iter().map(String::as_str).chain(["alice"]).collect();
        server.make_room("crowd", RoomType::Private, &members).await;
        let mut alice = server.connect_in("alice", "crowd").await;
        let text: String = users.iter().map(|id| format!("@{{{id}}} ")).collect();
        alice.say("crowd", &text).await;
        let stored = server.database.own("SELECT count(*) FROM own.mention");
        assert_eq!(server.database.select(&stored).await, ["50"]);
    }
}

on_both! {
    async fn a_message_that_is_sent_again_mentions_once(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let message = json!({"roomId": "general", "content": "@bob", "clientId": "one"});
        let first = alice.ask("message:send", message.clone()).await;
        let second = alice.ask("message:send", message).await;
        assert_eq!(first["message"]["id"], second["message"]["id"]);
        assert_eq!(pushed(&mut bob).await.len(), 1);
        assert_eq!(inbox(&mut bob).await.len(), 1);
    }
}

on_both! {
    async fn bad_input_is_refused(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let no_objects = ["", "null", "7", "true", r#""text""#, "[]"].map(str::to_owned);
        let pages = [r#"{"before": 1}"#, r#"{"before": "x"}"#, r#"{"limit": -1}"#, r#"{"limit": "1"}"#];
        refuses_bad_input(&mut alice, "mentions:list", &[&no_objects[..], &pages.map(str::to_owned)].concat()).await;
        refuses_bad_input(&mut alice, "mentions:read", &no_objects).await;
    }
}

on_both! {
    async fn a_mention_is_unread_again_in_a_room_that_is_marked_as_unread(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut ids = Vec::new();
        for content in ["@alice one", "@alice two", "@alice three"] {
            ids.push(bob.say("general", content).await["id"].take());
        }
        alice.ask("room:read", "general".into()).await;
        assert!(inbox(&mut alice).await.iter().all(|(_, _, is_unread)| !is_unread));
        alice.ask("room:mark-unread", json!({"roomId": "general", "messageId": ids[1]})).await;
        let of_alice = [("@alice three", true), ("@alice two", true), ("@alice one", false)];
        let entries = of_alice.map(|(excerpt, is_unread)| entry(excerpt, "user", is_unread));
        assert_eq!(inbox(&mut alice).await, entries);
        assert_eq!(count(&mut alice, "general").await, 2);
        alice.ask("mentions:read", json!({})).await;
        assert!(inbox(&mut alice).await.iter().all(|(_, _, is_unread)| !is_unread));
    }
}

on_both! {
    async fn a_mention_that_is_stored_after_a_read_mark_of_a_later_time_is_unread(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.say("general", "@alice before").await;
        let edited = bob.say("general", "edited later").await["id"].take();
        alice.ask("room:read", "general".into()).await;
        // As if the clock was that far ahead when she read it.
        let later = server.database.own("UPDATE own.read_marker SET at = '2999-01-01 00:00:00' WHERE user_id = 'alice'");
        server.database.execute(&later).await;
        bob.say("general", "@alice after").await;
        let edit = json!({"messageId": edited, "content": "@alice edited"});
        assert_eq!(bob.ask("message:edit", edit).await["success"], true);
        assert_eq!(count(&mut alice, "general").await, 2);
        let of_alice = [("@alice edited", true), ("@alice after", true), ("@alice before", false)];
        let entries = of_alice.map(|(excerpt, is_unread)| entry(excerpt, "user", is_unread));
        assert_eq!(inbox(&mut alice).await, entries);
    }
}

/// The number of unread mentions in a room.
async fn count(client: &mut Client, room: &str) -> i64 {
    let answer = client.ask("unread:list", json!({})).await;
    let rooms = answer["rooms"].as_array().unwrap();
    rooms.iter().find(|one| one["roomId"] == room).unwrap()["mentionCount"].as_i64().unwrap()
}
