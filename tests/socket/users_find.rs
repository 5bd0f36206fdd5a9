//! `users:find`.

use serde_json::json;

use crate::support::{
    Backend, Client, TestServer, on_both,
    refusals::{not_objects, refuses_bad_input, with_bad},
};

async fn found(client: &mut Client, query: &str) -> Vec<String> {
    let answer = client.ask("users:find", json!({"query": query})).await;
    let users = answer["users"].as_array().unwrap_or_else(|| panic!("{answer}"));
    users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
}

async fn know(server: &TestServer, users: &[(&str, &str)]) {
    let rows: Vec<_> =
        users.iter().map(|(id, name)| format!("('{id}', '{name}', '{id}@example.org')")).collect();
    let insert = r#"INSERT INTO "User" ("id", "name", "email")"#;
    server.database.execute(&format!("{insert} VALUES {}", rows.join(", "))).await;
}

on_both! {
    async fn users_are_found_by_any_part_of_name_or_id_in_either_case(server: TestServer) {
        know(&server, &[("u1", "Grace Hopper"), ("u2", "Ada Lovelace"), ("ACE", "Zed"), ("u4", "Émile")]).await;
        let mut alice = server.connect("alice").await;

        assert_eq!(found(&mut alice, "ace").await, ["u2", "u1", "ACE"], "by name");
        assert_eq!(found(&mut alice, " HOPPER ").await, ["u1"]);
        assert_eq!(found(&mut alice, "mile").await, ["u4"]);
        assert_eq!(found(&mut alice, "nobody").await, Vec::<String>::new());
        assert_eq!(found(&mut alice, "alice").await, ["alice"]);
        if server.database.backend == Backend::Postgres {
            assert_eq!(found(&mut alice, "éMILE").await, ["u4"]);
        }
        let answer = alice.ask("users:find", json!({"query": "Zed"})).await;
        assert_eq!(answer["users"], json!([{"id": "ACE", "name": "Zed", "avatar": null}]));
    }
}

on_both! {
    async fn wildcards_of_the_database_match_themselves(server: TestServer) {
        know(&server, &[("u1", "100 %"), ("u2", "snake_case"), ("u3", r"back\slash"), ("u4", "plain")]).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(found(&mut alice, "%").await, ["u1"]);
        assert_eq!(found(&mut alice, "_").await, ["u2"]);
        assert_eq!(found(&mut alice, r"\").await, ["u3"]);
        assert_eq!(found(&mut alice, "' OR 1=1 --").await, Vec::<String>::new());
    }
}

on_both! {
    async fn an_empty_query_finds_anybody_and_at_most_20_users_are_returned(server: TestServer) {
        let users: Vec<_> = (0..30).map(|n| (format!("u{n:02}"), format!("Name {n:02}"))).collect();
        let users: Vec<_> = users.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
        know(&server, &users).await;
        let mut alice = server.connect("zoe").await;
        let expected: Vec<_> = users.iter().take(20).map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(found(&mut alice, "").await, expected);
    }
}

on_both! {
    async fn bad_input_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let long = json!("x".repeat(513)).to_string();
        let queries = [String::new(), "null".into(), "7".into(), "{}".into(), json!("a\u{0}").to_string(), long];
        let mut bad = not_objects();
        bad.extend(with_bad(&json!({"query": ""}), "query", &queries));
        refuses_bad_input(&mut alice, "users:find", &bad).await;
    }
}
