//! Rooms of large messages: their memory while somebody is in them, as `/metrics` reports it.

use chatoxide::chat::room::RoomType;

use crate::support::{Backend, Client, TestDatabase, TestServer, database::moment, http, until};

const MESSAGES: usize = 100;
/// Between two of them, in seconds: few are so young that somebody may not have heard them.
const APART: usize = 30;

/// A server with rooms of a hundred messages of so many bytes each.
async fn start(backend: Backend, rooms: &[&str], bytes: usize, more: &[&str]) -> (TestServer, Client) {
    let settings = [&["--metrics", "true", "--database-timeout", "60000"], more].concat();
    let server = TestServer::start_with(TestDatabase::create(backend).await, &settings).await;
    for room in rooms {
        server.make_room(room, RoomType::Public, &["alice"]).await;
        let messages: Vec<_> = (0..MESSAGES).map(|n| (format!("{room}-{n:03}"), moment(n * APART))).collect();
        server.database.seed_messages(room, "alice", &messages).await;
    }
    let text = match backend {
        Backend::Postgres => format!("repeat('x', {bytes})"),
        Backend::Sqlite => format!("replace(hex(zeroblob({bytes} / 2)), '00', 'xx')"),
    };
    server.database.execute(&format!(r#"UPDATE "Message" SET "content" = {text}"#)).await;
    let alice = server.connect("alice").await;
    (server, alice)
}

/// The ids of the history that alice is shown, newest first.
async fn join(alice: &mut Client, room: &str) -> Vec<String> {
    assert_eq!(alice.ask("room:join", room.into()).await["success"], true);
    let history = alice.hear("room:history").await;
    let messages = history["messages"].as_array().unwrap();
    messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

fn newest(room: &str) -> Vec<String> {
    (50..MESSAGES).rev().map(|n| format!("{room}-{n:03}")).collect()
}

async fn metric(server: &TestServer, name: &str) -> usize {
    http::metric(server.address(), name).await as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_large_messages_is_loaded_a_page_at_a_time() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        // More than 16 MiB in all, and in a page.
        let bytes = 400_000;
        let (server, mut alice) = start(backend, &["pictures"], bytes, &[]).await;
        // Without a history, which would be larger than the test's client takes.
        let ask = serde_json::json!({"roomId": "pictures", "since": 0});
        assert_eq!(alice.ask("messages:sync", ask).await["success"], true);
        assert_eq!(metric(&server, "chatoxide_messages_live").await, 50);
        let taken = metric(&server, "chatoxide_rooms_live_bytes").await;
        assert!((50 * bytes..51 * bytes).contains(&taken), "{taken} bytes");
        // Older ones are there for who asks.
        let page = serde_json::json!({"roomId": "pictures", "before": moment(50 * APART), "limit": 2});
        let page = alice.ask("messages:load", page).await;
        assert_eq!(page["messages"][0]["id"], "pictures-049", "{}", page["error"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_middling_messages_load_as_much_as_fits() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        // 80 of these are 16 MB, and 83 of them 16 MiB.
        let (server, mut alice) = start(backend, &["texts"], 200_000, &[]).await;
        assert_eq!(join(&mut alice, "texts").await, newest("texts"));
        assert_eq!(metric(&server, "chatoxide_messages_live").await, 83);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_large_messages_keep_a_page_above_the_memory_limit() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let bytes = 30_000;
        for (most, kept) in [("1024", 200), ("2", 100)] {
            let (server, mut alice) = start(backend, &["one", "two"], bytes, &["--live-memory", most]).await;
            for room in ["one", "two", "one"] {
                assert_eq!(join(&mut alice, room).await, newest(room));
            }
            // Also of the one that was there when there was too much.
            until("pages are left", async || {
                (metric(&server, "chatoxide_messages_live").await == kept).then_some(())
            })
            .await;
            let histories = if kept == 100 { 0 } else { 100 };
            until("histories are let go", async || {
                let taken = metric(&server, "chatoxide_rooms_live_bytes").await;
                let expected = (kept + histories) * bytes;
                (expected..expected + expected / 20).contains(&taken).then_some(())
            })
            .await;
            alice.say("one", "small").await;
            let mut alice = server.connect("alice").await;
            assert_eq!(join(&mut alice, "one").await.len(), 50);
        }
    }
}
