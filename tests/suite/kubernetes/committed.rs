//! What would land in git by way of a manifest, and does not: files with secrets, and values of the environment.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{ends, write_profile};
use crate::support::{Finish as _, codelab_gen, read, stderr};

/// A profile with a service that mounts a file and has a variable, and two secrets.
fn profile(more: &str, secrets: &str) -> String {
    format!(
        "format: 1\nproject: shop\nstage: development\ntarget: kubernetes\nservices:\n  api:\n    image: a:1\n    \
         {more}\nsecrets: {secrets}\n"
    )
}

fn write(folder: &Path, way: &str, text: &str) {
    let path = folder.join(way);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_file_that_holds_secrets_stands_in_no_manifest() {
    const PAYMENT: &str = "payment-key-of-mine-7";
    let folder = tempfile::tempdir().unwrap();
    for (way, text) in [
        ("deploy/kubernetes/secrets/jwt", "x"),
        ("keys/payment.txt", PAYMENT),
        ("conf/app.toml", &format!("[pay]\nkey = \"{PAYMENT}\"\n")),
        ("conf/.netrc", "machine a\n"),
        ("conf/.pgpass", "a:b:c\n"),
        ("conf/prod.env", "A=1\n"),
        ("conf/id_ed25519", "x"),
        ("conf/tls.pem", "-----BEGIN EC PRIVATE KEY-----\n"),
        ("conf/plain.toml", "level = 1\n"),
    ] {
        write(folder.path(), way, text);
    }
    symlink("../deploy/kubernetes/secrets/jwt", folder.path().join("conf/link")).unwrap();
    fs::hard_link(folder.path().join("keys/payment.txt"), folder.path().join("conf/hard")).unwrap();
    let mounts =
        |way: &str| profile(&format!("volumes: ['./{way}:/etc/x:ro']"), "{ PAY: { file: ./keys/payment.txt } }");
    for (way, why) in [
        ("deploy/kubernetes/secrets/jwt", "it lies in a folder of secrets"),
        ("conf/link", "it lies in a folder of secrets"),
        ("keys/payment.txt", "a secret of the profile is read from it"),
        ("conf/hard", "a secret of the profile is read from it"),
        ("conf/app.toml", "the value of a secret is in it"),
        ("conf/.netrc", "files of that name hold some"),
        ("conf/.pgpass", "files of that name hold some"),
        ("conf/prod.env", "files of that name hold some"),
        ("conf/id_ed25519", "files of that name hold some"),
        ("conf/tls.pem", "a private key is in it"),
    ] {
        write_profile(folder.path(), &mounts(way));
        let (_, refused) = ends(folder.path(), &["-p", "shop"], 5);
        assert!(refused.contains("holds secrets, and would be in a manifest") && refused.contains(why), "{refused}");
        assert!(!refused.contains(PAYMENT), "{refused}");
        assert!(!folder.path().join("kubernetes").exists(), "{way}");
    }
    write_profile(folder.path(), &mounts("conf/plain.toml"));
    ends(folder.path(), &["-p", "shop"], 0);
    assert!(read(folder.path(), "kubernetes/api.yaml").contains("level = 1"));
}

#[test]
fn a_copy_of_a_secret_that_was_made_up_is_seen_by_a_check_as_well() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "conf/jwt", "nothing yet\n");
    write_profile(folder.path(), &profile("volumes: ['./conf/jwt:/run/jwt:ro']", "{ JWT: generate }"));
    ends(folder.path(), &["-p", "shop"], 0);
    let jwt = read(folder.path(), "kubernetes/secrets/jwt");
    write(folder.path(), "conf/jwt", &format!("{jwt}\n"));
    for arguments in [&[][..], &["--check"], &["--diff"]] {
        let (_, refused) = ends(folder.path(), arguments, 5);
        assert!(refused.contains("the value of a secret is in it") && !refused.contains(&jwt), "{refused}");
    }
}

#[test]
fn a_value_of_the_environment_that_is_a_secret_stands_in_no_manifest_whatever_it_is_called() {
    for (name, value) in [
        ("DATABASE_URL", "postgresql://app:hunter2-hunter2@db/app"),
        ("BROKER", "amqp://app:hunter2-hunter2@mq:5672/"),
        ("JAVA_OPTS", "-Xmx1g -Dspring.datasource.password=hunter2-hunter2"),
        ("CI_JOB", "ghp_0123456789abcdefghij0123456789abcdef"),
        ("CONFIG", r#"{"auths": {"registry": {"auth": "dXNlcjpwYXNzd29yZA=="}}}"#),
        ("TOKEN_OF_MINE", "aB3dE6gH9jK2mN5p"),
        ("PLAIN", "the-key-that-is-declared-7"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_profile(
            folder.path(),
            &profile(&format!("environment: {{ T: {{ env: {name} }} }}"), "{ KEY: required }"),
        );
        for arguments in [&["-p", "shop"][..], &["-p", "shop", "--diff"]] {
            let mut run = codelab_gen(folder.path());
            let run = run.args(arguments).env("KEY", "the-key-that-is-declared-7").env(name, value).finish();
            assert_eq!(run.status.code(), Some(5), "{name}: {}", stderr(&run));
            assert!(stderr(&run).contains(&format!("`api` would get its `T` of `{name}`")), "{}", stderr(&run));
            assert!(stderr(&run).contains(&format!("write `{{ secret: {name} }}`")), "{}", stderr(&run));
            assert!(!folder.path().join("kubernetes").exists(), "{name}");
        }
    }
}

#[test]
fn which_variables_of_the_environment_were_filled_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(
        folder.path(),
        &profile("environment: { A: { env: LEVEL }, B: { env: REGION, default: eu } }", "{ KEY: generate }"),
    );
    let run = codelab_gen(folder.path()).args(["-p", "shop"]).env("LEVEL", "debug").finish();
    let told = crate::support::stdout(&run);
    assert!(told.contains("variable  LEVEL: taken from the environment\nvariable  REGION: its default\n"), "{told}");
}
