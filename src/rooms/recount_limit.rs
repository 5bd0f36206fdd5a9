//! The bound on how many unread counts one statement makes.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The most counts that are made in the database at a push. The others wait for the next one.
const MAX_RECOUNTED: usize = 2_000;

/// The number of counts that are made at once. It is halved when they cannot be made, as they may take too long, or one may be
/// at fault; and doubled when they can.
pub(super) struct RecountLimit(AtomicUsize);

impl Default for RecountLimit {
    fn default() -> Self {
        Self(AtomicUsize::new(MAX_RECOUNTED))
    }
}

impl RecountLimit {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// `asked`: so many were asked for.
    pub(super) fn note(&self, asked: usize, were_counted: bool) {
        let next = if were_counted { self.get().saturating_mul(2) } else { asked / 2 };
        self.0.store(next.clamp(1, MAX_RECOUNTED), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_counts_are_made_at_once_after_a_failure_and_more_again_after_successes() {
        let limit = RecountLimit::default();
        let mut asked = Vec::new();
        for were_counted in [false, false, true, true, true, true] {
            asked.push(limit.get());
            limit.note(limit.get().min(1_000), were_counted);
        }
        assert_eq!(asked, [2_000, 500, 250, 500, 1_000, 2_000]);
        (0..20).for_each(|_| limit.note(limit.get(), false));
        assert_eq!(limit.get(), 1);
    }
}
