//! `users:show`.

use serde_json::json;

use crate::support::{
    on_both,
    refusals::{not_ids, not_objects, refuses_bad_input, with_bad},
};

on_both! {
    async fn users_are_shown_by_their_ids_and_those_who_do_not_exist_are_left_out(server: TestServer) {
        let insert = r#"INSERT INTO "User" ("id", "name", "email", "avatar")"#;
        let rows = "('u1', 'Ada', 'ada@example.org', 'https://example.org/a.png'), ('u2', 'Bo', 'bo@example.org', NULL)";
        server.database.execute(&format!("{insert} VALUES {rows}")).await;
        let mut alice = server.connect("alice").await;
        let answer = alice.ask("users:show", json!({"userIds": ["u2", "nobody", "u1", "u2", "U1"]})).await;
        let ada = json!({"id": "u1", "name": "Ada", "avatar": "https://example.org/a.png"});
        assert_eq!(answer["users"], json!([ada, {"id": "u2", "name": "Bo", "avatar": null}]), "{answer}");
        assert_eq!(alice.ask("users:show", json!({"userIds": []})).await["users"], json!([]));
    }
}

on_both! {
    async fn bad_input_to_users_show_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let good = json!({"userIds": ["bob"]});
        let many = json!(vec!["bob"; 101]).to_string();
        let bad: Vec<String> = not_ids()
            .into_iter()
            .filter(|id| id != "[]")
            .map(|id| if id.is_empty() { id } else { format!("[{id}]") })
            .chain(["null".to_owned(), "7".to_owned(), "{}".to_owned(), many])
            .collect();
        refuses_bad_input(&mut alice, "users:show", &with_bad(&good, "userIds", &bad)).await;
        refuses_bad_input(&mut alice, "users:show", &not_objects()).await;
    }
}
