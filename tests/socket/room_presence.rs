//! `room:presence`.

use serde_json::{Value, json};

use crate::support::{
    Client, on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

/// The users in the room, sorted by id.
async fn here(client: &mut Client, room: &str) -> Vec<Value> {
    let answer = client.ask("room:presence", room.into()).await;
    let mut users = answer["users"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    assert_eq!(answer["count"], users.len());
    users.sort_by_key(ToString::to_string);
    users
}

on_both! {
    async fn presence_lists_each_user_who_joined_and_has_not_left_once(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let tab = server.connect_in("alice", "general").await;
        let mut carol = server.connect("carol").await;
        assert_eq!(here(&mut carol, "general").await, ["alice", "bob"]);

        alice.ask("room:leave", "general".into()).await;
        assert_eq!(here(&mut carol, "general").await, ["alice", "bob"], "her other tab is still here");
        tab.close().await;
        bob.hear("room:user-left").await;
        assert_eq!(here(&mut carol, "general").await, ["bob"]);
        bob.ask("room:leave", "general".into()).await;
        assert_eq!(here(&mut carol, "general").await, Vec::<Value>::new());
        carol.ask("room:join", "general".into()).await;
        assert_eq!(here(&mut carol, "general").await, ["carol"], "the joining was earlier");
    }
}

on_both! {
    async fn a_user_who_started_a_direct_room_is_present_once_they_have_joined_it(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let _bob = server.connect("bob").await;
        let room = "dm:alice:bob";
        alice.ask("dm:start", "bob".into()).await;
        // The other would not be told of it either.
        assert_eq!(here(&mut alice, room).await, Vec::<Value>::new());
        alice.ask("room:join", room.into()).await;
        assert_eq!(here(&mut alice, room).await, ["alice"]);
    }
}

on_both! {
    async fn presence_counts_more_than_the_500_users_that_it_lists(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut crowd = Vec::new();
        for n in 0..500 {
            crowd.push(server.connect_in(&format!("user-{n}"), "general").await);
        }
        let answer = alice.ask("room:presence", "general".into()).await;
        assert_eq!((answer["users"].as_array().map(Vec::len), &answer["count"]), (Some(500), &json!(502)));
    }
}

on_both! {
    async fn nobody_looks_into_a_room_that_is_not_theirs(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("room:presence", |room| room.into()).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn bad_input_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        refuses_bad_input(&mut alice, "room:presence", &not_ids()).await;
    }
}
