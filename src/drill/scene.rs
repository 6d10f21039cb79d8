//! The scene: a folder with a repository, a remote that strangers read, a key that two places use, and an
//! inventory that knows it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::atlasvpn::AtlasVpn;
use super::remote::{self, Remote};
use super::render::{Render, SERVICE};
use super::run::{Ran, Runner};
use super::settings::{self, Places};
use super::{DrillError, Wishes};
use crate::http::Door;
use crate::provider;
use crate::seal::{KeyFile, Sealer};
use crate::store::{ChainKey, Store};

/// What the key is called in the inventory.
pub(super) const KEY: &str = "shop-proxy";
/// The names of the two variables.
pub(super) const VARIABLES: (&str, &str) = ("AVP_KEY_ID", "AVP_SECRET");
/// For how long the inventory has known the key: a store younger than an hour answers nothing by itself.
const KNOWN: i64 = 2 * 3_600_000;

/// Everything that a drill needs.
pub(super) struct Scene {
    root: PathBuf,
    pub(super) runner: Arc<Runner>,
    pub(super) vpn: AtlasVpn,
    pub(super) render: Render,
    pub(super) remote: Remote,
    runtime: tokio::runtime::Runtime,
    signs_in: Vec<(&'static str, String)>,
}

impl Scene {
    /// Lays everything out.
    ///
    /// # Errors
    /// [`DrillError`]: without it there is no drill.
    pub(super) fn lay(wishes: &Wishes) -> Result<Self, DrillError> {
        let root = wishes.folder.canonicalize()?;
        for folder in ["home", "served", "app", "reports"] {
            fs::create_dir(root.join(folder))?;
        }
        let runner = Arc::new(Runner::new(&wishes.binary, &root.join("home")));
        let vpn = AtlasVpn::start()?;
        let (key_id, secret) = vpn.key();
        let render = Render::start(&[(VARIABLES.0, &key_id), (VARIABLES.1, &secret)])?;
        let bare = root.join("served").join(remote::NAME);
        let remote = Remote::start(runner.clone(), bare)?;
        let signs_in = vec![
            ("KEYWRIGHT_CONFIG", root.join("keywright.toml").display().to_string()),
            ("SUPABASE_URL", format!("http://{}", vpn.api())),
            ("SUPABASE_SERVICE_KEY", vpn.login.apikey.clone()),
            ("AVP_BOT_EMAIL", vpn.login.email.clone()),
            ("AVP_BOT_PASSWORD", vpn.login.password.clone()),
            ("DRILL_RENDER_TOKEN", render.token.clone()),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let scene = Self { root, runner, vpn, render, remote, runtime, signs_in };
        scene.repository()?;
        let places = Places {
            api: &scene.vpn.api(),
            gateway: &scene.vpn.gateway(),
            render: &scene.render.place(),
            remote: &scene.remote.place(),
            repository: &scene.app(),
        };
        fs::write(scene.path("keywright.toml"), settings::write(wishes.policy.as_ref(), &places))?;
        let mut staging = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(scene.path("staging.env"))?;
        writeln!(staging, "{}={key_id}\n{}={secret}", VARIABLES.0, VARIABLES.1)?;
        scene.inventory(&key_id)?;
        Ok(scene)
    }

    /// Returns the path of something in the drill's folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Returns the folder of the repository.
    pub(super) fn app(&self) -> PathBuf {
        self.path("app")
    }

    /// Runs this very program as somebody, and tells each line it says.
    ///
    /// # Errors
    /// It could not be run to its end.
    pub(super) fn keywright(
        &self,
        who: &str,
        words: &[&str],
        heard: &mut dyn FnMut(&str),
    ) -> Result<Ran, DrillError> {
        let mut more: Vec<_> = self.signs_in.iter().map(|(name, value)| (*name, value.as_str())).collect();
        more.push(("KEYWRIGHT_ACTOR", who));
        self.runner.keywright(&self.root, words, &more, heard)
    }

    /// Looks into the drill's store, which no other program has open then.
    ///
    /// # Errors
    /// It cannot be opened, or what is asked of it fails.
    pub(super) fn look<T>(
        &self,
        ask: impl AsyncFnOnce(&Store) -> Result<T, DrillError>,
    ) -> Result<T, DrillError> {
        let kept = self.path("home/.local/state/keywright");
        let sealer = Sealer::new(KeyFile::read_or_make(&kept.join("seal.key"))?);
        let url = format!("sqlite:{}", kept.join("store.db").display());
        self.runtime.block_on(async {
            let store = Store::open(&url, None, ChainKey::new(sealer.derive("audit"))).await?;
            let said = ask(&store).await;
            store.close().await;
            said
        })
    }

    /// A repository with one commit, pushed to where strangers read.
    fn repository(&self) -> Result<(), DrillError> {
        let (app, bare) = (self.app(), self.path("served").join(remote::NAME));
        let bare = bare.display().to_string();
        let git = |folder: &Path, words: &[&str]| self.runner.git_well(folder, words).map(drop);
        git(&self.path("served"), &["init", "-q", "--bare", remote::NAME])?;
        git(&app, &["init", "-q"])?;
        for folder in [Path::new(&bare), &app] {
            git(folder, &["symbolic-ref", "HEAD", "refs/heads/main"])?;
        }
        for (name, value) in [("user.name", "Ann"), ("user.email", "ann@example.com")] {
            git(&app, &["config", name, value])?;
        }
        // Read from where everybody reads; pushed into the folder, which nobody else can.
        git(&app, &["remote", "add", "origin", &self.remote.address()])?;
        git(&app, &["config", "remote.origin.pushurl", &bare])?;
        fs::write(app.join("README"), "The shop.\n")?;
        git(&app, &["add", "README"])?;
        git(&app, &["commit", "-q", "-m", "the shop"])?;
        git(&app, &["push", "-q", "origin", "main"])
    }

    /// Puts the key down, and lets the inventory have known it for a while.
    fn inventory(&self, key_id: &str) -> Result<(), DrillError> {
        let variables = format!("{},key_id={}", VARIABLES.1, VARIABLES.0);
        let words = [
            "keys".to_owned(),
            "add".into(),
            KEY.into(),
            "--provider=atlasvpn".into(),
            format!("--key-id={key_id}"),
            "--owner=ann@example.com".into(),
            format!("--destination=staging=dotenv:{}#{variables}", self.path("staging.env").display()),
            format!("--destination=production=render:{SERVICE}#{variables}"),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let added = self.keywright("ann", &words, &mut |_| {})?;
        if !added.is_well() {
            return Err(DrillError::Run("keywright keys add".into(), added.last().into()));
        }
        self.look(async |store| {
            if let Some(mut key) = store.key(KEY).await? {
                key.added = Timestamp::now().as_millisecond() - KNOWN;
                store.put_key(&key).await?;
            }
            Ok(())
        })
    }
}

/// Returns within which time the provider itself says that a secret stops, in seconds.
pub(super) fn stated() -> u64 {
    let door = Door::new(&[]).ok();
    let provider = door.and_then(|d| provider::by_id("atlasvpn", &serde_json::json!({}), d.into()).ok());
    provider.map_or(30, |p| p.card().dead_within)
}
