//! Teams' schemas are mapped and served: every event works, what was there stays, and what is new is where the team
//! looks for it.

use serde_json::json;

use super::{
    mapped::{Mapped, difference, run},
    walk::{WORLD, Walked, World, look_again, walk},
};

/// A schema, and what the walk leaves in the team's tables.
struct Case {
    schema: &'static str,
    /// More arguments of `chatoxide map`.
    arguments: &'static [&'static str],
    /// The answers of a person, where the file asks: fields, and expressions.
    answers: &'static [(&'static str, &'static str)],
    world: World,
    /// The table of messages, and how many rows the walk adds: those deleted softly are among them.
    messages: (&'static str, usize),
    /// The other tables that get rows, and how many.
    added: &'static [(&'static str, usize)],
    /// Selects sender and text of the messages of the first room that are not deleted, oldest first.
    said: &'static str,
}

const CASE: Case = Case {
    schema: "",
    arguments: &[],
    answers: &[],
    world: WORLD,
    messages: ("Message", 5),
    added: &[],
    said: "",
};

const SAID: [&str; 4] = ["alice: first, edited", "bob: second", "alice: third", "bob: a picture"];

async fn is_served(case: Case) -> (Mapped, Walked) {
    let mut mapped = Mapped::create(case.schema).await;
    let before = (mapped.dump(), mapped.rows().await);
    mapped.map(case.schema, case.arguments, case.answers).await;
    // It can be applied again, also while it is served.
    mapped.map(case.schema, case.arguments, case.answers).await;
    assert_eq!(mapped.rows().await, before.1);
    let server = mapped.serve().await;
    let walked = walk(&server, &case.world).await;
    mapped.stop(server).await;
    let server = mapped.serve().await;
    look_again(&server, &case.world, &walked).await;
    mapped.stop(server).await;

    let after = mapped.rows().await;
    let lost = difference(&before.1, &after);
    let names: Vec<_> = lost.iter().map(|(table, rows)| (table.as_str(), rows.len())).collect();
    assert_eq!(names, [(case.messages.0, 1)], "only the edited message changed: {lost:?}");
    let gained = difference(&after, &before.1);
    let mut expected: Vec<(&str, usize)> = case.added.to_vec();
    // The edited message is there in its new state.
    expected.push((case.messages.0, case.messages.1 + 1));
    expected.sort_unstable();
    let counts: Vec<_> = gained.iter().map(|(table, rows)| (table.as_str(), rows.len())).collect();
    assert_eq!(counts, expected, "{gained:?}");
    assert_eq!(mapped.select(case.said).await, SAID);
    let (code, report, _) = run(
        std::path::Path::new("/"),
        &[
            "check",
            "--jwt-secret",
            "a secret of more than thirty-two bytes",
            "--database-url",
            &mapped.mapped_url(),
        ],
    )
    .await;
    let findings: Vec<_> = report.lines().filter(|line| line.contains("database: ")).collect();
    assert_eq!((code, findings.len()), (0, 1), "{report}");

    mapped.execute("DROP SCHEMA chatoxide_map CASCADE; DROP SCHEMA chatoxide CASCADE").await;
    assert_eq!(mapped.dump(), before.0);
    assert_eq!(mapped.rows().await, after);
    (mapped, walked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_differs_in_every_name_and_deletes_softly_is_served() {
    let (mapped, _) = is_served(Case {
        schema: "clinic",
        world: World { room_name: "Ward", ..WORLD },
        messages: ("chat_messages", 6),
        added: &[("conversations", 3), ("participants", 8), ("people", 1)],
        said: "SELECT author_id || ': ' || body FROM chat_messages WHERE conversation_id = 'r1' AND deleted_at IS NULL \
               ORDER BY created_at",
        ..CASE
    })
    .await;
    let kinds = "SELECT kind FROM conversations WHERE id <> 'r1' ORDER BY title";
    assert_eq!(mapped.select(kinds).await, ["PRIVATE", "GROUP", "GROUP"]);
    let deleted = "SELECT body FROM chat_messages WHERE deleted_at IS NOT NULL ORDER BY created_at";
    assert_eq!(mapped.select(deleted).await, ["gone", "said too soon"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_of_many_to_many_with_the_user_first_is_served_without_reactions_types_and_metadata() {
    is_served(Case {
        schema: "garden",
        world: World { room_name: "roses", ..WORLD },
        added: &[("Account", 1), ("Channel", 3), ("_ChannelPeople", 8)],
        said: r#"SELECT "authorId" || ': ' || "text" FROM "Message" WHERE "channelId" = 'r1' ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_for_groups_and_unique_user_names_are_served() {
    let (mapped, _) = is_served(Case {
        schema: "harbour",
        world: World { room_name: "Pier", ..WORLD },
        added: &[("Chat", 3), ("ChatMember", 8), ("User", 1)],
        said: r#"SELECT "userId" || ': ' || "body" FROM "Message" WHERE "chatId" = 'r1' ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
    let groups = r#"SELECT name || ' ' || "isGroup" FROM "Chat" WHERE id <> 'r1' ORDER BY name"#;
    assert_eq!(mapped.select(groups).await, ["Direct Message false", "Plans true", "Square true"]);
    let name = r#"SELECT "username" ~ '^Bob-[0-9a-f]{6}$' FROM "User" WHERE "id" = 'dave'"#;
    assert_eq!(mapped.select(name).await, ["t"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn own_enums_required_roles_and_types_as_text_are_served() {
    let (mapped, walked) = is_served(Case {
        schema: "library",
        world: World { room_name: "Shelves", ..WORLD },
        messages: ("GroupMessage", 5),
        added: &[("Group", 3), ("GroupMembership", 8), ("User", 1)],
        said: r#"SELECT "senderId" || ': ' || "content" FROM "GroupMessage" WHERE "groupId" = 'r1' ORDER BY "sentAt""#,
        ..CASE
    })
    .await;
    let kinds = r#"SELECT type FROM "Group" WHERE id <> 'r1' ORDER BY type"#;
    assert_eq!(mapped.select(kinds).await, ["PUBLIC", "PRIVATE", "DM"]);
    let picture = format!(r#"SELECT "type" FROM "GroupMessage" WHERE "id" = '{}'"#, walked.picture);
    assert_eq!(mapped.select(&picture).await, ["IMAGE"]);
    let roles = r#"SELECT DISTINCT role FROM "GroupMembership" WHERE "groupId" <> 'r1'"#;
    assert_eq!(mapped.select(roles).await, ["MEMBER"]);
    let edited = r#"SELECT "editedAt" = "updatedAt" FROM "GroupMessage" WHERE "id" = 'm1'"#;
    assert_eq!(mapped.select(edited).await, ["t"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn uuid_ids_are_served() {
    is_served(Case {
        schema: "observatory",
        world: World {
            users: [
                "a11ce000-0000-4000-8000-000000000000",
                "b0b00000-0000-4000-8000-000000000000",
                "ca401000-0000-4000-8000-000000000000",
                "dafe0000-0000-4000-8000-000000000000",
            ],
            room: "10000000-0000-4000-8000-000000000001",
            room_name: "Dome",
            messages: ["20000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-000000000002"],
            ..WORLD
        },
        messages: ("Message", 5),
        added: &[("Reaction", 1), ("Room", 3), ("RoomUser", 8), ("User", 1)],
        said: r#"SELECT lower("name") || ': ' || "content" FROM "Message" JOIN "User" ON "User"."id" = "userId"
            WHERE "roomId" = '10000000-0000-4000-8000-000000000001' ORDER BY "Message"."createdAt""#,
        ..CASE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_for_deleted_and_edited_messages_and_members_who_left_are_served() {
    let (mapped, walked) = is_served(Case {
        schema: "pottery",
        world: World { room_name: "Glazes", ..WORLD },
        messages: ("Message", 6),
        added: &[("Profile", 1), ("Thread", 3), ("ThreadMember", 8)],
        said: r#"SELECT "fromId" || ': ' || "message" FROM "Message"
            WHERE "threadId" = 'r1' AND NOT "isDeleted" ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
    let edited = r#"SELECT "id" FROM "Message" WHERE "isEdited""#;
    assert_eq!(mapped.select(edited).await, ["m1"]);
    let deleted = r#"SELECT "message" FROM "Message" WHERE "isDeleted" ORDER BY "createdAt""#;
    assert_eq!(mapped.select(deleted).await, ["gone", "said too soon"]);
    let parent = format!(r#"SELECT "parentId" FROM "Message" WHERE "id" = '{}'"#, walked.third);
    assert_eq!(mapped.select(&parent).await, ["m1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_without_members_and_senders_without_a_relation_are_served() {
    is_served(Case {
        schema: "kitchen",
        world: World { names: ["Alice", "Bob Baker", "Carol Cook"], room_type: "public", is_open: true, ..WORLD },
        added: &[("Room", 3), ("User", 1)],
        said: r#"SELECT "sender" || ': ' || "content" FROM "Message" WHERE "roomId" = 'r1' ORDER BY "timestamp""#,
        ..CASE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_with_a_key_of_three_fields_and_json_metadata_are_served() {
    let (mapped, walked) = is_served(Case {
        schema: "orchestra",
        world: World { room_name: "Strings", ..WORLD },
        added: &[("Channel", 3), ("MessageReaction", 1), ("User", 1), ("_ChannelMembers", 8)],
        said: r#"SELECT "senderId" || ': ' || "content" FROM "Message" WHERE "channelId" = 'r1' ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
    let third = format!(r#"SELECT "metadata" FROM "Message" WHERE "id" = '{}'"#, walked.third);
    assert_eq!(mapped.select(&third).await, [r#"{"a": [1]}"#]);
    let kept = r#"SELECT "messageId" || ' ' || "emoji" FROM "MessageReaction""#;
    assert_eq!(mapped.select(kept).await, ["m2 👍"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_the_original_lacks_is_sent_as_it_is_and_taken_by_a_setting() {
    let mut mapped = Mapped::create("orchestra").await;
    mapped.map("orchestra", &[], &[]).await;
    let server = mapped.serve_with(&["--message-types", "SCORE,poll"]).await;
    let mut alice = server.connect_as(&json!({"sub": "alice"})).await;
    alice.ask("room:join", json!("r1")).await;
    let send = |kind: &str| json!({"roomId": "r1", "content": "op. 1", "type": kind});
    let sent = alice.ask("message:send", send("SCORE")).await;
    assert_eq!(sent["success"], true, "{sent}");
    // The enum has no such label.
    let sent = alice.ask("message:send", send("poll")).await;
    assert_eq!(sent["code"], "conflict", "{sent}");
    let page = alice.ask("messages:load", json!({"roomId": "r1", "before": "2100-01-01T00:00:00Z"})).await;
    let last =
        page["messages"].as_array().unwrap().iter().find(|message| message["content"] == "op. 1").unwrap();
    assert_eq!(last["type"], "score", "{page}");
    drop(alice);
    mapped.stop(server).await;
    let stored = r#"SELECT "type" FROM "Message" WHERE "content" = 'op. 1'"#;
    assert_eq!(mapped.select(stored).await, ["score"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn required_columns_are_asked_for_and_served_once_they_are_filled_in() {
    let (mapped, _) = is_served(Case {
        schema: "depot",
        answers: &[
            ("User.tenantId", "'t1'"),
            ("Channel.tenantId", "'t1'"),
            ("Channel.ownerId", "'alice'"),
            ("Message.priority", "'LOW'"),
            ("Message.locale", "'en'"),
        ],
        world: World { room_name: "Dock", ..WORLD },
        added: &[("Channel", 3), ("ChannelMember", 8), ("User", 1)],
        said: r#"SELECT "userId" || ': ' || "text" FROM "Message" WHERE "channelId" = 'r1' ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
    let given = r#"SELECT DISTINCT "tenantId" || ' ' || "ownerId" FROM "Channel""#;
    assert_eq!(mapped.select(given).await, ["t1 alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn optional_names_texts_flags_and_times_are_served_and_messages_of_nobody_are_left_out() {
    is_served(Case {
        schema: "studio",
        added: &[("Conversation", 3), ("User", 1), ("_ConversationUsers", 8)],
        said: r#"SELECT "senderId" || ': ' || "body" FROM "Message"
            WHERE "conversationId" = 'r1' AND "senderId" IS NOT NULL ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_schema_of_the_database_and_names_that_need_quotes_are_served() {
    is_served(Case {
        schema: "theatre",
        world: World { room_name: "Boxes", ..WORLD },
        messages: ("$chatoxide0$", 5),
        added: &[("Room -- big", 3), ("seats", 8), ("user", 1)],
        said: r#"SELECT "group" || ': ' || "text; DROP" FROM "back stage"."$chatoxide0$"
            WHERE "order" = 'r1' ORDER BY "when""#,
        ..CASE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nearly_the_original_tables_with_more_labels_and_numbered_reactions_are_served() {
    is_served(Case {
        schema: "workshop",
        world: World { room_name: "Lathe", ..WORLD },
        added: &[("Reaction", 1), ("Room", 3), ("User", 1), ("_RoomMembers", 8)],
        said: r#"SELECT "senderId" || ': ' || "content" FROM "Message" WHERE "roomId" = 'r1' ORDER BY "createdAt""#,
        ..CASE
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_that_is_there_is_not_reused() {
    let mut mapped = Mapped::create("harbour").await;
    mapped
        .execute(
            r#"INSERT INTO "Chat" ("id", "isGroup", "updatedAt") VALUES ('pair', false, now());
               INSERT INTO "ChatMember" ("chatId", "userId") VALUES ('pair', 'alice'), ('pair', 'bob')"#,
        )
        .await;
    mapped.map("harbour", &[], &[]).await;
    let server = mapped.serve().await;
    let mut alice = server.connect_in("alice", "r1").await;
    let started = alice.ask("dm:start", "bob".into()).await;
    assert_eq!(started["room"]["id"], "dm:alice:bob", "{started}");
    mapped.stop(server).await;
}
