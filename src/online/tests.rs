//! The state by itself: devices, hiding, statuses, times, and what sockets are sent.

use super::*;

const TTL: Duration = Duration::from_secs(60);

fn ids(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| UserId::from(*name)).collect()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A socket of Alice watches these users, of whom nothing is stored.
fn watching(state: &mut State, names: &[&str]) -> Sid {
    let (sid, users, alice) = (Sid::new(), ids(names), UserId::from("alice"));
    state.watch_connected(sid, &users);
    let unknown = state.watch_presence(sid, &alice, &users, Instant::now());
    state.fill(&unknown, HashMap::new());
    state.answer_connected(sid, users.clone());
    state.answer_presence(sid, &alice, &users, at(0));
    sid
}

/// Takes all that the socket is sent now: the users who came, those who went, and the presences.
fn sent(state: &mut State, sid: Sid) -> (Vec<UserId>, Vec<UserId>, Vec<PresenceView>) {
    let mut changes = state.take_changes();
    let (came, went) = changes.connected.remove(&sid).unwrap_or_default();
    let users = changes.presence.remove(&sid).unwrap_or_default();
    (came, went, state.take_views(sid, &users, at(10_000)))
}

fn states(views: &[PresenceView]) -> Vec<(Presence, Option<i64>)> {
    views.iter().map(|view| (view.state, view.last_seen_at.map(Timestamp::millis))).collect()
}

#[test]
fn a_user_is_online_while_a_device_is_active_and_away_while_none_is() {
    let (mut state, bob) = (State::default(), UserId::from("bob"));
    let sid = watching(&mut state, &["bob"]);
    state.connect(&bob);
    state.connect(&bob);
    let (came, went, views) = sent(&mut state, sid);
    assert_eq!((came, went, states(&views)), (ids(&["bob"]), vec![], vec![(Presence::Online, None)]));
    state.deactivate(&bob, Some(at(1)));
    assert_eq!(sent(&mut state, sid), (vec![], vec![], vec![]), "the second device is active");
    state.deactivate(&bob, Some(at(2)));
    let (came, went, views) = sent(&mut state, sid);
    assert_eq!((came, went, states(&views)), (vec![], vec![], vec![(Presence::Away, Some(2))]));
    state.activate(&bob);
    assert_eq!(states(&sent(&mut state, sid).2), [(Presence::Online, None)]);
    state.disconnect(&bob, Some(at(3)));
    assert_eq!(states(&sent(&mut state, sid).2), [(Presence::Away, Some(3))]);
    state.disconnect(&bob, None);
    let (came, went, views) = sent(&mut state, sid);
    assert_eq!((came, went, states(&views)), (vec![], ids(&["bob"]), vec![(Presence::Offline, Some(3))]));
}

#[test]
fn a_device_that_was_never_active_does_not_move_the_time_of_the_user() {
    let (mut state, bob) = (State::default(), UserId::from("bob"));
    let sid = watching(&mut state, &["bob"]);
    state.connect(&bob);
    state.deactivate(&bob, None);
    assert_eq!(states(&sent(&mut state, sid).2), [(Presence::Away, None)]);
    assert!(state.list_unwritten(9).is_empty());
}

#[test]
fn changes_that_cancel_out_are_not_sent_and_nothing_is_kept_of_those_who_left() {
    let (mut state, bob) = (State::default(), UserId::from("bob"));
    let sid = watching(&mut state, &["bob"]);
    state.connect(&bob);
    sent(&mut state, sid);
    state.deactivate(&bob, Some(at(1)));
    state.activate(&bob);
    assert_eq!(sent(&mut state, sid), (vec![], vec![], vec![]));
    let status = Status { text: Some("x".into()), emoji: None, clear_at: Some(at(20_000)) };
    state.note_status(&bob, Some(Arc::new(status)));
    assert_eq!(sent(&mut state, sid).2.len(), 1);
    state.unwatch(sid);
    state.disconnect(&bob, Some(at(2)));
    assert!(state.take_changes().presence.is_empty() && state.is_empty());
}

#[test]
fn a_hidden_user_is_offline_for_others_and_not_for_themself() {
    let (mut state, bob, alice) = (State::default(), UserId::from("bob"), UserId::from("alice"));
    let sid = watching(&mut state, &["bob", "alice"]);
    for user in [&alice, &bob] {
        state.connect(user);
        state.note_hidden(user, true);
    }
    let (came, _, views) = sent(&mut state, sid);
    assert_eq!((came, states(&views)), (vec![], vec![(Presence::Online, None)]), "Alice of herself");
    state.deactivate(&bob, Some(at(5)));
    state.note_status(&bob, Some(Arc::new(Status { text: Some("x".into()), emoji: None, clear_at: None })));
    assert_eq!(sent(&mut state, sid), (vec![], vec![], vec![]), "Bob");
    state.note_hidden(&bob, false);
    let (came, _, views) = sent(&mut state, sid);
    assert_eq!((came, states(&views)), (ids(&["bob"]), vec![(Presence::Away, Some(5))]));
}

#[test]
fn a_change_while_a_user_is_read_is_newer_than_what_was_read() {
    let (mut state, bob, sid) = (State::default(), UserId::from("bob"), Sid::new());
    state.connect(&bob);
    let unknown = state.watch_connected(sid, std::slice::from_ref(&bob));
    state.note_hidden(&bob, true);
    state.note_status(&bob, None);
    let status = Some(Arc::new(Status { text: Some("old".into()), emoji: None, clear_at: None }));
    let stored = StoredPresence { is_hidden: false, last_seen: Some(at(1)), status };
    state.fill(&unknown, HashMap::from([(bob.clone(), stored)]));
    assert_eq!(state.answer_connected(sid, vec![bob.clone()]), ids(&[]));
    assert_eq!(state.known_view(&bob, &bob, at(2)).unwrap().status, None);
}

#[test]
fn a_status_ends_on_time() {
    let (mut state, bob) = (State::default(), UserId::from("bob"));
    let sid = watching(&mut state, &["bob"]);
    let status = |end| Arc::new(Status { text: Some("x".into()), emoji: None, clear_at: Some(at(end)) });
    state.note_status(&bob, Some(status(10_500)));
    state.note_status(&bob, Some(status(11_000)));
    assert!(sent(&mut state, sid).2[0].status.is_some());
    state.end_statuses(at(10_999));
    assert_eq!(sent(&mut state, sid).2, []);
    state.end_statuses(at(11_000));
    assert_eq!(sent(&mut state, sid).2[0].status, None);
}

#[test]
fn a_time_that_is_written_stays_known_and_a_later_one_is_written_again() {
    let (mut state, bob) = (State::default(), UserId::from("bob"));
    state.connect(&bob);
    state.deactivate(&bob, Some(at(1)));
    let written = state.list_unwritten(9);
    let sid = watching(&mut state, &["bob"]);
    state.activate(&bob);
    state.deactivate(&bob, Some(at(2)));
    state.note_written(&written);
    assert_eq!(state.list_unwritten(9), [(bob.clone(), at(2))]);
    state.note_written(&[(bob.clone(), at(2))]);
    assert!(state.list_unwritten(9).is_empty());
    assert_eq!(states(&sent(&mut state, sid).2), [(Presence::Away, Some(2))]);
}

#[test]
fn it_is_ensured_again_that_a_room_is_shared_once_it_is_doubted_or_long_ago() {
    let mut state = State::default();
    let sid = watching(&mut state, &["bob", "carol"]);
    let now = Instant::now();
    assert!(state.due(sid, now, TTL).is_none());
    assert!(state.due(sid, now + TTL, TTL).is_some());
    for user in ["alice", "bob"] {
        state.doubt(&user.into());
        let (asker, watched) = state.due(sid, now, TTL).unwrap();
        assert_eq!((asker, watched.len()), ("alice".into(), 2));
        state.confirm(sid, &watched, &watched.iter().cloned().collect(), now);
        assert!(state.due(sid, now, TTL).is_none());
    }
    state.doubt(&"dave".into());
    assert!(state.due(sid, now, TTL).is_none());
    state.confirm(sid, &ids(&["bob", "carol"]), &ids(&["carol"]).into_iter().collect(), now);
    state.connect(&"bob".into());
    state.connect(&"carol".into());
    assert_eq!(
        sent(&mut state, sid).2.iter().map(|view| view.user_id.as_str()).collect::<Vec<_>>(),
        ["carol"]
    );
}
