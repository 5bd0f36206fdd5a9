//! Remembers where a socket's pages of history ended among messages of one millisecond. A client asks for the next page
//! by the time of the oldest message that it has; the rest of that millisecond then comes first.

use std::{collections::VecDeque, sync::Mutex};

use crate::{
    chat::{id::RoomId, message::Place, timestamp::Timestamp},
    sync::lock,
};

/// The most ends that are remembered for one socket; the oldest are evicted. Few pages end in a tie, and a client
/// continues only from the last one of a room.
const REMEMBERED: usize = 32;

#[derive(Default)]
pub(super) struct PageEnds(Mutex<VecDeque<(RoomId, Place)>>);

impl PageEnds {
    /// Notes that a page or a history ended with the message at `last`. `in_tie`: the next older message has the same
    /// millisecond.
    pub(super) fn note(&self, room_id: &RoomId, last: Place, in_tie: bool) {
        let mut ends = lock(&self.0);
        ends.retain(|(room, place)| room != room_id || place.at != last.at);
        if in_tie {
            if ends.len() >= REMEMBERED {
                ends.pop_front();
            }
            ends.push_back((room_id.clone(), last));
        }
    }

    /// Returns the place at which a page of messages older than `before` begins.
    pub(super) fn begin(&self, room_id: &RoomId, before: Timestamp) -> Place {
        let ends = lock(&self.0);
        let end = ends.iter().find(|(room, place)| room == room_id && place.at == before);
        end.map_or_else(|| Place::below(before), |(_, place)| place.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(at: i64, id: &str) -> Place {
        Place { at: Timestamp::from_millis(at), id: id.into() }
    }

    #[test]
    fn a_page_goes_on_from_the_last_end_of_that_moment_in_that_room() {
        let (ends, here, there) = (PageEnds::default(), RoomId::from("here"), RoomId::from("there"));
        let begin = |room: &RoomId, at| ends.begin(room, Timestamp::from_millis(at));
        ends.note(&here, place(5, "m-9"), true);
        ends.note(&here, place(5, "m-4"), true);
        ends.note(&here, place(3, "m-2"), true);
        assert_eq!(begin(&here, 5), place(5, "m-4"));
        assert_eq!(begin(&here, 3), place(3, "m-2"));
        assert_eq!(begin(&here, 4), place(4, ""));
        assert_eq!(begin(&there, 5), place(5, ""));
        ends.note(&here, place(5, "m-1"), false);
        assert_eq!(begin(&here, 5), place(5, ""), "that page ended with the millisecond");
    }

    #[test]
    fn only_so_many_ends_are_remembered() {
        let (ends, room) = (PageEnds::default(), RoomId::from("room"));
        (0..1_000).for_each(|at| ends.note(&room, place(at, "m"), true));
        assert_eq!(ends.0.lock().unwrap().len(), REMEMBERED);
        assert_eq!(ends.begin(&room, Timestamp::from_millis(999)), place(999, "m"));
        assert_eq!(ends.begin(&room, Timestamp::from_millis(0)), place(0, ""));
    }
}
