//! The names of claims in `JWT_USER_CLAIM`, `JWT_NAME_CLAIM`, `JWT_EMAIL_CLAIM` and `JWT_AVATAR_CLAIM`. A name is first a
//! key of the claims as it is written (`sub`, `https://example.org/name`). If there is no such key, it is a JSON pointer
//! if it begins with a slash (`/user_metadata/full_name`), else a path of keys with dots between them (`user.id`).

use serde_json::{Map, Value};

/// The most names in one setting, and the longest name, in bytes.
const MAX_NAMES: usize = 16;
const MAX_NAME_BYTES: usize = 256;

/// A claim's value and the object that has it.
type Found<'a> = (&'a Value, Option<&'a Map<String, Value>>);

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
        self.find_with_parent(claims).map(|(value, _)| value)
    }

    /// The claim's value, and the object that has it; no object for an item of a list.
    pub fn find_with_parent<'a>(&self, claims: &'a Map<String, Value>) -> Option<Found<'a>> {
        let found = match (claims.get(&self.0), self.0.strip_prefix('/')) {
            (Some(value), _) => (value, Some(claims)),
            (None, Some(pointer)) => {
                let mut keys = pointer.split('/');
                let first = claims.get(&keys.next()?.replace("~1", "/").replace("~0", "~"))?;
                keys.try_fold((first, Some(claims)), |(value, _), key| {
                    Some((value.pointer(&format!("/{key}"))?, value.as_object()))
                })?
            }
            (None, None) => {
                let mut keys = self.0.split('.');
                let first = claims.get(keys.next()?)?;
                keys.try_fold((first, Some(claims)), |(value, _), key| {
                    let parent = value.as_object()?;
                    Some((parent.get(key)?, Some(parent)))
                })?
            }
        };
        Some(found).filter(|(value, _)| !value.is_null())
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
