//! Knows which part of the server answers which question. Must not know how one is answered, nor when it is asked.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use gen_lsp_types::{
    CodeAction, CodeActionParams, CodeLensParams, CompletionParams, DefinitionParams, DocumentSymbolParams,
    ExecuteCommandParams, FoldingRangeParams, HoverParams, InlayHintParams, Position, PrepareRenameParams,
    PrepareRenamePlaceholder, Range, ReferenceParams, RenameParams, TextDocumentContentParams,
    TextDocumentContentResult, TextDocumentIdentifier, TextDocumentPositionParams, Uri,
};
use lsp_server::{ErrorCode, Request, RequestId, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Server;
use crate::explain::Explained;
use crate::lsp::action::{actions, actions_of_output, lenses, lenses_of_output};
use crate::lsp::capabilities::SCHEME;
use crate::lsp::complete::complete;
use crate::lsp::documents::Document;
use crate::lsp::generated::Generated;
use crate::lsp::hints::hints;
use crate::lsp::hover::hover;
use crate::lsp::navigate::{definition, references};
use crate::lsp::preview::{Preview, Seen};
use crate::lsp::refusal::Refusal;
use crate::lsp::rename::{prepare, rename};
use crate::lsp::run::Errand;
use crate::lsp::structure::{folds, symbols};
use crate::lsp::view::View;

/// What a question is answered with.
type Answer = Result<Value, Refusal>;

/// A long answer, as the protocol has it.
#[derive(Serialize)]
struct Long<'i, R> {
    jsonrpc: &'static str,
    id: &'i RequestId,
    result: R,
}

/// What is done beside everything else.
type Work = Box<dyn FnOnce() -> Answer + Send>;

impl Server<'_> {
    pub(super) fn answer(&self, request: Request) {
        let Request { id, method, params } = request;
        match method.as_str() {
            "textDocument/completion" => {
                let asked = asked(params).map(|CompletionParams { text_document_position_params: place, .. }| {
                    let view = self.view(&place.text_document.uri)?;
                    Some(complete(&view, place.position, &self.words, self.taste))
                });
                self.answer_at_length(id, asked);
            }
            "textDocument/documentSymbol" => {
                let asked = asked(params).map(|DocumentSymbolParams { text_document, .. }| {
                    let view = self.view(&text_document.uri)?;
                    Some(symbols(&view.own()?.shape, &view.document.text))
                });
                self.answer_at_length(id, asked);
            }
            "workspace/executeCommand" => self.work(id, self.execution(params)),
            "workspace/textDocumentContent" => self.work(id, self.content(params)),
            _ => self.send(response(id, self.ask(&method, params)).into()),
        }
    }

    /// Answers with what may be long.
    fn answer_at_length<R: Serialize>(&self, id: RequestId, said: Result<R, Refusal>) {
        let body = said.and_then(|result| {
            let answer = Long { jsonrpc: "2.0", id: &id, result };
            serde_json::to_string(&answer).map_err(|error| Refusal::new(error.to_string()))
        });
        match body {
            // where nobody listens any more, the next message that is read tells
            Ok(body) => drop(self.answers.send(body)),
            Err(refusal) => self.send(response(id, Err(refusal)).into()),
        }
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
                let prepared = |(range, placeholder)| PrepareRenamePlaceholder { range, placeholder };
                self.at(&place, |view, at| prepare(view, at).map(prepared))
            }
            "textDocument/rename" => {
                let RenameParams { text_document_position_params: place, new_name, .. } = asked(params)?;
                let view = self.view(&place.text_document.uri);
                let view = view.ok_or_else(|| Refusal::new("this is no profile"))?;
                told(&rename(&view, place.position, &new_name)?)
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
                if let Some(generated) = self.generated(&text_document.uri) {
                    return told(&self.actions_of_output(&generated, &text_document.uri, range));
                }
                self.on(&text_document, |view| {
                    let shown = self.shown.get(&view.document.identity).map(Vec::as_slice);
                    // edits of another text would hit other words
                    let is_current = self.shown_state == self.state;
                    actions(view, range, shown.filter(|_| is_current).unwrap_or_default(), &self.documents)
                })
            }
            "textDocument/codeLens" => {
                let CodeLensParams { text_document, .. } = asked(params)?;
                if let Some(generated) = self.generated(&text_document.uri) {
                    return told(&lenses_of_output(&generated, &text_document.uri));
                }
                self.on(&text_document, lenses)
            }
            _ => Err(Refusal { code: ErrorCode::MethodNotFound, message: format!("`{method}` is not known here") }),
        }
    }

    /// The line of an open output.
    fn generated(&self, uri: &Uri) -> Option<Generated> {
        Generated::of(self.documents.get(uri)?)
    }

    fn actions_of_output(&self, generated: &Generated, uri: &Uri, range: Range) -> Vec<CodeAction> {
        let told = generated.told(self.compared.get(&generated.folder));
        told.map(|told| actions_of_output(&told, uri, range)).unwrap_or_default()
    }

    /// Does what takes its time on a thread of its own, which answers.
    fn work(&self, id: RequestId, work: Result<Work, Refusal>) {
        let sender = self.connection.sender.clone();
        let work = match work {
            Ok(work) => work,
            Err(refusal) => return self.send(response(id, Err(refusal)).into()),
        };
        let named = id.clone();
        // where nobody listens any more, the next message that is read tells
        let run = move || drop(sender.send(response(id, work()).into()));
        if let Err(error) = thread::Builder::new().name("work".to_owned()).spawn(run) {
            self.send(response(named, Err(Refusal::new(error.to_string()))).into());
        }
    }

    /// What stands in no file.
    fn content(&self, params: Value) -> Result<Work, Refusal> {
        let TextDocumentContentParams { uri } = asked(params)?;
        let (preview, file) = content(&uri).ok_or_else(|| Refusal::new("there is no such text"))?;
        let seen = self.preview(preview, &file)?;
        Ok(Box::new(move || told(&TextDocumentContentResult { text: seen()?.text })))
    }

    /// How a preview of an open profile is made.
    fn preview(
        &self,
        preview: Preview,
        uri: &Uri,
    ) -> Result<impl FnOnce() -> Result<Seen, Refusal> + Send + use<>, Refusal> {
        let document = self.documents.get(uri).filter(|document| document.is_profile());
        let path = document.ok_or_else(|| Refusal::new("this is no open profile"))?.path.clone();
        let (unsaved, trust) = (self.documents.unsaved().clone(), self.trust);
        Ok(move || preview.seen(&path, &unsaved, &trust).map_err(Refusal::new))
    }

    /// What a user chose.
    fn execution(&self, params: Value) -> Result<Work, Refusal> {
        let ExecuteCommandParams { command, arguments, .. } = asked(params)?;
        let argument = arguments.as_deref().and_then(<[Value]>::first).and_then(Value::as_str);
        let uri = Uri(argument.ok_or_else(|| Refusal::new("expected the profile as the first argument"))?.to_owned());
        if let Some(preview) = Preview::ALL.into_iter().find(|preview| preview.command() == command) {
            let seen = self.preview(preview, &uri)?;
            let name = format!("{SCHEME}:{}?{}", preview.command(), uri.0);
            return Ok(Box::new(move || {
                let Seen { language, text } = seen()?;
                Ok(json!({ "uri": name, "languageId": language, "text": text }))
            }));
        }
        let errand = Errand::ALL.into_iter().find(|errand| errand.command() == command);
        let errand = errand.ok_or_else(|| Refusal::new(format!("there is no command `{command}`")))?;
        let (profile, folder) = self.runnable(&uri)?;
        let (comparisons, folders) = (self.comparisons.clone(), self.folders_of_outputs());
        Ok(Box::new(move || {
            let said = errand.run(profile.as_deref(), &folder).map_err(|error| Refusal::new(error.to_string()));
            // what is shown of the outputs may be another thing now; the end of the server ends that as well
            for folder in folders {
                drop(comparisons.send(folder));
            }
            said
        }))
    }

    /// The profile that the program is to run on, and in which folder; an output records its own.
    fn runnable(&self, uri: &Uri) -> Result<(Option<PathBuf>, PathBuf), Refusal> {
        let unsaved = |name: &str| Refusal::new(format!("save `{name}` first: the program reads what is on the disk"));
        if let Some(generated) = self.generated(uri) {
            let is_saved = self.documents.get(uri).is_some_and(Document::is_saved);
            let name = uri.0.rsplit('/').next().unwrap_or_default();
            return if is_saved { Ok((None, generated.folder)) } else { Err(unsaved(name)) };
        }
        let view = self.view(uri).ok_or_else(|| Refusal::new("this is no open profile"))?;
        if let Some(name) = view.layers.iter().find_map(|layer| self.documents.unsaved_in(layer)) {
            return Err(unsaved(&name));
        }
        let root = view.catalogue.as_ref().map(|catalogue| catalogue.root().to_owned());
        let root = root.ok_or_else(|| Refusal::new("the project can't be read"))?;
        Ok((Some(view.document.path.clone()), root))
    }
}

fn response(id: RequestId, said: Answer) -> Response {
    match said {
        Ok(value) => Response::new_ok(id, value),
        Err(Refusal { code, message }) => Response::new_err(id, code as i32, message),
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
