//! Runs that are killed, run at once, or that the operating system stops: what stands then is whole, and the user's.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{cases, codelab_gen, folder_in_memory, is_long, read, run, stderr, stdout, value};

const OUTPUTS: [&str; 4] = [".env", ".env.example", "scripts/init-postgres.sh", "docker-compose.yml"];

/// The user's own lines of `.env`, before and behind the block.
const OWN: (&str, &str) = ("# mine\nMINE=1\n\n", "\n# mine too\nlast line without end");

const SIGKILL: i32 = 9;

/// A user who may do nothing but what is everybody's.
const NOBODY: u32 = 65534;

/// The bytes of everything below a folder, nothing for what is no readable file, with the permissions.
type Tree = BTreeMap<PathBuf, (Option<Vec<u8>>, u32)>;

fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let mode = fs::symlink_metadata(&path).unwrap().mode();
            tree.insert(path.strip_prefix(folder).unwrap().to_owned(), (fs::read(&path).ok(), mode));
            folders.extend((path.is_dir() && !path.is_symlink()).then_some(path));
        }
    }
    tree
}

/// The names that are not the same in both.
fn differing<'t>(one: &'t Tree, other: &'t Tree) -> Vec<&'t Path> {
    let mut names: Vec<_> = one.keys().chain(other.keys()).map(PathBuf::as_path).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| one.get(*name) != other.get(*name));
    names
}

fn is_temporary(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".codelab-gen.tmp")
}

/// The arguments that switch to a profile, whatever stands there.
fn switch_to(profile: &str) -> [&str; 5] {
    ["--allow-weak-secrets", "--accept", "engine", "-p", profile]
}

fn switch(folder: &Path, profile: &str) -> Tree {
    let switched = run(folder, &switch_to(profile)[1..]);
    assert_eq!(switched.status.code(), Some(0), "{}", stderr(&switched));
    tree(folder)
}

/// A folder with a deployment; lines of the user's stand around the block of `.env`.
fn deployed(profile: &str) -> tempfile::TempDir {
    let folder = folder_in_memory();
    switch(folder.path(), "prod");
    let dotenv = format!("{}{}{}", OWN.0, read(folder.path(), ".env"), OWN.1);
    fs::write(folder.path().join(".env"), dotenv).unwrap();
    switch(folder.path(), profile);
    folder
}

/// The generator `SplitMix64` (<https://prng.di.unimi.it/splitmix64.c>).
struct Random(u64);

impl Random {
    /// Evenly from 0 up to 1, without 1.
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap();
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }
}

#[test]
fn runs_killed_at_random_points_are_healed_by_the_next() {
    let count = cases("CODELAB_GEN_KILLED_RUNS", 40, 500);
    let seed = RandomState::new().hash_one("delays");
    let mut random = Random(seed);
    let folder = deployed("prod");
    let folder = folder.path();
    let password = value(&read(folder, ".env"), "POSTGRES_PASSWORD").to_owned();
    let states = BTreeMap::from(["dev", "prod"].map(|profile| (profile, switch(folder, profile))));
    let mut standing = "prod";
    let mut whole_run = Duration::ZERO;
    let mut killed = 0;
    for index in 0..count {
        let other = if standing == "dev" { "prod" } else { "dev" };
        let place = format!("kill {index} on the way to {other}, seed {seed}");
        let mut command = codelab_gen(folder);
        let mut child = command.args(switch_to(other)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // where the run is killed is left to chance: that is what is tested
        thread::sleep(whole_run.mul_f64(random.part()));
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        assert!(ended.success() || ended.signal() == Some(SIGKILL), "{place}: {ended}");
        killed += usize::from(ended.signal() == Some(SIGKILL));

        let now = tree(folder);
        for name in OUTPUTS.map(Path::new) {
            let is_whole = states.values().any(|state| state.get(name) == now.get(name));
            assert!(is_whole, "{place}: {} is of neither profile", name.display());
        }
        let mut others = now.keys().filter(|path| states.values().all(|state| !state.contains_key(*path)));
        assert!(others.all(|path| is_temporary(path)), "{place}: {:?}", now.keys());
        let dotenv = read(folder, ".env");
        assert!(dotenv.starts_with(OWN.0) && dotenv.ends_with(OWN.1), "{place}: {dotenv}");
        assert_eq!(value(&dotenv, "POSTGRES_PASSWORD"), password, "{place}");

        standing = if random.part() < 0.5 { other } else { standing };
        let start = Instant::now();
        let healed = switch(folder, standing);
        whole_run = start.elapsed();
        assert_eq!(differing(&healed, &states[standing]), Vec::<&Path>::new(), "{place}, then run to {standing}");
    }
    assert!(killed > 0, "no kill hit a run that was not done, seed {seed}");
}

#[test]
fn many_runs_at_once_leave_one_whole_state() {
    let folder = folder_in_memory();
    let spawn = |index| {
        let profile = if index % 2 == 0 { "dev" } else { "prod" };
        let mut command = codelab_gen(folder.path());
        command.args(switch_to(profile)).args(["-o", "deploy"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs: Vec<_> = (0..if is_long() { 200 } else { 40 }).map(spawn).collect();
    let mut generated = 0;
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        generated += usize::from(stdout(&output).contains("POSTGRES_PASSWORD: generated\n"));
    }
    assert_eq!(generated, 1, "every run takes the password of the first one");
    let last = tree(&folder.path().join("deploy"));
    let switched = ["dev", "prod"].map(|profile| {
        run(folder.path(), &[&switch_to(profile)[1..], &["-o", "deploy"]].concat());
        tree(&folder.path().join("deploy"))
    });
    assert!(switched.contains(&last), "what stands is of neither profile: {:?}", last.keys());
}

/// How to get into a mount namespace of one's own, where something may be mounted there.
fn unshare() -> Option<[&'static str; 2]> {
    let may_mount = |arguments: &[&str; 2]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(arguments[0]);
        command.args(&arguments[1..]).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(folder.path());
        command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    [["unshare", "-m"], ["unshare", "-rm"]].into_iter().find(may_mount)
}

/// Fills a small disk, then runs the program with every number of free pages up to the first that suffices.
const FULL_DISK: &str = r#"
page=$(getconf PAGESIZE)
mount -t tmpfs -o size=$((256 * page)) tmpfs disk
cp -a before/. disk/
tell() { (cd disk && find . ! -name filler -exec stat -c '%n %f' {} + && find . -type f ! -name filler -exec cksum {} +) | sort; }
tell >before.txt
for free in $(seq 0 99); do
  dd if=/dev/zero of=disk/filler bs="$page" 2>dd.txt || true
  truncate -s "-$((free * page))" disk/filler
  status=0
  (cd disk && env -i "$0" "$@") >"$free.stdout" 2>"$free.stderr" || status=$?
  tell >"$free.txt"
  echo "$status"
  [ "$status" -ne 0 ] || break
done
"#;

#[test]
fn a_full_disk_leaves_everything_as_before() {
    let Some([unshare, option]) = unshare() else {
        let told = "nothing may be mounted here: what a full disk does is left to the tests of src/change/apply\n";
        // not by a macro, whose output is hidden where a test passes
        io::stderr().write_all(told.as_bytes()).unwrap();
        return;
    };
    let before = deployed("dev");
    let folder = folder_in_memory();
    fs::create_dir(folder.path().join("disk")).unwrap();
    fs::rename(before.keep(), folder.path().join("before")).unwrap();
    let mut command = Command::new(unshare);
    command.args([option, "sh", "-euc", FULL_DISK, env!("CARGO_BIN_EXE_codelab-gen")]).args(switch_to("prod"));
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));

    let text = stdout(&output);
    let failed = text.lines().count() - 1;
    assert!(text.ends_with("\n0\n"), "with enough space the run succeeds: {text}");
    let mut messages = String::new();
    for (free, status) in text.lines().take(failed).enumerate() {
        assert_eq!(status, "5", "{free} pages free");
        let message = read(folder.path(), &format!("{free}.stderr"));
        assert!(message.contains("No space left on device"), "{message}");
        let now = read(folder.path(), &format!("{free}.txt"));
        assert_eq!(now, read(folder.path(), "before.txt"), "{free} pages free: {message}");
        messages.push_str(&message);
    }
    for name in OUTPUTS.map(|path| Path::new(path).file_name().unwrap().to_string_lossy()) {
        assert!(messages.contains(&*name), "no run failed at {name}: {messages}");
    }
    assert_ne!(read(folder.path(), &format!("{failed}.txt")), read(folder.path(), "before.txt"));
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    let folder = tempfile::tempdir().unwrap();
    fs::metadata(folder.path()).unwrap().uid() == 0
}

/// The program as a user who is not root, in a folder that is that user's.
fn unprivileged(program: &Path, folder: &Path) -> Command {
    if is_root() {
        chown_all(folder, NOBODY);
    }
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear();
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn chown_all(folder: &Path, user: u32) {
    for path in tree(folder).into_keys().map(|path| folder.join(path)).chain([folder.to_owned()]) {
        chown(path, Some(user), Some(user)).unwrap();
    }
}

#[test]
fn a_folder_without_write_permission_leaves_everything_as_before() {
    // a folder of its own, because that of the build may be closed to this user
    let bin = tempfile::tempdir().unwrap();
    set_mode(bin.path(), 0o755);
    let program = bin.path().join("codelab-gen");
    fs::copy(env!("CARGO_BIN_EXE_codelab-gen"), &program).unwrap();
    set_mode(&program, 0o755);

    let script = ["-p", "prod", "--set", "services.auth-service.database.postgres=other_db"];
    for (closed, mode, arguments) in [
        ("", 0o555, &switch_to("dev")[..]),
        ("scripts", 0o555, &script),
        (".env", 0o000, &switch_to("dev")),
        ("docker-compose.yml", 0o000, &switch_to("dev")),
    ] {
        let folder = deployed("prod");
        let mut command = unprivileged(&program, folder.path());
        let closed = folder.path().join(closed);
        if is_root() && closed.is_file() {
            chown(&closed, Some(0), Some(0)).unwrap();
        }
        set_mode(&closed, mode);
        let before = tree(folder.path());
        let output = command.args(arguments).output().unwrap();
        let after = tree(folder.path());
        if closed.is_dir() {
            set_mode(&closed, 0o755);
        }
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(5), "{}: {message}", closed.display());
        assert!(message.contains(closed.to_str().unwrap()) && message.contains("Permission denied"), "{message}");
        assert_eq!(differing(&after, &before), Vec::<&Path>::new(), "{}", closed.display());
    }
}

#[test]
fn a_folder_in_the_place_of_docker_compose_yml_leaves_everything_as_before() {
    for folder in [deployed("prod"), tempfile::tempdir().unwrap()] {
        let compose = folder.path().join("docker-compose.yml");
        let _ = fs::remove_file(&compose);
        fs::create_dir(&compose).unwrap();
        let before = tree(folder.path());
        for arguments in [&switch_to("dev")[1..], &["-p", "prod", "--force"]] {
            let refused = run(folder.path(), arguments);
            assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
            assert!(stderr(&refused).contains(compose.to_str().unwrap()), "{}", stderr(&refused));
            assert_eq!(differing(&tree(folder.path()), &before), Vec::<&Path>::new());
        }
    }
}

#[test]
fn what_links_lead_to_is_not_touched_even_by_force() {
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    fs::create_dir(target.path().join("etc")).unwrap();
    fs::write(target.path().join("etc/init-postgres.sh"), "#!/bin/sh\necho mine\n").unwrap();
    let target_before = tree(target.path());
    for (link, leads_to) in [(".env", "passwd"), ("docker-compose.yml", "passwd"), ("scripts", "etc")] {
        let folder = tempfile::tempdir().unwrap();
        symlink(target.path().join(leads_to), folder.path().join(link)).unwrap();
        let before = tree(folder.path());
        for arguments in [&["-p", "prod"][..], &["-p", "prod", "--force"]] {
            let refused = run(folder.path(), arguments);
            assert_eq!(refused.status.code(), Some(4), "{link}: {}", stderr(&refused));
            assert!(stderr(&refused).contains(link), "{}", stderr(&refused));
            assert_eq!(differing(&tree(folder.path()), &before), Vec::<&Path>::new(), "{link}");
            assert_eq!(differing(&tree(target.path()), &target_before), Vec::<&Path>::new(), "{link}");
        }
    }
}

#[test]
fn every_file_has_its_mode_under_any_umask() {
    for umask in ["000", "077"] {
        let folder = tempfile::tempdir().unwrap();
        let generate = || {
            let options = "-p prod --set secrets_in=files --out a/deploy --force";
            let script = format!("umask {umask}; exec \"$0\" {options}");
            let mut command = Command::new("sh");
            command.current_dir(folder.path()).args(["-c", &script, env!("CARGO_BIN_EXE_codelab-gen")]);
            let output = command.env_clear().output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        };
        let deploy = folder.path().join("a/deploy");
        let mode = |name: &str| fs::metadata(deploy.join(name)).unwrap().mode() & 0o7777;
        generate();
        let of_folders = if umask == "000" { 0o755 } else { 0o700 };
        assert_eq!(["..", ".", "scripts"].map(mode), [of_folders; 3], "umask {umask}");
        assert_eq!(OUTPUTS.map(mode), [0o600, 0o644, 0o755, 0o644], "umask {umask}");
        assert_eq!(["secrets", "secrets/postgres_password"].map(mode), [0o700, 0o644], "umask {umask}");

        let edits = [(".env", "/auth_db", "/edited"), ("docker-compose.yml", "services:", "services: # edited")];
        for (name, from, to) in edits.into_iter().chain([("scripts/init-postgres.sh", "set -", "# edited\nset -")]) {
            let text = read(&deploy, name);
            assert!(text.contains(from), "{name}: {text}");
            fs::write(deploy.join(name), text.replace(from, to)).unwrap();
        }
        generate();
        assert_eq!(OUTPUTS.map(mode), [0o600, 0o644, 0o755, 0o644], "umask {umask}, forced");
        let originals = [".env.orig", "docker-compose.yml.orig", "scripts/init-postgres.sh.orig"];
        assert_eq!(originals.map(mode), [0o600, 0o644, 0o644], "umask {umask}");
    }
}

#[test]
fn a_run_that_waited_does_not_turn_the_profile_back() {
    let folder = deployed("prod");
    let lock = File::open(folder.path()).unwrap();
    lock.lock().unwrap();
    let mut command = codelab_gen(folder.path());
    let mut bare = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // it waits for the folder once the kernel has it among those that wait for this lock
    let waits = |process: u32| {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| line.contains("->") && line.contains(&format!(" {process} ")))
    };
    while !waits(bare.id()) {
        assert_eq!(bare.try_wait().unwrap(), None, "the run did not wait");
        thread::yield_now();
    }
    for name in [".env", ".env.example", "docker-compose.yml"] {
        let path = folder.path().join(name);
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("builtin:prod-postgres", "builtin:mixed")).unwrap();
    }
    lock.unlock().unwrap();
    let output = bare.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("another run has given these outputs another profile"), "{}", stderr(&output));
}
