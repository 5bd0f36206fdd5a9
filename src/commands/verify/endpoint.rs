//! `--node` and `--ours`: where a server is. As for `socket.io-client`, the path of the URL is the namespace.

use std::fmt;

use url::Url;

pub(super) struct Endpoint {
    /// The URL as it was given, without what may be secret in it.
    shown: String,
    websocket: String,
    /// The namespace before an event, such as `/chat,`; empty for the main one.
    prefix: String,
}

impl Endpoint {
    /// `path`: where Socket.IO is on the server. The error is one sentence that names the flag.
    pub(super) fn parse(flag: &str, text: &str, path: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|error| format!("{flag} is not a URL: {error}"))?;
        let scheme = match url.scheme() {
            "http" => "ws",
            "https" => "wss",
            _ => return Err(format!("{flag} must begin with http:// or https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{flag} has a user or password before its host, which is not taken"));
        }
        if !path.starts_with('/') {
            return Err("--path must begin with a slash".to_owned());
        }
        let namespace = url.path().trim_end_matches('/').to_owned();
        let shown = format!("{}{namespace}", url.origin().ascii_serialization());
        let cannot = |()| format!("{flag} has no host that can be asked");
        url.set_scheme(scheme).map_err(cannot)?;
        url.set_path(&format!("{}/", path.trim_end_matches('/')));
        url.set_fragment(None);
        url.query_pairs_mut().append_pair("EIO", "4").append_pair("transport", "websocket");
        let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace},") };
        Ok(Self { shown, websocket: url.into(), prefix })
    }

    /// The URL of a websocket to it.
    pub(super) fn websocket(&self) -> &str {
        &self.websocket
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_url_is_the_namespace() {
        let parse = |text, path| Endpoint::parse("--node", text, path);
        let main = parse("https://chat.example/", "/socket.io").unwrap();
        assert_eq!(main.websocket(), "wss://chat.example/socket.io/?EIO=4&transport=websocket");
        assert_eq!((main.prefix(), main.to_string()), ("", "https://chat.example".to_owned()));
        let other = parse("http://127.0.0.1:3000/chat?key=hidden#x", "/api/socketio/").unwrap();
        assert_eq!(
            other.websocket(),
            "ws://127.0.0.1:3000/api/socketio/?key=hidden&EIO=4&transport=websocket"
        );
        assert_eq!((other.prefix(), other.to_string()), ("/chat,", "http://127.0.0.1:3000/chat".to_owned()));
    }

    #[test]
    fn a_url_that_cannot_be_asked_is_refused_by_its_flag() {
        for (text, path) in [
            ("chat", "/"),
            ("ftp://chat.example", "/"),
            ("http://me:pw@chat.example", "/"),
            ("http://x", "here"),
        ] {
            let why = Endpoint::parse("--node", text, path).err().unwrap();
            assert!(why.starts_with("--") && !why.contains("pw"), "{text}: {why}");
        }
    }
}
