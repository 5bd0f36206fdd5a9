//! A token bucket.

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic]
    fn what_is_above_the_rate_waits() {}

    #[test]
    fn packets_above_the_rate_wait() {}
}
