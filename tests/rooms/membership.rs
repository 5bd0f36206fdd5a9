//! Membership that changes while the server runs.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer};

async fn who_is_removed_hears_no_more(backend: Backend) {
    // Remembered for no time at all: what is changed by SQL is seen at once.
    let server =
        TestServer::start_with(TestDatabase::create(backend).await, &["--membership-ttl", "0"]).await;
    server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
    let mut alice = server.connect_in("alice", "secret").await;
    let mut bob = server.connect_in("bob", "secret").await;
    bob.heard().await;
    server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "B" = 'bob'"#).await;

    let sent = alice.ask("message:send", json!({"roomId": "secret", "content": "without bob"})).await;
    assert_eq!(sent["success"], true);

    let heard = bob.heard().await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].0.as_str(), &heard[0].1["code"]), ("room:error", &json!("forbidden")));
    alice.hear("room:user-joined").await;
    assert_eq!(
        alice.next().await,
        ("room:user-left".to_owned(), json!({"roomId": "secret", "userId": "bob"}))
    );
    assert_eq!(alice.next().await.0, "message:new");
    assert_eq!(bob.ask("room:join", "secret".into()).await["code"], "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_gets_no_more_events_on_sqlite() {
    who_is_removed_hears_no_more(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_gets_no_more_events_on_postgres() {
    who_is_removed_hears_no_more(Backend::Postgres).await;
}
