//! `HOST`: the address to listen on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Parses an IP address, which may have the brackets that IPv6 has in a URL, or `localhost`, which is 127.0.0.1.
pub(super) fn parse_host(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let address = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().map(IpAddr::from),
        None => text.parse(),
    };
    address.map_err(|_| "HOST takes an IP address, such as 0.0.0.0 or [::], or localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_with_or_without_brackets_or_localhost() {
        for (text, address) in [
            ("localhost", "127.0.0.1"),
            ("LocalHost", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
            ("[::]", "::"),
            ("::1", "::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(parse_host(text), Ok(address.parse().unwrap()), "{text}");
        }
        for text in ["", "example.org", "[127.0.0.1]", "[::", "::]", "[[::]]", "127.0.0.1:3000", "[::]:3000"]
        {
            assert!(parse_host(text).unwrap_err().contains("localhost"), "{text}");
        }
    }
}
