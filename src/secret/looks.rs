//! Knows which values are secrets by their looks, whatever they are called. Must not know whose value one is.

use serde_json::Value;

use super::names_secret;
use crate::url::{WrittenUrl, secret_of};

/// What well-known tokens begin with, and how many characters are behind that at least.
const TOKENS: [(&str, usize); 38] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 15),
    ("gldt-", 15),
    ("glrt-", 15),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("sk-", 20),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("rk_live_", 10),
    ("whsec_", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ya29.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 20),
    ("dop_v1_", 30),
    ("dckr_pat_", 15),
    ("shpat_", 20),
    ("hvs.", 20),
    ("SG.", 20),
    ("glsa_", 20),
    ("sntrys_", 20),
    ("gsk_", 20),
    ("tskey-", 10),
    ("lin_api_", 20),
    ("AGE-SECRET-KEY-1", 20),
];

/// Addresses that are secrets: who knows one may write there.
const HOOKS: [&str; 5] = [
    "://hooks.slack.com/services/",
    "://discord.com/api/webhooks/",
    "://discordapp.com/api/webhooks/",
    ".webhook.office.com/",
    "://api.telegram.org/bot",
];

/// Values that only switch something.
const SWITCHES: [&str; 7] = ["true", "false", "yes", "no", "on", "off", "none"];

/// What a value holds that makes it a secret; nothing where nothing does.
#[must_use]
pub fn looks_secret(value: &str) -> Option<&'static str> {
    if value.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_between = |c: char| c.is_whitespace() || "'\"`,<>()[]{}|".contains(c);
    let mut words = value.split(is_between);
    if has_login(value) || words.clone().any(has_login) || has_login_of_dsn(value) {
        return Some("a URL with a password");
    }
    if HOOKS.iter().any(|hook| value.contains(hook)) {
        return Some("the address of a webhook");
    }
    let is_set = |word: &str| word.split(['?', '&', ';', '#']).any(sets_secret);
    let in_pairs = !value.contains("://") && secret_of(value).is_some_and(|password| !password.is_empty());
    if in_pairs || words.clone().any(is_set) || value.split([';', ',', '&', '?', '\n']).any(sets_secret) {
        return Some("a password among its words");
    }
    if words.any(is_token) || is_login_of_http(value) {
        return Some("a token");
    }
    let is_json = value.trim_start().starts_with(['{', '[']);
    let json = is_json.then(|| serde_json::from_str::<Value>(value).ok()).flatten();
    json.filter(holds_secret).map(|_| "a password among its fields")
}

/// Whether a value looks like one that a machine made up: together with a name that has to do with secrets it is one.
#[must_use]
pub fn looks_made_up(value: &str) -> bool {
    const SHORTEST: usize = 16;
    let has = |is_of: &dyn Fn(&u8) -> bool| value.as_bytes().iter().any(is_of);
    let is_of_one = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    value.len() >= SHORTEST
        && value.bytes().all(is_of_one)
        && has(&u8::is_ascii_digit)
        && has(&u8::is_ascii_lowercase)
        && has(&u8::is_ascii_uppercase)
}

/// `SCHEME://USER:PASSWORD@HOST`. What stands behind an `@` in a path is no host.
fn has_login(text: &str) -> bool {
    let Some(login) = WrittenUrl::read(text).and_then(|url| url.login) else { return false };
    let Some(password) = login.password.filter(|password| !password.is_empty()) else { return false };
    let is_port = password.split_once('/').is_some_and(|(port, _)| port.bytes().all(|byte| byte.is_ascii_digit()));
    !is_port && !login.user.contains(['/', '?', '#', '['])
}

/// `USER:PASSWORD@tcp(HOST)/DATABASE`, as a driver of Go has it.
fn has_login_of_dsn(text: &str) -> bool {
    let login = ["@tcp(", "@unix(", "@("].iter().find_map(|at| text.split_once(at));
    let login = login.and_then(|(login, _)| login.split_once(':'));
    login.is_some_and(|(user, password)| !user.contains('/') && !password.is_empty())
}

/// `NAME=VALUE` with a name of secrets.
fn sets_secret(text: &str) -> bool {
    let Some((name, value)) = text.split_once('=') else { return false };
    let name = name.trim();
    let value = value.trim().trim_matches(['\'', '"']);
    let last = name.rsplit(['-', '.', '_', ' ', ':']).next().unwrap_or_default().to_ascii_lowercase();
    let is_secret = names_secret(name) || matches!(last.as_str(), "pwd" | "sig" | "signature");
    let is_place = value.starts_with(['/', '~', '.', '$']);
    let is_switch = SWITCHES.iter().any(|word| value.eq_ignore_ascii_case(word));
    // the name of a field is a key as well
    let shortest = if last.ends_with("key") { 12 } else { 1 };
    is_secret && !is_place && !is_switch && value.len() >= shortest
}

/// A token with a well-known beginning, or a JSON Web Token.
fn is_token(word: &str) -> bool {
    // in the place of a user, or of a value
    word.split(['/', '@', ':', '=', '?', '&', ';']).any(|part| {
        let is_of =
            |(start, least): &(&str, usize)| part.strip_prefix(start).is_some_and(|rest| is_random(rest, *least));
        let of_web = part.starts_with("eyJ") && part.matches('.').count() >= 2;
        of_web || TOKENS.iter().any(is_of)
    })
}

fn is_random(text: &str, least: usize) -> bool {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.len() >= least && text.bytes().all(is_of_token) && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// `Basic …` and `Bearer …`.
fn is_login_of_http(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let behind = ["basic ", "bearer "].iter().find_map(|word| {
        let at = lower.find(word)?;
        let is_start = at == 0 || lower.as_bytes().get(at - 1).is_some_and(|byte| b" :'\"".contains(byte));
        text.get(at + word.len()..).filter(|_| is_start)
    });
    let first = behind.map(|behind| behind.split([' ', '\'', '"']).next().unwrap_or_default());
    first.is_some_and(|first| first.len() >= 8 && first.bytes().any(|byte| !byte.is_ascii_lowercase()))
}

/// Whether a field of a document is a secret by its name, or holds what looks so.
fn holds_secret(document: &Value) -> bool {
    match document {
        Value::Object(fields) => fields.iter().any(|(name, field)| {
            let is_named = names_secret(name) || name.eq_ignore_ascii_case("auth");
            let is_text = field.as_str().is_some_and(|text| !text.is_empty());
            (is_named && is_text) || holds_secret(field)
        }),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::String(text) => looks_secret(text).is_some(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_secret_by_what_it_holds() {
        for value in [
            "postgresql://app:hunter2@db/app",
            "redis://:hunter2@cache:6379/0",
            "amqp://u:p/w@h/v",
            "first http://h, then https://u:p@h/",
            "mongodb://u:p@a:1,b:2/d?x=y",
            "jdbc:postgresql://h/d?user=a&password=x",
            "jdbc:sqlserver://h;user=a;password=x",
            "Server=h;Database=d;User Id=a;Password=x",
            "Data Source=h;Pwd=x",
            "host=h dbname=d password=x",
            "app:hunter2@tcp(db:3306)/app",
            "https://a.blob.core.windows.net/c?sv=1&sig=abc",
            "-Xmx1g -Dspring.datasource.password=hunter2",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=0123456789ab==",
            "-----BEGIN PRIVATE KEY-----\nx",
            "ghp_0123456789abcdefghij0123456789abcdef",
            "https://ghp_0123456789abcdefghij0123456789abcdef@github.com/a/b",
            "AKIA0123456789ABCDEF",
            "sk-0123456789abcdefghij",
            "xoxb-0123456789-abc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
            "Bearer 0123456789",
            "Authorization: Basic dXNlcjpwYXNz",
            "https://hooks.slack.com/services/T0/B0/x",
            r#"{"auths": {"r": {"auth": "dXNlcjpwYXNz"}}}"#,
            r#"{"db": {"password": "x"}}"#,
            r#"["postgresql://u:p@h/d"]"#,
        ] {
            assert!(looks_secret(value).is_some(), "{value}");
        }
    }

    #[test]
    fn what_a_machine_made_up_is_long_and_of_all_kinds_of_characters() {
        assert!(looks_made_up("aB3dE6gH9jK2mN5p") && looks_made_up("dXNlcjpwYXNzd29yZDE="));
        for value in ["aB3dE6gH9jK2mN5", "my-bucket-prod-2024", "Auth.Example.com1234", "AAAABBBBCCCC1234"] {
            assert!(!looks_made_up(value), "{value}");
        }
    }

    #[test]
    fn what_programs_are_told_beside_secrets_is_none() {
        for value in [
            "",
            "info",
            "4096",
            "a sk-learn of mine",
            "eu-central-1",
            "https://example.com:8080/a@b?x=y:z@w",
            "registry.example.com:5000/app@sha256:0123456789abcdef",
            "https://registry.example.com:5000/app@sha256:0123456789abcdef",
            "http://user@host/",
            "postgresql://app:@db/app",
            "http://[::1]:8080/a@b",
            "host=h dbname=d sslkey=/etc/tls.key",
            "max_tokens=5&sort_key=name",
            "password=/run/secrets/p",
            "use_token=true",
            "basic auth is off",
            "1.2.3-rc.1",
            "0123456789abcdef0123456789abcdef01234567",
            r#"{"level": "info", "auth": "", "keys": [1]}"#,
            "Mozilla/5.0 (X11; Linux x86_64)",
        ] {
            assert_eq!(looks_secret(value), None, "{value}");
        }
    }
}
