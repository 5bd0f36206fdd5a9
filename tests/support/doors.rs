//! A walk through every action by both doors: what a socket asks in one room, a request asks in another. The answers are
//! compared, and what everybody else hears.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Client, TestServer, http};

/// A step of the walk: an action by alice, as a socket asks for it and as a request does.
struct Step {
    event: &'static str,
    argument: fn(&Place) -> Value,
    method: &'static str,
    /// The route, as the description of the API names it.
    route: &'static str,
    /// The body of the request.
    body: fn(&Place) -> Value,
    /// The key under which the ack has what the request is answered; none if both have the same keys.
    wrap: Option<&'static str>,
}

/// The room of one door, and what was made in it.
struct Place {
    room: String,
    message: String,
    /// The message before it.
    root: String,
    user: &'static str,
}

const NOTHING: fn(&Place) -> Value = |_| Value::Null;

const fn step(
    event: &'static str,
    argument: fn(&Place) -> Value,
    (method, route): (&'static str, &'static str),
    body: fn(&Place) -> Value,
) -> Step {
    Step { event, argument, method, route, body, wrap: None }
}

const fn wrapped(wrap: &'static str, step: Step) -> Step {
    Step { wrap: Some(wrap), ..step }
}

/// Bob and a second socket of alice's are in the room from the second step on. Steps that are refused are among them.
const STEPS: &[Step] = &[
    wrapped(
        "room",
        step(
            "room:create",
            |_| json!({"name": " Plans ", "type": "private", "members": ["bob"]}),
            ("POST", "/rooms"),
            |_| json!({"name": " Plans ", "type": "private", "members": ["bob"]}),
        ),
    ),
    wrapped(
        "room",
        step(
            "room:update",
            |place| json!({"roomId": place.room, "name": "Ideas", "topic": "all of them"}),
            ("PATCH", "/rooms/{roomId}"),
            |_| json!({"name": "Ideas", "topic": "all of them"}),
        ),
    ),
    wrapped(
        "room",
        step(
            "room:update",
            |place| json!({"roomId": place.room, "topic": null}),
            ("PATCH", "/rooms/{roomId}"),
            |_| json!({"topic": null}),
        ),
    ),
    step(
        "room:update",
        |place| json!({"roomId": place.room, "name": " "}),
        ("PATCH", "/rooms/{roomId}"),
        |_| json!({"name": " "}),
    ),
    step(
        "room:invite",
        |place| json!({"roomId": place.room, "userId": place.user}),
        ("PUT", "/rooms/{roomId}/members/{userId}"),
        NOTHING,
    ),
    step(
        "message:send",
        |place| json!({"roomId": place.room, "content": "one", "metadata": {"a": [1, null]}}),
        ("POST", "/rooms/{roomId}/messages"),
        |_| json!({"content": "one", "metadata": {"a": [1, null]}}),
    ),
    step(
        "message:send",
        |place| json!({"roomId": place.room, "content": "one", "type": "system"}),
        ("POST", "/rooms/{roomId}/messages"),
        |_| json!({"content": "one", "type": "system"}),
    ),
    step(
        "message:edit",
        |place| json!({"messageId": place.message, "content": "two"}),
        ("PATCH", "/messages/{messageId}"),
        |_| json!({"content": "two"}),
    ),
    step(
        "reaction:add",
        |place| json!({"messageId": place.message, "emoji": "👍"}),
        ("PUT", "/messages/{messageId}/reactions/{emoji}"),
        NOTHING,
    ),
    step(
        "reaction:remove",
        |place| json!({"messageId": place.message, "emoji": "👍"}),
        ("DELETE", "/messages/{messageId}/reactions/{emoji}"),
        NOTHING,
    ),
    step("room:read", |place| json!(place.room), ("PUT", "/rooms/{roomId}/read"), NOTHING),
    step(
        "room:mark-unread",
        |place| json!({"roomId": place.room, "messageId": place.message}),
        ("PUT", "/rooms/{roomId}/unread"),
        |place| json!({"messageId": place.message}),
    ),
    step(
        "message:send",
        |place| json!({"roomId": place.room, "content": "a reply", "threadId": place.message, "alsoToRoom": true}),
        ("POST", "/rooms/{roomId}/messages"),
        |place| json!({"content": "a reply", "threadId": place.message, "alsoToRoom": true}),
    ),
    step(
        "thread:unfollow",
        |place| json!({"rootId": place.message}),
        ("DELETE", "/messages/{messageId}/thread/follow"),
        NOTHING,
    ),
    step(
        "thread:follow",
        |place| json!({"rootId": place.root}),
        ("PUT", "/messages/{messageId}/thread/follow"),
        NOTHING,
    ),
    step(
        "thread:read",
        |place| json!({"rootId": place.message, "messageId": place.message}),
        ("PUT", "/messages/{messageId}/thread/read"),
        |place| json!({"messageId": place.message}),
    ),
    step(
        "message:send",
        |place| json!({"roomId": place.room, "content": "x", "threadId": "none"}),
        ("POST", "/rooms/{roomId}/messages"),
        |_| json!({"content": "x", "threadId": "none"}),
    ),
    step(
        "message:send",
        |place| json!({"roomId": place.room, "content": "in the room"}),
        ("POST", "/rooms/{roomId}/messages"),
        |_| json!({"content": "in the room"}),
    ),
    step("mentions:read", |_| json!({}), ("PUT", "/mentions/read"), NOTHING),
    wrapped(
        "settings",
        step(
            "settings:update",
            |_| json!({"privateReads": false}),
            ("PATCH", "/me/settings"),
            |_| json!({"privateReads": false}),
        ),
    ),
    step(
        "status:set",
        |_| json!({"text": "Compiling", "emoji": "🦀"}),
        ("PUT", "/me/status"),
        |_| json!({"text": "Compiling", "emoji": "🦀"}),
    ),
    step(
        "message:delete",
        |place| json!({"messageId": place.message}),
        ("DELETE", "/messages/{messageId}"),
        NOTHING,
    ),
    step(
        "message:delete",
        |place| json!({"messageId": place.message}),
        ("DELETE", "/messages/{messageId}"),
        NOTHING,
    ),
    step(
        "message:edit",
        |place| json!({"messageId": place.message, "content": "three"}),
        ("PATCH", "/messages/{messageId}"),
        |_| json!({"content": "three"}),
    ),
    step(
        "reaction:add",
        |place| json!({"messageId": place.message, "emoji": "👍"}),
        ("PUT", "/messages/{messageId}/reactions/{emoji}"),
        NOTHING,
    ),
    step("users:find", |_| json!({"query": "bo"}), ("GET", "/users?query=bo"), NOTHING),
    step(
        "member:remove",
        |place| json!({"roomId": place.room, "userId": place.user}),
        ("DELETE", "/rooms/{roomId}/members/{userId}"),
        NOTHING,
    ),
    step("member:leave", |place| json!(place.room), ("DELETE", "/rooms/{roomId}/members/alice"), NOTHING),
    step(
        "room:update",
        |place| json!({"roomId": place.room, "name": "x"}),
        ("PATCH", "/rooms/{roomId}"),
        |_| json!({"name": "x"}),
    ),
];

/// Walks by both doors on a server whose database lets alice, bob and carol in.
pub async fn walk(server: &TestServer) {
    let mut carol = server.connect("carol").await;
    let (mut alice, mut phone) = (server.connect("alice").await, server.connect("alice").await);
    let mut bob = server.connect("bob").await;
    let place =
        || Place { room: "nowhere".to_owned(), message: String::new(), root: String::new(), user: "carol" };
    let (mut by_socket, mut by_request) = (place(), place());
    for step in STEPS {
        let mut outcomes = Vec::new();
        for (is_socket, place) in [(true, &mut by_socket), (false, &mut by_request)] {
            let answer = match is_socket {
                true => ask(&mut alice, step, place).await,
                false => request(server, step, place).await,
            };
            if let Some(id) = answer["room"]["id"].as_str().filter(|_| step.event == "room:create") {
                place.room = id.to_owned();
                for client in [&mut phone, &mut bob] {
                    assert_eq!(client.ask("room:join", json!(id)).await["success"], true);
                }
            }
            if let Some(id) = answer["message"]["id"].as_str()
                && place.message != id
            {
                place.root = std::mem::replace(&mut place.message, id.to_owned());
            }
            let heard = [listen(&mut phone).await, listen(&mut bob).await, listen(&mut carol).await];
            // The acting socket has the answer.
            alice.heard().await;
            outcomes.push(plain(json!({"answer": answer, "heard": heard}), place));
        }
        let [asked, requested] = outcomes.as_slice() else { unreachable!() };
        let (mut asked, requested) = (asked.clone(), requested.clone());
        if requested["answer"] == json!({}) {
            // The request is answered 204.
            assert!(asked["answer"].get("code").is_none(), "{}: {asked}", step.event);
            asked["answer"] = json!({});
        }
        assert_eq!(asked, requested, "{} and {} {}", step.event, step.method, step.route);
    }
    every_change_was_walked();
}

/// The answer to a socket: what the ack has beside `success`, or a refusal's code and sentence.
async fn ask(alice: &mut Client, step: &Step, place: &Place) -> Value {
    let mut ack = alice.ask(step.event, (step.argument)(place)).await;
    let fields = ack.as_object_mut().unwrap();
    fields.remove("success");
    ack
}

/// The answer to a request, in the shape of an ack.
async fn request(server: &TestServer, step: &Step, place: &Place) -> Value {
    let path = step
        .route
        .replace("{roomId}", &place.room)
        .replace("{userId}", place.user)
        .replace("{messageId}", &place.message)
        .replace("{emoji}", "%F0%9F%91%8D");
    let body = (step.body)(place);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let authorization = format!("Bearer {}", server.token("alice"));
    let headers = [("Authorization", authorization.as_str())];
    let answer =
        http::request(server.address(), step.method, &format!("/api/v1{path}"), &headers, &body).await;
    match answer.status {
        204 => json!({}),
        200..300 => match step.wrap {
            Some(key) => json!({ key: answer.json() }),
            None => answer.json(),
        },
        _ => {
            let problem = answer.json();
            json!({"code": problem["code"], "error": problem["detail"]})
        }
    }
}

/// The events that a client has heard since the last step.
async fn listen(client: &mut Client) -> Vec<Value> {
    client.heard().await.into_iter().map(|(event, data)| json!([event, data])).collect()
}

/// The value with names in place of what differs between the rooms: ids and times.
fn plain(value: Value, place: &Place) -> Value {
    match value {
        Value::String(text) if text == place.room => json!("the room"),
        Value::String(text) if text == place.message => json!("the message"),
        Value::String(text) if text == place.root && !text.is_empty() => json!("the root"),
        Value::Array(items) => items.into_iter().map(|item| plain(item, place)).collect(),
        Value::Object(fields) => {
            let plain = |(key, value): (String, Value)| {
                let is_time =
                    ["createdAt", "updatedAt", "timestamp", "lastMessageAt", "at"].contains(&key.as_str());
                let value = if is_time && value.is_string() { json!("a time") } else { plain(value, place) };
                (key, value)
            };
            Value::Object(fields.into_iter().map(plain).collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// A new route that changes something needs a step.
fn every_change_was_walked() {
    let document = serde_json::to_value(chatoxide::http::document()).unwrap();
    let mut missing = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let route = path.strip_prefix("/api/v1").unwrap();
        for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
            let method = method.to_uppercase();
            let is_walked = STEPS.iter().any(|step| (step.method, step.route) == (method.as_str(), route));
            if !is_walked {
                missing.insert(format!("{method} {route}"));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}
