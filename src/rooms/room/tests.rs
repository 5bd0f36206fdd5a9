//! Unit tests of `RoomState`: which messages it keeps, how it knows that older ones exist, and entries that arrive
//! during a backfill.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::*;
use crate::db::room_log::{
    EntryBody, MessageAdded, MessageDeleted, MessageEdited, ReactionAdded, ReactionRemoved,
};
use crate::{
    chat::{id::MessageId, message::MessageType},
    protocol::{Bodies, ReactionView, SenderView},
    rooms::absence::Missed,
};

/// The minimum of messages kept.
const KEPT: usize = 50;

fn settings(history: usize) -> Arc<LiveSettings> {
    Arc::new(LiveSettings {
        messages: KEPT,
        history,
        liveness_window: Duration::from_secs(10),
        presence_rate: 1,
        ephemeral_rate: 1,
        flush_interval: Duration::ZERO,
        compare_interval: Some(Duration::ZERO),
        idle: Duration::ZERO,
        idle_memory: 0,
        memory: usize::MAX,
    })
}

/// A message of this many seconds after the beginning.
fn message(second: i64, content: &str) -> MessageView {
    let name: Arc<str> = "Anna".into();
    MessageView {
        id: id(second),
        room_id: "room".into(),
        sender_id: "anna".into(),
        content: content.to_owned(),
        kind: MessageType::Text,
        metadata: json!({}),
        reply_to: None,
        created_at: Timestamp::from_millis(second * 1_000),
        updated_at: None,
        sender_name: name.clone(),
        sender: SenderView { name },
        reactions: Vec::new(),
        thread: None,
        thread_summary: None,
    }
}

fn id(second: i64) -> MessageId {
    format!("{second:06}").as_str().into()
}

fn entry(seq: i64, body: EntryBody) -> Entry {
    Entry { room_id: "room".into(), seq, body, root: None }
}

fn new(second: i64, content: &str) -> EntryBody {
    EntryBody::New(MessageAdded(Arc::new(message(second, content))))
}

fn heart() -> ReactionView {
    ReactionView { emoji: "heart".into(), user_id: "ben".into() }
}

/// A room whose log has exactly these messages, oldest first.
fn room(seconds: std::ops::RangeInclusive<i64>, complete: bool, history: usize) -> RoomState {
    let seq = *seconds.end();
    let messages = seconds.rev().map(|second| message(second, "")).collect();
    let tail = Tail { seq, messages, complete, ..Tail::default() };
    RoomState::new("room".into(), tail, Vec::new(), settings(history), Memory::new(usize::MAX))
}

/// The history, newest first, for a user who has missed everything since a moment.
fn history(live: &mut RoomState, since: Option<i64>) -> Vec<Value> {
    let missed =
        Missed { since: since.map(|second| Timestamp::from_millis(second * 1_000)), sent_after: None };
    let history = live.history(&"room".into(), &missed, Bodies::Whole).unwrap();
    let view: Value = serde_json::from_str(history.packet.data().get()).unwrap();
    view["messages"].as_array().unwrap().clone()
}

fn wants_all(live: &RoomState) -> bool {
    live.needs_older(&Missed { since: Some(Timestamp::from_millis(0)), sent_after: None })
}

#[test]
fn the_oldest_of_many_messages_are_dropped_and_the_room_knows_that_it_has_more() {
    let mut live = room(1..=1, true, 500);
    for second in 2..=100 {
        live.apply(&entry(second, new(second, "")));
    }
    assert_eq!((live.len(), wants_all(&live)), (100, false));
    live.apply(&entry(101, new(101, "")));
    assert_eq!((live.len(), wants_all(&live)), (KEPT, true));
    for second in 102..=1_000 {
        live.apply(&entry(second, new(second, "")));
        assert!(live.len() <= 2 * KEPT);
    }
    assert_eq!(history(&mut live, None)[0]["id"], id(1_000).as_str());
}

#[test]
fn messages_that_somebody_may_have_missed_are_kept_up_to_the_longest_history() {
    let mut live = room(1..=1, true, 200);
    // All are of one second, and so within the liveness window.
    for seq in 2..=1_000 {
        let told = EntryBody::New(MessageAdded(Arc::new(MessageView { id: id(seq), ..message(2, "") })));
        live.apply(&entry(seq, told));
        assert!(live.len() >= usize::try_from(seq).unwrap().min(200) && live.len() <= 400, "{}", live.len());
    }
}

#[test]
fn recent_entries_are_bounded_in_number_and_in_bytes() {
    let mut live = room(1..=1, true, 500);
    for seq in 2..=1_001 {
        live.apply(&entry(seq, EntryBody::Deleted(MessageDeleted(id(seq)))));
    }
    let kept = i64::try_from(MAX_RECENT).unwrap();
    assert_eq!(live.entries_since(1_001 - kept, 10_000).map(|entries| entries.len()), Some(MAX_RECENT));
    assert!(live.entries_since(1_000 - kept, 10_000).is_none(), "older entries are in the database");
    let large = "x".repeat(MAX_RECENT_BYTES / 4);
    for seq in 1_002..=1_010 {
        live.apply(&entry(seq, new(seq, &large)));
    }
    assert_eq!(live.entries_since(1_007, 10_000).map(|entries| entries.len()), Some(3));
    assert!(live.entries_since(1_005, 10_000).is_none());
}

#[test]
fn entries_that_the_room_was_loaded_with_are_skipped() {
    let mut live = room(1..=3, true, 500);
    assert!(!live.apply(&entry(3, new(3, "once more"))));
    assert!(
        !live.apply(&entry(
            2,
            EntryBody::ReactionAdded(ReactionAdded { message_id: id(1), reaction: heart() })
        ))
    );
    assert!(!live.apply(&entry(1, EntryBody::Deleted(MessageDeleted(id(1))))));
    let shown = history(&mut live, None);
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().all(|message| message["content"] == "" && message["reactions"] == json!([])));
    assert!(live.apply(&entry(4, new(4, "next"))));
}

#[test]
fn changes_during_a_backfill_are_in_the_history_once() {
    let mut live = room(100..=110, false, 50);
    assert!(wants_all(&live));
    let (place, count) = live.begin_backfill();
    assert_eq!((place.id, count), (id(100), KEPT));
    let edited = EntryBody::Updated(MessageEdited(Arc::new(message(97, "edited"))));
    let (reaction, other) = (heart(), ReactionView { user_id: "cleo".into(), ..heart() });
    for (seq, told) in (111..).zip([
        new(111, ""),
        edited,
        EntryBody::Deleted(MessageDeleted(id(98))),
        EntryBody::ReactionAdded(ReactionAdded { message_id: id(99), reaction: reaction.clone() }),
        EntryBody::ReactionAdded(ReactionAdded { message_id: id(96), reaction }),
        EntryBody::ReactionRemoved(ReactionRemoved { message_id: id(95), reaction: other.clone() }),
    ]) {
        assert!(live.apply(&entry(seq, told)));
    }
    // Some of these entries were committed before the older messages were read, and some after.
    let mut older: Vec<MessageView> = (90..=99).rev().map(|second| message(second, "")).collect();
    older[0].reactions.push(heart());
    older[4].reactions.push(other);
    live.finish_backfill(older);

    let shown = history(&mut live, None);
    let find = |second: i64| shown.iter().find(|message| message["id"] == id(second).as_str());
    assert_eq!(shown.len(), 12 + 9);
    assert!(shown.is_sorted_by_key(|message| std::cmp::Reverse(message["id"].as_str().unwrap())));
    assert_eq!(find(97).unwrap()["content"], "edited");
    assert!(find(98).is_none());
    let hearts = json!([{"emoji": "heart", "userId": "ben"}]);
    assert_eq!((&find(99).unwrap()["reactions"], &find(96).unwrap()["reactions"]), (&hearts, &hearts));
    assert_eq!(find(95).unwrap()["reactions"], json!([]));
}

#[test]
fn a_backfilled_room_is_complete_only_if_there_were_no_more_messages() {
    for (found, is_complete) in [(KEPT, false), (KEPT - 1, true)] {
        let mut live = room(101..=102, false, 50);
        let (_, count) = live.begin_backfill();
        assert_eq!(count, KEPT);
        let oldest = 101 - i64::try_from(found).unwrap();
        live.finish_backfill((oldest..=100).rev().map(|second| message(second, "")).collect());
        // Less than a page is left: if the room has more messages, it needs a backfill.
        for (seq, second) in (103..).zip(oldest + 10..=102) {
            live.apply(&entry(seq, EntryBody::Deleted(MessageDeleted(id(second)))));
        }
        assert_eq!((live.len(), wants_all(&live)), (10, !is_complete));
    }
}
