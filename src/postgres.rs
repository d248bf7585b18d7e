//! Knows what PostgreSQL's own releases and its images carry, major by major: settings, extensions, libraries.
//! Must not know any profile. The tables and where they come from stand in `src/postgres/README.md`.

mod extensions;
mod images;
mod number;
mod settings;
mod table;

pub use extensions::{Extension, extension, extension_behind, extension_meant, extensions, images_of_extensions};
pub use images::{KnownImage, known_image, library_meant, major_of_tag};
pub use number::{count, number};
pub use settings::{
    Kind, Setting, Wrong, has_settings_of, is_of_a_session, majors_with_setting, mebibytes, nearest_setting, setting,
    setting_names,
};

use crate::value::PostgresMajor;

/// Whether the tables know this major version; of one that came later they say nothing.
#[must_use]
pub fn is_known(major: PostgresMajor) -> bool {
    table::MAJORS.contains(&major.get())
}

/// The newest major version that the tables know.
#[must_use]
pub fn newest() -> Option<PostgresMajor> {
    PostgresMajor::new(i128::from(*table::MAJORS.end()))
}
