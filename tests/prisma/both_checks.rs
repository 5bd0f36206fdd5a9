//! `chatoxide check` on a database, and `chatoxide check --schema` on the Prisma schema that makes it, say the same.

use serde_json::Value;

use super::{findings::original, mapped::run};
use crate::support::{
    Backend, TestDatabase,
    prisma::{PRISMA_6, prisma_tables},
};

const SECRET: &str = "a secret of more than thirty-two bytes";

/// A change of the original's schema: as replacements in the text of the schema, as SQL, and the highest severity of both
/// reports.
struct Change {
    schema: &'static [(&'static str, &'static str)],
    sql: &'static str,
    severity: &'static str,
}

const fn change(
    schema: &'static [(&'static str, &'static str)],
    sql: &'static str,
    severity: &'static str,
) -> Change {
    Change { schema, sql, severity }
}

const MESSAGE: &str = "model Message {\n";
const REACTION: &str = "model Reaction {\n";
const ROOM: &str = "model Room {\n";
const USER: &str = "model User {\n";

const ATTACHMENTS: (&str, &str) = (
    MESSAGE,
    "model Attachment {\n  id String @id\n  messageId String\n  message Message @relation(fields: [messageId], references: [id]= ACTION)\n}\n\nmodel Message {\n  attachments Attachment[]\n",
);

const CHANGES: &[Change] = &[
    change(&[], "", "ok"),
    // Labels that chatoxide writes, and others.
    change(&[("  direct\n", "")], r#"ALTER TYPE "RoomType" RENAME VALUE 'direct' TO 'dm'"#, "fault"),
    change(
        &[("  public\n  private\n", ""), (" @default(public)", " @default(direct)")],
        r#"ALTER TYPE "RoomType" RENAME VALUE 'public' TO 'x'; ALTER TYPE "RoomType" RENAME VALUE 'private' TO 'y'"#,
        "fault",
    ),
    change(
        &[("  file\n  system\n", "")],
        r#"ALTER TYPE "MessageType" RENAME VALUE 'file' TO 'document'"#,
        "fault",
    ),
    change(&[("  video\n", "  video\n  poll\n")], r#"ALTER TYPE "MessageType" ADD VALUE 'poll'"#, "ok"),
    change(
        &[("MessageType @default(text)", "String @default(\"text\")")],
        r#"ALTER TABLE "Message" ALTER "type" DROP DEFAULT; ALTER TABLE "Message" ALTER "type" TYPE TEXT"#,
        "ok",
    ),
    // Keys over rows that the original takes.
    change(
        &[("name      String\n  email", "name String @unique\n  email")],
        r#"CREATE UNIQUE INDEX "User_name_key" ON "User" ("name")"#,
        "fault",
    ),
    change(
        &[(ROOM, "model Room {\n  @@unique([name, type])\n")],
        r#"CREATE UNIQUE INDEX "Room_name_type_key" ON "Room" ("name", "type")"#,
        "fault",
    ),
    change(
        &[("@@unique([messageId, userId, emoji])", "@@unique([messageId, userId])")],
        r#"CREATE UNIQUE INDEX "Reaction_messageId_userId_key" ON "Reaction" ("messageId", "userId")"#,
        "fault",
    ),
    change(
        &[(MESSAGE, "model Message {\n  number Int? @unique\n")],
        r#"ALTER TABLE "Message" ADD "number" INT UNIQUE"#,
        "ok",
    ),
    // Marks of deletion, in use.
    change(
        &[(MESSAGE, "model Message {\n  deletedAt DateTime?\n")],
        r#"ALTER TABLE "Message" ADD "deletedAt" TIMESTAMP(3); UPDATE "Message" SET "deletedAt" = now()"#,
        "fault",
    ),
    change(
        &[(MESSAGE, "model Message {\n  isRemoved Boolean @default(false)\n")],
        r#"ALTER TABLE "Message" ADD "isRemoved" BOOLEAN NOT NULL DEFAULT false; UPDATE "Message" SET "isRemoved" = true"#,
        "fault",
    ),
    change(
        &[(ROOM, "model Room {\n  deletedAt DateTime?\n")],
        r#"ALTER TABLE "Room" ADD "deletedAt" TIMESTAMP(3); UPDATE "Room" SET "deletedAt" = now()"#,
        "fault",
    ),
    change(
        &[(USER, "model User {\n  deletedAt DateTime?\n")],
        r#"ALTER TABLE "User" ADD "deletedAt" TIMESTAMP(3)"#,
        "ok",
    ),
    // NOT NULL.
    change(
        &[("avatar    String?", "avatar    String")],
        r#"UPDATE "User" SET "avatar" = ''; ALTER TABLE "User" ALTER "avatar" SET NOT NULL"#,
        "fault",
    ),
    change(
        &[("replyTo   String?", "replyTo   String @default(\"\")")],
        r#"UPDATE "Message" SET "replyTo" = ''; ALTER TABLE "Message" ALTER "replyTo" SET DEFAULT '', ALTER "replyTo" SET NOT NULL"#,
        "fault",
    ),
    change(
        &[(USER, "model User {\n  password String\n")],
        r#"TRUNCATE "User" CASCADE; ALTER TABLE "User" ADD "password" TEXT NOT NULL"#,
        "fault",
    ),
    change(
        &[(ROOM, "model Room {\n  updatedAt DateTime @updatedAt\n")],
        r#"TRUNCATE "Room" CASCADE; ALTER TABLE "Room" ADD "updatedAt" TIMESTAMP(3) NOT NULL"#,
        "ok",
    ),
    change(
        &[(REACTION, "model Reaction {\n  updatedAt DateTime @updatedAt\n")],
        r#"TRUNCATE "Reaction"; ALTER TABLE "Reaction" ADD "updatedAt" TIMESTAMP(3) NOT NULL"#,
        "fault",
    ),
    // Columns of another name or type, and missing ones.
    change(
        &[("  content   String\n", "  content   String @map(\"text\")\n")],
        r#"ALTER TABLE "Message" RENAME "content" TO "text""#,
        "fault",
    ),
    change(
        &[("  email     String     @unique\n", "")],
        r#"ALTER TABLE "User" DROP "email" CASCADE"#,
        "fault",
    ),
    change(
        &[("email     String     @unique", "email String? @unique")],
        r#"ALTER TABLE "User" ALTER "email" DROP NOT NULL"#,
        "ok",
    ),
    change(
        &[("metadata  Json?", "metadata  String?")],
        r#"ALTER TABLE "Message" ALTER "metadata" DROP DEFAULT; ALTER TABLE "Message" ALTER "metadata" TYPE TEXT"#,
        "ok",
    ),
    change(
        &[("avatar    String?", "avatar    Bytes?")],
        r#"ALTER TABLE "User" ALTER "avatar" TYPE BYTEA USING NULL"#,
        "fault",
    ),
    change(
        &[("avatar    String?", "avatar    String? @db.Xml")],
        r#"ALTER TABLE "User" ALTER "avatar" TYPE XML USING NULL"#,
        "fault",
    ),
    change(
        &[("emoji     String", "emoji     String @db.Char(8)")],
        r#"ALTER TABLE "Reaction" ALTER "emoji" TYPE CHAR(8)"#,
        "fault",
    ),
    change(
        &[("updatedAt DateTime    @updatedAt", "updatedAt DateTime? @db.Date")],
        r#"ALTER TABLE "Message" ALTER "updatedAt" TYPE DATE"#,
        "fault",
    ),
    // Lengths.
    change(
        &[("String      @id @default(cuid())", "String @id @default(cuid()) @db.VarChar(30)")],
        r#"ALTER TABLE "Message" ALTER "id" TYPE VARCHAR(30)"#,
        "fault",
    ),
    change(
        &[("email     String     @unique", "email String @unique @db.VarChar(40)")],
        r#"ALTER TABLE "User" ALTER "email" TYPE VARCHAR(40)"#,
        "warning",
    ),
    change(
        &[("  content   String\n", "  content   String @db.VarChar(255)\n")],
        r#"ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(255)"#,
        "warning",
    ),
    change(
        &[("  content   String\n", "  content   String @db.VarChar(4000)\n")],
        r#"ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(4000)"#,
        "ok",
    ),
    // Keys that are missing, and tables that refer to messages.
    change(
        &[("  @@unique([messageId, userId, emoji])\n", "")],
        r#"DROP INDEX "Reaction_messageId_userId_emoji_key""#,
        "warning",
    ),
    change(
        &[ATTACHMENTS, ("= ACTION", "")],
        r#"CREATE TABLE "Attachment" ("id" TEXT PRIMARY KEY, "messageId" TEXT NOT NULL REFERENCES "Message" ON DELETE RESTRICT)"#,
        "warning",
    ),
    change(
        &[ATTACHMENTS, ("= ACTION", ", onDelete: Cascade")],
        r#"CREATE TABLE "Attachment" ("id" TEXT PRIMARY KEY, "messageId" TEXT NOT NULL REFERENCES "Message" ON DELETE CASCADE)"#,
        "ok",
    ),
    change(
        &[("  @@index([roomId, createdAt])\n", "")],
        r#"DROP INDEX "Message_roomId_createdAt_idx""#,
        "warning",
    ),
];

/// The highest of the severities in a report.
fn highest(report: &Value) -> String {
    let severities: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["severity"].as_str().unwrap())
        .collect();
    let has = |wanted: &[&str]| severities.iter().any(|severity| wanted.contains(severity));
    match () {
        () if has(&["fault"]) => "fault".to_owned(),
        () if has(&["note", "warning"]) => "warning".to_owned(),
        () => "ok".to_owned(),
    }
}

async fn of_schema(changes: &[(&str, &str)]) -> (String, String) {
    let mut text = original();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("schema.prisma"), text).unwrap();
    let (_, printed, error) = run(place.path(), &["check", "--schema", "schema.prisma", "--json"]).await;
    let report = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{error}"));
    (highest(&report), printed)
}

async fn of_database(statements: &str) -> (String, String) {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    for statement in statements.split("; ").filter(|statement| !statement.is_empty()) {
        database.execute(statement).await;
    }
    let line = ["check", "--jwt-secret", SECRET, "--database-url", &database.url, "--port", "0", "--json"];
    let (_, printed, error) = run(database.folder.path(), &line).await;
    let report = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{error}"));
    (highest(&report), printed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_has_the_same_severity_in_the_database_and_in_the_schema() {
    let mut wrong = Vec::new();
    for Change { schema, sql, severity } in CHANGES {
        let (database, of_database) = of_database(sql).await;
        let (of_text, report) = of_schema(schema).await;
        if (database.as_str(), of_text.as_str()) != (severity, severity) {
            wrong.push(format!(
                "{sql}{schema:?}: expected {severity}, database {database}, schema {of_text}\n{of_database}{report}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
