//! Knows how messages come from an editor and go to it: headers, lengths, JSON. Must not know what any of them says.
//!
//! The loop of `lsp-server` itself makes room for as many bytes as a header says, before one of them is there.

use std::io::{self, BufRead, Read as _, Write, stdin, stdout};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, select};
use lsp_server::{Connection, Message};

use crate::source::SIZE_LIMIT;

/// The longest line of a header, in bytes.
const LINE_LIMIT: u64 = 4096;

/// So many lines a header may have.
const LINES_LIMIT: usize = 16;

/// The longest message, in bytes: a profile of the greatest size, with what JSON adds.
const MESSAGE_LIMIT: u64 = 4 * SIZE_LIMIT;

/// The way to an editor, and why nothing comes from it any more: where something was wrong.
pub(super) struct Wire {
    pub(super) connection: Connection,
    /// Takes long answers as they are sent: as a tree of JSON first, they would need many times their room.
    pub(super) answers: Sender<String>,
    pub(super) faults: Receiver<io::Error>,
    writer: thread::JoinHandle<()>,
}

impl Wire {
    /// The one at standard input and output.
    pub(super) fn stdio() -> io::Result<Self> {
        let (sender, outgoing) = bounded::<Message>(0);
        let (answers, ready) = bounded::<String>(0);
        let (incoming, receiver) = bounded::<Message>(0);
        let (told, faults) = bounded(1);
        let writer = thread::Builder::new().name("writer".to_owned()).spawn(move || write_all(&outgoing, &ready))?;
        thread::Builder::new().name("reader".to_owned()).spawn(move || {
            if let Err(error) = read_all(&mut stdin().lock(), &incoming) {
                drop(told.send(error));
            }
        })?;
        Ok(Self { connection: Connection { sender, receiver }, answers, faults, writer })
    }

    /// Waits until all that was said is written. What is read may never end.
    pub(super) fn finish(self) {
        drop(self.connection);
        drop(self.writer.join());
    }
}

fn write_all(messages: &Receiver<Message>, answers: &Receiver<String>) {
    let mut out = stdout().lock();
    loop {
        let written = select! {
            recv(messages) -> message => match message {
                Ok(message) => message.write(&mut out),
                Err(_) => return,
            },
            recv(answers) -> answer => match answer {
                Ok(body) => write(&mut out, &body),
                Err(_) => return,
            },
        };
        // where nobody reads any more, the reader ends as well
        if written.is_err() {
            return;
        }
    }
}

fn write(out: &mut impl Write, body: &str) -> io::Result<()> {
    write!(out, "Content-Length: {}\r\n\r\n", body.len())?;
    out.write_all(body.as_bytes())?;
    out.flush()
}

fn read_all(from: &mut dyn BufRead, messages: &Sender<Message>) -> io::Result<()> {
    while let Some(message) = read(from)? {
        let is_last = matches!(&message, Message::Notification(notification) if notification.method == "exit");
        if messages.send(message).is_err() || is_last {
            break;
        }
    }
    Ok(())
}

/// The next message; nothing where no more come.
fn read(from: &mut dyn BufRead) -> io::Result<Option<Message>> {
    let Some(length) = length(from)? else { return Ok(None) };
    if length > MESSAGE_LIMIT {
        return Err(wrong(format!("a message of {length} bytes is longer than {MESSAGE_LIMIT}")));
    }
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(wrong(format!("a message ended after {} of {length} bytes", body.len())));
    }
    serde_json::from_slice(&body).map(Some).map_err(|error| wrong(format!("a message is none: {error}")))
}

/// The length of the next message, as its header says it; nothing where the input ends before one.
fn length(from: &mut dyn BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    for number in 0..LINES_LIMIT {
        let mut line = Vec::new();
        from.take(LINE_LIMIT).read_until(b'\n', &mut line)?;
        if line.is_empty() && number == 0 {
            return Ok(None);
        }
        let line = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
        let line = line.ok_or_else(|| wrong("a line of a header is none".to_owned()))?;
        if line.is_empty() {
            return length.map(Some).ok_or_else(|| wrong("a header has no `Content-Length`".to_owned()));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("a line of a header is none".to_owned()))?;
        if name.eq_ignore_ascii_case("Content-Length") {
            let number = value.trim().parse().map_err(|_| wrong("`Content-Length` is no number".to_owned()))?;
            length = Some(number);
        }
    }
    Err(wrong(format!("a header has more than {LINES_LIMIT} lines")))
}

fn wrong(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match read(&mut text.as_bytes()) {
            Ok(Some(Message::Notification(notification))) => notification.method,
            Ok(Some(_)) => "another".to_owned(),
            Ok(None) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_message_is_read_by_its_length() {
        assert_eq!(told("Content-Length: 16\r\n\r\n{\"method\":\"abc\"}"), "abc");
        assert_eq!(told("content-length:16\r\nX-Other: 1\r\n\r\n{\"method\":\"abc\"}"), "abc");
        assert_eq!(told(""), "nothing");
    }

    #[test]
    fn no_header_makes_room_for_what_is_not_there() {
        let huge = u64::MAX;
        for (text, said) in [
            (format!("Content-Length: {huge}\r\n\r\n"), "is longer than"),
            ("Content-Length: 99999999999999999999\r\n\r\n".to_owned(), "is no number"),
            ("Content-Length: -1\r\n\r\n".to_owned(), "is no number"),
            ("Content-Length: 200000000\r\n\r\n{}".to_owned(), "ended after 2 of 200000000 bytes"),
            ("Content-Length: 2\r\n\r\n[]".to_owned(), "a message is none"),
            ("X: 1\r\n\r\n".to_owned(), "has no `Content-Length`"),
            ("X".repeat(10_000), "is none"),
            ("X: 1\r\n".repeat(100), "more than 16 lines"),
            ("Content-Length: 5\n\n{}".to_owned(), "is none"),
        ] {
            assert!(told(&text).contains(said), "{text:.40} {}", told(&text));
        }
    }
}
