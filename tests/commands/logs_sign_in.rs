//! The log says whom a sign-in makes a second user of, why an endpoint does not answer, and which file is used.

use serde_json::json;

use super::logs::Logged;
use crate::support::{Backend, Client, TestDatabase, TestServer, prisma::prisma_sqlite_tables};

#[tokio::test]
async fn a_second_user_of_an_email_address_is_logged_with_the_owner_and_the_setting() {
    for (same_email, outcome) in [("separate", "a second user without it"), ("refuse", "refused")] {
        let database = TestDatabase::create(Backend::Sqlite).await;
        database.execute(&prisma_sqlite_tables("0", "1")).await;
        let server = Logged::start_on(database, &[("SAME_EMAIL", same_email)]).await;
        let claims =
            json!({"sub": "alice-2", "name": "Alice", "email": "alice@example.org", "email_verified": true});
        if let Ok(mut alice) = Client::connect(server.address, &TestServer::sign(&claims)).await {
            assert_eq!(same_email, "separate");
            alice.ask("rooms:list", json!({})).await;
        }
        let log = server.end().await;
        let told = log.lines().filter(|line| {
            line.contains("another user has the e-mail address of a new user: see SAME_EMAIL")
        });
        let told: Vec<&str> = told.collect();
        assert_eq!(told.len(), 1, "{log}");
        for part in ["WARN", "alice-2", "owner=alice", outcome] {
            assert!(told[0].contains(part), "{part} in: {}", told[0]);
        }
        assert!(!log.contains("alice@example.org"), "{log}");
    }
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_reached_is_logged_with_its_address_and_the_cause() {
    let endpoint = [("JWT_SECRET", ""), ("AUTH_URL", "http://127.0.0.1:1/who?key=hidden")];
    let server = Logged::start(Backend::Sqlite, &endpoint).await;
    let mut client = Client::open(server.address).await;
    client.write("40{}").await;
    assert_eq!(client.packet().await, None);
    let log = server.end().await;
    let told: Vec<&str> = log.lines().filter(|line| line.contains("nobody can be signed in")).collect();
    assert_eq!(told.len(), 1, "{log}");
    for part in ["WARN", "AUTH_URL (http://127.0.0.1:1/who", "refused"] {
        assert!(told[0].contains(part), "{part} in: {}", told[0]);
    }
    assert!(!log.contains("hidden"), "{log}");
}

#[tokio::test]
async fn the_file_that_a_url_of_prisma_names_is_logged() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let folder = database.folder.path().join("prisma");
    std::fs::create_dir(&folder).unwrap();
    for file in ["schema.prisma", "dev.db"] {
        std::fs::write(folder.join(file), "").unwrap();
    }
    let server = Logged::start_on(database, &[("DATABASE_URL", "file:./dev.db"), ("RUST_LOG", "info")]).await;
    let log = server.end().await;
    let choice = "the file prisma/dev.db, beside prisma/schema.prisma, as Prisma reads it";
    assert_eq!(log.matches(choice).count(), 1, "{log}");
}
