//! The rows that a batch reads and writes: limits, order, copies, triggers, and rows that another program changes meanwhile.

use std::sync::Arc;

use chatoxide::{
    chat::limits::{REACTIONS_OF_MESSAGE, REACTIONS_OF_USER},
    clock,
    db::room_log::{Append, Appended, Appender},
};

use super::append::{append, delete, edit, furnish, line, new, react, unreact};
use crate::support::{Backend, TestServer, on_both};

on_both! {
    async fn the_limits_of_reactions_count_the_earlier_changes_of_the_batch(server: TestServer) {
        furnish(&server).await;
        let users = (0..20).map(|n| format!("('many-{n}', 'Many', 'many-{n}@example.com')"));
        let insert = |table: &str, rows: Vec<String>| format!("INSERT INTO {table} VALUES {}", rows.join(", "));
        server.database.execute(&insert(r#""User" ("id", "name", "email")"#, users.collect())).await;
        // Both limits are one reaction away: anna's on a-3, and that of a-2, which has one already.
        let of_anna = (1..REACTIONS_OF_USER).map(|n| format!("('anna-{n}', 'a-3', 'anna', 'n{n}')"));
        let of_many = (2..REACTIONS_OF_MESSAGE).map(|n| format!("('many-{n}', 'a-2', 'many-{}', 'n{n}')", n % 20));
        let reactions = of_anna.chain(of_many).collect();
        let columns = r#""Reaction" ("id", "messageId", "userId", "emoji")"#;
        server.database.execute(&insert(columns, reactions)).await;
        for message in ["a-3", "a-2"] {
            let batch = [
                (react(message, "new"), "Entry"),
                (react(message, "newer"), "TooManyReactions"),
                (react(message, "new"), "Unchanged"),
                (unreact(message, "new"), "Entry"),
                (react(message, "newer"), "Entry"),
                (react(message, "newest"), "TooManyReactions"),
            ];
            let appends: Vec<Append> = batch.iter().map(|(change, _)| append("a", "anna", change.clone())).collect();
            let outcomes = Appender::default().append(&server.db, appends.into(), clock::now()).await.unwrap();
            let names = outcomes.iter().map(|outcome| match outcome {
                Appended::Entry(_) => "Entry".to_owned(),
                other => format!("{other:?}"),
            });
            assert_eq!(names.collect::<Vec<_>>(), batch.map(|(_, name)| name), "{message}");
        }
    }
}

on_both! {
    async fn an_edit_shows_reactions_in_the_order_in_which_they_were_added(server: TestServer) {
        furnish(&server).await;
        let emojis = ["5", "2", "8", "1", "7", "3", "6", "4"];
        let mut batch: Vec<Append> = emojis.iter().map(|emoji| append("a", "anna", react("a-3", emoji))).collect();
        batch.push(append("a", "anna", edit("a-3", "in this batch")));
        let mut appender = Appender::default();
        let mut lines = Vec::new();
        for batch in [batch, vec![append("a", "anna", edit("a-3", "in the next"))]] {
            let outcomes = appender.append(&server.db, batch.into(), clock::now()).await.unwrap();
            lines.extend(outcomes.last().map(line));
        }
        let reactions: Vec<String> = emojis.iter().map(|emoji| format!("anna{emoji}")).collect();
        let expected = [(9, "in this batch"), (10, "in the next")];
        assert_eq!(lines, expected.map(|(seq, content)| format!("{seq} a-3 is {content} {reactions:?}")));
    }
}

on_both! {
    async fn a_reaction_that_a_table_without_an_index_has_twice_is_removed_with_its_copy(server: TestServer) {
        furnish(&server).await;
        let twice = r#"DROP INDEX "Reaction_messageId_userId_emoji_key";
            INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji") VALUES ('r-4', 'a-1', 'bert', '+')"#;
        server.database.execute(twice).await;
        let batch = [append("a", "bert", unreact("a-1", "+")), append("a", "bert", unreact("a-1", "+"))];
        let outcomes = Appender::default().append(&server.db, batch.into(), clock::now()).await.unwrap();
        assert_eq!(outcomes.iter().map(line).collect::<Vec<_>>(), ["1 bert+ off a-1", "Unchanged"]);
        let left = r#"SELECT "id" FROM "Reaction" WHERE "messageId" = 'a-1'"#;
        assert_eq!(server.database.select(left).await, ["r-3"]);
    }
}

on_both! {
    async fn a_message_is_changed_only_through_its_own_room(server: TestServer) {
        furnish(&server).await;
        // Both rooms need the messages, as if another program had moved them while their changes were queued.
        let batch = [
            ("a", "bert", edit("b-1", "wrong"), "NotFound"),
            ("a", "anna", react("b-1", "+"), "NotFound"),
            ("a", "bert", delete("b-1"), "NotFound"),
            ("a", "bert", react("a-1", "!"), "1 bert! on a-1"),
            ("b", "bert", unreact("a-1", "+"), "Unchanged"),
            ("b", "bert", edit("b-1", "right"), "1 b-1 is right []"),
            ("b", "bert", react("b-1", "+"), "2 bert+ on b-1"),
        ];
        let appends: Vec<Append> = batch.iter().map(|(room, actor, change, _)| append(room, actor, change.clone())).collect();
        let outcomes = Appender::default().append(&server.db, appends.into(), clock::now()).await.unwrap();
        let lines: Vec<String> = outcomes.iter().map(line).collect();
        assert_eq!(lines, batch.map(|(.., line)| line));
    }
}

/// A trigger before an operation on a table: it changes nothing, or keeps the row out.
fn trigger(backend: Backend, moment: &str, (lite, pg): (&str, &str)) -> String {
    match backend {
        Backend::Sqlite => format!("CREATE TRIGGER rule BEFORE {moment} BEGIN SELECT {lite}; END"),
        Backend::Postgres => format!(
            "CREATE FUNCTION rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN {pg}; END $$;
             CREATE TRIGGER rule BEFORE {moment} FOR EACH ROW EXECUTE FUNCTION rule()"
        ),
    }
}

on_both! {
    async fn beside_triggers_a_message_may_be_edited_and_deleted_in_one_batch(server: TestServer) {
        furnish(&server).await;
        let backend = server.database.backend;
        let database = server.stop().await;
        database.execute(&trigger(backend, r#"UPDATE ON "Message""#, ("1", "NEW"))).await;
        let server = TestServer::start_with(database, &[]).await;
        let changes = [edit("a-1", "once"), delete("a-1"), edit("a-2", "kept"), new("added")];
        let batch: Vec<Append> = changes.into_iter().map(|change| append("a", "anna", change)).collect();
        let outcomes = Appender::default().append(&server.db, batch.into(), clock::now()).await.unwrap();
        let expected = [
            "1 a-1 is once [\"bert+\", \"anna!\"]", "2 a-1 is gone", "3 a-2 is kept [\"bert+\"]", "4 new added",
        ];
        assert_eq!(outcomes.iter().map(line).collect::<Vec<_>>(), expected);
    }
}

on_both! {
    async fn a_batch_whose_entries_a_trigger_keeps_out_of_the_log_is_refused(server: TestServer) {
        furnish(&server).await;
        let moment = server.database.own("INSERT ON own.room_log");
        server.database.execute(&trigger(server.database.backend, &moment, ("RAISE(IGNORE)", "NULL"))).await;
        let before = server.database.all_rows().await;
        let batch: Arc<[Append]> = Arc::new([append("a", "anna", edit("a-1", "once"))]);
        Appender::default().append(&server.db, batch, clock::now()).await.unwrap_err();
        assert_eq!(server.database.all_rows().await, before);
    }
}

/// Other programs do not lock the heads of the logs. SQLite has one writer at a time.
#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_message_that_another_program_is_deleting_wait_and_do_not_find_it() {
    for change in [edit("a-3", "late"), delete("a-3"), react("a-3", "+")] {
        let server = TestServer::start(Backend::Postgres).await;
        furnish(&server).await;
        let hold = server.database.hold(r#"DELETE FROM "Message" WHERE "id" = 'a-3'"#).await;
        let (db, batch) = (server.db.clone(), Arc::new([append("a", "anna", change)]));
        let appending =
            tokio::spawn(async move { Appender::default().append(&db, batch, clock::now()).await });
        server.database.waits_for_a_lock("Message", 1).await;
        hold.release().await;
        let outcomes = appending.await.unwrap().unwrap();
        assert!(matches!(outcomes.as_slice(), [Appended::NotFound]), "{outcomes:?}");
    }
}

/// The server does not know of the trigger yet, so it does not read the messages back.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_a_new_trigger_gives_to_another_sender_is_refused() {
    let server = TestServer::start(Backend::Postgres).await;
    furnish(&server).await;
    let give = r#"CREATE FUNCTION give() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW."senderId" = 'bert'; RETURN NEW; END $$;
        CREATE TRIGGER give BEFORE UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION give()"#;
    server.database.execute(give).await;
    let before = server.database.all_rows().await;
    let batch: Arc<[Append]> = Arc::new([append("a", "anna", edit("a-1", "given"))]);
    Appender::default().append(&server.db, batch, clock::now()).await.unwrap_err();
    assert_eq!(server.database.all_rows().await, before);
}

#[tokio::test]
async fn on_sqlite_a_rule_of_the_teams_own_sees_each_state_of_a_message_in_a_batch() {
    let server = TestServer::start(Backend::Sqlite).await;
    furnish(&server).await;
    let rule = r#"CREATE TRIGGER rule BEFORE UPDATE ON "Message" WHEN NEW."content" = 'bad'
        BEGIN SELECT RAISE(ABORT, 'not this'); END"#;
    server.database.execute(rule).await;
    let rows = server.database.all_rows().await;
    for then in [edit("a-1", "good"), delete("a-1")] {
        let batch = [append("a", "anna", edit("a-1", "bad")), append("a", "anna", then)];
        let error = Appender::default().append(&server.db, batch.into(), clock::now()).await.unwrap_err();
        assert_eq!(error.code(), "conflict", "{error:?}");
    }
    assert_eq!(server.database.all_rows().await, rows);
}
