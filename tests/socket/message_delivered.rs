//! `message:delivered`, with `DELIVERY_RECEIPTS`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{TestServer, on_both};

fn delivered(seq: i64) -> Value {
    json!({"roomId": "general", "seq": seq})
}

on_both! {
    async fn the_others_are_told_what_has_reached_a_device_and_it_never_goes_back(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--delivery-receipts", "true"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut phone = server.connect("bob").await;
        for n in 0..3 {
            alice.say("general", &n.to_string()).await;
        }
        bob.heard().await;
        alice.heard().await;
        for (is_phone, seq) in [(false, 2), (true, 1), (true, 3), (false, 99), (false, 2)] {
            let device = if is_phone { &mut phone } else { &mut bob };
            assert_eq!(device.ask("message:delivered", delivered(seq)).await, json!({"success": true}));
        }
        let told = |seq: i64| ("message:delivered".to_owned(), json!({"roomId": "general", "userId": "bob", "seq": seq}));
        // A message comes after all of it.
        alice.say("general", "the end").await;
        let mut heard = alice.heard().await;
        assert_eq!(heard.pop().unwrap().0, "message:new");
        assert_eq!(heard, [told(2), told(3), told(3)]);
        // It is no read mark, and is stored at the latest when the server stops.
        let database = server.stop().await;
        let stored = database.own("SELECT user_id || ' ' || seq FROM own.delivery_marker");
        assert_eq!(database.select(&stored).await, ["bob 3"]);
    }
}

on_both! {
    async fn many_deliveries_are_as_bounded_as_typing(server: TestServer) {
        let settings = ["--delivery-receipts", "true", "--ephemeral-rate", "1"];
        let server = TestServer::start_with(server.stop().await, &settings).await;
        let (mut alice, mut bob) = server.meet().await;
        for n in 0..50 {
            alice.say("general", &n.to_string()).await;
        }
        bob.heard().await;
        alice.heard().await;
        for seq in 1..=50 {
            bob.emit("message:delivered", delivered(seq)).await;
        }
        bob.say("general", "hello").await;
        let told: Vec<Value> = alice.heard().await.into_iter().map(|(_, told)| told["seq"].clone()).collect();
        assert_eq!(told, (1..=51).map(Value::from).collect::<Vec<_>>());
    }
}

on_both! {
    async fn without_the_setting_the_event_is_unknown(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let refused = bob.ask("message:delivered", delivered(0)).await;
        assert_eq!((&refused["code"], &refused["error"]), (&json!("bad_input"), &json!("this event is not known")));
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn a_room_that_is_not_the_callers_and_bad_input_are_refused(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--delivery-receipts", "true"]).await;
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);
        alice.say("general", "x").await;
        alice.heard().await;
        assert_eq!(carol.ask("message:delivered", delivered(1)).await["code"], "forbidden");
        bob.ask("member:leave", "general".into()).await;
        assert_eq!(bob.ask("message:delivered", delivered(1)).await["code"], "forbidden");
        for bad in [json!("general"), json!({"roomId": "general"}), delivered(-1), json!({"roomId": 7, "seq": 1})] {
            assert_eq!(alice.ask("message:delivered", bad.clone()).await["code"], "bad_input", "{bad}");
        }
        let names = alice.heard_names().await;
        assert!(!names.contains(&"message:delivered".to_owned()), "{names:?}");
    }
}
