//! The names of claims in `JWT_USER_CLAIM`, `JWT_NAME_CLAIM`, `JWT_EMAIL_CLAIM` and `JWT_AVATAR_CLAIM`. A name is first a
//! key of the claims as it is written (`sub`, `https://example.org/name`). If there is no such key, it is a JSON pointer
//! if it begins with a slash (`/user_metadata/full_name`), else a path of keys with dots between them (`user.id`).

use serde_json::{Map, Value};

/// The most names in one setting, and the longest name, in bytes.
const MAX_NAMES: usize = 16;
const MAX_NAME_BYTES: usize = 256;

/// The name of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(String);

impl ClaimPath {
    /// Parses a comma-separated list. The error is one sentence that names the setting.
    pub(super) fn parse_list(setting: &str, text: &str) -> Result<Vec<Self>, String> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        if names.len() > MAX_NAMES {
            return Err(format!("{setting} has {} claims, and at most {MAX_NAMES} are taken", names.len()));
        }
        names.into_iter().map(|name| Self::parse(setting, name)).collect()
    }

    fn parse(setting: &str, name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Err(format!("{setting} has an empty claim: write the names with commas between them"));
        }
        if name.len() > MAX_NAME_BYTES {
            return Err(format!("{setting} has a claim of {} bytes (at most {MAX_NAME_BYTES})", name.len()));
        }
        let has_bad_escape = |rest: &str| !rest.starts_with(['0', '1']);
        if name.starts_with('/') && name.split('~').skip(1).any(has_bad_escape) {
            return Err(format!(
                "{setting} has '{name}': in a JSON pointer, ~ is written ~0 and a slash in a key ~1"
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The key that is looked for first.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// The claim's value; none if it is not there, or null.
    pub fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let found = claims.get(&self.0).or_else(|| {
            let (key, rest) = match self.0.strip_prefix('/') {
                Some(pointer) => {
                    pointer.split_once('/').map_or((pointer, None), |(key, rest)| (key, Some(rest)))
                }
                None => return self.find_by_dots(claims),
            };
            let value = claims.get(&key.replace("~1", "/").replace("~0", "~"))?;
            rest.map_or(Some(value), |rest| value.pointer(&format!("/{rest}")))
        });
        found.filter(|value| !value.is_null())
    }

    fn find_by_dots<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut keys = self.0.split('.');
        let first = claims.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.as_object()?.get(key))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(name: &str, claims: &Value) -> Option<Value> {
        let paths = ClaimPath::parse_list("JWT_USER_CLAIM", name).unwrap();
        paths.first().unwrap().find(claims.as_object().unwrap()).cloned()
    }

    #[test]
    fn a_name_is_a_key_then_a_pointer_or_a_path_with_dots() {
        let claims = json!({
            "sub": "a", "user.id": "literal", "user": {"id": 7, "a/b": {"c~d": "deep"}, "list": [1, 2]},
            "/x/y": "slashes", "x": {"y": "pointed"}, "https://app.example/name": "Ann", "none": null,
        });
        for (name, expected) in [
            ("sub", Some(json!("a"))),
            ("user.id", Some(json!("literal"))),
            ("/user/id", Some(json!(7))),
            ("user.list", Some(json!([1, 2]))),
            ("/user/list/1", Some(json!(2))),
            ("user.list.1", None),
            ("/user/a~1b/c~0d", Some(json!("deep"))),
            ("/x/y", Some(json!("slashes"))),
            ("x.y", Some(json!("pointed"))),
            ("https://app.example/name", Some(json!("Ann"))),
            ("none", None),
            ("sub.id", None),
            ("absent", None),
            ("/absent/x", None),
            ("..", None),
            ("/", None),
        ] {
            assert_eq!(find(name, &claims), expected, "{name}");
        }
    }

    #[test]
    fn a_bad_list_of_claims_is_refused_by_the_name_of_its_setting() {
        let (many, long) = (["a"; 17].join(","), "x".repeat(257));
        for bad in ["", "sub,", ",sub", "sub,,id", "/a~2", "/a~", &many, &long] {
            let why = ClaimPath::parse_list("JWT_NAME_CLAIM", bad).unwrap_err();
            assert!(why.starts_with("JWT_NAME_CLAIM has "), "{bad}: {why}");
        }
        assert_eq!(ClaimPath::parse_list("JWT_USER_CLAIM", " sub , id").unwrap().len(), 2);
    }
}
