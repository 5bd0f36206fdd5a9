//! Both doors do the same: what a socket may ask for, a request may, with the same answers and the same events.

use crate::support::{doors, on_both};

on_both! {
    async fn every_action_answers_and_is_heard_alike_by_both_doors(server: TestServer) {
        doors::walk(&server).await;
    }
}
