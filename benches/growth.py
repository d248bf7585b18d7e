"""Measures how time and memory grow with each kind of input: `python3 benches/growth.py PROGRAM [NAME…]`.

Each input is made at a size and at ten times that size. The time is that of the processor in the program, without what the
smallest input takes; what is linear has a ratio of about 10.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import zlib

HEAD = "format: 1\nproject: big\nstage: development\n"
PRODUCTION = "format: 1\nproject: big\nstage: production\n"
ONE = HEAD + "services:\n  a: { image: 'a:1' }\n"
# seconds of one run
LIMIT = 60
INPUTS = {}


def of(size, *args):
    """An input with its smaller size, and the arguments that the program reads it by."""

    def add(make):
        INPUTS[make.__name__.replace("_", " ")] = (size, make, args)
        return make

    return add


DRY = ("-p", "./x.yaml", "--check")
DIFF = ("-p", "./x.yaml", "--diff")
IMPORT = ("import", ".")


def write(name, text):
    path = pathlib.Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def profile(text):
    write("x.yaml", text)


def lines(count, form):
    return "".join(form.format(n=n) for n in range(count))


ON_SQLITE = "  s{n}: {{ image: 'a:1', data: 'v{n}:/d', database: {{ sqlite: /d/x.db }} }}\n"


# profiles


@of(500, *DRY)
def services(n):
    profile(HEAD + "services:\n" + lines(n, "  s{n}: {{ image: 'a:1', port: 8000 }}\n"))


@of(500, *DRY)
def services_on_postgres(n):
    rows = lines(n, "  s{n}: {{ image: 'a:1', database: {{ postgres: d{n} }} }}\n")
    profile(HEAD + "postgres: { user: u, image: 'postgres:16', access: per_service }\nservices:\n" + rows)


@of(500, *DRY)
def services_on_sqlite(n):
    profile(HEAD + "services:\n" + lines(n, ON_SQLITE))


@of(500, *DRY)
def services_that_wait(n):
    rows = lines(n, "  s{n}: {{ image: 'a:1', depends_on: [z] }}\n")
    profile(HEAD + "services:\n  z: { image: 'a:1', depends_on: [] }\n" + rows)


@of(500, *DRY)
def waits_of_one_service(n):
    names = ", ".join(f"s{i}" for i in range(n))
    rows = lines(n, "  s{n}: {{ image: 'a:1' }}\n")
    profile(HEAD + "services:\n" + rows + f"  z: {{ image: 'a:1', depends_on: [{names}] }}\n")


@of(200, *DRY)
def waits_for_unknown_services(n):
    profile(HEAD + "services:\n" + lines(n, "  service-number-{n}: {{ image: 'a:1', depends_on: [sorvice{n}] }}\n"))


@of(500, *DRY)
def published_ports(n):
    rows = "".join(f"  s{i}: {{ image: 'a:1', port: 80, publish: {20000 + i} }}\n" for i in range(n))
    profile(HEAD + "services:\n" + rows)


@of(500, *DRY)
def one_published_port(n):
    profile(HEAD + "services:\n" + lines(n, "  s{n}: {{ image: 'a:1', port: 80, publish: 20000 }}\n"))


@of(500, *DRY)
def mounts(n):
    rows = "".join(f"      - v{i}:/d/{i}\n" for i in range(n))
    profile(HEAD + "services:\n  a:\n    image: a:1\n    volumes:\n" + rows)


@of(500, *DRY)
def mounts_of_one_volume(n):
    profile(HEAD + "services:\n" + lines(n, "  s{n}: {{ image: 'a:1', volumes: ['v:/d'] }}\n"))


@of(5000, *DRY)
def keys(n):
    profile(HEAD + "services:\n  a:\n    image: a:1\n    environment:\n" + lines(n, "      K{n}: v\n"))


@of(2000, *DRY)
def unknown_keys(n):
    profile(ONE + lines(n, "k{n}: v\n"))


@of(1000, *DRY)
def keys_twice(n):
    profile(ONE + lines(n, "k: v\n"))


@of(500, *DRY)
def wrong_services(n):
    profile(HEAD + "services:\n" + lines(n, "  s{n}: {{ image: 'a:1', port: x }}\n"))


@of(500, "validate", "--format", "json", "x.yaml")
def wrong_services_as_json(n):
    profile(HEAD + "services:\n" + lines(n, "  s{n}: {{ image: 'a:1', port: x }}\n"))


@of(500, "validate", "--format", "github", "x.yaml")
def wrong_services_for_github(n):
    profile(HEAD + "services:\n" + lines(n, "  s{n}: {{ image: 'a:1', port: x }}\n"))


@of(500, "validate", "--format", "sarif", "x.yaml")
def wrong_services_as_sarif(n):
    wrong_services_as_json(n)


@of(500, *DRY[:2])
def folders_of_data(n):
    profile(HEAD + "services:\n" + lines(n, ON_SQLITE.replace("'v{n}:", "'./v{n}:")))


@of(500, "validate", "x.yaml")
def warned_services(n):
    profile(PRODUCTION + "services:\n" + lines(n, "  s{n}: {{ image: 'a' }}\n"))


@of(1_000_000, *DRY)
def one_scalar(n):
    profile(HEAD + "services:\n  a:\n    image: a:1\n    environment: { K: '" + "x" * n + "' }\n")


@of(20_000, *DRY)
def one_scalar_of_lines(n):
    profile(HEAD + "services:\n  a:\n    image: a:1\n    environment:\n      K: |\n" + "        line\n" * n)


@of(20_000, *DRY)
def one_scalar_of_escapes(n):
    profile(HEAD + 'services:\n  a:\n    image: a:1\n    environment: { K: "' + "\\\"$'" * n + '" }\n')


@of(100_000, *DRY)
def one_line_of_items(n):
    profile(HEAD + "services:\n  a:\n    image: a:1\n    command: [" + "w, " * n + "w]\n")


@of(10_000, *DRY)
def a_fault_on_a_long_line(n):
    row = "services: { a: { image: 'a:1', port: x, " + lines(n, "k{n}: 1, ") + "} }\n"
    profile(HEAD + "x: [" + "w, " * n + "w]\n" + row)


@of(10_000, *DRY)
def nesting(n):
    profile(ONE + "x-a: " + "[" * n + "\n")


@of(10_000, *DRY)
def nesting_of_blocks(n):
    profile(ONE + "x-a:\n" + "".join(" " * i + "k:\n" for i in range(1, n // 100)))


@of(50_000, *DRY)
def blocks_63_deep(n):
    profile(ONE + "x-a:\n  - " + "[" * 60 + "]" * 60 + "\n" + ("  - " + "[" * 60 + "]" * 60 + "\n") * (n // 120))


@of(2000, *DRY)
def anchors(n):
    profile(ONE + "x-a:\n" + lines(n, "  k{n}: &a{n} {{ a: 1 }}\n"))


@of(2000, *DRY)
def aliases(n):
    profile(ONE.replace("services", "x-c: &c { a: 1 }\nservices") + "x-a:\n" + lines(n, "  k{n}: *c\n"))


@of(20, *DRY)
def aliases_of_aliases(n):
    rows = "".join(f"  k{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, n))
    profile(ONE + "x-a:\n  k0: &a0 [1, 2]\n" + rows)


@of(500, *DRY)
def merge_keys(n):
    base = "x-c: &c { image: 'a:1', port: 80 }\n"
    profile(HEAD + base + "services:\n" + lines(n, "  s{n}: {{ <<: *c }}\n"))


@of(300, *DRY)
def merges_into_one(n):
    rows = lines(n, "  k{n}: &a{n} {{ K{n}: v }}\n")
    merged = ", ".join(f"*a{i}" for i in range(n))
    profile(HEAD + "x-a:\n" + rows + "services:\n  a:\n    image: a:1\n    environment: { <<: [" + merged + "] }\n")


@of(100_000, *DRY)
def comments(n):
    profile(ONE + "# a comment\n" * n)


@of(100_000, *DRY)
def empty_lines(n):
    profile(HEAD + "services:\n  a:\n    image: a:1\n" + "\n" * n + "x-a: 1\n" + "    \n" * n)


@of(20_000, *DRY)
def documents(n):
    profile(ONE + "---\n" * n)


@of(200, "-p", "./l0.yaml", "--check")
def layers(n):
    for i in range(n):
        write(f"l{i}.yaml", f"format: 1\nextends: ./l{i + 1}.yaml\n")
    write(f"l{n}.yaml", ONE)


@of(100, "-p", "./l0.yaml", "--check")
def layers_of_services(n):
    for i in range(n):
        write(f"l{i}.yaml", f"format: 1\nextends: ./l{i + 1}.yaml\nservices: {{ s{i}: {{ image: 'a:1' }} }}\n")
    write(f"l{n}.yaml", ONE)


@of(200, "explain", "-p", "./x.yaml")
def explained_services(n):
    services(n)


@of(50, "explain", "-p", "./l0.yaml")
def explained_layers(n):
    layers_of_services(n)


@of(300, "graph", "-p", "./x.yaml")
def drawn_services(n):
    services_on_postgres(n)


@of(200, "profiles")
def profiles(n):
    for i in range(n):
        write(f"profiles/p{i}.yaml", ONE.replace("project", f"aliases: [q{i}]\nproject"))


@of(200, "-p", "none")
def an_unknown_profile_of_many(n):
    profiles(n)


@of(100, "--check", "--all")
def profiles_checked(n):
    for i in range(n):
        write(f"profiles/p{i}.yaml", ONE.replace("project", f"out: ./o{i}\nproject"))


@of(2000, "-p", "./l0.yaml", "--check")
def raw_keys_in_layers(n):
    keys = lines(n, "    k{n}: v\n")
    write("l0.yaml", "format: 1\nextends: ./l1.yaml\ncompose:\n  x-a:\n" + keys)
    write("l1.yaml", ONE + "compose:\n  x-a:\n" + keys)


@of(500, *DRY)
def raw_keys(n):
    profile(ONE + "compose:\n  configs:\n" + lines(n, "    c{n}: {{ file: ./x }}\n"))


@of(100)
def settings(n):
    profile(ONE)
    return [*DRY, *(w for i in range(n) for w in ("--set", f"services.a.environment.K{i}=v"))]


# .env


SECRETS = PRODUCTION + "secrets:\n"


def secret_profile(n):
    profile(SECRETS + lines(n, "  KEY{n}: required\n") + "services:\n  a: { image: 'a:1' }\n")


@of(2000, *DRY)
def secrets(n):
    secret_profile(n)
    write(".env", lines(n, "KEY{n}=0123456789abcdef{n}\n"))


@of(2000, "-p", "./x.yaml")
def secrets_written(n):
    secrets(n)


@of(500, *DRY)
def secrets_used(n):
    rows = lines(n, "      KEY{n}: {{ secret: KEY{n} }}\n")
    profile(SECRETS + lines(n, "  KEY{n}: required\n") + "services:\n  a:\n    image: a:1\n    environment:\n" + rows)
    write(".env", lines(n, "KEY{n}=0123456789abcdef{n}\n"))


@of(500, *DRY)
def secrets_and_variables(n):
    rows = lines(n, "      V{n}: {{ env: V{n}, default: x }}\n")
    profile(SECRETS + lines(n, "  KEY{n}: required\n") + "services:\n  a:\n    image: a:1\n    environment:\n" + rows)
    write(".env", lines(n, "KEY{n}=0123456789abcdef{n}\n"))


@of(1000, *DIFF)
def secrets_in_a_difference(n):
    profile(ONE)
    subprocess.run([PROGRAM, "-p", "./x.yaml"], check=True, capture_output=True)
    write(".env", lines(n, "KEY{n}_PASSWORD=0123456789abcdef{n}\n"))
    old = pathlib.Path("docker-compose.yml").read_text()
    write("docker-compose.yml", old + lines(n, "# 0123456789abcdef{n}\n"))


@of(2000, *DIFF)
def lines_in_a_difference(n):
    profile(ONE)
    subprocess.run([PROGRAM, "-p", "./x.yaml"], check=True, capture_output=True)
    old = pathlib.Path("docker-compose.yml").read_text()
    write("docker-compose.yml", old + lines(n, "# x{n}\n"))


@of(2000, *DIFF)
def shuffled_lines_in_a_difference(n):
    rows = [f"      K{i}: v\n" for i in range(n)]
    head = HEAD + "services:\n  a:\n    image: a:1\n    environment:\n"
    profile(head + "".join(rows))
    subprocess.run([PROGRAM, "-p", "./x.yaml"], check=True, capture_output=True)
    profile(head + "".join(sorted(rows, key=lambda row: zlib.crc32(row.encode()))))


@of(20_000, *DRY)
def users_keys(n):
    profile(ONE)
    write(".env", lines(n, "MINE{n}=1\n"))


@of(2000, *DRY)
def keys_of_the_block_twice(n):
    secret_profile(n)
    write(".env", lines(n, "KEY{n}=0123456789abcdef{n}\nKEY{n}=x\n"))


@of(1_000_000, *DRY)
def a_long_value(n):
    profile(SECRETS + "  KEY: required\nservices:\n  a: { image: 'a:1' }\n")
    write(".env", "KEY=" + "x" * n + "\n")


@of(20_000, *DRY)
def references_that_do_not_end(n):
    profile(SECRETS + "  KEY: required\nservices:\n  a: { image: 'a:1' }\n")
    write(".env", "KEY='" + "${" * n + "'\n")


@of(20_000, *DRY)
def references_in_a_value(n):
    profile(SECRETS + "  KEY: required\nservices:\n  a: { image: 'a:1' }\n")
    write(".env", "KEY=" + "${A}" * n + "\n")


@of(20_000, *DRY)
def quotes(n):
    profile(ONE)
    write(".env", lines(n, "A{n}='x\"'\n"))


@of(20_000, *DRY)
def a_quote_that_is_open(n):
    profile(ONE)
    write(".env", 'A="\n' + "B=1\n" * n)


@of(20_000, *DRY)
def values_of_lines(n):
    profile(ONE)
    write(".env", lines(n, "A{n}='x\ny\nz'\n"))


@of(20_000, *DRY)
def odd_lines(n):
    profile(ONE)
    write(".env", lines(n, "a b {n} = c\nexport A{n}=$(x)\n"))


@of(20_000, *DRY)
def marks(n):
    profile(ONE)
    write(".env", "# >>> codelab-gen: x\n" * n)


@of(2000, *DRY)
def a_block_with_stale_keys(n):
    profile(ONE)
    keys = lines(n, "KEY{n}=0123456789abcdef{n}\n")
    write(".env", f"# >>> codelab-gen: profile=x format=1 body=0000000000000000\n{keys}# <<< codelab-gen\n")


@of(1000, *DRY)
def files_in_secrets(n):
    profile(ONE.replace("services:", "secrets_in: files\nservices:"))
    for i in range(n):
        write(f"secrets/F{i}", "0123456789abcdef")


# what stands


COMPOSE = "services:\n"


@of(1000, *DRY)
def a_standing_compose_file(n):
    variables = "environment: {{ DB_URL: 'sqlite:////d/x.db' }}"
    rows = lines(n, "  s{n}: {{ image: 'a:1', volumes: ['v{n}:/d'], " + variables + " }}\n")
    write("docker-compose.yml", COMPOSE + rows + "volumes:\n" + lines(n, "  v{n}: {{}}\n"))
    profile(HEAD + "services:\n" + lines(n, ON_SQLITE))


@of(1000, *DRY)
def fixed_volumes(n):
    a_standing_compose_file(n)
    write("compose.override.yml", "volumes:\n" + lines(n, "  v{n}: {{ name: real{n} }}\n"))


@of(20_000, *DRY)
def header_lines(n):
    profile(ONE)
    write("docker-compose.yml", "# codelab-gen: profile=x format=y body=z\n" * n)


@of(20_000, *DRY)
def a_long_header(n):
    profile(ONE)
    write("docker-compose.yml", "# codelab-gen: profile=x" + " set=[\"a\"] root=../ stage=x" * n + " format=1 body=z\n")


@of(5000, *DRY)
def lines_of_gitignore(n):
    profile(ONE)
    subprocess.run(["git", "init", "-q", "."], check=True)
    write(".gitignore", lines(n, "x{n}\n"))


# import


@of(200, *IMPORT)
def imported_services(n):
    rows = lines(n, "  s{n}: {{ image: 'a:1', ports: ['{n}:80'], volumes: ['v{n}:/d'] }}\n")
    write("docker-compose.yml", COMPOSE + rows)


@of(200, *IMPORT)
def imported_services_that_wait(n):
    rows = lines(n, "  s{n}: {{ image: 'a:1', depends_on: [s0] }}\n")
    write("docker-compose.yml", COMPOSE + rows)


@of(200, *IMPORT)
def imported_databases(n):
    url = "postgresql://u:pw012345@db:5432/d{n}"
    rows = lines(n, "  s{n}: {{ image: 'a:1', environment: {{ DB_URL: '" + url + "' }} }}\n")
    variables = "environment: { POSTGRES_USER: u, POSTGRES_PASSWORD: pw012345 }"
    server = f"  db: {{ image: 'postgres:16', volumes: ['pg:/var/lib/postgresql/data'], {variables} }}\n"
    write("docker-compose.yml", COMPOSE + rows + server + "volumes: { pg: {} }\n")


@of(500, *IMPORT)
def imported_secrets(n):
    rows = lines(n, "      KEY{n}: ${{KEY{n}}}\n")
    write("docker-compose.yml", COMPOSE + "  a:\n    image: a:1\n    environment:\n" + rows)
    write(".env", lines(n, "KEY{n}_TOKEN=0123456789abcdef{n}\nKEY{n}=x{n}\n"))


@of(500, *IMPORT)
def secrets_that_move(n):
    rows = lines(n, "      K{n}_TOKEN: 0123456789abcdef{n}\n")
    write("docker-compose.yml", COMPOSE + "  a:\n    image: a:1\n    environment:\n" + rows)


@of(500, *IMPORT)
def fixed_variables(n):
    rows = lines(n, "      K{n}: ${{V{n}}}\n")
    write("docker-compose.yml", COMPOSE + "  a:\n    image: a:1\n    labels:\n" + rows)
    write(".env", lines(n, "V{n}=x{n}\n"))


@of(500, *IMPORT)
def one_fixed_variable(n):
    rows = lines(n, "  s{n}: {{ image: 'a:$V' }}\n")
    write("docker-compose.yml", COMPOSE + rows)
    write(".env", "V=1\n")


@of(500, *IMPORT)
def keys_that_are_left(n):
    rows = lines(n, "  s{n}: {{ image: 'a:1', container_name: c{n}, cap_add: [X], hostname: 'h{n}' }}\n")
    write("docker-compose.yml", COMPOSE + rows)


@of(20_000, *IMPORT)
def a_long_text_with_variables(n):
    write("docker-compose.yml", COMPOSE + "  a: { image: 'a:1', environment: { K: '" + "${A:-x}" * n + "' } }\n")


@of(20_000, *IMPORT)
def variables_in_variables(n):
    write("docker-compose.yml", COMPOSE + "  a: { image: 'a:1', environment: { K: '" + "${A:-" * n + "' } }\n")


@of(1000, *IMPORT)
def commented_lines(n):
    rows = lines(n, "      # K{n}: v\n      K{n}: w\n")
    write("docker-compose.yml", COMPOSE + "  a:\n    image: a:1\n    environment:\n" + rows)
    write(".env", lines(n, "# K{n}=v\n"))


@of(500, *IMPORT)
def imported_faults(n):
    write("docker-compose.yml", COMPOSE + lines(n, "  s{n}: {{ image: 'A B', x: y }}\n"))


def run(make, size, args):
    """The user time, the peak memory in MiB and the exit code of one run."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        args = make(size) or args
        with tempfile.TemporaryFile() as told:
            limits = f"ulimit -t {LIMIT}; exec \"$0\" \"$@\""
            command = ["sh", "-c", limits, PROGRAM, *args]
            environment = {"PATH": os.environ["PATH"], "HOME": folder}
            child = subprocess.Popen(command, stdout=told, stderr=told, env=environment)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        os.chdir("/")
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode


def main():
    names = sys.argv[2:] or INPUTS
    least = min(run(lambda _: profile(ONE), 1, DRY)[0] for _ in range(3))
    print("| input | size | s at N | s at 10 N | ratio | MiB | exit codes |\n|---|---|---|---|---|---|---|", flush=True)
    for name in names:
        size, make, args = INPUTS[name]
        small, _, first = run(make, size, args)
        large, memory, second = run(make, 10 * size, args)
        ratio = max(large - least, 0) / max(small - least, 0.001)
        times = f"{small:.3f} | {large:.3f} | {ratio:.1f}"
        print(f"| {name} | {size} | {times} | {memory:.0f} | {first} {second} |", flush=True)


PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
main()
