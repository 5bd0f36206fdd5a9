//! `chatoxide check` and `chatoxide plan` list all findings at once, each with its consequence and its mend.

use serde_json::Value;

use super::{
    check::USUAL,
    program::{run, run_with},
};
use crate::{
    db::session::{database_with, forgetful_pooler},
    support::{
        Backend, TestDatabase,
        prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
    },
};

/// The exit code and the faults of a report, each as its text, consequence and mend.
async fn faults(database: &TestDatabase, url: &str, settings: &[&str]) -> (i32, Vec<[String; 3]>) {
    let has_key = settings.contains(&"--jwt-secret");
    let usual = if has_key { &["check", "--database-url"][..] } else { &USUAL };
    let line = [usual, &[url, "--json"], settings].concat();
    let (code, printed, error) = run(database.folder.path(), &line).await;
    let report: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{error}"));
    let findings = report["findings"].as_array().unwrap();
    let faults = findings.iter().filter(|finding| finding["severity"] == "fault");
    let part = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    (code, faults.map(|fault| ["text", "consequence", "mend"].map(|key| part(fault, key))).collect())
}

const WRONG: [&str; 8] = [
    "--redis-url",
    "http://127.0.0.1:6379",
    "--message-types",
    "system",
    "--token-from",
    "cookie:sid",
    "--relay-events",
    "*:call",
];

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_and_a_faulty_table_are_all_named_at_once() {
    let postgres = TestDatabase::create(Backend::Postgres).await;
    postgres.execute(&prisma_tables(PRISMA_6)).await;
    postgres.execute(r#"ALTER TABLE "Message" DROP "metadata""#).await;
    let sqlite = TestDatabase::create(Backend::Sqlite).await;
    let tables = prisma_sqlite_tables("0", "1")
        .replace(r#""avatar" TEXT,"#, "")
        .replace("'alice@example.org', NULL,", "'a',");
    sqlite.execute(&tables).await;
    for (database, missing) in [(postgres, "metadata"), (sqlite, "avatar")] {
        let (code, found) = faults(&database, &database.url, &WRONG).await;
        let texts: Vec<&str> = found.iter().map(|[text, ..]| text.as_str()).collect();
        assert_eq!((code, found.len()), (2, 5), "{texts:?}");
        for part in [
            "REDIS_URL must begin",
            "MESSAGE_TYPES has system",
            "TOKEN_FROM names a cookie",
            "RELAY_EVENTS: *:call",
            missing,
        ] {
            assert_eq!(texts.iter().filter(|text| text.contains(part)).count(), 1, "{part}: {texts:?}");
        }
        let line = [&["plan"], &USUAL[1..], &[&database.url, "--json"], &WRONG].concat();
        let (code, printed, _) = run(database.folder.path(), &line).await;
        let plan: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((code, plan["faults"].as_array().unwrap().len()), (2, 5), "{printed}");
        // A server still ends at the first of them.
        let line = [&["serve"], &USUAL[1..], &[&database.url], &WRONG].concat();
        let (code, _, error) = run(database.folder.path(), &line).await;
        assert_eq!((code, error.lines().count()), (2, 1), "{error}");
    }
}

/// Values that the parser of the command line itself refuses.
#[tokio::test(flavor = "multi_thread")]
async fn values_of_the_wrong_type_are_all_named_at_once() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let refused = ["--port", "abc", "--database-pool=x", "--metrics", "perhaps", "--redis-url", "http://x"];
    let (code, found) = faults(&database, &database.url, &refused).await;
    let texts: Vec<&str> = found.iter().map(|[text, ..]| text.as_str()).collect();
    assert_eq!((code, texts.len()), (2, 4), "{texts:?}");
    for part in ["--port", "--database-pool", "--metrics", "REDIS_URL must begin"] {
        assert_eq!(texts.iter().filter(|text| text.contains(part)).count(), 1, "{part}: {texts:?}");
    }
    // Variables, too.
    let line = [&USUAL[..], &[&database.url, "--json", "--port", "abc"]].concat();
    let variables = [("DATABASE_POOL", "x"), ("WRITE_QUEUE", "-")];
    let (code, printed, error) = run_with(database.folder.path(), &line, &variables).await;
    let report: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{error}"));
    let texts: Vec<String> =
        report["findings"].as_array().unwrap().iter().map(|one| one["text"].to_string()).collect();
    for part in ["--port", "--database-pool", "--write-queue"] {
        assert_eq!(texts.iter().filter(|text| text.contains(part)).count(), 1, "{part}: {texts:?}");
    }
    assert_eq!(code, 2);
    // A server ends at the first of them, and an argument that is not known is named alone.
    for (more, named) in [("--port=abc", "--port"), ("--unknown", "--unknown")] {
        let line = [&["serve"], &USUAL[1..], &[&database.url, "--database-pool=x", more]].concat();
        let (code, _, error) = run(database.folder.path(), &line).await;
        assert_eq!((code, error.lines().count()), (2, 1), "{error}");
        assert!(error.contains("--database-pool") || error.contains(named), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_database_url_is_one_finding_and_no_database_is_looked_at() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let (code, found) = faults(&database, "mysql://u:secret@localhost/x", &[]).await;
    assert!(code == 2 && found.len() == 1 && found[0][0].starts_with("DATABASE_URL "), "{found:?}");
    assert!(!found.concat().concat().contains("secret"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_times_behind_a_pooler_are_named_beside_a_missing_column() {
    let database = database_with("TIMESTAMPTZ(3)").await;
    database.execute(r#"ALTER TABLE "User" DROP "avatar""#).await;
    let port = forgetful_pooler(&database.url).await;
    let name = database.url.rsplit_once('/').unwrap().1;
    let url = format!("postgresql://postgres@127.0.0.1:{port}/{name}?pgbouncer=true&sslmode=disable");
    let (code, found) = faults(&database, &url, &[]).await;
    assert_eq!((code, found.len()), (1, 2), "{found:?}");
    let of = |part: &str| found.iter().find(|[text, ..]| text.contains(part)).unwrap();
    assert!(of("\"avatar\"")[2].contains("chatoxide map"), "{found:?}");
    assert_eq!(of("TIMESTAMPTZ")[1], "wrong times would be stored");
    assert!(of("TIMESTAMPTZ")[2].starts_with("ALTER ROLE ... SET timezone = 'UTC'"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_consequence_and_its_mend() {
    let plain = TestDatabase::create(Backend::Postgres).await;
    plain.execute(&prisma_tables(PRISMA_6)).await;
    let file = TestDatabase::create(Backend::Sqlite).await;
    std::fs::write(file.folder.path().join("file"), "").unwrap();
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    plain.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'")).await;
    let (_, place) = plain.url.rsplit_once('@').unwrap_or_else(|| plain.url.split_once("//").unwrap());
    let unlike = TestDatabase::create(Backend::Postgres).await;
    unlike.execute("CREATE TABLE conversations (id TEXT)").await;
    let padded = TestDatabase::create(Backend::Postgres).await;
    padded.execute(&prisma_tables(PRISMA_6)).await;
    padded.execute(r#"ALTER TABLE "Message" ALTER "createdAt" TYPE DATE"#).await;
    let typed = ["--message-types", "poll"];
    for (database, url, settings, expected) in [
        (&plain, "postgresql://u@127.0.0.1:1/x", &[][..], "no connection to 127.0.0.1:1"),
        (&plain, &plain.url, &["--redis-url", "redis://127.0.0.1:1"], "no connection to 127.0.0.1:1"),
        (&plain, &plain.url, &["--host", "192.0.2.1"], "no address of this machine"),
        (&plain, &plain.url, &["--jwt-secret", ""], "nothing says who may sign in"),
        (&plain, &plain.url, &["--jwt-secret", "", "--auth-url", "http://127.0.0.1:1/"], "127.0.0.1:1"),
        (&plain, &plain.url, &["--jwt-secret", "", "--jwt-public-key", "x"], "JWT_PUBLIC_KEY is not"),
        (&plain, &plain.url, &typed, "MESSAGE_TYPES has poll"),
        (&plain, &format!("postgresql://{role}:x@{place}"), &[], "lacks rights"),
        (&plain, &plain.url, &WRONG, "REDIS_URL must begin"),
        (&unlike, &unlike.url, &[], "has no table"),
        (&padded, &padded.url, &[], r#""createdAt" of "Message" is of type date"#),
        (&file, "sqlite://file/chat.db", &[], "is not a folder"),
    ] {
        let (code, found) = faults(database, url, settings).await;
        assert!(code > 0 && found.iter().any(|[text, ..]| text.contains(expected)), "{expected}: {found:?}");
        for fault in &found {
            assert!(fault.iter().all(|part| !part.is_empty()), "{fault:?}");
        }
    }
}
