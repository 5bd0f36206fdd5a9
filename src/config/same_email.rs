//! `SAME_EMAIL`.

use clap::ValueEnum;

/// The answer to a first sign-in whose e-mail address belongs to another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SameEmail {
    /// A second user is made, with a placeholder in place of the address, and a line is logged.
    Separate,
    /// The sign-in is refused.
    Refuse,
    /// The sign-in is one of the user who has the address.
    Link,
}
