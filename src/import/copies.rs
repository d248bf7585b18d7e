//! Knows where the password of the server stands a second time in a Compose file, and writes the one variable there
//! that the profile has for it: a new password then reaches everybody. Must not know which server gets the section.

use super::connection::target;
use super::parts::Named;
use super::server::Server;
use super::variables::{Known, Variables};
use crate::compose::nodes::{self, child_mut, entries_mut, write};
use crate::interpolation::{Template, renamed};
use crate::url::WrittenUrl;
use crate::value::{DatabasePart, EnvironmentKey};
use crate::yaml::{Content, Node};

/// Who logs in to the server, and how it is found.
pub(super) struct Login {
    /// What its host is called, its key first.
    names: Vec<String>,
    password: String,
    /// The variable of `.env` that the password is today.
    source: Option<String>,
}

impl Login {
    /// The login that a server is made with; nothing where that has no password.
    pub(super) fn of(server: &Server<'_, '_>) -> Option<Self> {
        let key = EnvironmentKey::postgres_password();
        let given = super::environment::of(server.node());
        let source = given.iter().find(|given| given.name == key.as_str()).and_then(super::environment::Given::source);
        let source = source.filter(|name| name != key.as_str());
        let login = Self { names: server.names.clone(), password: server.password.clone(), source };
        (!login.password.is_empty()).then_some(login)
    }

    /// The password.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Whether the password is what this variable of `.env` holds.
    pub(super) fn is_source(&self, name: &str) -> bool {
        self.source.as_deref() == Some(name)
    }

    /// Writes the one variable in the place of every copy that is sure to be one; whether there was any.
    pub(super) fn unify(&self, root: &mut Node<'_>, variables: &Variables) -> bool {
        if !self.is_free(root, variables) {
            return false;
        }
        let source = self.source.as_deref().filter(|name| variables.value(name) == Some(&self.password));
        let copies = Copies { login: self, source: source.filter(|name| !self.is_anothers(root, name)) };
        let mut is_changed = false;
        for service in child_mut(root, "services").into_iter().flat_map(entries_mut) {
            is_changed |= copies.unify(&service.key, &mut service.value);
        }
        for part in ["secrets", "configs"] {
            for entry in child_mut(root, part).into_iter().flat_map(entries_mut) {
                let variable = child_mut(&mut entry.value, "environment");
                if let Some(variable) =
                    variable.filter(|it| nodes::text(it).is_some_and(|it| Some(it) == copies.source))
                {
                    write(variable, KEY.to_owned());
                    is_changed = true;
                }
            }
        }
        is_changed
    }

    /// Whether the one variable means nothing else today.
    fn is_free(&self, root: &Node<'_>, variables: &Variables) -> bool {
        let is_it = match variables.get(KEY) {
            Known::Value(known) => known == self.password,
            Known::Unset => true,
            Known::Odd(_) => false,
        };
        let mut means_another = false;
        each(root, &mut |node, key| {
            let passes_on = node.is_null() && key == Some(KEY) && variables.get(KEY) == Known::Unset;
            let template = nodes::text(node).filter(|text| text.contains(KEY)).and_then(Template::parse);
            let references = template.iter().flat_map(Template::references).filter(|it| it.name == KEY);
            let mut today = references.map(|it| variables.fill(&Template::of(it.clone())));
            means_another |= passes_on || today.any(|today| today.as_deref() != Some(self.password.as_str()));
        });
        is_it && !means_another
    }

    /// Whether another server has its password from the same variable, which no new password would reach.
    fn is_anothers(&self, root: &Node<'_>, source: &str) -> bool {
        let services = nodes::child(root, "services").map(nodes::entries).unwrap_or_default();
        let others =
            services.iter().filter(|service| Some(service.key.as_ref()) != self.names.first().map(String::as_str));
        let mut given = others.flat_map(|service| super::environment::of(&service.value));
        given.any(|given| OF_SERVERS.contains(&given.name.as_str()) && given.source().as_deref() == Some(source))
    }
}

/// The variable that the profile has for the password.
const KEY: &str = "POSTGRES_PASSWORD";

/// Variables by which images of servers are given a password of their own.
const OF_SERVERS: [&str; 6] = [
    "POSTGRESQL_PASSWORD",
    "MYSQL_PASSWORD",
    "MYSQL_ROOT_PASSWORD",
    "MARIADB_PASSWORD",
    "MARIADB_ROOT_PASSWORD",
    "MONGO_INITDB_ROOT_PASSWORD",
];

/// Calls for every node of a tree, with the key that it is the value of.
fn each(node: &Node<'_>, told: &mut impl FnMut(&Node<'_>, Option<&str>)) {
    match &node.content {
        Content::Scalar(_) => {}
        Content::Sequence(items) => items.iter().for_each(|item| {
            told(item, None);
            each(item, told);
        }),
        Content::Mapping(entries) => entries.iter().for_each(|entry| {
            told(&entry.value, Some(&entry.key));
            each(&entry.value, told);
        }),
    }
}

/// What is looked for.
struct Copies<'c> {
    login: &'c Login,
    /// The variable whose references are to the one.
    source: Option<&'c str>,
}

impl Copies<'_> {
    fn unify(&self, name: &str, service: &mut Node<'_>) -> bool {
        let is_user = self.login.names.first().is_some_and(|key| key == name) || self.uses(service);
        let mut is_changed = false;
        for entry in entries_mut(service) {
            is_changed |= match entry.key.as_ref() {
                "environment" => self.unify_variables(&mut entry.value, is_user),
                "command" | "entrypoint" | "healthcheck" | "labels" if is_user => self.unify_texts(&mut entry.value),
                _ => false,
            };
        }
        is_changed
    }

    /// Whether a service waits for the server, or names its host.
    fn uses(&self, service: &Node<'_>) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_name =
            |text: &str| text.split(|c| !is_part(c)).any(|word| self.login.names.iter().any(|name| name == word));
        let mut names_it = false;
        for key in ["depends_on", "links", "environment", "command", "entrypoint"] {
            let Some(part) = nodes::child(service, key) else { continue };
            names_it |= nodes::text(part).is_some_and(is_name);
            each(part, &mut |node, key| {
                names_it |= nodes::text(node).is_some_and(is_name) || key.is_some_and(|key| self.is_key(key));
            });
        }
        names_it
    }

    fn is_key(&self, name: &str) -> bool {
        self.login.names.first().is_some_and(|key| key == name)
    }

    fn unify_variables(&self, node: &mut Node<'_>, is_user: bool) -> bool {
        let mut is_changed = false;
        match &mut node.content {
            Content::Mapping(entries) => {
                for entry in entries {
                    let text = if entry.value.is_null() { None } else { nodes::text(&entry.value).map(str::to_owned) };
                    if text.is_none() && !entry.value.is_null() {
                        continue;
                    }
                    if let Some(text) = self.variable(&entry.key, text.as_deref(), is_user) {
                        write(&mut entry.value, text);
                        is_changed = true;
                    }
                }
            }
            Content::Sequence(items) => {
                for item in items {
                    let Some(text) = nodes::text(item).map(str::to_owned) else { continue };
                    let (name, value) =
                        text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
                    if let Some(value) = self.variable(name, value, is_user) {
                        write(item, format!("{name}={value}"));
                        is_changed = true;
                    }
                }
            }
            Content::Scalar(_) => {}
        }
        is_changed
    }

    /// What a variable of a container is given, where that is a copy.
    fn variable(&self, name: &str, value: Option<&str>, is_user: bool) -> Option<String> {
        let is_password = || {
            let named = Named::read(name).filter(|named| named.part == DatabasePart::Password);
            named.is_some_and(|named| named.is_about(&[]))
        };
        let Some(value) = value else {
            let is_it = self.source == Some(name) && (is_user || is_password());
            return is_it.then(reference);
        };
        if value == self.login.password && is_password() {
            return Some(reference());
        }
        let of_source = self.source.filter(|_| is_user || is_password()).and_then(|source| renamed(value, source, KEY));
        of_source.or_else(|| self.with_reference(value))
    }

    fn unify_texts(&self, node: &mut Node<'_>) -> bool {
        match &mut node.content {
            Content::Sequence(items) => {
                items.iter_mut().fold(false, |is_changed, item| self.unify_texts(item) | is_changed)
            }
            Content::Mapping(entries) => {
                entries.iter_mut().fold(false, |is_changed, entry| self.unify_texts(&mut entry.value) | is_changed)
            }
            Content::Scalar(_) => {
                let Some(text) = nodes::text(node).map(str::to_owned) else { return false };
                let of_source = self.source.and_then(|source| renamed(&text, source, KEY));
                let literal = self.with_reference(of_source.as_deref().unwrap_or(&text));
                let Some(changed) = literal.or(of_source) else { return false };
                write(node, changed);
                true
            }
        }
    }

    /// A text with the reference in the place of the password, wherever that logs in to the server.
    fn with_reference(&self, text: &str) -> Option<String> {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
        let of_words = target(text).is_some_and(|target| self.leads_there(&target.host, target.password.as_deref()));
        let mut made = text.to_owned();
        if of_words {
            made = self.replaced(&made);
        } else {
            let urls = text.split(is_end).filter(|word| word.contains("://"));
            let urls =
                urls.map(|word| word.split_once('=').filter(|(name, _)| !name.contains(':')).map_or(word, |it| it.1));
            for url in urls.filter(|url| self.is_url(url)) {
                made = made.replace(url, &self.replaced(url));
            }
        }
        (made != text).then_some(made)
    }

    fn is_url(&self, url: &str) -> bool {
        let Some(WrittenUrl { login, place, .. }) = WrittenUrl::read(url) else { return false };
        let host = place.split([':', '/', '?']).next().unwrap_or_default();
        let of_login = login.and_then(|login| login.password);
        let of_query = || target(url).and_then(|target| target.password);
        self.leads_there(host, of_login.map(str::to_owned).or_else(of_query).as_deref())
    }

    fn leads_there(&self, host: &str, password: Option<&str>) -> bool {
        self.login.names.iter().any(|name| name == host) && password == Some(self.login.password.as_str())
    }

    /// A text that logs in to the server with the reference where it gives the password. One that has to be encoded stays.
    fn replaced(&self, text: &str) -> String {
        let password = self.login.password.as_str();
        let is_plain = password.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let mut made = String::new();
        let mut from = 0;
        for (at, _) in text.match_indices(password).filter(|_| is_plain) {
            let before = text.get(..at).unwrap_or_default();
            let behind = text.get(at + password.len()..).unwrap_or_default();
            let is_of_login = before.ends_with(':') && !before.ends_with("//:") && behind.starts_with('@');
            let name = before.strip_suffix('=').map(|it| it.rsplit(['?', '&', ';', ' ']).next().unwrap_or_default());
            let is_named =
                name.is_some_and(|name| PASSWORDS.iter().any(|known| name.trim().eq_ignore_ascii_case(known)));
            let is_value = is_named && (behind.is_empty() || behind.starts_with(['&', ';', ' ']));
            if at >= from && (is_of_login || is_value) {
                made.push_str(text.get(from..at).unwrap_or_default());
                made.push_str(&reference());
                from = at + password.len();
            }
        }
        made + text.get(from..).unwrap_or_default()
    }
}

/// What the password is called in a text that gives it by a name.
const PASSWORDS: [&str; 4] = ["password", "pwd", "pass", "p"];

fn reference() -> String {
    format!("${{{KEY}}}")
}
