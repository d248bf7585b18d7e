//! Knows which values stand in an output folder: in `.env`, whoever wrote the line, and in files of secrets.
//! Must not know what they are for.

use indexmap::IndexMap;

use super::Existing;
use crate::change::{Refusal, RefusalReason, RefusedFile, block};
use crate::dotenv::{Entry, UserPart};
use crate::secret::{Secret, may_name_secret};
use crate::target::compose;
use crate::url::secret_of;

impl Existing {
    /// Every secret that stands in the folder, as far as one can be told from files that may be broken, or another
    /// profile's: none of them may show.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let dotenv = self.get(&compose::DOTENV).map(|file| file.text.as_str()).unwrap_or_default();
        let values = dotenv.lines().filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            let value = value.trim().trim_matches(['\'', '"']);
            match secret_of(value) {
                Some(password) => Some(password.to_owned()),
                None => may_name_secret(key).then(|| value.to_owned()),
            }
        });
        values.chain(self.kept_beside.iter().cloned()).filter_map(Secret::new).collect()
    }

    /// The keys and values of the block of `.env`, and of those lines of the user's that `matters` says would be in it, as
    /// Docker Compose reads them.
    ///
    /// # Errors
    /// Where it is not sure what such a line says.
    pub fn values(&self, matters: impl Fn(&str) -> bool) -> Result<IndexMap<String, Secret>, Vec<Refusal>> {
        let refused = |reason| Refusal { file: RefusedFile::Output(compose::DOTENV), reason };
        if let Some(reason) = self.output(&compose::DOTENV).and_then(|found| found.file.as_ref().err()) {
            return Err(vec![refused(reason.clone())]);
        }
        let file = self.dotenv();
        if let Some(reason) = block::fault(file) {
            return Err(vec![refused(reason)]);
        }
        let all = |reasons: Vec<RefusalReason>| reasons.into_iter().map(refused).collect::<Vec<_>>();
        if file.block.is_none() {
            return Ok(of_users(block::managed_parts(file, &matters).map_err(all)?, matters));
        }
        let entries = file.entries.as_ref().map_err(|odd| vec![refused(RefusalReason::OddLine(odd.0))])?;
        let entry = |entry: &Entry| Some((entry.key.clone(), Secret::new(entry.value.clone())?));
        let mut values: IndexMap<_, _> = entries.iter().filter_map(entry).collect();
        // a line that is not sure is told once it is known that it is to move
        let parts = file.users_parts().unwrap_or_default();
        let outside = of_users(parts, |key| matters(key) && !values.contains_key(key));
        values.extend(outside);
        Ok(values)
    }
}

/// The values of a user's lines that matter; of a key that stands twice the last.
fn of_users(parts: Vec<UserPart<'_>>, matters: impl Fn(&str) -> bool) -> IndexMap<String, Secret> {
    let own = parts.into_iter().filter_map(|part| Some((part.key?.to_owned(), part.to_compose?)));
    own.filter(|(key, _)| matters(key)).filter_map(|(key, value)| Some((key, Secret::new(value)?))).collect()
}
