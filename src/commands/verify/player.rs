//! Performs steps of the script on one server, and records what everybody heard in each.

use serde_json::{Value, json};

use super::{
    connections::{Connections, shortened},
    differences,
    line::{Line, Step, Who},
};

/// The most waits in vain on one server, each as long as the patience, before it is given up.
const MAX_LATE: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Node,
    Ours,
}

/// The rooms that a server is played on. The users are the same on both servers, the rooms are not: none has what was said on
/// the other.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) room: String,
    /// A room of which the second user is no member.
    pub(super) private: Option<String>,
    /// The direct room of both users, and the id of the second.
    pub(super) direct: Option<(String, String)>,
}

impl Stage {
    /// The id of a room that is not there.
    pub(super) fn unknown_room(&self) -> String {
        format!("{}-unknown", self.room)
    }
}

/// The events that others are to hear in a step.
pub(super) type Expected = &'static [(Who, &'static str)];

pub(super) struct Player<'a> {
    pub(super) connections: Connections<'a>,
    pub(super) stage: &'a Stage,
    side: Side,
    pub(super) steps: Vec<Step>,
    /// The messages that were sent, by their senders; those that are there still.
    pub(super) sent: Vec<(Who, String)>,
    /// The ids of all messages that were sent, in that order.
    pub(super) messages: Vec<String>,
    /// The messages of these that the script has deleted.
    pub(super) deleted: Vec<String>,
    late: usize,
    /// The deliberate differences by which this Node server does not send what the original does: it is not waited for again.
    mended: Vec<usize>,
}

impl<'a> Player<'a> {
    pub(super) fn new(connections: Connections<'a>, stage: &'a Stage, side: Side) -> Self {
        let (steps, sent, messages, deleted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { connections, stage, side, steps, sent, messages, deleted, late: 0, mended: Vec::new() }
    }

    pub(super) fn is_node(&self) -> bool {
        self.side == Side::Node
    }

    /// Emits an event without an ack callback.
    pub(super) async fn tell(
        &mut self,
        step: &'static str,
        (who, event): (Who, &'static str),
        argument: &Value,
        expected: Expected,
    ) -> Result<(), String> {
        self.connections.tell(who, event, argument).await.map_err(|why| at(step, &why))?;
        self.end(step, expected).await
    }

    /// Emits an event with an ack callback, and returns the ack; NULL if none comes.
    pub(super) async fn ask(
        &mut self,
        step: &'static str,
        (who, event): (Who, &'static str),
        argument: &Value,
        expected: Expected,
    ) -> Result<Value, String> {
        let answer = self.connections.ask(who, event, argument, true).await.map_err(|why| at(step, &why))?;
        if answer.is_none() {
            self.count_late(step)?;
        }
        self.end(step, expected).await?;
        Ok(answer.unwrap_or(Value::Null))
    }

    /// Sends a message and returns its id; none if it is refused.
    pub(super) async fn send(
        &mut self,
        step: &'static str,
        who: Who,
        message: &Value,
        expected: Expected,
    ) -> Result<Option<String>, String> {
        let answer = self.ask(step, (who, "message:send"), message, expected).await?;
        let Some(id) = answer.pointer("/message/id").and_then(Value::as_str) else { return Ok(None) };
        self.sent.push((who, id.to_owned()));
        self.messages.push(id.to_owned());
        Ok(Some(id.to_owned()))
    }

    /// Ends a step: waits for what is expected, and for whatever else the server has sent by then.
    pub(super) async fn end(&mut self, step: &'static str, expected: Expected) -> Result<(), String> {
        let deadline = self.connections.deadline();
        for (who, event) in expected {
            let number = differences::number_of_left_out(step, *who, event);
            if number.is_some_and(|number| self.side == Side::Ours || self.mended.contains(&number)) {
                continue;
            }
            if self.connections.hear(*who, event, deadline).await.map_err(|why| at(step, &why))? {
                continue;
            }
            match number {
                Some(number) => self.mended.push(number),
                None => self.count_late(step)?,
            }
        }
        self.settle(step).await?;
        let lines: Vec<Line> = self.connections.take_heard();
        self.steps.push(Step { name: step, lines });
        Ok(())
    }

    /// A round trip of each socket: what the server had sent to it before has come when it is over.
    async fn settle(&mut self, step: &'static str) -> Result<(), String> {
        let nothing = json!({ "roomId": self.stage.room, "before": "1970-01-01T00:00:01.000Z" });
        for who in self.connections.present() {
            let answer = self.connections.ask(who, "messages:load", &nothing, false).await;
            if answer.map_err(|why| at(step, &why))?.is_none() {
                self.count_late(step)?;
            }
        }
        Ok(())
    }

    /// Notes that a message was deleted in a step.
    pub(super) fn note_deleted(&mut self, id: String) {
        self.sent.retain(|(_, sent)| *sent != id);
        self.deleted.push(id);
    }

    /// Deletes what is left of what was sent. Nothing is recorded.
    pub(super) async fn delete_messages(&mut self) -> Result<(), String> {
        for (who, id) in std::mem::take(&mut self.sent).into_iter().rev() {
            let message = json!({ "messageId": id, "roomId": self.stage.room });
            if self.connections.present().contains(&who) {
                self.connections.ask(who, "message:delete", &message, false).await?;
            }
        }
        self.connections.take_heard();
        Ok(())
    }

    /// Has chatoxide write its read marks, which it otherwise does a little later: they are to be removed with the rooms.
    pub(super) async fn write_read_marks(&mut self) -> Result<(), String> {
        if self.is_node() {
            return Ok(());
        }
        let stage = self.stage;
        let direct = stage.direct.iter().map(|(id, _)| (Who::First, id));
        let private = stage.private.iter().map(|id| (Who::First, id));
        let rooms = [(Who::First, &stage.room), (Who::Second, &stage.room)];
        for (who, room) in rooms.into_iter().chain(private).chain(direct) {
            self.connections.ask(who, "room:read", &json!(room), false).await?;
        }
        self.connections.take_heard();
        Ok(())
    }

    fn count_late(&mut self, step: &'static str) -> Result<(), String> {
        self.late += 1;
        match self.late > MAX_LATE {
            true => {
                Err(at(step, "the server has not sent or answered too many events by now, and is given up"))
            }
            false => Ok(()),
        }
    }
}

fn at(step: &str, why: &str) -> String {
    format!("in the step \"{step}\", {}", shortened(why))
}
