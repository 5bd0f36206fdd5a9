//! Pages of history by cursors, in both directions.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::{Backend, on_both};

fn contents(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

on_both! {
    async fn pages_in_both_directions_skip_and_repeat_nothing_within_a_millisecond(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        server.connect("alice").await.ask("rooms:list", json!({})).await;
        // Three messages of one millisecond, and one before and after.
        for (id, content, at) in [
            ("m0", "0", "2026-01-01 00:00:00"),
            ("m1", "1", "2026-01-01 00:00:01"),
            ("m2", "2", "2026-01-01 00:00:01"),
            ("m3", "3", "2026-01-01 00:00:01"),
            ("m4", "4", "2026-01-01 00:00:02.5"),
        ] {
            let statement = format!(
                r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "type", "metadata", "createdAt")
                VALUES ('{id}', 'general', 'alice', '{content}', 'text', '{{}}', '{at}')"#
            );
            server.database.execute(&statement).await;
        }
        let program = Program::of(&server, "bob");
        let get = async |query: &str| {
            program.done("GET", &format!("/rooms/general/messages?{query}"), &Value::Null, 200).await
        };
        let newest = get("limit=2").await;
        assert_eq!((contents(&newest), &newest["hasNewer"]), (vec!["4", "3"], &json!(false)));
        let older = get(&format!("limit=2&before={}", newest["before"].as_str().unwrap())).await;
        assert_eq!((contents(&older), &older["hasNewer"]), (vec!["2", "1"], &json!(true)));
        let oldest = get(&format!("limit=2&before={}", older["before"].as_str().unwrap())).await;
        assert_eq!((contents(&oldest), &oldest["before"]), (vec!["0"], &Value::Null));
        let up = get(&format!("limit=2&after={}", oldest["after"].as_str().unwrap())).await;
        assert_eq!((contents(&up), &up["hasNewer"]), (vec!["2", "1"], &json!(true)));
        let top = get(&format!("limit=2&after={}", up["after"].as_str().unwrap())).await;
        assert_eq!((contents(&top), &top["hasNewer"]), (vec!["4", "3"], &json!(false)));
        // A poll goes on where it was.
        let after = top["after"].as_str().unwrap();
        let none = get(&format!("after={after}")).await;
        assert_eq!((contents(&none), &none["after"]), (vec![], &json!(after)));
        let mut alice = server.connect_in("alice", "general").await;
        alice.say("general", "5").await;
        assert_eq!(contents(&get(&format!("after={after}")).await), ["5"]);

        let middle = get("around=m2&limit=3").await;
        assert_eq!((contents(&middle), &middle["hasNewer"]), (vec!["3", "2", "1"], &json!(true)));
        assert_eq!(contents(&get("around=m0&limit=3").await), ["1", "0"]);
        let elsewhere = program.refusal("GET", "/rooms/general/messages?around=nothing", &Value::Null).await;
        assert_eq!(elsewhere, (404, "message_not_found".to_owned()));
        assert_eq!(contents(&get("limit=0").await).len(), 6);
    }
}

on_both! {
    async fn an_answer_that_the_caller_has_is_not_sent_again(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let sent = alice.say("general", "one").await;
        let program = Program::of(&server, "bob");
        for path in ["/rooms/general/messages".to_owned(), format!("/messages/{}", sent["id"].as_str().unwrap())] {
            let first = program.get(&path).await;
            let tag = first.header("etag").unwrap().to_owned();
            assert_eq!(first.header("cache-control"), Some("private, no-cache"));
            assert!(first.header_lines("vary").any(|line| line.contains("Authorization")), "{path}");
            let same = program.send_with(("GET", &path), &[("If-None-Match", &tag)], "").await;
            assert_eq!((same.status, same.body.as_str(), same.header("etag")), (304, "", Some(tag.as_str())));
            alice.ask("message:edit", json!({"messageId": sent["id"], "content": path})).await;
            let changed = program.send_with(("GET", &path), &[("If-None-Match", &tag)], "").await;
            assert_eq!(changed.status, 200, "{path}");
            assert_ne!(changed.header("etag"), Some(tag.as_str()));
        }
    }
}

on_both! {
    async fn a_page_of_large_messages_is_bounded_in_bytes_and_never_empty(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let text = |size: usize| match server.database.backend {
            Backend::Postgres => format!("repeat('x', {size})"),
            Backend::Sqlite => format!("replace(printf('%{size}s', ''), ' ', 'x')"),
        };
        let insert = async |id: &str, size: usize, second: usize| {
            let statement = format!(
                r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "type", "metadata", "createdAt")
                VALUES ('{id}', 'general', 'alice', {}, 'text', '{{}}', '2026-01-01 00:00:{second:02}')"#,
                text(size)
            );
            server.database.execute(&statement).await;
        };
        for n in 0..10 {
            insert(&format!("m{n}"), 1_000_000, n).await;
        }
        let program = Program::of(&server, "bob");
        let get = async |query: &str| {
            program.done("GET", &format!("/rooms/general/messages?limit=500{query}"), &Value::Null, 200).await
        };
        let ids = |page: &Value| -> Vec<String> {
            let messages = page["messages"].as_array().unwrap().iter();
            messages.map(|message| message["id"].as_str().unwrap().to_owned()).collect()
        };
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        let end = loop {
            let page = get(&cursor).await;
            // Four of them are less than 4 MiB.
            assert!((1..=4).contains(&ids(&page).len()), "{:?}", ids(&page));
            seen.extend(ids(&page));
            match page["before"].as_str() {
                Some(before) => cursor = format!("&before={before}"),
                None => break page,
            }
        };
        assert_eq!(seen, (0..10).rev().map(|n| format!("m{n}")).collect::<Vec<_>>());
        let (mut up, mut after) = (Vec::new(), end["after"].as_str().unwrap().to_owned());
        loop {
            let page = get(&format!("&after={after}")).await;
            up.extend(ids(&page).into_iter().rev());
            after = page["after"].as_str().unwrap().to_owned();
            if page["hasNewer"] == false {
                break;
            }
            assert_eq!(ids(&page).len(), 4);
        }
        assert_eq!(up, (2..10).map(|n| format!("m{n}")).collect::<Vec<_>>());
        let around = get("&around=m5").await;
        assert_eq!((ids(&around), &around["hasNewer"]), (vec!["m6".to_owned(), "m5".to_owned(), "m4".to_owned()], &true.into()));
        // One that is larger than a page is a page, in each direction.
        insert("huge", 6_000_000, 20).await;
        insert("last", 1, 21).await;
        let newest = get("").await;
        assert_eq!(ids(&newest), ["last"]);
        let huge = get(&format!("&before={}", newest["before"].as_str().unwrap())).await;
        assert_eq!(ids(&huge), ["huge"]);
        assert_eq!(ids(&get(&format!("&after={after}")).await), ["huge"]);
        let around = get("&around=huge").await;
        assert_eq!((ids(&around), &around["hasNewer"]), (vec!["huge".to_owned()], &true.into()));
        assert_eq!(ids(&get(&format!("&before={}", around["before"].as_str().unwrap())).await)[0], "m9");
    }
}

on_both! {
    async fn a_cursor_that_is_none_is_refused(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let program = Program::of(&server, "alice");
        for query in ["before=x", "after=%00", "before=", "before=MS5h&after=MS5h", "limit=-1", "limit=x", "around="] {
            let path = format!("/rooms/general/messages?{query}");
            let refused = program.refusal("GET", &path, &Value::Null).await;
            assert_eq!(refused, (400, "bad_input".to_owned()), "{query}");
        }
        // It may name a place that no message has.
        let page = program.done("GET", "/rooms/general/messages?before=MS5h", &Value::Null, 200).await;
        assert_eq!((contents(&page), &page["before"]), (vec![], &Value::Null));
    }
}
