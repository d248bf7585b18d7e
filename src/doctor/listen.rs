//! Knows how a program is listened to that may never end, or never stop talking. Must not know which program it is.

use std::io::{PipeReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::silence::Silence;

/// How often one looks whether the program has ended.
const POLL: Duration = Duration::from_millis(5);

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// Of what only the end is kept, so many times as much is read.
const SKIPPED: usize = 64;

/// How long one waits, and how many bytes are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) patience: Duration,
    pub(crate) most: usize,
}

/// Which part of a text that is too long is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Start,
    End,
}

/// What came through a pipe.
#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Heard {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// What a program says on standard output, if it ends well, in time, and with a word less than the bound.
pub(super) fn answer(command: Command, bounds: Bounds) -> Result<String, Silence> {
    answer_with(command, bounds, &[0]).map(|(_, said)| said)
}

/// The same of a program that ends well with each of these exit codes; the one comes with what it said.
pub(crate) fn answer_with(mut command: Command, bounds: Bounds, well: &[i32]) -> Result<(i32, String), Silence> {
    let failed = |error: std::io::Error| {
        let is_missing = error.kind() == std::io::ErrorKind::NotFound;
        if is_missing { Silence::NotInstalled } else { Silence::Failed(error.to_string()) }
    };
    let deadline = Instant::now() + bounds.patience;
    let (stdout, stderr) = (std::io::pipe().map_err(failed)?, std::io::pipe().map_err(failed)?);
    command.stdout(stdout.1).stderr(stderr.1).process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    // its copies of the pipes would keep them open
    drop(command);
    let said = read(stdout.0, bounds.most, Part::Start);
    let complained = read(stderr.0, bounds.most, Part::Start);
    let hung = Silence::Hung(bounds.patience);
    let status = ended(&mut child, deadline).ok_or(hung.clone())?;
    let (Some(said), Some(complained)) = (arrived(&said, deadline), arrived(&complained, deadline)) else {
        end(&mut child);
        return Err(hung);
    };
    match status.code().filter(|code| well.contains(code)) {
        _ if said.is_cut || complained.is_cut => Err(Silence::Endless(bounds.most)),
        Some(code) => Ok((code, said.text())),
        None => Err(Silence::Failed(said.text() + &complained.text())),
    }
}

/// The end of all that a program says, on both ways; of one that does not end in time, nothing.
pub(super) fn last_words(mut command: Command, bounds: Bounds) -> String {
    let heard = || {
        let deadline = Instant::now() + bounds.patience;
        let (reader, writer) = std::io::pipe().ok()?;
        command.stdout(writer.try_clone().ok()?).stderr(writer).process_group(0);
        let mut child = command.spawn().ok()?;
        drop(command);
        let said = read(reader, bounds.most, Part::End);
        ended(&mut child, deadline)?;
        arrived(&said, deadline).or_else(|| {
            end(&mut child);
            None
        })
    };
    let heard = heard().unwrap_or_default();
    let text = heard.text();
    // the first line may be the rest of one
    if heard.is_cut { text.split_once('\n').map_or(text.clone(), |(_, whole)| whole.to_owned()) } else { text }
}

/// Reads a pipe beside the work: a full one would stop the program that fills it. Where too much comes the pipe is closed,
/// which ends a program that goes on writing.
fn read(mut pipe: PipeReader, most: usize, part: Part) -> Receiver<Heard> {
    let (send, receive) = sync_channel(1);
    thread::spawn(move || {
        let mut heard = Heard::default();
        let mut piece = vec![0; PIECE];
        let mut left = if part == Part::Start { most } else { most.saturating_mul(SKIPPED) };
        // what came before a fault is still worth showing
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            if length > left {
                heard.is_cut = true;
                break;
            }
            left -= length;
            heard.bytes.extend(piece.iter().take(length));
            if part == Part::End && heard.bytes.len() > most.saturating_mul(2) {
                heard.bytes.drain(..heard.bytes.len() - most);
                heard.is_cut = true;
            }
        }
        drop(pipe);
        // nobody listens where the program was not waited for
        let _ = send.send(heard);
    });
    receive
}

/// What a pipe said, once all that hold it have let it go.
fn arrived(heard: &Receiver<Heard>, deadline: Instant) -> Option<Heard> {
    heard.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

/// How the program ended; nothing where it did not end in time, and was ended.
fn ended(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => {
                end(child);
                return None;
            }
        }
    }
}

/// Ends a program with those that it has started: Docker's client starts Compose.
fn end(child: &mut Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(20), most: 100_000 };

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn who_talks_without_end_is_left_and_no_more_is_kept_than_the_bound() {
        let silence = answer(shell("yes 'it goes on'"), BOUNDS).unwrap_err();
        assert_eq!(silence, Silence::Endless(100_000));
        assert_eq!(answer(shell("yes >&2"), BOUNDS).unwrap_err(), Silence::Endless(100_000));
        let line = last_words(shell("yes 'it goes on'"), BOUNDS);
        assert!((50_000..=300_000).contains(&line.len()), "{}", line.len());
        assert!(line.starts_with("it goes on\n"), "the rest of a line is left out");
    }

    #[test]
    fn who_does_not_end_is_ended_with_all_that_it_started() {
        let bounds = Bounds { patience: Duration::from_millis(300), ..BOUNDS };
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        for script in ["sleep 1000 & echo $! >pid; wait", "sleep 1000 & echo $! >pid"] {
            let mut command = shell(script);
            command.current_dir(folder.path());
            assert_eq!(answer(command, bounds).unwrap_err(), Silence::Hung(bounds.patience), "{script}");
            let child = std::fs::read_to_string(&pid).unwrap();
            let deadline = Instant::now() + Duration::from_secs(10);
            let runs = || {
                let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
                !state.is_empty() && !state.contains(") Z ")
            };
            while runs() && Instant::now() < deadline {
                thread::sleep(POLL);
            }
            assert!(!runs(), "{script}");
        }
        assert_eq!(last_words(shell("echo first; sleep 1000"), bounds), "");
    }

    #[test]
    fn an_answer_is_what_was_said_in_the_end() {
        assert_eq!(answer(shell("echo one; echo two >&2"), BOUNDS).unwrap(), "one\n");
        let failed = answer(shell("echo one; echo two >&2; exit 3"), BOUNDS).unwrap_err();
        assert_eq!(failed, Silence::Failed("one\ntwo\n".to_owned()));
        assert_eq!(last_words(shell("echo one; echo two >&2; exit 3"), BOUNDS), "one\ntwo\n");
        assert_eq!(answer(Command::new("/nonexistent/docker"), BOUNDS).unwrap_err(), Silence::NotInstalled);
        assert_eq!(answer_with(shell("echo one; exit 1"), BOUNDS, &[0, 1]).unwrap(), (1, "one\n".to_owned()));
        assert!(answer_with(shell("echo one; exit 2"), BOUNDS, &[0, 1]).is_err());
        let exactly = answer(shell("printf %0100000d 0"), BOUNDS).unwrap();
        assert_eq!(exactly.len(), 100_000);
    }
}
