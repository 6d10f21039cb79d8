//! Places over the network, each as the engine uses it, against its double, with what goes wrong.
//!
//! - `vercel`, `render`: variables, and deployments that take them
//! - `github`: secrets that nobody can read

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use keywright::destination::{
    Destination, DestinationError, Held, Meta, PlaceError, Reach, Stamp, StampKey, parse,
};
use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::Credential;

mod github;
mod render;
mod vercel;

/// Secrets that no error may hold.
const SECRETS: [&str; 2] = [OLD, NEW];
const OLD: &str = "old-secret-that-nobody-may-see";
const NEW: &str = "new-secret-that-nobody-may-see";

/// A place, and who asks it.
struct Stage {
    there: Box<dyn Destination>,
    runtime: tokio::runtime::Runtime,
    token: String,
    _room: tempfile::TempDir,
}

impl Stage {
    /// Reads a place whose service is at `at`; `more` is added to its table.
    fn new(place: &str, at: &str, token: &str, more: &str) -> Self {
        Self::try_new(place, at, token, more).unwrap_or_else(|e| panic!("{e}"))
    }

    fn try_new(place: &str, at: &str, token: &str, more: &str) -> Result<Self, PlaceError> {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("token");
        std::fs::write(&path, token).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let kind = place.split(':').next().unwrap();
        let table = format!("url = \"http://{at}\"\ntoken = \"file:{}\"\n{more}\n", path.display());
        // Silence is waited for: shortly.
        let quick = Duration::from_millis(400);
        let reach = Reach {
            base: room.path().to_owned(),
            stamps: StampKey::new([7; 32]),
            door: Arc::new(Door::new(&[at.to_owned()]).unwrap().with_patience(quick, quick)),
            settings: BTreeMap::from([(kind.to_owned(), toml::from_str(&table).unwrap())]),
        };
        let there = parse(place, &reach)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Ok(Self { there, runtime, token: token.to_owned(), _room: room })
    }

    /// Passes an error on if it holds no secret.
    #[track_caller]
    fn told<T>(&self, result: Result<T, DestinationError>) -> Result<T, DestinationError> {
        result.inspect_err(|e| {
            let text = format!("{e} {e:?}");
            for secret in SECRETS.iter().chain([&self.token.as_str()]) {
                assert!(!text.contains(secret), "{text}");
            }
            assert!(text.starts_with(&self.there.place()), "it does not say where: {text}");
        })
    }

    #[track_caller]
    fn read(&self) -> Result<Meta, DestinationError> {
        self.told(self.runtime.block_on(self.there.read_meta()))
    }

    #[track_caller]
    fn write(&self, secret: &str, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.told(self.runtime.block_on(self.there.write(&credential(secret), at)))
    }

    #[track_caller]
    fn write_again(&self, secret: &str, at: &Stamp, begun: &[i64]) -> Result<Stamp, DestinationError> {
        self.told(self.runtime.block_on(self.there.write_again(&credential(secret), at, begun)))
    }

    #[track_caller]
    fn holds(&self, secret: &str) -> Result<Held, DestinationError> {
        self.told(self.runtime.block_on(self.there.read_back(&credential(secret))))
    }

    #[track_caller]
    fn activate(&self) -> Result<(), DestinationError> {
        self.told(self.runtime.block_on(self.there.activate()))
    }

    #[track_caller]
    fn restore(&self, secret: &str, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.told(self.runtime.block_on(self.there.restore(&credential(secret), at)))
    }
}

/// The key id that goes with a secret.
fn id_of(secret: &str) -> String {
    format!("id-of-{}", secret.chars().take(3).collect::<String>())
}

fn credential(secret: &str) -> Credential {
    Credential { key_id: Some(id_of(secret)), secret: Secret::new(secret.as_bytes().to_vec()) }
}

/// Names a result: `Lost`, or `done`.
fn word<T>(result: &Result<T, DestinationError>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(DestinationError::Absent(_)) => "Absent",
        Err(DestinationError::Denied(_)) => "Denied",
        Err(DestinationError::Changed(_)) => "Changed",
        Err(DestinationError::NotDone(_)) => "NotDone",
        Err(DestinationError::Lost(_)) => "Lost",
    }
}
