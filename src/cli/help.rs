//! Knows the examples below the options of each command. Must not know the options.

/// For generating and comparing, with the exit codes of all commands.
pub(super) const GENERATE: &str = "\
Examples:
  codelab-gen --profile prod --out deploy  generate the deployment of the profile prod-postgres
  codelab-gen                              generate it again, by the profile that the files record
  codelab-gen --check --all                in CI: fail if a file differs from its profile
  codelab-gen -p prod --diff               show what this profile would change
  codelab-gen -p dev --set services.auth-service.database.engine=postgres
                                           change one field of a profile for this run
  codelab-gen --set postgres.image=postgres:17-alpine --accept major
                                           accept a change that endangers data, after a backup

Exit codes:
  0   done, or nothing to do
  1   --check or --diff found a difference, doctor a problem
  2   wrong usage of the command line
  3   the profile was rejected
  4   refused: a foreign or edited file, secrets that disagree or are weak, data left behind
  5   an outside cause: files, permissions, a required secret is missing
  70  a fault of codelab-gen itself";

/// Of `validate`.
pub(super) const VALIDATE: &str = "\
Examples:
  codelab-gen validate                                    check every profile of the project
  codelab-gen validate prod ./elsewhere.yaml              check only these
  codelab-gen validate --deny-warnings --format github    in CI: annotate a pull request
  codelab-gen validate - <profile.yaml                    check standard input";

/// Of `rotate`.
pub(super) const ROTATE: &str = "\
Examples:
  codelab-gen rotate POSTGRES_PASSWORD --out deploy       generate a new value
  codelab-gen rotate API_KEY --from-env                   take the new value from the environment";

/// Of `schema`.
pub(super) const SCHEMA: &str = "\
Examples:
  codelab-gen schema >schema/profile.schema.json          of a profile, for editors
  codelab-gen schema report                               of the output of --format json";

/// Of `new`.
pub(super) const NEW: &str = "\
Examples:
  codelab-gen new shop                                    a profile that stands alone
  codelab-gen new shop-prod --from shop                   the differences from shop
  codelab-gen new prod --from builtin:prod-postgres       the differences from a built-in profile";

/// Of `import`.
pub(super) const IMPORT: &str = "\
Examples:
  codelab-gen import                                      import the deployment in this folder
  codelab-gen import ../shop --name shop                  import another one as profiles/shop.yaml

Secrets in docker-compose.yml are added to .env; the old files do not change otherwise. What a
profile cannot express goes into a new docker-compose.override.yml. Of the printed commands, the
first compares the old files with the generated ones, the second replaces them and keeps the old
ones as .orig.";

/// Of `profiles`.
pub(super) const PROFILES: &str = "\
Examples:
  codelab-gen profiles                                    with their stages, engines and files
  codelab-gen profiles --format json                      the same for programs";

/// Of `explain`.
pub(super) const EXPLAIN: &str = "\
Examples:
  codelab-gen explain -p prod                             every value
  codelab-gen explain -p prod services.auth-service       the values of one service
  codelab-gen explain --out deploy postgres.image         one value of the deployment in deploy
  codelab-gen explain -p prod --risks                     what a reviewer should look at";

/// Of `graph`, with what each sign means.
pub(super) const GRAPH: &str = "\
Containers with the same networks are in one box. A solid arrow leads to what a service uses, a
dotted one to what it waits for. Not drawn: mounts of generated files, variables, secrets, and raw
`compose:` keys except networks.

Examples:
  codelab-gen graph -p prod                               Mermaid, for a fenced block in Markdown
  codelab-gen graph --format dot | dot -Tsvg -O           an image, by Graphviz";

/// Of `doctor`.
pub(super) const DOCTOR: &str = "\
Examples:
  codelab-gen doctor                                      check the deployment in this folder
  codelab-gen doctor --out deploy --format json           check another one, for programs";

/// Of `code`.
pub(super) const CODE: &str = "\
Examples:
  codelab-gen code                                        list all codes
  codelab-gen code port-clash                             explain error[port-clash]";

/// Of `completions`. The shell asks the program at each Tab, so it completes a new profile at once.
pub(super) const COMPLETIONS: &str = "\
Examples:
  codelab-gen completions bash    in ~/.bashrc: source <(codelab-gen completions bash)
  codelab-gen completions zsh     in ~/.zshrc after compinit: source <(codelab-gen completions zsh)
  codelab-gen completions fish    in config.fish: codelab-gen completions fish | source";

/// Of `man`.
pub(super) const MAN: &str = "\
Examples:
  codelab-gen man >codelab-gen.1                          write the page of codelab-gen(1)
  codelab-gen man rotate | man -l -                       read the page of a subcommand";
