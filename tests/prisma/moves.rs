//! Mapped tables are exported like others, and imported into as far as the views give rows back as they were stored.

use tokio::process::Command;

use super::mapped::Mapped;
use crate::support::{Backend, TestDatabase, soon};

/// Runs an export or an import: exit code, standard output, standard error.
async fn run(database: &TestDatabase, url: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatoxide"));
    command.args(arguments).current_dir(database.folder.path()).env_clear().env("DATABASE_URL", url);
    let output = soon("the program ends", command.kill_on_drop(true).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const EXPORT: [&str; 3] = ["export", "--out", "chat.jsonl"];
const IMPORT: [&str; 3] = ["import", "--from", "chat.jsonl"];

/// Exports a mapping into a database of its own on SQLite. Returns it, and the rows of the file.
async fn moved(schema: &str) -> (Mapped, TestDatabase, Vec<String>) {
    let mut mapped = Mapped::create(schema).await;
    mapped.map(schema, &[], &[]).await;
    let database = TestDatabase::create(Backend::Sqlite).await;
    let (code, _, error) = run(&database, &mapped.mapped_url(), &EXPORT).await;
    assert_eq!(code, 0, "{schema}: {error}");
    let own = "SELECT tablename FROM pg_tables WHERE schemaname = 'chatoxide' AND tablename LIKE 'room\\_%'";
    assert!(mapped.select(own).await.is_empty());
    let file = std::fs::read_to_string(database.folder.path().join("chat.jsonl")).unwrap();
    let rows: Vec<String> = file.lines().skip(1).map(str::to_owned).collect();
    let (code, _, error) = run(&database, &database.url, &IMPORT).await;
    assert_eq!(code, 0, "{schema}: {error}");
    (mapped, database, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn mapped_tables_move_to_a_database_of_chatoxides_own() {
    for schema in ["clinic", "garden", "harbour", "library", "kitchen", "orchestra", "pottery", "studio"] {
        let (mapped, database, rows) = moved(schema).await;
        assert_eq!(
            rows.iter().filter(|row| row.starts_with("{\"message\":")).count(),
            2,
            "{schema}: {rows:?}"
        );
        let (_, again, _) = run(&database, &database.url, &["export"]).await;
        assert_eq!(again.lines().skip(1).collect::<Vec<_>>(), rows, "{schema}");
        // Rows that are there are not stored again.
        let before = mapped.rows().await;
        let (code, _, error) = run(&database, &mapped.mapped_url(), &IMPORT).await;
        assert!(code == 0 && error.contains("nothing; "), "{schema}: {error}");
        assert_eq!(mapped.rows().await, before, "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_imported_into_mapped_tables_with_their_ids() {
    let (mapped, database, _) = moved("garden").await;
    let before = mapped.rows().await;
    mapped.execute(r#"DELETE FROM "Message"; DELETE FROM "_ChannelPeople""#).await;
    let (code, _, error) = run(&database, &mapped.mapped_url(), &IMPORT).await;
    assert!(code == 0 && error.contains("2 members, 2 messages; 4 were there already"), "{error}");
    assert_eq!(mapped.rows().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_a_mapping_cannot_keep_stops_an_import_into_it() {
    let (mapped, database, rows) = moved("garden").await;
    mapped.execute(r#"DELETE FROM "Message""#).await;
    database.execute(r#"UPDATE "Message" SET "updatedAt" = "createdAt" WHERE "id" = 'm2'"#).await;
    let (code, _, error) = run(&database, &database.url, &EXPORT).await;
    assert_eq!(code, 0, "{error}");
    let (code, _, error) = run(&database, &mapped.mapped_url(), &IMPORT).await;
    let line = 2 + rows.iter().position(|row| row.contains("\"m2\"")).unwrap();
    assert!(
        code == 1 && error.contains(&format!("line {line}: a row was not stored as it was written")),
        "{error}"
    );
    assert_eq!(mapped.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
}
