//! A mapping is applied as a whole or not at all, takes only a schema of its own, and works without answers as far as
//! it can.

use serde_json::json;

use super::mapped::{Mapped, run};

const OWN: &str = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'chatoxide%'";

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_of_another_schema_leaves_nothing_behind() {
    let mut mapped = Mapped::create("garden").await;
    let file = mapped.write("clinic", &[], &[]).await;
    let error = mapped.try_psql(&file).await.unwrap_err();
    assert!(error.contains("does not exist"), "{error}");
    assert_eq!(mapped.select(OWN).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_somebody_else_made_is_not_dropped() {
    let mut mapped = Mapped::create("garden").await;
    mapped.execute("CREATE SCHEMA chatoxide_map; CREATE TABLE chatoxide_map.theirs ()").await;
    let file = mapped.write("garden", &[], &[]).await;
    let error = mapped.try_psql(&file).await.unwrap_err();
    assert!(error.contains("was not made by chatoxide map: choose another by --into"), "{error}");
    assert!(error.contains(r#"drop it: DROP SCHEMA "chatoxide_map" CASCADE"#), "{error}");
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'chatoxide_map'::regnamespace";
    assert_eq!(mapped.select(tables).await, ["theirs"]);

    let file = mapped.write("garden", &["--into", "our \"own\" views"], &[]).await;
    mapped.psql(&file).await;
    let views = "SELECT count(*) FROM pg_views WHERE schemaname = 'our \"own\" views'";
    assert_eq!(mapped.select(views).await, ["5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_an_answer_fails_only_the_events_that_it_names() {
    let mut mapped = Mapped::create("depot").await;
    let answers = [("User.tenantId", "'t1'"), ("Channel.tenantId", "'t1'"), ("Channel.ownerId", "'alice'")];
    let file = mapped.write("depot", &[], &answers).await;
    assert_eq!(mapped.file().matches("Until then no message can be sent").count(), 2, "{}", mapped.file());
    mapped.psql(&file).await;
    // No key of the team's keeps a member from being there twice.
    let again = r#"INSERT INTO chatoxide_map."_RoomMembers" VALUES ('r1', 'alice') ON CONFLICT DO NOTHING"#;
    mapped.execute(again).await;
    assert_eq!(mapped.select(r#"SELECT count(*) FROM "ChannelMember""#).await, ["2"]);
    let url = mapped.mapped_url();
    let line = ["check", "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url", &url];
    let (code, found, _) = run(std::path::Path::new("/"), &line).await;
    assert_eq!((code, found.matches("FAULT").count()), (1, 2), "{found}");
    let told = "the mapping has no value for Message.priority yet: no message can be sent\n       mend: \
                CREATE OR REPLACE FUNCTION chatoxide_map.asked_";
    assert!(found.contains(told), "{found}");
    let server = mapped.serve().await;
    let mut alice = server.connect_in("alice", "r1").await;
    let refused = alice.ask("message:send", json!({"roomId": "r1", "content": "x"})).await;
    assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("conflict")), "{refused}");
    let made = alice.ask("room:create", json!({"name": "Yard", "type": "private", "members": []})).await;
    assert_eq!(made["success"], true, "{made}");
    mapped.stop(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_nobody_or_of_no_room_is_not_found() {
    let mut mapped = Mapped::create("studio").await;
    mapped.map("studio", &[], &[]).await;
    let server = mapped.serve().await;
    let mut bob = server.connect_in("bob", "r1").await;
    for id in ["m3", "m4"] {
        let refused = bob.ask("message:edit", json!({"messageId": id, "content": "x"})).await;
        assert_eq!(refused["error"], "Message not found", "{id}: {refused}");
    }
    mapped.stop(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heading_says_how_to_undo_all_of_it_and_which_kinds_were_taken() {
    let mut mapped = Mapped::create("clinic").await;
    let before = mapped.dump();
    mapped.map("clinic", &[], &[]).await;
    let file = mapped.file();
    for line in ["-- message.deletion: deletedAt (", "-- kinds of rooms: ", "-- kinds of messages: "] {
        assert!(file.contains(line), "{line}: {file}");
    }
    let undo = file
        .lines()
        .find_map(|line| line.strip_prefix("-- Undo for good, with what only chatoxide has stored: "));
    mapped.execute(undo.unwrap()).await;
    let left = "SELECT relname FROM pg_class WHERE relname LIKE 'mapped%' OR relnamespace = to_regnamespace('chatoxide_map')";
    assert_eq!(mapped.select(left).await, Vec::<String>::new());
    assert_eq!(mapped.dump(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_that_the_mapping_keeps_go_with_the_teams_message() {
    let mut mapped = Mapped::create("garden").await;
    mapped.map("garden", &[], &[]).await;
    let reactions = r#"SELECT count(*) FROM chatoxide_map."Reaction""#;
    mapped
        .execute(
            r#"INSERT INTO chatoxide_map."Reaction" ("id", "messageId", "userId", "emoji")
            SELECT 'r' || "id", "id", "authorId", '👍' FROM "Message""#,
        )
        .await;
    let messages = mapped.select(r#"SELECT count(*) FROM "Message""#).await;
    assert!(messages != ["0"] && mapped.select(reactions).await == messages, "{messages:?}");
    mapped.execute(r#"DELETE FROM "Message""#).await;
    assert_eq!(mapped.select(reactions).await, ["0"]);
}
