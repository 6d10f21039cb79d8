//! Named points at which a test may stop the program dead, behind the cargo feature `kill-points`;
//! without it nothing of this is in the program.

/// Passes a point.
#[cfg(not(feature = "kill-points"))]
#[inline]
pub(crate) fn point(_name: &str) {}

/// Passes a point: the one that `KEYWRIGHT_KILL_AT` counts to, or names, is the last. `KEYWRIGHT_KILL_LOG` names
/// a file to which every point's name is added. At the point that `KEYWRIGHT_PAUSE_AT` names, the file
/// `KEYWRIGHT_PAUSE_FILE` is made, and nothing goes on before it is taken away.
#[cfg(feature = "kill-points")]
pub(crate) fn point(name: &str) {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let number = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(file) = std::env::var_os("KEYWRIGHT_KILL_LOG") {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(file);
        log.and_then(|mut log| writeln!(log, "{name}")).expect("the log of points can be written");
    }
    if std::env::var("KEYWRIGHT_PAUSE_AT").is_ok_and(|at| at == name) {
        let file = std::env::var_os("KEYWRIGHT_PAUSE_FILE").map(std::path::PathBuf::from).unwrap_or_default();
        std::fs::write(&file, name).expect("the file can be made");
        while file.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    if std::env::var("KEYWRIGHT_KILL_AT").is_ok_and(|at| at == name || at.parse() == Ok(number)) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}
