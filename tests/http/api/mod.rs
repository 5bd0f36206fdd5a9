//! The REST API, over HTTP, beside sockets that hear what it changes.

mod changes;
mod document;
mod doors;
mod input;
mod long;
mod mentions;
mod pages;
mod permission;
mod presence;
mod reads;
mod threads;

use serde_json::Value;

use crate::support::{TestServer, http};

/// A program with a token of a user.
pub struct Program<'a> {
    server: &'a TestServer,
    authorization: String,
}

impl<'a> Program<'a> {
    pub fn of(server: &'a TestServer, user: &str) -> Self {
        Self { server, authorization: format!("Bearer {}", server.token(user)) }
    }

    pub async fn send_with(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> http::Response {
        let headers = [&[("Authorization", self.authorization.as_str())], headers].concat();
        http::request(self.server.address(), method, &format!("/api/v1{path}"), &headers, body).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> http::Response {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send_with((method, path), &[], &body).await
    }

    pub async fn get(&self, path: &str) -> http::Response {
        self.send("GET", path, &Value::Null).await
    }

    /// The answer to a request that succeeds with this status.
    pub async fn done(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.send(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.body);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// The status and the code of a refusal.
    pub async fn refusal(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let answer = self.send(method, path, body).await;
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.body);
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status, "{problem}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        (answer.status, problem["code"].as_str().unwrap().to_owned())
    }
}
