//! The script: every event of the contract, by two users in a scratch room. It has no event that ends the original server:
//! each event that has an ack gets a callback, and nothing unknown is reacted to or opened.

use serde_json::{Value, json};

use super::{
    connections::shortened,
    differences::step::{
        COMES_BACK, INTRUDER_LEAVES, INTRUDER_TYPES, INTRUDES, OTHER_ROOM, REACTS_AGAIN, TAB_JOINS,
        TAB_LEAVES, UNKNOWN_ROOM, UNKNOWN_TYPE, UNREACTS_AGAIN,
    },
    line::Who::{First, Second, SecondTab},
    player::{Expected, Player},
};

const ENTERED: [&str; 2] = ["room:history", "room:members"];
const FIRST_ENTERS: Expected = &[(First, ENTERED[0]), (First, ENTERED[1])];
const NEW: Expected = &[(First, "message:new"), (Second, "message:new")];
const UPDATED: Expected = &[(First, "message:updated"), (Second, "message:updated")];
const DELETED: Expected = &[(First, "message:deleted"), (Second, "message:deleted")];
const ADDED: Expected = &[(First, "reaction:added"), (Second, "reaction:added")];
const REMOVED: Expected = &[(First, "reaction:removed"), (Second, "reaction:removed")];
const SECOND_ENTERS: Expected = &[(Second, ENTERED[0]), (Second, ENTERED[1]), (First, "room:user-joined")];

/// The id of no message. A text that is no UUID would end the original server where ids are UUIDs.
const UNKNOWN_MESSAGE: &str = "00000000-0000-4000-8000-000000000000";

/// The token of each user.
pub(super) type Tokens = [String; 2];

/// Plays all steps. The error is one sentence.
pub(super) async fn play(player: &mut Player<'_>, tokens: &Tokens) -> Result<(), String> {
    let [first, second] = tokens;
    player.connections.connect(First, first).await?;
    player.connections.connect(Second, second).await?;
    ensure_stored(player).await?;
    enter(player).await?;
    if let Some(first) = send(player).await? {
        edit_and_react(player, &first).await?;
    }
    load(player).await?;
    delete(player).await?;
    intrude(player).await?;
    player.connections.connect(SecondTab, second).await?;
    open_tab(player).await?;
    whisper(player).await?;
    player.delete_messages().await?;
    player.write_read_marks().await?;
    player.connections.disconnect(Second).await;
    player.end("the second user disconnects", &[(First, "room:user-left")]).await
}

async fn enter(player: &mut Player<'_>) -> Result<(), String> {
    let room = json!(player.stage.room);
    player.tell("the first user joins", (First, "room:join"), &room, FIRST_ENTERS).await?;
    player.tell("the second user joins", (Second, "room:join"), &room, SECOND_ENTERS).await?;
    let typing: [(_, _, Expected); 2] = [
        ("the first user types", "typing:start", &[(Second, "typing:user")]),
        ("the first user stops typing", "typing:stop", &[(Second, "typing:stopped")]),
    ];
    for (step, event, expected) in typing {
        player.tell(step, (First, event), &room, expected).await?;
    }
    Ok(())
}

/// Returns the id of the first user's message.
async fn send(player: &mut Player<'_>) -> Result<Option<String>, String> {
    let room = &player.stage.room;
    let text = json!({ "roomId": room, "content": "Grüße 👋 <b>\n" });
    let first = player.send("the first user sends a message", First, &text, NEW).await?;
    let metadata = json!({ "width": 3, "nested": { "tags": ["a", null, true] } });
    let image = json!({
        "roomId": room, "content": "an image", "type": "image", "metadata": metadata, "replyTo": first
    });
    player.send("the second user sends an image as a reply", Second, &image, NEW).await?;
    let unknown = json!({ "roomId": player.stage.unknown_room(), "content": "hello" });
    player.send(UNKNOWN_ROOM, First, &unknown, &[]).await?;
    let video = json!({ "roomId": room, "content": "hello", "type": "no-such-type" });
    player.send(UNKNOWN_TYPE, First, &video, &[]).await?;
    Ok(first)
}

/// Makes sure that the server stores messages of both users in the room: nothing of the script would work otherwise.
async fn ensure_stored(player: &mut Player<'_>) -> Result<(), String> {
    for who in [First, Second] {
        let message = json!({ "roomId": player.stage.room, "content": "is the room there?" });
        let answer = player.connections.ask(who, "message:send", &message, false).await?;
        let id = answer.as_ref().and_then(|answer| answer.pointer("/message/id")).and_then(Value::as_str);
        if let Some(id) = id {
            player.sent.push((who, id.to_owned()));
            continue;
        }
        let server = if player.is_node() { "the Node server" } else { "chatoxide" };
        let answer = answer.map_or("no answer".to_owned(), |answer| shortened(&answer.to_string()));
        return Err(format!(
            "{server} stores no message of {who} in the room {}: {answer}. If the two servers are on different \
             databases, give a public room that is in both (--room) and the tokens of two users who are in both (--token)",
            player.stage.room
        ));
    }
    player.connections.take_heard();
    Ok(())
}

async fn edit_and_react(player: &mut Player<'_>, first: &str) -> Result<(), String> {
    let room = &player.stage.room;
    let edit = json!({ "messageId": first, "content": "Grüße an alle" });
    player.ask("the first user edits it", (First, "message:edit"), &edit, UPDATED).await?;
    player.ask("another user's message is edited", (Second, "message:edit"), &edit, &[]).await?;
    let nothing = json!({ "messageId": UNKNOWN_MESSAGE, "content": "nothing" });
    player.ask("an unknown message is edited", (First, "message:edit"), &nothing, &[]).await?;
    let thumb = json!({ "messageId": first, "roomId": room, "emoji": "👍" });
    let steps = [
        ("the second user reacts", "reaction:add", ADDED),
        (REACTS_AGAIN, "reaction:add", ADDED),
        ("the reaction is removed", "reaction:remove", REMOVED),
        (UNREACTS_AGAIN, "reaction:remove", REMOVED),
    ];
    for (step, event, expected) in steps {
        player.tell(step, (Second, event), &thumb, expected).await?;
    }
    let mut lines = player.steps.iter().flat_map(|step| &step.lines);
    if player.is_node() && !lines.any(|line| line.name == "reaction:removed") {
        // It may have the reaction still, and deleting it would then end the original server.
        player.sent.retain(|(_, id)| id != first);
    }
    Ok(())
}

async fn load(player: &mut Player<'_>) -> Result<(), String> {
    let room = &player.stage.room;
    for (step, limit) in [("the newest page is loaded", json!(0)), ("one message is loaded", json!(1))] {
        let page = json!({ "roomId": room, "before": "2999-01-01T00:00:00.000Z", "limit": limit });
        player.ask(step, (Second, "messages:load"), &page, &[]).await?;
    }
    let none = json!({ "roomId": room, "before": "1970-01-01T00:00:01.000Z" });
    player.ask("a page before the first message is loaded", (Second, "messages:load"), &none, &[]).await?;
    let room = json!(room);
    let left: Expected = &[(First, "room:user-left")];
    player.tell("the second user leaves", (Second, "room:leave"), &room, left).await?;
    player.tell(COMES_BACK, (Second, "room:join"), &room, SECOND_ENTERS).await?;
    let read: Expected = &[(First, "room:user-read")];
    player.tell("the second user reads", (Second, "room:read"), &room, read).await
}

async fn delete(player: &mut Player<'_>) -> Result<(), String> {
    let room = player.stage.room.clone();
    let slip = json!({ "roomId": room, "content": "a slip" });
    if let Some(id) = player.send("the first user sends a slip", First, &slip, NEW).await? {
        let message = json!({ "messageId": id, "roomId": room });
        player.ask("another user's message is deleted", (Second, "message:delete"), &message, &[]).await?;
        player.ask("the first user deletes it", (First, "message:delete"), &message, DELETED).await?;
        player.ask("it is deleted again", (First, "message:delete"), &message, &[]).await?;
        player.note_deleted(id);
    }
    Ok(())
}

/// Plays in a private room, of which only the first user is a member.
async fn intrude(player: &mut Player<'_>) -> Result<(), String> {
    let Some(private) = player.stage.private.clone() else { return Ok(()) };
    let room = json!(private);
    player.tell("the first user joins a private room", (First, "room:join"), &room, FIRST_ENTERS).await?;
    let slip = json!({ "roomId": player.stage.room, "content": "in the wrong room" });
    if let Some(id) = player.send("the second user sends a slip", Second, &slip, NEW).await? {
        let message = json!({ "messageId": id, "roomId": private });
        let expected: Expected = &[(First, "message:deleted")];
        player.ask(OTHER_ROOM, (Second, "message:delete"), &message, expected).await?;
        player.note_deleted(id);
    }
    let steps: [(_, _, Expected); 3] = [
        (INTRUDES, "room:join", SECOND_ENTERS),
        (INTRUDER_TYPES, "typing:start", &[(First, "typing:user")]),
        (INTRUDER_LEAVES, "room:leave", &[(First, "room:user-left")]),
    ];
    for (step, event, expected) in steps {
        player.tell(step, (Second, event), &room, expected).await?;
    }
    Ok(())
}

async fn open_tab(player: &mut Player<'_>) -> Result<(), String> {
    let room = json!(player.stage.room);
    let joined: Expected = &[
        (SecondTab, ENTERED[0]),
        (SecondTab, ENTERED[1]),
        (First, "room:user-joined"),
        (Second, "room:user-joined"),
    ];
    player.tell(TAB_JOINS, (SecondTab, "room:join"), &room, joined).await?;
    let left: Expected = &[(First, "room:user-left"), (Second, "room:user-left")];
    player.tell(TAB_LEAVES, (SecondTab, "room:leave"), &room, left).await?;
    player.connections.disconnect(SecondTab).await;
    player.end("the other tab is closed", &[]).await
}

/// The direct room. On the original server, `dm:start` is safe only if the room is there.
async fn whisper(player: &mut Player<'_>) -> Result<(), String> {
    let Some((direct, target)) = player.stage.direct.clone() else { return Ok(()) };
    let probe = json!({ "roomId": direct, "content": "is the room there?" });
    let answer = player.connections.ask(First, "message:send", &probe, false).await?.unwrap_or_default();
    player.connections.take_heard();
    let Some(id) = answer.pointer("/message/id").and_then(Value::as_str) else { return Ok(()) };
    player.sent.push((First, id.to_owned()));
    let started: Expected = &[(Second, "dm:started")];
    player.ask("the first user starts a direct room", (First, "dm:start"), &json!(target), started).await?;
    let whisper = json!({ "roomId": direct, "content": "psst" });
    let new: Expected = &[(First, "message:new")];
    player.send("the first user sends a message there", First, &whisper, new).await?;
    Ok(())
}
