//! Group commit: on a server that commits all the time, small changes share commits.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{TestServer, http, on_both};

/// Commits that a server makes before any of them waits for others.
const BURST: usize = 256;

/// How many commits there were, and changes in them.
async fn commits(server: &TestServer) -> (f64, f64) {
    let text = http::get(server.address(), "/metrics").await.body;
    let value =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap();
    (value("chatoxide_append_batch_count "), value("chatoxide_append_batch_sum "))
}

on_both! {
    async fn messages_after_a_burst_of_commits_wait_until_enough_share_one(server: TestServer) {
        // Waiting may last longer than this test does: only enough of them can end it.
        let settings = ["--commit-interval", "10000", "--database-timeout", "60000", "--metrics", "true"];
        let server = TestServer::start_with(server.stop().await, &settings).await;
        server.make_room("general", RoomType::Public, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        for number in 0..BURST {
            alice.say("general", &number.to_string()).await;
        }
        let (count, sum) = commits(&server).await;
        assert_eq!((count, sum), (BURST as f64, BURST as f64), "each went by itself");

        let mut clients = vec![alice];
        for user in ["bob", "carol", "dave"] {
            clients.push(server.connect_in(user, "general").await);
        }
        let mut sent = Vec::new();
        for client in &mut clients {
            sent.push(client.begin("message:send", json!({"roomId": "general", "content": "together"})).await);
        }
        for (client, id) in clients.iter_mut().zip(sent) {
            assert_eq!(client.answer(id).await["message"]["content"], "together");
        }
        assert_eq!(commits(&server).await, (count + 1.0, sum + 4.0));
    }
}
