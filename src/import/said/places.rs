//! Knows how a hand-kept service says the folders that its containers have. Must not know what is kept in them.

use crate::compose::nodes;
use crate::import::layout::{Line, Shape};
use crate::import::ledger::Ledger;
use crate::import::mounts::{self, Volumes};
use crate::import::scope::Scope;
use crate::import::service::Service;
use crate::profile::Raw;
use crate::value::{Mount, MountSource};

impl Service<'_, '_> {
    /// The folder that the program runs in. Beside a data mount a profile always has one; where the path of the SQLite
    /// file does not tell it, it is a guess.
    pub(super) fn folder(&self) -> Option<Line> {
        if let Some(folder) = &self.working_dir {
            return Some(Line::text("working_dir", folder.as_str()));
        }
        let file = self.database()?.sqlite.as_ref().filter(|file| file.path.as_str().starts_with('/'))?;
        let folder = self.mounts.get(file.data)?.target.parent();
        let line = Line::text("working_dir", folder.as_str());
        Some(line.beside("a guess: the folder that the image runs in (WORKDIR)"))
    }

    /// The data mount, and the others.
    pub(super) fn places(&self, scope: &Scope, volumes: &Volumes, ledger: &mut Ledger<'_>) -> Vec<Line> {
        let data = self.database().and_then(|database| database.sqlite.as_ref()).map(|file| file.data);
        let (of_server, texts): (Vec<_>, Vec<_>) = self
            .mounts
            .iter()
            .map(|mount| (mount, mounts::written(mount, volumes)))
            .enumerate()
            .partition(|(_, (mount, _))| scope.is_data_of_server(&mount.source));
        for (_, (mount, text)) in of_server {
            self.leave_data_of_server(mount, &text, ledger);
        }
        let texts = texts.iter().map(|(index, (_, text))| (*index, text));
        let (data, others): (Vec<_>, Vec<_>) = texts.partition(|(index, _)| Some(*index) == data);
        let others: Vec<_> = others.into_iter().map(|(_, text)| text.as_str()).collect();
        let data = data.into_iter().map(|(_, text)| Line::text("data", text));
        let others = (!others.is_empty()).then(|| Line::new("volumes", Shape::Raw(Raw::words(others))));
        data.chain(others).collect()
    }

    /// What else mounts the server's data, such as a backup, which the profile refuses.
    fn leave_data_of_server(&self, mount: &Mount, text: &str, ledger: &mut Ledger<'_>) {
        let items = nodes::child(&self.entry.value, "volumes").map(nodes::items).unwrap_or_default();
        let Some(item) = items.iter().find(|item| mounts::place(item, ledger).as_ref() == Some(mount)) else { return };
        let raw = match &mount.source {
            MountSource::Volume(_) => Raw::text(text),
            MountSource::Bind(_) => Raw::of(item),
        };
        let why = "mounts the data of the server, which a profile refuses";
        ledger.leave(&self.entry.key, "volumes", Raw::Sequence(vec![raw]), &item.span, why);
    }
}
