//! The steps that all events share: decode, check, call the handler, ack, log.

use std::{
    borrow::Cow,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use futures_util::{FutureExt, future::BoxFuture};
use serde::Serialize;
use serde_json::value::RawValue;
use socketioxide::extract::{AckSender, Event};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument;

use super::{
    context::Context,
    payload::Packet,
    queue::{EventQueue, NextAllowed, QueuedEvent},
    request::Request,
    session::Session,
};
use crate::{
    actions,
    app::App,
    broadcast::{Broadcast, ClientSocket, Encoded, Except, Target},
    chat::{Error, Result},
    clock,
    config::ExtraFields,
    metrics::EventLabels,
    protocol::{DoneView, RefusedView, RoomErrorView, event},
};

/// The most characters of an unknown event's name that are sent back.
const MAX_SHOWN_NAME: usize = 128;

/// The condition for an event to begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The event begins when the earlier event of its socket is queued for commit.
    Pipelined,
    /// The event begins when all earlier events of its socket are done.
    AfterEarlier,
    /// The event begins like a pipelined one, and no other waits for it: it waits for another program.
    Apart,
}

/// The route of a client event: its row of the table.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// The name of the event, or one name for all that are handled alike.
    pub(super) name: &'static str,
    pub(super) order: Order,
    pub(super) call: fn(Context, Packet) -> BoxFuture<'static, Outcome>,
}

/// The outcome of a handler.
pub(super) struct Outcome {
    result: Result<Option<Box<RawValue>>>,
    room_id: Option<String>,
}

/// Generates `find(event) -> Option<Route>` and `describe_table(document)` from a table of events.
macro_rules! events {
    ($($(#[doc = $summary:literal])+ $name:literal => $order:ident, $module:ident::$handle:ident;)+) => {
        fn find(event: &str) -> Option<$crate::socket::dispatch::Route> {
            match event {
                $($name => Some($crate::socket::dispatch::Route {
                    name: $name,
                    order: $order,
                    call: |context, packet| {
                        Box::pin($crate::socket::dispatch::call(context, packet, $module::$handle))
                    },
                }),)+
                _ => None,
            }
        }

        fn describe_table(document: &mut $crate::socket::document::Builder) {
            $(document.client_event($name, concat!($($summary),+).trim(), $module::$handle);)+
        }
    };
}
pub(super) use events;

/// Decodes and checks the payload, calls the handler, and encodes its answer if the client waits for an ack.
pub(super) async fn call<R, V, F, Fut>(context: Context, packet: Packet, handle: F) -> Outcome
where
    R: Request,
    V: Serialize,
    F: FnOnce(Context, R) -> Fut,
    Fut: Future<Output = Result<V>>,
{
    let keeps_extra = context.app.config.sockets.extra_fields == ExtraFields::Metadata;
    let request = match packet.decode::<R>(keeps_extra) {
        Ok(request) => request,
        Err(error) => return Outcome { result: Err(error), room_id: None },
    };
    let room_id = request.room_id().map(ToString::to_string);
    let has_callback = context.has_callback;
    let checked = context.app.ensure_open().and_then(|()| request.check(&context.app.config.limits));
    let access = match checked {
        Ok(()) => context.session.ensure_exists(&context.app.access).await,
        Err(error) => Err(error),
    };
    let result = match access {
        Ok(()) => {
            handle(context, request).await.and_then(|answer| has_callback.then(|| encode(answer)).transpose())
        }
        Err(error) => Err(error),
    };
    Outcome { result, room_id }
}

/// Calls a handler that decodes the packet itself, and whose answer is the ack.
pub(super) async fn call_raw<F, Fut>(context: Context, packet: Packet, handle: F) -> Outcome
where
    F: FnOnce(Context, Packet) -> Fut,
    Fut: Future<Output = Result<Box<RawValue>>>,
{
    let access = match context.app.ensure_open() {
        Ok(()) => context.session.ensure_exists(&context.app.access).await,
        Err(error) => Err(error),
    };
    let result = match access {
        Ok(()) => handle(context, packet).await.map(Some),
        Err(error) => Err(error),
    };
    Outcome { result, room_id: None }
}

/// The ack of an event that was handled.
pub(super) fn encode(answer: impl Serialize) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(&DoneView { success: true, answer })
        .map_err(|error| Error::Internal(error.to_string()))
}

/// An event that has arrived and is not answered yet.
pub(super) struct Arrival {
    app: Arc<App>,
    session: Arc<Session>,
    socket: ClientSocket,
    route: Route,
    event: Cow<'static, str>,
    packet: Packet,
    ack: AckSender,
    arrived: Instant,
    /// A shutdown waits until this token is dropped.
    _in_flight: TaskTrackerToken,
}

/// Accepts an event with its route and queues it. This runs on the task that reads the socket, so events are queued in
/// the order of arrival.
pub(super) fn accept(
    app: &Arc<App>,
    (session, queue): (&Arc<Session>, &EventQueue<Arrival>),
    route: Option<Route>,
    event: (ClientSocket, Event, Packet, AckSender),
) {
    let (socket, Event(name), packet, ack) = event;
    if event::RESERVED.contains(&name.as_str()) {
        tracing::info!(sid = %socket.id(), event = %name, "a reserved event name: connection closed");
        return socket.abort();
    }
    let Some(route) = route else {
        let error = Error::BadInput("this event is not known".to_owned());
        let outcome = Outcome { result: Err(error), room_id: None };
        let shown: String = name.chars().take(MAX_SHOWN_NAME).collect();
        return answer(&app.broadcast, (&socket, ack), &shown, packet.has_callback, outcome);
    };
    let event = if route.name == name { route.name.into() } else { name.into() };
    let (app, session) = (Arc::clone(app), Arc::clone(session));
    let in_flight = app.in_flight.token();
    let arrival = Arrival {
        session: Arc::clone(&session),
        app,
        socket,
        route,
        event,
        packet,
        ack,
        arrived: Instant::now(),
        _in_flight: in_flight,
    };
    if let Err(arrival) = queue.push(arrival) {
        let Arrival { app, socket, event, ack, packet, .. } = arrival;
        answer(
            &app.broadcast,
            (&socket, ack),
            &event,
            packet.has_callback,
            Outcome { result: Err(Error::Busy), room_id: None },
        );
    }
}

impl QueuedEvent for Arrival {
    fn is_after_earlier(&self) -> bool {
        // A message ends its author's typing, which is broadcast at once. That must not overtake earlier events.
        self.route.order == Order::AfterEarlier || self.session.state.is_typing()
    }

    fn size(&self) -> usize {
        self.packet.size()
    }

    fn begin(self, next_allowed: NextAllowed) -> BoxFuture<'static, ()> {
        let span = tracing::debug_span!(
            "event",
            user = %self.session.user.id,
            event = %self.event,
            room = tracing::field::Empty,
            outcome = tracing::field::Empty,
            duration_us = tracing::field::Empty,
        );
        if self.route.order == Order::Apart {
            return Box::pin(self.handle_apart().instrument(span));
        }
        Box::pin(self.handle(next_allowed).instrument(span))
    }
}

impl Arrival {
    /// Handles the event in a task of its own, if the user may have one more under way.
    async fn handle_apart(self) {
        let admitted =
            self.app.webhook.as_ref().map(|webhook| webhook.admit(&self.session.user.id)).transpose();
        match admitted {
            Ok(under_way) => {
                let handled = async move {
                    self.handle(NextAllowed::default()).await;
                    drop(under_way);
                };
                tokio::spawn(handled.in_current_span());
            }
            Err(error) => {
                let outcome = Outcome { result: Err(error), room_id: None };
                let Self { app, socket, event, packet, ack, .. } = self;
                answer(&app.broadcast, (&socket, ack), &event, packet.has_callback, outcome);
            }
        }
    }

    async fn handle(self, next_allowed: NextAllowed) {
        let begun = Instant::now();
        let Self { app, session, socket, route, event, packet, ack, arrived, _in_flight } = self;
        let has_callback = packet.has_callback;
        let outcome = if session.lost_database_after(arrived) {
            let error = Error::Unavailable("it did not answer an earlier event".to_owned());
            Outcome { result: Err(error), room_id: None }
        } else {
            let (session, socket) = (Arc::clone(&session), socket.clone());
            let app = Arc::clone(&app);
            let next_allowed = Arc::clone(&next_allowed);
            let event = event.clone();
            let context = Context { app, session, socket, event, has_callback, next_allowed };
            let limit = context.app.config.database_timeout;
            let called = clock::within(limit, (route.call)(context, packet));
            AssertUnwindSafe(called).catch_unwind().await.unwrap_or_else(|_| Outcome {
                result: Err(Error::Internal(format!("{} panicked", route.name))),
                room_id: None,
            })
        };
        let instruments = &app.metrics.instruments;
        let label = outcome.result.as_ref().map_or_else(Error::code, |_| "ok");
        instruments.events.get_or_create(&EventLabels { event: route.name, outcome: label }).inc();
        instruments.event_seconds.observe(begun.elapsed().as_secs_f64());
        if matches!(outcome.result, Err(Error::Unavailable(_))) {
            session.lost_database();
        }
        let span = tracing::Span::current();
        if let Some(room_id) = &outcome.room_id {
            span.record("room", room_id);
        }
        span.record("outcome", label);
        span.record("duration_us", u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        tracing::debug!("handled");
        // The missing user may be the one who asks: another program has deleted them.
        let may_be_deleted = matches!(outcome.result, Err(Error::UserNotFound)) && session.is_known();
        answer(&app.broadcast, (&socket, ack), &event, has_callback, outcome);
        if may_be_deleted {
            actions::user_recheck::run(&app, &session.user.id).await;
        }
        next_allowed.store(true, Ordering::Relaxed);
    }
}

/// Answers the event: by the ack, if the client waits for one. A refusal by room access also sends `room:error`, and so
/// does any other refusal that has no ack to carry it.
fn answer(
    broadcast: &Broadcast,
    (socket, ack): (&ClientSocket, AckSender),
    event_name: &str,
    has_callback: bool,
    outcome: Outcome,
) {
    let error = match outcome.result {
        Ok(answer) => return send_ack(socket, ack, answer.as_deref()),
        Err(error) => error,
    };
    error.log();
    let (text, code) = (error.to_string(), error.code());
    if error.is_access_refusal() || !has_callback {
        let room_id = outcome.room_id.as_deref();
        let view = RoomErrorView { room_id, event: event_name, code, error: &text };
        if let Some(packet) = Encoded::new(event::ROOM_ERROR, &view) {
            broadcast.send(Target::Socket(socket), Except::NOBODY, &packet);
        }
    }
    let messages = (event_name == "messages:load").then_some([]);
    let refused = RefusedView { success: false, error: &text, code, messages };
    send_ack(socket, ack, has_callback.then_some(&refused));
}

fn send_ack(socket: &ClientSocket, ack: AckSender, answer: Option<&(impl Serialize + ?Sized)>) {
    if let Some(answer) = answer
        && let Err(error) = socket.flush_now(|| ack.send(answer))
    {
        tracing::debug!(%error, "an ack could not be sent");
        socket.abort_if_full(&error);
    }
}
