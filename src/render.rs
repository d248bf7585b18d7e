//! Knows what an output is, and how a text is made of a template. Must not know which outputs there are, nor what they say.

mod escape;
mod header;
mod mark;
mod output;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig};
use serde::Serialize;

pub use escape::Dialect;
pub(crate) use escape::{comment, verbatim};
pub(crate) use header::Header;
pub use mark::{Mark, OUTPUT_FORMAT, Seal, examine, is_recordable, line_of, part_of, public_part};
pub(crate) use mark::{fields, seal};
pub use output::Output;

/// An output with its text, finished but not written.
#[derive(Clone)]
pub struct RenderedFile {
    /// Which one.
    pub output: Output,
    /// Its text; may hold secrets where the output is a block.
    pub text: String,
}

impl RenderedFile {
    /// An output with its text, recognizable from now on.
    pub(crate) fn sealed(output: Output, text: String) -> Self {
        let text = seal(text, &output);
        Self { output, text }
    }
}

/// Why a file could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderFault {
    /// A template is wrong: a fault of codelab-gen.
    #[error("the template of {path} is wrong: {error}")]
    Template {
        /// The output.
        path: String,
        /// What the template engine says; without values.
        error: minijinja::Error,
    },
    /// The block of `.env` reads back differently: a fault of codelab-gen, found before anything was written.
    #[error("the value of `{key}` in .env would be read back differently")]
    RoundTrip {
        /// The key.
        key: String,
    },
}

/// A text with gaps, and how what goes into them is written.
pub(crate) struct Template(pub(crate) &'static str, pub(crate) Dialect);

impl Template {
    /// The text of an output. How a value is written follows from the template, so that no line of it can forget to escape.
    pub(crate) fn fill(&self, output: &Output, view: &impl Serialize) -> Result<String, RenderFault> {
        let Self(text, dialect) = *self;
        let fault = |error| RenderFault::Template { path: output.path().to_owned(), error };
        let mut environment = Environment::empty();
        let whitespace =
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(whitespace.map_err(fault)?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(move |_| AutoEscape::Custom(dialect.name().into()));
        environment.set_formatter(move |out, _, value| escape::write(dialect, out, value));
        environment.add_template(output.path(), text).map_err(fault)?;
        let template = environment.get_template(output.path()).map_err(fault)?;
        template.render(minijinja::Value::from(minijinja::value::Serde(view))).map_err(fault)
    }
}
