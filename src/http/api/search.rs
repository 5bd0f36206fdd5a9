//! Search of messages.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{caller::Caller, input::Query};
use crate::{
    actions::messages_search::{self, DEFAULT_RESULTS, MAX_RESULTS, Page, SearchOrder},
    app::App,
    chat::Result,
    http::problem::ProblemView,
    protocol::SearchPageView,
};

/// The order of the results.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    Newest,
    Relevance,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Words, `"phrases"`, prefixes with a `*`, `from:`, `in:`, `before:`, `after:` and `has:`.
    query: String,
    /// `newest` if absent.
    #[param(inline)]
    order: Option<Order>,
    /// 20 if absent or 0; at most 50.
    limit: Option<u64>,
    /// The `after` of the page before.
    after: Option<String>,
}

/// Searches the messages of all rooms that the caller may read
///
/// Newest first, or by relevance. A message is found soon after it was sent or changed.
#[utoipa::path(get, path = "/search", tag = "messages", operation_id = "searchMessages", params(Search), responses(
    (status = 200, body = SearchPageView),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Json<SearchPageView>> {
    let limit = match search.limit {
        None | Some(0) => DEFAULT_RESULTS,
        Some(limit) => usize::try_from(limit).unwrap_or(MAX_RESULTS).min(MAX_RESULTS),
    };
    let order = match search.order {
        Some(Order::Relevance) => SearchOrder::Relevance,
        Some(Order::Newest) | None => SearchOrder::Newest,
    };
    let page = Page { order, limit, after: search.after.as_deref() };
    Ok(Json(messages_search::run(&app, caller.actor(), &search.query, page).await?))
}
