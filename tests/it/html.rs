//! The page, as the program writes it and as a real browser shows it.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Browser, Repo, key, nth_key};

/// What somebody who means harm writes into every name there is.
const HARM: &str = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>";

/// A shop with leaks of many kinds.
fn shop() -> Repo {
    let repo = Repo::new();
    let env =
        |stripe: &str, github: &str| format!("STRIPE_KEY={stripe}\nDEPLOY_TOKEN={github} # for the runner\n");
    repo.write("README.md", "# Shop\n").commit("a beginning");
    repo.write("deploy/prod.env", env(&key("stripe"), &key("github")));
    repo.write("src/chat.py", format!("client = OpenAI(api_key=\"{}\")\n", key("openai")));
    repo.commit_as("wire it up", "Ann Author <ann@example.com>", "2026-02-03T10:15:00+01:00");
    repo.write("deploy/staging.env", env(&key("stripe"), "none"));
    repo.commit_as("staging as well", "Ben Builder <ben@example.com>", "2026-03-04T17:40:00+00:00");
    repo.write("proxy.json", format!("{{\"basicAuth\": \"{}\"}}\n", key("atlasvpn basicAuth")));
    repo.write("docs/keys.md", format!("The id is {}.\n", nth_key("aws id", 7)));
    repo.commit_as("proxy", "Cleo Coder <cleo@example.com>", "2026-05-06T08:09:00+02:00");
    let let_be = format!("token = \"{}\" # keywright:allow -- made for the tests\n", nth_key("github", 2));
    repo.write("tests/login.py", let_be).remove("proxy.json").remove("src/chat.py");
    repo.commit_as("tests for the login", "Ben Builder <ben@example.com>", "2026-06-07T12:00:00+00:00");
    repo.git(["tag", "v1"]);
    repo
}

/// Scans a repository and returns the page, beside it.
fn page(repo: &Repo) -> PathBuf {
    let page = repo.outside("report.html");
    repo.run(["scan", "--format", "html", "--output", page.to_str().unwrap()]).exits(1);
    page
}

/// Chooses a value in one of the page's lists.
fn choose(browser: &Browser, list: &str, value: &str) {
    browser.run(&format!(
        "const list = document.getElementById('{list}');
         list.value = '{value}'; list.dispatchEvent(new Event('change'))"
    ));
}

/// Ticks or unticks a filter.
fn tick(browser: &Browser, word: &str) {
    browser.run(&format!("document.querySelector('#filters input[data-value=\"{word}\"]').click()"));
}

/// Types into the search field, after emptying it.
fn search(browser: &Browser, text: &str) {
    browser.run(&format!(
        "const field = document.getElementById('q');
         field.value = '{text}'; field.dispatchEvent(new Event('input'))"
    ));
}

/// Returns the headings of the cards that are to be seen, in their order.
fn heads(browser: &Browser) -> Vec<String> {
    let heads = browser.run("return [...document.querySelectorAll('#list h3')].map(h => h.textContent)");
    serde_json::from_value(heads).unwrap()
}

/// Waits until the page counts so many findings.
fn counts(browser: &Browser, words: &str) {
    browser.wait(&format!("return document.querySelector('[role=status]').innerText === '{words}'"));
}

#[test]
fn the_page_is_one_file_without_a_secret() {
    let repo = shop();
    let page = std::fs::read_to_string(page(&repo)).unwrap();
    for secret in [key("stripe"), key("github"), key("openai"), nth_key("github", 2), nth_key("aws id", 7)] {
        assert!(!page.contains(&secret));
    }
    assert!(page.contains("<h1>4 leaks</h1>") && page.contains("default-src 'none'"));
    assert!(page.contains("suppressed, inline keywright:allow: made for the tests"));
}

#[test]
fn a_reader_filters_and_groups_in_the_browser() {
    let repo = shop();
    let page = page(&repo);
    let Some(browser) = Browser::start(1280, 1000) else { return };
    browser.open(&page);
    counts(&browser, "7 findings · 6 secrets");
    assert_eq!(heads(&browser)[0], "Stripe secret or restricted key, live");

    tick(&browser, "high");
    counts(&browser, "1 of 7 findings · 1 secret");
    assert_eq!(heads(&browser), ["OpenAI API key"]);
    tick(&browser, "high");
    tick(&browser, "suppressed");
    assert_eq!(heads(&browser), ["GitHub personal access token (classic)"]);
    tick(&browser, "suppressed");
    tick(&browser, "stripe-live-key");
    counts(&browser, "2 of 7 findings · 1 secret");
    tick(&browser, "stripe-live-key");

    choose(&browser, "group", "file");
    choose(&browser, "sort", "name");
    let files = [
        "deploy/prod.env",
        "deploy/staging.env",
        "docs/keys.md",
        "proxy.json",
        "src/chat.py",
        "tests/login.py",
    ];
    assert_eq!(heads(&browser), files);
    choose(&browser, "group", "author");
    let authors =
        ["Ann Author <ann@example.com>", "Ben Builder <ben@example.com>", "Cleo Coder <cleo@example.com>"];
    assert_eq!(heads(&browser), authors);
    choose(&browser, "group", "commit");
    choose(&browser, "sort", "newest");
    let newest = repo.id("HEAD");
    assert_eq!((heads(&browser).len(), &*heads(&browser)[0]), (4, &*format!("commit {}", &newest[..10])));
    choose(&browser, "group", "rule");
    assert_eq!(heads(&browser).len(), 5);

    choose(&browser, "group", "secret");
    search(&browser, "BEN staging");
    counts(&browser, "1 of 7 findings · 1 secret");
    search(&browser, "nowhere at all");
    counts(&browser, "0 of 7 findings · 0 secrets");
    // Keys: `/` goes to the search, Escape empties it.
    browser.run("document.activeElement.blur(); document.body.focus()");
    type_keys(&browser, "/x\u{e00c}");
    counts(&browser, "7 findings · 6 secrets");
    assert_eq!(browser.run("return document.activeElement.id"), "q");

    assert_eq!(browser.complaints(), [""; 0]);
}

/// Presses keys, one after the other.
fn type_keys(browser: &Browser, keys: &str) {
    let presses = keys.chars().flat_map(|key| {
        let key = key.to_string();
        [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
    });
    let presses: Vec<_> = presses.collect();
    let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": presses }] });
    browser.tell("POST", "/actions", &actions);
}

#[test]
fn a_hostile_repository_does_nothing_in_the_page() {
    let repo = Repo::new();
    let token = key("github");
    repo.write(format!("{HARM}/a.env"), format!("{HARM} TOKEN={token} {HARM}\n"));
    repo.git(["add", "--all"]);
    let tree = repo.git(["write-tree"]);
    let who = format!("{HARM} <{}> 1700000000 +0000", "x@example.com");
    let message = format!("{HARM} TOKEN={}", nth_key("github", 2));
    let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}\n");
    let id = repo.store("commit", commit.as_bytes());
    let branch = HARM.replace([' ', '?'], "/");
    repo.git(["update-ref", "refs/heads/main", &id]);
    repo.git(["update-ref", &format!("refs/heads/{branch}"), &id]);
    let page = page(&repo);

    let Some(browser) = Browser::start(1280, 1000) else { return };
    browser.open(&page);
    for by in ["secret", "file", "rule", "commit", "author"] {
        choose(&browser, "group", by);
        search(&browser, "onerror");
        counts(&browser, "2 findings · 2 secrets");
        let strange = browser.run(
            "return [document.title, document.images.length, document.scripts.length,
                     document.querySelector('#list').textContent.includes(\"<img src=x onerror=document\")]",
        );
        assert_eq!(
            strange,
            json!(["2 leaks · project: working tree, index and history", 0, 1, true]),
            "{by}"
        );
    }
    assert_eq!(browser.complaints(), [""; 0]);

    // The policy holds, and a breach of it would have been seen.
    browser.run("new Image().src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='");
    browser.run("try { document.body.innerHTML = '<b>x</b>' } catch {}");
    let complaints = browser.complaints();
    assert!(complaints.iter().any(|text| text.contains("img-src")), "{complaints:?}");
    assert!(complaints.iter().any(|text| text.contains("TrustedHTML")), "{complaints:?}");
}

#[test]
fn what_is_not_in_the_page_as_elements_is_read_filtered_and_grown() {
    let repo = Repo::new();
    for file in 0..40 {
        let keys: Vec<_> = (0..10).map(|n| format!("T={}\n", nth_key("github", file * 10 + n))).collect();
        repo.write(format!("{file:02}.env"), keys.concat());
    }
    repo.commit("many");
    let page = page(&repo);
    let Some(browser) = Browser::start(1280, 1000) else { return };
    browser.open(&page);
    counts(&browser, "400 findings · 400 secrets");
    assert_eq!(heads(&browser).len(), 40);
    search(&browser, "39.env");
    counts(&browser, "10 of 400 findings · 10 secrets");
    search(&browser, "");
    counts(&browser, "400 findings · 400 secrets");
    browser.run("scrollTo(0, document.body.scrollHeight)");
    browser.wait("return document.querySelectorAll('#list article').length > 40");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn without_scripts_every_finding_is_there_to_read() {
    let repo = Repo::new();
    let keys: Vec<_> = (0..200).map(|n| format!("T={}\n", nth_key("github", n))).collect();
    repo.write("a.env", keys.concat()).commit("many");
    let page = page(&repo);
    let Some(browser) = Browser::start(1280, 1000) else { return };
    let no_scripts = json!({ "cmd": "Emulation.setScriptExecutionDisabled", "params": { "value": true } });
    browser.tell("POST", "/goog/cdp/execute", &no_scripts);
    browser.tell("POST", "/url", &json!({ "url": format!("file://{}", page.display()) }));
    let there =
        "return [document.querySelectorAll('#list li').length, document.querySelectorAll('#filters').length,
                         document.querySelector('.rest').offsetHeight]";
    assert_eq!(browser.run(there), json!([200, 0, 0]));
}

/// Draws the pictures of docs/reports.md: `cargo test --test it pictures -- --ignored`.
#[test]
#[ignore = "it writes into docs/"]
fn pictures_for_the_documents() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let repo = shop();
    let page = page(&repo);
    let browser = Browser::start(1280, 1050).unwrap();
    browser.open(&page);
    std::fs::write(docs.join("report-light.png"), browser.picture()).unwrap();
    browser.run("document.getElementById('theme').click()");
    std::fs::write(docs.join("report-dark.png"), browser.picture()).unwrap();
}
