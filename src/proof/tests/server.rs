//! What the server keeps though the profile says it in another way, each with the neighbour that is a fault.

use super::*;

/// Replaced texts of the files of today and of those afterwards.
type Changed<'c> = [&'c [(&'c str, &'c str)]; 2];

/// The verdict on a server of which these texts of [`BEFORE`] and of [`AFTER`] are replaced.
fn of_server([before, after]: Changed<'_>) -> Verdict {
    let [before, after] = [(BEFORE, before), (AFTER, after)].map(|(text, changed)| {
        changed.iter().fold(text.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, new, 1)
        })
    });
    judged(SERVER, Some("db"), (&before, DOTENV.0), (&after, DOTENV.1))
}

const PASSWORD: &str = "POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}' }\n";
const MOUNT: &str = "'pg:/var/lib/postgresql/data'";
const DATABASE: &str = "POSTGRES_DB: shop }\n";
const CHECK: &str = "    healthcheck: { test: x }\n";

/// What is meant is told as what it is, and its neighbour, in which one thing more differs, is a fault.
fn holds(improvement: Improvement, meant: Changed<'_>, neighbours: &[(Changed<'_>, &str)]) {
    let verdict = of_server(meant);
    assert_eq!(faults(&verdict), [""; 0], "{meant:?}");
    assert!(verdict.improvements.contains_key(&improvement), "{meant:?}: {:?}", verdict.improvements);
    for (neighbour, fault) in neighbours {
        let found = faults(&of_server(*neighbour));
        assert!(found.iter().any(|found| found == fault), "{neighbour:?}: {found:?}");
    }
}

#[test]
fn what_files_gave_the_server_is_the_same_only_with_the_same_value() {
    let of_secret = |file: &str| {
        let top = format!("secrets: {{ k: {{ file: {file} }} }}\nvolumes: {{");
        (["POSTGRES_PASSWORD_FILE: /run/secrets/k }\n    secrets: [k]\n", &top].map(str::to_owned), top.clone())
    };
    let changed = |file: &str, run: &dyn Fn(Changed<'_>)| {
        let ([password, top], later) = of_secret(file);
        let granted = format!("    secrets: [k]\n{CHECK}");
        run([&[(PASSWORD, &password), ("volumes: {", &top)], &[(CHECK, &granted), ("volumes: {", &later)]]);
    };
    changed("./pw.txt", &|meant| holds(Improvement::Files, meant, &[]));
    for other in ["late.env", "missing.txt"] {
        changed(other, &|it| {
            let expected = ["postgres environment.POSTGRES_PASSWORD", "postgres environment.POSTGRES_PASSWORD_FILE"];
            assert_eq!(faults(&of_server(it)), expected, "{other}");
        });
    }
    let user = "POSTGRES_USER: shop, POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}' }\n";
    let of_files = |files: &str, run: &dyn Fn(Changed<'_>)| {
        let before = format!("{PASSWORD}    env_file: {files}\n");
        let after = format!("    env_file: {files}\n{CHECK}");
        run([&[(user, &before)], &[(CHECK, &after)]]);
    };
    of_files("[./shop.env]", &|meant| {
        holds(Improvement::Covered, meant, &[]);
        let before = "POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}', POSTGRES_DB: shop }\n    env_file: shop.env\n";
        let known = of_server([&[(PASSWORD, before)], meant[1]]);
        assert!(!known.improvements.contains_key(&Improvement::Covered), "the file had no effect on it");
    });
    of_files("[./shop.env, late.env]", &|it| {
        assert_eq!(faults(&of_server(it)), ["postgres environment.POSTGRES_DB"], "the later file counts");
    });
    of_files("late.env", &|it| {
        let expected = ["postgres environment.POSTGRES_DB", "postgres environment.POSTGRES_USER"];
        assert_eq!(faults(&of_server(it)), expected);
    });
}

#[test]
fn the_data_may_be_mounted_elsewhere_only_as_the_same_folder() {
    let before: &[_] =
        &[(PASSWORD, "POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}', PGDATA: /srv/pg/16 }\n"), (MOUNT, "'pg:/srv/pg'")];
    let after = "POSTGRES_DB: shop, PGDATA: /var/lib/postgresql/data/16 }\n";
    let under = |mount: &'static str| [before[0], (MOUNT, mount)];
    let (fault, kept) = ("postgres environment.PGDATA", "'data:/var/lib/postgresql/data', ");
    let below = under("'pg:/srv/pg', 'wal:/srv/pg/16/pg_wal'");
    holds(
        Improvement::Data,
        [before, &[(DATABASE, after)]],
        &[
            ([before, &[(DATABASE, "POSTGRES_DB: shop, PGDATA: /var/lib/postgresql/data/17 }\n")]], fault),
            ([before, &[]], fault),
            ([before, &[(DATABASE, after), (kept, "'other:/var/lib/postgresql/data', ")]], fault),
            ([before, &[(DATABASE, after), (kept, "'data:/var/lib/postgresql/data:ro', ")]], fault),
            ([before, &[(DATABASE, after), (kept, "")]], fault),
            ([before, &[(DATABASE, after), (CHECK, "    command: [postgres, -c, hba_file=/srv/pg/16/a]\n")]], fault),
            (
                [&below, &[(DATABASE, after), (kept, "'data:/var/lib/postgresql/data', 'wal:/srv/pg/16/pg_wal', ")]],
                fault,
            ),
        ],
    );
    let own = "/var/lib/postgresql/data/pgdata";
    let given = format!("POSTGRES_PASSWORD: '${{POSTGRES_PASSWORD}}', PGDATA: {own} }}\n");
    let (at, inside) = (format!("'pg:{own}'"), [(PASSWORD, given.as_str())]);
    holds(Improvement::Data, [&[(PASSWORD, &given), (MOUNT, &at)], &[]], &[([&inside, &[]], fault)]);
    let written = "POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}', PGDATA: /var/lib/postgresql/data/ }\n";
    let verdict = of_server([&[(PASSWORD, written)], &[]]);
    assert_eq!(faults(&verdict), [""; 0]);
    assert!(!verdict.improvements.contains_key(&Improvement::Data), "it stands where it stood");
    let other = SERVER.replace("image: 'postgres:16'", "image: 'postgres', version: 16");
    let before = BEFORE.replacen(PASSWORD, written, 1);
    let found = faults(&judged(&other, Some("db"), (&before, DOTENV.0), (AFTER, DOTENV.1)));
    assert_eq!(found, [fault], "nobody knows where another image keeps its data by itself");
}

#[test]
fn who_lets_everybody_in_may_have_a_password_and_nobody_else() {
    let open = |method: &str| format!("POSTGRES_HOST_AUTH_METHOD: {method} }}\n");
    let goes_on = |method: &str| format!("POSTGRES_DB: shop, POSTGRES_HOST_AUTH_METHOD: {method} }}\n");
    let (trust, later, md5, later_md5) = (open("trust"), goes_on("trust"), open("md5"), goes_on("md5"));
    let fault = "postgres environment.POSTGRES_PASSWORD";
    holds(
        Improvement::Open,
        [&[(PASSWORD, &trust)], &[(DATABASE, &later)]],
        &[
            ([&[(PASSWORD, &md5)], &[(DATABASE, &later_md5)]], fault),
            ([&[(PASSWORD, &trust)], &[(DATABASE, &later_md5)]], fault),
            ([&[(PASSWORD, &trust)], &[]], "postgres environment.POSTGRES_HOST_AUTH_METHOD"),
        ],
    );
}

#[test]
fn only_a_socket_in_memory_gives_way_and_only_a_built_image_gets_its_name() {
    let memory = |list: &str| format!("    image: postgres:16\n    tmpfs: {list}\n");
    let (both, image) = (memory("[/tmp, '/var/run/postgresql:size=1m']"), "    image: postgres:16\n");
    let (tmp, none) = (memory("[/tmp]"), memory("[/tmp, /run]"));
    holds(
        Improvement::Server,
        [&[(image, &both)], &[(image, &tmp)]],
        &[([&[(image, &both)], &[]], "postgres tmpfs"), ([&[(image, &none)], &[(image, &tmp)]], "postgres tmpfs")],
    );
    let mounted = |socket: &str| format!("{MOUNT}, {socket}");
    let (tmpfs, bind) = (mounted("{ type: tmpfs, target: /var/run/postgresql }"), mounted("'./s:/var/run/postgresql'"));
    let fault = "postgres volumes./var/run/postgresql.type";
    holds(Improvement::Server, [&[(MOUNT, &tmpfs)], &[]], &[([&[(MOUNT, &bind)], &[]], fault)]);

    let built = |name: &str| format!("    build: ./pg\n{name}");
    let (today, later) = (built(""), built("    image: shop-db\n"));
    let (other, named) = (built("    image: shop-postgres\n"), built("    image: own\n"));
    holds(
        Improvement::Server,
        [&[(image, &today)], &[(image, &later)]],
        &[
            ([&[(image, &today)], &[(image, &other)]], "postgres image"),
            ([&[(image, &named)], &[(image, &later)]], "postgres image"),
            ([&[], &[(image, "    image: shop-db\n")]], "postgres image"),
        ],
    );
}
