//! A key that is public by design: the pages that embed it, and a patch for its new one (R68).

use crate::support::{Repo, filled};

#[test]
fn the_pages_that_embed_a_forms_key_are_found_and_patched() {
    let repo = Repo::new();
    let old = filled("{base62:32}", 1);
    let new = filled("{base62:32}", 2);
    repo.write("config.js", format!("const APIVERVE_FORMS_KEY = \"{old}\";\n"));
    let page = format!("<html>\n<form data-key=\"{old}\">\n<input>\n</form>\n</html>\n");
    repo.write("site/contact.html", &page).write("site/about.html", "<html></html>\n");
    let found = repo.run(["keys", "embeds", "config.js:1", "--in", "."]).exits(1);
    for words in ["config.js  1 times", "site/contact.html  1 times"] {
        assert!(found.text().contains(words), "{words}: {found:?}");
    }
    assert!(!found.text().contains("about.html"));
    let words = ["keys", "embeds", "config.js:1", "--in", ".", "--patch"];
    let patch = repo.program().input(format!("{new}\n")).run(words).exits(1);
    repo.git_with(["apply", "-"], &patch.stdout);
    assert_eq!(std::fs::read_to_string(repo.path("site/contact.html")).unwrap(), page.replace(&old, &new));
    let cut = repo.program().input("a b\n").run(words).exits(2);
    assert!(cut.stderr.contains("no such key"), "{cut:?}");
}

#[test]
fn a_key_that_is_no_ones_to_see_is_not_printed_into_a_patch() {
    let repo = Repo::new();
    let token = filled("ghp_{base62:30}{github-crc32}", 1);
    repo.write("a.txt", format!("token: {token}\n"));
    let run = repo.run(["keys", "embeds", "a.txt:1", "--patch"]).exits(2);
    assert!(run.stderr.contains("not public by design"), "{run:?}");
    assert!(!run.text().contains(&token));
}
