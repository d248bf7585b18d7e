//! Knows the examples that stand below the options of each command. Must not know the options.

/// Of generating and comparing, with the exit codes of all commands.
pub(super) const GENERATE: &str = "\
Examples:
  codelab-gen --profile prod --out deploy  write the outputs of the profile prod-postgres
  codelab-gen                              write them again, from the profile that they record
  codelab-gen --check --all                in CI: is each deployment as its profile says?
  codelab-gen -p prod --diff               show what another profile would change
  codelab-gen -p dev --set services.auth-service.database.engine=postgres
                                           change one field of a profile for this run
  codelab-gen --set postgres.image=postgres:17-alpine --accept major
                                           make a change that endangers data, once it is backed up

Exit codes:
  0   done, or nothing to do
  1   --check or --diff found a difference, doctor a problem
  2   wrong usage of the command line
  3   the profile was rejected
  4   refused: a file is not ours or was edited, secrets disagree or are weak, data would be left
  5   the outside world: files, permissions, a required secret is missing
  70  a fault of codelab-gen itself";

/// Of `validate`.
pub(super) const VALIDATE: &str = "\
Examples:
  codelab-gen validate                                    check every profile of the project
  codelab-gen validate prod ./elsewhere.yaml              check these
  codelab-gen validate --deny-warnings --format github    in CI: annotate a pull request
  codelab-gen validate - <profile.yaml                    check standard input";

/// Of `rotate`.
pub(super) const ROTATE: &str = "\
Examples:
  codelab-gen rotate POSTGRES_PASSWORD --out deploy       give it a value that is made up
  codelab-gen rotate API_KEY --from-env                   take the value that is in the environment";

/// Of `schema`.
pub(super) const SCHEMA: &str = "\
Examples:
  codelab-gen schema >schema/profile.schema.json          for editors
  codelab-gen schema report                               of what --format json prints";

/// Of `new`.
pub(super) const NEW: &str = "\
Examples:
  codelab-gen new shop                                    a profile that describes a service itself
  codelab-gen new shop-prod --from shop                   one that says what is different from shop
  codelab-gen new prod --from builtin:prod-postgres       one on top of a built-in profile";

/// Of `import`.
pub(super) const IMPORT: &str = "\
Examples:
  codelab-gen import                                      of the docker-compose.yml and .env here
  codelab-gen import ../shop --name shop                  of another folder's, as profiles/shop.yaml
  codelab-gen import -f docker-compose.yml -f prod.yml    of several files, as Compose takes them

Of the old files only .env gets lines: secrets that stood in docker-compose.yml. What no profile can say
goes into a new docker-compose.override.yml. The printed commands compare the old files with what would
be generated and then put that in their place, the old ones kept as .orig.";

/// Of `profiles`.
pub(super) const PROFILES: &str = "\
Examples:
  codelab-gen profiles                                    with stages, engines and files
  codelab-gen profiles --format json                      the same for programs";

/// Of `explain`.
pub(super) const EXPLAIN: &str = "\
Examples:
  codelab-gen explain -p prod                             every value
  codelab-gen explain -p prod services.auth-service       those of one service
  codelab-gen explain --out deploy postgres.image         one value of what stands there
  codelab-gen explain -p prod --risks                     what a reviewer of the profile looks at";

/// Of `graph`, with what stands for what.
pub(super) const GRAPH: &str = "\
Containers that share all of their networks stand together. An arrow leads to what is used, a
dotted one to what is waited for. Not drawn: mounts of the generated files, variables, secrets, and
raw `compose:` keys but for networks.

Examples:
  codelab-gen graph -p prod                               Mermaid, for a fenced block in Markdown
  codelab-gen graph --format dot | dot -Tsvg -O           an image, by Graphviz";

/// Of `doctor`.
pub(super) const DOCTOR: &str = "\
Examples:
  codelab-gen doctor                                      look at the deployment of this folder
  codelab-gen doctor --out deploy --format json           at another one, for programs";

/// Of `code`.
pub(super) const CODE: &str = "\
Examples:
  codelab-gen code                                        list all codes
  codelab-gen code port-clash                             explain the one of error[port-clash]";

/// Of `completions`. The shell asks the program at each Tab, so a profile that is new is there at once.
pub(super) const COMPLETIONS: &str = "\
Examples:
  codelab-gen completions bash    in ~/.bashrc: source <(codelab-gen completions bash)
  codelab-gen completions zsh     in ~/.zshrc after compinit: source <(codelab-gen completions zsh)
  codelab-gen completions fish    in config.fish: codelab-gen completions fish | source";

/// Of `man`.
pub(super) const MAN: &str = "\
Examples:
  codelab-gen man >codelab-gen.1                          the page of codelab-gen(1)
  codelab-gen man rotate | man -l -                       read that of a subcommand";
