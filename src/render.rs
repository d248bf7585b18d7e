//! Knows the table of outputs, and turns a deployment into the texts of all of them.
//! Must not know profiles, nor the disk.

mod compose;
mod escape;
mod mark;
mod program;
mod view;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig};
use serde::Serialize;

use crate::deployment::Deployment;
use crate::placement::Placement;
use crate::secret::{SecretLines, Values, secret_lines};

pub use escape::Dialect;
pub use mark::{Mark, OUTPUT_FORMAT, Seal, examine, is_recordable, part_of, public_part};
pub use program::Program;

/// Where the scripts for the databases stand.
const SCRIPTS: &str = "scripts/db/";

/// All of these scripts, as one path.
pub const ALL_SCRIPTS: &str = "scripts/db/*";

/// One file of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The secrets and URLs, a block in a file that is the user's.
    Dotenv,
    /// The same keys without secrets.
    DotenvExample,
    /// The services.
    Compose,
    /// Roles and databases.
    InitScript,
    /// What the scripts for the databases know of them.
    Databases,
    /// One of these scripts.
    Program(Program),
}

impl Output {
    /// All outputs, in the order that they are written in: `docker-compose.yml` last, since it is what gets run.
    pub const ALL: [Self; 13] = [
        Self::Dotenv,
        Self::DotenvExample,
        Self::InitScript,
        Self::Databases,
        Self::Program(Program::Reach),
        Self::Program(Program::Postgres),
        Self::Program(Program::Sqlite),
        Self::Program(Program::Backup),
        Self::Program(Program::Restore),
        Self::Program(Program::Migrate),
        Self::Program(Program::MigrateRows),
        Self::Program(Program::Psql),
        Self::Compose,
    ];

    /// Where it stands in the output folder.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Dotenv => ".env",
            Self::DotenvExample => ".env.example",
            Self::Compose => "docker-compose.yml",
            Self::InitScript => "scripts/init-postgres.sh",
            Self::Databases => "scripts/db/databases.sh",
            Self::Program(program) => program.path(),
        }
    }

    /// Its permissions.
    #[must_use]
    pub fn mode(self) -> u32 {
        match self {
            Self::Dotenv => 0o600,
            Self::InitScript => 0o755,
            Self::Program(program) if program.is_started() => 0o755,
            Self::DotenvExample | Self::Compose | Self::Databases | Self::Program(_) => 0o644,
        }
    }

    /// Whether permissions serve as well as [`Output::mode`]: a `.env` must be closed to everybody else, a script must be
    /// readable and executable for the user of an image, and any other output must be no program. What a umask takes
    /// from the rest is no difference: git keeps none of it.
    #[must_use]
    pub fn accepts(self, mode: u32) -> bool {
        match self {
            Self::Dotenv => mode == 0o600,
            Self::InitScript => mode & 0o555 == 0o555,
            Self::Program(program) if program.is_started() => mode & 0o500 == 0o500,
            Self::DotenvExample | Self::Compose | Self::Databases | Self::Program(_) => {
                mode & 0o400 != 0 && mode & 0o111 == 0
            }
        }
    }

    /// Whether it is one of the scripts for the databases.
    #[must_use]
    pub fn is_database_script(self) -> bool {
        self.path().starts_with(SCRIPTS)
    }

    /// Whether it is a script that is the same in every deployment, but for its header.
    #[must_use]
    pub fn is_program(self) -> bool {
        matches!(self, Self::Program(_))
    }

    /// Whether it is only a block in a file that otherwise is the user's.
    #[must_use]
    pub fn is_block(self) -> bool {
        self == Self::Dotenv
    }
}

/// A text with gaps, and how what goes into them is written.
struct Template(&'static str, Dialect);

const DOTENV: Template = Template(include_str!("../templates/.env.j2"), Dialect::Dotenv);
const INIT_SCRIPT: Template = Template(include_str!("../templates/scripts/init-postgres.sh.j2"), Dialect::Shell);
const DATABASES: Template = Template(include_str!("../templates/scripts/db/databases.sh.j2"), Dialect::Shell);
const HEADER: Template = Template(include_str!("../templates/scripts/db/header.j2"), Dialect::Shell);

/// An output with its text, finished but not written.
#[derive(Clone)]
pub struct RenderedFile {
    /// Which one.
    pub output: Output,
    /// Its text; may hold secrets where the output is `.env`.
    pub text: String,
}

/// Why a file could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderFault {
    /// A template is wrong: a fault of codelab-gen.
    #[error("the template of {path} is wrong: {error}")]
    Template {
        /// The output.
        path: &'static str,
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

/// Everything that rendering takes beside the deployment.
pub struct Inputs<'i> {
    /// The values of secrets.
    pub values: Values<'i>,
    /// Where the outputs stand, and how the profile is called in their headers.
    pub placement: &'i Placement,
}

/// Renders every output that the deployment has.
///
/// # Errors
/// Where a template is wrong.
pub fn render(deployment: &Deployment, inputs: &Inputs<'_>) -> Result<Vec<RenderedFile>, RenderFault> {
    let mut files = Vec::new();
    let header = HEADER.fill(Output::Program(Program::Reach), &view::Header::new(deployment, inputs.placement))?;
    for output in Output::ALL {
        let text = match output {
            Output::Dotenv => dotenv_lines(deployment, inputs)
                .map(|lines| DOTENV.fill(output, &view::dotenv::view(deployment, inputs.placement, lines))),
            Output::DotenvExample => {
                let lines = view::dotenv::example_lines(deployment);
                Some(DOTENV.fill(output, &view::dotenv::view(deployment, inputs.placement, lines)))
            }
            Output::Compose => Some(Ok(compose::text(deployment, inputs.placement))),
            Output::InitScript => {
                view::init_script::view(deployment, inputs.placement).map(|view| INIT_SCRIPT.fill(output, &view))
            }
            Output::Databases => {
                view::databases::view(deployment, inputs.placement).map(|view| DATABASES.fill(output, &view))
            }
            Output::Program(program) => program.is_needed(deployment).then(|| Ok(program.with_header(&header))),
        };
        let Some(text) = text.transpose()? else { continue };
        let text = mark::seal(text, output);
        files.push(RenderedFile { output, text });
    }
    check_round_trip(&files)?;
    Ok(files)
}

/// The lines with all values; nothing where there is none.
fn dotenv_lines(deployment: &Deployment, inputs: &Inputs<'_>) -> Option<SecretLines> {
    let lines = secret_lines(&deployment.dotenv_keys(), inputs.values);
    (!lines.is_empty()).then_some(lines)
}

impl Template {
    /// The text of an output. How a value is written follows from the template, so that no line of it can forget to escape.
    fn fill(&self, output: Output, view: &impl Serialize) -> Result<String, RenderFault> {
        let Self(text, dialect) = *self;
        let fault = |error| RenderFault::Template { path: output.path(), error };
        let mut environment = Environment::new();
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

/// Reads the rendered block with dotenvy, a reader that this project did not write: every value must come back.
fn check_round_trip(files: &[RenderedFile]) -> Result<(), RenderFault> {
    let Some(file) = files.iter().find(|file| file.output == Output::Dotenv) else { return Ok(()) };
    let ours = crate::dotenv::read(&file.text).unwrap_or_default();
    let theirs: Vec<_> = dotenvy::Iter::new(file.text.as_bytes()).collect();
    for (index, entry) in ours.iter().enumerate() {
        let same = matches!(theirs.get(index), Some(Ok((key, value))) if *key == entry.key && *value == entry.value);
        if !same {
            return Err(RenderFault::RoundTrip { key: entry.key.clone() });
        }
    }
    if ours.len() == theirs.len() && !ours.is_empty() {
        return Ok(());
    }
    Err(RenderFault::RoundTrip { key: "the whole block".to_owned() })
}
