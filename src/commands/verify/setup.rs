//! Sets up the scratch rooms through chatoxide, which creates users and rooms at a client's request. Node finds them in the
//! database.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    connections::{Connections, shortened},
    line::Who::{self, First, Second},
    player::Stage,
    script::Tokens,
};

/// The users and the rooms of a run.
pub(super) struct Scratch {
    /// The ids of the two users.
    pub(super) users: [String; 2],
    /// The rooms to play on, on Node and on chatoxide.
    pub(super) stages: [Stage; 2],
}

impl Scratch {
    /// The names of all ids that a record of this stage has, for the messages that were sent.
    pub(super) fn names(&self, stage: &Stage, messages: &[String]) -> HashMap<String, String> {
        let mut names = HashMap::new();
        for (user, name) in self.users.iter().zip(["<first user>", "<second user>"]) {
            names.insert(user.clone(), name.to_owned());
        }
        for (number, message) in messages.iter().enumerate() {
            names.insert(message.clone(), format!("<message {}>", number + 1));
        }
        names.insert(stage.room.clone(), "<room>".to_owned());
        names.insert(stage.unknown_room(), "<unknown room>".to_owned());
        names.extend(stage.private.iter().map(|id| (id.clone(), "<private room>".to_owned())));
        names.extend(stage.direct.iter().map(|(id, _)| (id.clone(), "<direct room>".to_owned())));
        names
    }
}

/// Makes the rooms, or takes `room` for both servers. `made` has the ids of the rooms that were made, also after an error.
/// `run` is the name of the rooms.
pub(super) async fn set_up(
    mut connections: Connections<'_>,
    tokens: &Tokens,
    run: &str,
    room: Option<&str>,
    made: &mut Vec<String>,
) -> Result<Scratch, String> {
    let [first, second] = tokens;
    connections.connect(First, first).await?;
    connections.connect(Second, second).await?;
    let mut stages = Vec::new();
    for _server in 0..2 {
        if let Some(room) = room {
            stages.push(Stage { room: room.to_owned(), private: None, direct: None });
            continue;
        }
        let room = make(&mut connections, run, "public", made).await?;
        let private = Some(make(&mut connections, run, "private", made).await?);
        stages.push(Stage { room, private, direct: None });
    }
    let [node, ours] = <[Stage; 2]>::try_from(stages).map_err(|_| "there are not two stages".to_owned())?;
    let users = find_users(&mut connections, &ours.room).await?;
    let target = users[1].clone();
    if room.is_none() {
        for stage in [&node, &ours] {
            let invitation = json!({ "roomId": stage.room, "userId": target });
            accepted(&mut connections, "room:invite", &invitation).await?;
        }
    }
    // Where this is refused, as it is where ids are UUIDs, the direct room is left out.
    let started = connections.ask(First, "dm:start", &json!(target), false).await?.unwrap_or_default();
    let direct = started.pointer("/room/id").and_then(Value::as_str).map(str::to_owned);
    let direct = direct.map(|id| (id, target));
    let stages = [node, ours].map(|stage| Stage { direct: direct.clone(), ..stage });
    for who in [First, Second] {
        connections.disconnect(who).await;
    }
    Ok(Scratch { users, stages })
}

async fn make(
    connections: &mut Connections<'_>,
    name: &str,
    kind: &str,
    made: &mut Vec<String>,
) -> Result<String, String> {
    let answer = accepted(connections, "room:create", &json!({ "name": name, "type": kind })).await?;
    let id = answer.pointer("/room/id").and_then(Value::as_str);
    let id = id.ok_or_else(|| format!("--ours answers room:create without a room: {}", shown(&answer)))?;
    made.push(id.to_owned());
    Ok(id.to_owned())
}

/// The answer to an event of the first user that has to succeed.
async fn accepted(
    connections: &mut Connections<'_>,
    event: &'static str,
    argument: &Value,
) -> Result<Value, String> {
    match connections.ask(First, event, argument, false).await? {
        Some(answer) if answer.get("success") == Some(&Value::Bool(true)) => Ok(answer),
        Some(answer) => Err(format!(
            "--ours refuses {event}: {}. If ids have to be UUIDs, name a room by --room, and two users by --token, twice",
            shown(&answer)
        )),
        None => Err(format!("--ours does not answer {event}: is it chatoxide?")),
    }
}

/// The ids of the users, whatever the tokens are: each hears the other join.
async fn find_users(connections: &mut Connections<'_>, room: &str) -> Result<[String; 2], String> {
    let room = json!(room);
    for who in [First, Second] {
        connections.tell(who, "room:join", &room).await?;
        wait_for(connections, who, "room:members").await?;
    }
    let second = joined(connections, First).await?;
    connections.tell(First, "room:leave", &room).await?;
    wait_for(connections, Second, "room:user-left").await?;
    connections.tell(First, "room:join", &room).await?;
    let first = joined(connections, Second).await?;
    for who in [First, Second] {
        connections.tell(who, "room:leave", &room).await?;
    }
    Ok([first, second])
}

async fn wait_for(connections: &mut Connections<'_>, who: Who, event: &str) -> Result<(), String> {
    let deadline = connections.deadline();
    match connections.hear(who, event, deadline).await? {
        true => Ok(()),
        false => {
            let heard = connections.take_heard();
            let refusal = heard.iter().find(|line| line.name == "room:error").map(|line| shown(&line.value));
            let why = refusal.map_or(String::new(), |refusal| format!(": {refusal}"));
            Err(format!("{who} does not hear {event} from --ours{why}"))
        }
    }
}

/// The id of the user whom `who` hears join.
async fn joined(connections: &mut Connections<'_>, who: Who) -> Result<String, String> {
    wait_for(connections, who, "room:user-joined").await?;
    let heard = connections.take_heard();
    let line = heard.iter().rev().find(|line| line.who == who && line.name == "room:user-joined");
    let id = line.and_then(|line| line.value.pointer("/user/id")).and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| "--ours sends room:user-joined without the user's id".to_owned())
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}
