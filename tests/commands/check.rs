//! `chatoxide check`: it reports each fault, reports nothing else, and changes nothing.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::program::run;
use crate::support::{
    Backend, TestDatabase, TestServer, on_both,
    prisma::{PRISMA_5, PRISMA_5_INDEX, PRISMA_6, prisma_tables},
};

pub(super) const USUAL: [&str; 4] =
    ["check", "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url"];

/// The findings as they are printed, each with its mend.
pub(super) fn one_line_each(found: &str) -> Vec<String> {
    found.replace("\n       mend: ", "; mend: ").lines().map(str::to_owned).collect()
}

/// The exit code and what was printed of the database.
pub(super) async fn check(database: &TestDatabase, url: &str) -> (i32, Vec<String>) {
    let (code, found, _) = run(database.folder.path(), &[&USUAL[..], &[url]].concat()).await;
    (code, one_line_each(&found).into_iter().filter(|line| line.contains("database: ")).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_reports_its_findings() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &[]).await;
    let (code, found) = check(&server.database, &server.database.url).await;
    assert_eq!((code, found.len()), (0, 1), "{found:?}");
    assert!(found[0].starts_with("ok ") && found[0].ends_with("tables as expected"), "{found:?}");

    let nobody = "postgresql://u:secret@127.0.0.1:1/x";
    let more = [&USUAL[..], &[nobody, "--redis-url", "redis://127.0.0.1:1"]].concat();
    let (code, found, _) = run(server.database.folder.path(), &more).await;
    assert_eq!((code, found.matches("FAULT").count()), (1, 2), "{found}");
    assert!(!found.contains("secret") && !found.contains("new object"), "{found}");
    assert_eq!(found.matches("no connection to 127.0.0.1:1: ").count(), 2, "{found}");

    let (code, printed, _) = run(server.database.folder.path(), &[&more[..], &["--json"]].concat()).await;
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((code, &report["version"], &report["verdict"]), (1, &json!(1), &json!("fault")));
    let labels = [("ok", "ok"), ("warning", "warn"), ("fault", "FAULT")];
    let lines: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let [severity, place, text, consequence, mend] =
                ["severity", "place", "text", "consequence", "mend"]
                    .map(|key| finding[key].as_str().unwrap());
            let label = labels.iter().find(|(name, _)| *name == severity).unwrap().1;
            let consequence = if consequence.is_empty() { "" } else { &format!(": {consequence}") };
            let mend = if mend.is_empty() { "" } else { &format!("; mend: {mend}") };
            format!("{label:<7}{place}: {text}{consequence}{mend}")
        })
        .collect();
    assert_eq!(lines, one_line_each(&found));
}

#[tokio::test]
async fn a_database_and_a_redis_that_do_not_answer_are_named_by_their_addresses() {
    let folder = tempfile::tempdir().unwrap();
    // They take connections, which the system does by itself, and never say anything.
    let silent = [(); 2].map(|()| std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap());
    let [database, redis] = silent.each_ref().map(|silent| silent.local_addr().unwrap());
    let database_url = format!("postgresql://u:secret@{database}/x");
    let redis_url = format!("redis://u:secret@{redis}");
    let more = [&database_url, "--database-timeout", "100", "--redis-url", &redis_url];
    let (code, found, _) = run(folder.path(), &[&USUAL[..], &more].concat()).await;
    assert_eq!((code, found.matches("FAULT").count()), (1, 2), "{found}");
    for (name, address) in [("database", database), ("redis", redis)] {
        let line = found.lines().find(|line| line.starts_with(&format!("FAULT  {name}: "))).unwrap();
        let cause = line.rsplit("***@").next().unwrap().split_once(": ").unwrap().1;
        assert!(cause.contains(&address.to_string()), "{line}");
    }
    for part in ["secret", "object", "slot"] {
        assert!(!found.contains(part), "{part} in: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_serves_is_ok_before_it_was_ever_served() {
    for (join_key, more) in [(PRISMA_6, ""), (PRISMA_5, PRISMA_5_INDEX)] {
        let database = TestDatabase::create(Backend::Postgres).await;
        let (code, found) = check(&database, &database.url).await;
        assert_eq!((code, found.len()), (0, 1), "{found:?}");
        assert!(found[0].contains("no tables yet"), "{found:?}");

        database.execute(&prisma_tables(join_key)).await;
        database.execute(more).await;
        let (code, found) = check(&database, &database.url).await;
        assert_eq!((code, found.len()), (0, 1), "{found:?}");
        assert!(found[0].contains("tables as expected; the server makes its own"), "{found:?}");
        assert_eq!(
            database.select("SELECT count(*) FROM pg_namespace WHERE nspname = 'chatoxide'").await,
            ["0"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_is_ok_and_is_not_created() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let (code, found) = check(&database, &database.url).await;
    assert_eq!((code, found.len()), (0, 1), "{found:?}");
    assert!(found[0].contains("not there yet"), "{found:?}");
    assert!(!database.folder.path().join("chat.db").exists());
}

/// Changes of Prisma's tables, and what a line of the answer says of each.
const FAULTS: &[(&str, &[&str])] = &[
    (
        r#"TRUNCATE "User" CASCADE; ALTER TABLE "User" ADD "password" TEXT NOT NULL"#,
        &["FAULT", r#""password" of "User""#, "nobody can sign in"],
    ),
    (
        r#"UPDATE "Message" SET "replyTo" = ''; ALTER TABLE "Message" ALTER "replyTo" SET NOT NULL"#,
        &["FAULT", r#""replyTo" of "Message""#],
    ),
    (
        r#"ALTER TABLE "Message" ADD "tenant" INT DEFAULT 1; UPDATE "Message" SET "tenant" = 1; ALTER TABLE "Message" ALTER "tenant" SET NOT NULL, ALTER "tenant" DROP DEFAULT"#,
        &["FAULT", r#"mend: ALTER TABLE "Message" ALTER "tenant" SET DEFAULT 0"#, "no message can be sent"],
    ),
    (r#"ALTER TABLE "Room" RENAME TO "Channel""#, &["FAULT", r#"no table "Room""#]),
    (
        r#"ALTER TABLE "Message" ALTER "senderId" DROP NOT NULL; UPDATE "Message" SET "senderId" = NULL"#,
        &["FAULT", r#"whose "senderId" is NULL"#],
    ),
    (
        r#"ALTER TABLE "User" DROP "email" CASCADE; ALTER TABLE "User" ADD "email" TEXT NOT NULL GENERATED ALWAYS AS ("id" || '@x') STORED"#,
        &["FAULT", r#""email" of "User" is generated"#],
    ),
    (
        r#"ALTER TYPE "RoomType" RENAME VALUE 'direct' TO 'dm'"#,
        &["FAULT", "no label direct", r#"mend: ALTER TYPE "RoomType" ADD VALUE 'direct'"#],
    ),
    (
        r#"ALTER TABLE "Reaction" ALTER "id" TYPE INT USING 1; ALTER TABLE "Reaction" ALTER "emoji" TYPE BIGINT USING 1"#,
        &["FAULT", "of type integer, where text", "and so are 1 more", "nothing was changed"],
    ),
    (
        r#"ALTER TABLE "User" RENAME TO people; CREATE VIEW "User" AS SELECT DISTINCT * FROM people"#,
        &["FAULT", r#""User" takes no INSERT"#],
    ),
    (
        r#"ALTER TABLE "Reaction" ALTER "id" TYPE CHAR(36)"#,
        &["FAULT", r#""id" of "Reaction" is of type character(36), where text without padding"#],
    ),
    (
        r#"ALTER TABLE "Message" ALTER "id" TYPE VARCHAR(30)"#,
        &["FAULT", r#""id" of "Message" takes 30 characters"#, "no message can be sent"],
    ),
    (r#"ALTER TABLE "Room" ALTER "id" TYPE VARCHAR(35)"#, &["FAULT", r#""id" of "Room""#, "room:create"]),
    (r#"ALTER TABLE "Room" ALTER "name" TYPE VARCHAR(13)"#, &["FAULT", r#""name" of "Room""#, "dm:start"]),
    (r#"ALTER TABLE "Message" ALTER "roomId" TYPE VARCHAR(8)"#, &["FAULT", r#""roomId""#, "dm:start"]),
    (
        r#"ALTER TABLE "Reaction" ALTER "userId" TYPE VARCHAR(5); INSERT INTO "User" VALUES ('robert', 'R', 'r')"#,
        &["FAULT", r#""userId" of "Reaction" takes 5"#],
    ),
    (
        r#"ALTER TABLE "User" ALTER "email" TYPE VARCHAR(18)"#,
        &["FAULT", r#""email" of "User" takes 18"#, "is not made a user"],
    ),
    (
        r#"CREATE UNIQUE INDEX one_name ON "Room" ("name", "type")"#,
        &["FAULT", r#""one_name" is on "name", "type" of "Room""#, "dm:start"],
    ),
    (r#"ALTER TABLE "User" ADD UNIQUE ("name")"#, &["FAULT", r#"on "name" of "User""#, "is not made a user"]),
    (
        r#"ALTER TABLE "Message" RENAME TO messages; CREATE VIEW "Message" AS SELECT "id", "roomId", "senderId", upper("content") AS "content", "type", "metadata", "replyTo", "createdAt", "updatedAt" FROM messages"#,
        &[
            "FAULT",
            r#""content" of "Message" is generated or computed"#,
            "no message can be sent, and no message can be edited",
        ],
    ),
    (
        r#"CREATE RULE shout AS ON INSERT TO "Message" DO ALSO UPDATE "Message" SET "content" = upper("content")"#,
        &["FAULT", r#"the rule "shout" on INSERT of "Message""#, "no message can be sent"],
    ),
    (
        r#"CREATE RULE keep AS ON DELETE TO "Message" DO INSTEAD UPDATE "Message" SET "content" = '' WHERE "id" = OLD."id""#,
        &["FAULT", r#"the rule "keep" on DELETE of "Message""#, "no message can be deleted"],
    ),
    (
        r#"CREATE RULE note AS ON UPDATE TO "Room" DO ALSO NOTHING"#,
        &["FAULT", r#"the rule "note" on UPDATE of "Room""#, "no room can be made"],
    ),
    (
        r#"ALTER TABLE "Message" DROP "updatedAt"; ALTER TABLE "Message" ADD "updatedAt" TIMESTAMP(3) NOT NULL GENERATED ALWAYS AS ("createdAt") STORED"#,
        &["FAULT", r#""updatedAt" of "Message" is generated or computed: no message can be edited"#],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn check_names_each_event_that_will_fail() {
    let mut wrong = Vec::new();
    for &(change, expected) in FAULTS {
        let database = TestDatabase::create(Backend::Postgres).await;
        database.execute(&prisma_tables(PRISMA_6)).await;
        for statement in change.split("; ") {
            database.execute(statement).await;
        }
        let (code, found) = check(&database, &database.url).await;
        let told = found.iter().filter(|line| expected.iter().all(|text| line.contains(text))).count();
        let about = expected[1];
        let others = found.iter().filter(|line| line.starts_with("FAULT") && !line.contains(about)).count();
        // Ids that are numbers are the one difference that nothing mends yet.
        let is_mend = |line: &String| line.contains("; mend: ") || line.contains("run chatoxide map");
        let has_mend = found.iter().any(is_mend) || about.contains("integer");
        if (code, told, others, has_mend) != (1, 1, 0, true) {
            wrong.push(format!("{change}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_allows_faults_is_ok_if_no_row_has_one() {
    let change = r#"ALTER TABLE "User" ADD "password" TEXT; ALTER TABLE "User" ADD "age" INT NOT NULL DEFAULT 0;
        ALTER TABLE "Message" ALTER "content" DROP NOT NULL; ALTER TYPE "MessageType" ADD VALUE 'poll';
        ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(4000); ALTER TABLE "Message" ALTER "createdAt" TYPE TIMESTAMPTZ"#;
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    for statement in change.split(';') {
        database.execute(statement).await;
    }
    let (code, found) = check(&database, &database.url).await;
    assert_eq!((code, found.len()), (0, 1), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_no_event_needs_may_differ() {
    let tables = prisma_tables(PRISMA_6).replace(", 'system')", ")");
    for change in [
        r#"ALTER TABLE "User" ALTER "email" DROP NOT NULL; UPDATE "User" SET "email" = NULL"#,
        r#"CREATE DOMAIN filled AS TEXT NOT NULL DEFAULT 'q'; ALTER TABLE "Message" ADD "more" filled"#,
        r#"UPDATE "Message" SET "updatedAt" = now(); ALTER TABLE "Message" ALTER "updatedAt" SET DEFAULT now(); ALTER TABLE "Message" ALTER "updatedAt" SET NOT NULL"#,
        r#"UPDATE "Message" SET "updatedAt" = now(); ALTER TABLE "Message" ALTER "updatedAt" SET NOT NULL"#,
        r#"ALTER TABLE "Room" ADD "updatedAt" TIMESTAMP(3); UPDATE "Room" SET "updatedAt" = now(); ALTER TABLE "Room" ALTER "updatedAt" SET NOT NULL"#,
        r#"ALTER TABLE "Message" ALTER "content" DROP NOT NULL; UPDATE "Message" SET "content" = NULL"#,
        r#"ALTER TYPE "MessageType" ADD VALUE 'poll'; UPDATE "Message" SET "type" = 'poll'"#,
        r#"ALTER TYPE "RoomType" RENAME VALUE 'direct' TO 'DIRECT'"#,
        r#"ALTER TABLE "Room" ALTER "type" TYPE TEXT; ALTER TABLE "Message" ALTER "type" DROP DEFAULT; ALTER TABLE "Message" ALTER "type" TYPE VARCHAR(9)"#,
        r#"ALTER TYPE "MessageType" RENAME TO "Kind"; ALTER TABLE "Message" ALTER "metadata" DROP DEFAULT; ALTER TABLE "Message" ALTER "metadata" TYPE JSON"#,
        r#"CREATE UNIQUE INDEX ON "Room" ("id", "name"); ALTER TABLE "User" ADD "login" TEXT UNIQUE"#,
        r#"CREATE UNIQUE INDEX ON "Room" ("name") WHERE "type" = 'public'"#,
        r#"ALTER TABLE "User" ALTER "email" TYPE VARCHAR(50); ALTER TABLE "Message" ALTER "id" TYPE VARCHAR(36)"#,
    ] {
        let database = TestDatabase::create(Backend::Postgres).await;
        database.execute(&tables).await;
        for statement in change.split("; ") {
            database.execute(statement).await;
        }
        let (code, found) = check(&database, &database.url).await;
        assert_eq!((code, found.len()), (0, 1), "{change}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_of_deleted_messages_is_warned_of() {
    let server = TestServer::start(Backend::Sqlite).await;
    let sqlite = server.stop().await;
    let postgres = TestDatabase::create(Backend::Postgres).await;
    postgres.execute(&prisma_tables(PRISMA_6)).await;
    for (database, column, mend) in [
        (&postgres, r#""deletedAt" TIMESTAMP(3)"#, true),
        (&sqlite, r#""is_deleted" BOOLEAN NOT NULL DEFAULT false"#, false),
    ] {
        database.execute(&format!(r#"ALTER TABLE "Message" ADD COLUMN {column}"#)).await;
        let (code, found) = check(database, &database.url).await;
        assert!(code == 0 && found.len() == 2 && found[1].starts_with("warn "), "{found:?}");
        assert!(found[1].contains("marked messages are shown like others"), "{found:?}");
        assert_eq!(found[1].contains("mend: chatoxide map"), mend, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_new_users_do_not_matter_if_none_is_created() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    database
        .execute(
            r#"ALTER TABLE "User" ADD "password" TEXT; UPDATE "User" SET "password" = 'x';
            ALTER TABLE "User" ALTER "password" SET NOT NULL, ALTER "email" TYPE VARCHAR(18), ADD UNIQUE ("name")"#,
        )
        .await;
    let (code, found) = check(&database, &database.url).await;
    assert_eq!((code, found.iter().filter(|line| line.starts_with("FAULT")).count()), (1, 3), "{found:?}");
    let line = [&USUAL[..], &[&database.url, "--auto-create-users", "false"]].concat();
    let (code, found, _) = run(database.folder.path(), &line).await;
    assert!(code == 0 && !found.contains("warn"), "{found}");
}

on_both! {
    async fn lost_heads_are_reported_and_repaired_from_their_logs(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        for content in ["one", "two"] {
            alice.say("general", content).await;
        }
        let database = server.stop().await;
        database.execute(&database.own("DELETE FROM own.room_head")).await;
        let (code, found) = check(&database, &database.url).await;
        let told = found.iter().any(|line| line.starts_with("warn") && line.contains("1 rooms have a head"));
        assert!(code == 0 && told, "{found:?}");
        let server = TestServer::start_with(database, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        assert_eq!(alice.say("general", "three").await["seq"], 3);
        let caught = alice.ask("messages:sync", json!({"roomId": "general", "since": 1})).await;
        assert_eq!((&caught["seq"], &caught["complete"]), (&json!(3), &json!(false)), "{caught}");
        // One that is behind, as from an older backup.
        let database = server.stop().await;
        database.execute(&database.own("UPDATE own.room_head SET seq = 1")).await;
        let server = TestServer::start_with(database, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        assert_eq!(alice.say("general", "four").await["seq"], 4);
        let (code, found) = check(&server.database, &server.database.url).await;
        assert_eq!((code, found.len()), (0, 1), "{found:?}");
    }
}

on_both! {
    async fn a_lost_list_of_migrations_is_named_with_what_to_do(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        alice.say("general", "one").await;
        let database = server.stop().await;
        let list = match database.backend {
            Backend::Postgres => "chatoxide.__diesel_schema_migrations",
            Backend::Sqlite => "__diesel_schema_migrations",
        };
        for loss in [format!("DELETE FROM {list}"), format!("DROP TABLE {list}")] {
            database.execute(&loss).await;
            let (code, found) = check(&database, &database.url).await;
            assert!(code == 1 && found[0].contains(list) && found[0].contains("begin new ones, "), "{found:?}");
            let line = [&["serve"], &USUAL[1..], &[&database.url, "--port", "0"]].concat();
            let (code, _, error) = run(database.folder.path(), &line).await;
            assert!(code == 1 && error.contains("begin new ones, "), "{error}");
        }
        let (_, found) = check(&database, &database.url).await;
        let (_, statement) = found[0].split_once("; mend: ").unwrap();
        database.execute(statement).await;
        let server = TestServer::start_with(database, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        alice.say("general", "two").await;
        let stored = server.database.select(r#"SELECT count(*) FROM "Message""#).await;
        assert_eq!(stored, ["2"]);
    }
}
