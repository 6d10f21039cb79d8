//! A person's word, by signature where the settings name who may give it.

use std::path::Path;

use keywright::respond::approval::{self, Asked, approvers};

use super::error::CliError;
use super::exit::Exit;
use super::rekey::{Rekey, actor};

/// The largest text or signature that is read, in bytes.
const LARGEST: u64 = 64 << 10;

/// Returns who says yes to what is asked: by signature where approvers are named, else whoever runs this. `of` is what
/// it is about, and `help` the command that says how to sign.
pub(crate) fn signer(
    asked: &Asked<'_>,
    signed: Option<&Path>,
    of: &str,
    help: &str,
    rekey: &Rekey,
) -> Result<String, CliError> {
    let refused = |what: String, why: String| CliError {
        what,
        why,
        fix: format!("see `{help} --help`, and [respond] approvers in your settings"),
        exit: Exit::Usage,
    };
    let lines = &rekey.respond.approvers;
    match (signed, lines.is_empty()) {
        (None, true) => Ok(actor()),
        (None, false) => Err(refused(
            format!("{of} is approved by a signature"),
            "the settings name who may approve".into(),
        )),
        (Some(_), true) => Err(refused("nobody may sign".into(), "the settings name no approvers".into())),
        (Some(file), false) => {
            let wrong = |why: String| refused(format!("{} is no approval", file.display()), why);
            let known = approvers(lines).map_err(|e| wrong(e.to_string()))?;
            let text = read(file).map_err(wrong)?;
            let text = String::from_utf8(text).map_err(|_| wrong("it is no text".into()))?;
            let mut beside = file.to_owned().into_os_string();
            beside.push(".sig");
            let signature = read(Path::new(&beside)).map_err(|e| wrong(format!("its signature: {e}")))?;
            approval::verify(asked, &text, &signature, &known, rekey.now()).map_err(|e| wrong(e.to_string()))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > LARGEST {
        return Err("it is too large".into());
    }
    std::fs::read(path).map_err(|e| e.to_string())
}
