//! An import into a database whose server runs meanwhile.

use serde_json::{Value, json};

use super::{file_of, import_fails, small_chat};
use crate::support::{on_both, walk::ask};

on_both! {
    async fn a_server_that_runs_during_an_import_goes_on_and_tells_what_came(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        // The room is open, and its log has no entry yet.
        let rows: Vec<String> = small_chat()
            .into_iter()
            .filter(|row| !row.contains("\"r1\"") && !row.contains("\"seq\":3,") && !row.contains("\"seq\":4,\"kind\""))
            .map(|row| row.replace("\"seq\":4", "\"seq\":2").replace("\"updatedAt\":8000", "\"updatedAt\":null"))
            .collect();
        let error = import_fails(&server.database, file_of(&rows).as_bytes()).await;
        assert!(error.contains("4 rows were not stored as the file has them"), "{error}");
        let sent = ask(&mut alice, "message:send", json!({"roomId": "general", "content": "after"})).await;
        assert_eq!(sent["message"]["content"], "after");
        let answer = ask(&mut bob, "messages:sync", json!({"roomId": "general", "since": 0})).await;
        assert_eq!(answer["success"], true, "{answer}");
        let mut carol = server.connect("carol").await;
        carol.emit("room:join", "general".into()).await;
        let history = carol.hear("room:history").await;
        let contents: Vec<&Value> =
            history["messages"].as_array().unwrap().iter().map(|message| &message["content"]).collect();
        assert_eq!(contents, ["after", "second", "first"]);
        // One order for all: the entry of the new message follows those of the file, without a gap.
        let seqs = server.database.own("SELECT seq FROM own.room_log WHERE room_id = 'general' ORDER BY seq");
        let seqs: Vec<i64> = server.database.select(&seqs).await.iter().map(|seq| seq.parse().unwrap()).collect();
        assert!(seqs.iter().copied().eq(1..=seqs.len() as i64) && seqs.len() >= 3, "{seqs:?}");
        bob.say("general", "and after that").await;
        let heard: Vec<Value> =
            alice.heard().await.into_iter().filter(|(event, _)| event == "message:new").map(|(_, new)| new).collect();
        assert_eq!(heard.last().unwrap()["content"], "and after that", "{heard:?}");
    }
}
