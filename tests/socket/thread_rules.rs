//! Rules of threads where they meet others: rooms, authors, edits, moved messages.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both};

async fn reply(client: &mut Client, root: &Value, content: &str) -> Value {
    let request = json!({"roomId": "plans", "content": content, "threadId": root});
    let answer = client.ask("message:send", request).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["message"]["id"].clone()
}

async fn load(client: &mut Client, root: &Value) -> Value {
    let answer = client.ask("thread:load", json!({"rootId": root})).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer
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

/// A root by alice in `plans`, whose members are these users.
async fn begin(server: &TestServer, members: &[&str]) -> (Client, Value) {
    server.make_room("plans", RoomType::Private, members).await;
    let mut alice = server.connect_in("alice", "plans").await;
    let root = alice.say("plans", "root").await["id"].take();
    (alice, root)
}

async fn move_to(server: &TestServer, id: &Value, room: &str) {
    let id = id.as_str().unwrap();
    let sql = format!(r#"UPDATE "Message" SET "roomId" = '{room}' WHERE "id" = '{id}'"#);
    server.database.execute(&sql).await;
}

on_both! {
    async fn a_reply_is_sent_only_to_the_room_of_its_thread(server: TestServer) {
        let (mut alice, root) = begin(&server, &["alice"]).await;
        server.make_room("other", RoomType::Private, &["alice"]).await;
        let answer = reply(&mut alice, &root, "one").await;
        for id in [&root, &answer] {
            let request = json!({"roomId": "other", "content": "x", "threadId": id});
            assert_eq!(alice.ask("message:send", request).await["code"], "message_not_found");
        }
        let thread = load(&mut alice, &root).await;
        assert_eq!(thread["root"]["threadSummary"]["replyCount"], 1, "{thread}");
    }
}

on_both! {
    async fn ones_own_replies_are_never_unread_and_tell_oneself_nothing(server: TestServer) {
        let (mut alice, root) = begin(&server, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        for (content, count) in [("one", 1), ("two", 2), ("three", 3)] {
            reply(&mut bob, &root, content).await;
            told(&mut alice, &root, count).await;
        }
        let heard = bob.heard().await;
        assert!(heard.iter().all(|(event, _)| event != "thread:unread"), "{heard:?}");
        assert_eq!(load(&mut bob, &root).await["unreadCount"], 0);
        reply(&mut alice, &root, "four").await;
        told(&mut bob, &root, 1).await;
    }
}

on_both! {
    async fn authors_who_reply_at_the_same_time_are_told_of_each_other(server: TestServer) {
        let (_alice, root) = begin(&server, &["alice", "bob", "carol"]).await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        reply(&mut bob, &root, "one").await;
        reply(&mut carol, &root, "two").await;
        told(&mut bob, &root, 1).await;
        let request = |content: &str| json!({"roomId": "plans", "content": content, "threadId": root});
        let (one, other) = (request("three"), request("four"));
        let (three, four) = tokio::join!(bob.ask("message:send", one), carol.ask("message:send", other));
        assert_eq!((&three["success"], &four["success"]), (&json!(true), &json!(true)));
        told(&mut bob, &root, 2).await;
        told(&mut carol, &root, 1).await;
    }
}

on_both! {
    async fn an_edit_that_mentions_a_user_who_unfollowed_leaves_it_at_that(server: TestServer) {
        let (mut alice, root) = begin(&server, &["alice", "bob", "carol"]).await;
        let mut carol = server.connect("carol").await;
        reply(&mut carol, &root, "one").await;
        carol.ask("thread:unfollow", json!({"rootId": root})).await;
        let answer = reply(&mut alice, &root, "two").await;
        let edit = json!({"messageId": answer, "content": "two @carol and @bob"});
        assert_eq!(alice.ask("message:edit", edit).await["success"], true);
        let mut bob = server.connect("bob").await;
        assert_eq!(load(&mut bob, &root).await["isFollowing"], true);
        assert_eq!(load(&mut carol, &root).await["isFollowing"], false);
    }
}

on_both! {
    async fn a_deleted_reply_that_was_only_in_its_thread_takes_no_unread_message_from_its_room(server: TestServer) {
        let (mut alice, root) = begin(&server, &["alice", "bob"]).await;
        let (mut bob, mut phone) = (server.connect("bob").await, server.connect("alice").await);
        alice.ask("room:read", "plans".into()).await;
        phone.ask("rooms:list", json!({})).await;
        drop(alice);
        bob.say("plans", "in the room").await;
        let only = reply(&mut bob, &root, "only in the thread").await;
        bob.ask("message:delete", json!({"messageId": only, "roomId": "plans"})).await;
        bob.say("plans", "again").await;
        let mut last = json!(0);
        while last != 2 {
            let pushed = phone.hear("room:unread").await["unreadCount"].take();
            assert!(pushed.as_i64() >= last.as_i64(), "{pushed} after {last}");
            last = pushed;
        }
        let listed = phone.ask("unread:list", json!({})).await;
        assert_eq!(listed["rooms"][0]["unreadCount"], 2, "{listed}");
    }
}

on_both! {
    async fn messages_that_another_program_moves_out_of_the_room_are_not_shown_in_its_threads(server: TestServer) {
        let (mut alice, root) = begin(&server, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        server.make_room("secret", RoomType::Private, &["alice"]).await;
        let moved = reply(&mut bob, &root, "moved").await;
        let stays = reply(&mut bob, &root, "stays").await;
        move_to(&server, &moved, "secret").await;
        let thread = load(&mut bob, &stays).await;
        let ids: Vec<&Value> = thread["messages"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&stays], "{thread}");

        reply(&mut alice, &root, "three").await;
        move_to(&server, &root, "secret").await;
        let listed = bob.ask("threads:list", json!({})).await;
        let quoted = &listed["threads"][0]["root"];
        assert_eq!((&quoted["id"], &quoted["isDeleted"]), (&root, &json!(true)), "{listed}");
        assert!(!listed.to_string().contains("\"excerpt\":\"root\""), "{listed}");
    }
}
