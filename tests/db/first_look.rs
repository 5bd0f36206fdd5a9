//! Tests that a start inspects the database before it changes anything: tables are created only if there are none, and
//! a start that fails leaves nothing behind.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
};

use chatoxide::{
    config::Config,
    db::{Db, migrations},
};

use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_tables},
    server::config,
    soon, until,
};

/// Starts on it, as far as the database goes; an error is what the operator reads.
async fn start(database: &TestDatabase, url: &str, makes_tables: bool) -> Result<(), String> {
    let config: Config = config(url, database.folder.path(), &[]);
    let db = Db::open(&config).unwrap();
    migrations::run(&db, &config, makes_tables).await.map(drop).map_err(|error| error.cause())
}

/// Every table, type and schema of a PostgreSQL database, or all of a SQLite file.
async fn everything(database: &TestDatabase) -> Vec<String> {
    match database.backend {
        Backend::Sqlite => {
            let path = database.url.strip_prefix("sqlite://").unwrap();
            // The file's bytes: its journal's mode is in them.
            vec![format!("{:?}", std::fs::read(path).unwrap())]
        }
        Backend::Postgres => {
            let names = "SELECT n.nspname || ' ' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                UNION SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
                UNION SELECT 'type ' || typname FROM pg_type WHERE typtype = 'e' ORDER BY 1";
            database.select(names).await
        }
    }
}

async fn is_refused(database: &TestDatabase, url: &str, expected: &[&str]) {
    let before = everything(database).await;
    let why = start(database, url, false).await.unwrap_err();
    for text in expected {
        assert!(why.contains(text), "{text} in: {why}");
    }
    assert_eq!(everything(database).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_not_created_beside_others_without_the_option() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        database
            .execute(r#"CREATE TABLE "Conversation" (id INTEGER PRIMARY KEY); CREATE TABLE users (id TEXT)"#)
            .await;
        let elsewhere = match backend {
            Backend::Sqlite => "in another file, name it in DATABASE_URL;",
            Backend::Postgres => "in another schema, name it in DATABASE_URL (?schema=);",
        };
        let expected = [
            r#"no table "User", "Room""#,
            r#""Conversation", "users""#,
            elsewhere,
            "migrate --create-tables",
        ];
        is_refused(&database, &database.url, &expected).await;

        start(&database, &database.url, true).await.unwrap();
        start(&database, &database.url, false).await.unwrap();
        assert_eq!(database.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_is_named_and_created_with_the_option() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    database.execute(r#"DROP TABLE "Reaction""#).await;
    is_refused(&database, &database.url, &[r#"has no table "Reaction". "#]).await;

    start(&database, &database.url, true).await.unwrap();
    // The enum of a table that was removed is there still.
    database.execute(r#"DROP TABLE "Message" CASCADE"#).await;
    start(&database, &database.url, true).await.unwrap();
    assert_eq!(database.select(r#"SELECT count(*) FROM "Reaction""#).await, ["0"]);
    assert_eq!(database.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_was_not_named_or_misspelt_is_not_filled() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let tables = prisma_tables(PRISMA_6);
    database.execute(&format!(r#"CREATE SCHEMA "my chat"; SET search_path = "my chat"; {tables}"#)).await;
    for url in [database.url.clone(), format!("{}?schema=my_chat", database.url)] {
        is_refused(&database, &url, &[r#"schema "my chat" has those of a chat"#, "?schema="]).await;
    }
    start(&database, &format!("{}?schema=my%20chat", database.url), false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_shape_is_refused_and_left_as_it_is() {
    for (change, expected) in [
        (r#"ALTER TABLE "Message" DROP COLUMN "replyTo""#, r#"table "Message" has no column "replyTo""#),
        (
            r#"ALTER TABLE "Message" ALTER "metadata" TYPE integer USING 1"#,
            r#"type integer, where jsonb, json or text"#,
        ),
        (
            r#"ALTER TABLE "Room" ALTER "type" TYPE boolean USING true"#,
            r#"type boolean, where the enum "RoomType", another enum or text is expected"#,
        ),
        (
            r#"ALTER TABLE "Reaction" ALTER "id" TYPE integer USING 1"#,
            r#"column "id" of "Reaction" is of type integer"#,
        ),
        (
            r#"ALTER TABLE "Message" ALTER "replyTo" TYPE char(36)"#,
            r#"column "replyTo" of "Message" is of type character(36), where text without padding is expected"#,
        ),
        (
            r#"CREATE DOMAIN sign AS char(8); ALTER TABLE "Reaction" ALTER "emoji" TYPE sign"#,
            r#"column "emoji" of "Reaction" is of type sign, where text without padding"#,
        ),
    ] {
        let database = TestDatabase::create(Backend::Postgres).await;
        database.execute(&prisma_tables(PRISMA_6)).await;
        // It has a default of the type.
        database.execute(r#"ALTER TABLE "Message" ALTER "metadata" DROP DEFAULT"#).await;
        database.execute(change).await;
        is_refused(&database, &database.url, &[expected]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_right_to_create_tables_is_told_the_grant() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    database.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'")).await;
    let (_, place) = database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("//").unwrap());
    let url = format!("postgresql://{role}:x@{place}");
    // On an empty database, then on one of Prisma's.
    for prepare in [String::new(), prisma_tables(PRISMA_6)] {
        database.execute(&prepare).await;
        let before = everything(&database).await;
        let mut statements = Vec::new();
        let why = start(&database, &url, false).await.unwrap_err();
        let statement = why.split_once("has to run: ").expect(&why).1;
        assert!(statement.starts_with("GRANT CREATE ON ") && statement.contains(&role), "{why}");
        assert_eq!(everything(&database).await, before);
        statements.push(statement.to_owned());
        database.execute(statement).await;
        if prepare.is_empty() {
            database
                .execute(&format!(
                    "REVOKE CREATE ON DATABASE {} FROM {role}",
                    place.rsplit_once('/').unwrap().1
                ))
                .await;
            database.execute(&format!("REVOKE CREATE ON SCHEMA public FROM {role}")).await;
        } else {
            let tables = format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}");
            database.execute(&tables).await;
            start(&database, &url, false).await.unwrap();
        }
    }
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_take_turns() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let starts = (0..5).map(|_| start(&database, &database.url, false));
    for started in futures_util::future::join_all(starts).await {
        started.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_on_a_new_file_take_turns() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    // Another node: it has made the tables and not committed yet.
    let tables = migrated().await;
    let begin = format!("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;\n{tables}\n");
    let other = Writing::begin(&database, &begin);
    let mut starts = Vec::new();
    for _ in 0..3 {
        let config: Config = config(&database.url, database.folder.path(), &[]);
        let db = Db::open(&config).unwrap();
        let node = db.clone();
        let start = async move { migrations::run(&node, &config, false).await.map(|migrated| migrated.ran) };
        starts.push((db, tokio::spawn(start)));
    }
    // The first statement on the connection that migrates comes after a first look.
    for (db, _) in &starts {
        until("the node has looked", async || (db.statements().get() > 0).then_some(())).await;
    }
    other.commit();
    for (_, start) in starts {
        assert_eq!(soon("the node starts", start).await.unwrap().unwrap(), 0);
    }
    assert_eq!(database.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_another_program_that_has_the_new_file_open() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let other = Writing::begin(&database, "BEGIN EXCLUSIVE;");
    let config: Config = config(&database.url, database.folder.path(), &[]);
    let db = Db::open(&config).unwrap();
    let start = tokio::spawn(async move { migrations::run(&db, &config, false).await.map(drop) });
    let path = database.url.strip_prefix("sqlite://").unwrap();
    let is_open = || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| file.as_os_str() == path)
    };
    until("the file is opened", async || (is_open() || start.is_finished()).then_some(())).await;
    other.commit();
    soon("the node starts", start).await.unwrap().unwrap();
    assert_eq!(database.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
}

/// Another program that writes to a SQLite file.
struct Writing {
    program: Child,
    input: ChildStdin,
}

impl Writing {
    /// Runs statements that leave a transaction open.
    fn begin(database: &TestDatabase, statements: &str) -> Self {
        let path = database.url.strip_prefix("sqlite://").unwrap();
        let mut program =
            Command::new("sqlite3").arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = program.stdin.take().unwrap();
        writeln!(input, "{statements} SELECT 'begun';").unwrap();
        let output = BufReader::new(program.stdout.take().unwrap());
        assert_eq!(output.lines().map(Result::unwrap).find(|line| line == "begun"), Some("begun".to_owned()));
        Self { program, input }
    }

    fn commit(mut self) {
        writeln!(self.input, "COMMIT;").unwrap();
        drop(self.input);
        assert!(self.program.wait().unwrap().success());
    }
}

/// The statements that make all tables of a SQLite file, and the rows that say that they are made.
async fn migrated() -> String {
    let database = TestServer::start(Backend::Sqlite).await.stop().await;
    let path = database.url.strip_prefix("sqlite://").unwrap();
    let dump = Command::new("sqlite3").args([path, ".dump"]).output().unwrap();
    let dump = String::from_utf8(dump.stdout).unwrap();
    dump.lines()
        .filter(|line| !["BEGIN TRANSACTION;", "COMMIT;"].contains(line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tables_are_created_in_the_schema_of_a_mapping_that_is_not_applied() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(r#"CREATE TABLE "Conversation" (id TEXT PRIMARY KEY)"#).await;
    let url = format!("{}?schema=chatoxide_map", database.url);
    is_refused(&database, &url, &[r#"no schema "chatoxide_map""#, "apply the SQL of chatoxide map"]).await;
}
