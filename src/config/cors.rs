//! `CORS_ORIGIN`: the origins that browsers may call from. Origins are compared as text, as in Node. An origin that a
//! browser would never send could never match, so it is refused here with an explanation.

#[derive(Clone, Debug)]
pub enum CorsOrigin {
    Any,
    /// Credentials are allowed for each of these.
    List(Vec<AllowedOrigin>),
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// The header `Origin` must be exactly this.
    Exact(String),
    /// `https://*.example.com:8443`: any subdomain, at any depth, but not the domain itself. `beginning` is the scheme
    /// with `://`; `end` is the domain with its leading dot and port.
    Subdomains { beginning: String, end: String },
}

/// The scheme that allows an empty host.
const WITHOUT_HOST: &str = "file";

impl CorsOrigin {
    /// Parses the setting. The error is one sentence that names it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let origins: Vec<&str> = text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
        if origins.is_empty() || origins.contains(&"*") {
            return Ok(Self::Any);
        }
        let origins: Result<Vec<_>, String> = origins.into_iter().map(AllowedOrigin::parse).collect();
        origins.map(Self::List)
    }

    /// True if the list has this value of the header `Origin`.
    pub fn lists(&self, origin: &str) -> bool {
        matches!(self, Self::List(origins) if origins.iter().any(|allowed| allowed.matches(origin)))
    }
}

impl AllowedOrigin {
    fn parse(origin: &str) -> Result<Self, String> {
        // The origin that browsers send for a page from a file, from a sandbox or from some apps.
        if origin == "null" {
            return Ok(Self::Exact(origin.to_owned()));
        }
        let refuse = |why: &str| Err(format!("CORS_ORIGIN has '{origin}', {why}"));
        let Some((scheme, rest)) = origin.split_once("://") else {
            return refuse(
                "which is not an origin such as https://example.org (scheme, host, port, no path)",
            );
        };
        if !is_scheme(scheme) {
            return refuse("whose scheme is none: an origin begins with one in lower case, such as https://");
        }
        if let Some(exact) = origin.strip_suffix('/')
            && !rest.trim_end_matches('/').is_empty()
        {
            return refuse(&format!("but browsers send an origin without a slash at its end: write {exact}"));
        }
        if rest.contains(['/', '?', '#', '@', '\\']) || rest.contains(char::is_whitespace) {
            return refuse(
                "which is not an origin such as https://example.org (scheme, host, port, no path)",
            );
        }
        if let Some(domain) = rest.strip_prefix("*.") {
            return Self::parse_subdomains(origin, scheme, domain);
        }
        if rest.contains('*') {
            return refuse(
                "but a star stands only for subdomains, as in https://*.example.org, or alone for all",
            );
        }
        if rest.is_empty() && scheme != WITHOUT_HOST {
            return refuse("which names no host");
        }
        if let Some(sent) = as_browsers_send(origin)?
            && sent != origin
        {
            return refuse(&format!("but browsers send that origin as {sent}: write that"));
        }
        Ok(Self::Exact(origin.to_owned()))
    }

    fn parse_subdomains(origin: &str, scheme: &str, domain: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("CORS_ORIGIN has '{origin}', {why}"));
        if domain.contains('*') {
            return refuse(
                "but a star stands only for subdomains, as in https://*.example.org, or alone for all",
            );
        }
        let host = domain.split(':').next().unwrap_or_default();
        if host != "localhost" && !host.trim_matches('.').contains('.') {
            return refuse("which would let in everybody under a top-level domain: name the domain too");
        }
        let probe = format!("{scheme}://{domain}");
        if let Some(sent) = as_browsers_send(&probe)?
            && sent != probe
        {
            return refuse(&format!("but browsers send that domain as {sent}: write it so, with the star"));
        }
        Ok(Self::Subdomains { beginning: format!("{scheme}://"), end: format!(".{domain}") })
    }

    /// True if the header `Origin` matches.
    pub fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => origin == exact,
            Self::Subdomains { beginning, end } => origin
                .strip_prefix(beginning.as_str())
                .and_then(|rest| rest.strip_suffix(end.as_str()))
                .is_some_and(|subdomain| subdomain.split('.').all(is_label)),
        }
    }
}

/// Normalizes the origin of a web URL as a browser does: lower case, without the scheme's default port, in Punycode.
/// None for the schemes of apps and extensions, which are sent as they are.
fn as_browsers_send(origin: &str) -> Result<Option<String>, String> {
    let of_the_web = ["http://", "https://"].iter().any(|scheme| origin.starts_with(scheme));
    if !of_the_web {
        return Ok(None);
    }
    let url = url::Url::parse(origin).map_err(|error| format!("CORS_ORIGIN has '{origin}': {error}"))?;
    Ok(Some(url.origin().ascii_serialization()))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<AllowedOrigin> {
        match CorsOrigin::parse(text) {
            Ok(CorsOrigin::List(origins)) => origins,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn origins_of_the_web_of_apps_and_of_extensions_are_taken_as_they_are() {
        for origin in [
            "https://chat.example.org",
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "http://tauri.localhost",
            "app://.",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
            "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
            "safari-web-extension://E3C9AF4D-0A9F-4B4A-8A6C-0B3B9F0D6B11",
            "file://",
            "null",
        ] {
            assert_eq!(list(origin), [AllowedOrigin::Exact(origin.to_owned())]);
            assert!(list(origin).iter().all(|allowed| allowed.matches(origin)));
        }
        assert_eq!(list(" https://a.example , ,null").len(), 2);
        for any in ["*", "", " , ", "https://a.example, *"] {
            assert!(matches!(CorsOrigin::parse(any), Ok(CorsOrigin::Any)), "{any}");
        }
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused_with_the_form_to_write() {
        for (wrong, expected) in [
            ("https://example.org/", "write https://example.org"),
            ("capacitor://localhost/", "write capacitor://localhost"),
            ("https://example.org:443", "as https://example.org:"),
            ("http://Example.org", "as http://example.org:"),
            ("https://bücher.example", "as https://xn--bcher-kva.example:"),
            ("HTTPS://example.org", "lower case"),
            ("example.org", "not an origin"),
            ("localhost:5173", "not an origin"),
            ("*.example.org", "not an origin"),
            ("https://example.org/chat", "not an origin"),
            ("https://example.org?x", "not an origin"),
            ("https://me@example.org", "not an origin"),
            ("https://a.example b", "not an origin"),
            ("https://", "no host"),
            ("https://a.*.example.org", "subdomains"),
            ("https://*example.org", "subdomains"),
            ("https://*", "subdomains"),
            ("https://*.*.example.org", "subdomains"),
            ("https://*.org", "top-level"),
            ("https://*.", "top-level"),
            ("https://*.Example.org", "as https://example.org:"),
            ("https://*.example.org:443", "as https://example.org:"),
            ("*://example.org", "scheme"),
            ("https://example.org:port", "CORS_ORIGIN"),
        ] {
            let why = CorsOrigin::parse(&format!("https://right.example,{wrong}")).unwrap_err();
            assert!(why.starts_with("CORS_ORIGIN has '") && why.contains(expected), "{wrong}: {why}");
        }
    }

    #[test]
    fn a_star_stands_for_subdomains_of_any_depth_and_for_nothing_else() {
        let wildcard = |text: &str| list(text).remove(0);
        let example = wildcard("https://*.example.com");
        for origin in ["https://a.example.com", "https://b.a.example.com", "https://pr-12.example.com"] {
            assert!(example.matches(origin), "{origin}");
        }
        for origin in [
            "https://example.com",
            "https://evil-example.com",
            "https://evilexample.com",
            "https://example.com.evil.org",
            "https://a.example.com.evil.org",
            "https://evil.org/.example.com",
            "https://evil.org#.example.com",
            "https://evil.org:80@.example.com",
            "https://.example.com",
            "https://a..example.com",
            "http://a.example.com",
            "https://a.example.com:8443",
            "https://*.example.com",
            "null",
            "",
        ] {
            assert!(!example.matches(origin), "{origin}");
        }
        assert!(wildcard("http://*.localhost:5173").matches("http://chat.localhost:5173"));
        assert!(!wildcard("http://*.localhost:5173").matches("http://chat.localhost:5174"));
    }
}
