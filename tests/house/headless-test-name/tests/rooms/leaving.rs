//! Stories about users who leave a room.

use crate::support::on_both;

on_both! {
    /// A user leaves.
    async fn who_has_left_is_told_nothing(server: TestServer) {}
}

on_both! {
    async fn a_user_who_left_gets_no_event(server: TestServer) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_anybody_else() {}

/// Not a test: its name may begin with any word.
async fn of_history() {}
