//! A team's own rules in the database: their refusals are reported as such, and the changes that they make are broadcast as
//! stored.

use chatoxide::{
    chat::room::RoomType,
    clock,
    db::users::{self, NewUser},
};
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, on_both};

async fn start(rules: &str) -> (TestServer, Client) {
    let database =
        TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await.stop().await;
    database.execute(rules).await;
    let server = TestServer::start_with(database, &[]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let alice = server.connect_in("alice", "general").await;
    (server, alice)
}

/// The code and the sentence with which a message is refused the careful way and the quick way. Others are taken.
async fn refusals(alice: &mut Client, content: &str) -> Vec<(Value, Value)> {
    let mut refused = Vec::new();
    for _ in 0..2 {
        let mut answer = alice.ask("message:send", json!({"roomId": "general", "content": content})).await;
        assert_eq!(answer["success"], false, "{answer}");
        refused.push((answer["code"].take(), answer["error"].take()));
        alice.say("general", "good").await;
    }
    refused
}

const RAISE: &str = r#"CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW."content" LIKE 'bad%' THEN RAISE EXCEPTION 'no such words in this house'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER forbid BEFORE INSERT OR UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION forbid()"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_database_is_a_conflict_and_a_value_too_long_is_bad_input() {
    for (rule, code, sentence) in [
        (
            r#"ALTER TABLE "Message" ADD CHECK ("content" NOT LIKE 'bad%')"#,
            "conflict",
            "The database refuses this: a value breaks a rule of its table",
        ),
        (
            r#"CREATE UNIQUE INDEX ON "Message" ("content") WHERE "content" LIKE 'bad%';
               INSERT INTO "Room" VALUES ('r', 'r', 'public'); INSERT INTO "User" VALUES ('u', 'u', 'u');
               INSERT INTO "Message" ("id", "roomId", "senderId", "content") VALUES ('m', 'r', 'u', 'bad words')"#,
            "conflict",
            "The database refuses this: it has such a row already",
        ),
        (
            r#"CREATE TABLE allowed (word TEXT PRIMARY KEY); INSERT INTO allowed VALUES ('good');
               ALTER TABLE "Message" ADD CONSTRAINT allowed_fkey FOREIGN KEY ("content") REFERENCES allowed"#,
            "conflict",
            "The database refuses this: a row that it refers to is missing, or another row refers to it",
        ),
        (RAISE, "conflict", "The database refuses this by a rule of its own"),
        (
            r#"ALTER TABLE "Message" ALTER COLUMN "content" TYPE VARCHAR(8)"#,
            "bad_input",
            "a text is too long for the database, which takes character varying(8)",
        ),
        (
            // A fault of the value that is known by its code only: a division by zero.
            r#"ALTER TABLE "Message" ADD share INT GENERATED ALWAYS AS (1 / (length("content") - 9)) STORED"#,
            "bad_input",
            "the database does not take this value",
        ),
        (
            r#"CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF NEW."content" LIKE 'bad%' THEN RETURN NULL; END IF; RETURN NEW; END $$;
               CREATE TRIGGER drop_it BEFORE INSERT ON "Message" FOR EACH ROW EXECUTE FUNCTION drop_it()"#,
            "conflict",
            "The database refuses this by a rule of its own",
        ),
    ] {
        let (server, mut alice) = start(rule).await;
        let refused = refusals(&mut alice, "bad words").await;
        assert_eq!(refused, vec![(json!(code), json!(sentence)); 2], "{rule}");
        let log = "SELECT count(*) FROM chatoxide.room_log WHERE kind = 'new'";
        assert_eq!(server.database.select(log).await, ["2"], "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_that_a_column_cannot_take_is_refused_as_a_whole() {
    let (server, mut alice) = start(r#"ALTER TABLE "Message" ALTER COLUMN "content" TYPE VARCHAR(8)"#).await;
    let part = |index: usize| {
        let chunk = json!({"id": "long", "index": index, "count": 2});
        json!({"roomId": "general", "content": "12345", "chunk": chunk})
    };
    assert!(alice.ask("message:send", part(0)).await["chunk"].is_object());
    let before = server.database.select(r#"SELECT count(*) FROM "Message""#).await;
    assert_eq!(alice.ask("message:send", part(1)).await["code"], "bad_input");
    assert_eq!(server.database.select(r#"SELECT count(*) FROM "Message""#).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_column_that_chatoxide_does_not_know_is_a_conflict() {
    let (_server, mut alice) = start(r#"ALTER TABLE "Message" ADD COLUMN tenant TEXT NOT NULL"#).await;
    let refused = alice.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
    assert_eq!(refused["code"], "conflict", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_of_a_trigger_created_later_is_a_conflict_too() {
    let (server, mut alice) = start("").await;
    alice.say("general", "good").await;
    server.database.execute(RAISE).await;
    let refused = refusals(&mut alice, "bad words").await;
    assert!(refused.iter().all(|(code, _)| code == "conflict"), "{refused:?}");
    let id = alice.say("general", "good").await["id"].take();
    let edited = alice.ask("message:edit", json!({"messageId": id, "content": "bad words"})).await;
    assert_eq!(edited["code"], "conflict", "{edited}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_row_of_the_teams_refers_to_is_not_deleted() {
    let pins = r#"CREATE TABLE pins (message TEXT REFERENCES "Message")"#;
    let (server, mut alice) = start(pins).await;
    let id = alice.say("general", "pinned").await["id"].take();
    server.database.execute(r#"INSERT INTO pins SELECT "id" FROM "Message""#).await;
    let deleted = alice.ask("message:delete", json!({"messageId": id, "roomId": "general"})).await;
    assert_eq!(deleted["code"], "conflict", "{deleted}");
    assert_eq!(server.database.select(r#"SELECT count(*) FROM "Message""#).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_deleted_meanwhile_is_not_found_whatever_its_reference_is_called() {
    let rename = r#"ALTER TABLE "Message" RENAME CONSTRAINT "Message_roomId_fkey" TO "fk_message_room""#;
    let (server, mut alice) = start(rename).await;
    server.database.execute(r#"DELETE FROM "Room""#).await;
    let refused = alice.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
    assert_eq!(refused["code"], "room_not_found", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_type_or_permission_is_a_fault_and_not_a_reason_to_try_again() {
    for change in [
        r#"ALTER TABLE "Message" RENAME COLUMN "replyTo" TO "inReplyTo""#,
        r#"ALTER TABLE "Message" ALTER COLUMN "type" DROP DEFAULT, ALTER COLUMN "type" TYPE TEXT;
           DROP TYPE "MessageType""#,
        r#"ALTER TABLE chatoxide.room_log RENAME TO moved"#,
    ] {
        let (server, mut alice) = start("").await;
        // The next message opens the writer's own connection, and prepares its statements there.
        alice.say("general", "carefully").await;
        server.database.execute(change).await;
        for way in ["quickly", "carefully"] {
            let refused = alice.ask("message:send", json!({"roomId": "general", "content": way})).await;
            assert_eq!(refused["code"], "internal", "{change}: {refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_taken_away_is_a_fault_and_not_a_reason_to_try_again() {
    let mut database =
        TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await.stop().await;
    let plain = database.url.clone();
    // A role is one of the whole server.
    let role = plain.rsplit_once('/').unwrap().1.to_owned();
    let grants = ["public", "chatoxide"].map(|schema| {
        format!(
            "GRANT ALL ON SCHEMA {schema} TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role};"
        )
    });
    database.execute(&format!("CREATE ROLE {role} LOGIN; {}", grants.concat())).await;
    database.url = plain.replace("postgres@", &format!("{role}@"));
    let mut server = TestServer::start_with(database, &[]).await;
    server.database.url = plain;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    for content in ["carefully", "quickly"] {
        alice.say("general", content).await;
    }
    server.database.execute(&format!(r#"REVOKE INSERT ON "Message" FROM {role}"#)).await;
    for content in ["quickly", "carefully"] {
        let refused = alice.ask("message:send", json!({"roomId": "general", "content": content})).await;
        assert_eq!(refused["code"], "internal", "{refused}");
    }
}

/// On SQLite a trigger changes a row after it was written; PostgreSQL's do as well.
fn censor(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => {
            r#"CREATE TRIGGER censor_new AFTER INSERT ON "Message" BEGIN
                   UPDATE "Message" SET "content" = replace("content", 'darn', '****') WHERE "id" = NEW."id"; END;
               CREATE TRIGGER censor_edit AFTER UPDATE ON "Message" WHEN NEW."content" LIKE '%darn%' BEGIN
                   UPDATE "Message" SET "content" = replace("content", 'darn', '****') WHERE "id" = NEW."id"; END;
               CREATE TRIGGER forbid BEFORE INSERT ON "Message" WHEN NEW."content" LIKE 'bad%' BEGIN
                   SELECT RAISE(ABORT, 'not in this house'); END;
               CREATE TRIGGER keep BEFORE DELETE ON "Message" WHEN OLD."content" LIKE 'keep%' BEGIN
                   SELECT RAISE(IGNORE); END"#
        }
        Backend::Postgres => {
            r#"CREATE FUNCTION censor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF NEW."content" LIKE 'bad%' THEN RAISE EXCEPTION 'not in this house'; END IF;
                   UPDATE "Message" SET "content" = replace("content", 'darn', '****')
                       WHERE "id" = NEW."id" AND "content" LIKE '%darn%';
                   RETURN NEW; END $$;
               CREATE TRIGGER censor AFTER INSERT OR UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION censor();
               CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF OLD."content" LIKE 'keep%' THEN RETURN NULL; END IF; RETURN OLD; END $$;
               CREATE TRIGGER keep BEFORE DELETE ON "Message" FOR EACH ROW EXECUTE FUNCTION keep()"#
        }
    }
}

on_both! {
    async fn messages_are_broadcast_as_a_trigger_stores_them_and_not_if_it_refuses(server: TestServer) {
        let backend = server.database.backend;
        let database = server.stop().await;
        database.execute(censor(backend)).await;
        let server = TestServer::start_with(database, &[]).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut id = Value::Null;
        for content in ["carefully darn", "quickly darn"] {
            let mut sent = alice.say("general", content).await;
            let expected = content.replace("darn", "****");
            assert_eq!(sent["content"], expected);
            assert_eq!(bob.hear("message:new").await["content"], expected);
            id = sent["id"].take();
        }
        let edited = alice.ask("message:edit", json!({"messageId": id, "content": "darn it"})).await;
        assert_eq!(edited["message"]["content"], "**** it", "{edited}");
        assert_eq!(bob.hear("message:updated").await["content"], "**** it");
        // One that is refused fails alone, also among others.
        let mut asked = Vec::new();
        for content in ["one", "bad", "keep two"] {
            asked.push(alice.begin("message:send", json!({"roomId": "general", "content": content})).await);
        }
        let mut answers = Vec::new();
        for number in asked {
            answers.push(alice.answer(number).await);
        }
        let codes: Vec<&Value> = answers.iter().map(|answer| &answer["code"]).collect();
        assert_eq!(codes, [&Value::Null, &json!("conflict"), &Value::Null], "{answers:?}");
        let kept = &answers[2]["message"]["id"];
        let deleted = alice.ask("message:delete", json!({"messageId": kept, "roomId": "general"})).await;
        assert_eq!(deleted["code"], "conflict", "{deleted}");
        let heard = bob.heard().await;
        let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("message:")).collect();
        assert_eq!(names, ["message:new", "message:new"], "{heard:?}");
    }
}

/// A trigger that silently ignores an operation by users whose names begin with a `k`.
fn ignore(backend: Backend, operation: &str, table: &str, user: &str) -> String {
    let (name, row) = (format!("{operation}_{table}"), if operation == "DELETE" { "OLD" } else { "NEW" });
    match backend {
        Backend::Sqlite => format!(
            r#"CREATE TRIGGER "{name}" BEFORE {operation} ON "{table}" WHEN {row}."{user}" LIKE 'k%'
               BEGIN SELECT RAISE(IGNORE); END;"#
        ),
        Backend::Postgres => format!(
            r#"CREATE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF {row}."{user}" LIKE 'k%' THEN RETURN NULL; END IF; RETURN {row}; END $$;
               CREATE TRIGGER "{name}" BEFORE {operation} ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"();"#
        ),
    }
}

on_both! {
    async fn a_row_silently_kept_out_is_neither_acked_nor_broadcast(server: TestServer) {
        let backend = server.database.backend;
        server.make_room("general", RoomType::Public, &["alice", "karl"]).await;
        let (mut alice, mut karl) =
            (server.connect_in("alice", "general").await, server.connect_in("karl", "general").await);
        let own = karl.say("general", "before").await["id"].clone();
        let id = alice.say("general", "quickly").await["id"].clone();
        karl.ask("reaction:add", json!({"messageId": id, "emoji": "b"})).await;
        karl.heard().await;
        // The server has looked a moment ago, and does not know of these yet.
        for (operation, table, user) in [
            ("INSERT", "Message", "senderId"),
            ("UPDATE", "Message", "senderId"),
            ("DELETE", "Message", "senderId"),
            ("INSERT", "Reaction", "userId"),
            ("DELETE", "Reaction", "userId"),
        ] {
            server.database.execute(&ignore(backend, operation, table, user)).await;
        }
        let rows = server.database.all_rows().await;
        for (event, ask) in [
            ("message:send", json!({"roomId": "general", "content": "kept out"})),
            ("message:edit", json!({"messageId": own, "content": "kept out"})),
            ("message:delete", json!({"messageId": own})),
            ("reaction:add", json!({"messageId": id, "emoji": "a"})),
            ("reaction:remove", json!({"messageId": id, "emoji": "b"})),
        ] {
            alice.heard().await;
            let ack = karl.ask(event, ask).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("conflict")), "{event}: {ack}");
            assert_eq!(alice.heard().await, []);
        }
        let marks = |row: &String| !row.starts_with("own.read_marker");
        let after: Vec<String> = server.database.all_rows().await.into_iter().filter(marks).collect();
        assert_eq!(after, rows.into_iter().filter(marks).collect::<Vec<_>>());
        assert_eq!(alice.ask("reaction:add", json!({"messageId": id, "emoji": "a"})).await["success"], true);
        alice.say("general", "goes on").await;
        assert_eq!(karl.hear("reaction:added").await["userId"], "alice");
    }
}

/// A trigger that leaves behind, for each message like this one, a row whose reference is looked up at the commit, and not found.
fn refuse_at_commit(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => {
            r#"CREATE TABLE nowhere (id TEXT PRIMARY KEY);
               CREATE TABLE audit (id TEXT REFERENCES nowhere DEFERRABLE INITIALLY DEFERRED);
               CREATE TRIGGER audit_message AFTER INSERT ON "Message" WHEN NEW."content" LIKE 'bad%' BEGIN
                   INSERT INTO audit VALUES (NEW."id"); END"#
        }
        Backend::Postgres => {
            r#"CREATE TABLE nowhere (id TEXT PRIMARY KEY);
               CREATE TABLE audit (id TEXT REFERENCES nowhere DEFERRABLE INITIALLY DEFERRED);
               CREATE FUNCTION audit_message() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF NEW."content" LIKE 'bad%' THEN INSERT INTO audit VALUES (NEW."id"); END IF; RETURN NULL; END $$;
               CREATE TRIGGER audit_message AFTER INSERT ON "Message" FOR EACH ROW EXECUTE FUNCTION audit_message()"#
        }
    }
}

on_both! {
    async fn a_change_refused_at_the_commit_is_neither_acked_nor_broadcast(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "before").await;
        server.database.execute(refuse_at_commit(server.database.backend)).await;
        alice.heard().await;
        bob.heard().await;
        for content in ["bad words", "bad words again"] {
            let refused = alice.ask("message:send", json!({"roomId": "general", "content": content})).await;
            assert_eq!(refused["success"], false, "{refused}");
            let heard = alice.heard().await;
            assert!(heard.iter().all(|(name, _)| name != "message:new"), "{heard:?}");
            assert_eq!(bob.heard().await, []);
        }
        // Its place in the log is free, and the connection goes on.
        alice.say("general", "after").await;
        let next = bob.hear("message:new").await;
        assert_eq!((&next["content"], &next["seq"]), (&json!("after"), &json!(2)));
        let stored = server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "createdAt", "id""#).await;
        assert_eq!(stored, ["before", "after"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_show_rows_as_the_tables_below_a_view_store_them() {
    // The view has no trigger of its own, and no index.
    let view = r#"ALTER TABLE "Message" RENAME TO messages;
        CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW."content" = upper(NEW."content"); RETURN NEW; END $$;
        CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION shout();
        CREATE VIEW "Message" AS SELECT * FROM messages;
        ALTER VIEW "Message" ALTER "createdAt" SET DEFAULT now(), ALTER "metadata" SET DEFAULT '{}'"#;
    let (server, mut alice) = start(view).await;
    assert!(server.db.facts().changes_messages() && !server.db.facts().lacks_index());
    for _ in 0..2 {
        let message = alice.say("general", "loud").await;
        assert_eq!(message["content"], "LOUD", "{message}");
        let edit = json!({"messageId": message["id"], "content": "louder"});
        assert_eq!(alice.ask("message:edit", edit).await["message"]["content"], "LOUDER");
    }
}

fn newcomers(prefix: &str, count: usize) -> Vec<NewUser> {
    let user = |n| NewUser::new(&format!("{prefix}-{n}").into(), None, None, None, clock::now());
    (0..count).map(user).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_refuses_every_user_is_not_tried_for_each() {
    let (server, _alice) = start("").await;
    let db = &server.db;
    let forbid = r#"CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW."id" LIKE 'bad%' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER forbid BEFORE INSERT ON "User" FOR EACH ROW EXECUTE FUNCTION forbid()"#;
    server.database.execute(forbid).await;
    let before = db.statements().get();
    let refused = users::insert_absent(db, newcomers("bad", 1_000)).await.unwrap();
    let statements = db.statements().get() - before;
    assert_eq!(refused.len(), 1_000);
    assert!(statements < 200, "{statements} statements");
    // Where one was taken, each is asked for: who is good is taken, wherever they stand.
    let both = [newcomers("aaa", 1), newcomers("bad", 30), newcomers("good", 30)].concat();
    let refused = users::insert_absent(db, both).await.unwrap();
    assert_eq!(refused.len(), 30);
    let good = r#"SELECT count(*) FROM "User" WHERE "id" LIKE 'good%'"#;
    assert_eq!(server.database.select(good).await, ["30"]);
}
