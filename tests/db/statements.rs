//! Statements that serve any number of rows: users, members, read marks and old entries.

use std::collections::BTreeMap;

use chatoxide::{
    chat::{
        id::{RoomId, UserId},
        room::RoomType,
        timestamp::Timestamp,
    },
    clock,
    db::{
        read_markers::{self, ReadMark},
        room_log, tails,
        users::{self, NewUser},
    },
};

use crate::support::{Backend, TestServer, on_both};

fn newcomer(id: &str, email: Option<&str>) -> NewUser {
    NewUser::new(&id.into(), Some(id), email, None, clock::now())
}

on_both! {
    async fn new_users_get_their_email_unless_it_is_somebody_elses(server: TestServer) {
        users::insert_absent(&server.db, vec![newcomer("old", Some("old@x"))]).await.unwrap();
        let newcomers = vec![
            newcomer("b", Some("same@x")),
            newcomer("a", Some("same@x")),
            newcomer("c", Some("old@x")),
            newcomer("d", None),
            newcomer("old", Some("new@x")),
        ];
        let refused = users::insert_absent(&server.db, newcomers).await.unwrap();
        assert!(refused.is_empty());
        let found = server.database.select(r#"SELECT "id" || ' ' || "email" FROM "User" ORDER BY "id""#).await;
        let expected =
            ["a same@x", "b b@users.invalid", "c c@users.invalid", "d d@users.invalid", "old old@x"];
        assert_eq!(found, expected);
    }
}

on_both! {
    async fn a_new_user_whom_the_database_refuses_keeps_nobody_else_out(server: TestServer) {
        // A rule of the team's own.
        server.database.execute(match server.database.backend {
            Backend::Postgres => r#"ALTER TABLE "User" ADD CHECK ("name" <> 'bad')"#,
            Backend::Sqlite => {
                r#"CREATE TRIGGER rule BEFORE INSERT ON "User" WHEN NEW."name" = 'bad'
                   BEGIN SELECT RAISE(ABORT, 'rule'); END"#
            }
        }).await;
        let newcomers = ["a", "b", "bad", "c", "d"].map(|id| newcomer(id, None)).into();
        let refused = users::insert_absent(&server.db, newcomers).await.unwrap();
        assert_eq!(refused.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [UserId::from("bad")]);
        assert_eq!(server.database.select(r#"SELECT "id" FROM "User" ORDER BY "id""#).await, ["a", "b", "c", "d"]);
    }
}

/// Entries of a room's log from `first` to `last`, a second apart.
async fn fill_log(server: &TestServer, room: &str, first: usize, last: usize) {
    let row = |n: usize| format!("('{room}', {n}, 'new', 'm', 'anna', '{}')", at(n));
    let rows: Vec<String> = (first..=last).map(row).collect();
    let columns = "room_id, seq, kind, message_id, actor_id, at";
    // As many as fit into one command.
    for rows in rows.chunks(1_000) {
        let log = format!("INSERT INTO own.room_log ({columns}) VALUES {}", rows.join(", "));
        server.database.execute(&server.database.own(&log)).await;
    }
    let head =
        format!("INSERT INTO own.room_head (room_id, seq, at) VALUES ('{room}', {last}, '{}')", at(last));
    server.database.execute(&server.database.own(&head)).await;
}

/// The `n`th second of a year, as both databases write it.
fn at(n: usize) -> String {
    millis(n).naive().format("%F %T").to_string()
}

fn millis(n: usize) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + n as i64 * 1_000)
}

on_both! {
    async fn a_mark_without_an_entry_gets_the_last_one_up_to_its_time(server: TestServer) {
        for (room, first, last) in [("one", 1, 1), ("whole", 1, 100), ("forgotten", 41, 100)] {
            fill_log(&server, room, first, last).await;
        }
        let mark = |room: &str, user: usize, at: Timestamp, seq| ReadMark {
            room_id: room.into(), user_id: format!("user-{user:03}").as_str().into(), at, seq,
        };
        let mut marks = vec![mark("none", 5, millis(5), None), mark("whole", 500, millis(50), Some(7))];
        for room in ["one", "whole", "forgotten"] {
            marks.extend((0..=102).map(|n| mark(room, n, millis(n), None)));
        }
        // Between two entries.
        let between = Timestamp::from_millis(millis(60).millis() + 500);
        marks.push(mark("whole", 600, between, None));
        read_markers::advance(&server.db, marks).await.unwrap();
        let found = server.database.own("SELECT room_id || ' ' || user_id || ' ' || seq FROM own.read_marker");
        let found: BTreeMap<String, usize> = server.database.select(&found).await.iter().map(|row| {
            let (key, seq) = row.rsplit_once(' ').unwrap();
            (key.to_owned(), seq.parse().unwrap())
        }).collect();
        assert_eq!(found.len(), 3 + 3 * 103);
        let seq = |room: &str, user: usize| found[&format!("{room} user-{user:03}")];
        assert_eq!((seq("none", 5), seq("whole", 500), seq("whole", 600)), (0, 7, 60));
        for n in 0..=102 {
            // Forgotten entries are older than all entries that are left.
            assert_eq!((seq("one", n), seq("whole", n)), (n.min(1), n.min(100)), "{n}");
            assert_eq!(seq("forgotten", n), n.clamp(40, 100), "{n}");
        }
    }
}

on_both! {
    async fn a_mark_never_goes_back_and_keeps_its_entry(server: TestServer) {
        fill_log(&server, "room", 1, 10).await;
        let mark = |n, seq| ReadMark { room_id: "room".into(), user_id: "anna".into(), at: millis(n), seq };
        let marker = server.database.own("SELECT seq FROM own.read_marker");
        for (mark, expected) in [
            (mark(5, None), "5"),
            (mark(3, None), "5"),
            (mark(5, Some(4)), "5"),
            // The entry was committed after the mark, whose time is later.
            (mark(3, Some(8)), "8"),
            (mark(6, Some(9)), "9"),
            (mark(4, Some(7)), "9"),
        ] {
            read_markers::advance(&server.db, vec![mark]).await.unwrap();
            assert_eq!(server.database.select(&marker).await, [expected]);
        }
    }
}

on_both! {
    async fn retention_deletes_only_old_entries_of_many_rooms_at_once(server: TestServer) {
        // More than are looked at in one query, and some with more old entries than are deleted in one.
        let lengths = |n: usize| match n { 7 | 8 => 2_500, n => n % 5 };
        for n in (0..120).filter(|n| lengths(*n) > 0) {
            fill_log(&server, &format!("room-{n:03}"), 1, lengths(n)).await;
        }
        let moment = 3;
        let old = |n: usize| lengths(n).min(moment - 1);
        let forgotten = room_log::forget_before(&server.db, millis(moment)).await.unwrap();
        assert_eq!(forgotten, (0..120).map(old).sum::<usize>());
        let left = server.database.own("SELECT room_id || ' ' || min(seq) || ' ' || count(*) FROM own.room_log
                                        GROUP BY room_id ORDER BY room_id");
        let expected: Vec<String> = (0..120).filter(|n| lengths(*n) > old(*n)).map(|n| {
            format!("room-{n:03} {} {}", old(n) + 1, lengths(n) - old(n))
        }).collect();
        assert_eq!(server.database.select(&left).await, expected);

        let forgotten = room_log::forget_before(&server.db, millis(2_400)).await.unwrap();
        assert_eq!(forgotten, (0..120).map(|n| lengths(n).min(2_399) - old(n)).sum::<usize>());
        let left = server.database.own("SELECT room_id || ' ' || min(seq) || ' ' || max(seq) FROM own.room_log
                                        GROUP BY room_id ORDER BY room_id");
        assert_eq!(server.database.select(&left).await, ["room-007 2400 2500", "room-008 2400 2500"]);
    }
}

on_both! {
    async fn a_room_is_made_with_all_its_members(server: TestServer) {
        let members: Vec<String> = (0..100).map(|n| format!("user-\"{n:02}\\")).collect();
        let ids: Vec<&str> = members.iter().map(String::as_str).collect();
        server.make_room("crowd", RoomType::Private, &ids[..50]).await;
        server.make_room("crowd", RoomType::Private, &ids).await;
        let found = server.database.select(r#"SELECT "B" FROM "_RoomMembers" WHERE "A" = 'crowd' ORDER BY "B""#).await;
        assert_eq!(found, ids);
    }
}

on_both! {
    async fn the_newest_messages_of_many_rooms_are_read_together_within_a_bound_of_bytes(server: TestServer) {
        let rooms = ["a", "b", "c", "none"].map(RoomId::from);
        let long = "x".repeat(1_000);
        for room in &rooms {
            server.make_room(room.as_str(), RoomType::Public, &["anna"]).await;
        }
        for room in ["a", "b", "c"] {
            let messages: Vec<(String, String)> =
                (0..4).map(|n| (format!("{room}{n}{long}"), at(n))).collect();
            server.database.seed_messages(room, "anna", &messages).await;
        }
        fill_log(&server, "b", 1, 7).await;
        let load = async |limit, bytes| {
            let tails = tails::load(&server.db, &rooms, limit, bytes).await.unwrap();
            let in_room = |tail: &tails::ListTail| {
                let contents = tail.messages.iter().map(|message| message.content.replace('x', ""));
                format!("{} {:?} {:?}", tail.room_id, tail.seq, contents.collect::<Vec<_>>())
            };
            tails.iter().map(in_room).collect::<Vec<_>>()
        };
        let all = [
            r#"a Some(0) ["a3", "a2"]"#, r#"b Some(7) ["b3", "b2"]"#, r#"c Some(0) ["c3", "c2"]"#, "none None []",
        ];
        assert_eq!(load(2, 1 << 20).await, all);
        assert_eq!(load(2, 0).await, all[..1], "one at least");
        let some = load(2, 3_000).await;
        assert!((1..=2).contains(&some.len()), "{some:?}");
    }
}
