//! Refusals, which sound the same whatever the event: of an argument that it cannot take, of a room that is not the caller's.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::{Client, TestServer, moment};

/// Values that are not valid ids, as JSON text. The empty text means that the value is missing.
pub fn not_ids() -> Vec<String> {
    let short =
        ["", "null", "7", "true", "[]", r#"["general"]"#, "{}", r#"{"contains":""}"#, r#"{"not":""}"#];
    let texts = [String::new(), "x".repeat(513), "😀".repeat(129), "a\u{0}b".to_owned()];
    short.iter().map(|text| (*text).to_owned()).chain(texts.map(|text| json!(text).to_string())).collect()
}

/// A good argument with one key at a time left out or filled with what is none of it.
pub fn with_bad(good: &Value, key: &str, bad: &[String]) -> Vec<String> {
    let with = |bad: &String| {
        let mut argument = good.clone();
        argument.as_object_mut().unwrap().remove(key);
        if !bad.is_empty() {
            argument[key] = serde_json::from_str(bad).unwrap();
        }
        argument.to_string()
    };
    bad.iter().map(with).collect()
}

/// Values that are not objects, and so not payloads of an event with several values.
pub fn not_objects() -> Vec<String> {
    ["", "null", "7", "true", r#""text""#, "[]", "{}"].map(str::to_owned).into()
}

/// Each argument is refused as bad input: on the ack where there is one, else by `room:error` to the caller.
pub async fn refuses_bad_input(caller: &mut Client, event: &str, arguments: &[String]) {
    assert!(!arguments.is_empty());
    for argument in arguments {
        let ack = caller.ask_text(event, argument).await;
        assert_eq!(ack["code"], "bad_input", "{event} {argument:.200}: {ack}");
        ensure_refused(event, &ack);
    }
    assert_eq!(caller.heard().await, []);
    for argument in arguments {
        caller.emit_text(event, argument).await;
    }
    // Events that run apart from the others are answered when they end.
    for _ in arguments {
        let (name, error) = caller.next().await;
        assert_eq!(name, "room:error");
        assert_eq!((&error["event"], &error["code"]), (&json!(event), &json!("bad_input")));
        assert!(error["error"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    }
}

/// The ack says no, and in words.
fn ensure_refused(event: &str, ack: &Value) {
    assert_eq!(ack["success"], false, "{ack}");
    assert!(ack["error"].as_str().is_some_and(|text| !text.is_empty()), "{ack}");
    let messages = (event == "messages:load").then(|| json!([]));
    assert_eq!(ack.get("messages"), messages.as_ref(), "{ack}");
}

/// Rooms that carol may not enter, with the code of the refusal.
pub const CLOSED_ROOMS: [(&str, &str); 5] = [
    ("secret", "forbidden"),
    ("dm:alice:bob", "forbidden"),
    ("user:alice", "forbidden"),
    ("user:carol", "forbidden"),
    ("nowhere", "room_not_found"),
];

/// Carol before closed doors: alice and bob are in their private and in their direct room, and listen.
pub struct Closed {
    pub server: TestServer,
    pub alice: Client,
    pub bob: Client,
    pub carol: Client,
    carols_other_tab: Client,
    rows: Vec<String>,
}

impl Closed {
    /// The message `m-alice` is in `secret`, `m-bob` in the direct room, and `m-carol`, with her thumb on it, in
    /// `secret`, from better days.
    pub async fn start(server: TestServer) -> Self {
        server.make_room("lobby", RoomType::Public, &["carol"]).await;
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        server.make_room("dm:alice:bob", RoomType::Direct, &["alice", "bob"]).await;
        for (id, room) in [("m-alice", "secret"), ("m-bob", "dm:alice:bob"), ("m-carol", "secret")] {
            server.database.seed_messages(room, id.trim_start_matches("m-"), &[(id, moment(0))]).await;
        }
        let reaction = r#"INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")"#;
        server.database.execute(&format!("{reaction} VALUES ('r-carol', 'm-carol', 'carol', '👍')")).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect_in("bob", "secret").await;
        for client in [&mut alice, &mut bob] {
            client.ask("room:join", "dm:alice:bob".into()).await;
            // Its ack comes when the read marks of joining are stored, too: nothing is written later.
            assert_eq!(client.ask("room:read", "secret".into()).await["success"], true);
        }
        alice.heard().await;
        bob.heard().await;
        let carol = server.connect("carol").await;
        let carols_other_tab = server.connect("carol").await;
        let rows = server.database.all_rows().await;
        Self { server, alice, bob, carol, carols_other_tab, rows }
    }

    /// Carol is refused, with an ack and without, and her own socket hears why.
    pub async fn refuses(&mut self, event: &str, argument: Value, room: Option<&str>, code: &str) {
        let ack = self.carol.ask(event, argument.clone()).await;
        assert_eq!(ack["code"], code, "{event} {argument}: {ack}");
        ensure_refused(event, &ack);
        let mut error = json!({ "event": event, "code": code, "error": ack["error"] });
        if let Some(room) = room {
            error["roomId"] = room.into();
        }
        let expected = [("room:error".to_owned(), error)];
        assert_eq!(self.carol.heard().await, expected);
        self.carol.emit(event, argument).await;
        assert_eq!(self.carol.heard().await, expected);
    }

    /// Carol is refused in each of [`CLOSED_ROOMS`].
    pub async fn refuses_each_room(&mut self, event: &str, argument: impl Fn(&str) -> Value) {
        for (room, code) in CLOSED_ROOMS {
            self.refuses(event, argument(room), Some(room), code).await;
        }
    }

    /// Nobody else heard anything, and nothing was stored.
    pub async fn stays_as_it_was(&mut self) {
        for client in [&mut self.alice, &mut self.bob, &mut self.carols_other_tab] {
            assert_eq!(client.heard().await, []);
        }
        assert_eq!(self.server.database.all_rows().await, self.rows);
    }
}
