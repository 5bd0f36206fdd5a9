//! `AUTH_URL` and `JWT_JWKS_URL`: URLs that this server itself asks.

use std::fmt;

use url::{Host, Url};

/// An `http` or `https` URL with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(Url);

impl HttpUrl {
    /// Parses the URL. The error is one sentence that names the setting.
    pub(super) fn parse(setting: &str, text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{setting} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("{setting} must begin with https:// (or http:// on a network of your own)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{setting} has a user or password before its host, which is not taken"));
        }
        Ok(Self(url))
    }

    /// The URL for a request.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// True if the requests pass a network without encryption.
    pub(super) fn is_readable_by_others(&self) -> bool {
        let is_this_machine = match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.0.scheme() == "http" && !is_this_machine
    }
}

/// The URL without its query, which may hold a secret.
impl fmt::Display for HttpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.0.origin().ascii_serialization(), self.0.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_asked_is_refused_and_a_secret_in_it_is_not_shown() {
        for bad in
            ["", "app.example/auth", "/auth", "ftp://app.example", "https://", "https://me:pw@app.example"]
        {
            let why = HttpUrl::parse("AUTH_URL", bad).unwrap_err();
            assert!(why.starts_with("AUTH_URL ") && !why.contains("pw"), "{bad}: {why}");
        }
        let url = HttpUrl::parse("AUTH_URL", "https://app.example:8443/auth?key=secret").unwrap();
        assert_eq!(url.to_string(), "https://app.example:8443/auth");
        for (text, is_readable) in [
            ("https://app.example/", false),
            ("http://127.0.0.1:3000/", false),
            ("http://localhost/", false),
            ("http://[::1]/", false),
            ("http://app:3000/", true),
            ("http://10.0.0.7/", true),
        ] {
            assert_eq!(
                HttpUrl::parse("AUTH_URL", text).unwrap().is_readable_by_others(),
                is_readable,
                "{text}"
            );
        }
    }
}
