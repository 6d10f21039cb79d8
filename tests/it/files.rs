//! Files, folders and streams: what is read of them, and what is left alone.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use crate::support::{Folder, Repo, filled, key, nth_key};

const FOUND: &str = "working-tree a.env:1 github-personal-token";

#[test]
fn an_ignored_file_counts_only_if_git_tracks_it() {
    let repo = Repo::new();
    repo.write(".gitignore", "*.env\n").write("tracked.env", key("github")).stage("tracked.env");
    repo.write("untracked.env", nth_key("github", 2));
    let run = repo.scan(["--files"]).exits(1);
    assert_eq!(run.found(), ["working-tree tracked.env:1 github-personal-token"]);
}

#[test]
fn what_only_another_tool_ignores_counts() {
    let repo = Repo::new();
    repo.write(".ignore", "a.env\n").write("a.env", key("github"));
    assert_eq!(repo.scan(["--files"]).exits(1).found(), [FOUND]);
}

#[test]
fn hidden_files_count() {
    let repo = Repo::new();
    repo.write(".config/.env", key("github"));
    repo.scan(["--files"]).exits(1);
}

#[test]
#[cfg(unix)]
fn a_link_out_of_the_repository_is_not_followed() {
    let repo = Repo::new();
    fs::create_dir(repo.outside("elsewhere")).unwrap();
    fs::write(repo.outside("elsewhere/a.env"), key("github")).unwrap();
    repo.write("readme", "hello\n");
    std::os::unix::fs::symlink("../elsewhere", repo.path("folder")).unwrap();
    std::os::unix::fs::symlink("../elsewhere/a.env", repo.path("file")).unwrap();
    std::os::unix::fs::symlink(".", repo.path("circle")).unwrap();
    let run = repo.scan(["--files"]).exits(0);
    assert_eq!(run.json()["coverage"]["files"], 1);
    repo.commit("links").scan::<&str>([]).exits(0);
}

#[test]
#[cfg(unix)]
fn a_link_laid_over_a_tracked_folder_is_not_followed() {
    let repo = Repo::new();
    repo.write("sub/a.env", "nothing\n").write("readme", "hello\n").commit("first");
    fs::create_dir(repo.outside("elsewhere")).unwrap();
    fs::write(repo.outside("elsewhere/a.env"), key("github")).unwrap();
    fs::remove_dir_all(repo.path("sub")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", repo.path("sub")).unwrap();
    repo.scan(["--files"]).exits(0);
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_tree_does_not_hang_the_scan() {
    let repo = Repo::new();
    repo.write("a.env", key("github"));
    assert!(Command::new("mkfifo").arg(repo.path("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(repo.path("socket")).unwrap();
    assert_eq!(repo.scan(["--files"]).exits(1).found(), [FOUND]);
    let run = repo.scan(["pipe"]);
    assert_eq!(run.found().len(), 0);
}

#[test]
fn utf16_with_a_byte_order_mark_is_read() {
    let repo = Repo::new();
    let text = format!("first line\nTOKEN={}\n", key("github"));
    let little: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    repo.write("big.ps1", big).write("little.ps1", little).commit("from windows");
    let found =
        ["working-tree big.ps1:2 github-personal-token", "working-tree little.ps1:2 github-personal-token"];
    assert_eq!(repo.scan::<&str>([]).exits(1).found(), found);
    let run = repo.scan(["--range", &format!("{}..HEAD", "0".repeat(40))]).exits(1);
    assert_eq!(run.found().len(), 2);
}

#[test]
fn a_folder_or_a_file_of_a_repository_is_read_without_its_history() {
    let repo = Repo::new();
    repo.write("gone.env", nth_key("github", 9)).commit("add").remove("gone.env").commit("remove");
    repo.write("sub/a.env", key("github")).write("other/b.env", nth_key("github", 2));
    let found = ["working-tree sub/a.env:1 github-personal-token"];
    assert_eq!(repo.scan(["sub"]).exits(1).found(), found);
    assert_eq!(repo.scan(["sub/"]).exits(1).found(), found);
    assert_eq!(repo.scan(["./sub/a.env"]).exits(1).found(), found);
    assert_eq!(repo.scan([repo.path("sub/a.env")]).exits(1).found(), found);
    assert_eq!(repo.scan(["sub", "other"]).exits(1).found().len(), 2);
}

#[test]
fn an_ignored_file_that_is_named_is_read() {
    let repo = Repo::new();
    repo.write(".gitignore", "a.env\n").write("a.env", key("github"));
    assert_eq!(repo.scan(["a.env"]).exits(1).found(), [FOUND]);
}

#[test]
fn in_a_subfolder_the_whole_repository_is_meant() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).write("sub/b", "b\n").commit("add");
    let run = crate::support::Program::new(&repo.path("sub"), &repo.outside("")).scan::<&str>([]).exits(1);
    assert_eq!(run.found(), [FOUND]);
}

#[test]
fn a_folder_outside_any_repository_is_read() {
    let folder = Folder::new();
    fs::write(folder.path().join("a.env"), key("github")).unwrap();
    let run = folder.program().scan(["."]).exits(1);
    assert_eq!(run.found(), [FOUND]);
}

#[test]
fn a_file_above_a_repository_is_read() {
    let repo = Repo::new();
    fs::write(repo.outside("a.env"), key("github")).unwrap();
    repo.scan(["../a.env"]).exits(1);
}

#[test]
fn a_stream_goes_by_the_name_it_was_given() {
    let folder = Folder::new();
    let text = format!("one\ntwo {}\n", key("github"));
    let run = folder.program().input(text.clone()).scan(["-"]).exits(1);
    assert_eq!(run.found(), ["stdin stdin:2 github-personal-token"]);
    let run = folder.program().input(text).scan(["-", "--stdin-path", "src/a.env"]).exits(1);
    assert_eq!(run.found(), ["stdin src/a.env:2 github-personal-token"]);
    folder.program().input("nothing").scan(["-"]).exits(0);
}

#[test]
fn a_binary_file_is_searched_too() {
    let repo = Repo::new();
    repo.write("a.bin", [&[0u8, 1, 2, 3], key("github").as_bytes(), &[0, 9]].concat()).commit("add");
    repo.scan::<&str>([]).exits(1);
}

/// Bytes of one piece of a stream.
const PIECE: usize = 16 << 20;

#[test]
fn keys_in_a_large_text_are_found_on_their_lines() {
    // More than is held at once, with a key over the first seam and one at the very end.
    let repo = Repo::new();
    let mut file = File::create(repo.path("large.log")).unwrap();
    let line = [&[b'.'; 127][..], b"\n"].concat();
    let block = line.repeat(8192);
    let seam = filled("ghp_{base62:30}{github-crc32}", 7);
    for n in 0..200 {
        if (n + 1) * block.len() == PIECE {
            let mut cut = block.clone();
            let at = cut.len() - 20;
            cut.truncate(at);
            file.write_all(&cut).unwrap();
            file.write_all(format!(" {seam}\n").as_bytes()).unwrap();
        } else {
            file.write_all(&block).unwrap();
        }
    }
    file.write_all(format!("end = {}", key("github")).as_bytes()).unwrap();
    let run = repo.scan(["--files"]).exits(1);
    let at_seam = PIECE / line.len();
    let at_end = 200 * 8192 + 1;
    assert_eq!(
        run.found(),
        [
            format!("working-tree large.log:{at_seam} github-personal-token"),
            format!("working-tree large.log:{at_end} github-personal-token"),
        ]
    );
}
