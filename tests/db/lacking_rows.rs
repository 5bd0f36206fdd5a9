//! Rows without what a message or a reaction is made of: a team's columns may take NULL where the original's do not.

use serde_json::json;

use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
    walk::{ask, join, walk},
};

/// Rows of the room `old` that lack what a reaction or a message is made of.
const LACKING: &str = r#"INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji") VALUES
        ('n1', 'm1', NULL, 'x'), ('n2', 'm1', 'alice', NULL), ('n3', 'm2', NULL, NULL), ('n4', NULL, 'alice', 'x');
    INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt") VALUES
        ('nobody', 'old', NULL, 'of nobody', '2026-01-31 09:05:09'), ('never', 'old', 'alice', 'at no time', NULL),
        ('nowhere', NULL, 'alice', 'in no room', '2026-01-31 09:05:09')"#;

/// The tables take NULL in the columns of [`LACKING`].
async fn with_lacking_rows(backend: Backend) -> TestDatabase {
    let database = TestDatabase::create(backend).await;
    match backend {
        Backend::Postgres => {
            database.execute(&prisma_tables(PRISMA_6)).await;
            let nullable = r#"ALTER TABLE "Reaction" ALTER "messageId" DROP NOT NULL, ALTER "userId" DROP NOT NULL,
                    ALTER "emoji" DROP NOT NULL;
                ALTER TABLE "Message" ALTER "roomId" DROP NOT NULL, ALTER "senderId" DROP NOT NULL,
                    ALTER "createdAt" DROP NOT NULL"#;
            database.execute(nullable).await;
        }
        Backend::Sqlite => {
            let mut tables = prisma_sqlite_tables("'2026-01-31 09:05:07.042'", "'2026-01-31 09:05:08'");
            for column in [r#""messageId" TEXT"#, r#""userId" TEXT"#, r#""emoji" TEXT"#, r#""roomId" TEXT"#] {
                tables = tables.replace(&format!("{column} NOT NULL"), column);
            }
            tables = tables.replace(r#""senderId" TEXT NOT NULL"#, r#""senderId" TEXT"#);
            database
                .execute(&tables.replace(r#""createdAt" DATETIME NOT NULL"#, r#""createdAt" DATETIME"#))
                .await;
        }
    }
    database.execute(LACKING).await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_lack_a_user_an_emoji_a_sender_or_a_time_are_left_out_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        // Nothing of the walk fails, and the restart at its end takes nothing for the change of another program.
        let (database, before, _) = walk(with_lacking_rows(backend).await, &[]).await;
        assert_eq!(before["messages"].as_array().unwrap().len(), 2, "{backend:?} {before}");
        // Every join compares the room; the one who is there hears of no change.
        let server = TestServer::start_with(database, &["--membership-ttl", "0"]).await;
        let (mut alice, before) = join(&server, "alice", "old").await;
        let mut others = Vec::new();
        for _ in 0..2 {
            let (other, shown) = join(&server, "bob", "old").await;
            assert_eq!(shown["messages"], before["messages"], "{backend:?}");
            others.push(other);
        }
        for (name, data) in alice.heard().await {
            assert!(!name.starts_with("message:") && !name.starts_with("reaction:"), "{name} {data}");
        }
        let page = json!({"roomId": "old", "before": "2100-01-01"});
        assert_eq!(
            ask(&mut alice, "messages:load", page).await["messages"],
            before["messages"],
            "{backend:?}"
        );
        for id in ["nobody", "nowhere"] {
            let edit = alice.ask("message:edit", json!({"messageId": id, "content": "x"})).await;
            assert_eq!(edit["code"], "message_not_found", "{backend:?} {id}: {edit}");
            let reaction =
                alice.ask("reaction:add", json!({"messageId": id, "roomId": "old", "emoji": "x"})).await;
            assert_eq!(reaction["code"], "message_not_found", "{backend:?} {id}: {reaction}");
        }
        let listed = ask(&mut alice, "rooms:list", json!({})).await;
        let rooms = listed["rooms"].as_array().unwrap();
        let old = rooms.iter().find(|room| room["id"] == "old").unwrap();
        let newest = before["messages"][0]["createdAt"].as_str().unwrap();
        assert_eq!(old["lastMessageAt"], newest, "{backend:?} {old}");
    }
}
