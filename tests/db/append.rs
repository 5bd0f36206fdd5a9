//! Appending to the rooms' logs: what changes of one batch come to that depend on one another, and in which order the
//! locks of the rooms are taken.

use std::sync::Arc;

use chatoxide::{
    chat::{mention::Mentioned, message::MessageType, room::RoomType},
    clock,
    db::room_log::{
        Append, Appended, Appender, Change, ClientId, Delete, Edit, EntryBody, MessageAdded, MessageDeleted,
        MessageEdited, NewMessage, React, ReactionAdded, ReactionRemoved, ThreadOfReply, Unreact, UpdateRoom,
        append_foreign,
    },
};
use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer, database::connect, on_both, until};

pub fn append(room: &str, actor: &str, change: Change) -> Append {
    Append { room_id: room.into(), actor_id: actor.into(), actor_name: actor.into(), change }
}

pub fn new(content: &str) -> Change {
    named(content, None)
}

fn named(content: &str, client_id: Option<&str>) -> Change {
    let client_id = client_id.map(|text| ClientId { text: text.to_owned(), refuses_others: true });
    Change::New(NewMessage {
        content: content.to_owned(),
        kind: MessageType::Text,
        metadata: json!({"a": [1.5, null]}),
        reply_to: None,
        client_id,
        mentioned: Mentioned::default(),
        thread: None,
    })
}

pub fn edit(id: &str, content: &str) -> Change {
    Change::Edit(Edit { message_id: id.into(), content: content.to_owned(), mentioned: Mentioned::default() })
}

pub fn delete(id: &str) -> Change {
    Change::Delete(Delete { message_id: id.into() })
}

pub fn react(id: &str, emoji: &str) -> Change {
    Change::React(React { message_id: id.into(), emoji: emoji.into() })
}

fn update(name: Option<&str>, topic: Option<&str>) -> Change {
    Change::UpdateRoom(UpdateRoom::new(name, topic.map(|topic| Some(topic.to_owned()))))
}

pub fn unreact(id: &str, emoji: &str) -> Change {
    Change::Unreact(Unreact { message_id: id.into(), emoji: emoji.into() })
}

/// An outcome in a line: what is told, with the reactions of an edited message.
pub fn line(outcome: &Appended) -> String {
    let Appended::Entry(entry) = outcome else {
        return match outcome {
            Appended::Duplicate { seq, .. } => format!("repeats {seq}"),
            other => format!("{other:?}"),
        };
    };
    let body = match &entry.body {
        EntryBody::New(MessageAdded(message)) => format!("new {}", message.content),
        EntryBody::Updated(MessageEdited(message)) => {
            let reactions = message.reactions.iter().map(|on_it| format!("{}{}", on_it.user_id, on_it.emoji));
            format!("{} is {} {:?}", message.id, message.content, reactions.collect::<Vec<_>>())
        }
        EntryBody::Deleted(MessageDeleted(id)) => format!("{id} is gone"),
        EntryBody::ReactionAdded(ReactionAdded { message_id, reaction }) => {
            format!("{}{} on {message_id}", reaction.user_id, reaction.emoji)
        }
        EntryBody::ReactionRemoved(ReactionRemoved { message_id, reaction }) => {
            format!("{}{} off {message_id}", reaction.user_id, reaction.emoji)
        }
        EntryBody::RoomUpdated(room) => format!("{} is about {:?}", room.name, room.topic),
        EntryBody::Tombstone => "gone".to_owned(),
    };
    format!("{} {body}", entry.seq)
}

/// A reply in the thread of a message of anna's.
fn reply(root: &str, content: &str) -> Change {
    let Change::New(message) = new(content) else { unreachable!() };
    let thread = ThreadOfReply { root_id: root.into(), root_sender_id: "anna".into(), also_to_room: false };
    Change::New(NewMessage { thread: Some(thread), ..message })
}

/// Rooms `a` and `b` with messages `a-1` to `a-3` of anna's and `b-1`, and reactions on `a-1` and `a-2`.
pub async fn furnish(server: &TestServer) {
    for room in ["a", "b"] {
        server.make_room(room, RoomType::Public, &["anna", "bert"]).await;
    }
    let at = "2026-01-01 00:00:00";
    server.database.seed_messages("a", "anna", &[("a-1", at), ("a-2", at), ("a-3", at)]).await;
    server.database.seed_messages("b", "bert", &[("b-1", at)]).await;
    let reactions = r#"INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")
        VALUES ('r-1', 'a-1', 'bert', '+'), ('r-2', 'a-2', 'bert', '+'), ('r-3', 'a-1', 'anna', '!')"#;
    server.database.execute(reactions).await;
}

on_both! {
    async fn changes_of_one_batch_build_on_one_another(server: TestServer) {
        furnish(&server).await;
        let batch = [
            ("anna", edit("a-1", "once"), "1 a-1 is once [\"bert+\", \"anna!\"]"),
            ("anna", react("a-1", "+"), "2 anna+ on a-1"),
            ("anna", react("a-1", "+"), "Unchanged"),
            ("bert", unreact("a-1", "+"), "3 bert+ off a-1"),
            ("anna", edit("a-1", "twice"), "4 a-1 is twice [\"anna+\", \"anna!\"]"),
            ("bert", react("a-1", "+"), "5 bert+ on a-1"),
            ("anna", unreact("a-1", "+"), "6 anna+ off a-1"),
            ("anna", unreact("a-1", "+"), "Unchanged"),
            ("anna", edit("b-1", "not here"), "NotFound"),
            ("anna", react("b-1", "+"), "NotFound"),
            ("anna", edit("a-2", "in vain"), "7 a-2 is in vain [\"bert+\"]"),
            ("anna", react("a-2", "-"), "8 anna- on a-2"),
            ("anna", delete("a-2"), "9 a-2 is gone"),
            ("anna", delete("a-2"), "NotFound"),
            ("anna", edit("a-2", "too late"), "NotFound"),
            ("bert", react("a-2", "+"), "NotFound"),
            ("bert", unreact("a-2", "+"), "Unchanged"),
            ("anna", named("one", Some("id-1")), "10 new one"),
            ("anna", named("one", Some("id-1")), "repeats 10"),
            ("anna", named("another", Some("id-1")), "ClientIdTaken"),
            ("bert", named("one", Some("id-1")), "11 new one"),
            ("bert", react("a-3", "+"), "12 bert+ on a-3"),
            ("anna", react("nowhere", "+"), "NotFound"),
            ("anna", unreact("a-1", "!"), "13 anna! off a-1"),
            ("anna", update(Some("One"), None), "14 One is about None"),
            ("bert", update(Some(" One "), Some("")), "Unchanged"),
            ("bert", update(None, Some("all")), "15 One is about Some(\"all\")"),
            ("anna", update(Some("Two"), None), "16 Two is about Some(\"all\")"),
        ];
        let appends: Vec<Append> = batch.iter().map(|(actor, change, _)| append("a", actor, change.clone())).collect();
        let mut appender = Appender::default();
        let outcomes = appender.append(&server.db, appends.into(), clock::now()).await.unwrap();
        let lines: Vec<String> = outcomes.iter().map(line).collect();
        assert_eq!(lines, batch.map(|(_, _, line)| line));

        let stored = server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "createdAt", "id""#).await;
        let news = stored.iter().filter(|content| *content == "one").count();
        assert_eq!((stored.len(), news), (5, 2), "{stored:?}");
        let edited = r#"SELECT "content" FROM "Message" WHERE "id" = 'a-1' AND "updatedAt" IS NOT NULL"#;
        assert_eq!(server.database.select(edited).await, ["twice"]);
        let reactions = r#"SELECT "messageId" || "userId" || "emoji" FROM "Reaction" ORDER BY "messageId", "userId""#;
        assert_eq!(server.database.select(reactions).await, ["a-1bert+", "a-3bert+"]);
        let log = server.database.own("SELECT kind FROM own.room_log WHERE room_id = 'a' ORDER BY seq");
        let kinds = "edit react unreact edit react unreact edit react delete new new react unreact room room room";
        assert_eq!(server.database.select(&log).await.join(" "), kinds);
        let head = server.database.own("SELECT seq FROM own.room_head WHERE room_id = 'a'");
        assert_eq!(server.database.select(&head).await, ["16"]);
        assert_eq!(server.database.select(r#"SELECT "name" FROM "Room" WHERE "id" = 'a'"#).await, ["Two"]);
        let topic = server.database.own("SELECT topic FROM own.room_detail WHERE room_id = 'a'");
        assert_eq!(server.database.select(&topic).await, ["all"]);

        // A later batch knows the client ids of an earlier one, and the quick way goes on from the careful one.
        let later = [append("a", "anna", named("one", Some("id-1"))), append("a", "anna", new("more"))];
        let outcomes = appender.append(&server.db, later.into(), clock::now()).await.unwrap();
        assert_eq!(outcomes.iter().map(line).collect::<Vec<_>>(), ["repeats 10", "17 new more"]);
    }
}

on_both! {
    async fn another_programs_change_is_not_logged_if_a_later_entry_is_about_its_message(server: TestServer) {
        furnish(&server).await;
        let batch: Arc<[Append]> = Arc::new([append("a", "anna", edit("a-1", "changed meanwhile"))]);
        Appender::default().append(&server.db, batch, clock::now()).await.unwrap();
        let deleted = ["a-1", "a-2"].map(|id| EntryBody::Deleted(MessageDeleted(id.into())));
        let entries = append_foreign(&server.db, &"a".into(), 0, deleted.into(), clock::now()).await.unwrap();
        let lines: Vec<String> = entries.into_iter().map(|entry| line(&Appended::Entry(entry))).collect();
        assert_eq!(lines, ["2 a-2 is gone"]);
    }
}

on_both! {
    async fn the_first_entry_of_a_room_comes_after_all_its_messages(server: TestServer) {
        server.make_room("a", RoomType::Public, &["anna"]).await;
        // Another program's clock runs ahead.
        server.database.seed_messages("a", "anna", &[("a-1", "2999-01-01 00:00:00.042")]).await;
        let batch: Arc<[Append]> = Arc::new([append("a", "anna", new("later"))]);
        let outcomes = Appender::default().append(&server.db, batch, clock::now()).await.unwrap();
        let [Appended::Entry(entry)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        let EntryBody::New(MessageAdded(message)) = &entry.body else { panic!("{entry:?}") };
        assert_eq!(serde_json::to_value(message.created_at).unwrap(), "2999-01-01T00:00:00.043Z");
        let stored = r#"SELECT "content" FROM "Message" ORDER BY "createdAt""#;
        assert_eq!(server.database.select(stored).await, ["a-1", "later"]);
    }
}

on_both! {
    async fn a_batch_that_the_database_refuses_leaves_nothing_and_the_next_one_is_stored(server: TestServer) {
        furnish(&server).await;
        let mut appender = Appender::default();
        let first: Arc<[Append]> = Arc::new([append("a", "anna", new("first"))]);
        appender.append(&server.db, first, clock::now()).await.unwrap();
        let before = server.database.all_rows().await;
        // Nobody of this id is there.
        let batch = [
            append("a", "anna", edit("a-1", "changed")),
            append("a", "anna", delete("a-2")),
            append("a", "nobody", react("a-3", "+")),
            append("a", "anna", new("second")),
        ];
        appender.append(&server.db, batch.into(), clock::now()).await.unwrap_err();
        assert_eq!(server.database.all_rows().await, before);
        let last: Arc<[Append]> = Arc::new([append("a", "anna", new("last"))]);
        let outcomes = appender.append(&server.db, last, clock::now()).await.unwrap();
        assert_eq!(outcomes.iter().map(line).collect::<Vec<_>>(), ["2 new last"]);
    }
}

/// A trigger of the team's own that changes what is stored, or keeps it as it was.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_told_as_a_trigger_has_it_stored_and_one_that_it_refuses_is_not_told() {
    let server = TestServer::start(Backend::Postgres).await;
    furnish(&server).await;
    let trigger = r#"CREATE FUNCTION censor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW."content" = 'never' THEN RETURN NULL; END IF;
            NEW."content" = upper(NEW."content");
            RETURN NEW;
        END $$;
        CREATE TRIGGER censor BEFORE UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION censor()"#;
    server.database.execute(trigger).await;
    let mut alice = server.connect_in("anna", "a").await;
    let edited = alice.ask("message:edit", json!({"messageId": "a-1", "content": "loud"})).await;
    assert_eq!(edited["message"]["content"], "LOUD", "{edited}");
    let refused = alice.ask("message:edit", json!({"messageId": "a-1", "content": "never"})).await;
    assert_eq!(refused["code"], "conflict", "{refused}");
    let log = server.database.select("SELECT kind FROM chatoxide.room_log WHERE room_id = 'a'").await;
    assert_eq!(log, ["edit"]);
}

/// The bytes of `B` come before those of `a`; a collation that people use has it the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn locks_are_taken_in_the_order_of_the_rooms_bytes_the_quick_way_and_the_careful_one() {
    for is_quick in [true, false] {
        // For a quarter of this time a head is waited for.
        let patience = ["--database-timeout", "60000"];
        let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &patience).await;
        for room in ["a", "B"] {
            server.make_room(room, RoomType::Public, &["anna"]).await;
        }
        let batch: Arc<[Append]> = Arc::new([append("B", "anna", new("x")), append("a", "anna", new("x"))]);
        let mut appender = Appender::default();
        appender.append(&server.db, Arc::clone(&batch), clock::now()).await.unwrap();
        if !is_quick {
            appender = Appender::default();
        }
        let (other, watcher) = (connect(&server.database.url).await, connect(&server.database.url).await);
        other
            .batch_execute("BEGIN; SELECT 1 FROM chatoxide.room_head WHERE room_id = 'a' FOR UPDATE")
            .await
            .unwrap();
        let db = server.db.clone();
        let appending = tokio::spawn(async move { appender.append(&db, batch, clock::now()).await });
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("the append waits for a", async || {
            (server.database.select(waiting).await == ["1"]).then_some(())
        })
        .await;
        let locked = "SELECT 1 FROM chatoxide.room_head WHERE room_id = 'B' FOR UPDATE NOWAIT";
        let refused = watcher.batch_execute(locked).await.unwrap_err();
        assert_eq!(refused.code().map(|code| code.code()), Some("55P03"), "B is locked before a");
        other.batch_execute("ROLLBACK").await.unwrap();
        appending.await.unwrap().unwrap();
    }
}

on_both! {
    async fn replies_of_one_batch_count_together_and_none_hangs_on_a_message_that_it_deletes(server: TestServer) {
        furnish(&server).await;
        let batch = [
            ("bert", reply("a-1", "one"), "1 new one"),
            ("anna", edit("a-1", "edited"), "2 a-1 is edited [\"bert+\", \"anna!\"]"),
            ("anna", reply("a-1", "two"), "3 new two"),
            ("anna", delete("a-2"), "4 a-2 is gone"),
            ("bert", reply("a-2", "too late"), "NotFound"),
            ("bert", reply("b-1", "not here"), "NotFound"),
        ];
        let appends: Vec<Append> = batch.iter().map(|(actor, change, _)| append("a", actor, change.clone())).collect();
        let outcomes = Appender::default().append(&server.db, appends.into(), clock::now()).await.unwrap();
        let lines: Vec<String> = outcomes.iter().map(line).collect();
        assert_eq!(lines, batch.map(|(_, _, line)| line));
        let entries = outcomes.iter().filter_map(|outcome| match outcome {
            Appended::Entry(entry) => Some(entry),
            _ => None,
        });
        // Each entry has the state that the batch has left.
        let counts = entries.map(|entry| match (&entry.root, &entry.body) {
            (Some(root), _) => root.thread_summary.as_ref().map(|summary| summary.reply_count),
            (None, EntryBody::Updated(edited)) => edited.0.thread_summary.as_ref().map(|summary| summary.reply_count),
            _ => None,
        });
        assert_eq!(counts.collect::<Vec<_>>(), [Some(2), Some(2), Some(2), None]);
        let followers = server.database.own("SELECT root_id || ' ' || user_id FROM own.thread_follower ORDER BY user_id");
        assert_eq!(server.database.select(&followers).await, ["a-1 anna", "a-1 bert"]);
    }
}
