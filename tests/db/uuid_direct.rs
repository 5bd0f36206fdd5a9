//! Direct rooms where the ids of rooms are UUIDs: such a room has a UUID that follows from its two members.

use serde_json::json;

use super::deviations::{ALL, UUIDS, with_uuids};
use crate::support::{
    TestServer,
    walk::{ask, join},
};

/// The UUID of version 5 of `dm:<alice>:<bob>`, in the namespace of object identifiers, as any program computes it.
const ROOM: &str = "71a739ce-3db1-583e-8b41-faaf0c095379";

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_is_found_again_by_both_partners_where_the_ids_of_rooms_are_uuids() {
    let server = TestServer::start_with(with_uuids(&ALL).await, &[]).await;
    // Two that begin at once meet in one room.
    let (mut alice, mut bob) = (server.connect(UUIDS.alice).await, server.connect(UUIDS.bob).await);
    for client in [&mut alice, &mut bob] {
        ask(client, "rooms:list", json!({})).await;
    }
    let asked =
        (alice.begin("dm:start", UUIDS.bob.into()).await, bob.begin("dm:start", UUIDS.alice.into()).await);
    let (one, other) = (alice.answer(asked.0).await, bob.answer(asked.1).await);
    assert_eq!((&one["success"], &one["room"]["type"]), (&json!(true), &json!("direct")), "{one}");
    assert_eq!(one["room"]["id"], other["room"]["id"], "{one} {other}");
    assert_eq!(one["room"]["id"], ROOM);
    let sent = alice.say(ROOM, "a word in private").await;
    assert_eq!(bob.hear("message:new").await["id"], sent["id"]);
    let rooms = r#"SELECT "id" FROM "Room" WHERE "type" = 'direct'"#;
    assert_eq!(server.database.select(rooms).await, [ROOM]);

    // On another day, too.
    let server = TestServer::start_with(server.stop().await, &[]).await;
    let (mut bob, shown) = join(&server, UUIDS.bob, ROOM).await;
    assert_eq!(shown["messages"][0]["id"], sent["id"], "{shown}");
    assert_eq!(ask(&mut bob, "dm:start", UUIDS.alice.into()).await["room"]["id"], ROOM);
    assert_eq!(server.database.select(rooms).await, [ROOM]);
    let mut carol = server.connect(UUIDS.carol).await;
    assert_eq!(carol.ask("room:join", ROOM.into()).await["code"], "forbidden");
}
