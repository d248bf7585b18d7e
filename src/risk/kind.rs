//! Knows every kind of risk and how grave it is, in one table. Must not know what gives one.

/// How much a risk puts at stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Whoever has it can take the machine.
    High,
    /// It reaches beyond the deployment.
    Medium,
    /// It runs or reads what the project says.
    Low,
}

impl Gravity {
    /// The gravity as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

macro_rules! kinds {
    ($($gravity:ident $variant:ident = $name:literal: $gives:literal,)+) => {
        /// What is given.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RiskKind {
            $(#[doc = $gives] $variant,)+
        }

        impl RiskKind {
            /// Every kind, the gravest first.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The kind as it is printed; it never changes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What is given, after the word 'gets'.
            #[must_use]
            pub fn gives(self) -> &'static str {
                match self {
                    $(Self::$variant => $gives,)+
                }
            }

            /// How much it puts at stake.
            #[must_use]
            pub fn gravity(self) -> Gravity {
                match self {
                    $(Self::$variant => Gravity::$gravity,)+
                }
            }
        }
    };
}

kinds! {
    High EngineSocket = "engine-socket": "the socket of a container engine, which makes it root on the machine",
    High Privileged = "privileged": "all that root of the machine may do",
    High HostProgram = "host-program": "a program that Docker Compose runs on the machine, outside of any container",
    High ForeignCompose = "foreign-compose": "what another Compose file says, which this list does not know",
    High HostSystem = "host-system": "a folder of the machine's own system, or of its users",
    High Repository = "repository": "the project as a whole, with every secret and what git runs, or git's own folder",
    High HostNamespace = "host-namespace": "the machine's own processes, memory, users or network",
    High Unconfined = "unconfined": "a container without one of the fences that the kernel has",
    High Device = "device": "devices of the machine",
    High HostCapability = "host-capability": "a capability of root that leads out of a container",
    Medium HostPath = "host-path": "a file or folder of the machine outside of the project",
    Medium AllSecrets = "all-secrets": "`.env` or the files of secrets, with every secret of the deployment",
    Medium BuildOutside = "build-outside": "an image that is built of files outside of the project",
    Medium Environment = "environment": "a value from the environment, or the `.env`, of whoever starts it",
    Medium ExternalServer = "external-server": "a database on another machine, where its data and its password go",
    Medium LogsElsewhere = "logs-elsewhere": "a logging driver, which may send what it prints to elsewhere",
    Medium SharedNamespace = "shared-namespace": "the processes, network or files of another container",
    Medium ForeignNetwork = "foreign-network": "a network that other deployments may be in, or of a driver of its own",
    Medium Published = "published": "a port that other machines reach",
    Medium RootUser = "root-user": "root inside of its container",
    Medium Capability = "capability": "a capability of root",
    Medium Loosened = "loosened": "a container without a fence that codelab-gen puts up",
    Medium Kernel = "kernel": "settings of the kernel, another runtime, or a control group of its own",
    Medium Group = "group": "a group of the machine, such as the one that owns a socket",
    Medium MachineUse = "machine-use": "more of the machine than its share",
    Medium ServerProgram = "server-program": "programs, libraries or rules of login for the PostgreSQL server",
    Medium OtherKey = "other-key": "a key of Docker Compose that this list does not know",
    Low ProjectFile = "project-file": "the content of a file",
    Low GivenSecret = "given-secret": "a secret that somebody gives, or that is in a file",
    Low Names = "names": "other addresses for names, also that of the machine",
    Low PrivilegedPort = "privileged-port": "a port of the machine below 1024",
    Low Build = "build": "an image that is built: what its Dockerfile runs, runs on the machine's engine",
    Low Shell = "shell": "lines for a shell or another interpreter, written in the profile",
    Low Hook = "hook": "commands beside its own, when it starts, stops, or a file changes",
    Low Gpu = "gpu": "processors for graphics and the like",
    Low Restart = "restart": "a start with every start of the machine",
}
