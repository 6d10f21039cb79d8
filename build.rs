//! Lists the files in `rules/`, so that a new provider is one new file, and prepares them, so that a
//! start need not parse them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use prepared::{Prepared, Studied, Taped};
use raw::RawRule;

// The program's own readers: what is prepared here and what is read at run time cannot differ.
#[path = "src/rule/class.rs"]
#[expect(unreachable_pub, reason = "a build script has no public items")]
mod class;
#[path = "src/rule/edge.rs"]
#[expect(dead_code, unreachable_pub, reason = "the program uses the rest")]
mod edge;
#[path = "src/rule/literal.rs"]
#[expect(dead_code, unreachable_pub, reason = "the program uses the rest")]
mod literal;
#[path = "src/rule/prepared.rs"]
mod prepared;
#[path = "src/rule/raw.rs"]
#[expect(dead_code, reason = "the program uses the rest")]
mod raw;

fn main() {
    println!("cargo::rerun-if-changed=rules");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules");
    let mut files: Vec<PathBuf> = fs::read_dir(&root)
        .expect("rules/ is there")
        .map(|entry| entry.expect("rules/ can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    let mut list = String::from("const FILES: &[(&str, &str)] = &[\n");
    let mut tape = Vec::new();
    for path in &files {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = format!("rules/{}", path.file_name().expect("a file has a name").to_string_lossy());
        let _ = writeln!(list, "    ({name:?}, include_str!({path:?})),");
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"));
        let start = tape.len();
        prepare(&name, &text).put(&mut tape);
        assert!(reads_back(&tape[start..]), "{name}: it does not read back as it was written");
    }
    list.push_str("];\n");
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(target.join("rules.rs"), list).expect("OUT_DIR can be written");
    fs::write(target.join("rules.bin"), tape).expect("OUT_DIR can be written");
}

fn reads_back(mut tape: &[u8]) -> bool {
    let (written, mut again) = (tape, Vec::new());
    Prepared::take(&mut tape).put(&mut again);
    again == written && tape.is_empty()
}

fn prepare(name: &str, text: &str) -> Prepared {
    let raw: raw::RawFile = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let studied = raw.rules.iter().map(|rule| studied(name, rule.get_ref())).collect();
    Prepared { raw, studied }
}

fn studied(name: &str, rule: &RawRule) -> Studied {
    let broken = |why: String| -> ! { panic!("{name}: rule {:?}: {why}", rule.id) };
    let class = |text: &toml::Spanned<String>| {
        class::ByteClass::parse(text.get_ref()).unwrap_or_else(|why| broken(why))
    };
    Studied {
        expression: rule
            .regex
            .as_ref()
            .map(|text| literal::study(text.get_ref()).unwrap_or_else(|why| broken(why))),
        not_before: rule.not_before.as_ref().map(class),
        not_after: rule.not_after.as_ref().map(class),
    }
}
