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
/// The most answers that are remembered.
const CACHE_CAPACITY: u64 = 10_000;

pub(super) struct Endpoint {
    client: HttpClient,
    timeout: Duration,
    permits: Semaphore,
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
            users: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(settings.cache).build(),
            caches: !settings.cache.is_zero(),
        })
    }

    /// The user of a handshake, as the endpoint names them.
    pub(super) async fn find_user(
        &self,
        auth: &Map<String, Value>,
        handshake: &Handshake,
    ) -> Result<Arc<Map<String, Value>>, Refused> {
        let empty = Map::new();
        let (headers, query) =
            handshake.request.as_ref().map_or((&empty, &empty), |request| (&request.headers, &request.query));
        // A client that returns sends another `pid` each time.
        let auth: Map<String, Value> = auth
            .iter()
            .filter(|(key, _)| *key != "pid")
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let body = serde_json::to_vec(&Posted { auth: &auth, headers, query })
            .map_err(|error| Refused::Denied(format!("the handshake is no JSON: {error}")))?;
        let key: [u8; 32] = Sha256::digest(&body).into();
        let user = Box::pin(self.users.try_get_with(key, self.ask(body.into()))).await;
        if !self.caches {
            self.users.invalidate(&key).await;
        }
        user.map_err(|refused: Arc<Refused>| (*refused).clone())
    }

    async fn ask(&self, body: Bytes) -> Result<Arc<Map<String, Value>>, Refused> {
        let unavailable =
            |why: String| Refused::Unavailable(format!("AUTH_URL ({}): {why}", self.client.url()));
        let permit = timeout(self.timeout, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err(unavailable(format!("{MAX_CONCURRENT} sign-ins wait for its answer already")));
        };
        let (status, body) = self.client.post(HeaderMap::new(), body).await.map_err(unavailable)?;
        match status {
            StatusCode::OK => match serde_json::from_slice(&body) {
                Ok(user) => Ok(Arc::new(user)),
                Err(_) => Err(Refused::Denied("AUTH_URL answered 200, but with no user as JSON".to_owned())),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Refused::Denied(format!("AUTH_URL answered {}", status.as_u16())))
            }
            status if status.is_redirection() => {
                Err(unavailable(format!("it answered {}, and redirects are not followed", status.as_u16())))
            }
            status => Err(unavailable(format!("it answered {}", status.as_u16()))),
        }
    }
}
