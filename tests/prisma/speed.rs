//! Reading mapped tables goes by the team's own indexes.

use serde_json::json;

use super::mapped::Mapped;
use crate::support::{Client, process::ServerProcess, server::token, until};

/// Starts a server, joins a room, reads a page of it, and ends the server with its connections.
async fn read(mapped: &mut Mapped, user: &str, room: &str) {
    let server = mapped.start_process().await;
    let mut client = Client::connect(server.address, &token(user)).await.unwrap();
    let joined = client.ask("room:join", room.into()).await;
    assert_eq!(joined["success"], true, "{joined}");
    let page = json!({"roomId": room, "before": "2026-02-01T12:00:00Z", "limit": 50});
    let page = client.ask("messages:load", page).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(50), "{page}");
    drop(client);
    end(server).await;
}

async fn end(server: ServerProcess) {
    server.terminate().await;
    server.end().await;
}

/// Waits until nobody else is connected: by then PostgreSQL has counted what they read.
async fn is_alone(mapped: &Mapped) {
    let others = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    until("the others leave", async || (mapped.select(others).await == ["0"]).then_some(())).await;
}

/// Whether a server reads no rows of a table one after the other for a join and a page, but by an index, and the plan of a
/// page. At its start it reads one row, which shows how types are spelled.
async fn reads(mapped: &mut Mapped, table: &str, (user, room): (&str, &str)) -> (Vec<String>, String) {
    // A first server makes its tables, and repairs the heads of its logs.
    end(mapped.start_process().await).await;
    is_alone(mapped).await;
    mapped.execute("VACUUM ANALYZE").await;
    mapped.execute("SELECT pg_stat_reset()").await;
    read(mapped, user, room).await;
    is_alone(mapped).await;
    let counted = format!(
        "SELECT (seq_tup_read <= 1) || ' ' || (idx_scan > 0) FROM pg_stat_user_tables WHERE relname = '{table}'"
    );
    let page = format!(
        r#"EXPLAIN SELECT message.*, sender."name" FROM chatoxide_map."Message" AS message
           JOIN chatoxide_map."User" AS sender ON sender."id" = message."senderId"
           WHERE message."roomId" = '{room}' AND message."createdAt" < '2026-02-01 12:00:00.001'::timestamp
               AND (message."createdAt" < '2026-02-01 12:00'::timestamp OR message."id" < '00000000-0000-0000-0000-000000000000')
           ORDER BY message."createdAt" DESC, message."id" DESC LIMIT 51"#
    );
    (mapped.select(&counted).await, mapped.select(&page).await.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_join_go_by_the_index_on_times_with_a_zone() {
    let mut mapped = Mapped::create("clinic").await;
    mapped
        .execute(
            "INSERT INTO people (id, display_name, email, password, updated_at)
                 SELECT 'p' || n, 'p', 'p' || n, '', now() FROM generate_series(1, 2000) AS n;
             INSERT INTO conversations (id, updated_at) SELECT 'more' || n, now() FROM generate_series(1, 50) AS n;
             INSERT INTO chat_messages (id, conversation_id, author_id, body, created_at, updated_at)
             SELECT 'x' || n, CASE WHEN n % 20 = 0 THEN 'r1' ELSE 'more' || (n % 50 + 1) END, 'bob', 'text ' || n,
                 timestamptz '2026-02-01 00:00Z' + n * interval '1 second', now()
             FROM generate_series(1, 20000) AS n",
        )
        .await;
    mapped.map("clinic", &[], &[]).await;
    let (counted, plan) = reads(&mut mapped, "chat_messages", ("alice", "r1")).await;
    assert_eq!(counted, ["true true"]);
    assert!(plan.contains("Index Scan using chat_messages_conversation_id_created_at_idx"), "{plan}");
    assert!(!plan.contains("Seq Scan on chat_messages"), "{plan}");
}

const DOME: (&str, &str) = ("a11ce000-0000-4000-8000-000000000000", "10000000-0000-4000-8000-000000000001");

/// Many messages, a twentieth of them in the room.
const MANY_IN_UUIDS: &str = r#"
    INSERT INTO "User" ("id") SELECT md5('user' || n)::uuid FROM generate_series(1, 2000) AS n;
    INSERT INTO "Room" ("id", "name") SELECT md5('room' || n)::uuid, 'more' FROM generate_series(1, 50) AS n;
    INSERT INTO "Message" ("roomId", "userId", "content", "createdAt")
    SELECT CASE WHEN n % 20 = 0 THEN '10000000-0000-4000-8000-000000000001' ELSE md5('room' || (n % 50 + 1))::uuid END,
        'b0b00000-0000-4000-8000-000000000000', 'text ' || n, timestamptz '2026-02-01 00:00Z' + n * interval '1 second'
    FROM generate_series(1, 20000) AS n"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_join_go_by_the_teams_index_where_ids_are_uuids() {
    let mut mapped = Mapped::create("observatory").await;
    mapped.execute(MANY_IN_UUIDS).await;
    mapped.map("observatory", &[], &[]).await;
    assert!(!mapped.file().contains("--indexes"), "{}", mapped.file());
    let (counted, plan) = reads(&mut mapped, "Message", DOME).await;
    assert_eq!(counted, ["true true"]);
    assert!(plan.contains(r#"using "Message_roomId_createdAt_idx""#), "{plan}");
    assert!(!plan.contains(r#"Seq Scan on "Message""#), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_join_go_by_the_indexes_of_the_mapping_where_some_ids_are_uuids_and_others_text() {
    let mut mapped = Mapped::create("observatory").await;
    mapped
        .execute(r#"ALTER TABLE "RoomUser" DROP CONSTRAINT "RoomUser_roomId_fkey", ALTER "roomId" TYPE text"#)
        .await;
    mapped.execute(MANY_IN_UUIDS).await;
    let before = mapped.dump();
    let as_text = ("model RoomUser {\n  roomId String @db.Uuid", "model RoomUser {\n  roomId String");
    mapped.map_changed("observatory", &[as_text], &["--indexes"]).await;
    let (counted, plan) = reads(&mut mapped, "Message", DOME).await;
    assert_eq!(counted, ["true true"]);
    assert!(plan.contains(r#"Index Scan Backward using "chatoxide_Message_roomId_createdAt_idx""#), "{plan}");
    assert!(!plan.contains(r#"Seq Scan on "Message""#), "{plan}");
    // The file says how to undo all of it.
    let file = mapped.file();
    let undo = file.lines().find_map(|line| line.strip_prefix("-- Undo: ")).unwrap();
    mapped.execute(undo).await;
    assert_eq!(mapped.dump(), before);
}
