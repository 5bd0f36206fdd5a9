//! Collects items of a queue into a batch, so that they are handled together.

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// Waits for at least one item and adds all that are queued, until the batch has `max`. False if the queue is closed
/// and empty.
pub async fn fill<T>(queue: &mut mpsc::Receiver<T>, batch: &mut Vec<T>, max: usize) -> bool {
    queue.recv_many(batch, max.saturating_sub(batch.len())).await > 0
}

/// Adds items until the batch has `max` of them, `is_enough` says so, or the time `until` has come.
pub async fn fill_until<T>(
    queue: &mut mpsc::Receiver<T>,
    batch: &mut Vec<T>,
    max: usize,
    until: Instant,
    is_enough: impl Fn(&[T]) -> bool,
) {
    let time = sleep_until(until);
    tokio::pin!(time);
    while batch.len() < max && !is_enough(batch) {
        tokio::select! {
            biased;
            has_more = fill(queue, batch, max) => if !has_more { return },
            () = &mut time => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_wait_ends_when_enough_have_come_or_it_is_time_or_no_more_can_come() {
        let for_ever = Instant::now() + Duration::from_secs(3_600);
        let is_enough = |batch: &[usize]| batch.len() >= 4;
        let (items, mut queue) = mpsc::channel(16);
        let mut batch = vec![0];
        {
            let waiting = fill_until(&mut queue, &mut batch, 16, for_ever, is_enough);
            tokio::pin!(waiting);
            for item in 1..4 {
                assert!((&mut waiting).now_or_never().is_none());
                items.try_send(item).unwrap();
            }
            waiting.await;
        }
        assert_eq!(batch, [0, 1, 2, 3]);

        batch = vec![0];
        items.try_send(1).unwrap();
        fill_until(&mut queue, &mut batch, 16, Instant::now(), is_enough).await;
        assert_eq!(batch, [0, 1], "what is there already is taken");

        drop(items);
        fill_until(&mut queue, &mut batch, 16, for_ever, is_enough).await;
        assert_eq!(batch, [0, 1]);
        assert!(!fill(&mut queue, &mut batch, 16).await);
    }

    #[tokio::test]
    async fn a_batch_is_bounded() {
        let (items, mut queue) = mpsc::channel(16);
        (0..9).for_each(|item| items.try_send(item).unwrap());
        let mut batch = Vec::new();
        assert!(fill(&mut queue, &mut batch, 4).await);
        assert_eq!(batch, [0, 1, 2, 3]);
        let for_ever = Instant::now() + Duration::from_secs(3_600);
        fill_until(&mut queue, &mut batch, 6, for_ever, |_| false).await;
        assert_eq!(batch, [0, 1, 2, 3, 4, 5]);
    }
}
