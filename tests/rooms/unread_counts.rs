//! `room:unread`: sockets that have listed their rooms are told each unread count that changes.

use std::collections::HashMap;

use chatoxide::chat::room::RoomType;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, moment, on_both, soon};

/// Lists the rooms: from then on the socket is told its counts. Returns that of a room.
pub(super) async fn list(client: &mut Client, room: &str) -> i64 {
    let answer = client.ask("rooms:list", json!({})).await;
    let rooms = answer["rooms"].as_array().unwrap();
    rooms.iter().find(|one| one["id"] == room).map_or(-1, |one| one["unreadCount"].as_i64().unwrap())
}

/// The count of a room by the database.
async fn count(client: &mut Client, room: &str) -> i64 {
    let answer = client.ask("unread:list", json!({})).await;
    let rooms = answer["rooms"].as_array().unwrap();
    rooms.iter().find(|one| one["roomId"] == room).unwrap()["unreadCount"].as_i64().unwrap()
}

/// Waits until a socket is told that it has so many unread messages in a room; returns what it was told.
pub(super) async fn told(client: &mut Client, room: &str, count: i64) -> Value {
    loop {
        let told = client.hear("room:unread").await;
        if told["roomId"] == room && told["unreadCount"] == count {
            return told;
        }
    }
}

/// The counts that a socket was told up to now.
async fn heard(client: &mut Client) -> Vec<(String, i64)> {
    let counts = client.heard().await.into_iter().filter(|(event, _)| event == "room:unread");
    counts.map(|(_, told)| (told["roomId"].to_string(), told["unreadCount"].as_i64().unwrap())).collect()
}

on_both! {
    async fn every_device_is_told_what_is_sent_deleted_and_read(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let (mut phone, mut laptop) = (server.connect("alice").await, server.connect_in("alice", "plans").await);
        for device in [&mut phone, &mut laptop] {
            assert_eq!(list(device, "plans").await, 0);
        }
        let first = bob.say("plans", "one").await;
        bob.say("plans", "two").await;
        // The device that is in the room, too: it may leave, and has the right count then.
        for device in [&mut phone, &mut laptop] {
            let told = told(device, "plans", 2).await;
            assert_eq!(told, json!({"roomId": "plans", "unreadCount": 2, "mentionCount": 0, "seq": 2}));
        }
        bob.ask("message:delete", json!({"messageId": first["id"]})).await;
        for device in [&mut phone, &mut laptop] {
            assert_eq!(told(device, "plans", 1).await["seq"], 3);
        }
        laptop.ask("room:read", "plans".into()).await;
        for device in [&mut phone, &mut laptop] {
            told(device, "plans", 0).await;
        }
        // One's own messages are not unread.
        phone.say("plans", "three").await;
        bob.say("plans", "four").await;
        assert_eq!(told(&mut phone, "plans", 1).await["seq"], 5);
    }
}

on_both! {
    async fn a_socket_that_has_not_listed_its_rooms_is_told_no_counts(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let (mut watching, mut plain) = (server.connect("alice").await, server.connect("alice").await);
        list(&mut watching, "plans").await;
        let mut bob = server.connect("bob").await;
        bob.say("plans", "one").await;
        told(&mut watching, "plans", 1).await;
        assert_eq!((heard(&mut plain).await, heard(&mut bob).await), (vec![], vec![]));
    }
}

on_both! {
    async fn reading_up_to_an_entry_leaves_the_later_messages_unread(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let mut alice = server.connect("alice").await;
        list(&mut alice, "plans").await;
        for n in 0..4 {
            bob.say("plans", &n.to_string()).await;
        }
        told(&mut alice, "plans", 4).await;
        assert_eq!(alice.ask("room:read", json!({"roomId": "plans", "seq": 3})).await, json!({"success": true}));
        told(&mut alice, "plans", 1).await;
        assert_eq!(list(&mut alice, "plans").await, 1);
    }
}

on_both! {
    async fn a_room_that_is_marked_as_unread_counts_from_that_message_until_it_is_read(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut phone = server.connect("alice").await;
        list(&mut phone, "general").await;
        let mut messages = Vec::new();
        for n in 0..4 {
            messages.push(bob.say("general", &n.to_string()).await["id"].take());
        }
        told(&mut phone, "general", 4).await;
        alice.say("general", "mine").await;
        alice.ask("room:read", "general".into()).await;
        told(&mut phone, "general", 0).await;
        bob.heard().await;

        let mark = json!({"roomId": "general", "messageId": messages[1]});
        assert_eq!(alice.ask("room:mark-unread", mark).await, json!({"success": true}));

        told(&mut phone, "general", 3).await;
        assert_eq!(list(&mut phone, "general").await, 3);
        // For oneself alone: nobody else is told, and the receipt stays.
        assert_eq!(bob.heard().await, []);
        let readers = bob.ask("message:readers", json!({"messageId": messages[3]})).await;
        assert_eq!(readers["readers"][0]["id"], "alice");
        // New messages count, too.
        bob.say("general", "five").await;
        told(&mut phone, "general", 4).await;
        // Even a mark that does not move ends it.
        alice.ask("room:read", json!({"roomId": "general", "seq": 1})).await;
        told(&mut phone, "general", 1).await;
        phone.ask("room:read", "general".into()).await;
        told(&mut phone, "general", 0).await;
    }
}

on_both! {
    async fn a_new_member_counts_from_when_they_became_one(server: TestServer) {
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        let _carol = server.connect("carol").await;
        let made = alice.ask("room:create", json!({"name": "Plans", "type": "private"})).await;
        let room = made["room"]["id"].as_str().unwrap().to_owned();
        alice.say(&room, "before").await;
        assert_eq!(list(&mut bob, &room).await, -1);

        alice.ask("room:invite", json!({"roomId": room, "userId": "bob"})).await;
        alice.say(&room, "after").await;

        told(&mut bob, &room, 1).await;
        assert_eq!(list(&mut bob, &room).await, 1);
        // It is no receipt.
        let last = alice.say(&room, "last").await["id"].take();
        assert_eq!(alice.ask("message:readers", json!({"messageId": last})).await["readers"], json!([]));
        // By `member:join` and `dm:start` as well.
        server.make_room("open", RoomType::Public, &["alice"]).await;
        alice.say("open", "before").await;
        bob.ask("member:join", "open".into()).await;
        assert_eq!(list(&mut bob, "open").await, 0);
        alice.say("open", "after").await;
        told(&mut bob, "open", 1).await;
        alice.ask("dm:start", "bob".into()).await;
        alice.say("dm:alice:bob", "hello").await;
        told(&mut bob, "dm:alice:bob", 1).await;
        let starts = server.database.own("SELECT count(*) FROM own.read_marker WHERE user_id = 'bob' AND is_start");
        assert_eq!(server.database.select(&starts).await, ["3"]);
    }
}

on_both! {
    async fn a_member_whom_another_program_made_long_ago_counts_from_the_beginning(server: TestServer) {
        server.make_room("old", RoomType::Private, &["bob"]).await;
        let mut bob = server.connect("bob").await;
        bob.say("old", "one").await;
        let mut alice = server.connect("alice").await;
        list(&mut alice, "old").await;
        server.database.execute(r#"INSERT INTO "_RoomMembers" ("A", "B") VALUES ('old', 'alice')"#).await;
        assert_eq!(list(&mut alice, "old").await, 1);
    }
}

on_both! {
    async fn a_member_whom_another_program_makes_counts_from_when_the_server_finds_them(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--membership-ttl", "0"]).await;
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let mut carol = server.connect("carol").await;
        list(&mut carol, "plans").await;
        bob.say("plans", "before").await;
        server.database.execute(r#"INSERT INTO "_RoomMembers" ("A", "B") VALUES ('plans', 'carol')"#).await;
        bob.say("plans", "the first that she may read").await;
        assert_eq!(told(&mut carol, "plans", 1).await["seq"], 2);
        assert_eq!(count(&mut carol, "plans").await, 1);
    }
}

on_both! {
    async fn a_removed_member_is_told_no_more(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol"]).await;
        let (mut alice, mut carol) = (server.connect("alice").await, server.connect("carol").await);
        list(&mut alice, "plans").await;
        list(&mut carol, "plans").await;
        let mut bob = server.connect("bob").await;
        alice.ask("member:leave", "plans".into()).await;
        alice.heard().await;

        let message = bob.say("plans", "without Alice").await;
        told(&mut carol, "plans", 1).await;
        bob.ask("message:delete", json!({"messageId": message["id"]})).await;
        told(&mut carol, "plans", 0).await;
        assert_eq!(heard(&mut alice).await, []);
    }
}

on_both! {
    async fn a_reader_of_a_public_room_who_is_no_member_is_told_its_counts(server: TestServer) {
        server.make_room("open", RoomType::Public, &["bob"]).await;
        let mut bob = server.connect("bob").await;
        bob.say("open", "one").await;
        let mut carol = server.connect("carol").await;
        assert_eq!(list(&mut carol, "open").await, 0);
        bob.say("open", "two").await;
        carol.ask("room:read", "open".into()).await;
        bob.say("open", "three").await;
        told(&mut carol, "open", 1).await;
    }
}

on_both! {
    async fn counts_end_at_99_and_are_right_below_it_again(server: TestServer) {
        server.make_room("much", RoomType::Private, &["alice", "bob"]).await;
        let messages: Vec<_> = (0..120).map(|n| (format!("m-{n}"), moment(n))).collect();
        server.database.seed_messages("much", "bob", &messages).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(list(&mut alice, "much").await, 99);
        let mut bob = server.connect("bob").await;
        let last = bob.say("much", "one more").await;
        let seq = last["seq"].as_i64().unwrap();
        bob.say("much", "and one").await;
        alice.ask("room:read", json!({"roomId": "much", "seq": seq})).await;
        told(&mut alice, "much", 1).await;
    }
}

on_both! {
    async fn another_programs_messages_and_deletions_change_the_counts(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--membership-ttl", "0"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut phone = server.connect("alice").await;
        list(&mut phone, "general").await;
        let by_bob = bob.say("general", "one").await["id"].take();
        told(&mut phone, "general", 1).await;

        server.database.seed_messages("general", "bob", &[("theirs", "2999-01-01 00:00:00.000")]).await;
        // The room is compared when somebody enters it.
        bob.emit("room:join", "general".into()).await;
        told(&mut phone, "general", 2).await;
        let delete = format!(r#"DELETE FROM "Message" WHERE "id" = '{}'"#, by_bob.as_str().unwrap());
        server.database.execute(&delete).await;
        bob.emit("room:join", "general".into()).await;
        told(&mut phone, "general", 1).await;
        alice.heard().await;
    }
}

on_both! {
    async fn counts_go_on_after_a_restart(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let mut alice = server.connect("alice").await;
        list(&mut alice, "plans").await;
        bob.say("plans", "one").await;
        bob.say("plans", "two").await;
        alice.emit("room:read", json!({"roomId": "plans", "seq": 1})).await;
        told(&mut alice, "plans", 1).await;
        drop((alice, bob));
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(list(&mut alice, "plans").await, 1);
        server.connect("bob").await.say("plans", "three").await;
        assert_eq!(told(&mut alice, "plans", 2).await["seq"], 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_waits_for_the_database_is_told_when_it_answers() {
    let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await;
    server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
    let mut bob = server.connect("bob").await;
    let mut alice = server.connect("alice").await;
    list(&mut alice, "plans").await;
    let first = bob.say("plans", "one").await;
    told(&mut alice, "plans", 1).await;
    let hold = server.database.hold("LOCK TABLE chatoxide.read_marker IN ACCESS EXCLUSIVE MODE").await;
    bob.ask("message:delete", json!({"messageId": first["id"]})).await;
    server.database.waits_for_a_lock("pair.room_id AS room_id", 1).await;
    bob.say("plans", "two").await;
    bob.say("plans", "three").await;
    hold.release().await;
    assert_eq!(told(&mut alice, "plans", 2).await["seq"], 4);
}

/// A random history of three users with two devices each, in two rooms. In the end each device was told the counts that
/// the database has.
async fn run_history(server: &TestServer, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let users = ["alice", "bob", "carol"].map(|user| format!("{user}-{seed}"));
    let rooms = ["one", "two"].map(|room| format!("{room}-{seed}"));
    let ids: Vec<&str> = users.iter().map(String::as_str).collect();
    for room in &rooms {
        server.make_room(room, RoomType::Private, &ids).await;
    }
    let (mut devices, mut known) = (Vec::new(), Vec::new());
    for user in users.iter().chain(&users) {
        let mut device = server.connect(user).await;
        // The counts that the device knows, as it was told them last.
        let mut last = HashMap::new();
        for room in &rooms {
            last.insert(room.clone(), list(&mut device, room).await);
        }
        known.push(last);
        devices.push(device);
    }
    let mut sent: Vec<(usize, Value)> = Vec::new();
    let mut seqs = [0_i64; 2];
    for _ in 0..60 {
        let (device, room) = (rng.usize(..devices.len()), rng.usize(..rooms.len()));
        let room_id = rooms[room].as_str();
        let client = &mut devices[device];
        match rng.u8(..10) {
            0..4 => {
                let mut message = client.say(room_id, "x").await;
                seqs[room] = message["seq"].as_i64().unwrap();
                sent.push((device % users.len(), message["id"].take()));
            }
            4 if !sent.is_empty() => {
                let (author, id) = sent.swap_remove(rng.usize(..sent.len()));
                devices[author].emit("message:delete", json!({"messageId": id})).await;
            }
            5 => client.emit("room:read", room_id.into()).await,
            6 => client.emit("room:read", json!({"roomId": room_id, "seq": rng.i64(0..=seqs[room])})).await,
            7 if !sent.is_empty() => {
                let (_, id) = &sent[rng.usize(..sent.len())];
                // Refused for a message of the other room.
                client.emit("room:mark-unread", json!({"roomId": room_id, "messageId": id})).await;
            }
            8 => client.emit("room:join", room_id.into()).await,
            _ => client.emit("room:leave", room_id.into()).await,
        }
    }
    for device in &mut devices {
        // Whatever was emitted is done.
        device.ask("room:presence", rooms[0].as_str().into()).await;
    }
    for (device, mut last) in devices.iter_mut().zip(known) {
        soon("each device is told the counts of the database", async {
            loop {
                for (event, told) in device.heard().await {
                    if event == "room:unread" {
                        let room = told["roomId"].as_str().unwrap().to_owned();
                        last.insert(room, told["unreadCount"].as_i64().unwrap());
                    }
                }
                let counts = [count(device, &rooms[0]).await, count(device, &rooms[1]).await];
                if counts == [last[&rooms[0]], last[&rooms[1]]] {
                    return;
                }
            }
        })
        .await;
    }
}

on_both! {
    async fn in_the_end_of_random_histories_each_device_was_told_the_counts_of_the_database(server: TestServer) {
        for seed in 0..6 {
            run_history(&server, seed).await;
        }
    }
}
