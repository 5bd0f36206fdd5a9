//! Threads: replies by `threadId`, the summary that roots carry, `thread:load`, `thread:follow`, `thread:read`, `threads:list`, and
//! what is told of them.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both, refusals::refuses_bad_input};

/// Answers in a thread; returns the ack's message.
async fn reply(client: &mut Client, room: &str, root: &Value, content: &str) -> Value {
    let answer =
        client.ask("message:send", json!({"roomId": room, "content": content, "threadId": root})).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["message"].clone()
}

async fn load(client: &mut Client, root: &Value, more: Value) -> Value {
    let mut request = json!({"rootId": root});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = client.ask("thread:load", request).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer
}

fn contents(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

/// Waits until a device is told that a thread has so many unread replies.
async fn told(client: &mut Client, root: &Value, count: i64) {
    loop {
        let told = client.hear("thread:unread").await;
        if told["rootId"] == *root && told["unreadCount"] == count {
            return;
        }
    }
}

/// The message as a room's newest page has it.
async fn in_page(client: &mut Client, room: &str, id: &Value) -> Value {
    let page = client.ask("messages:load", json!({"roomId": room})).await;
    page["messages"].as_array().unwrap().iter().find(|one| one["id"] == *id).unwrap().clone()
}

/// The message in a room's history, as a socket that joins is sent it.
async fn in_history(server: &TestServer, user: &str, room: &str, id: &Value) -> Value {
    let mut client = server.connect(user).await;
    client.emit("room:join", room.into()).await;
    let history = client.hear("room:history").await;
    history["messages"].as_array().unwrap().iter().find(|one| one["id"] == *id).unwrap().clone()
}

on_both! {
    async fn a_reply_is_an_answer_to_all_and_its_root_counts_it(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "plans").await;
        let mut bob = server.connect_in("bob", "plans").await;
        let root = alice.say("plans", "root").await;
        assert!(root.get("thread").is_none() && root.get("threadSummary").is_none(), "{root}");
        for client in [&mut alice, &mut bob] {
            client.heard().await;
        }

        let sent = reply(&mut bob, "plans", &root["id"], "one").await;

        assert_eq!(sent["thread"], json!({"rootId": root["id"], "alsoToRoom": false}));
        assert_eq!(sent["replyTo"], root["id"]);
        let summary = json!({
            "replyCount": 1, "participantCount": 1,
            "lastReply": {"id": sent["id"], "senderId": "bob", "createdAt": sent["createdAt"]},
            "participants": [{"id": "bob", "name": sent["senderName"], "avatar": null}],
        });
        assert_eq!(sent["root"], json!({"id": root["id"], "threadSummary": summary}));
        let heard = alice.hear("message:new").await;
        assert_eq!(heard, sent, "everybody in the room is told the same");
        // The room in memory, a page, one message, and what a client catches up on.
        assert_eq!(in_history(&server, "carol", "plans", &root["id"]).await["threadSummary"], summary);
        assert_eq!(in_page(&mut alice, "plans", &root["id"]).await["threadSummary"], summary);
        let shown = alice.ask("messages:show", json!({"messageIds": [root["id"], sent["id"]]})).await;
        assert_eq!(shown["messages"][0]["threadSummary"], summary);
        assert_eq!(shown["messages"][1]["thread"], sent["thread"]);
        let synced = alice.ask("messages:sync", json!({"roomId": "plans", "since": 1})).await;
        assert_eq!(synced["events"], json!([{"event": "message:new", "data": sent}]));
    }
}

on_both! {
    async fn a_summary_follows_replies_edits_and_deletions(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let root = alice.say("general", "root").await["id"].take();
        let first = reply(&mut bob, "general", &root, "one").await["id"].take();
        let second = reply(&mut alice, "general", &root, "two").await;
        assert_eq!(second["root"]["threadSummary"]["replyCount"], 2);
        assert_eq!(second["root"]["threadSummary"]["participants"][0]["id"], "alice");
        // An edited root keeps its thread, an edited reply its place.
        let edited = alice.ask("message:edit", json!({"messageId": root, "content": "edited"})).await;
        assert_eq!(edited["message"]["threadSummary"]["replyCount"], 2, "{edited}");
        let edited = bob.ask("message:edit", json!({"messageId": first, "content": "uno"})).await;
        assert_eq!(edited["message"]["thread"]["rootId"], root, "{edited}");
        alice.heard().await;

        alice.ask("message:delete", json!({"messageId": second["id"]})).await;

        let deleted = bob.hear("message:deleted").await;
        assert_eq!(deleted["root"]["id"], root);
        assert_eq!(deleted["root"]["threadSummary"]["replyCount"], 1);
        assert_eq!(deleted["root"]["threadSummary"]["lastReply"]["id"], first);
        assert_eq!(deleted["root"]["threadSummary"]["participantCount"], 1);
        assert_eq!(in_page(&mut bob, "general", &root).await["threadSummary"], deleted["root"]["threadSummary"]);
        // Whoever catches up over all of it has the same in the end.
        let synced = bob.ask("messages:sync", json!({"roomId": "general", "since": 1})).await;
        let events = synced["events"].as_array().unwrap();
        assert_eq!(events.last().unwrap()["data"]["root"], deleted["root"]);

        bob.ask("message:delete", json!({"messageId": first})).await;
        let deleted = alice.hear("message:deleted").await;
        let deleted = if deleted["messageId"] == first { deleted } else { alice.hear("message:deleted").await };
        assert_eq!(deleted["root"], json!({"id": root, "threadSummary": null}));
        assert!(in_page(&mut bob, "general", &root).await.get("threadSummary").is_none());
        assert!(in_history(&server, "alice", "general", &root).await.get("threadSummary").is_none());
    }
}

on_both! {
    async fn the_thread_of_a_reply_is_that_of_its_root_and_a_plain_answer_makes_none(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let root = alice.say("general", "root").await["id"].take();
        let first = reply(&mut bob, "general", &root, "one").await["id"].take();
        let second = reply(&mut bob, "general", &first, "two").await;
        assert_eq!((&second["thread"]["rootId"], &second["replyTo"]), (&root, &root));
        let request = json!({
            "roomId": "general", "content": "three", "threadId": root, "replyTo": first, "alsoToRoom": true,
        });
        let third = bob.ask("message:send", request).await["message"].take();
        assert_eq!(third["replyTo"], first);
        assert_eq!(third["thread"], json!({"rootId": root, "alsoToRoom": true}));
        let plain = bob.ask("message:send", json!({"roomId": "general", "content": "x", "replyTo": root})).await;
        assert!(plain["message"].get("thread").is_none() && plain["message"].get("root").is_none(), "{plain}");
        assert_eq!(contents(&load(&mut alice, &second["id"], json!({})).await["messages"]), ["three", "two", "one"]);
    }
}

on_both! {
    async fn a_root_of_another_room_or_one_that_is_gone_is_refused(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["bob"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let secret = bob.say("secret", "x").await["id"].take();
        let elsewhere = reply(&mut bob, "secret", &secret, "y").await["id"].take();
        let root = alice.say("general", "root").await["id"].take();
        let answer = reply(&mut bob, "general", &root, "one").await["id"].take();
        let gone = alice.say("general", "gone").await["id"].take();
        alice.ask("message:delete", json!({"messageId": gone})).await;
        for root in [&secret, &elsewhere, &gone, &json!("nothing")] {
            let request = json!({"roomId": "general", "content": "x", "threadId": root});
            assert_eq!(alice.ask("message:send", request).await["code"], "message_not_found", "{root}");
            let asked = alice.ask("thread:load", json!({"rootId": root})).await;
            assert_eq!(asked["code"], "message_not_found", "{root}");
        }
        // Its replies stay, and say that the root is gone.
        alice.ask("message:delete", json!({"messageId": root})).await;
        let request = json!({"roomId": "general", "content": "x", "threadId": root});
        assert_eq!(bob.ask("message:send", request).await["code"], "message_not_found");
        for id in [&root, &answer] {
            let thread = load(&mut bob, id, json!({})).await;
            assert_eq!((&thread["root"], contents(&thread["messages"])), (&Value::Null, vec!["one"]));
        }
        let listed = bob.ask("threads:list", json!({})).await;
        let expected = json!({"id": root, "senderId": null, "senderName": null, "excerpt": "", "isDeleted": true});
        assert_eq!(listed["threads"][0]["root"], expected, "{listed}");
    }
}

on_both! {
    async fn replies_are_read_in_pages_both_ways(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let root = alice.say("general", "root").await["id"].take();
        assert_eq!(load(&mut alice, &root, json!({})).await, json!({
            "success": true, "rootId": root, "roomId": "general", "root": in_page(&mut alice, "general", &root).await,
            "messages": [], "before": null, "after": null, "hasMore": false, "isFollowing": false, "unreadCount": 0,
        }));
        for n in 1..=5 {
            reply(&mut alice, "general", &root, &n.to_string()).await;
        }
        let newest = load(&mut alice, &root, json!({"limit": 2})).await;
        assert_eq!((contents(&newest["messages"]), &newest["hasMore"]), (vec!["5", "4"], &json!(true)));
        let older = load(&mut alice, &root, json!({"limit": 2, "before": newest["before"]})).await;
        assert_eq!((contents(&older["messages"]), &older["hasMore"]), (vec!["3", "2"], &json!(true)));
        let oldest = load(&mut alice, &root, json!({"limit": 2, "before": older["before"]})).await;
        assert_eq!((contents(&oldest["messages"]), &oldest["before"]), (vec!["1"], &Value::Null));
        let newer = load(&mut alice, &root, json!({"limit": 2, "after": oldest["after"]})).await;
        assert_eq!((contents(&newer["messages"]), &newer["hasMore"]), (vec!["3", "2"], &json!(true)));
        let newer = load(&mut alice, &root, json!({"limit": 2, "after": newer["after"]})).await;
        assert_eq!((contents(&newer["messages"]), &newer["hasMore"]), (vec!["5", "4"], &json!(false)));
        let none = load(&mut alice, &root, json!({"after": newer["after"]})).await;
        assert_eq!(contents(&none["messages"]), Vec::<&str>::new());
        reply(&mut alice, "general", &root, "6").await;
        let newer = load(&mut alice, &root, json!({"after": none["after"]})).await;
        assert_eq!(contents(&newer["messages"]), ["6"]);
    }
}

on_both! {
    async fn authors_repliers_and_the_mentioned_follow_until_they_do_not_want_to(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol", "dave"]).await;
        let mut alice = server.connect_in("alice", "plans").await;
        let mut alices_phone = server.connect("alice").await;
        let (mut bob, mut carol) = (server.connect_in("bob", "plans").await, server.connect("carol").await);
        let mut dave = server.connect_in("dave", "plans").await;
        let root = alice.say("plans", "root").await["id"].take();

        let first = reply(&mut bob, "plans", &root, "one").await["id"].take();
        for device in [&mut alice, &mut alices_phone] {
            told(device, &root, 1).await;
        }
        let second = reply(&mut bob, "plans", &root, "two @carol").await["id"].take();
        told(&mut alices_phone, &root, 2).await;
        // From the reply that mentions her on.
        told(&mut carol, &root, 1).await;
        let is_following = |thread: &Value| thread["isFollowing"] == true;
        assert!(is_following(&load(&mut bob, &root, json!({})).await));
        assert!(!is_following(&load(&mut dave, &root, json!({})).await));

        // A mark never goes back, and every device is told.
        let read = alice.ask("thread:read", json!({"rootId": root, "messageId": second})).await;
        assert_eq!(read, json!({"success": true, "unreadCount": 0}));
        told(&mut alices_phone, &root, 0).await;
        let read = alice.ask("thread:read", json!({"rootId": root, "messageId": first})).await;
        assert_eq!(read["unreadCount"], 0);

        carol.ask("thread:unfollow", json!({"rootId": first})).await;
        carol.heard().await;
        reply(&mut bob, "plans", &root, "three @carol").await;
        told(&mut alice, &root, 1).await;
        assert!(!is_following(&load(&mut carol, &root, json!({})).await));
        let heard = carol.heard().await;
        assert!(heard.iter().all(|(event, _)| event != "thread:unread"), "{heard:?}");

        assert_eq!(dave.ask("thread:follow", json!({"rootId": root})).await, json!({"success": true, "unreadCount": 0}));
        // An edit that mentions somebody lets them follow, too.
        let mut plain = server.connect_in("carol", "plans").await;
        let another = plain.say("plans", "another").await["id"].take();
        let answer = reply(&mut bob, "plans", &another, "x").await["id"].take();
        bob.ask("message:edit", json!({"messageId": answer, "content": "x @alice"})).await;
        assert!(is_following(&load(&mut alice, &another, json!({})).await));
        // Reading a thread is no wish to follow it, and no wish not to.
        dave.ask("thread:read", json!({"rootId": another, "messageId": answer})).await;
        assert!(!is_following(&load(&mut dave, &another, json!({})).await));
        reply(&mut dave, "plans", &another, "y").await;
        assert!(is_following(&load(&mut dave, &another, json!({})).await));
    }
}

on_both! {
    async fn followed_threads_are_listed_by_their_newest_reply_with_unread_counts(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob) = (server.connect_in("alice", "plans").await, server.connect("bob").await);
        let mut roots = Vec::new();
        for n in 0..3 {
            let root = alice.say("plans", &format!("root {n}")).await["id"].take();
            reply(&mut bob, "plans", &root, "x").await;
            roots.push(root);
        }
        reply(&mut bob, "plans", &roots[0], "y").await;
        let listed = alice.ask("threads:list", json!({"limit": 2})).await;
        let of = |listed: &Value| -> Vec<(Value, Value)> {
            let threads = listed["threads"].as_array().unwrap();
            threads.iter().map(|one| (one["root"]["id"].clone(), one["unreadCount"].clone())).collect()
        };
        assert_eq!(of(&listed), [(roots[0].clone(), json!(2)), (roots[2].clone(), json!(1))]);
        let first = &listed["threads"][0];
        assert_eq!((&first["root"]["excerpt"], &first["root"]["senderId"]), (&json!("root 0"), &json!("alice")));
        assert_eq!((&first["roomId"], &first["threadSummary"]["replyCount"]), (&json!("plans"), &json!(2)));
        let rest = alice.ask("threads:list", json!({"limit": 2, "after": listed["after"]})).await;
        assert_eq!((of(&rest), &rest["after"]), (vec![(roots[1].clone(), json!(1))], &Value::Null));
        // One's own replies are not unread.
        let unread = bob.ask("threads:list", json!({"unreadOnly": true})).await;
        assert_eq!(of(&unread), []);
        alice.ask("thread:unfollow", json!({"rootId": roots[1]})).await;
        assert_eq!(of(&alice.ask("threads:list", json!({"roomId": "plans", "unreadOnly": true})).await).len(), 2);
        assert_eq!(of(&alice.ask("threads:list", json!({"roomId": "general"})).await), []);
    }
}

on_both! {
    async fn a_room_is_not_unread_by_replies_that_are_only_in_a_thread(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        let root = alice.say("plans", "root").await["id"].take();
        alice.ask("rooms:list", json!({})).await;
        reply(&mut bob, "plans", &root, "one").await;
        let request = json!({"roomId": "plans", "content": "two", "threadId": root, "alsoToRoom": true});
        bob.ask("message:send", request).await;
        let pushed = alice.hear("room:unread").await;
        assert_eq!((&pushed["unreadCount"], &pushed["mentionCount"]), (&json!(1), &json!(0)));
        for event in ["unread:list", "rooms:list"] {
            let listed = alice.ask(event, json!({})).await;
            let rooms = listed["rooms"].as_array().unwrap();
            let room = rooms.iter().find(|one| one["roomId"] == "plans" || one["id"] == "plans").unwrap();
            assert_eq!(room["unreadCount"], 1, "{event}");
        }
        // A mention is for its user wherever it stands.
        let mention = reply(&mut bob, "plans", &root, "three @alice").await["id"].take();
        let pushed = alice.hear("room:unread").await;
        assert_eq!((&pushed["unreadCount"], &pushed["mentionCount"]), (&json!(1), &json!(1)));
        bob.ask("message:delete", json!({"messageId": mention})).await;
        let pushed = alice.hear("room:unread").await;
        assert_eq!((&pushed["unreadCount"], &pushed["mentionCount"]), (&json!(1), &json!(0)));
    }
}

on_both! {
    async fn threads_are_for_those_who_may_enter_their_room(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        server.own_room("secret", "alice").await;
        let mut alice = server.connect_in("alice", "secret").await;
        let (mut carol, mut stranger) = (server.connect("carol").await, server.connect("dave").await);
        let root = alice.say("secret", "root").await["id"].take();
        let answer = reply(&mut carol, "secret", &root, "one").await["id"].take();
        alice.ask("member:remove", json!({"roomId": "secret", "userId": "carol"})).await;
        for client in [&mut stranger, &mut carol] {
            for id in [&root, &answer] {
                for event in ["thread:load", "thread:follow", "thread:unfollow"] {
                    assert_eq!(client.ask(event, json!({"rootId": id})).await["code"], "message_not_found", "{event}");
                }
                let read = client.ask("thread:read", json!({"rootId": root, "messageId": id})).await;
                assert_eq!(read["code"], "message_not_found");
            }
            assert_eq!(client.ask("threads:list", json!({})).await["threads"], json!([]));
            let request = json!({"roomId": "secret", "content": "x", "threadId": root});
            assert_eq!(client.ask("message:send", request).await["code"], "forbidden");
            client.heard().await;
        }
        // A reply of another thread is none of this one.
        let other = alice.say("secret", "other").await["id"].take();
        for id in [&other, &root] {
            let read = alice.ask("thread:read", json!({"rootId": root, "messageId": id})).await;
            assert_eq!(read["code"], "message_not_found");
        }
        // The removed one is told nothing more.
        reply(&mut alice, "secret", &root, "two").await;
        let mut bob = server.connect("bob").await;
        bob.ask("thread:follow", json!({"rootId": root})).await;
        reply(&mut alice, "secret", &root, "three").await;
        told(&mut bob, &root, 1).await;
        let heard = carol.heard().await;
        assert!(heard.iter().all(|(event, _)| event != "thread:unread"), "{heard:?}");
    }
}

on_both! {
    async fn bad_input_is_refused(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let root = alice.say("general", "root").await["id"].take();
        alice.heard().await;
        let both = json!({"rootId": root, "before": "MTc2NDUwNDAwMDAwMC4x", "after": "MTc2NDUwNDAwMDAwMC4x"});
        let cursor = json!({"rootId": root, "before": "x"});
        refuses_bad_input(&mut alice, "thread:load", &[both.to_string(), cursor.to_string()]).await;
        refuses_bad_input(&mut alice, "threads:list", &[json!({"after": "x"}).to_string()]).await;
        let request = json!({"roomId": "general", "content": "x", "threadId": ""});
        refuses_bad_input(&mut alice, "message:send", &[request.to_string()]).await;
    }
}
