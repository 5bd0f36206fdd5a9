//! `settings:update` and `settings:show`, and what private reads hide.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both};

async fn choose(client: &mut Client, is_private: bool) {
    let answer = client.ask("settings:update", json!({"privateReads": is_private})).await;
    assert_eq!(
        answer,
        json!({"success": true, "settings": {"privateReads": is_private, "hidePresence": false}})
    );
}

on_both! {
    async fn private_reads_are_told_to_ones_own_devices_and_to_nobody_else(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut tab = server.connect_in("bob", "general").await;
        let mut laptop = server.connect("bob").await;
        laptop.ask("rooms:list", json!({})).await;
        let message = alice.say("general", "x").await["id"].take();
        for client in [&mut alice, &mut bob, &mut tab] {
            client.heard().await;
        }
        choose(&mut bob, true).await;
        bob.ask("room:read", "general".into()).await;

        assert_eq!(tab.hear("room:user-read").await["seq"], 1);
        assert_eq!(laptop.hear("room:user-read").await["userId"], "bob");
        assert_eq!((alice.heard().await, bob.heard().await), (vec![], vec![]));
        let readers = json!({"messageId": message});
        assert_eq!(alice.ask("message:readers", readers.clone()).await["readers"], json!([]));
        // Counted as read all the same.
        assert_eq!(bob.ask("unread:list", json!({})).await["rooms"][0]["unreadCount"], 0);
        // A restart does not forget it.
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("room:read", "general".into()).await;
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.ask("settings:show", json!({})).await["settings"], json!({"privateReads": true, "hidePresence": false}));

        choose(&mut bob, false).await;
        bob.ask("room:read", "general".into()).await;
        assert_eq!(alice.hear("room:user-read").await["userId"], "bob");
        assert_eq!(alice.ask("message:readers", readers).await["readers"][0]["id"], "bob");
    }
}

on_both! {
    async fn settings_are_ones_own_and_what_is_not_given_stays(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        choose(&mut alice, true).await;
        for (client, expected) in [(&mut alice, true), (&mut bob, false)] {
            let settings = json!({"success": true, "settings": {"privateReads": expected, "hidePresence": false}});
            assert_eq!(client.ask("settings:update", json!({})).await, settings);
            assert_eq!(client.ask("settings:show", json!({})).await, settings);
        }
        let refused = alice.ask("settings:update", json!({"privateReads": "yes"})).await;
        assert_eq!((&refused["code"], &refused["settings"]), (&json!("bad_input"), &Value::Null));
    }
}
