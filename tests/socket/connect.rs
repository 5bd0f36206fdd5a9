//! Sign-in: accepted and refused tokens, and users who are not in the database yet.

use chatoxide::chat::room::RoomType;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    http::{self, Polling, Websocket},
    on_both,
    server::{PING_TIMEOUT_MS, SECRET},
};

const REFUSAL: &str = r#"{"message":"Authentication failed"}"#;

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

/// The user's row: name, e-mail address, avatar.
async fn user_row(server: &TestServer, id: &str) -> String {
    let columns = r#""name" || ' ' || "email" || ' ' || COALESCE("avatar", 'none')"#;
    server.database.select(&format!(r#"SELECT {columns} FROM "User" WHERE "id" = '{id}'"#)).await.join("\n")
}

on_both! {
    async fn a_bad_token_is_refused_in_these_words_and_no_others(server: TestServer) {
        let now = chatoxide::clock::now().millis() / 1000;
        let good = TestServer::sign(&json!({"sub": "mallory"}));
        let (head_and_payload, signature) = good.rsplit_once('.').unwrap();
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}", good.split('.').nth(1).unwrap());
        let tokens = [
            json!(null),
            json!(17),
            json!({"sub": "mallory"}),
            json!(""),
            json!("let me in"),
            json!("..."),
            json!(head_and_payload),
            json!(format!("{head_and_payload}.")),
            json!(format!("{unsigned}.")),
            json!(format!("{unsigned}.{signature}")),
            json!(signed(Algorithm::HS256, "another secret", &json!({"sub": "mallory"}))),
            json!(TestServer::sign(&json!({"sub": "mallory", "exp": now - 1}))),
            json!(TestServer::sign(&json!({"sub": "mallory", "exp": "2999-01-01"}))),
            json!(TestServer::sign(&json!({"sub": "mallory", "nbf": now + 3600}))),
            json!(TestServer::sign(&json!({"name": "Mallory"}))),
            json!(TestServer::sign(&json!({"sub": ""}))),
            json!(TestServer::sign(&json!({"sub": 17.5}))),
            json!(TestServer::sign(&json!({"sub": {"contains": ""}}))),
            json!(TestServer::sign(&json!({"sub": null}))),
            json!(TestServer::sign(&json!({"sub": "x".repeat(513)}))),
            json!(TestServer::sign(&json!("mallory"))),
        ];
        let auths = tokens.iter().map(|token| json!({"token": token}).to_string());
        for auth in auths.chain([String::new(), "{}".to_owned(), json!({"Token": good}).to_string()]) {
            let refusal = Client::connect_with(server.address(), &auth).await.err();
            assert_eq!(refusal.as_deref(), Some(REFUSAL), "{auth}");
        }
        assert_eq!(server.database.select(r#"SELECT "id" FROM "User""#).await, Vec::<String>::new());
    }
}

on_both! {
    async fn a_token_is_good_by_any_of_three_algorithms_and_needs_no_more_than_a_user(server: TestServer) {
        let now = chatoxide::clock::now().millis() / 1000;
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let claims = json!({"sub": "alice", "exp": now + 60, "nbf": now - 1, "aud": "anybody", "iss": "x"});
            for claims in [&claims, &json!({"sub": "alice"})] {
                let token = signed(algorithm, SECRET, claims);
                assert!(Client::connect(server.address(), &token).await.is_ok(), "{algorithm:?} {claims}");
            }
        }
    }
}

on_both! {
    async fn a_user_who_was_not_known_is_kept_as_the_token_says(server: TestServer) {
        let picture = "https://example.org/a.png";
        for (claims, row) in [
            (json!({"sub": "u-1", "name": "Ann", "email": "ann@example.org", "picture": picture, "avatar": "b"}),
                format!("Ann ann@example.org {picture}")),
            (json!({"sub": "u-2", "name": "Ben", "avatar": picture}), format!("Ben u-2@users.invalid {picture}")),
            (json!({"sub": "u-3"}), "u-3 u-3@users.invalid none".to_owned()),
            // Somebody else's address is not taken over, and claims that are no text are none.
            (json!({"sub": "u-4", "name": "Eve", "email": "ann@example.org"}),
                "Eve u-4@users.invalid none".to_owned()),
            (json!({"sub": "u-5", "name": 7, "email": ["x"], "picture": {"url": 1}}),
                "u-5 u-5@users.invalid none".to_owned()),
            (json!({"sub": "u-6", "name": "nul \u{0}", "email": ""}), "u-6 u-6@users.invalid none".to_owned()),
        ] {
            let _client = server.connect_as(&claims).await;
            assert_eq!(user_row(&server, claims["sub"].as_str().unwrap()).await, row);
        }
    }
}

on_both! {
    async fn a_user_who_was_known_stays_as_the_database_has_them(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let claims = json!({"sub": "alice", "name": "Alicia", "email": "new@example.org", "picture": "new.png"});
        let mut alice = server.connect_as(&claims).await;
        assert_eq!(user_row(&server, "alice").await, "alice alice@users.invalid none");
        assert_eq!(alice.say("general", "hello").await["senderName"], "alice");
    }
}

on_both! {
    async fn five_tabs_of_a_user_who_was_not_known_make_one_user(server: TestServer) {
        futures_util::future::join_all((0..5).map(|_| server.connect("alice"))).await;
        assert_eq!(server.database.select(r#"SELECT "id" FROM "User""#).await, ["alice"]);
    }
}

on_both! {
    async fn a_user_with_an_odd_id_is_that_user_everywhere(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let id = "al'ice \"\\ 😀:%_\n";
        let mut odd = server.connect_as(&json!({"sub": id, "name": "<b>Odd</b>"})).await;
        odd.ask("room:join", "general".into()).await;
        let joined = json!({"roomId": "general", "user": {"id": id, "name": "<b>Odd</b>"}});
        assert_eq!(alice.heard().await, [("room:user-joined".to_owned(), joined)]);
        assert_eq!(odd.say("general", "hello").await["senderId"], id);
        assert_eq!(alice.ask("dm:start", id.into()).await["success"], true);
        assert_eq!(odd.hear("dm:started").await["from"]["id"], "alice");
    }
}

async fn only_who_is_known_is_let_in(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let server = TestServer::start_with(database, &["--auto-create-users", "false"]).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let refusal = Client::connect(server.address(), &server.token("stranger")).await.err();
    assert_eq!(refusal.as_deref(), Some(REFUSAL));
    let mut alice = server.connect_in("alice", "general").await;
    alice.say("general", "hello").await;
    assert_eq!(server.database.select(r#"SELECT "id" FROM "User""#).await, ["alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_users_sign_in_without_auto_create_on_sqlite() {
    only_who_is_known_is_let_in(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_users_sign_in_without_auto_create_on_postgres() {
    only_who_is_known_is_let_in(Backend::Postgres).await;
}

on_both! {
    async fn a_client_that_breaks_the_protocol_is_aborted_and_nobody_else_is_harmed(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let send = r#"["message:send",{"roomId":"general","content":"no token"}]"#;
        for frames in [vec![format!("42{send}")], vec![format!("420{send}")], vec!["40[\"token\"]".to_owned()],
            vec!["40not json".to_owned()], vec![format!("40{}", json!({"token": "bad"})), format!("42{send}")]]
        {
            let mut mallory = Client::open(server.address()).await;
            for frame in &frames {
                mallory.write(frame).await;
            }
            assert_eq!(mallory.hear_to_the_end().await, [], "{frames:?}");
        }
        let reserved = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
        let reserved = reserved.map(|name| format!("42{}", json!([name, "general"])));
        for frame in ["x", "9", "49", "42{}", "42[", "42[]"].map(str::to_owned).iter().chain(&reserved) {
            let mut mallory = server.connect("mallory").await;
            mallory.write(frame).await;
            assert_eq!(mallory.hear_to_the_end().await, [], "{frame}");
        }
        alice.say("general", "still here").await;
        assert_eq!(bob.heard_names().await, ["message:new"]);
    }
}

on_both! {
    async fn an_unknown_event_harms_nobody(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for event in ["message:sned", "", "__proto__", "room:history", "message:new"] {
            bob.emit(event, json!({"roomId": "general", "content": "x"})).await;
            let ack = bob.ask(event, json!({"roomId": "general", "content": "x"})).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("bad_input")));
            // The event without an ack gets this.
            assert_eq!(bob.heard_names().await, ["room:error"]);
        }
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn sign_in_and_events_work_over_polling_too(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let carol = Polling::connect(server.address(), &server.token("carol")).await;
        let expected = json!({
            "sid": carol.open["sid"], "upgrades": ["websocket"], "pingInterval": 25_000,
            "pingTimeout": PING_TIMEOUT_MS, "maxPayload": 1_000_000,
        });
        assert_eq!(carol.open, expected);

        let packets = "420[\"room:join\",\"general\"]\u{1e}42[\"typing:start\",\"general\"]";
        assert_eq!(carol.post(packets).await.body, "ok");
        let packets = carol.packets_until("430").await;

        assert!(packets[0].starts_with(r#"42["room:history","#), "{packets:?}");
        assert!(packets[1].starts_with(r#"42["room:members","#), "{packets:?}");
        assert_eq!(packets[2], r#"430[{"success":true}]"#);
        assert_eq!(alice.next().await.0, "room:user-joined");
        assert_eq!(alice.next().await.0, "typing:user");
    }
}

on_both! {
    async fn a_connection_ends_when_it_was_refused_again_and_again(server: TestServer) {
        let client = Client::open(server.address()).await;
        // The library ignores those that come while another is looked at, however many these are.
        client.repeat_to_the_end(r#"40{"token":"let me in"}"#).await;

        // Once is a mistake that may be mended.
        let mut client = Client::open(server.address()).await;
        let refused = client.sign_in(r#"{"token":"let me in"}"#).await.unwrap_err();
        assert!(refused.contains("Authentication failed"), "{refused}");
        // A CONNECT that arrives before the refusal is complete is ignored, so make a round trip first.
        assert_eq!(http::get(server.address(), "/healthz").await.status, 200);
        client.sign_in(&format!(r#"{{"token":"{}"}}"#, server.token("alice"))).await.unwrap();
        assert_eq!(client.ask("rooms:list", json!({})).await["success"], true);
    }
}

on_both! {
    async fn the_last_refusal_arrives_before_the_connection_ends(server: TestServer) {
        let mut websocket = Websocket::open(server.address(), "").await;
        assert!(websocket.next().await.unwrap().starts_with("0{"));
        let polling = Polling::open(server.address()).await;
        for _ in 0..3 {
            websocket.send(r#"40{"token":"let me in"}"#).await;
            assert_eq!(websocket.next().await.as_deref(), Some(format!("44{REFUSAL}").as_str()));
            polling.post(r#"40{"token":"let me in"}"#).await;
            assert_eq!(polling.packets_until("44").await.first().unwrap(), &format!("44{REFUSAL}"));
        }
        assert_eq!(websocket.next().await, None);
    }
}

on_both! {
    async fn no_token_is_checked_over_polling_after_the_third_refusal(server: TestServer) {
        let session = Polling::open(server.address()).await;
        for _ in 0..3 {
            session.post(r#"40{"token":"let me in"}"#).await;
            session.packets_until("44").await;
        }
        session.post(&format!(r#"40{{"token":"{}"}}"#, server.token("alice"))).await;
        let answer = http::get(server.address(), &session.path()).await;
        assert!(!answer.body.contains("40{"), "{}", answer.body);
    }
}
