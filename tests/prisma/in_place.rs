//! `chatoxide check --schema` on schemas that are nearly the original's: what is served in place is not said to fail.

use serde_json::Value;

use super::{findings::original, mapped::run};

/// The verdict and the findings on the original's schema with these replacements, and what `chatoxide map` writes.
async fn check(changes: &[(&str, &str)]) -> (String, Vec<String>, String) {
    let mut text = original();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("schema.prisma"), text).unwrap();
    let (code, printed, error) = run(place.path(), &["check", "--schema", "schema.prisma", "--json"]).await;
    let report: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{error}"));
    assert_eq!(code == 0, report["verdict"] == "in-place", "{report}");
    let line = |finding: &Value| {
        let part = |key: &str| finding[key].as_str().unwrap().to_owned();
        ["severity", "place", "consequence", "mend"].map(part).join(" | ")
    };
    let findings = report["findings"].as_array().unwrap().iter().map(line).collect();
    let (_, map, error) = run(place.path(), &["map", "--schema", "schema.prisma"]).await;
    (report["verdict"].as_str().unwrap().to_owned(), findings, map + &error)
}

const UUIDS: [(&str, &str); 6] = [
    ("String  @id @default(cuid())", "String @id @default(uuid()) @db.Uuid"),
    ("String     @id @default(cuid())", "String @id @default(uuid()) @db.Uuid"),
    ("String    @id @default(cuid())", "String @id @default(uuid()) @db.Uuid"),
    ("String      @id @default(cuid())", "String @id @default(uuid()) @db.Uuid"),
    ("  roomId    String\n", "  roomId String @db.Uuid\n"),
    ("  messageId String\n  userId    String\n", "  messageId String @db.Uuid\n  userId String @db.Uuid\n"),
];
const SENDER: (&str, &str) = ("  senderId  String\n", "  senderId String @db.Uuid\n");

#[tokio::test]
async fn uuids_in_all_columns_of_the_same_ids_are_served() {
    let (verdict, findings, _) = check(&[&UUIDS[..], &[SENDER]].concat()).await;
    assert_eq!((verdict.as_str(), findings), ("in-place", vec![]));

    // The ids of users are uuids, and those of senders are texts.
    let (verdict, findings, _) = check(&UUIDS).await;
    let fault = |place| format!("fault | {place} | every event fails | chatoxide map --schema schema.prisma");
    let expected = vec![fault("User.id"), fault("Reaction.userId")];
    assert_eq!((verdict.as_str(), findings), ("by-mapping", expected));
}

#[tokio::test]
async fn sqlite_is_served_in_place_and_not_mapped() {
    let sqlite = ("\"postgresql\"", "\"sqlite\"");
    let (verdict, findings, map) = check(&[sqlite]).await;
    assert_eq!((verdict.as_str(), findings), ("in-place", vec![]));
    assert!(map.contains("the schema is for sqlite, and a mapping needs PostgreSQL"), "{map}");

    let (verdict, findings, _) = check(&[sqlite, ("  metadata  Json?\n", "")]).await;
    let fault =
        "fault | Message | every event fails | change the schema and migrate: chatoxide map needs PostgreSQL";
    assert_eq!((verdict.as_str(), findings), ("not-supported", vec![fault.to_owned()]));
    let (_, findings, _) = check(&[sqlite, ("  @@index([roomId, createdAt])\n", "")]).await;
    let index = r#"or CREATE INDEX "Message_roomId_createdAt_idx" ON "Message" ("roomId", "createdAt")"#;
    assert!(findings[0].ends_with(index), "{findings:?}");
}

#[tokio::test]
async fn metadata_may_be_a_text() {
    let (verdict, findings, map) = check(&[("metadata  Json?", "metadata  String?")]).await;
    assert_eq!((verdict.as_str(), findings), ("in-place", vec![]));
    assert!(map.contains(r#"t."metadata" AS "metadata""#), "{map}");
}

#[tokio::test]
async fn a_column_that_is_too_short_for_own_ids_is_a_fault_that_map_names_too() {
    let id = "String      @id @default(cuid())";
    let (verdict, findings, map) = check(&[(id, "String @id @default(cuid()) @db.VarChar(30)")]).await;
    let mend = r#"ALTER TABLE "public"."Message" ALTER COLUMN "id" TYPE text"#;
    let fault = format!("fault | Message.id | no message can be sent | {mend}");
    assert_eq!((verdict.as_str(), findings), ("after-changes", vec![fault]));
    assert!(
        map.lines().any(|line| line.starts_with("-- Note: Message.id: ") && line.contains(mend)),
        "{map}"
    );

    let (verdict, findings, map) = check(&[(id, "String @id @default(uuid()) @db.VarChar(36)")]).await;
    assert_eq!((verdict.as_str(), findings), ("in-place", vec![]));
    assert!(!map.contains("-- Note: Message.id"), "{map}");
}

#[tokio::test]
async fn an_enum_of_rooms_without_a_label_and_unique_names_are_found() {
    let (verdict, findings, _) = check(&[("  direct\n", "")]).await;
    let start = r#"fault | Room.type | dm:start fails | ALTER TYPE "public"."RoomType" ADD VALUE 'direct'"#;
    assert!(verdict == "after-changes" && findings[0].starts_with(start), "{findings:?}");
    let (verdict, findings, _) =
        check(&[("  public\n  private\n", ""), (" @default(public)", " @default(direct)")]).await;
    assert_eq!((verdict.as_str(), findings.len()), ("after-changes", 2), "{findings:?}");
    assert!(findings[0].contains("room:create fails for public rooms"), "{findings:?}");

    let (verdict, findings, _) =
        check(&[("name      String\n  email", "name String @unique\n  email")]).await;
    let refused = "fault | User.name | a newcomer with the same value as another user, such as a name that is taken, is refused | ";
    assert!(verdict == "by-mapping" && findings[0].starts_with(refused), "{findings:?}");
}
