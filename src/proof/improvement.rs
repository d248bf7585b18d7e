//! Knows the changes that are meant when a profile takes over a deployment, and the sentence by which each is told. Must not
//! know how one is found.

/// A change that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Improvement {
    /// The server runs as the profile's.
    Server,
    /// `postgres-ensure` stands between the server and those that use it.
    Ensure,
    /// A service that stands on the networks of another one waits for `postgres-ensure`.
    Wait,
    /// A service reaches the server by waiting for it.
    Reach,
    /// A service whose database is a SQLite file has nothing to do with the server.
    Apart,
    /// A connection URL is made by codelab-gen.
    Url,
    /// A connection that codelab-gen does not make is written in another way.
    Connection,
    /// The working folder is written out.
    Folder,
    /// Who gets all of `.env` gets what codelab-gen writes there too.
    Dotenv,
    /// A variable of a file stands under `environment` now.
    Covered,
    /// The server gets by variables what it got by files.
    Files,
    /// The same folder of the server's data is mounted elsewhere.
    Data,
    /// A server that lets everybody in has a password beside.
    Open,
    /// A reference stands where the value of a secret stood.
    Reference,
    /// Nobody uses the server, and it does not run.
    Rest,
}

impl Improvement {
    /// What is told behind the names of the services, and what follows from it; nothing where import tells it on its own.
    #[must_use]
    pub fn sentence(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Server => Some((
                "runs as the server of the profile",
                "its health check asks over TCP; where nothing else is set, it has 2 minutes to stop, and shared memory and \
                 settings by its limits",
            )),
            Self::Ensure => Some((
                "starts after `postgres-ensure` now, and meets the server on a network of its own",
                "`postgres-ensure` brings roles, passwords, databases and owners in line at every start, and ends",
            )),
            Self::Wait => Some((
                "starts after `postgres-ensure` now, and reaches the server by the same networks as before",
                "`postgres-ensure` brings roles, passwords, databases and owners in line at every start, and ends",
            )),
            Self::Apart => Some((
                "neither waits for the server nor reaches it: its database is a SQLite file",
                "`depends_on: { postgres: started }` in the profile brings both back",
            )),
            Self::Url => Some((
                "has its connection URL from codelab-gen now",
                "it is made of the profile and of the password in .env, and leads to the same database",
            )),
            Self::Connection => Some((
                "has its connection to the server written in another way",
                "it leads to the same server and database as before",
            )),
            Self::Folder => Some((
                "has its working folder written out",
                "the path of a SQLite file hangs on it; change `working_dir` in the profile where the image has another one",
            )),
            Self::Dotenv => Some((
                "gets all of .env (`env_file`), also what codelab-gen writes there now",
                "give it the variables that it needs under `environment:` instead",
            )),
            Self::Covered => Some((
                "has a variable under `environment` now that a file of its `env_file` gave it",
                "it has the same value; what that file says of it later has no effect: change the profile, or .env",
            )),
            Self::Files => Some((
                "gets by variables what it got by files (`…_FILE`)",
                "the password is in .env now, a name in the profile; what the files hold later does not reach it",
            )),
            Self::Data => Some((
                "has its data in the same folder of the same mount, which is elsewhere in the container",
                "`SHOW data_directory` says where; mind commands of your own that name the old place",
            )),
            Self::Open => Some((
                "lets everybody in without a password as before (`trust`), and has one beside",
                "it is in .env; in production take the `trust` out, also of `pg_hba.conf` in the folder of the data",
            )),
            Self::Reference => {
                Some(("refers to a secret of .env where its value was", "the line of .env counts there too, now"))
            }
            Self::Reach | Self::Rest => None,
        }
    }
}
