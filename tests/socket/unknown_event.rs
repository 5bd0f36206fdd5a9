//! Events that the server does not know.

use serde_json::json;

use crate::support::on_both;

on_both! {
    async fn an_unknown_event_is_answered_with_an_ack_and_without(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let long = "n".repeat(1_000);
        for (name, shown) in [("message:sent", "message:sent"), ("", ""), ("日本", "日本"), (&*long, &long[..128])] {
            let ack = alice.ask(name, json!({"roomId": "general"})).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("bad_input")), "{name}");
            assert_eq!(alice.heard().await, []);

            alice.emit(name, json!({"roomId": "general"})).await;
            let error = json!({"event": shown, "code": "bad_input", "error": ack["error"]});
            assert_eq!(alice.heard().await, [("room:error".to_owned(), error)]);
        }
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn an_ack_of_the_number_0_or_with_more_arguments_is_an_ack_like_any_other(server: TestServer) {
        let mut alice = server.connect("alice").await;
        server.make_room("general", chatoxide::chat::room::RoomType::Public, &["alice"]).await;
        // The first that a client asks for has the number 0.
        let ack = alice.ask_text("room:join", r#""general",{"more":1},[2],null"#).await;
        assert_eq!(ack, json!({"success": true}));
    }
}
