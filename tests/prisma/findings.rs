//! `chatoxide check --schema`: what a Prisma schema alone says, for people and as JSON.

use std::path::Path;

use serde_json::Value;

use super::mapped::{folder, run};

async fn check(schema: &str, arguments: &[&str]) -> (i32, String, String) {
    let path = folder(schema).join("schema.prisma");
    run(Path::new("/"), &[&["check", "--schema", path.to_str().unwrap()], arguments].concat()).await
}

/// A schema like the original: the workshop's, without its deviations that nothing serves in place.
pub fn original() -> String {
    let mut text = std::fs::read_to_string(folder("workshop").join("schema.prisma")).unwrap();
    for (from, to) in [
        ("  password  String\n", ""),
        ("Int     @id @default(autoincrement())", "String  @id @default(cuid())"),
    ] {
        assert!(text.contains(from));
        text = text.replace(from, to);
    }
    text
}

#[tokio::test]
async fn a_schema_like_the_original_can_be_served_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let text = original();
    std::fs::write(place.path().join("schema.prisma"), &text).unwrap();
    let (code, printed, error) = run(place.path(), &["check", "--schema", "schema.prisma"]).await;
    assert_eq!((code, printed.lines().count()), (0, 1), "{printed}{error}");
    assert!(printed.contains("its tables can be served as they are"), "{printed}");

    let without = text.replace("  file\n  system\n", "");
    std::fs::write(place.path().join("without.prisma"), &without).unwrap();
    let (code, printed, _) = run(place.path(), &["check", "--schema", "without.prisma"]).await;
    assert_eq!(code, 1, "{printed}");
    let refused =
        "FAULT  Message.type: the enum `MessageType` has no label for file: messages of these types are";
    assert!(printed.contains(refused), "{printed}");

    let (code, printed, _) = run(place.path(), &["check", "--schema", "schema.prisma", "--json"]).await;
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (code, &report["verdict"], &report["findings"]),
        (0, &"in-place".into(), &Value::Array(vec![]))
    );
}

#[tokio::test]
async fn every_difference_is_found_at_once_with_its_consequence_and_its_mend() {
    let (code, printed, error) = check("clinic", &[]).await;
    assert_eq!(code, 1, "{printed}");
    assert!(error.contains("can by a mapping: chatoxide map --schema"), "{error}");
    for finding in [
        r#"FAULT  Conversation: its table is "conversations", and chatoxide looks for "Room": every event fails"#,
        r#"FAULT  ChatMessage.authorId: its column is "author_id", and chatoxide looks for "senderId": every event"#,
        r#"FAULT  Person.password: it is required and has no default in the database: nobody can sign in"#,
        r#"FAULT  Participant: it has the members, in "participants", and chatoxide looks for the join table"#,
        "FAULT  schema: the schema has no reactions: every room's history fails",
        "FAULT  ChatMessage.deletedAt: deleted messages are marked, and chatoxide deletes rows",
    ] {
        assert!(printed.contains(finding), "{finding}\n{printed}");
    }
    let (_, uuids, _) = check("observatory", &[]).await;
    assert!(!uuids.contains("it is of type uuid") && !uuids.contains("  Room.id: "), "{uuids}");
    let mends = printed.lines().filter(|line| line.starts_with("       mend: ")).count();
    let is_finding = |line: &&str| line.starts_with("FAULT") || line.starts_with("warn");
    assert_eq!(mends, printed.lines().filter(is_finding).count(), "{printed}");
}

#[tokio::test]
async fn the_report_as_json_has_every_finding_question_and_the_missing_index() {
    let (code, printed, _) = check("depot", &["--json"]).await;
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((code, &report["version"], &report["verdict"]), (1, &1.into(), &"by-mapping".into()));
    assert_eq!(report["asked"].as_array().unwrap().len(), 5, "{report}");
    let findings = report["findings"].as_array().unwrap();
    let index = findings.iter().find(|finding| finding["severity"] == "note").unwrap();
    let mend = index["mend"].as_str().unwrap();
    assert!(
        mend.starts_with("@@index([channelId, createdAt]) in the schema, or CREATE INDEX CONCURRENTLY"),
        "{mend}"
    );
    for finding in findings {
        for key in ["severity", "place", "text", "consequence", "mend"] {
            assert!(finding[key].is_string(), "{finding}");
        }
    }
}
