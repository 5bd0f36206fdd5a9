//! A database that has lost entries which were committed and broadcast.

use std::sync::Arc;

use chatoxide::{
    clock,
    db::room_log::{Append, Appender, note_incomplete},
};
use serde_json::json;

use super::{
    foreign::{ALWAYS, contents, history, say, sync},
    log::message,
};
use crate::support::{TestServer, on_both, until};

/// As a database that has gone over to a replica which was behind: the last entries are gone.
async fn lose_all_after(server: &TestServer, seq: i64) {
    let lost = format!("SELECT message_id FROM own.room_log WHERE seq > {seq}");
    let database = &server.database;
    database.execute(&database.own(&format!(r#"DELETE FROM "Message" WHERE "id" IN ({lost})"#))).await;
    database.execute(&database.own(&format!("DELETE FROM own.room_log WHERE seq > {seq}"))).await;
    database.execute(&database.own(&format!("UPDATE own.room_head SET seq = {seq}"))).await;
}

on_both! {
    async fn users_in_a_room_get_its_history_again_after_the_database_lost_entries(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for n in 1..=6 {
            say(&mut alice, &n.to_string()).await;
        }
        bob.heard().await;
        lose_all_after(&server, 3).await;

        say(&mut alice, "after").await;
        let shown = bob.hear("room:history").await;
        assert_eq!((contents(&shown), &shown["seq"]), (vec!["after", "3", "2", "1"], &json!(4)));
        let shown = alice.hear("room:history").await;
        assert_eq!(contents(&shown), ["after", "3", "2", "1"]);
        // Later messages are received, and only once.
        for seq in 5..=8 {
            say(&mut alice, &seq.to_string()).await;
            let heard = bob.hear("message:new").await;
            assert_eq!((&heard["seq"], &heard["content"]), (&json!(seq), &json!(seq.to_string())));
        }
        // A client that received entries that are lost is told that its answer is not complete.
        for (since, complete) in [(3, false), (6, false), (7, true), (8, true)] {
            assert_eq!(sync(&mut bob, since).await["complete"], complete, "{since}");
        }
        let mut carol = server.connect("carol").await;
        assert_eq!(history(&mut carol).await["seq"], 8);
    }
}

on_both! {
    async fn a_join_also_finds_that_the_database_has_lost_entries(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        for n in 1..=6 {
            say(&mut alice, &n.to_string()).await;
        }
        bob.heard().await;
        lose_all_after(&server, 3).await;

        let mut carol = server.connect("carol").await;
        assert_eq!(contents(&history(&mut carol).await), ["3", "2", "1"]);
        assert_eq!(contents(&bob.hear("room:history").await), ["3", "2", "1"]);
    }
}

on_both! {
    async fn a_join_finds_lost_entries_although_another_node_reused_their_numbers(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        for n in 1..=6 {
            say(&mut alice, &n.to_string()).await;
        }
        bob.heard().await;
        lose_all_after(&server, 3).await;
        let batch: Arc<[Append]> = ["four", "five", "six"].map(message).into();
        Appender::default().append(&server.db, batch, clock::now()).await.unwrap();

        let mut carol = server.connect("carol").await;
        let left = ["six", "five", "four", "3", "2", "1"];
        assert_eq!(contents(&history(&mut carol).await), left);
        let shown = bob.hear("room:history").await;
        assert_eq!((contents(&shown), &shown["seq"]), (left.to_vec(), &json!(6)));
        assert_eq!(sync(&mut bob, 6).await["complete"], false);
    }
}

on_both! {
    async fn a_lost_log_is_detected_after_a_restart_too(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        for n in 1..=6 {
            say(&mut alice, &n.to_string()).await;
        }
        lose_all_after(&server, 0).await;
        server.database.execute(&server.database.own("DELETE FROM own.room_head")).await;
        say(&mut alice, "after").await;
        alice.hear("room:history").await;
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect("alice").await;
        for _ in 0..8 {
            say(&mut alice, "more").await;
        }
        assert_eq!(sync(&mut alice, 6).await["complete"], false);
        assert_eq!(sync(&mut alice, 8).await["complete"], true);
    }
}

on_both! {
    async fn a_log_that_is_behind_in_a_room_loaded_from_it_is_found_out_as_well(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        for n in 1..=6 {
            say(&mut alice, &n.to_string()).await;
        }
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let (mut alice, mut bob) = server.meet().await;
        lose_all_after(&server, 3).await;
        say(&mut alice, "after").await;
        until("bob is shown the room", async || {
            let (name, shown) = bob.next().await;
            (name == "room:history" && contents(&shown)[0] == "after").then_some(())
        })
        .await;
    }
}

on_both! {
    async fn a_log_is_noted_as_not_complete_whether_it_has_a_head_or_not(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let noted = async || {
            let head = server.database.own("SELECT seq || ' ' || complete_from FROM own.room_head");
            server.database.select(&head).await
        };
        assert!(noted().await.is_empty());
        for (complete_from, expected) in [(2, "0 2"), (1, "0 2"), (3, "0 3")] {
            note_incomplete(&server.db, &"general".into(), complete_from, clock::now()).await.unwrap();
            assert_eq!(noted().await, [expected]);
        }
        for n in 1..=4 {
            assert_eq!(say(&mut alice, "x").await["seq"], n);
        }
        assert_eq!(noted().await, ["4 3"]);
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut bob = server.connect("bob").await;
        for (since, complete) in [(2, false), (3, true)] {
            assert_eq!(sync(&mut bob, since).await["complete"], complete, "{since}");
        }
    }
}
