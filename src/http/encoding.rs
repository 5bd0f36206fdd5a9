//! Content negotiation: chooses the encoding of a file by `Accept-Encoding`.

use axum::http::{HeaderMap, header::ACCEPT_ENCODING};

/// The encodings that files are stored in at build time, the smaller first, each with the suffix of its file.
const STORED: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// An encoding as `Content-Encoding` names it, and the suffix of its file.
pub(super) type Encoding = (&'static str, &'static str);

/// True for the name of a compressed file, which has no URL of its own.
pub(super) fn is_stored_name(name: &str) -> bool {
    STORED.iter().any(|(_, end)| name.ends_with(end))
}

/// The encodings that the client prefers to the plain file, the best first. A weight of 0 forbids one. Without the
/// header, the client is sent the plain file.
pub(super) fn preferred(request: &HeaderMap) -> Vec<Encoding> {
    let weights: Vec<(String, f32)> = request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(weight)
        .collect();
    let named = |name: &str| weights.iter().find(|(there, _)| there == name).map(|(_, weight)| *weight);
    let plain = named("identity").unwrap_or_default();
    let mut found: Vec<(Encoding, f32)> = STORED
        .into_iter()
        .filter_map(|encoding| Some((encoding, named(encoding.0).or_else(|| named("*"))?)))
        .filter(|(_, weight)| *weight > 0.0 && *weight >= plain)
        .collect();
    // The sort is stable: of two encodings with one weight, the smaller stays first.
    found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    found.into_iter().map(|(encoding, _)| encoding).collect()
}

/// Parses `gzip;q=0.5`: the name in lower case and its weight, which is 1 if none is given, and 0 if it is invalid.
fn weight(entry: &str) -> (String, f32) {
    let mut parts = entry.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let name = if name == "x-gzip" { "gzip".to_owned() } else { name };
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
    (name, if (0.0..=1.0).contains(&weight) { weight } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn names(accepted: &[&'static str]) -> Vec<&'static str> {
        let mut request = HeaderMap::new();
        for line in accepted {
            request.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        preferred(&request).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_client_is_sent_what_it_prefers_and_never_what_it_forbids() {
        for (accepted, expected) in [
            (&[] as &[&str], &[] as &[&str]),
            (&[""], &[]),
            (&["gzip, deflate, br, zstd"], &["br", "gzip"]),
            (&["gzip, deflate"], &["gzip"]),
            (&["GZIP", "Br"], &["br", "gzip"]),
            (&["x-gzip"], &["gzip"]),
            (&["br;q=0.5, gzip;q=0.9"], &["gzip", "br"]),
            (&["gzip;q=0"], &[]),
            (&["gzip;q=0, br"], &["br"]),
            (&["gzip; Q=0.000, *"], &["br"]),
            (&["*"], &["br", "gzip"]),
            (&["*;q=0"], &[]),
            (&["*;q=0, gzip"], &["gzip"]),
            (&["identity"], &[]),
            (&["identity, gzip;q=0.5"], &[]),
            (&["identity;q=0.5, gzip"], &["gzip"]),
            (&["gzip;q=much, br;q=7, br;q=-1"], &[]),
            (&["gzip;q=NaN"], &[]),
        ] {
            assert_eq!(names(accepted), expected, "{accepted:?}");
        }
    }
}
