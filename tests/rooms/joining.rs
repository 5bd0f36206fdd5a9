//! A join loses and repeats no message: history and the later events are the whole conversation, also under full load.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use crate::support::{
    Listener, TestServer,
    conversation::{Conversation, is_of_log},
    on_both,
};

/// Entries of the log that are written while people join: at this rate, and in all.
const PER_SECOND: u32 = 2_000;
const ENTRIES: i64 = 8_000;
const JOINS: usize = 500;
/// Requests of the writer that wait for their acks: one in five adds a reaction to the newest message.
const MAX_WAITING: i64 = 400;
/// Entries that each joiner waits for after history.
const FOLLOWING: i64 = 100;

type Event = (String, Value);

/// Writes [`ENTRIES`] entries, of all kinds; most are new messages.
async fn write(mut writer: Listener) {
    let mut ticks = interval(Duration::from_secs(10) / PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut sent, mut acked, mut targets) = (0, 0, Targets::default());
    while acked < ENTRIES {
        tokio::select! {
            // As many reactions on the newest message as may wait are fewer than a user is allowed.
            _ = ticks.tick(), if sent < ENTRIES && sent - acked < MAX_WAITING => {
                for _ in 0..10.min(ENTRIES - sent) {
                    sent += 1;
                    writer.send(&format!("42{sent}{}", targets.ask(sent))).await;
                }
            }
            packet = writer.hear() => {
                if packet.event() == Some("message:new") {
                    targets.ids.push(packet.field("id").unwrap().to_owned());
                }
                if let Some((_, answer)) = packet.ack() {
                    assert!(answer.starts_with(r#"[{"success":true"#), "{answer}");
                    acked += 1;
                }
            }
        }
    }
}

/// The messages and reactions that the writer may change.
#[derive(Default)]
struct Targets {
    /// Messages, oldest first.
    ids: Vec<String>,
    /// Messages and what is on them, oldest first.
    reactions: VecDeque<(String, String)>,
}

impl Targets {
    /// The request number `n`. Each changes something, so each makes an entry.
    fn ask(&mut self, n: i64) -> Value {
        self.change(n).unwrap_or_else(
            || json!(["message:send", {"roomId": "general", "content": format!("message {n}")}]),
        )
    }

    fn change(&mut self, n: i64) -> Option<Value> {
        let newest = self.ids.last()?;
        Some(match n % 10 {
            3 => json!(["message:edit", {"messageId": newest, "content": format!("edited {n}")}]),
            5 | 6 => {
                self.reactions.push_back((newest.clone(), n.to_string()));
                json!(["reaction:add", {"messageId": newest, "emoji": n.to_string()}])
            }
            8 => {
                let (id, emoji) = self.reactions.pop_front()?;
                json!(["reaction:remove", {"messageId": id, "emoji": emoji}])
            }
            9 if self.ids.len() > 20 => {
                let id = self.ids.remove(self.ids.len() - 20);
                self.reactions.retain(|(there, _)| *there != id);
                json!(["message:delete", {"messageId": id}])
            }
            _ => return None,
        })
    }
}

/// Hears every entry, from the first on, and says how far it has come.
async fn record(mut listener: Listener, heard: watch::Sender<i64>) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < ENTRIES as usize {
        let packet = listener.hear().await;
        if let Some(event) = packet.event().filter(|event| is_of_log(event)) {
            let argument = packet.argument();
            assert_eq!(argument["seq"], events.len() as i64 + 1);
            events.push((event.to_owned(), argument));
            heard.send_replace(events.len() as i64);
        }
    }
    events
}

/// Joins when the log has come to a moment; history, and the entries that follow.
async fn join(
    server: Arc<TestServer>,
    user: String,
    mut heard: watch::Receiver<i64>,
    moment: i64,
) -> (Value, Vec<Event>) {
    heard.wait_for(|seq| *seq >= moment).await.unwrap();
    let mut listener = Listener::connect(server.address(), &server.token(&user)).await;
    listener.send(r#"42["room:join","general"]"#).await;
    let (mut history, mut events) = (None, Vec::new());
    loop {
        let packet = listener.hear().await;
        match packet.event() {
            Some("room:history") => {
                assert!(history.is_none() && events.is_empty(), "an entry was heard before history");
                history = Some(packet.argument());
            }
            Some(event) if is_of_log(event) => {
                let history: &Value = history.as_ref().expect("history comes first");
                let expected = history["seq"].as_i64().unwrap() + events.len() as i64 + 1;
                assert_eq!(packet.seq(), Some(expected), "a gap, or a double");
                events.push((event.to_owned(), packet.argument()));
            }
            _ => {}
        }
        if let Some(history) = &history {
            let end = (history["seq"].as_i64().unwrap() + FOLLOWING).min(ENTRIES);
            if history["seq"] == ENTRIES || events.last().is_some_and(|(_, last)| last["seq"] == end) {
                return (history.clone(), events);
            }
        }
    }
}

on_both! {
    async fn a_user_who_joins_under_load_gets_each_message_once(server: TestServer) {
        // Each comes twice: once as a newcomer, once as somebody who may have missed something.
        let joiners: Vec<String> = (0..JOINS).map(|n| format!("joiner{}", n % (JOINS / 2))).collect();
        let members: Vec<&str> = ["writer", "recorder"].into_iter().chain(joiners.iter().map(String::as_str)).collect();
        server.make_room("general", RoomType::Public, &members[..2 + JOINS / 2]).await;
        let server = Arc::new(server);
        let (recorder, _) = Listener::enter(server.address(), &server.token("recorder"), "general").await;
        let (heard, hearing) = watch::channel(0);
        let recording = tokio::spawn(record(recorder, heard));
        let mut joins = JoinSet::new();
        for user in joiners {
            let moment = (Uuid::new_v4().as_u128() % (ENTRIES - FOLLOWING) as u128) as i64;
            joins.spawn(join(Arc::clone(&server), user, hearing.clone(), moment));
        }
        let (writer, _) = Listener::enter(server.address(), &server.token("writer"), "general").await;
        let writing = tokio::spawn(write(writer));

        let mut joined = joins.join_all().await;
        writing.await.unwrap();
        let events = recording.await.unwrap();
        let kinds: BTreeSet<&str> = events.iter().map(|(event, _)| event.as_str()).collect();
        assert_eq!(kinds.len(), 5, "{kinds:?}");

        joined.sort_by_key(|(history, _)| history["seq"].as_i64());
        let mut conversation = Conversation::default();
        let mut all = events.iter();
        for (history, following) in joined {
            let seq = history["seq"].as_i64().unwrap();
            while conversation.seq < seq {
                let (event, argument) = all.next().unwrap();
                conversation.take_next(event, argument);
            }
            let shown = Conversation::of_history(&history);
            assert!(shown.len() >= 50.min(conversation.len()), "{} messages at {seq}", shown.len());
            assert_eq!(shown.newest(shown.len()), conversation.newest(shown.len()), "history at {seq}");
            let end = (seq + FOLLOWING).min(ENTRIES) as usize;
            assert!(following == events[seq as usize..end], "what followed history at {seq}");
        }
    }
}
