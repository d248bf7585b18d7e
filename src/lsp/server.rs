//! Knows the state of one connection, and which question goes where. Must not know how one is answered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, select};
use gen_lsp_types::{
    CodeActionParams, CodeLensParams, CompletionParams, DefinitionParams, Diagnostic, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentSymbolParams,
    ExecuteCommandParams, FoldingRangeParams, HoverParams, InitializeParams, InlayHintParams, Position,
    PrepareRenameParams, PrepareRenamePlaceholder, PublishDiagnosticsParams, ReferenceParams, RenameParams,
    TextDocumentContentParams, TextDocumentContentResult, TextDocumentIdentifier, TextDocumentPositionParams, Uri,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::action::{actions, lenses};
use super::analysis::{self, Job, Report};
use super::capabilities::{SCHEME, capabilities, taste};
use super::complete::{Taste, complete};
use super::documents::Documents;
use super::hints::hints;
use super::hover::hover;
use super::navigate::{definition, references};
use super::position::Encoding;
use super::preview::Preview;
use super::refusal::Refusal;
use super::rename::{prepare, rename};
use super::run::Errand;
use super::structure::{folds, symbols};
use super::told::Told;
use super::uri;
use super::view::View;
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
    let (connection, threads) = Connection::stdio();
    let ended = converse(&connection, trust);
    drop(connection);
    // its reader may wait for bytes that never come, and what it says was said above
    if ended.is_ok() {
        threads.join().map_err(|error| Unspoken(error.to_string()))?;
    }
    ended
}

fn converse(connection: &Connection, trust: Trust) -> Result<(), Unspoken> {
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
    let mut server = Server {
        connection,
        documents: Documents::new(encoding),
        jobs,
        trust,
        state: 0,
        shown: BTreeMap::new(),
        shown_state: 0,
        values: BTreeMap::new(),
        words: Words::new(),
        taste,
    };
    server.run(&reports)
}

/// The state of a connection.
pub(super) struct Server<'c> {
    connection: &'c Connection,
    pub(super) documents: Documents,
    jobs: Sender<Job>,
    pub(super) trust: Trust,
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
}

/// What a question is answered with.
pub(super) type Answer = Result<Value, Refusal>;

impl Server<'_> {
    fn run(&mut self, reports: &Receiver<Report>) -> Result<(), Unspoken> {
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
            }
        }
    }

    fn answer(&self, request: Request) {
        let Request { id, method, params } = request;
        if method == "workspace/executeCommand" {
            return self.execute(id, params);
        }
        let response = match self.ask(&method, params) {
            Ok(value) => Response::new_ok(id, value),
            Err(Refusal { code, message }) => Response::new_err(id, code as i32, message),
        };
        self.send(response.into());
    }

    /// What is known of the open text that a question is about; nothing where it is no profile.
    fn view(&self, uri: &Uri) -> Option<View<'_>> {
        View::of(uri, &self.documents, &self.trust)
    }

    fn values(&self, view: &View<'_>) -> Arc<Vec<Explained>> {
        self.values.get(&view.document.identity).cloned().unwrap_or_default()
    }

    /// Answers a question about a place in a profile.
    fn at<R: Serialize>(
        &self,
        place: &TextDocumentPositionParams,
        answer: impl FnOnce(&View<'_>, Position) -> R,
    ) -> Answer {
        let view = self.view(&place.text_document.uri);
        told(&view.map(|view| answer(&view, place.position)))
    }

    /// Answers a question about a profile.
    fn on<R: Serialize>(&self, text: &TextDocumentIdentifier, answer: impl FnOnce(&View<'_>) -> R) -> Answer {
        told(&self.view(&text.uri).map(|view| answer(&view)))
    }

    fn ask(&self, method: &str, params: Value) -> Answer {
        match method {
            "textDocument/hover" => {
                let HoverParams { text_document_position_params: place, .. } = asked(params)?;
                self.at(&place, |view, at| hover(view, at, &self.words, &self.values(view), self.taste))
            }
            "textDocument/completion" => {
                let CompletionParams { text_document_position_params: place, .. } = asked(params)?;
                self.at(&place, |view, at| complete(view, at, &self.words, self.taste))
            }
            "textDocument/definition" => {
                let DefinitionParams { text_document_position_params: place, .. } = asked(params)?;
                self.at(&place, definition)
            }
            "textDocument/references" => {
                let ReferenceParams { text_document_position_params: place, context, .. } = asked(params)?;
                self.at(&place, |view, at| references(view, at, context.include_declaration))
            }
            "textDocument/prepareRename" => {
                let PrepareRenameParams { text_document_position_params: place, .. } = asked(params)?;
                let found = |view: &View<'_>, at| prepare(view, at);
                let prepared = |(range, placeholder)| PrepareRenamePlaceholder { range, placeholder };
                self.at(&place, |view, at| found(view, at).map(prepared))
            }
            "textDocument/rename" => {
                let RenameParams { text_document_position_params: place, new_name, .. } = asked(params)?;
                let view = self.view(&place.text_document.uri);
                let view = view.ok_or_else(|| Refusal::new("this is no profile"))?;
                told(&rename(&view, place.position, &new_name)?)
            }
            "textDocument/documentSymbol" => {
                let DocumentSymbolParams { text_document, .. } = asked(params)?;
                self.on(&text_document, |view| view.own().map(|own| symbols(&own.shape, &view.document.text)))
            }
            "textDocument/foldingRange" => {
                let FoldingRangeParams { text_document, .. } = asked(params)?;
                self.on(&text_document, |view| view.own().map(|own| folds(&own.shape, &view.document.text)))
            }
            "textDocument/inlayHint" => {
                let InlayHintParams { text_document, range, .. } = asked(params)?;
                self.on(&text_document, |view| hints(view, range, &self.values(view)))
            }
            "textDocument/codeAction" => {
                let CodeActionParams { text_document, range, .. } = asked(params)?;
                self.on(&text_document, |view| {
                    let shown = self.shown.get(&view.document.identity).map(Vec::as_slice);
                    // edits of another text would hit other words
                    let is_current = self.shown_state == self.state;
                    actions(view, range, shown.filter(|_| is_current).unwrap_or_default(), &self.documents)
                })
            }
            "textDocument/codeLens" => {
                let CodeLensParams { text_document, .. } = asked(params)?;
                self.on(&text_document, lenses)
            }
            "workspace/textDocumentContent" => {
                let TextDocumentContentParams { uri } = asked(params)?;
                let (preview, file) = content(&uri).ok_or_else(|| Refusal::new("there is no such text"))?;
                let text = self.preview(preview, &file)?;
                told(&TextDocumentContentResult { text })
            }
            _ => Err(Refusal { code: ErrorCode::MethodNotFound, message: format!("`{method}` is not known here") }),
        }
    }

    /// The text of a preview of an open profile.
    fn preview(&self, preview: Preview, uri: &Uri) -> Result<String, Refusal> {
        let view = self.view(uri).ok_or_else(|| Refusal::new("this is no open profile"))?;
        preview.text(&view.document.path, self.documents.unsaved(), &self.trust).map_err(Refusal::new)
    }

    /// Does what a user chose. What takes its time answers from a thread of its own.
    fn execute(&self, id: RequestId, params: Value) {
        let answered = match self.started(&id, params) {
            Ok(None) => return,
            Ok(Some(value)) => Response::new_ok(id, value),
            Err(Refusal { code, message }) => Response::new_err(id, code as i32, message),
        };
        self.send(answered.into());
    }

    fn started(&self, id: &RequestId, params: Value) -> Result<Option<Value>, Refusal> {
        let ExecuteCommandParams { command, arguments, .. } = asked(params)?;
        let argument = arguments.as_deref().and_then(<[Value]>::first).and_then(Value::as_str);
        let uri = Uri(argument.ok_or_else(|| Refusal::new("expected the profile as the first argument"))?.to_owned());
        if let Some(preview) = Preview::ALL.into_iter().find(|preview| preview.command() == command) {
            let text = self.preview(preview, &uri)?;
            let name = format!("{SCHEME}:{}?{}", preview.command(), uri.0);
            return Ok(Some(json!({ "uri": name, "languageId": preview.language(), "text": text })));
        }
        let errand = Errand::ALL.into_iter().find(|errand| errand.command() == command);
        let errand = errand.ok_or_else(|| Refusal::new(format!("there is no command `{command}`")))?;
        let view = self.view(&uri).ok_or_else(|| Refusal::new("this is no open profile"))?;
        if let Some(unsaved) = view.layers.iter().find_map(|layer| self.documents.unsaved_in(layer)) {
            return Err(Refusal::new(format!("save `{unsaved}` first: the program reads what stands on the disk")));
        }
        let root = view.catalogue.as_ref().map(|catalogue| catalogue.root().to_owned());
        let root = root.ok_or_else(|| Refusal::new("the project can't be read"))?;
        let (path, sender, id) = (view.document.path.clone(), self.connection.sender.clone(), id.clone());
        let run = move || {
            let response = match errand.run(&path, &root) {
                Ok(said) => Response::new_ok(id, said),
                Err(error) => Response::new_err(id, ErrorCode::RequestFailed as i32, error.to_string()),
            };
            drop(sender.send(response.into()));
        };
        thread::Builder::new().name("errand".to_owned()).spawn(run).map_err(|error| Refusal::new(error.to_string()))?;
        Ok(None)
    }

    fn note(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                let Some(DidOpenTextDocumentParams { text_document }) = read(params) else { return };
                if self.documents.open(&text_document.uri, text_document.version, text_document.text).is_some() {
                    self.judge(None);
                }
            }
            "textDocument/didChange" => {
                let Some(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) else { return };
                let uri = text_document.text_document_identifier.uri;
                let document = self.documents.change(&uri, text_document.version, &content_changes);
                if let Some(identity) = document.map(|document| document.identity.clone()) {
                    self.judge(Some(identity));
                }
            }
            "textDocument/didClose" => {
                let Some(DidCloseTextDocumentParams { text_document }) = read(params) else { return };
                if let Some(closed) = self.documents.close(&text_document.uri) {
                    // what is told of it from now on goes by its path
                    self.shown.remove(&closed.identity);
                    self.values.remove(&closed.identity);
                    self.publish(&closed.identity, &[]);
                    self.judge(None);
                }
            }
            "textDocument/didSave" => {
                let Some(DidSaveTextDocumentParams { .. }) = read(params) else { return };
                self.judge(None);
            }
            "workspace/didChangeWatchedFiles" => self.judge(None),
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

    fn publish(&self, file: &Path, told: &[Told]) {
        let document = self.documents.by_identity(file);
        let diagnostics: Vec<Diagnostic> = told.iter().map(|told| told.shown.clone()).collect();
        let uri = document.map_or_else(|| uri::of(file), |document| document.uri.clone());
        let version = document.map(|document| document.version);
        self.notify("textDocument/publishDiagnostics", &PublishDiagnosticsParams { uri, version, diagnostics });
    }

    pub(super) fn notify(&self, method: &str, params: &impl serde::Serialize) {
        self.send(Notification::new(method.to_owned(), params).into());
    }

    fn send(&self, message: Message) {
        // where nobody listens any more, the next message that is read tells
        drop(self.connection.sender.send(message));
    }
}

/// Reads the parameters of a question.
fn asked<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params)
        .map_err(|error| Refusal { code: ErrorCode::InvalidParams, message: error.to_string() })
}

fn told(answer: &impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| Refusal::new(error.to_string()))
}

/// What is looked at, and of which profile.
fn content(uri: &Uri) -> Option<(Preview, Uri)> {
    let (name, file) = uri.0.strip_prefix(SCHEME)?.strip_prefix(':')?.split_once('?')?;
    let preview = Preview::ALL.into_iter().find(|preview| preview.command() == name)?;
    Some((preview, Uri(file.to_owned())))
}

/// Reads parameters; what is none of ours is left out.
fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}
