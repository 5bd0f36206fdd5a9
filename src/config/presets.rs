//! `AUTH_PRESET`: the settings that suit tokens of one library or service. A preset sets nothing that is set itself, and
//! does nothing that those settings cannot do without it.

use super::{
    non_empty,
    settings::{AuthPreset, Encryption, SignInSettings},
};

const NEXTAUTH_COOKIES: &str =
    "cookie:__Secure-next-auth.session-token,cookie:next-auth.session-token,auth.token";
const AUTHJS_COOKIES: &str = "cookie:__Secure-authjs.session-token,cookie:authjs.session-token,auth.token";
const SUPABASE_NAMES: &str = "user_metadata.full_name,user_metadata.name,user_metadata.user_name";
const SUPABASE_AVATARS: &str = "user_metadata.avatar_url,user_metadata.picture";
const FIREBASE_KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
const FIREBASE_ISSUER: &str = "https://securetoken.google.com/";

/// The clock tolerance of NextAuth and Auth.js, in seconds.
const NEXTAUTH_LEEWAY: u32 = 15;

/// Sets what the preset sets. The error is one sentence that names a setting that the preset needs.
pub(super) fn apply(settings: &mut SignInSettings) -> Result<(), String> {
    let Some(preset) = settings.auth_preset else { return Ok(()) };
    let name = preset.name();
    let has_secret = settings.jwt_secret.as_ref().is_some_and(|secret| !secret.trim().is_empty());
    let ensure = |is_set: bool, text: &str| {
        if is_set { Ok(()) } else { Err(format!("AUTH_PRESET is {name}: set {text}")) }
    };
    let is_set = |value: &Option<String>| non_empty(value.clone()).is_some();
    match preset {
        AuthPreset::Nextauth | AuthPreset::Authjs => {
            ensure(has_secret, "JWT_SECRET to its secret (NEXTAUTH_SECRET or AUTH_SECRET)")?;
        }
        AuthPreset::Supabase => {
            let has_key = has_secret || is_set(&settings.jwt_public_key) || is_set(&settings.jwt_jwks_url);
            ensure(
                has_key,
                "JWT_JWKS_URL to https://<project>.supabase.co/auth/v1/.well-known/jwks.json, or JWT_SECRET to the \
                 legacy secret",
            )?;
        }
        AuthPreset::Betterauth => {
            ensure(
                is_set(&settings.jwt_jwks_url),
                "JWT_JWKS_URL to the URL of your app with /api/auth/jwks",
            )?;
        }
        AuthPreset::Clerk => {
            let text = "JWT_JWKS_URL to the Frontend API URL of your instance with /.well-known/jwks.json";
            ensure(is_set(&settings.jwt_jwks_url), text)?;
        }
        AuthPreset::Auth0 => {
            let text = "JWT_JWKS_URL to https://<tenant>.auth0.com/.well-known/jwks.json";
            ensure(is_set(&settings.jwt_jwks_url), text)?;
            ensure(is_set(&settings.jwt_audience), "JWT_AUDIENCE to the identifier of your API")?;
        }
        AuthPreset::Firebase => {
            ensure(is_set(&settings.jwt_audience), "JWT_AUDIENCE to the id of your project")?
        }
    }
    for (setting, value) in list(preset, settings.jwt_audience.as_deref()) {
        let field = match setting {
            "TOKEN_FROM" => &mut settings.token_from,
            "JWT_USER_CLAIM" => &mut settings.jwt_user_claim,
            "JWT_NAME_CLAIM" => &mut settings.jwt_name_claim,
            "JWT_AVATAR_CLAIM" => &mut settings.jwt_avatar_claim,
            "JWT_AUDIENCE" => &mut settings.jwt_audience,
            "JWT_ISSUER" => &mut settings.jwt_issuer,
            _ => &mut settings.jwt_jwks_url,
        };
        if !is_set(field) {
            *field = Some(value);
        }
    }
    if let Some(encryption) = preset.encryption() {
        settings.jwt_encryption.get_or_insert(encryption);
        settings.jwt_leeway.get_or_insert(NEXTAUTH_LEEWAY);
    }
    Ok(())
}

/// The settings with text that a preset sets.
fn list(preset: AuthPreset, audience: Option<&str>) -> Vec<(&'static str, String)> {
    let set: &[(&str, &str)] = match preset {
        AuthPreset::Nextauth => &[("TOKEN_FROM", NEXTAUTH_COOKIES), ("JWT_USER_CLAIM", "sub")],
        AuthPreset::Authjs => &[("TOKEN_FROM", AUTHJS_COOKIES), ("JWT_USER_CLAIM", "sub")],
        AuthPreset::Betterauth => &[("JWT_USER_CLAIM", "sub"), ("JWT_AVATAR_CLAIM", "image,picture")],
        AuthPreset::Supabase => &[
            ("JWT_USER_CLAIM", "sub"),
            ("JWT_NAME_CLAIM", SUPABASE_NAMES),
            ("JWT_AVATAR_CLAIM", SUPABASE_AVATARS),
            ("JWT_AUDIENCE", "authenticated"),
        ],
        AuthPreset::Clerk => &[
            ("JWT_USER_CLAIM", "sub"),
            ("JWT_NAME_CLAIM", "name,full_name,username"),
            ("JWT_AVATAR_CLAIM", "picture,image_url"),
        ],
        AuthPreset::Auth0 => &[("JWT_USER_CLAIM", "sub"), ("JWT_NAME_CLAIM", "name,nickname")],
        AuthPreset::Firebase => &[("JWT_USER_CLAIM", "sub"), ("JWT_JWKS_URL", FIREBASE_KEYS)],
    };
    let mut set: Vec<(&str, String)> = set.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    if preset == AuthPreset::Firebase {
        set.push(("JWT_ISSUER", format!("{FIREBASE_ISSUER}{}", audience.unwrap_or_default().trim())));
    }
    set
}

impl AuthPreset {
    fn name(self) -> &'static str {
        match self {
            AuthPreset::Nextauth => "nextauth",
            AuthPreset::Authjs => "authjs",
            AuthPreset::Betterauth => "betterauth",
            AuthPreset::Supabase => "supabase",
            AuthPreset::Clerk => "clerk",
            AuthPreset::Firebase => "firebase",
            AuthPreset::Auth0 => "auth0",
        }
    }

    fn encryption(self) -> Option<Encryption> {
        match self {
            AuthPreset::Nextauth => Some(Encryption::Nextauth),
            AuthPreset::Authjs => Some(Encryption::Authjs),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, ValueEnum};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sign_in: SignInSettings,
    }

    fn settings(line: &[&str]) -> SignInSettings {
        Line::try_parse_from(["chatoxide"].iter().chain(line)).unwrap().sign_in
    }

    /// The settings that each preset needs.
    const NEEDS: [(&str, &[(&str, &str)]); 7] = [
        ("nextauth", &[("JWT_SECRET", "s")]),
        ("authjs", &[("JWT_SECRET", "s")]),
        ("betterauth", &[("JWT_JWKS_URL", "https://app.example/api/auth/jwks")]),
        ("supabase", &[("JWT_SECRET", "s")]),
        ("clerk", &[("JWT_JWKS_URL", "https://app.example/jwks")]),
        ("firebase", &[("JWT_AUDIENCE", "PROJECT")]),
        ("auth0", &[("JWT_JWKS_URL", "https://app.example/jwks"), ("JWT_AUDIENCE", "chat")]),
    ];

    fn line(preset: &'static str, set: &[(&'static str, &'static str)]) -> Vec<String> {
        let option = |(name, value): &(&str, &str)| {
            [format!("--{}", name.to_lowercase().replace('_', "-")), (*value).to_owned()]
        };
        let mut line = vec!["--auth-preset".to_owned(), preset.to_owned()];
        line.extend(set.iter().flat_map(option));
        line
    }

    fn with_preset(
        preset: &'static str,
        set: &[(&'static str, &'static str)],
    ) -> Result<SignInSettings, String> {
        let line = line(preset, set);
        let mut settings = settings(&line.iter().map(String::as_str).collect::<Vec<_>>());
        apply(&mut settings).map(|()| settings)
    }

    /// The values of the settings that presets set.
    fn values(settings: &SignInSettings) -> Vec<(&'static str, Option<String>)> {
        let encryption = settings.jwt_encryption.and_then(|value| value.to_possible_value());
        vec![
            ("TOKEN_FROM", settings.token_from.clone()),
            ("JWT_USER_CLAIM", settings.jwt_user_claim.clone()),
            ("JWT_NAME_CLAIM", settings.jwt_name_claim.clone()),
            ("JWT_EMAIL_CLAIM", settings.jwt_email_claim.clone()),
            ("JWT_AVATAR_CLAIM", settings.jwt_avatar_claim.clone()),
            ("JWT_AUDIENCE", settings.jwt_audience.clone()),
            ("JWT_ISSUER", settings.jwt_issuer.clone()),
            ("JWT_JWKS_URL", settings.jwt_jwks_url.clone()),
            ("JWT_LEEWAY", settings.jwt_leeway.map(|seconds| seconds.to_string())),
            ("JWT_ENCRYPTION", encryption.map(|value| value.get_name().to_owned())),
        ]
    }

    #[test]
    fn each_preset_sets_the_settings_that_its_row_in_the_documentation_names() {
        let documentation = include_str!("../../docs/sign-in.md");
        assert_eq!(NEEDS.len(), AuthPreset::value_variants().len());
        for (preset, needs) in NEEDS {
            let row =
                documentation.lines().find(|line| line.starts_with(&format!("| `{preset}` |"))).unwrap();
            let documented = row.split('|').nth(3).unwrap();
            let mut named = 0;
            for (name, value) in values(&with_preset(preset, needs).unwrap()) {
                if needs.iter().any(|(needed, _)| *needed == name) {
                    continue;
                }
                assert_eq!(value.is_some(), documented.contains(name), "{preset}: {name}");
                let Some(value) = value else { continue };
                named += 1;
                let is_right = documented.contains(&format!("`{name}={value}`")) || value == FIREBASE_KEYS;
                assert!(is_right, "{preset}: {name}={value} is not in {documented}");
            }
            assert_eq!(named, documented.matches('`').count() / 2, "{preset}: {documented}");
        }
    }

    #[test]
    fn a_preset_names_what_it_needs_and_keeps_what_is_set() {
        for (preset, needs) in NEEDS {
            for (left_out, _) in needs {
                let rest: Vec<_> = needs.iter().copied().filter(|(name, _)| name != left_out).collect();
                let why = with_preset(preset, &rest).unwrap_err();
                assert!(
                    why.starts_with(&format!("AUTH_PRESET is {preset}: set ")) && why.contains(left_out),
                    "{why}"
                );
            }
            let mut set = needs.to_vec();
            set.extend([("JWT_USER_CLAIM", "uid"), ("TOKEN_FROM", "auth.token"), ("JWT_LEEWAY", "1")]);
            let kept = with_preset(preset, &set).unwrap();
            assert_eq!(kept.jwt_user_claim.as_deref(), Some("uid"));
            assert_eq!(kept.token_from.as_deref(), Some("auth.token"));
            assert_eq!(kept.jwt_leeway, Some(1));
        }
    }
}
