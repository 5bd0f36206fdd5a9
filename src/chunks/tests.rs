//! Orders, contradictions, bounds and abandonment of chunks, with a clock of the tests' own.

use std::sync::Arc;

use super::*;

const MAX: usize = 1_000;

fn part(id: &str, (index, count): (u32, u32), text: &str) -> Part {
    let subject = Subject::New { room_id: "room".into(), client_id: Some(id.to_owned()) };
    let chunk = Chunk { id: id.to_owned(), index, count };
    let heading = (index == 0).then(Heading::default);
    Part { chunk, subject, text: text.to_owned(), heading }
}

fn whole(received: Received) -> Option<String> {
    match received {
        Received::All { content, .. } => Some(content),
        Received::Some(_) => None,
    }
}

fn missing(received: &Received) -> &[u32] {
    match received {
        Received::Some(progress) => &progress.missing,
        Received::All { .. } => &[],
    }
}

#[test]
fn chunks_are_joined_in_their_order_however_they_come() {
    let (chunks, now) = (Chunks::new(MAX, MAX), Instant::now());
    let anna = "anna".into();
    let add = |place, text| chunks.add(&anna, part("a", place, text), now).unwrap();
    assert_eq!(missing(&add((2, 4), "c")), [0, 1, 3]);
    assert_eq!(missing(&add((0, 4), "ä😀")), [1, 3]);
    assert_eq!(missing(&add((2, 4), "c")), [1, 3], "once more");
    assert_eq!(missing(&add((3, 4), "")), [1]);
    assert_eq!(whole(add((1, 4), "b")).unwrap(), "ä😀bc");
    assert_eq!(chunks.bytes(), 0);
    assert_eq!(missing(&add((1, 4), "b")), [0, 2, 3], "it begins again");
}

#[test]
fn two_users_may_use_the_same_id() {
    let (chunks, now) = (Chunks::new(MAX, MAX), Instant::now());
    for (user, text) in [("anna", "a"), ("bert", "b")] {
        assert!(whole(chunks.add(&user.into(), part("x", (0, 2), text), now).unwrap()).is_none());
    }
    for (user, text) in [("anna", "aa"), ("bert", "ba")] {
        let received = chunks.add(&user.into(), part("x", (1, 2), "a"), now).unwrap();
        assert_eq!(whole(received).unwrap(), text);
    }
}

#[test]
fn a_chunk_that_contradicts_the_others_changes_nothing() {
    let (chunks, now) = (Chunks::new(MAX, MAX), Instant::now());
    let anna: UserId = "anna".into();
    chunks.add(&anna, part("a", (0, 2), "one"), now).ok().unwrap();
    let mut elsewhere = part("a", (1, 2), "two");
    elsewhere.subject = Subject::Edit("m".into());
    let mut headed = part("a", (0, 2), "one");
    headed.heading = Some(Heading { reply_to: Some("m".to_owned()), ..Heading::default() });
    for contrary in [part("a", (1, 3), "two"), part("a", (0, 2), "other"), elsewhere, headed] {
        assert!(matches!(chunks.add(&anna, contrary, now), Err(Error::Conflict(_))));
    }
    assert_eq!(whole(chunks.add(&anna, part("a", (1, 2), "two"), now).unwrap()).unwrap(), "onetwo");
}

#[test]
fn a_content_that_is_too_long_is_forgotten_at_once() {
    let (chunks, now) = (Chunks::new(MAX, MAX), Instant::now());
    let anna: UserId = "anna".into();
    let half = "x".repeat(MAX / 2);
    chunks.add(&anna, part("a", (0, 3), &half), now).ok().unwrap();
    chunks.add(&anna, part("a", (1, 3), &half), now).ok().unwrap();
    assert!(matches!(chunks.add(&anna, part("a", (2, 3), "x"), now), Err(Error::BadInput(_))));
    assert_eq!(chunks.bytes(), 0);
}

#[test]
fn a_slow_drip_is_forgotten() {
    let (chunks, begun) = (Chunks::new(MAX, MAX), Instant::now());
    let anna: UserId = "anna".into();
    for index in 0..20 {
        let now = begun + IDLE_TIMEOUT / 2 * index;
        let received = chunks.add(&anna, part("a", (index, 1_000), "x"), now).unwrap();
        let age = now - begun;
        let gone = if age < LONGEST { 0 } else { LONGEST.as_secs() / (IDLE_TIMEOUT / 2).as_secs() };
        assert_eq!(missing(&received)[0], if gone > 0 { 0 } else { index + 1 }, "after {age:?}");
    }
    chunks.forget_abandoned(begun + IDLE_TIMEOUT * 12);
    assert_eq!(chunks.bytes(), 0);
}

#[test]
fn repeated_chunks_keep_no_upload_alive() {
    let (chunks, begun) = (Chunks::new(MAX, MAX), Instant::now());
    let anna: UserId = "anna".into();
    for seconds in [0, 60, 119] {
        let now = begun + Duration::from_secs(seconds);
        chunks.add(&anna, part("a", (0, 2), "x"), now).ok().unwrap();
    }
    chunks.forget_abandoned(begun + IDLE_TIMEOUT);
    assert_eq!(chunks.bytes(), 0);
}

#[test]
fn a_user_who_abandons_many_is_busy_until_these_are_old() {
    let (chunks, now) = (Chunks::new(1 << 20, 1_000_000), Instant::now());
    let anna: UserId = "anna".into();
    for number in 0..1_000 {
        let added = chunks.add(&anna, part(&number.to_string(), (0, 2), "x"), now);
        assert_eq!(added.is_ok(), number < MAX_OF_USER);
    }
    let later = now + IDLE_TIMEOUT_UNDER_PRESSURE;
    assert!(chunks.add(&"bert".into(), part("b", (0, 2), "x"), now).is_ok(), "others are not");
    assert!(chunks.add(&anna, part("0", (1, 2), "x"), now).is_ok(), "those that were begun go on");
    assert!(chunks.add(&anna, part("new", (0, 2), "x"), later).is_ok());
}

#[test]
fn the_memory_of_all_is_bounded() {
    const TEXT: usize = 100_000;
    let (chunks, now) = (Chunks::new(1 << 20, 1_000_000), Instant::now());
    let text = "x".repeat(TEXT);
    let mut taken = 0;
    for number in 0..1_000 {
        let user = format!("user {}", number / MAX_OF_USER);
        let part = part(&number.to_string(), (0, 2), &text);
        taken += usize::from(chunks.add(&user.as_str().into(), part, now).is_ok());
        assert!(chunks.bytes() <= MAX_BYTES);
    }
    assert_eq!(taken, MAX_BYTES / upload::size_of(&part("x", (0, 2), &text)));
    chunks.forget_abandoned(now + IDLE_TIMEOUT);
    assert_eq!(chunks.bytes(), 0);
}

#[test]
fn one_user_takes_no_more_than_two_long_contents() {
    const KIB: usize = 1_024;
    let (chunks, now) = (Chunks::new(1 << 20, 64 * KIB), Instant::now());
    let anna: UserId = "anna".into();
    let text = "x".repeat(KIB);
    let mut taken = 0;
    for upload in 0..MAX_OF_USER {
        for index in 0..1_000 {
            let part = part(&upload.to_string(), (index, 1_000), &text);
            taken += usize::from(chunks.add(&anna, part, now).is_ok());
            assert!(chunks.bytes() <= 2 * ((1 << 20) + 64 * KIB));
        }
    }
    assert!(taken > 1_000);
}

#[test]
fn a_content_that_comes_whole_counts_among_the_chunks_of_its_user_until_it_is_dropped() {
    let chunks = Arc::new(Chunks::new(MAX, MAX));
    let (alice, bob) = ("alice".into(), "bob".into());
    let mut reserved = Reserved::none(&chunks, &alice);
    assert!(reserved.grow(4 * MAX).is_ok());
    assert!(matches!(reserved.grow(1), Err(Error::Busy)));
    let mut second = Reserved::none(&chunks, &alice);
    assert!(matches!(second.grow(1), Err(Error::Busy)));
    assert!(Reserved::none(&chunks, &bob).grow(4 * MAX).is_ok());
    assert_eq!(chunks.bytes(), 4 * MAX);
    drop(reserved);
    assert!(second.grow(1).is_ok());
    drop(second);
    assert_eq!(chunks.bytes(), 0);
    assert!(lock(&chunks.state).whole.is_empty());
}

#[test]
fn the_contents_that_come_whole_are_bounded_for_all_users_together() {
    let chunks = Arc::new(Chunks::new(1 << 20, 1 << 20));
    let held: Vec<Reserved> = (0..100)
        .map(|n| Reserved::none(&chunks, &UserId::from(format!("user-{n}"))))
        .map_while(|mut reserved| reserved.grow(4 << 20).is_ok().then_some(reserved))
        .collect();
    assert_eq!((held.len(), chunks.bytes()), (16, MAX_BYTES));
}

#[test]
fn the_memory_of_one_user_is_bounded_and_that_of_others_is_free() {
    let (chunks, now) = (Chunks::new(100 * MAX, 0), Instant::now());
    let (alice, bob) = ("alice".into(), "bob".into());
    let text = "x".repeat(60 * MAX);
    let add = |user_id: &UserId, id: &str| chunks.add(user_id, part(id, (0, 2), &text), now);
    let taken = (0..8).take_while(|n| add(&alice, &format!("c{n}")).is_ok()).count();
    assert_eq!(taken, chunks.max_of_user / (60 * MAX + 256));
    assert!(taken < MAX_OF_USER && matches!(add(&alice, "more"), Err(Error::Busy)));
    assert!(add(&bob, "one").is_ok());
}
