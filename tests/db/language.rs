//! A database with German error messages (`lc_messages`): errors that are recognised by their text only are not recognised.

use std::{fs, path::Path, process::Stdio};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

use crate::support::{
    Backend, TestDatabase, TestServer, database::execute, postgres::Postgres, process::settings, soon,
};

/// A PostgreSQL that speaks German with the role `chat`, and a database on it that belongs to that role.
async fn german() -> (Postgres, TestDatabase) {
    let mut postgres = Postgres::create();
    // A locale is what its name says and no more: the texts are PostgreSQL's own, in the folder of the system.
    let locales = postgres.folder.path().join("locales");
    let messages = locales.join("de_DE/LC_MESSAGES");
    fs::create_dir_all(&messages).unwrap();
    let english = Path::new("/usr/lib/locale/C.utf8/LC_MESSAGES/SYS_LC_MESSAGES");
    fs::copy(english, messages.join("SYS_LC_MESSAGES")).unwrap();
    postgres.environment.push(("LOCPATH", locales));
    postgres.start();
    let role = "CREATE ROLE chat LOGIN; ALTER ROLE chat SET lc_messages = 'de_DE';
        GRANT CREATE ON DATABASE postgres TO chat; GRANT ALL ON SCHEMA public TO chat";
    execute(&postgres.url(), role).await;
    let mut database = TestDatabase::create(Backend::Sqlite).await;
    database.url = postgres.url_of("chat");
    (postgres, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_in_german_are_never_misclassified() {
    let (postgres, database) = german().await;
    let server = TestServer::start_with(database, &["--database-pool", "2"]).await;
    assert!(server.db.facts().speaks_other_language());
    let (mut alice, _bob) = server.meet().await;
    let page = json!({"roomId": "general", "before": "2999-01-01"});
    let sent = alice.say("general", "said").await;
    alice.ask("messages:load", page.clone()).await;
    // A plan that is out of date: the first answer is right.
    execute(&postgres.url(), r#"ALTER TABLE "Message" ALTER COLUMN "content" TYPE VARCHAR(20)"#).await;
    let loaded = alice.ask("messages:load", page).await;
    assert_eq!(loaded["messages"][0]["content"], "said", "{loaded}");
    // A value that is too long: known by its code.
    let long = "x".repeat(21);
    let refused = alice.ask("message:send", json!({"roomId": "general", "content": long})).await;
    assert_eq!(refused["code"], "bad_input", "{refused}");

    let refuse = r#"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'not on a Sunday' USING ERRCODE = TG_ARGV[0]; END $$;
        CREATE TRIGGER refuse_edit BEFORE UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION refuse('P0001');
        CREATE TRIGGER refuse BEFORE INSERT ON "Reaction" FOR EACH ROW EXECUTE FUNCTION refuse('SUN01');
        CREATE TRIGGER refuse_end BEFORE DELETE ON "Message" FOR EACH ROW EXECUTE FUNCTION refuse('57014');
        CREATE TRIGGER refuse BEFORE INSERT ON "Room" FOR EACH ROW EXECUTE FUNCTION refuse('P0001')"#;
    execute(&postgres.url(), refuse).await;
    chatoxide::db::facts::refresh(&server.db).await.unwrap();
    let id = &sent["id"];
    for (event, ask, code) in [
        // A trigger's, by their codes.
        ("message:edit", json!({"messageId": id, "content": "edited"}), "conflict"),
        ("reaction:add", json!({"messageId": id, "emoji": "x"}), "conflict"),
        // As if it was cancelled.
        ("message:delete", json!({"messageId": id}), "unavailable"),
        ("message:send", json!({"roomId": "general", "content": long}), "bad_input"),
        // Without a code nobody knows whose it is.
        ("room:create", json!({"name": "another"}), "internal"),
    ] {
        let answer = alice.ask(event, ask).await;
        assert_eq!(answer["code"], code, "{event}: {answer}");
    }
}

/// All that a server logs from its start to its end, on this database.
async fn log_of_a_start(database: &TestDatabase) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatoxide"))
        .env_clear()
        .envs(settings(database, &[]).await)
        .current_dir(database.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    soon("the address", lines.next_line()).await.unwrap().unwrap();
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    let mut log = String::new();
    soon("the log", child.stderr.take().unwrap().read_to_string(&mut log)).await.unwrap();
    soon("the end", child.wait()).await.unwrap();
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_other_than_english_is_reported_at_the_start_and_by_check() {
    let (postgres, mut database) = german().await;
    let mend = "ALTER ROLE ... SET lc_messages = 'C'";
    let check = async |database: &TestDatabase| {
        let output = Command::new(env!("CARGO_BIN_EXE_chatoxide"))
            .arg("check")
            .env_clear()
            .envs(settings(database, &[]).await)
            .current_dir(database.folder.path())
            .output()
            .await
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let log = log_of_a_start(&database).await;
    assert_eq!(log.matches(mend).count(), 1, "{log}");
    let (is_ok, found) = check(&database).await;
    assert!(is_ok && found.matches("\nwarn ").count() == 1 && found.matches(mend).count() == 1, "{found}");

    // The statement that it suggests mends it. A superuser's sessions need nothing.
    execute(&postgres.url(), "ALTER ROLE postgres SET lc_messages = 'de_DE'").await;
    database.url = postgres.url();
    assert!(!check(&database).await.1.contains(mend));
    execute(&postgres.url(), "ALTER ROLE chat SET lc_messages = 'C'").await;
    database.url = postgres.url_of("chat");
    let log = log_of_a_start(&database).await;
    assert!(!log.contains(mend), "{log}");
}
