//! The outbox of a large room: entries wait a moment and are sent in a batch. Each socket gets each of them once, in one
//! order, and in their place among all other events.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both};

/// A room of many sockets on a server where entries wait for as long as they ever may.
struct Crowd {
    server: TestServer,
    alice: Client,
    bob: Client,
    listener: Client,
    others: Vec<Client>,
}

impl Crowd {
    async fn gather(server: TestServer) -> Self {
        Self::gather_in(RoomType::Public, server).await
    }

    async fn gather_in(kind: RoomType, server: TestServer) -> Self {
        server.make_room("general", kind, &["alice", "bob", "carol"]).await;
        Self::gather_anew(server).await
    }

    /// After a restart of the server.
    async fn gather_anew(server: TestServer) -> Self {
        // Members are not remembered: what is changed by SQL is seen at once.
        let settings = ["--flush-interval", "1000", "--membership-ttl", "0"];
        let server = TestServer::start_with(server.stop().await, &settings).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        let mut listener = server.connect_in("carol", "general").await;
        let mut others = Vec::new();
        for _ in 0..8 {
            others.push(server.connect_in("carol", "general").await);
        }
        // The first is told at once, and those that follow it wait.
        bob.say("general", "0").await;
        for client in others.iter_mut().chain([&mut alice, &mut bob, &mut listener]) {
            client.hear("message:new").await;
        }
        Self { server, alice, bob, listener, others }
    }

    /// Alice says 1, 2, 3.
    async fn talk(&mut self) {
        for content in ["1", "2", "3"] {
            self.alice.say("general", content).await;
            assert_eq!(said(self.alice.heard_before()), [content], "before the ack");
        }
    }
}

/// The contents of the messages received, and the names of the other events.
fn said(heard: Vec<(String, Value)>) -> Vec<String> {
    heard.into_iter().map(|(name, argument)| content_or(name, &argument)).collect()
}

fn content_or(name: String, argument: &Value) -> String {
    if name == "message:new" { argument["content"].as_str().unwrap().to_owned() } else { name }
}

on_both! {
    async fn everybody_gets_each_message_once_in_one_order_and_authors_before_the_ack(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.others.push(crowd.server.connect_in("alice", "general").await);
        crowd.alice.heard().await;
        crowd.bob.heard().await;
        crowd.listener.heard().await;
        let expected = Vec::from_iter((1..=20).map(|n: u32| n.to_string()));
        let (mut of_alice, mut of_bob) = (Vec::new(), Vec::new());
        for (index, content) in expected.iter().enumerate() {
            let (author, heard) = match index % 3 {
                0 => (&mut crowd.bob, &mut of_bob),
                _ => (&mut crowd.alice, &mut of_alice),
            };
            author.say("general", content).await;
            heard.extend(said(author.heard_before()));
            assert_eq!(heard.as_slice(), &expected[..=index]);
        }
        // Nothing follows: what waits is told when its time has come.
        for (client, mut heard) in [(&mut crowd.alice, of_alice), (&mut crowd.bob, of_bob)] {
            while heard.len() < expected.len() {
                heard.push(client.hear("message:new").await["content"].as_str().unwrap().to_owned());
            }
            assert_eq!(heard, expected);
        }
        for client in crowd.others.iter_mut().chain([&mut crowd.listener]) {
            for content in &expected {
                assert_eq!(client.hear("message:new").await["content"], **content);
            }
        }
        for client in crowd.others.iter_mut().chain([&mut crowd.alice, &mut crowd.bob, &mut crowd.listener]) {
            assert_eq!(said(client.heard().await), [""; 0], "nothing more");
        }
    }
}

on_both! {
    async fn a_user_who_joins_gets_no_event_for_an_entry_in_the_history(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.talk().await;
        // Nobody is told of somebody's second tab.
        let mut tab = crowd.server.connect_in("carol", "general").await;
        crowd.alice.say("general", "4").await;
        let mut dave = crowd.server.connect_in("dave", "general").await;
        crowd.alice.say("general", "5").await;
        crowd.bob.ask("typing:start", "general".into()).await;

        for (client, history) in [(&mut tab, &["3", "2", "1", "0"][..]), (&mut dave, &["4", "3", "2", "1", "0"])] {
            let shown = client.hear("room:history").await;
            let contents: Vec<_> = shown["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
            assert_eq!(contents, history);
        }
        assert_eq!(said(tab.heard().await), ["room:members", "4", "room:user-joined", "5", "typing:user"]);
        assert_eq!(said(dave.heard().await), ["room:members", "5", "typing:user"]);
        let expected = ["1", "2", "3", "4", "room:user-joined", "5", "typing:user"];
        assert_eq!(said(crowd.listener.heard().await), expected);
    }
}

on_both! {
    async fn changes_of_a_message_arrive_after_it(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.talk().await;
        let id = crowd.alice.say("general", "4").await["id"].take();
        crowd.bob.ask("reaction:add", json!({"messageId": id, "emoji": "👍"})).await;
        crowd.alice.ask("message:edit", json!({"messageId": id, "content": "5"})).await;
        crowd.alice.ask("message:delete", json!({"messageId": id})).await;
        let expected = ["1", "2", "3", "4", "reaction:added", "message:updated", "message:deleted"];
        assert_eq!(said(crowd.listener.heard().await), expected);
        assert_eq!(said(crowd.bob.heard().await), expected);
        assert_eq!(said(crowd.alice.heard().await), expected[3..]);
    }
}

on_both! {
    async fn typing_and_read_events_keep_their_place_among_messages(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.talk().await;
        crowd.bob.ask("typing:start", "general".into()).await;
        assert_eq!(said(crowd.alice.heard().await), ["typing:user"]);
        crowd.talk().await;
        crowd.bob.ask("room:read", "general".into()).await;
        let expected = ["1", "2", "3", "typing:user", "1", "2", "3", "room:user-read"];
        assert_eq!(said(crowd.listener.heard().await), expected);
    }
}

on_both! {
    async fn a_user_who_leaves_has_got_all_earlier_messages(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.talk().await;
        crowd.listener.ask("room:leave", "general".into()).await;
        assert_eq!(said(crowd.listener.heard_before()), ["1", "2", "3"]);
        crowd.alice.say("general", "4").await;
        crowd.bob.ask("typing:start", "general".into()).await;
        assert_eq!(said(crowd.listener.heard().await), [""; 0]);
    }
}

on_both! {
    async fn a_user_who_syncs_gets_no_entry_twice(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.talk().await;
        let caught = crowd.listener.ask("messages:sync", json!({"roomId": "general", "since": 1})).await;
        assert_eq!(caught["events"].as_array().unwrap().len(), 3, "{caught}");
        assert_eq!(said(crowd.listener.heard_before()), ["1", "2", "3"]);
        crowd.alice.say("general", "4").await;
        crowd.bob.ask("typing:start", "general".into()).await;
        assert_eq!(said(crowd.listener.heard().await), ["4", "typing:user"]);
    }
}

on_both! {
    async fn a_user_who_syncs_from_the_database_gets_no_entry_twice(server: TestServer) {
        let Crowd { server, alice, .. } = Crowd::gather(server).await;
        drop(alice);
        // No entry from before a restart is in memory.
        let mut crowd = Crowd::gather_anew(server).await;
        crowd.talk().await;
        let caught = crowd.listener.ask("messages:sync", json!({"roomId": "general", "since": 0})).await;
        assert_eq!(caught["events"].as_array().unwrap().len(), 5, "{caught}");
        assert_eq!(said(crowd.listener.heard_before()), ["1", "2", "3"]);
        crowd.bob.ask("typing:start", "general".into()).await;
        assert_eq!(said(crowd.listener.heard().await), ["typing:user"]);
    }
}

on_both! {
    async fn a_shutdown_sends_all_pending_packets(server: TestServer) {
        let mut crowd = Crowd::gather(server).await;
        crowd.talk().await;
        let (_, heard) = tokio::join!(crowd.server.stop(), crowd.listener.hear_to_the_end());
        assert_eq!(said(heard), ["1", "2", "3"]);
    }
}

on_both! {
    async fn a_member_removed_while_packets_wait_gets_no_more_and_the_others_do(server: TestServer) {
        let mut crowd = Crowd::gather_in(RoomType::Private, server).await;
        crowd.talk().await;
        let remove = r#"DELETE FROM "_RoomMembers" WHERE "B" = 'alice'"#;
        crowd.server.database.execute(remove).await;
        crowd.bob.say("general", "4").await;
        crowd.bob.ask("typing:start", "general".into()).await;
        let expected = ["1", "2", "3", "room:user-left", "4", "typing:user"];
        assert_eq!(said(crowd.listener.heard().await), expected);
        assert_eq!(said(crowd.bob.heard().await), expected[..5]);
        assert_eq!(said(crowd.alice.heard().await), ["room:error"]);
    }
}
