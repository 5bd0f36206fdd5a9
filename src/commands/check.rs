//! `chatoxide check`: checks the settings, the port, the folders, the sign-in, the database and Redis, and reports the
//! findings. It changes nothing.

use std::io::ErrorKind;

use serde::Serialize;

use super::{
    Failure, address, check_database,
    check_finding::{DOES_NOT_START, Finding, Verdict},
    folders, print_line,
};
use crate::{
    auth::{Authenticator, Keys, Probed},
    cluster::node_cache,
    config::{Config, Part, SigningKeys, WrongSetting},
    connection,
};

/// Everything that was found.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    /// The chat's tables are views, such as those of `chatoxide map`.
    pub(super) is_mapped: bool,
}

/// The report as JSON.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    verdict: &'static str,
    findings: &'a [Finding],
}

pub(super) async fn run(config: Config, wrong: &[WrongSetting], as_json: bool) -> Result<(), Failure> {
    let show = |finding: &Finding| {
        if !as_json {
            print_line(&finding.lines());
        }
    };
    let Checked { findings, .. } = check(&config, wrong, show).await;
    let faults = findings.iter().filter(|finding| finding.severity == Verdict::Fault).count();
    if as_json {
        let verdict = if faults == 0 { "ok" } else { "fault" };
        let report = Report { version: 1, verdict, findings: &findings };
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Failure::Failed(format!("the report cannot be written as JSON: {error}")))?;
        print_line(&text);
    }
    let sentence = format!("{faults} of the above must be mended");
    match (faults, wrong.is_empty()) {
        (0, _) => Ok(()),
        (_, true) => Err(Failure::Failed(sentence)),
        (_, false) => Err(Failure::Setting(sentence)),
    }
}

/// Checks everything; `show` is called with each finding as soon as it is there. What wrong settings are about is not
/// checked further.
pub(super) async fn check(
    config: &Config,
    wrong: &[WrongSetting],
    mut show: impl FnMut(&Finding),
) -> Checked {
    let mut checked = Checked::default();
    let mut report = |finding: Finding| {
        show(&finding);
        checked.findings.push(finding);
    };
    for WrongSetting { text, .. } in wrong {
        report(Finding::fault("settings", text, DOES_NOT_START).mend("set it as docs/configuration.md says"));
    }
    let is_right = |part| wrong.iter().all(|wrong| wrong.part != part);
    report(check_address(config));
    for folder in folders::required(config).iter().filter(|_| is_right(Part::Database)) {
        report(match folder.obstacle() {
            None => {
                Finding::new(Verdict::Ok, "folder", format!("{} can be written to", folder.path.display()))
            }
            Some(why) => {
                let mend =
                    format!("give the server's user the right to write there, or set {}", folder.setting);
                Finding::fault("folder", why, DOES_NOT_START).mend(mend)
            }
        });
    }
    if is_right(Part::SignIn) {
        check_sign_in(config, &mut report).await;
    }
    for text in own_events(config) {
        report(Finding::new(Verdict::Ok, "events", text));
    }
    if let Some(choice) = &config.database_choice {
        report(Finding::new(Verdict::Ok, "database", choice));
    }
    let is_mapped = is_right(Part::Database) && check_database::check(config, &mut report).await;
    if is_right(Part::Redis) {
        report(check_redis(config).await);
    }
    checked.is_mapped = is_mapped;
    checked
}

fn check_address(config: &Config) -> Finding {
    let address = config.address();
    match connection::ensure_free(address) {
        Ok(()) => Finding::new(Verdict::Ok, "settings", format!("listens on {address}")),
        // The server that is to be replaced may still run.
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let (text, mend) = address::parts(&error, address);
            Finding::new(Verdict::Warning, "settings", text).mend(mend)
        }
        Err(error) => {
            let (text, mend) = address::parts(&error, address);
            Finding::fault("settings", text, DOES_NOT_START).mend(mend)
        }
    }
}

async fn check_redis(config: &Config) -> Finding {
    let Some(url) = &config.redis_url else {
        return Finding::new(Verdict::Ok, "redis", "none configured");
    };
    match node_cache::ping(url).await {
        Ok(()) => Finding::new(Verdict::Ok, "redis", "answers"),
        Err(text) => {
            Finding::fault("redis", text, "the keys that Node servers read become stale until it answers")
                .mend("set REDIS_URL to the Redis of Node, or leave it out")
        }
    }
}

async fn check_sign_in(config: &Config, mut report: impl FnMut(Finding)) {
    let mut add = |verdict, text: String| report(Finding::new(verdict, "sign-in", text));
    match &config.keys {
        // Demo mode's secret is generated by the server, not by this check.
        SigningKeys::DemoFile(path) => {
            add(Verdict::Ok, format!("demo mode, with a secret of its own in {}", path.display()));
        }
        keys => match Keys::load(keys).and_then(|keys| Authenticator::new(keys, config)) {
            Ok(authenticator) => {
                add(Verdict::Ok, source(keys));
                match authenticator.probe().await {
                    None => {}
                    Some(Probed::Good(text)) => add(Verdict::Ok, text),
                    Some(Probed::Odd(text)) => add(Verdict::Warning, text),
                    Some(Probed::Unusable { text, consequence }) => {
                        report(Finding::fault("sign-in", text, consequence).mend(mend_of(keys)));
                    }
                }
            }
            Err(text) => report(Finding::fault("sign-in", text, DOES_NOT_START).mend(mend_of(keys))),
        },
    }
    for warning in config.sign_in_warnings() {
        report(Finding::new(Verdict::Warning, "sign-in", warning));
    }
}

fn source(keys: &SigningKeys) -> String {
    match keys {
        SigningKeys::KeySet(url) => format!("tokens are checked with the key set at {url}"),
        SigningKeys::Endpoint(url) => format!("AUTH_URL ({url}) is asked who signs in"),
        _ => "tokens are checked with the configured key".to_owned(),
    }
}

fn mend_of(keys: &SigningKeys) -> &'static str {
    match keys {
        SigningKeys::KeySet(_) => {
            "set JWT_JWKS_URL to the URL of the key set of the program that signs users in"
        }
        SigningKeys::Endpoint(_) => {
            "set AUTH_URL to the URL of an endpoint that says who signs in (docs/sign-in.md)"
        }
        SigningKeys::Public(_) => "set JWT_PUBLIC_KEY to the key that your tokens are checked with",
        _ => "set JWT_SECRET to the secret that signs your users' tokens",
    }
}

/// The handling of events that the original does not have.
fn own_events(config: &Config) -> Vec<String> {
    let relayed = config.relay_events.to_string();
    let relayed = (!relayed.is_empty()).then(|| format!("RELAY_EVENTS relays {relayed}"));
    let webhook = config.webhook.as_ref();
    let posted = webhook.map(|webhook| format!("other events are posted to EVENT_WEBHOOK ({})", webhook.url));
    relayed.into_iter().chain(posted).collect()
}
