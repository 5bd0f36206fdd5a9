//! Where a token comes from, and whose it is, for tokens that other programs have made.

use serde_json::{Value, json};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    http::{self, Polling},
    server::token,
};

const REFUSAL: &str = r#"{"message":"Authentication failed"}"#;
const ORIGIN: &str = "https://app.example";

async fn start(more: &[&str]) -> TestServer {
    TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, more).await
}

/// The user who is signed in by such a handshake; none if they are refused.
async fn user_of(
    server: &TestServer,
    (query, headers): (&str, &[(&'static str, &str)]),
    auth: &Value,
) -> Option<String> {
    let mut client = Client::open_with(server.address(), query, headers).await;
    match client.sign_in(&auth.to_string()).await {
        Ok(()) => {
            let room = client.ask("room:create", json!({"name": "x"})).await["room"]["id"].take();
            Some(client.say(room.as_str().unwrap(), "hello").await["senderId"].as_str().unwrap().to_owned())
        }
        Err(refusal) => {
            assert_eq!(refusal, REFUSAL);
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_found_in_the_fields_of_auth_and_in_the_header_by_default() {
    let server = start(&[]).await;
    let (alice, bob) = (token("alice"), token("bob"));
    let (bearer, basic) = (format!("Bearer {bob}"), format!("Basic {bob}"));
    let query = format!("&token={bob}");
    let cookie = format!("token={bob}");
    for (query, headers, auth, user) in [
        ("", &[][..], json!({"token": alice}), Some("alice")),
        ("", &[], json!({"token": format!("bearer {alice}")}), Some("alice")),
        ("", &[], json!({"accessToken": alice}), Some("alice")),
        ("", &[("authorization", bearer.as_str())], json!({}), Some("bob")),
        ("", &[("authorization", &bearer)], json!({"token": ""}), Some("bob")),
        // The first place goes first, even with a token that is not good.
        ("", &[("authorization", &bearer)], json!({"token": alice}), Some("alice")),
        ("", &[("authorization", &bearer)], json!({"token": "let me in"}), None),
        ("", &[("authorization", &basic)], json!({}), None),
        ("", &[("authorization", &bob)], json!({}), None),
        (&query, &[("cookie", &cookie), ("origin", ORIGIN)], json!({}), None),
    ] {
        let found = user_of(&server, (query, headers), &auth).await;
        assert_eq!(found.as_deref(), user, "{query} {headers:?} {auth}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_cookie_or_parameter_is_used_and_a_cookie_only_for_pages_that_cors_allows() {
    let places = "cookie:session,query.token,auth.jwt";
    let cors = format!("{ORIGIN},https://*.app.example,null");
    let server = start(&["--token-from", places, "--cors-origin", &cors]).await;
    let (alice, bob) = (token("alice"), token("bob"));
    let query = format!("&token={bob}");
    let whole = format!("theme=dark; session={alice}; session=second");
    let (first, second) = alice.split_at(40);
    let chunks = format!("session.1={second}; session.0={first}; session.3=x");
    let same_site = [("cookie", whole.as_str()), ("sec-fetch-site", "same-origin")];
    for (query, headers, auth, user) in [
        ("", &[("cookie", whole.as_str()), ("origin", ORIGIN)][..], json!({}), Some("alice")),
        ("", &[("cookie", &chunks), ("origin", "https://pr-1.app.example")], json!({}), Some("alice")),
        ("", &[("cookie", "theme=dark"), ("cookie", &whole), ("origin", ORIGIN)], json!({}), Some("alice")),
        // A request to a page's own server may have no Origin.
        ("", &same_site, json!({}), Some("alice")),
        ("", &[("cookie", &whole), ("origin", "https://evil.example")], json!({}), None),
        (
            "",
            &[("cookie", &whole), ("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            json!({}),
            None,
        ),
        ("", &[("cookie", &whole), ("origin", "null")], json!({}), None),
        ("", &[("cookie", &whole), ("sec-fetch-site", "cross-site")], json!({}), None),
        ("", &[("cookie", &whole)], json!({}), None),
        (&query, &[("cookie", &whole), ("origin", "https://evil.example")], json!({}), Some("bob")),
        (&query, &[], json!({}), Some("bob")),
        ("", &[], json!({"jwt": alice}), Some("alice")),
        ("", &[("authorization", &format!("Bearer {bob}"))], json!({"token": bob}), None),
    ] {
        let found = user_of(&server, (query, headers), &auth).await;
        assert_eq!(found.as_deref(), user, "{query} {headers:?} {auth}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_request_of_a_polling_session_is_its_handshake() {
    let server = start(&["--token-from", "query.token,header"]).await;
    let path = format!("/socket.io/?EIO=4&transport=polling&token={}", token("alice"));
    let open = http::get(server.address(), &path).await;
    let open: Value = serde_json::from_str(open.body.strip_prefix('0').unwrap()).unwrap();
    let sid = open["sid"].as_str().unwrap();
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let session = Polling { address: server.address(), path, open: open.clone() };
    assert_eq!(session.post("40").await.body, "ok");
    assert!(session.packets_until("40").await[0].starts_with("40{"));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_the_usual_claims_are_known_without_a_setting() {
    let server = start(&[]).await;
    for (claims, user) in [
        (json!({"id": 7}), Some("7")),
        (json!({"userId": "u-1"}), Some("u-1")),
        (json!({"_id": "665f1c"}), Some("665f1c")),
        (json!({"user": {"id": "u-2", "name": "Ann"}}), Some("u-2")),
        (json!({"sub": "u-3", "id": "u-4"}), Some("u-3")),
        (json!({"sub": 17}), Some("17")),
        (json!({"uuid": "x", "username": "y"}), None),
    ] {
        let auth = json!({"token": TestServer::sign(&claims)});
        assert_eq!(user_of(&server, ("", &[]), &auth).await.as_deref(), user, "{claims}");
    }
    let names = server.database.select(r#"SELECT "name" FROM "User" WHERE "id" = 'u-2'"#).await;
    assert_eq!(names, ["Ann"]);
}

/// Ann is there; somebody whom her provider calls otherwise signs in with her address.
async fn second_sign_in(backend: Backend, setting: &str, claims: Value) -> (TestServer, Option<String>) {
    let database = TestDatabase::create(backend).await;
    let server = TestServer::start_with(database, &["--same-email", setting]).await;
    let ann = json!({"sub": "ann", "name": "Ann", "email": "ann@example.org", "email_verified": true});
    assert_eq!(user_of(&server, ("", &[]), &json!({"token": TestServer::sign(&ann)})).await.unwrap(), "ann");
    let user = user_of(&server, ("", &[]), &json!({"token": TestServer::sign(&claims)})).await;
    (server, user)
}

async fn the_same_email_is_what_the_setting_says(backend: Backend) {
    let other = json!({"sub": "google|7", "name": "Ann", "email": "ann@example.org"});
    let emails = r#"SELECT "email" FROM "User" ORDER BY "id""#;
    let ids = r#"SELECT "id" FROM "User" ORDER BY "id""#;

    let (server, user) = second_sign_in(backend, "separate", other.clone()).await;
    assert_eq!(user.as_deref(), Some("google|7"));
    assert_eq!(server.database.select(emails).await, ["ann@example.org", "google|7@users.invalid"]);

    let (server, user) = second_sign_in(backend, "refuse", other.clone()).await;
    assert_eq!(user, None);
    assert_eq!(server.database.select(ids).await, ["ann"]);

    let (server, user) = second_sign_in(backend, "link", other.clone()).await;
    assert_eq!(user.as_deref(), Some("google|7"), "a token that says nothing opens no account of another");
    assert_eq!(server.database.select(emails).await, ["ann@example.org", "google|7@users.invalid"]);

    let mut verified = other;
    verified["email_verified"] = true.into();
    let (server, user) = second_sign_in(backend, "link", verified).await;
    assert_eq!(user.as_deref(), Some("ann"));
    assert_eq!(server.database.select(ids).await, ["ann"]);

    for setting in ["refuse", "link"] {
        for claim in [
            json!({"email": "ann@example.org", "email_verified": false}),
            json!({"email": "ann@example.org", "email_verified": "false"}),
            json!({"email": "ann@example.org", "emailVerified": null}),
            json!({"user": {"email": "ann@example.org", "email_verified": false}}),
        ] {
            let mut unverified = claim;
            unverified["sub"] = "evil|7".into();
            let (server, user) = second_sign_in(backend, setting, unverified).await;
            assert_eq!(user, None, "an address that nobody has verified opens no account");
            assert_eq!(server.database.select(ids).await, ["ann"]);
        }
    }
}

/// Somebody names the address of Ann, who has never been here. Ann then signs in with a verified address.
async fn an_address_that_is_only_named_is_not_stored(backend: Backend) {
    let planted = "evil|7@users.invalid";
    for (setting, verification, stored) in [
        ("separate", json!({}), "ann@example.org"),
        ("separate", json!({"email_verified": false}), planted),
        ("refuse", json!({"email_verified": false}), planted),
        ("link", json!({"email_verified": false}), planted),
        ("link", json!({}), planted),
    ] {
        let database = TestDatabase::create(backend).await;
        let server = TestServer::start_with(database, &["--same-email", setting]).await;
        let mut evil = json!({"sub": "evil|7", "email": "ann@example.org"});
        evil.as_object_mut().unwrap().extend(verification.as_object().unwrap().clone());
        let auth = json!({"token": TestServer::sign(&evil)});
        assert_eq!(user_of(&server, ("", &[]), &auth).await.unwrap(), "evil|7");
        let emails = server.database.select(r#"SELECT "email" FROM "User""#).await;
        assert_eq!(emails, [stored], "{setting} {verification}");
        let ann = json!({"sub": "ann", "email": "ann@example.org", "email_verified": true});
        let auth = json!({"token": TestServer::sign(&ann)});
        assert_eq!(user_of(&server, ("", &[]), &auth).await.unwrap(), "ann", "{setting} {verification}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unverified_address_is_not_kept_from_its_owner_on_sqlite() {
    an_address_that_is_only_named_is_not_stored(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unverified_address_is_not_kept_from_its_owner_on_postgres() {
    an_address_that_is_only_named_is_not_stored(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_user_of_one_email_is_made_refused_or_linked_on_sqlite() {
    the_same_email_is_what_the_setting_says(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_user_of_one_email_is_made_refused_or_linked_on_postgres() {
    the_same_email_is_what_the_setting_says(Backend::Postgres).await;
}
