//! `presence:set`: the caller's device is active, or away. One that says nothing is active while it is connected.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::presence_set,
    chat::{Result, limits::Limits},
    protocol::Nothing,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct PresenceSet {
    state: DeviceState,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum DeviceState {
    Online,
    Away,
}

impl Request for PresenceSet {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

pub(in crate::socket) async fn handle(cx: Context, PresenceSet { state }: PresenceSet) -> Result<Nothing> {
    presence_set::run(cx.acting_socket(), state == DeviceState::Away);
    Ok(Nothing {})
}
