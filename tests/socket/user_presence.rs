//! `presence:set`, `presence:list`, `presence:watch` and `status:set`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, on_both,
    refusals::{not_ids, not_objects, refuses_bad_input, with_bad},
    until,
};

pub async fn watch(client: &mut Client, users: &[&str]) -> Value {
    let answer = client.ask("presence:watch", json!({ "userIds": users })).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["users"].clone()
}

async fn list(client: &mut Client, users: &[&str]) -> Value {
    let answer = client.ask("presence:list", json!({ "userIds": users })).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["users"].clone()
}

async fn set(client: &mut Client, state: &str) {
    assert_eq!(client.ask("presence:set", json!({ "state": state })).await, json!({"success": true}));
}

/// The one user of the next `presence:update`.
pub async fn update(client: &mut Client) -> Value {
    let mut update = client.hear("presence:update").await;
    assert_eq!(update["users"].as_array().map(Vec::len), Some(1), "{update}");
    update["users"][0].take()
}

pub async fn set_status(client: &mut Client, text: &str) {
    let answer = client.ask("status:set", json!({ "text": text })).await;
    assert_eq!(answer, json!({"success": true, "status": {"text": text}}));
}

fn online(user: &str) -> Value {
    json!({"userId": user, "state": "online"})
}

/// Takes the time out, which is one.
fn timeless(mut user: Value) -> Value {
    let at = user["lastSeenAt"].take();
    assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{user} {at}");
    user.as_object_mut().unwrap().remove("lastSeenAt");
    user
}

on_both! {
    async fn a_user_is_online_while_a_device_is_active_away_while_none_is_and_then_offline(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(watch(&mut alice, &["bob", "carol", "alice"]).await, json!([
            online("alice"), {"userId": "bob", "state": "offline"}, {"userId": "carol", "state": "offline"},
        ]));
        let mut laptop = server.connect("bob").await;
        assert_eq!(update(&mut alice).await, online("bob"));
        let mut phone = server.connect("bob").await;
        set(&mut laptop, "away").await;
        let mut carol = server.connect("carol").await;
        assert_eq!(update(&mut alice).await, online("carol"), "Bob's phone is active");
        set(&mut phone, "away").await;
        assert_eq!(update(&mut alice).await["state"], "away");
        assert_eq!(list(&mut carol, &["bob"]).await[0]["state"], "away");
        set(&mut laptop, "online").await;
        assert_eq!(update(&mut alice).await, online("bob"));
        // The device that is active goes, and then the other.
        laptop.close().await;
        assert_eq!(timeless(update(&mut alice).await), json!({"userId": "bob", "state": "away"}));
        phone.close().await;
        assert_eq!(timeless(update(&mut alice).await), json!({"userId": "bob", "state": "offline"}));
        assert_eq!(timeless(list(&mut carol, &["bob"]).await[0].take())["state"], "offline");
    }
}

on_both! {
    async fn a_user_whose_device_dies_goes_offline_and_was_seen_until_then(server: TestServer) {
        let server =
            TestServer::start_with(server.stop().await, &["--ping-interval", "200", "--ping-timeout", "200"]).await;
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect("alice").await;
        // Nobody reads it, so that it answers no ping.
        let _dead = server.connect("bob").await;
        assert_eq!(watch(&mut alice, &["bob"]).await, json!([online("bob")]));
        assert_eq!(timeless(update(&mut alice).await), json!({"userId": "bob", "state": "offline"}));
    }
}

on_both! {
    async fn a_restart_forgets_neither_when_users_were_seen_nor_their_statuses(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        set_status(&mut bob, "On holiday").await;
        assert_eq!(list(&mut alice, &["bob"]).await[0]["state"], "online");
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect("alice").await;
        let mut users = list(&mut alice, &["bob", "carol"]).await;
        let status = json!({"text": "On holiday"});
        assert_eq!(timeless(users[0].take()), json!({"userId": "bob", "state": "offline", "status": status}));
        assert_eq!(users[1], json!({"userId": "carol", "state": "offline"}));
    }
}

on_both! {
    async fn the_times_of_users_who_went_are_written_together_and_soon(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        watch(&mut alice, &["bob", "carol"]).await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        alice.hear("presence:update").await;
        let count = server.database.own("SELECT count(*) FROM own.user_presence WHERE last_seen IS NOT NULL");
        for client in [&mut bob, &mut carol] {
            set(client, "away").await;
        }
        // Whoever is away at once was never there.
        let users = list(&mut alice, &["bob", "carol"]).await;
        assert_eq!(users[0], json!({"userId": "bob", "state": "away"}));
        for client in [&mut bob, &mut carol] {
            set(client, "online").await;
            set(client, "away").await;
        }
        until("both are written", async || {
            (server.database.select(&count).await == ["2"]).then_some(())
        }).await;
    }
}

on_both! {
    async fn strangers_are_told_nothing_and_guests_of_a_public_room_nothing_of_its_members(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        server.make_room("square", RoomType::Public, &["bob"]).await;
        server.make_room("secret", RoomType::Private, &["carol"]).await;
        let mut bob = server.connect("bob").await;
        let (mut alice, mut carol) = (server.connect("alice").await, server.connect("carol").await);
        let everybody = ["alice", "bob", "nobody", "carol"];
        carol.ask("room:join", "square".into()).await;
        carol.heard().await;
        assert_eq!(list(&mut carol, &everybody).await, json!([online("carol")]));
        assert_eq!(watch(&mut carol, &everybody).await, json!([online("carol")]));
        for (room, code) in [("general", "forbidden"), ("square", "forbidden"), ("nowhere", "room_not_found")] {
            let refused = carol.ask("presence:list", json!({ "roomId": room })).await;
            assert_eq!((&refused["code"], &refused["users"]), (&json!(code), &Value::Null), "{room}");
        }
        carol.heard().await;
        let of_room = alice.ask("presence:list", json!({"roomId": "general"})).await;
        assert_eq!(of_room, json!({"success": true, "users": [online("alice"), online("bob")]}));

        watch(&mut alice, &["bob"]).await;
        for text in ["one", "two"] {
            set_status(&mut bob, text).await;
            assert_eq!(update(&mut alice).await["status"], json!({"text": text}));
        }
        assert_eq!((carol.heard().await, bob.heard().await), (vec![], vec![]), "Bob asked for nothing");
    }
}

on_both! {
    async fn a_removed_member_is_told_no_more_and_those_who_stay_nothing_of_them(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        let made = alice.ask("room:create", json!({"name": "Plans", "members": ["bob", "carol"]})).await;
        let room = &made["room"]["id"];
        for client in [&mut alice, &mut bob, &mut carol] {
            watch(client, &["alice", "bob", "carol"]).await;
        }
        let removed = alice.ask("member:remove", json!({"roomId": room, "userId": "bob"})).await;
        assert_eq!(removed["success"], true, "{removed}");
        bob.heard().await;
        carol.heard().await;
        for text in ["one", "two"] {
            set_status(&mut bob, text).await;
            assert_eq!(update(&mut bob).await["status"]["text"], text, "of themself");
            set_status(&mut alice, text).await;
            assert_eq!(update(&mut carol).await, json!({"userId": "alice", "state": "online", "status": {"text": text}}));
        }
        assert_eq!(bob.heard().await, []);
        assert_eq!(list(&mut bob, &["alice", "bob"]).await[0]["userId"], "bob");
    }
}

on_both! {
    async fn a_member_whom_another_program_removes_is_told_no_more_within_the_ttl(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--membership-ttl", "0"]).await;
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        for client in [&mut bob, &mut carol] {
            watch(client, &["alice"]).await;
        }
        server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "B" = 'bob'"#).await;
        for text in ["one", "two"] {
            set_status(&mut alice, text).await;
            assert_eq!(update(&mut carol).await["status"]["text"], text);
        }
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn a_user_who_hides_is_offline_to_others_by_every_door_and_sees_themself_and_others(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let mut tab = server.connect("bob").await;
        let (mut alice, mut other) = (server.connect("alice").await, server.connect("alice").await);
        assert_eq!(watch(&mut alice, &["bob"]).await, json!([online("bob")]));
        assert_eq!(watch(&mut tab, &["alice", "bob"]).await, json!([online("alice"), online("bob")]));
        other.ask("users:watch", json!({"userIds": ["bob"]})).await;
        set_status(&mut bob, "Here").await;
        update(&mut alice).await;
        update(&mut tab).await;

        let hide = async |client: &mut Client, is_hidden: bool| {
            let answer = client.ask("settings:update", json!({"hidePresence": is_hidden})).await;
            assert_eq!(answer["settings"]["hidePresence"], is_hidden, "{answer}");
        };
        hide(&mut bob, true).await;
        let nothing = json!({"userId": "bob", "state": "offline"});
        assert_eq!(update(&mut alice).await, nothing);
        assert_eq!(other.hear("users:presence").await, json!({"online": [], "offline": ["bob"]}));
        assert_eq!(list(&mut alice, &["bob"]).await, json!([nothing]));
        let of_room = alice.ask("presence:list", json!({"roomId": "general"})).await;
        assert_eq!(of_room["users"][1], nothing);
        let mut late = server.connect("alice").await;
        assert_eq!(late.ask("users:watch", json!({"userIds": ["bob"]})).await["online"], json!([]));
        assert_eq!(watch(&mut late, &["bob"]).await, json!([nothing]));

        // Nobody is told what the hidden user does but their own devices, who are told of others as before.
        set(&mut bob, "away").await;
        set(&mut bob, "online").await;
        set_status(&mut bob, "Secret").await;
        assert_eq!(update(&mut tab).await["status"]["text"], "Secret");
        set_status(&mut alice, "Busy").await;
        assert_eq!(update(&mut tab).await["status"]["text"], "Busy");
        for client in [&mut alice, &mut other, &mut late] {
            assert_eq!(client.heard().await, []);
        }
        hide(&mut bob, false).await;
        assert_eq!(update(&mut alice).await, json!({"userId": "bob", "state": "online", "status": {"text": "Secret"}}));
        assert_eq!(other.hear("users:presence").await, json!({"online": ["bob"], "offline": []}));
    }
}

on_both! {
    async fn a_user_who_hides_stays_hidden_after_a_restart(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        server.connect("bob").await.ask("settings:update", json!({"hidePresence": true})).await;
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let (_bob, mut alice) = (server.connect("bob").await, server.connect("alice").await);
        assert_eq!(list(&mut alice, &["bob"]).await, json!([{"userId": "bob", "state": "offline"}]));
        assert_eq!(alice.ask("users:watch", json!({"userIds": ["bob"]})).await["online"], json!([]));
    }
}

on_both! {
    async fn a_status_is_replaced_taken_away_and_ends_on_time(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        watch(&mut alice, &["bob"]).await;
        let mut says = async |status: Value| bob.ask("status:set", status).await["status"].take();
        assert_eq!(says(json!({"text": " Lunch ", "emoji": "🍜"})).await, json!({"text": "Lunch", "emoji": "🍜"}));
        assert_eq!(update(&mut alice).await["status"], json!({"text": "Lunch", "emoji": "🍜"}));
        assert_eq!(says(json!({"emoji": "🏝️"})).await, json!({"emoji": "🏝️"}));
        assert_eq!(update(&mut alice).await["status"], json!({"emoji": "🏝️"}));
        assert_eq!(says(json!({"text": "", "emoji": null})).await, Value::Null);
        assert_eq!(update(&mut alice).await, online("bob"));

        let soon = chatoxide::clock::now().millis() + 1_500;
        let status = says(json!({"text": "Back in a second", "clearAt": soon})).await;
        assert_eq!(update(&mut alice).await["status"], status);
        assert_eq!(update(&mut alice).await, online("bob"), "it has ended");
        assert!(chatoxide::clock::now().millis() >= soon);
        assert_eq!(list(&mut alice, &["bob"]).await, json!([online("bob")]));
    }
}

on_both! {
    async fn a_storm_of_changes_costs_a_socket_two_packets_a_second(server: TestServer) {
        let names: Vec<String> = (0..20).map(|serial| format!("user{serial:02}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        server.make_room("general", RoomType::Private, &[names.as_slice(), &["alice"]].concat()).await;
        let mut alice = server.connect("alice").await;
        watch(&mut alice, &names).await;
        let begun = std::time::Instant::now();
        let mut clients = Vec::new();
        for name in &names {
            clients.push(server.connect(name).await);
        }
        for round in 0..20 {
            for client in &mut clients {
                client.emit("presence:set", json!({"state": if round % 2 == 0 { "away" } else { "online" }})).await;
            }
        }
        for client in &mut clients {
            set(client, "away").await;
        }
        let (mut packets, mut away) = (0, Vec::new());
        while !names.is_empty() {
            let update = alice.hear("presence:update").await;
            packets += 1;
            for user in update["users"].as_array().unwrap() {
                away.retain(|name| name != &user["userId"]);
                if user["state"] == "away" {
                    away.push(user["userId"].clone());
                }
            }
            if away.len() == names.len() {
                names.clear();
            }
        }
        let most = begun.elapsed().as_millis() / 500 + 1;
        assert!(packets <= most, "{packets} packets, not {most}");
    }
}

on_both! {
    async fn bad_input_to_presence_and_status_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let good = json!({"userIds": ["bob"]});
        let many = json!(vec!["bob"; 501]).to_string();
        let bad: Vec<String> = not_ids()
            .into_iter()
            .filter(|id| id != "[]")
            .map(|id| if id.is_empty() { id } else { format!("[{id}]") })
            .chain(["null".to_owned(), "7".to_owned(), "{}".to_owned(), many])
            .collect();
        for event in ["presence:watch", "presence:list"] {
            refuses_bad_input(&mut alice, event, &with_bad(&good, "userIds", &bad)).await;
            refuses_bad_input(&mut alice, event, &not_objects()).await;
        }
        let both = json!({"userIds": ["bob"], "roomId": "general"}).to_string();
        refuses_bad_input(&mut alice, "presence:list", &["{}".to_owned(), both]).await;
        let states = ["null", "\"offline\"", "\"Away\"", "7", "{}"].map(str::to_owned);
        refuses_bad_input(&mut alice, "presence:set", &with_bad(&json!({"state": "away"}), "state", &states)).await;
        refuses_bad_input(&mut alice, "presence:set", &not_objects()).await;
        let statuses = [
            json!({"text": "x".repeat(101)}), json!({"text": "two\nlines"}), json!({"text": 7}),
            json!({"emoji": "👍👍"}), json!({"emoji": "\u{0}"}), json!({"text": "x", "clearAt": "2020-01-01"}),
            json!({"text": "x", "clearAt": "2999-01-01"}), json!({"text": "x", "clearAt": "soon"}),
        ];
        refuses_bad_input(&mut alice, "status:set", &statuses.map(|status| status.to_string())).await;
        let not_objects: Vec<String> = not_objects().into_iter().filter(|argument| argument != "{}").collect();
        refuses_bad_input(&mut alice, "status:set", &not_objects).await;
    }
}
