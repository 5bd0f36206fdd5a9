//! `users:watch`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Client, on_both,
    refusals::{not_ids, not_objects, refuses_bad_input, with_bad},
};

async fn watch(client: &mut Client, users: &[&str]) -> Value {
    let answer = client.ask("users:watch", json!({ "userIds": users })).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["online"].clone()
}

on_both! {
    async fn a_user_is_online_on_any_device_whichever_room_they_have_open(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let bob = server.connect("bob").await;
        assert_eq!(watch(&mut alice, &["bob", "carol"]).await, json!(["bob"]));

        let carol = server.connect("carol").await;
        assert_eq!(alice.hear("users:presence").await, json!({"online": ["carol"], "offline": []}));
        let phone = server.connect("bob").await;
        bob.close().await;
        carol.close().await;
        // Bob's phone is still connected, so only Carol went.
        assert_eq!(alice.hear("users:presence").await, json!({"online": [], "offline": ["carol"]}));
        assert_eq!(watch(&mut alice, &["bob", "carol"]).await, json!(["bob"]));
        phone.close().await;
        assert_eq!(alice.hear("users:presence").await, json!({"online": [], "offline": ["bob"]}));
    }
}

on_both! {
    async fn only_users_who_share_a_room_are_watched_and_a_call_replaces_the_last_one(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        server.make_room("elsewhere", RoomType::Private, &["dave", "bob"]).await;
        let (_bob, _dave) = (server.connect("bob").await, server.connect("dave").await);
        let mut alice = server.connect("alice").await;
        assert_eq!(watch(&mut alice, &["dave", "bob", "nobody", "bob"]).await, json!(["bob"]));
        assert_eq!(watch(&mut alice, &["carol"]).await, json!([]));
        _dave.close().await;
        _bob.close().await;
        let _carol = server.connect("carol").await;
        assert_eq!(alice.hear("users:presence").await, json!({"online": ["carol"], "offline": []}));
        // Bob and Dave went while Alice watched neither.
        let _late = server.connect("eve").await;
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn a_guest_watches_the_members_of_a_public_room_that_they_have_open_and_of_no_private_one(
        server: TestServer
    ) {
        server.make_room("square", RoomType::Public, &["bob", "carol"]).await;
        server.make_room("market", RoomType::Public, &["dave"]).await;
        server.make_room("secret", RoomType::Private, &["eve"]).await;
        let _others = [server.connect("bob").await, server.connect("dave").await, server.connect("eve").await];
        let mut guest = server.connect("guest").await;
        let everybody = ["bob", "carol", "dave", "eve"];
        assert_eq!(watch(&mut guest, &everybody).await, json!([]), "no room is open");
        guest.ask("room:join", json!("square")).await;
        guest.ask("room:join", json!("secret")).await;
        assert_eq!(watch(&mut guest, &everybody).await, json!(["bob"]));
        guest.heard().await;
        let _carol = server.connect("carol").await;
        assert_eq!(guest.hear("users:presence").await, json!({"online": ["carol"], "offline": []}));
        guest.ask("room:leave", json!("square")).await;
        assert_eq!(watch(&mut guest, &everybody).await, json!([]), "the room is left");
    }
}

on_both! {
    async fn bad_input_to_users_watch_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let good = json!({"userIds": ["bob"]});
        let many = json!(vec!["bob"; 501]).to_string();
        let bad: Vec<String> = not_ids()
            .into_iter()
            .filter(|id| id != "[]")
            .map(|id| if id.is_empty() { id } else { format!("[{id}]") })
            .chain(["null".to_owned(), "7".to_owned(), "{}".to_owned(), many])
            .collect();
        refuses_bad_input(&mut alice, "users:watch", &with_bad(&good, "userIds", &bad)).await;
        refuses_bad_input(&mut alice, "users:watch", &not_objects()).await;
    }
}
