//! Knows the state of one connection: the open texts, and what is shown of them. Must not know how a question is answered.

mod answer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, select};
use gen_lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, InitializeParams, PublishDiagnosticsParams,
};
use lsp_server::{Connection, Message, Notification};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::analysis::{self, Job, Report};
use super::capabilities::{capabilities, taste};
use super::documents::Documents;
use super::generated::{self, Compared, Differences, Generated};
use super::position::Encoding;
use super::taste::Taste;
use super::told::Told;
use super::uri;
use super::wire::Wire;
use super::words::Words;
use crate::explain::Explained;
use crate::source::Trust;

/// Why the connection ended otherwise than the protocol says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unspoken(String);

/// Speaks with the editor at standard input and output until it says that it goes.
///
/// # Errors
/// Where it goes without a word, or speaks something else.
pub fn serve(trust: Trust) -> Result<(), Unspoken> {
    let wire = Wire::stdio().map_err(|error| Unspoken(error.to_string()))?;
    let ended = converse(&wire.connection, wire.answers.clone(), trust);
    // what was wrong with what came says more than that nothing more comes
    let ended = ended.map_err(|unspoken| wire.faults.try_recv().map_or(unspoken, |fault| Unspoken(fault.to_string())));
    wire.finish();
    ended
}

fn converse(connection: &Connection, answers: Sender<String>, trust: Trust) -> Result<(), Unspoken> {
    let unspoken = |error: &dyn std::fmt::Display| Unspoken(error.to_string());
    let (id, params) = connection.initialize_start().map_err(|error| unspoken(&error))?;
    let params: InitializeParams = serde_json::from_value(params).map_err(|error| unspoken(&error))?;
    let offered = params.capabilities.general.as_ref().and_then(|general| general.position_encodings.clone());
    let encoding = Encoding::negotiated(&offered.unwrap_or_default());
    let result = json!({
        "capabilities": capabilities(encoding),
        "serverInfo": { "name": "codelab-gen", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, result).map_err(|error| unspoken(&error))?;
    let taste = taste(&params.capabilities, params.initialization_options.as_ref());
    let (jobs, reports) = analysis::start(trust, encoding, taste.beside).map_err(|error| unspoken(&error))?;
    let (comparisons, compared) = generated::start().map_err(|error| unspoken(&error))?;
    let mut server = Server {
        connection,
        answers,
        documents: Documents::new(encoding),
        jobs,
        trust,
        state: 0,
        shown: BTreeMap::new(),
        shown_state: 0,
        values: BTreeMap::new(),
        words: Words::new(),
        taste,
        comparisons,
        compared: BTreeMap::new(),
        marked: BTreeSet::new(),
    };
    server.run(&reports, &compared)
}

/// The state of a connection.
pub(super) struct Server<'c> {
    connection: &'c Connection,
    /// Takes long answers.
    answers: Sender<String>,
    documents: Documents,
    jobs: Sender<Job>,
    trust: Trust,
    /// Counts the changes of texts.
    state: u64,
    /// What is shown in each file, by their real paths.
    shown: BTreeMap<PathBuf, Vec<Told>>,
    /// The state of the texts that it was found in.
    shown_state: u64,
    /// The values of the open profiles, by their real paths.
    values: BTreeMap<PathBuf, Arc<Vec<Explained>>>,
    words: Words,
    taste: Taste,
    /// Takes the folders of outputs that are to be compared.
    comparisons: Sender<PathBuf>,
    /// What is not as a run would leave it, by the folders.
    compared: BTreeMap<PathBuf, Differences>,
    /// The open outputs that something is shown of, by their real paths.
    marked: BTreeSet<PathBuf>,
}

impl Server<'_> {
    fn run(&mut self, reports: &Receiver<Report>, compared: &Receiver<Compared>) -> Result<(), Unspoken> {
        loop {
            select! {
                recv(self.connection.receiver) -> message => match message {
                    Err(_) => return Err(Unspoken("the editor is gone without a word".to_owned())),
                    Ok(Message::Request(request)) => {
                        if self.connection.handle_shutdown(&request).map_err(|error| Unspoken(error.to_string()))? {
                            return Ok(());
                        }
                        self.answer(request);
                    }
                    Ok(Message::Notification(notification)) => {
                        if notification.method == "exit" {
                            return Err(Unspoken("the editor went without `shutdown`".to_owned()));
                        }
                        self.note(notification);
                    }
                    Ok(Message::Response(_)) => {}
                },
                recv(reports) -> report => match report {
                    Err(_) => return Err(Unspoken("the analysis ended".to_owned())),
                    Ok(report) => self.take(report),
                },
                recv(compared) -> folder => match folder {
                    Err(_) => return Err(Unspoken("the comparison ended".to_owned())),
                    Ok(Compared { folder, differences }) => {
                        self.compared.insert(folder, differences);
                        self.mark_outputs();
                    }
                },
            }
        }
    }

    fn note(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                let Some(DidOpenTextDocumentParams { text_document }) = read(params) else { return };
                if self.documents.open(&text_document.uri, text_document.version, text_document.text).is_some() {
                    self.judge(None);
                    self.compare();
                }
            }
            "textDocument/didChange" => {
                let Some(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) else { return };
                let uri = text_document.text_document_identifier.uri;
                let document = self.documents.change(&uri, text_document.version, &content_changes);
                let changed = document.map(|document| (document.identity.clone(), document.is_profile()));
                let Some((identity, is_profile)) = changed else { return };
                self.judge(Some(identity));
                if !is_profile {
                    self.mark_outputs();
                }
            }
            "textDocument/didClose" => {
                let Some(DidCloseTextDocumentParams { text_document }) = read(params) else { return };
                if let Some(closed) = self.documents.close(&text_document.uri) {
                    // what is told of it from now on goes by its path
                    self.shown.remove(&closed.identity);
                    self.values.remove(&closed.identity);
                    self.marked.remove(&closed.identity);
                    self.publish(&closed.identity, &[]);
                    self.judge(None);
                }
            }
            "textDocument/didSave" => {
                let Some(DidSaveTextDocumentParams { .. }) = read(params) else { return };
                self.judge(None);
                self.compare();
            }
            "workspace/didChangeWatchedFiles" => {
                self.judge(None);
                self.compare();
            }
            // what comes with `$/` may be left out, and of the rest nothing was asked for
            _ => {}
        }
    }

    /// Lets everything be judged that may be another one by what changed.
    fn judge(&mut self, changed: Option<PathBuf>) {
        self.state += 1;
        let profiles = self.documents.all().filter(|document| document.is_profile());
        let open = profiles.map(|document| (document.identity.clone(), document.path.clone())).collect();
        let names = self.documents.all().map(|document| (document.identity.clone(), document.uri.clone())).collect();
        let unsaved = self.documents.unsaved().clone();
        // where the analysis ended, the next report tells
        drop(self.jobs.send(Job { unsaved, open, names, changed, state: self.state }));
    }

    fn take(&mut self, report: Report) {
        match report {
            // a newer one follows
            Report::Found { state, .. } if state < self.state => {}
            Report::Found { state, files } => {
                self.show(files);
                self.shown_state = state;
            }
            Report::Values { profile, values } => drop(self.values.insert(profile, values)),
        }
    }

    /// Shows what is new; of an open profile also that nothing is, which answers the change of its text.
    fn show(&mut self, mut files: BTreeMap<PathBuf, Vec<Told>>) {
        let profiles = self.documents.all().filter(|document| document.is_profile());
        for identity in profiles.map(|document| document.identity.clone()).collect::<Vec<_>>() {
            files.entry(identity).or_default();
        }
        let gone: Vec<_> = self.shown.keys().filter(|file| !files.contains_key(*file)).cloned().collect();
        for file in gone {
            self.publish(&file, &[]);
        }
        // an open text comes last: what follows from it for others is there by then
        let is_open = |file: &Path| self.documents.by_identity(file).is_some();
        let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|(file, _)| is_open(file));
        for (file, told) in first.into_iter().chain(last) {
            self.publish(file, told);
        }
        self.shown = files;
    }

    /// The open outputs with their lines.
    fn outputs(&self) -> Vec<(PathBuf, Generated)> {
        let others = self.documents.all().filter(|document| !document.is_profile());
        others.filter_map(|document| Some((document.identity.clone(), Generated::of(document)?))).collect()
    }

    pub(super) fn folders_of_outputs(&self) -> BTreeSet<PathBuf> {
        self.outputs().into_iter().map(|(_, output)| output.folder).collect()
    }

    /// Lets the folders of open outputs be compared, and shows what is known without that.
    fn compare(&mut self) {
        // where the comparison ended, the next answer of it tells
        self.folders_of_outputs().into_iter().for_each(|folder| drop(self.comparisons.send(folder)));
        self.mark_outputs();
    }

    /// Shows what there is to tell of open outputs.
    fn mark_outputs(&mut self) {
        let outputs = self.outputs().into_iter();
        let told = outputs.filter_map(|(file, output)| Some((file, output.told(self.compared.get(&output.folder))?)));
        let told: BTreeMap<_, _> = told.collect();
        for file in std::mem::take(&mut self.marked).iter().filter(|file| !told.contains_key(*file)) {
            self.publish_all(file, Vec::new());
        }
        for (file, told) in told {
            self.publish_all(&file, vec![told]);
            self.marked.insert(file);
        }
    }

    fn publish(&self, file: &Path, told: &[Told]) {
        self.publish_all(file, told.iter().map(|told| told.shown.clone()).collect());
    }

    fn publish_all(&self, file: &Path, diagnostics: Vec<Diagnostic>) {
        let document = self.documents.by_identity(file);
        let uri = document.map_or_else(|| uri::of(file), |document| document.uri.clone());
        let version = document.map(|document| document.version);
        self.notify("textDocument/publishDiagnostics", &PublishDiagnosticsParams { uri, version, diagnostics });
    }

    fn notify(&self, method: &str, params: &impl serde::Serialize) {
        self.send(Notification::new(method.to_owned(), params).into());
    }

    fn send(&self, message: Message) {
        // where nobody listens any more, the next message that is read tells
        drop(self.connection.sender.send(message));
    }
}

/// Reads parameters; what is none of ours is left out.
fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}
