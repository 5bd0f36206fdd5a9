//! `room:mark-unread` beside reads of the same user that are under way.

use super::unread_counts::{list, told};
use crate::support::{Backend, Client, on_both};

/// Lets each read mark be followed at once by one that the room is unread from its first message on, as another device
/// may ask.
const UNREAD_AT_ONCE: [&str; 2] = [
    "CREATE TRIGGER unread AFTER UPDATE OF at ON chatoxide_read_marker BEGIN
        UPDATE chatoxide_read_marker SET unread_at = '2000-01-01 00:00:00', unread_id = ''
        WHERE room_id = NEW.room_id AND user_id = NEW.user_id; END",
    "CREATE FUNCTION unread() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.unread_at = '2000-01-01'; NEW.unread_id = ''; RETURN NEW; END $$;
    CREATE TRIGGER unread BEFORE UPDATE ON chatoxide.read_marker FOR EACH ROW EXECUTE FUNCTION unread()",
];

on_both! {
    async fn a_read_that_is_answered_late_does_not_undo_a_mark_that_the_room_is_unread(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.ask("room:read", "general".into()).await;
        let mut phone = server.connect("alice").await;
        list(&mut phone, "general").await;
        bob.say("general", "one").await;
        bob.say("general", "two").await;
        told(&mut phone, "general", 2).await;
        let is_postgres = server.database.backend == Backend::Postgres;
        server.database.execute(UNREAD_AT_ONCE[usize::from(is_postgres)]).await;
        alice.ask("room:read", "general".into()).await;
        bob.say("general", "three").await;
        let counts = async |phone: &mut Client| loop {
            let told = phone.hear("room:unread").await;
            if told["seq"] == 3 {
                return told["unreadCount"].clone();
            }
        };
        assert_eq!(counts(&mut phone).await, 3);
    }
}
