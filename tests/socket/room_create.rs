//! `room:create`.

use serde_json::{Value, json};

use crate::support::{
    on_both,
    refusals::{not_ids, not_objects, refuses_bad_input, with_bad},
};

on_both! {
    async fn a_new_room_has_its_members_and_all_their_other_sockets_are_invited(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let mut alices_tab = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        let mut carol = server.connect("carol").await;

        let ask = json!({"name": "  Plans ", "type": "private", "members": ["bob", "alice", "bob"]});
        let ack = alice.ask("room:create", ask).await;

        let room = &ack["room"];
        assert_eq!((&room["name"], &room["type"]), (&json!("Plans"), &json!("private")), "{ack}");
        assert_eq!(room["members"], json!(["alice", "bob"]));
        let told = json!({"room": room, "from": {"id": "alice", "name": "Alice"}});
        for client in [&mut alices_tab, &mut bob] {
            assert_eq!(client.heard().await, [("room:invited".to_owned(), told.clone())]);
        }
        assert_eq!(alice.heard().await, []);
        assert_eq!(carol.heard().await, []);
        let members = r#"SELECT "B" FROM "_RoomMembers" ORDER BY 1"#;
        assert_eq!(server.database.select(members).await, ["alice", "bob"]);

        let id = room["id"].as_str().unwrap();
        assert_eq!(bob.ask("room:join", id.into()).await["success"], true);
        alice.say(id, "welcome").await;
        assert_eq!(bob.hear("message:new").await["content"], "welcome");
        assert_eq!(carol.ask("room:join", id.into()).await["code"], "forbidden");
    }
}

on_both! {
    async fn a_room_without_type_and_members_is_public_has_the_caller_and_is_listed_at_once(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        assert_eq!(bob.ask("rooms:list", json!({})).await["rooms"], json!([]));

        let room = alice.ask("room:create", json!({"name": "Ideas"})).await["room"].clone();

        assert_eq!((&room["type"], &room["members"]), (&json!("public"), &json!(["alice"])));
        let listed = bob.ask("rooms:list", json!({})).await["rooms"].clone();
        assert_eq!((&listed[0]["id"], &listed[0]["isMember"]), (&room["id"], &json!(false)));
        assert_eq!(bob.heard().await, []);
        let other = alice.ask("room:create", json!({"name": "Ideas"})).await["room"].clone();
        assert_ne!(other["id"], room["id"], "a name is not an id");
    }
}

on_both! {
    async fn an_unknown_member_is_refused_and_no_room_is_created(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        let rows = server.database.all_rows().await;
        let ack = alice.ask("room:create", json!({"name": "Plans", "members": ["bob", "nobody"]})).await;
        assert_eq!(ack["code"], "user_not_found", "{ack}");
        assert_eq!(server.database.all_rows().await, rows);
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn bad_input_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let good = json!({"name": "Plans", "type": "private", "members": ["alice"]});
        let name = |name: &str| json!(name).to_string();
        let long = "x".repeat(201);
        let names = [String::new(), "null".into(), "7".into(), name(""), name(" \n"), name("a\u{0}"), name(&long)];
        let types = ["7", r#""direct""#, r#""Public""#, r#""""#, "{}"].map(str::to_owned);
        let many: Value = (0..101).map(|n| n.to_string()).collect();
        let mut members: Vec<String> = ["7", r#""bob""#, "{}", "[7]", "[null]"].map(str::to_owned).into();
        // An empty text stands for a list that is missing, which is allowed.
        members.extend(not_ids().into_iter().filter(|id| !id.is_empty()).map(|id| format!("[{id}]")));
        members.push(many.to_string());
        let mut bad = not_objects();
        bad.extend(with_bad(&good, "name", &names));
        bad.extend(with_bad(&good, "type", &types));
        bad.extend(with_bad(&good, "members", &members));
        refuses_bad_input(&mut alice, "room:create", &bad).await;
        assert_eq!(server.database.select(r#"SELECT "id" FROM "Room""#).await, Vec::<String>::new());
    }
}
