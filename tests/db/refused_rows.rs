//! Rows that the database refuses, or stores otherwise than they were written: rooms, members, users, and messages and reactions
//! that it moves elsewhere. Acks and broadcasts show the stored rows.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, TestDatabase, TestServer, database::moment, on_both};

/// A server that looks at these rules when it starts.
async fn restart(server: TestServer, rules: &str) -> TestServer {
    let database = server.stop().await;
    database.execute(rules).await;
    TestServer::start_with(database, &[]).await
}

/// A trigger that runs such a statement of SQLite's for each row of a table, or such a body of PostgreSQL's.
fn trigger(backend: Backend, moment: &str, table: &str, (lite, pg): (&str, &str)) -> String {
    let name = format!("{}_{table}", moment.replace(' ', "_").to_lowercase());
    match backend {
        Backend::Sqlite => format!(r#"CREATE TRIGGER "{name}" {moment} ON "{table}" BEGIN {lite}; END;"#),
        Backend::Postgres => format!(
            r#"CREATE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {pg}; END $$;
               CREATE TRIGGER "{name}" {moment} ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"();"#
        ),
    }
}

/// Keeps out, without a word, every row of a table.
fn keep_out(backend: Backend, table: &str) -> String {
    trigger(backend, "BEFORE INSERT", table, ("SELECT RAISE(IGNORE)", "RETURN NULL"))
}

/// Makes carol a member of whatever room is made.
fn add_carol(backend: Backend) -> String {
    let insert = r#"INSERT INTO "_RoomMembers" VALUES (NEW."id", 'carol')"#;
    trigger(backend, "AFTER INSERT", "Room", (insert, &format!("{insert}; RETURN NULL")))
}

fn refusal(ack: &Value) -> (&str, &str) {
    (ack["code"].as_str().unwrap_or_default(), ack["error"].as_str().unwrap_or_default())
}

const BY_RULE: (&str, &str) = ("conflict", "The database refuses this by a rule of its own");
const BY_UNIQUENESS: (&str, &str) = ("conflict", "The database refuses this: it has such a row already");

on_both! {
    async fn rooms_whose_names_have_to_differ_are_a_conflict(server: TestServer) {
        server.database.execute(r#"CREATE UNIQUE INDEX one_name ON "Room" ("name")"#).await;
        let mut alice = server.connect("alice").await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        assert_eq!(alice.ask("room:create", json!({"name": "Plans"})).await["success"], true);
        assert_eq!(alice.ask("dm:start", "bob".into()).await["success"], true);
        bob.hear("dm:started").await;
        for (event, ask) in [("room:create", json!({"name": "Plans"})), ("dm:start", json!("carol"))] {
            let ack = alice.ask(event, ask).await;
            assert_eq!(refusal(&ack), BY_UNIQUENESS, "{event}: {ack}");
        }
        // A user who has the room already gets it again.
        assert_eq!(alice.ask("dm:start", "bob".into()).await["success"], true);
        assert_eq!(carol.heard().await, []);
        assert_eq!(server.database.select(r#"SELECT count(*) FROM "Room""#).await, ["2"]);
    }
}

on_both! {
    async fn a_room_or_a_member_that_was_not_stored_is_refused_and_not_announced(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        for table in ["_RoomMembers", "Room"] {
            server.database.execute(&keep_out(server.database.backend, table)).await;
            let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
            let before = server.database.all_rows().await;
            for (event, ask) in [
                ("room:create", json!({"name": "Plans", "members": ["bob"]})),
                ("dm:start", json!("bob")),
                ("room:invite", json!({"roomId": "general", "userId": "bob"})),
            ] {
                let ack = alice.ask(event, ask).await;
                assert_eq!(refusal(&ack), BY_RULE, "{table}, {event}: {ack}");
            }
            assert_eq!(bob.heard().await, []);
            assert_eq!(server.database.all_rows().await, before);
        }
    }
}

on_both! {
    async fn members_added_by_a_trigger_are_invited_and_kept_out_of_direct_rooms(server: TestServer) {
        drop(server.connect("carol").await);
        let add = add_carol(server.database.backend);
        let server = restart(server, &add).await;
        let mut carol = server.connect("carol").await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        let ask = json!({"name": "Plans", "type": "private", "members": ["bob"]});
        let ack = alice.ask("room:create", ask).await;
        assert_eq!(ack["room"]["members"], json!(["alice", "bob", "carol"]), "{ack}");
        for client in [&mut bob, &mut carol] {
            assert_eq!(client.hear("room:invited").await["room"], ack["room"]);
        }
        let ack = alice.ask("dm:start", "bob".into()).await;
        assert_eq!(refusal(&ack), BY_RULE, "{ack}");
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.select(r#"SELECT count(*) FROM "Room""#).await, ["1"]);
    }
}

on_both! {
    async fn members_added_together_with_another_are_invited_too(server: TestServer) {
        let backend = server.database.backend;
        let insert = r#"INSERT INTO "_RoomMembers" VALUES (NEW."A", 'carol') ON CONFLICT DO NOTHING"#;
        let add = trigger(backend, "AFTER INSERT", "_RoomMembers", (insert, &format!("{insert}; RETURN NULL")));
        drop(server.connect("carol").await);
        let server = restart(server, &add).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        let ack = alice.ask("room:create", json!({"name": "Plans", "members": ["bob"]})).await;
        assert_eq!(ack["room"]["members"], json!(["alice", "bob", "carol"]), "{ack}");
        bob.hear("room:invited").await;
        let ack = alice.ask("dm:start", "bob".into()).await;
        assert_eq!(refusal(&ack), BY_RULE, "{ack}");
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn a_user_whom_the_database_refuses_connects_and_gets_the_reason(server: TestServer) {
        drop(server.connect("alice").await);
        server.make_room("general", RoomType::Public, &["alice"]).await;
        server.database.execute(r#"CREATE UNIQUE INDEX one_name ON "User" ("name")"#).await;
        let mut other = server.connect_as(&json!({"sub": "other", "name": "Alice"})).await;
        for (event, ask) in [
            ("room:join", json!("general")),
            ("message:send", json!({"roomId": "general", "content": "x"})),
        ] {
            let ack = other.ask(event, ask).await;
            assert_eq!(refusal(&ack), BY_UNIQUENESS, "{event}: {ack}");
        }
        server.database.execute(&keep_out(server.database.backend, "User")).await;
        let mut newcomer = server.connect("newcomer").await;
        let ack = newcomer.ask("room:join", "general".into()).await;
        assert_eq!(refusal(&ack), BY_RULE, "{ack}");
        assert_eq!(server.database.select(r#"SELECT "id" FROM "User""#).await, ["alice"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_value_that_does_not_fit_is_refused_with_its_column() {
    for (alter, event, column) in [
        (
            r#"ALTER TABLE "Message" ALTER "id" TYPE VARCHAR(30)"#,
            "message:send",
            r#""id" of "Message" takes 30"#,
        ),
        (r#"ALTER TABLE "Room" ALTER "id" TYPE VARCHAR(10)"#, "dm:start", r#""id" of "Room" takes 10"#),
        (
            r#"ALTER TABLE "_RoomMembers" ALTER "A" TYPE VARCHAR(10)"#,
            "dm:start",
            r#""A" of "_RoomMembers" takes 10"#,
        ),
        (r#"ALTER TABLE "Room" ALTER "name" TYPE VARCHAR(7)"#, "dm:start", r#""name" of "Room" takes 7"#),
        (
            r#"ALTER TABLE "Reaction" ALTER "id" TYPE VARCHAR(30)"#,
            "reaction:add",
            r#""id" of "Reaction" takes 30"#,
        ),
        (r#"ALTER TABLE "User" ALTER "email" TYPE VARCHAR(19)"#, "newcomer", r#""email" of "User" takes 19"#),
    ] {
        let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await;
        let alice = server.connect_as(&json!({"sub": "alice", "email": "a@example.org"})).await;
        server.make_room("general", RoomType::Public, &["alice"]).await;
        server.database.seed_messages("general", "alice", &[("m1", moment(1))]).await;
        drop(server.connect_as(&json!({"sub": "bob", "email": "b@example.org"})).await);
        drop(alice);
        let server = restart(server, alter).await;
        let mut alice = server.connect_in("alice", "general").await;
        let ack = match event {
            "message:send" => alice.ask(event, json!({"roomId": "general", "content": "two"})).await,
            "dm:start" => alice.ask(event, "bob".into()).await,
            "reaction:add" => alice.ask(event, json!({"messageId": "m1", "emoji": "a"})).await,
            _ => server.connect("newcomer").await.ask("room:join", "general".into()).await,
        };
        let sentence = format!("The database has no room for this: column {column} characters");
        assert_eq!(refusal(&ack), ("conflict", sentence.as_str()), "{alter}: {ack}");
    }
}

/// Puts messages that begin with `move` into another room, gives those that begin with `give` to another sender, and makes one emoji
/// of another.
fn move_rows(backend: Backend) -> String {
    let of_message = |event: &str| {
        let lite = r#"UPDATE "Message" SET "roomId" = 'other' WHERE "id" = NEW."id" AND "content" LIKE 'move%';
            UPDATE "Message" SET "senderId" = 'bob' WHERE "id" = NEW."id" AND "content" LIKE 'give%'"#;
        let pg = r#"IF NEW."content" LIKE 'move%' THEN NEW."roomId" = 'other'; END IF;
            IF NEW."content" LIKE 'give%' THEN NEW."senderId" = 'bob'; END IF; RETURN NEW"#;
        let when = if backend == Backend::Sqlite { "AFTER" } else { "BEFORE" };
        trigger(backend, &format!("{when} {event}"), "Message", (lite, pg))
    };
    let lite = r#"UPDATE "Reaction" SET "emoji" = 'b' WHERE "id" = NEW."id""#;
    let when = if backend == Backend::Sqlite { "AFTER INSERT" } else { "BEFORE INSERT" };
    let of_reaction = trigger(backend, when, "Reaction", (lite, r#"NEW."emoji" = 'b'; RETURN NEW"#));
    [of_message("INSERT"), of_message("UPDATE"), of_reaction].concat()
}

on_both! {
    async fn a_row_that_a_trigger_moves_is_refused_and_nothing_is_stored(server: TestServer) {
        let backend = server.database.backend;
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        server.make_room("other", RoomType::Public, &["alice", "bob"]).await;
        let server = restart(server, &move_rows(backend)).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "other").await;
        bob.ask("room:join", "general".into()).await;
        let id = alice.say("general", "stays").await["id"].take();
        bob.hear("message:new").await;
        let marks = |row: &String| !row.starts_with("own.read_marker");
        let before: Vec<String> = server.database.all_rows().await.into_iter().filter(marks).collect();
        for (event, ask) in [
            ("message:send", json!({"roomId": "general", "content": "move it"})),
            ("message:send", json!({"roomId": "general", "content": "give it"})),
            ("message:edit", json!({"messageId": id, "content": "move it"})),
            ("message:edit", json!({"messageId": id, "content": "give it"})),
            ("reaction:add", json!({"messageId": id, "emoji": "a"})),
        ] {
            let ack = alice.ask(event, ask.clone()).await;
            assert_eq!(refusal(&ack), BY_RULE, "{event} {ask}: {ack}");
        }
        assert_eq!(bob.heard().await, []);
        let after: Vec<String> = server.database.all_rows().await.into_iter().filter(marks).collect();
        assert_eq!(after, before);
        assert_eq!(alice.ask("reaction:add", json!({"messageId": id, "emoji": "b"})).await["success"], true);
    }
}
