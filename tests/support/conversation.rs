//! The conversation of a client that applies history and then each event once. It panics if an event comes twice or out of
//! order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

#[derive(Clone, Default)]
pub struct Conversation {
    /// Oldest first.
    messages: Vec<Value>,
    /// The last entry taken.
    pub seq: i64,
}

impl Conversation {
    /// The conversation in `room:history`.
    pub fn of_history(history: &Value) -> Self {
        let newest_first = history["messages"].as_array().unwrap();
        let messages: Vec<Value> = newest_first.iter().rev().cloned().collect();
        let ids: BTreeSet<_> = messages.iter().map(|message| message["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), messages.len(), "history has a message twice");
        Self { messages, seq: history["seq"].as_i64().unwrap() }
    }

    /// Takes an event of the log as it happens. It must be the next.
    pub fn take_next(&mut self, event: &str, argument: &Value) {
        assert_eq!(argument["seq"].as_i64(), Some(self.seq + 1), "{event} {argument}");
        if event == "reaction:removed"
            && let Some(message) = self.find(&argument["messageId"])
        {
            assert!(reactions(message).contains(&reaction(argument)), "not there: {argument}");
        }
        self.take(event, argument);
    }

    /// Takes an event of the log that is told later: entries of messages that are gone are left out, and of those that are
    /// not it shows what they are by now.
    pub fn take(&mut self, event: &str, argument: &Value) {
        let seq = argument["seq"].as_i64().unwrap();
        assert!(seq > self.seq, "{event} {argument} after {}", self.seq);
        self.seq = seq;
        match event {
            "message:new" => {
                assert!(self.find(&argument["id"]).is_none(), "heard twice: {argument}");
                self.messages.push(argument.clone());
            }
            "message:updated" => {
                if let Some(message) = self.find(&argument["id"]) {
                    *message = argument.clone();
                }
            }
            "message:deleted" => self.messages.retain(|message| message["id"] != argument["messageId"]),
            "reaction:added" => {
                if let Some(message) = self.find(&argument["messageId"]) {
                    let reaction = reaction(argument);
                    assert!(!reactions(message).contains(&reaction), "there already: {argument}");
                    reactions(message).push(reaction);
                }
            }
            "reaction:removed" => {
                if let Some(message) = self.find(&argument["messageId"]) {
                    reactions(message).retain(|there| *there != reaction(argument));
                }
            }
            _ => panic!("{event} is not of the log"),
        }
    }

    /// Its last `count` messages, as far as they matter to a reader, oldest first.
    pub fn newest(&self, count: usize) -> Vec<Value> {
        let skip = self.messages.len().saturating_sub(count);
        let essence = |message: &Value| {
            let reactions: BTreeSet<String> =
                message["reactions"].as_array().unwrap().iter().map(Value::to_string).collect();
            let [id, content, updated] = ["id", "content", "updatedAt"].map(|key| message[key].clone());
            json!({"id": id, "content": content, "updatedAt": updated, "reactions": reactions})
        };
        self.messages.iter().skip(skip).map(essence).collect()
    }

    pub fn len(&self) -> usize {
        self.messages.len()
    }

    fn find(&mut self, id: &Value) -> Option<&mut Value> {
        self.messages.iter_mut().find(|message| message["id"] == *id)
    }
}

fn reactions(message: &mut Value) -> &mut Vec<Value> {
    message["reactions"].as_array_mut().unwrap()
}

/// The fields that identify a reaction in an event.
fn reaction(argument: &Value) -> Value {
    json!({"emoji": argument["emoji"], "userId": argument["userId"]})
}

/// The events of the log, which carry a seq.
pub fn is_of_log(event: &str) -> bool {
    event.starts_with("message:") || event.starts_with("reaction:")
}
