//! The places of a desk's key, by their kinds: how they are laid out, how the operator names them, what is
//! in force at them.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::atlasvpn::Key;
use crate::support::double::Fault;
use crate::support::vault::{VAULT_TOKEN, Vault};
use crate::support::vercel::{self, Vercel};

/// What kind of places the key is used at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Two variables of a `.env` file.
    Dotenv,
    /// A URL in a `.env` file.
    Url,
    /// A program of the operator's.
    Exec,
    /// Two fields of a secret in Vault.
    Vault,
    /// Two variables at Vercel, of which nobody can read the secret.
    Sensitive,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Dotenv, Self::Url, Self::Exec, Self::Vault, Self::Sensitive];
}

pub(super) const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// What a place holds: key id and secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held(pub(super) String, pub(super) String);

/// One place for each environment.
pub(super) struct Places {
    kind: Kind,
    room: PathBuf,
    vault: Option<Vault>,
    vercel: Option<Vercel>,
}

impl Places {
    /// Lays them out in a room, with a key.
    pub(super) fn new(kind: Kind, room: &Path, key: &Key) -> Self {
        let mut places = Self { kind, room: room.to_owned(), vault: None, vercel: None };
        let Key { key_id, secret, .. } = key;
        let fill = |text: String| {
            for environment in ENVIRONMENTS {
                std::fs::write(places.file(environment), &text).unwrap();
            }
        };
        match kind {
            Kind::Dotenv => {
                fill(format!("# the proxy\nAVP_KEY_ID={key_id}\nAVP_SECRET='{secret}'\nOTHER=1\n"));
            }
            Kind::Url => {
                fill(format!("A=b\nPROXY=\"http://{key_id}:{secret}@api.atlasvpn.live:7777/x?y=1#z\"\n"));
            }
            Kind::Exec => {
                fill(format!("{key_id} {secret}\n"));
                std::fs::write(room.join("place.sh"), PROGRAM).unwrap();
            }
            Kind::Vault => {
                let held = json!({ "key_id": key_id, "secret": secret, "port": 7777 });
                let vault = Vault::start(held.clone());
                for environment in ENVIRONMENTS {
                    vault.state().put(&format!("secret/data/{environment}"), held.clone());
                }
                places.keep("vault", VAULT_TOKEN);
                places.vault = Some(vault);
            }
            Kind::Sensitive => {
                let vercel = vercel::start(&[
                    ("AVP_SECRET", secret, "sensitive", &["preview"]),
                    ("AVP_KEY_ID", key_id, "plain", &["preview"]),
                    ("AVP_SECRET", secret, "sensitive", &["production"]),
                    ("AVP_KEY_ID", key_id, "sensitive", &["production"]),
                ]);
                vercel.state().usual = &["READY"];
                places.keep("vercel", vercel::TOKEN);
                places.vercel = Some(vercel);
            }
        }
        places
    }

    /// Puts a token down for nobody else.
    fn keep(&self, kind: &str, token: &str) {
        let file = self.token(kind);
        std::fs::write(&file, token).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    fn token(&self, kind: &str) -> PathBuf {
        self.room.join(format!("{kind}-token"))
    }

    /// Returns what the operator's settings say of them: who is called, and how.
    pub(super) fn settings(&self) -> Option<(&str, String)> {
        let (kind, at) = match (&self.vault, &self.vercel) {
            (Some(vault), _) => ("vault", vault.place()),
            (_, Some(vercel)) => ("vercel", vercel.place()),
            _ => return None,
        };
        let token = self.token(kind);
        Some((
            at,
            format!("\n[destinations.{kind}]\nurl = \"http://{at}\"\ntoken = \"file:{}\"\n", token.display()),
        ))
    }

    /// Returns the file in which an environment keeps its key.
    pub(super) fn file(&self, environment: &str) -> PathBuf {
        self.room.join(format!("{environment}.env"))
    }

    /// Returns a place as the operator writes it.
    pub(super) fn name(&self, environment: &str) -> String {
        let file = self.file(environment);
        let file = file.display();
        match self.kind {
            Kind::Dotenv => format!("dotenv:{file}#AVP_SECRET,key_id=AVP_KEY_ID"),
            Kind::Url => format!("dotenv:{file}#PROXY@url"),
            Kind::Exec => format!("exec:/bin/sh {} {file}", self.room.join("place.sh").display()),
            Kind::Vault => format!("vault:secret/{environment}#secret,key_id=key_id"),
            Kind::Sensitive => {
                format!("vercel:shop#AVP_SECRET,key_id=AVP_KEY_ID@{}", target(environment))
            }
        }
    }

    /// Returns what is in force in an environment.
    pub(super) fn held(&self, environment: &str) -> Held {
        if let Some(vault) = &self.vault {
            let state = vault.state();
            let data = &state.secrets[&format!("secret/data/{environment}")].last().unwrap().data;
            let of = |name: &str| data[name].as_str().unwrap().to_owned();
            return Held(of("key_id"), of("secret"));
        }
        if let Some(vercel) = &self.vercel {
            let of = |name: &str| vercel.state().running(target(environment), name);
            return Held(of("AVP_KEY_ID"), of("AVP_SECRET"));
        }
        let text = std::fs::read_to_string(self.file(environment)).unwrap();
        let (id, secret) = match self.kind {
            Kind::Url => {
                text.split("http://").nth(1).unwrap().split('@').next().unwrap().split_once(':').unwrap()
            }
            Kind::Exec => text.trim().split_once(' ').unwrap(),
            _ => {
                let of = |name: &str| {
                    let line = text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default();
                    line.trim_matches('\'').to_owned()
                };
                return Held(of("AVP_KEY_ID="), of("AVP_SECRET="));
            }
        };
        Held(id.to_owned(), secret.to_owned())
    }

    /// Returns what an environment of a place that nobody can read is to be deployed with.
    pub(super) fn stored(&self, environment: &str) -> Held {
        let vercel = self.vercel.as_ref().unwrap();
        let of = |name: &str| vercel.state().value_for(target(environment), name);
        Held(of("AVP_KEY_ID"), of("AVP_SECRET"))
    }

    /// Writes a key to a place that nobody can read, as a person does who is asked to.
    pub(super) fn put(&self, environment: &str, held: &Held) {
        let Some(vercel) = &self.vercel else { return };
        vercel.state().set_for(target(environment), "AVP_KEY_ID", &held.0);
        vercel.state().set_for(target(environment), "AVP_SECRET", &held.1);
    }

    /// Loses the answers of so many writes to come.
    pub(super) fn lose_writes(&self, count: usize) {
        let vercel = self.vercel.as_ref().unwrap();
        (0..count).for_each(|_| vercel.fault("PATCH", Fault::DropReply));
    }

    /// Moves the clocks of services on: so many seconds since the beginning.
    pub(super) fn pass(&self, moved: i64) {
        if let Some(vercel) = &self.vercel {
            vercel.state().moved = moved;
        }
    }
}

/// Names an environment as Vercel does.
fn target(environment: &str) -> &'static str {
    if environment == "staging" { "preview" } else { "production" }
}

/// A program that keeps `key_id secret` in a file. Its stamps are the file's words' lengths and ends: they
/// change with the key.
const PROGRAM: &str = r#"
line=$(cat)
field() { printf '%s' "$line" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
read -r id secret < "$1"
stamp=$(printf '%s' "$id $secret" | cksum | tr ' ' -)
case $(field verb) in
read_meta) printf '{"key_id":"%s","secret":"%s","stamp":"%s"}' "$id" "$secret" "$stamp" ;;
read_back)
    if [ "$id $secret" = "$(field key_id) $(field secret)" ]; then held=wanted; else held=other; fi
    printf '{"held":"%s"}' "$held" ;;
write | restore)
    new="$(field key_id) $(field secret)"
    if [ "$new" != "$id $secret" ] && [ "$(field stamp)" != "$stamp" ]; then echo '{"error":"changed"}'; exit; fi
    printf '%s\n' "$new" > "$1.new" && mv "$1.new" "$1"
    printf '{"stamp":"%s"}' "$(printf '%s' "$new" | cksum | tr ' ' -)" ;;
*) echo '{"unsupported":true}' ;;
esac
"#;
