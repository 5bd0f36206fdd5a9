//! Tests join and leave events. When many come at once they are coalesced: each client receives each of them once and
//! in order, for those who came after it, and in the right order with all other events.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both};

/// More than are told of by themselves within a second.
const COME: usize = 12;

fn name(number: usize) -> String {
    format!("user{number:02}")
}

/// Alice, and users who have come after her one by one.
async fn gather(server: &TestServer) -> (Client, Vec<Client>) {
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let alice = server.connect_in("alice", "general").await;
    let mut others = Vec::new();
    for number in 0..COME {
        others.push(server.connect_in(&name(number), "general").await);
    }
    (alice, others)
}

/// The user of a join or leave event with `+` or `-`; the name of any other event.
fn news((event, argument): &(String, Value)) -> String {
    match event.as_str() {
        "room:user-joined" => format!("+{}", argument["user"]["id"].as_str().unwrap()),
        "room:user-left" => format!("-{}", argument["userId"].as_str().unwrap()),
        _ => event.clone(),
    }
}

/// Everything that is heard up to an event, which is the last of it.
async fn hear_until(client: &mut Client, last: &str) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|heard| heard != last) {
        heard.push(news(&client.next().await));
    }
    heard
}

on_both! {
    async fn each_user_gets_all_later_joins_and_leaves_once_and_in_order(server: TestServer) {
        let (mut alice, mut others) = gather(&server).await;
        let first = others.remove(0);
        first.close().await;
        let joined: Vec<String> = (0..COME).map(|number| format!("+{}", name(number))).collect();
        let expected: Vec<&str> = joined.iter().map(String::as_str).chain(["-user00"]).collect();

        assert_eq!(hear_until(&mut alice, "-user00").await[2..], expected, "after history and members");
        for (number, client) in others.iter_mut().enumerate() {
            assert_eq!(hear_until(client, "-user00").await[2..], expected[number + 2..]);
        }
        for client in others.iter_mut().chain([&mut alice]) {
            assert!(client.heard().await.is_empty(), "nothing more");
        }
    }
}

on_both! {
    async fn messages_and_typing_arrive_after_the_users_join(server: TestServer) {
        let (mut alice, mut others) = gather(&server).await;
        others.last_mut().unwrap().say("general", "here").await;
        let heard = hear_until(&mut alice, "message:new").await;
        assert_eq!(heard[heard.len() - 2..], ["+user11", "message:new"]);

        let mut late = server.connect_in("late", "general").await;
        late.ask("typing:start", "general".into()).await;
        assert_eq!(hear_until(&mut alice, "typing:user").await, ["+late", "typing:user"]);
        assert_eq!(late.heard_names().await, ["room:history", "room:members"]);
    }
}

on_both! {
    async fn a_user_who_asks_for_presence_has_got_all_joins(server: TestServer) {
        let (mut alice, _others) = gather(&server).await;
        let present = alice.ask("room:presence", "general".into()).await;
        assert_eq!(present["count"], json!(COME + 1));
        let heard: Vec<String> = alice.heard_before().iter().map(news).collect();
        assert_eq!(heard.len(), 2 + COME);
        assert_eq!(heard.last().unwrap(), "+user11");
    }
}

on_both! {
    async fn a_user_who_leaves_has_got_all_earlier_joins(server: TestServer) {
        let (_alice, mut others) = gather(&server).await;
        others[0].ask("room:leave", "general".into()).await;
        let heard: Vec<String> = others[0].heard_before().iter().map(news).collect();
        assert_eq!(heard.len(), 2 + COME - 1);
        assert_eq!(heard.last().unwrap(), "+user11");
    }
}

on_both! {
    async fn a_second_tab_gets_the_joins_after_its_own(server: TestServer) {
        let (_alice, _others) = gather(&server).await;
        let mut tab = server.connect_in("alice", "general").await;
        let _late = server.connect_in("late", "general").await;
        assert_eq!(hear_until(&mut tab, "+late").await, ["room:history", "room:members", "+late"]);
    }
}

on_both! {
    async fn a_user_who_comes_back_at_once_is_announced_as_left_and_joined(server: TestServer) {
        let (mut alice, mut others) = gather(&server).await;
        hear_until(&mut alice, "+user11").await;
        for _ in 0..3 {
            others[0].ask("room:leave", "general".into()).await;
            others[0].ask("room:join", "general".into()).await;
        }
        let mut heard = Vec::new();
        while heard.len() < 6 {
            heard.push(news(&alice.next().await));
        }
        assert_eq!(heard, ["-user00", "+user00"].repeat(3));
    }
}
