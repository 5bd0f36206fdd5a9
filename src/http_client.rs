//! The HTTP client for the endpoints that settings name: a deadline for each answer, and a bound on its size. It follows no
//! redirect, so nothing that is sent goes to another host.

use std::{sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;

use crate::{chat::chained, config::HttpUrl};

/// The largest answer, in bytes.
const MAX_ANSWER: usize = 64 * 1_024;
/// How long an idle connection is kept, and how many of them.
const IDLE: Duration = Duration::from_secs(20);
const MAX_IDLE: usize = 16;

/// TLS of a client that trusts the authorities of this machine. The error is one sentence.
pub fn tls_config() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(tls.with_root_certificates(roots).with_no_client_auth())
}

/// A client for one URL.
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: HttpUrl,
    timeout: Duration,
}

impl HttpClient {
    /// The error is one sentence.
    pub fn new(url: HttpUrl, timeout: Duration) -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config()?)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .build(connector);
        Ok(Self { client, url, timeout })
    }

    pub fn url(&self) -> &HttpUrl {
        &self.url
    }

    pub async fn get(&self) -> Result<(StatusCode, Bytes), String> {
        self.ask(Method::GET, HeaderMap::new(), Bytes::new()).await
    }

    /// Posts a body of JSON, with more headers.
    pub async fn post(&self, headers: HeaderMap, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        self.ask(Method::POST, headers, body).await
    }

    /// The error says what went wrong on the way, for the log.
    async fn ask(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), String> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("chatoxide/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        request.headers_mut().extend(headers);
        let answer = async {
            let answer = self.client.request(request).await.map_err(|error| chained(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| format!("its answer cannot be read: {error}"))?;
            Ok((status, body.to_bytes()))
        };
        let late = |_| Err(format!("it did not answer within {} ms", self.timeout.as_millis()));
        timeout(self.timeout, answer).await.unwrap_or_else(late)
    }
}
