//! `SOCKET_PATH` and `NAMESPACE`: where Socket.IO is served.

/// The longest path and the longest name of a namespace, in bytes, and the most namespaces.
const MAX_BYTES: usize = 128;
const MAX_NAMESPACES: usize = 8;

/// The first segments of the server's other paths.
const TAKEN: [&str; 10] = [
    "assets",
    "client.json",
    "demo",
    "favicon.svg",
    "healthz",
    "index.html",
    "manifest.webmanifest",
    "metrics",
    "readyz",
    "sw.js",
];

/// Parses the path, without a slash at its end. The error is one sentence that names the setting.
pub(super) fn parse_path(text: &str) -> Result<String, String> {
    let path = text.trim().trim_end_matches('/');
    let Some(segments) = path.strip_prefix('/').filter(|_| path.len() <= MAX_BYTES) else {
        return Err(format!(
            "SOCKET_PATH is '{text}': it must be a path such as /socket.io or /api/socketio"
        ));
    };
    let is_char = |char: char| char.is_ascii_alphanumeric() || "-._~".contains(char);
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.chars().all(is_char) && !segment.chars().all(|char| char == '.')
    };
    if !segments.split('/').all(is_segment) {
        return Err(format!(
            "SOCKET_PATH is '{text}': it may have letters, digits and -._~ between its slashes"
        ));
    }
    if segments.split('/').next().is_some_and(|first| TAKEN.contains(&first)) {
        return Err(format!("SOCKET_PATH is '{text}', where this server answers other requests"));
    }
    Ok(path.to_owned())
}

/// Parses the namespaces. The error is one sentence that names the setting.
pub(super) fn parse_namespaces(text: &str) -> Result<Vec<String>, String> {
    let mut namespaces: Vec<String> = Vec::new();
    for namespace in text.split(',').map(str::trim) {
        let is_char = |char: char| char.is_ascii_alphanumeric() || "-._~:@/".contains(char);
        let is_name =
            namespace.starts_with('/') && namespace.len() <= MAX_BYTES && namespace.chars().all(is_char);
        if !is_name {
            return Err(format!(
                "NAMESPACE has '{namespace}': a namespace begins with a slash, such as / or /chat, and has letters, \
                 digits and -._~:@/"
            ));
        }
        if namespaces.iter().any(|there| there == namespace) {
            return Err(format!("NAMESPACE has {namespace} twice"));
        }
        namespaces.push(namespace.to_owned());
    }
    if namespaces.len() > MAX_NAMESPACES {
        return Err(format!(
            "NAMESPACE has {} namespaces, and at most {MAX_NAMESPACES} are taken",
            namespaces.len()
        ));
    }
    Ok(namespaces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_with_and_without_a_slash_at_its_end() {
        for (text, path) in [
            ("/socket.io", "/socket.io"),
            ("/socket.io/", "/socket.io"),
            ("/api/socketio", "/api/socketio"),
            (" /api/socket/io/ ", "/api/socket/io"),
        ] {
            assert_eq!(parse_path(text).unwrap(), path);
        }
        let long = format!("/{}", "x".repeat(128));
        for bad in [
            "",
            "/",
            "socket.io",
            "/a//b",
            "/a b",
            "/{rest}",
            "/a?b",
            "/..",
            "/a/../b",
            "/healthz",
            "/demo/token",
            "/assets/x",
            "/client.json",
            "https://app.example/socket.io",
            &long,
        ] {
            assert!(parse_path(bad).unwrap_err().starts_with("SOCKET_PATH is "), "{bad}");
        }
    }

    #[test]
    fn a_namespace_begins_with_a_slash_and_comes_once() {
        assert_eq!(parse_namespaces("/").unwrap(), ["/"]);
        assert_eq!(parse_namespaces("/chat, /").unwrap(), ["/chat", "/"]);
        let many = (0..9).map(|number| format!("/{number}")).collect::<Vec<_>>().join(",");
        for bad in ["", "chat", "/chat,", "/a b", "/{id}", "/a?token=x", "/chat,/chat", &many] {
            assert!(parse_namespaces(bad).unwrap_err().starts_with("NAMESPACE has "), "{bad}");
        }
    }
}
