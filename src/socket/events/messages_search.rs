//! `messages:search`: searches the messages of all rooms that the caller may read.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::messages_search::{self, DEFAULT_RESULTS, MAX_RESULTS, Page, SearchOrder},
    chat::{Error, Result, limits::Limits},
    protocol::SearchPageView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct MessagesSearch {
    query: String,
    /// `newest` if absent.
    #[serde(default)]
    order: Option<SearchOrder>,
    /// 20 if absent or 0; at most 50.
    #[serde(default)]
    limit: Option<i64>,
    /// The `after` of the page before.
    #[serde(default)]
    after: Option<String>,
}

impl Request for MessagesSearch {
    fn check(&self, _: &Limits) -> Result<()> {
        match self.limit {
            Some(..0) => Err(Error::BadInput("limit: a whole number, 0 or more".to_owned())),
            _ => Ok(()),
        }
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MessagesSearch) -> Result<SearchPageView> {
    let limit = match request.limit {
        None | Some(..=0) => DEFAULT_RESULTS,
        Some(limit) => usize::try_from(limit).unwrap_or(MAX_RESULTS).min(MAX_RESULTS),
    };
    let page = Page { order: request.order.unwrap_or_default(), limit, after: request.after.as_deref() };
    messages_search::run(&cx.app, cx.actor(), &request.query, page).await
}
