//! Pages of results.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::{ON, contents, indexed, searching};
use crate::support::{moment, on_both};

on_both! {
    async fn pages_follow_one_another_without_a_gap_or_a_double(server: TestServer) {
        for room in ["one", "two", "three"] {
            server.make_room(room, RoomType::Public, &["alice"]).await;
        }
        // It is history: without search, nobody looks at the rooms while they are empty. Messages of several rooms share a millisecond.
        let mut expected = Vec::new();
        for second in 0..40 {
            for room in ["one", "two", "three"] {
                let content = format!("lunch {second} {room}");
                server.database.seed_messages(room, "alice", &[(content.as_str(), moment(second / 2))]).await;
                expected.push(content);
            }
        }
        let database = server.stop().await;
        let server = crate::support::TestServer::start_with(database, &ON).await;
        let mut alice = server.connect("alice").await;
        indexed(&server.database).await;
        let (mut pages, mut after) = (Vec::new(), json!(null));
        loop {
            let ask = json!({"query": "lunch", "limit": 7, "after": after});
            let mut page = alice.ask("messages:search", ask).await;
            let page_contents = contents(&page);
            assert!(page_contents.len() == 7 || page["isComplete"] == true, "{page}");
            pages.extend(page_contents);
            after = page["after"].take();
            if page["isComplete"] == true {
                break;
            }
        }
        let seconds = pages.iter().map(|content| content.split(' ').nth(1).unwrap().parse::<usize>().unwrap() / 2);
        assert!(seconds.rev().is_sorted(), "{pages:?}");
        pages.sort();
        expected.sort();
        assert_eq!(pages, expected);
    }
}

on_both! {
    async fn a_page_is_bounded_in_results_and_in_bytes(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        for number in 0..60 {
            alice.say("general", &format!("small {number}")).await;
        }
        for _ in 0..3 {
            alice.say("general", &format!("large {}", "x".repeat(600_000))).await;
        }
        indexed(&server.database).await;
        let page = alice.ask("messages:search", json!({"query": "small", "limit": 1_000})).await;
        assert_eq!(contents(&page).len(), 50);
        assert_eq!(contents(&alice.ask("messages:search", json!({"query": "small", "limit": 0})).await).len(), 20);
        let page = alice.ask("messages:search", json!({"query": "large"})).await;
        assert_eq!((contents(&page).len(), &page["isComplete"]), (2, &json!(false)));
        let rest = json!({"query": "large", "after": page["after"]});
        let page = alice.ask("messages:search", rest).await;
        assert_eq!((contents(&page).len(), &page["isComplete"]), (1, &json!(true)));
    }
}
