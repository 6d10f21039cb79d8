//! The name of this start of the program, and whether the one that bears another name still runs: a
//! rotation whose runner was killed on this machine is taken up at once, without waiting for its lease to end.

use std::path::Path;

/// Names this start of the program: `PID.PLACE.RANDOM`, unlike any other that ever was.
pub(crate) fn name() -> String {
    let mut random = [0; 8];
    let _ = getrandom::fill(&mut random);
    format!("{}.{}.{}", std::process::id(), place(), data_encoding::HEXLOWER.encode(&random))
}

/// Tells whether a runner is known to be dead: it ran under this very kernel, in this very space of process
/// numbers, and there is no process of its number. Of any other nothing is known.
pub(crate) fn is_dead(name: &str) -> bool {
    let mut parts = name.split('.');
    let (Some(pid), Some(there), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_number = !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    is_number && !there.is_empty() && there == place() && !Path::new("/proc").join(pid).exists()
}

/// Names the kernel's start and the space of process numbers; empty where that cannot be known.
fn place() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").map(|p| p.display().to_string()).unwrap_or_default();
    // Without either, two machines could be taken for one.
    if boot.trim().is_empty() || space.is_empty() || !Path::new("/proc/self/stat").exists() {
        return String::new();
    }
    let keep = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    format!("{}{}", keep(&boot), keep(&space))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_and_the_far_are_not_dead() {
        assert!(!is_dead(&name()));
        let (_, rest) = name().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        // No process has a number this large.
        assert_eq!(is_dead(&format!("4194999.{rest}")), !place().is_empty());
        for far in ["4194999..aa", "4194999.elsewhere.aa", "x.y.z", "", "4194999", "../self.a.b"] {
            assert!(!is_dead(far), "{far}");
        }
    }
}
