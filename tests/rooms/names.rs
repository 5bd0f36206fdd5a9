//! Names of senders that another program changes.

use serde_json::json;

use super::foreign::{ALWAYS, history, say, sync};
use crate::support::{TestServer, on_both};

on_both! {
    async fn a_join_shows_the_current_names_of_senders(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        for content in ["one", "two"] {
            say(&mut alice, content).await;
        }
        say(&mut bob, "three").await;
        bob.heard().await;
        server.database.execute(r#"UPDATE "User" SET "name" = 'Alicia' WHERE "id" = 'alice'"#).await;
        let mut carol = server.connect("carol").await;
        let shown = history(&mut carol).await;
        let name_of = |place: usize| &shown["messages"][place]["senderName"];
        assert_eq!([name_of(2), name_of(1)], ["Alicia", "Alicia"]);
        assert_eq!((&shown["messages"][2]["sender"]["name"], name_of(0)), (&json!("Alicia"), name_of(0)));
        assert_ne!(name_of(0), "Alicia");
        // It is no entry: nobody is told, and the log stays complete.
        assert_eq!(shown["seq"], 3);
        assert!(bob.heard().await.iter().all(|(name, _)| name == "room:user-joined"));
        let answer = sync(&mut bob, 0).await;
        assert_eq!((&answer["complete"], &answer["seq"]), (&json!(true), &json!(3)));
        assert_eq!(answer["events"][0]["data"]["senderName"], "Alicia");
    }
}
