//! Examples of what an audience is sent, and when.

mod model;

use std::collections::BTreeMap;

use super::*;

const FLUSH_INTERVAL: Duration = Duration::from_millis(20);
/// A user who is not in the room.
const NOBODY_HERE: usize = 1_000;

fn settings(presence_rate: u32, flush_interval: Duration) -> LiveSettings {
    LiveSettings {
        messages: 1,
        history: 1,
        liveness_window: Duration::ZERO,
        presence_rate,
        ephemeral_rate: 10,
        flush_interval,
        compare_interval: Some(Duration::ZERO),
        idle: Duration::ZERO,
        idle_memory: 0,
        memory: 0,
    }
}

fn user(number: usize) -> TokenUserView {
    TokenUserView { id: format!("user-{number}").as_str().into(), name: None }
}

fn audience(presence_rate: u32, now: Instant) -> Audience {
    Audience::new("room".into(), &settings(presence_rate, FLUSH_INTERVAL), now)
}

/// Counts the packets of an [`Outgoing`] by event.
fn counts(outgoing: &Outgoing) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for send in &outgoing.sends {
        let (Send::ToSockets(_, packet) | Send::ToRoom(Delivery { packet, .. })) = send;
        *counts.entry(packet.event()).or_default() += 1;
    }
    counts
}

#[test]
fn several_joins_in_a_moment_are_sent_together() {
    let now = Instant::now();
    let mut audience = audience(1_000, now);
    let joins: Vec<Outgoing> =
        (0..9).map(|number| audience.arrive(&user(number), Sid::new(), Announce::Yes, now)).collect();
    let sent: Vec<usize> = joins.iter().map(|join| join.sends.len()).collect();
    // The first join has no audience.
    assert_eq!(sent, [0, 1, 1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(joins[5].next, Next::Timer(now + PRESENCE_INTERVAL));
    assert_eq!(audience.pending_presence(), 4);
    let later = now + PRESENCE_INTERVAL;
    assert_eq!(counts(&audience.wake(later, later)), BTreeMap::from([(event::ROOM_USER_JOINED, 4)]));
    assert_eq!(audience.pending_presence(), 0);
}

#[test]
fn a_message_in_a_small_room_is_sent_to_everybody_at_once() {
    let now = Instant::now();
    let mut audience = audience(1_000, now);
    for number in 0..BATCH_MIN_SOCKETS - 1 {
        audience.arrive(&user(number), Sid::new(), Announce::Yes, now);
    }
    audience.flush();
    for _ in 0..200 {
        let packet = Encoded::new(event::MESSAGE_NEW, &1).unwrap();
        let outgoing = audience.push_message(&user(0).id, packet, now);
        assert_eq!((outgoing.sends.len(), outgoing.next), (1, Next::Nothing));
    }
}

#[test]
fn an_author_in_a_large_room_comes_first_and_many_messages_are_sent_together() {
    let now = Instant::now();
    let mut audience = audience(1_000, now);
    for number in 0..BATCH_MIN_SOCKETS {
        audience.arrive(&user(number), Sid::new(), Announce::Yes, now);
    }
    audience.flush();
    let mut push = |author: usize| {
        let packet = Encoded::new(event::MESSAGE_NEW, &1).unwrap();
        audience.push_message(&user(author).id, packet, now)
    };
    let first = push(0);
    assert!(matches!(&first.sends[..], [Send::ToSockets(sids, _)] if sids.len() == 1));
    assert_eq!(first.next, Next::AfterAck);
    // Others wait with the first, which is still to be flushed; the author of each is sent all before it, too.
    let second = push(1);
    assert_eq!((second.sends.len(), second.next), (2, Next::Timer(now + FLUSH_INTERVAL)));
    let sends: Vec<usize> = (2..MAX_ENTRIES).map(|_| push(NOBODY_HERE).sends.len()).collect();
    let (last, before) = sends.split_last().unwrap();
    assert!(before.iter().all(|sends| *sends == 0), "they wait: their author is not here");
    assert_eq!(*last, MAX_ENTRIES, "no more wait");
}
