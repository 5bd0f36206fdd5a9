//! `rooms:list`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, moment, on_both, refusals::refuses_bad_input};

async fn listed(client: &mut Client) -> Vec<Value> {
    let answer = client.ask("rooms:list", json!({})).await;
    answer["rooms"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// `key` of each, in order.
fn each(rooms: &[Value], key: &str) -> Vec<Value> {
    rooms.iter().map(|room| room[key].clone()).collect()
}

/// The unread count of `room`.
async fn unread(client: &mut Client, room: &str) -> Value {
    let rooms = listed(client).await;
    rooms.iter().find(|listed| listed["id"] == room).unwrap_or_else(|| panic!("{room}: {rooms:?}"))["unreadCount"]
        .clone()
}

async fn seed(server: &TestServer, room: &str, sender: &str, count: usize) {
    let messages: Vec<_> = (0..count).map(|n| (format!("{room}-{sender}-{n}"), moment(n))).collect();
    server.database.seed_messages(room, sender, &messages).await;
}

on_both! {
    async fn the_list_has_ones_own_and_public_rooms_by_their_last_message(server: TestServer) {
        server.make_room("open", RoomType::Public, &["bob"]).await;
        server.make_room("mine", RoomType::Private, &["alice", "bob"]).await;
        server.make_room("not-mine", RoomType::Private, &["bob", "carol"]).await;
        server.make_room("dm:alice:bob", RoomType::Direct, &["alice", "bob"]).await;
        server.make_room("dm:bob:carol", RoomType::Direct, &["bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        for room in ["mine", "open", "dm:alice:bob"] {
            bob.say(room, "hello").await;
        }

        let rooms = listed(&mut alice).await;

        assert_eq!(each(&rooms, "id"), ["dm:alice:bob", "open", "mine"]);
        assert_eq!(each(&rooms, "type"), ["direct", "public", "private"]);
        assert_eq!(each(&rooms, "isMember"), [true, false, true]);
        assert_eq!(each(&rooms, "with"), [json!({"id": "bob", "name": "bob", "avatar": null}), json!(null), json!(null)]);
        for room in &rooms {
            assert!(room["lastMessageAt"].as_str() >= room["createdAt"].as_str(), "{room}");
        }
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn a_reply_that_is_only_in_its_thread_leaves_its_room_where_it_was(server: TestServer) {
        for room in ["threaded", "other"] {
            server.make_room(room, RoomType::Private, &["alice", "bob"]).await;
        }
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        let root = bob.say("threaded", "root").await;
        bob.say("other", "hello").await;
        let reply = json!({"roomId": "threaded", "content": "x", "threadId": root["id"], "alsoToRoom": false});
        let only = bob.ask("message:send", reply.clone()).await;
        assert_eq!(only["success"], true, "{only}");

        let rooms = listed(&mut alice).await;
        assert_eq!(each(&rooms, "id"), ["other", "threaded"]);
        assert_eq!(rooms[1]["lastMessageAt"], root["createdAt"]);

        let mut also = reply;
        also["alsoToRoom"] = true.into();
        let also = bob.ask("message:send", also).await["message"].take();
        let rooms = listed(&mut alice).await;
        assert_eq!(each(&rooms, "id"), ["threaded", "other"]);
        assert_eq!(rooms[0]["lastMessageAt"], also["createdAt"]);

        // Without its root and that one, nothing is in the room.
        for id in [&root["id"], &also["id"]] {
            bob.ask("message:delete", json!({"messageId": id, "roomId": "threaded"})).await;
        }
        let rooms = listed(&mut alice).await;
        let threaded = rooms.iter().find(|room| room["id"] == "threaded").unwrap();
        assert_eq!(threaded["lastMessageAt"], json!(null), "{threaded}");
    }
}

on_both! {
    async fn a_room_where_nothing_was_said_stands_where_it_was_made(server: TestServer) {
        server.make_room("old", RoomType::Public, &["alice"]).await;
        seed(&server, "old", "alice", 1).await;
        server.make_room("new", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect("alice").await;

        let rooms = listed(&mut alice).await;

        assert_eq!(each(&rooms, "id"), ["new", "old"]);
        assert_eq!(each(&rooms, "lastMessageAt"), [json!(null), json!(format!("{}Z", moment(0).replace(' ', "T")))]);
    }
}

on_both! {
    async fn unread_is_what_others_said_since_one_has_read(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        bob.say("general", "one").await;
        bob.say("general", "two").await;
        let mut alice = server.connect("alice").await;
        assert_eq!(unread(&mut alice, "general").await, 2, "who has never read has read nothing");
        assert_eq!(unread(&mut bob, "general").await, 0, "one's own");

        alice.ask("room:read", "general".into()).await;
        assert_eq!(unread(&mut alice, "general").await, 0);
        alice.say("general", "three").await;
        bob.say("general", "four").await;
        assert_eq!(unread(&mut alice, "general").await, 1);
        assert_eq!(unread(&mut bob, "general").await, 1);
    }
}

on_both! {
    async fn a_room_that_was_read_a_moment_ago_has_no_unread_messages(server: TestServer) {
        let (mut phone, mut bob) = server.meet().await;
        let mut laptop = server.connect("alice").await;
        bob.say("general", "one").await;
        assert_eq!(unread(&mut laptop, "general").await, 1);

        // Without an ack: the mark waits for others before it is stored.
        phone.emit("room:read", "general".into()).await;
        bob.hear("room:user-read").await;
        assert_eq!(unread(&mut laptop, "general").await, 0);
    }
}

on_both! {
    async fn a_room_that_one_is_not_in_has_unread_messages_only_after_it_was_read(server: TestServer) {
        server.make_room("open", RoomType::Public, &["bob"]).await;
        let mut bob = server.connect("bob").await;
        bob.say("open", "one").await;
        let mut carol = server.connect("carol").await;
        assert_eq!(unread(&mut carol, "open").await, 0);

        carol.ask("room:read", "open".into()).await;
        bob.say("open", "two").await;
        assert_eq!(unread(&mut carol, "open").await, 1);
    }
}

on_both! {
    async fn later_messages_of_the_millisecond_of_a_read_mark_are_unread(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "before").await;
        bob.ask("room:read", "general".into()).await;
        let sent = alice.say("general", "after").await;
        // As on a fast machine: all three at once.
        let at = sent["createdAt"].as_str().unwrap().replace('T', " ").replace('Z', "");
        let same = format!(r#"UPDATE "Message" SET "createdAt" = '{at}'; UPDATE own.read_marker SET at = '{at}'"#);
        server.database.execute(&server.database.own(&same)).await;

        assert_eq!(unread(&mut bob, "general").await, 1);
    }
}

on_both! {
    async fn unread_counts_end_at_99_and_a_run_of_ones_own_messages_hides_no_others(server: TestServer) {
        server.make_room("much", RoomType::Public, &["alice", "bob"]).await;
        server.make_room("mixed", RoomType::Public, &["alice", "bob"]).await;
        seed(&server, "much", "bob", 120).await;
        seed(&server, "mixed", "alice", 250).await;
        server.database.seed_messages("mixed", "bob", &[("last", moment(290))]).await;
        let mut alice = server.connect("alice").await;

        assert_eq!(unread(&mut alice, "much").await, 99);
        assert_eq!(unread(&mut alice, "mixed").await, 1);
    }
}

on_both! {
    async fn the_list_has_the_most_recently_active_of_too_many_rooms(server: TestServer) {
        server.make_room("first", RoomType::Private, &["alice"]).await;
        let rooms: Vec<_> = (0..501).map(|n| format!("('room-{n}', 'Room', 'private', '{}')", moment(n))).collect();
        let insert = r#"INSERT INTO "Room" ("id", "name", "type", "createdAt")"#;
        server.database.execute(&format!("{insert} VALUES {}", rooms.join(", "))).await;
        let into = r#"INSERT INTO "_RoomMembers" ("A", "B") SELECT "id", 'alice' FROM "Room" WHERE "name" = 'Room'"#;
        server.database.execute(into).await;
        let mut alice = server.connect("alice").await;
        alice.say("room-0", "the oldest, and the only one where anything happened").await;

        let rooms = listed(&mut alice).await;

        assert_eq!(rooms.len(), 500);
        assert_eq!(rooms[0]["id"], "room-0");
        assert!(!each(&rooms, "id").contains(&json!("room-1")), "the oldest of the silent ones");
    }
}

on_both! {
    async fn a_public_room_that_another_program_has_just_made_is_listed_once_somebody_enters_it(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--membership-ttl", "3600000"]).await;
        server.make_room("old", RoomType::Public, &["bob"]).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(each(&listed(&mut alice).await, "id"), ["old"]);
        server.make_room("new", RoomType::Public, &["bob"]).await;
        assert_eq!(each(&listed(&mut alice).await, "id"), ["old"], "the list is cached");

        alice.ask("room:join", "new".into()).await;

        assert_eq!(each(&listed(&mut alice).await, "id"), ["new", "old"]);
    }
}

on_both! {
    async fn an_argument_that_is_no_object_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let arguments = ["", "null", "7", "true", r#""text""#, "[]"].map(str::to_owned);
        refuses_bad_input(&mut alice, "rooms:list", &arguments).await;
    }
}
