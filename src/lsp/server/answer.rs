//! Knows which part of the server answers which question. Must not know how one is answered, nor when it is asked.

use std::sync::Arc;
use std::thread;

use gen_lsp_types::{
    CodeActionParams, CodeLensParams, CompletionParams, DefinitionParams, DocumentSymbolParams, ExecuteCommandParams,
    FoldingRangeParams, HoverParams, InlayHintParams, Position, PrepareRenameParams, PrepareRenamePlaceholder,
    ReferenceParams, RenameParams, TextDocumentContentParams, TextDocumentContentResult, TextDocumentIdentifier,
    TextDocumentPositionParams, Uri,
};
use lsp_server::{ErrorCode, Request, RequestId, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Server;
use crate::explain::Explained;
use crate::lsp::action::{actions, lenses};
use crate::lsp::capabilities::SCHEME;
use crate::lsp::complete::complete;
use crate::lsp::hints::hints;
use crate::lsp::hover::hover;
use crate::lsp::navigate::{definition, references};
use crate::lsp::preview::Preview;
use crate::lsp::refusal::Refusal;
use crate::lsp::rename::{prepare, rename};
use crate::lsp::run::Errand;
use crate::lsp::structure::{folds, symbols};
use crate::lsp::view::View;

/// What a question is answered with.
type Answer = Result<Value, Refusal>;

impl Server<'_> {
    pub(super) fn answer(&self, request: Request) {
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
                let prepared = |(range, placeholder)| PrepareRenamePlaceholder { range, placeholder };
                self.at(&place, |view, at| prepare(view, at).map(prepared))
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
            return Err(Refusal::new(format!("save `{unsaved}` first: the program reads what is on the disk")));
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
