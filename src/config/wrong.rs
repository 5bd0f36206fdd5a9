//! Wrong settings. A server ends at the first; `check` and `plan` list all, and go on with the others.

/// The parts of the settings that are checked by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    SignIn,
    Database,
    Redis,
    Other,
}

/// A wrong setting: one sentence that names it.
#[derive(Clone, Debug)]
pub struct WrongSetting {
    pub part: Part,
    pub text: String,
}

/// The wrong settings that were found, in their order.
#[derive(Default)]
pub(super) struct WrongSettings(pub(super) Vec<WrongSetting>);

impl WrongSettings {
    /// Returns the value, or notes the error and returns another value.
    pub(super) fn or<T>(&mut self, part: Part, checked: Result<T, String>, instead: T) -> T {
        checked.unwrap_or_else(|text| {
            self.add(part, text);
            instead
        })
    }

    pub(super) fn add(&mut self, part: Part, text: impl Into<String>) {
        self.0.push(WrongSetting { part, text: text.into() });
    }
}
