//! Metrics for Prometheus. Each server has a registry of its own; there is none for the process.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// An event that a client sent, with its outcome: `ok` or the error code of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EventLabels {
    pub event: &'static str,
    pub outcome: &'static str,
}

/// Statistics of the rooms on this node.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomStats {
    /// Rooms in memory, and the idle ones among them, which nobody is in.
    pub live: usize,
    pub idle: usize,
    /// The estimated memory of the idle rooms, in bytes.
    pub idle_bytes: usize,
    /// The estimated memory of all rooms, in bytes.
    pub live_bytes: usize,
    /// Messages that all rooms keep in memory.
    pub messages: usize,
    /// Users whose join or leave event waits to be broadcast.
    pub pending_presence: usize,
    /// Changes that wait for the database.
    pub queued: usize,
}

/// Handles on the instruments; cheap to clone.
#[derive(Clone)]
pub struct Instruments {
    pub events: Family<EventLabels, Counter>,
    pub event_seconds: Histogram,
    pub sockets: Gauge,
    /// Connections that were aborted: their clients did not read, or they had to make room, or a sign-in was refused.
    pub aborted: Counter,
    /// The number of changes in each commit.
    pub append_batch: Histogram,
    pub append_seconds: Histogram,
    /// Statements sent to the database.
    pub statements: Counter,
    pub read_marks: Counter,
    pub delivery_marks: Counter,
    /// Messages that were put into the search index.
    pub search_indexed: Counter,
    search_lag: Gauge<f64, AtomicU64>,
    search_unfilled: Gauge,
    live_rooms: Gauge,
    idle_rooms: Gauge,
    idle_bytes: Gauge,
    live_bytes: Gauge,
    live_messages: Gauge,
    presence_waiting: Gauge,
    queued: Gauge,
}

impl Instruments {
    /// `statements` counts the statements that are sent to the database.
    pub fn new(statements: Counter) -> Self {
        // From 50 µs to about 3 s.
        let seconds = || Histogram::new(exponential_buckets(0.000_05, 3.0, 11));
        Self {
            events: Family::default(),
            event_seconds: seconds(),
            sockets: Gauge::default(),
            aborted: Counter::default(),
            append_batch: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            append_seconds: seconds(),
            statements,
            read_marks: Counter::default(),
            delivery_marks: Counter::default(),
            search_indexed: Counter::default(),
            search_lag: Gauge::default(),
            search_unfilled: Gauge::default(),
            live_rooms: Gauge::default(),
            idle_rooms: Gauge::default(),
            idle_bytes: Gauge::default(),
            live_bytes: Gauge::default(),
            live_messages: Gauge::default(),
            presence_waiting: Gauge::default(),
            queued: Gauge::default(),
        }
    }

    /// Notes how long the oldest entry has waited that is not in the search index yet.
    pub fn note_search_lag(&self, lag: Duration) {
        self.search_lag.set(lag.as_secs_f64());
    }

    /// Notes the number of rooms whose history is not in the search index yet.
    pub fn note_search_unfilled(&self, rooms: i64) {
        self.search_unfilled.set(rooms);
    }
}

/// Counts one in a gauge until it is dropped.
pub struct GaugeGuard(Gauge);

impl GaugeGuard {
    pub fn by(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

pub struct Metrics {
    registry: Registry,
    pub instruments: Instruments,
}

impl Metrics {
    pub fn new(instruments: Instruments) -> Self {
        let mut registry = Registry::with_prefix("chatoxide");
        let it = instruments.clone();
        registry.register("events", "Client events handled, by event name and outcome", it.events);
        let text = "Time from the start of an event's handling to its ack";
        registry.register_with_unit("event_duration", text, Unit::Seconds, it.event_seconds);
        registry.register("sockets", "Connected sockets", it.sockets);
        registry.register(
            "sockets_cut",
            "Connections that the server aborted: a slow client, a refused sign-in, or the connection limit",
            it.aborted,
        );
        registry.register("append_batch", "Changes in each commit", it.append_batch);
        let text = "Time of each commit";
        registry.register_with_unit("append_duration", text, Unit::Seconds, it.append_seconds);
        registry.register("database_statements", "Statements sent to the database", it.statements);
        registry.register("read_marks_written", "Read marks written to the database", it.read_marks);
        registry.register(
            "delivery_marks_written",
            "Delivery marks written to the database",
            it.delivery_marks,
        );
        let text = "Messages that were put into the search index";
        registry.register("search_indexed", text, it.search_indexed);
        let text = "Age of the oldest change that is not in the search index yet";
        registry.register_with_unit("search_lag", text, Unit::Seconds, it.search_lag);
        let text = "Rooms whose history is not in the search index yet";
        registry.register("search_rooms_left", text, it.search_unfilled);
        registry.register("rooms_live", "Rooms in memory", it.live_rooms);
        registry.register("rooms_idle", "Rooms in memory without users", it.idle_rooms);
        let text = "Estimated memory of rooms without users";
        registry.register_with_unit("rooms_idle", text, Unit::Bytes, it.idle_bytes);
        let text = "Estimated memory of all rooms";
        registry.register_with_unit("rooms_live", text, Unit::Bytes, it.live_bytes);
        registry.register("messages_live", "Messages in memory", it.live_messages);
        registry.register(
            "presence_waiting",
            "Users whose join or leave event waits to be broadcast",
            it.presence_waiting,
        );
        registry.register("write_queue", "Changes that wait to be committed", it.queued);
        Self { registry, instruments }
    }

    /// Encodes all metrics in the OpenMetrics text format.
    pub fn encode(&self, stats: RoomStats) -> Result<String, std::fmt::Error> {
        let it = &self.instruments;
        set(&it.live_rooms, stats.live);
        set(&it.idle_rooms, stats.idle);
        set(&it.idle_bytes, stats.idle_bytes);
        set(&it.live_bytes, stats.live_bytes);
        set(&it.live_messages, stats.messages);
        set(&it.presence_waiting, stats.pending_presence);
        set(&it.queued, stats.queued);
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn set(gauge: &Gauge, value: usize) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}
