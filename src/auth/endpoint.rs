//! `AUTH_URL`: the team's own endpoint says who signs in. A handshake is posted to it as JSON, `{auth, headers, query}`. It
//! answers 200 with the user, whose values are named as claims are, or 401 or 403.

use std::{sync::Arc, time::Duration};

use hyper::{StatusCode, body::Bytes, header::HeaderMap};
use moka::future::Cache;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::{sync::Semaphore, time::timeout};

use super::{Refused, handshake::Handshake};
use crate::{
    config::{HttpUrl, SignIn},
    http_client::HttpClient,
};

/// The most requests that are under way at once. More of them wait, within the deadline.
const MAX_CONCURRENT: usize = 64;
/// The most sign-ins that wait for an answer. Above it, they fail at once.
const MAX_WAITING: usize = 1_024;
/// The largest handshake that is posted, in bytes.
const MAX_POSTED: usize = 16 * 1_024;
/// The most answers that are remembered.
const CACHE_CAPACITY: u64 = 10_000;

pub(super) struct Endpoint {
    client: HttpClient,
    timeout: Duration,
    permits: Semaphore,
    waiting: Semaphore,
    /// The users of the last answers, by the hash of what was posted. It also lets only one request for the same body be
    /// under way.
    users: Cache<[u8; 32], Arc<Map<String, Value>>>,
    caches: bool,
}

/// The body of a request.
#[derive(Serialize)]
struct Posted<'a> {
    auth: &'a Map<String, Value>,
    headers: &'a Map<String, Value>,
    query: &'a Map<String, Value>,
}

impl Endpoint {
    pub(super) fn new(url: HttpUrl, settings: &SignIn) -> Result<Self, String> {
        Ok(Self {
            client: HttpClient::new(url, settings.timeout)?,
            timeout: settings.timeout,
            permits: Semaphore::new(MAX_CONCURRENT),
            waiting: Semaphore::new(MAX_WAITING),
            users: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(settings.cache).build(),
            caches: !settings.cache.is_zero(),
        })
    }

    /// The user of a handshake, as the endpoint names them.
    pub(super) async fn find_user(
        &self,
        auth: Map<String, Value>,
        handshake: &Handshake,
    ) -> Result<Arc<Map<String, Value>>, Refused> {
        let body = write(auth, handshake)?;
        let key: [u8; 32] = Sha256::digest(&body).into();
        if self.caches
            && let Some(user) = self.users.get(&key).await
        {
            return Ok(user);
        }
        let Ok(_waiting) = self.waiting.try_acquire() else {
            return Err(self.unavailable(format!("{MAX_WAITING} sign-ins wait for its answer already")));
        };
        let user = Box::pin(self.users.try_get_with(key, self.ask(body))).await;
        if !self.caches {
            self.users.invalidate(&key).await;
        }
        user.map_err(|refused: Arc<Refused>| match &*refused {
            Refused::Denied(why) => Refused::Denied(format!("{why}{}", handshake.explain_left_out())),
            unavailable @ Refused::Unavailable(_) => unavailable.clone(),
        })
    }

    /// Posts the body. The deadline is for the wait and the answer together.
    async fn ask(&self, body: Bytes) -> Result<Arc<Map<String, Value>>, Refused> {
        let posted = timeout(self.timeout, async {
            let _permit = self.permits.acquire().await.map_err(|error| error.to_string())?;
            self.client.post(HeaderMap::new(), body).await
        });
        let late = |_| Err(format!("there was no answer within {} ms", self.timeout.as_millis()));
        let (status, body) = posted.await.unwrap_or_else(late).map_err(|why| self.unavailable(why))?;
        match status {
            StatusCode::OK => match serde_json::from_slice(&body) {
                Ok(user) => Ok(Arc::new(user)),
                Err(_) => Err(Refused::Denied("AUTH_URL answered 200, but with no user as JSON".to_owned())),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Refused::Denied(format!("AUTH_URL answered {}", status.as_u16())))
            }
            status if status.is_redirection() => {
                Err(self
                    .unavailable(format!("it answered {}, and redirects are not followed", status.as_u16())))
            }
            status => Err(self.unavailable(format!("it answered {}", status.as_u16()))),
        }
    }

    /// Posts a handshake without credentials. Returns the status, and the object that was answered.
    pub(super) async fn probe(&self) -> Result<(u16, Option<Map<String, Value>>), String> {
        let nothing = Map::new();
        let posted = serde_json::to_vec(&Posted { auth: &nothing, headers: &nothing, query: &nothing });
        let body = posted.map_err(|error| error.to_string())?;
        let (status, answer) =
            self.client.post(HeaderMap::new(), body.into()).await.map_err(|why| self.named(&why))?;
        Ok((status.as_u16(), serde_json::from_slice(&answer).ok()))
    }

    fn unavailable(&self, why: String) -> Refused {
        Refused::Unavailable(self.named(&why))
    }

    fn named(&self, why: &str) -> String {
        format!("AUTH_URL ({}): {why}", self.client.url())
    }
}

/// Writes a handshake as JSON, if it is not too large.
fn write(mut auth: Map<String, Value>, handshake: &Handshake) -> Result<Bytes, Refused> {
    // A client that returns sends another `pid` each time.
    auth.retain(|key, _| key != "pid");
    let empty = Map::new();
    let (headers, query) =
        handshake.request.as_ref().map_or((&empty, &empty), |request| (&request.headers, &request.query));
    let body = serde_json::to_vec(&Posted { auth: &auth, headers, query })
        .map_err(|error| Refused::Denied(format!("the handshake is no JSON: {error}")))?;
    if body.len() > MAX_POSTED {
        let bytes = body.len();
        return Err(Refused::Denied(format!(
            "the handshake has {bytes} bytes as JSON, and at most {MAX_POSTED} are posted to AUTH_URL"
        )));
    }
    Ok(body.into())
}

#[cfg(test)]
mod tests;
