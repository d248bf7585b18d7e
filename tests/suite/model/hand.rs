//! Knows how a user edits the output folder by hand. Must not know what a run may do about it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::folder::{Snapshot, bytes};
use super::operations::{Edit, Hand, Inside, OUTPUTS, SECRET_FILE};
use super::truth::{BLOCK_END, BLOCK_START, Truth};

/// A line that does not belong into the block.
const FOREIGN: &str = "FOREIGN=1\n";

impl Truth<'_> {
    /// Does it where there is something to do it to, or a place to put it.
    pub(super) fn edit(&mut self, name: &str, hand: &Hand) {
        let before = self.snapshot();
        let path = self.path(name);
        if before.contains_key(name) == matches!(hand, Hand::Put(_) | Hand::PutBinary) {
            return;
        }
        match hand {
            Hand::Edit(edit) => {
                let password = self.password.as_deref().unwrap_or("mine");
                fs::write(path, edited(before[name].1.clone(), edit, password)).unwrap();
            }
            Hand::EditOutside { behind, replace, line } => {
                let block = self.block(&before);
                let part = if *behind && !block.is_empty() { &mut self.behind } else { &mut self.before };
                if *replace {
                    part.clear();
                } else if !part.is_empty() && !part.ends_with('\n') {
                    part.push('\n');
                }
                part.push_str(line);
                fs::write(path, format!("{}{block}{}", self.before, self.behind)).unwrap();
            }
            Hand::EditInside(inside) => self.edit_inside(inside, &before),
            Hand::Chmod(mode) => fs::set_permissions(path, Permissions::from_mode(*mode)).unwrap(),
            Hand::Delete => fs::remove_file(path).unwrap(),
            Hand::Put(text) => put(&path, text.as_bytes()),
            Hand::PutBinary => put(&path, b"\xff\n"),
        }
        if name == ".env" && matches!(hand, Hand::Delete | Hand::Put(_)) {
            self.own_dotenv();
        }
        self.look_again(&before, matches!(hand, Hand::EditInside(Inside::Password(_))));
    }

    /// From now on all of `.env` is the user's.
    fn own_dotenv(&mut self) {
        self.before = fs::read_to_string(self.path(".env")).unwrap_or_default();
        (self.behind, self.is_block_edited) = (String::new(), false);
    }

    fn edit_inside(&mut self, inside: &Inside, before: &Snapshot) {
        let mut lines: Vec<_> = self.block(before).split_inclusive('\n').map(str::to_owned).collect();
        let position = |key: &str| lines.iter().position(|line| line.contains(key));
        match (inside, position("POSTGRES_PASSWORD="), position("__DB_URL=")) {
            (Inside::Password(password), Some(at), _) => {
                let quote = match password {
                    _ if password.contains('\'') => "\"",
                    _ if password.contains(' ') => "'",
                    _ => "",
                };
                lines[at] = format!("POSTGRES_PASSWORD={quote}{password}{quote}\n");
                self.password = Some(password.clone());
            }
            (Inside::Password(password), None, _) if before.contains_key(SECRET_FILE) => {
                fs::write(self.path(SECRET_FILE), password).unwrap();
                self.password = Some(password.clone());
            }
            (Inside::Url, _, Some(at)) => lines[at] = lines[at].replace('\n', "x\n"),
            // without it, the block could be as it was
            (Inside::DeleteLine(at), ..) if lines.get(at % lines.len().max(1)).is_some_and(|line| line != FOREIGN) => {
                drop(lines.remove(at % lines.len()));
            }
            (Inside::ForeignKey, ..) if !lines.is_empty() => lines.insert(1, FOREIGN.to_owned()),
            _ => return,
        }
        let text = format!("{}{}{}", self.before, lines.concat(), self.behind);
        fs::write(self.path(".env"), &text).unwrap();
        self.is_block_edited |= !matches!(inside, Inside::Password(_));
        if !lines.iter().any(|line| line.starts_with(BLOCK_START) || line == BLOCK_END) {
            self.own_dotenv();
        }
    }

    /// What the edit means for what is known.
    fn look_again(&mut self, before: &Snapshot, gives_password: bool) {
        let after = self.snapshot();
        if [".env", OUTPUTS[0]].iter().any(|name| bytes(before, name) != bytes(&after, name)) {
            self.standing = None;
        }
        let gives_another = self.block(&after).is_empty() && self.before.contains("POSTGRES_PASSWORD=");
        if gives_another || (!gives_password && self.written_password(&after) != self.password) {
            self.password = None;
        }
    }
}

fn put(path: &Path, text: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn edited(mut text: Vec<u8>, edit: &Edit, password: &str) -> Vec<u8> {
    match edit {
        Edit::Append => text.extend(b"# mine\n"),
        Edit::AppendPassword => text.extend(format!("# {password}\n").bytes()),
        Edit::FillPasswordIn => {
            let key = b"\nPOSTGRES_PASSWORD=\n";
            if let Some(at) = text.windows(key.len()).position(|window| window == key) {
                text.splice(at + key.len() - 1..at + key.len() - 1, password.bytes());
            }
        }
        Edit::Byte(at) => {
            let at = at % text.len();
            let start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            // the line of the mark is ours, and not a part of what it seals
            let is_mark = [&b"# codelab-gen:"[..], b"# >>>"].iter().any(|mark| text[start..].starts_with(mark));
            if !is_mark && !b"\r\n".contains(&text[at]) {
                text[at] = if text[at] == b'x' { b'y' } else { b'x' };
            }
        }
        Edit::WindowsLineEnds => {
            let unix = text.into_iter().filter(|byte| *byte != b'\r');
            text = unix.flat_map(|byte| if byte == b'\n' { vec![b'\r', b'\n'] } else { vec![byte] }).collect();
        }
    }
    text
}
