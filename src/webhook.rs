//! `EVENT_WEBHOOK`: a team's endpoint handles the events that chatoxide does not know. Each is posted to it, signed as
//! Standard Webhooks says, and its answer says what to ack and what to send to whom.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use hyper::{
    StatusCode,
    body::Bytes,
    header::{HeaderMap, HeaderValue},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Sha256;
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use crate::{
    chat::{Error, Result, id::UserId},
    clock,
    config::WebhookSettings,
    http_client::HttpClient,
    protocol::TokenUserView,
    rate::{InFlight, UnderWay},
};

/// The most requests that are under way at once. More of them wait, within the deadline.
const MAX_CONCURRENT: usize = 64;
/// The most requests of one user that are under way at once. One more is refused as `busy`.
const MAX_OF_USER: usize = 16;
/// The largest body of a request, in bytes.
const MAX_BODY: usize = 65_536;
/// The most events that one answer sends.
const MAX_EMITTED: usize = 100;

pub struct Webhook {
    client: HttpClient,
    key: Hmac<Sha256>,
    settings: WebhookSettings,
    permits: Semaphore,
    /// The requests that are under way, by user.
    under_way: InFlight<UserId>,
}

/// The body of a request.
#[derive(Serialize)]
struct Posted<'a> {
    user: &'a TokenUserView,
    event: &'a str,
    args: &'a [Box<RawValue>],
}

/// The answer of the endpoint. Both parts may be absent.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// The ack, as it is.
    #[serde(default)]
    pub ack: Option<Box<RawValue>>,
    #[serde(default)]
    pub emit: Vec<Emitted>,
}

/// An event that the endpoint sends.
#[derive(Debug, Deserialize)]
pub struct Emitted {
    /// A room, or `user:` and a user's id.
    pub to: String,
    pub event: String,
    #[serde(default)]
    pub args: Vec<Box<RawValue>>,
}

impl Webhook {
    /// The error is one sentence.
    pub fn new(settings: &WebhookSettings) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            client: HttpClient::new(settings.url.clone(), settings.timeout)?,
            key: Hmac::new_from_slice(&settings.key).map_err(|error| error.to_string())?,
            settings: settings.clone(),
            permits: Semaphore::new(MAX_CONCURRENT),
            under_way: InFlight::default(),
        }))
    }

    /// Posts an event once, and returns the answer.
    pub async fn post(&self, user: &TokenUserView, event: &str, args: &[Box<RawValue>]) -> Result<Answer> {
        let answered = timeout(self.settings.timeout, self.ask(user, event, args)).await;
        answered.unwrap_or_else(|_| {
            Err(self.unavailable(&format!("no answer within {} ms", self.settings.timeout.as_millis())))
        })
    }

    /// Admits one more request of a user, until what this returns is dropped.
    pub fn admit(&self, user_id: &UserId) -> Result<UnderWay<UserId>> {
        self.under_way.begin(user_id, MAX_OF_USER).ok_or(Error::Busy)
    }

    fn unavailable(&self, why: &str) -> Error {
        Error::EndpointUnavailable(format!("{}: {why}", self.client.url()))
    }

    async fn ask(&self, user: &TokenUserView, event: &str, args: &[Box<RawValue>]) -> Result<Answer> {
        let body = serde_json::to_vec(&Posted { user, event, args })
            .map_err(|error| Error::Internal(error.to_string()))?;
        if body.len() > MAX_BODY {
            return Err(Error::BadInput(format!(
                "the event has {} bytes, and may have {MAX_BODY}",
                body.len()
            )));
        }
        let unavailable = |why: String| self.unavailable(&why);
        let _permit = self.permits.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let headers = self.signed(&Uuid::new_v4().to_string(), &body)?;
        let (status, answer) = self.client.post(headers, Bytes::from(body)).await.map_err(unavailable)?;
        if !status.is_success() {
            return Err(unavailable(format!("it answered {}", status.as_u16())));
        }
        if status == StatusCode::NO_CONTENT || answer.is_empty() {
            return Ok(Answer::default());
        }
        let not_an_answer =
            |why: &str| unavailable(format!("its answer is not {{ack, emit}} as JSON: {why}"));
        // The decoder would read an array as the values of an object.
        if !answer.trim_ascii_start().starts_with(b"{") {
            return Err(not_an_answer("it is no object"));
        }
        let answer: Answer =
            serde_json::from_slice(&answer).map_err(|error| not_an_answer(&error.to_string()))?;
        match answer.emit.len() {
            0..=MAX_EMITTED => Ok(answer),
            count => Err(unavailable(format!("it sends {count} events, and may send {MAX_EMITTED}"))),
        }
    }

    /// The headers of Standard Webhooks.
    fn signed(&self, id: &str, body: &[u8]) -> Result<HeaderMap> {
        let timestamp = (clock::now().millis() / 1_000).to_string();
        let mut mac = self.key.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("webhook-id", id), ("webhook-timestamp", &timestamp), ("webhook-signature", &signature)]
        {
            let value = HeaderValue::from_str(value).map_err(|error| Error::Internal(error.to_string()))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}
