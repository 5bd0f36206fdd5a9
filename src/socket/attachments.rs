//! The binary attachments of a packet. The client's library puts a placeholder into the JSON for each `Buffer`, `Blob`
//! or `ArrayBuffer`. Where any JSON is allowed, the attachment replaces its placeholder, as base64 text.

use serde_json::Value;

use crate::chat::{Error, Result};

/// Attachments as base64 text. Each can be taken only once: a client's library refers to each in one place, and
/// repeating a text in many places could use unlimited memory.
#[derive(Default)]
pub(super) struct Attachments(Vec<Option<String>>);

impl FromIterator<String> for Attachments {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        Self(texts.into_iter().map(Some).collect())
    }
}

impl Attachments {
    /// The size of all attachments, in bytes.
    pub(super) fn size(&self) -> usize {
        self.0.iter().flatten().map(String::len).sum()
    }

    /// Replaces the placeholders in `value` by the attachments. In a packet without binary data, an object that looks
    /// like a placeholder is ordinary JSON.
    pub(super) fn put_into(&mut self, value: &mut Value) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        match value {
            Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
                let number =
                    fields.get("num").and_then(Value::as_u64).and_then(|num| usize::try_from(num).ok());
                let text = number.and_then(|number| self.0.get_mut(number)?.take());
                let text = text.ok_or_else(|| Error::BadInput("the binary data is missing".to_owned()))?;
                *value = Value::String(text);
                Ok(())
            }
            Value::Object(fields) => fields.values_mut().try_for_each(|field| self.put_into(field)),
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.put_into(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(texts: &[&str], mut value: Value) -> Option<Value> {
        let mut attachments: Attachments = texts.iter().map(|text| (*text).to_owned()).collect();
        attachments.put_into(&mut value).ok().map(|()| value)
    }

    #[test]
    fn each_attachment_replaces_its_placeholder_however_deep() {
        let one = json!({"_placeholder": true, "num": 1});
        let zero = json!({"_placeholder": true, "num": 0});
        let value = json!({"a": [one, 7], "b": {"c": zero}});
        assert_eq!(put(&["AA==", "BB=="], value), Some(json!({"a": ["BB==", 7], "b": {"c": "AA=="}})));
        assert_eq!(put(&["AA=="], zero.clone()), Some(json!("AA==")));
        assert_eq!(put(&[], zero.clone()), Some(zero), "without binary data it means nothing");
        let other = json!({"_placeholder": 1, "num": 0});
        assert_eq!(put(&["AA=="], other.clone()), Some(other));
    }

    #[test]
    fn a_placeholder_of_no_attachment_or_of_one_already_used_is_refused() {
        for num in [json!(1), json!(-1), json!(0.5), json!("0"), json!(1e300), json!(u64::MAX), json!(null)] {
            assert_eq!(put(&["AA=="], json!({"_placeholder": true, "num": num})), None, "{num}");
        }
        assert_eq!(put(&["AA=="], json!({"_placeholder": true})), None);
        let zero = json!({"_placeholder": true, "num": 0});
        assert_eq!(put(&["AA=="], json!([zero, zero])), None);
    }
}
