//! `EVENT_WEBHOOK`: the endpoint that handles the events that chatoxide does not know.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{HttpUrl, non_empty, settings::DeliverySettings};

/// The prefix of a secret in base64, as Standard Webhooks has it.
const PREFIX: &str = "whsec_";
/// The fewest bytes of a key that cannot be guessed, as Standard Webhooks has it.
const MIN_KEY: usize = 24;

#[derive(Clone)]
pub struct WebhookSettings {
    pub url: HttpUrl,
    /// The key that signs requests.
    pub key: Vec<u8>,
    /// The deadline for an answer.
    pub timeout: Duration,
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WebhookSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

impl WebhookSettings {
    /// The error is one sentence that names the setting.
    pub(super) fn from_settings(settings: &DeliverySettings) -> Result<Option<Self>, String> {
        let secret = non_empty(settings.event_webhook_secret.clone());
        let Some(url) = non_empty(settings.event_webhook.clone()) else {
            return match secret {
                None => Ok(None),
                Some(_) => Err("EVENT_WEBHOOK_SECRET is set, and EVENT_WEBHOOK is not".to_owned()),
            };
        };
        let secret = secret.ok_or(
            "EVENT_WEBHOOK is set, and EVENT_WEBHOOK_SECRET is not: without a signature your endpoint could not tell \
             this server from anybody else",
        )?;
        Ok(Some(Self {
            url: HttpUrl::parse("EVENT_WEBHOOK", &url)?,
            key: key_of(&secret)?,
            timeout: Duration::from_millis(settings.event_webhook_timeout.into()),
        }))
    }
}

fn key_of(secret: &str) -> Result<Vec<u8>, String> {
    let key = match secret.strip_prefix(PREFIX) {
        Some(encoded) => BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| format!("EVENT_WEBHOOK_SECRET begins with {PREFIX}, and no base64 follows"))?,
        None => secret.as_bytes().to_vec(),
    };
    if key.len() < MIN_KEY {
        return Err(format!("EVENT_WEBHOOK_SECRET has {} bytes: take {MIN_KEY} or more", key.len()));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_base64_after_its_prefix_and_bytes_without_it() {
        let key = "123456789012345678901234";
        assert_eq!(key_of("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0").unwrap(), key.as_bytes());
        assert_eq!(key_of(key).unwrap(), key.as_bytes());
        for bad in ["whsec_", "whsec_!", "whsec_MTIz", "12345678901234567890123"] {
            let why = key_of(bad).unwrap_err();
            assert!(why.starts_with("EVENT_WEBHOOK_SECRET ") && !why.contains("1234567890"), "{why}");
        }
    }
}
