//! The output of `load`: one JSON object, whose kind is in `scenario`. Units are in the names: `ms`, `us`
//! (microseconds), `kib`. "Measured" means between the end of the warm-up and the end of the run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{checker::Verdict, histogram::Histogram};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "scenario", rename_all = "snake_case")]
pub enum Report {
    Messages(Messages),
    Typing(Typing),
    Joins(Joins),
    Storm(Storm),
    Idle(Idle),
}

/// Quantiles are at most 1.6 % too high.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Latency {
    pub count: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// Measured time on CPUs, in cores: 1.0 is one CPU all the time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cores {
    pub server: f64,
    /// The database and its children; absent without `--database-pid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<f64>,
    /// This program, which has one thread: at 1.0 it is what limits the run.
    pub generator: f64,
    /// Everybody else on this machine. A comparison wants this to be near 0: a server that others took a CPU from looks slow.
    pub others: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Messages {
    /// Length of the measured time.
    pub seconds: f64,
    /// Messages that were accepted in the measured time.
    pub acked: u64,
    pub acked_per_second: f64,
    /// Messages that were refused, over the whole run.
    pub refused: u64,
    /// The time from the moment when a message was due to the ack of success, for messages due in the measured time. In
    /// a closed loop a message is due when an ack makes room for it.
    pub ack: Latency,
    /// The time from the moment when a message was due until a listener received it, for messages due in the measured
    /// time. Every listener counts.
    pub delivery: Latency,
    /// The lateness of this program itself, for messages due in the measured time.
    pub sent_late: Latency,
    /// Messages heard in the measured time, each by every listener.
    pub deliveries: u64,
    pub deliveries_per_second: f64,
    pub server_cpu_us_per_message: f64,
    pub server_cpu_us_per_delivery: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_cpu_us_per_message: Option<f64>,
    pub generator_cpu_us_per_delivery: f64,
    pub cores: Cores,
    /// Resident memory of the server before the first client came, and at the end of the measured time.
    pub server_kib_before: u64,
    pub server_kib_after: u64,
    /// Messages that were sent over the whole run.
    pub sent: u64,
    /// Clients whose connection was lost.
    pub lost_connections: u64,
    /// Over the whole run.
    pub verdict: Verdict,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Typing {
    pub seconds: f64,
    /// `typing:start` events sent in the measured time.
    pub sent: u64,
    /// `typing:user` events heard in the measured time.
    pub deliveries: u64,
    pub deliveries_per_second: f64,
    /// Heard of what should have been heard, 1.0 being all. A little more or less is what was under way at the ends.
    pub heard_share: f64,
    pub server_cpu_us_per_delivery: f64,
    pub generator_cpu_us_per_delivery: f64,
    pub cores: Cores,
    pub lost_connections: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Joins {
    pub seconds: f64,
    /// Joins that were answered by the ack and by `room:history` in the measured time.
    pub joins: u64,
    pub joins_per_second: f64,
    /// Joins whose ack did not say success, over the whole run.
    pub failed: u64,
    /// From sending `room:join` until both answers were there.
    pub join: Latency,
    /// Histories over the whole run that were shorter or longer than a page of 50, and the shortest and the longest seen.
    /// chatoxide shows more to a user who may have missed more, which is what came in the last 45 s: see `--settle`.
    pub shorter_histories: u64,
    pub longer_histories: u64,
    pub shortest_history: u64,
    pub longest_history: u64,
    pub server_cpu_us_per_join: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_cpu_us_per_join: Option<f64>,
    pub generator_cpu_us_per_join: f64,
    pub cores: Cores,
    pub lost_connections: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Storm {
    pub connections: u64,
    /// From the first connect to the last ack.
    pub seconds: f64,
    /// Joined connections over `seconds`.
    pub connections_per_second: f64,
    /// From the TCP connect to the ack of the join.
    pub join: Latency,
    /// To the width of a bucket.
    pub slower_than_1s: u64,
    /// Connections that got no ack within the time.
    pub unanswered: u64,
    /// Connections that were refused or closed, or whose join was.
    pub failed: u64,
    /// The error of the first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
    pub server_cpu_us_per_connection: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_cpu_us_per_connection: Option<f64>,
    pub cores: Cores,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Idle {
    pub connections: u64,
    /// Resident memory of the server before the first connection, and two seconds after the last.
    pub server_kib_before: u64,
    pub server_kib_after: u64,
    pub kib_per_connection: f64,
    /// Seconds in which nothing was sent but pings.
    pub idle_seconds: f64,
    /// Over these.
    pub cores: Cores,
    pub lost_connections: u64,
}

impl From<&Histogram> for Latency {
    fn from(histogram: &Histogram) -> Self {
        Self {
            count: histogram.total(),
            p50_ms: millis(histogram.quantile(0.50)),
            p95_ms: millis(histogram.quantile(0.95)),
            p99_ms: millis(histogram.quantile(0.99)),
            max_ms: millis(histogram.max()),
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

/// Zero when there was nothing to divide by: JSON knows no other number for it.
pub fn per(amount: f64, count: f64) -> f64 {
    if count > 0.0 { amount / count } else { 0.0 }
}
