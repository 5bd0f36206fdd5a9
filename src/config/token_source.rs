//! `TOKEN_FROM`: the places of a handshake that a token is taken from, in their order.

use super::CorsOrigin;

/// One place of a handshake where a token may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `auth.NAME`: a field of the `auth` object of Socket.IO's client.
    Auth(String),
    /// `header`: the header `Authorization` with the scheme `Bearer`.
    Header,
    /// `query.NAME`: a parameter of the handshake's URL.
    Query(String),
    /// `cookie:NAME`: a cookie, also one in chunks (`NAME.0`, `NAME.1`).
    Cookie(String),
}

/// The most places.
const MAX_SOURCES: usize = 16;
const MAX_NAME_BYTES: usize = 128;

/// Parameters of the URL that belong to Engine.IO.
const ENGINE_PARAMETERS: [&str; 4] = ["EIO", "transport", "sid", "t"];

impl TokenSource {
    /// Parses the setting. The error is one sentence that names it.
    pub(super) fn parse_list(text: &str, cors: &CorsOrigin) -> Result<Vec<Self>, String> {
        let sources = text.split(',').map(|source| Self::parse(source.trim()));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        if sources.len() > MAX_SOURCES {
            return Err(format!(
                "TOKEN_FROM has {} places, and at most {MAX_SOURCES} are taken",
                sources.len()
            ));
        }
        let has_cookie = sources.iter().any(|source| matches!(source, Self::Cookie(_)));
        if has_cookie && matches!(cors, CorsOrigin::Any) {
            return Err(
                "TOKEN_FROM names a cookie, so CORS_ORIGIN must list the origins of your pages: with * any \
                        web page could sign in with the cookies of its visitors"
                    .to_owned(),
            );
        }
        Ok(sources)
    }

    fn parse(source: &str) -> Result<Self, String> {
        let refuse = || {
            Err(format!(
                "TOKEN_FROM has '{source}': write auth.NAME, header, query.NAME or cookie:NAME, with commas between \
                 them"
            ))
        };
        let is_name = |name: &str| {
            let is_char = |char: char| char.is_ascii_graphic() && !"\",;=\\()<>@[]{}?/".contains(char);
            !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.chars().all(is_char)
        };
        if source == "header" {
            return Ok(Self::Header);
        }
        type Kind = fn(String) -> TokenSource;
        let kinds: [(&str, Kind); 3] =
            [("auth.", Self::Auth), ("query.", Self::Query), ("cookie:", Self::Cookie)];
        let found = kinds.into_iter().find_map(|(prefix, kind)| Some((kind, source.strip_prefix(prefix)?)));
        match found.filter(|(_, name)| is_name(name)) {
            None => refuse(),
            Some((kind, name)) => match kind(name.to_owned()) {
                Self::Query(name) if ENGINE_PARAMETERS.contains(&name.as_str()) => {
                    Err(format!("TOKEN_FROM has '{source}', but that parameter belongs to Socket.IO"))
                }
                source => Ok(source),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, cors: &str) -> Result<Vec<TokenSource>, String> {
        TokenSource::parse_list(text, &CorsOrigin::parse(cors).unwrap())
    }

    #[test]
    fn places_are_taken_in_their_order() {
        let all = "auth.token, auth.accessToken,header,query.token,cookie:__Secure-next-auth.session-token";
        let name = |text: &str| text.to_owned();
        assert_eq!(
            parse(all, "https://app.example").unwrap(),
            [
                TokenSource::Auth(name("token")),
                TokenSource::Auth(name("accessToken")),
                TokenSource::Header,
                TokenSource::Query(name("token")),
                TokenSource::Cookie(name("__Secure-next-auth.session-token")),
            ]
        );
    }

    #[test]
    fn a_place_that_is_none_is_refused_by_the_name_of_the_setting() {
        let many = ["header"; 17].join(",");
        for bad in [
            "",
            "auth",
            "auth.",
            "auth:token",
            "query",
            "query:token",
            "query.sid",
            "query.EIO",
            "cookie",
            "cookie.x",
            "cookie:",
            "cookie:a=b",
            "cookie:a b",
            "Header",
            "header,",
            "body.token",
            &many,
        ] {
            let why = parse(bad, "https://app.example").unwrap_err();
            assert!(why.starts_with("TOKEN_FROM has "), "{bad}: {why}");
        }
        let why = parse("auth.token,cookie:session", "*").unwrap_err();
        assert!(why.contains("TOKEN_FROM") && why.contains("CORS_ORIGIN"), "{why}");
    }
}
