//! Who keeps whom out, and what is left of a folder that was made for it.

use super::*;

fn acquire(folder: &Path) -> Result<FolderLock, WriteFault> {
    FolderLock::acquire(folder, &mut || {})
}

fn share(folder: &Path) -> Option<FolderLock> {
    FolderLock::share(folder, &mut || {}).ok().flatten()
}

/// Whether somebody else could lock the folder now, alone or with others.
fn free(folder: &Path) -> (bool, bool) {
    let alone = File::open(folder).unwrap().try_lock().is_ok();
    (alone, File::open(folder).unwrap().try_lock_shared().is_ok())
}

#[test]
fn readers_keep_writers_out_and_a_writer_everybody() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(free(folder.path()), (true, true));
    let reader = share(folder.path()).unwrap();
    assert_eq!(free(folder.path()), (false, true));
    drop(reader);
    let writer = acquire(folder.path()).unwrap();
    assert_eq!(free(folder.path()), (false, false));
    drop(writer);
    assert_eq!(free(folder.path()), (true, true));
}

#[test]
fn what_is_no_folder_is_not_locked_for_reading() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(share(&file).is_none());
    let missing = folder.path().join("missing");
    assert!(share(&missing).is_none());
    assert!(!missing.exists());
    let fault = acquire(&file.join("deploy")).err().unwrap();
    assert_eq!((fault.path, fault.is_partial), (file.join("deploy"), false));
}

#[test]
fn folders_that_were_made_for_it_go_again_where_they_stay_empty() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b/c");
    let lock = acquire(&inner).unwrap();
    assert!(inner.is_dir());
    drop(lock);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let lock = acquire(&inner).unwrap();
    fs::write(folder.path().join("a/b/mine"), "").unwrap();
    drop(lock);
    assert!(!inner.exists() && folder.path().join("a/b/mine").exists());

    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    drop(acquire(&empty).unwrap());
    assert!(empty.is_dir(), "one that was there before stays");
}

/// Somebody may swap a folder for a link between the look at it and the run.
#[test]
fn no_link_on_the_way_is_followed() {
    let root = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(root.path()).unwrap();
    fs::create_dir_all(root.join("elsewhere/deploy")).unwrap();
    std::os::unix::fs::symlink("elsewhere", root.join("project")).unwrap();
    std::os::unix::fs::symlink("elsewhere/deploy", root.join("deploy")).unwrap();
    for folder in ["project/deploy", "project/new", "project/new/deploy", "deploy", "deploy/new"] {
        let fault = acquire(&root.join(folder)).err().unwrap();
        assert_eq!(fault.error.kind(), io::ErrorKind::NotADirectory, "{folder}");
        assert!(FolderLock::share(&root.join(folder), &mut || {}).is_err(), "{folder}");
    }
    assert_eq!(fs::read_dir(root.join("elsewhere")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root.join("elsewhere/deploy")).unwrap().count(), 0);
}

#[test]
fn who_waited_for_a_folder_that_went_makes_it_anew() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("deploy");
    let first = acquire(&folder).unwrap();
    let second = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| acquire(&folder).unwrap());
        // it has opened the folder, or will find it gone: either way it ends with one that is there
        drop(first);
        waiting.join().unwrap()
    });
    assert_eq!(free(&folder), (false, false), "it holds the folder that is there now");
    drop(second);
}
