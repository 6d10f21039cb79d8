//! Every shape in which people write a secret down, and what only looks like one.

use super::*;
use crate::rule::template::fill;
use proptest::prelude::*;

fn value_at(bytes: &[u8], name_end: usize) -> Option<Assigned> {
    match look(bytes, name_end) {
        Look::Value(assigned) => Some(assigned),
        Look::Nothing { .. } => None,
    }
}

fn found(text: &str) -> Vec<(AssignmentLane, String, Confidence)> {
    let bytes = text.as_bytes();
    let folded = text.to_ascii_lowercase();
    let mut ends: Vec<usize> = WORDS
        .iter()
        .flat_map(|word| folded.match_indices(word).map(|(at, _)| at).collect::<Vec<_>>())
        .filter_map(|at| name_end(bytes, at).0)
        .collect();
    ends.sort_unstable();
    ends.dedup();
    let all = ends.into_iter().filter_map(|end| value_at(bytes, end));
    all.map(|a| (a.lane, text[a.secret].to_owned(), a.confidence)).collect()
}

#[test]
fn a_token_is_found_in_every_language_and_format() {
    let mut missed = Vec::new();
    for shape in [
        // Python, JavaScript, TypeScript, Java, Go, Ruby, PHP, C#, Rust, C, Kotlin, Swift
        "API_KEY = \"§\"",
        "api_key = '§'  # prod",
        "config = {'api_key': '§', 'n': 1}",
        "os.environ[\"API_KEY\"] = \"§\"",
        "key = os.getenv(\"API_KEY\", \"§\")",
        "client = Client(api_key=\"§\")",
        "const apiKey = '§';",
        "const client = new Client({ apiKey: '§' });",
        "const apiKey = process.env.API_KEY || '§';",
        "const apiKey: string = \"§\";",
        "  private apiKey?: string = '§';",
        "private static final String API_KEY = \"§\";",
        "props.setProperty(\"api.key\", \"§\");",
        "builder.setApiKey(\"§\")",
        "apiKey := \"§\"",
        "const apiKey string = \"§\"",
        "var cfg = Config{ApiKey: \"§\"}",
        "Rails.api_key = '§'",
        "  :api_key => '§',",
        "define('API_KEY', '§');",
        "$apiKey = '§';",
        "'api_key' => '§',",
        "public const string ApiKey = \"§\";",
        "<add key=\"ApiKey\" value=\"§\" />",
        "const API_KEY: &str = \"§\";",
        "api_key: \"§\".to_string(),",
        "let api_key = String::from(\"§\");",
        "#define API_KEY \"§\"",
        "static const char api_key[] = \"§\";",
        "val apiKey = \"§\"",
        "let apiKey: String? = \"§\"",
        "NSString *apiKey = §\"§\";",
        // Shell, PowerShell, Dockerfile, Makefile, Terraform, SQL, HTTP
        "export API_KEY=§",
        "API_KEY=§ ./run",
        "API_KEY=\"${API_KEY:-§}\"",
        "tool --api-key § --verbose",
        "tool --api-key=§",
        "$env:API_KEY = \"§\"",
        "Connect-Thing -ApiKey \"§\"",
        "setx API_KEY §",
        "ENV API_KEY §",
        "ENV API_KEY=§",
        "ARG API_KEY=§",
        "API_KEY := §",
        "API_KEY ?= §",
        "  api_key = \"§\"",
        "INSERT INTO t SET api_key = '§';",
        "curl -H \"X-Api-Key: §\" https://x",
        "curl 'https://x/y?api_key=§&z=1'",
        "X-Auth-Token: §",
        // Settings
        "api_key: §",
        "api_key: \"§\"",
        "api_key:\n  §\n",
        "api_key: |\n  §\n",
        "- name: API_KEY\n  value: §",
        "- name: API_KEY\n  value: \"§\"",
        "{\"api_key\": \"§\"}",
        "{\"name\": \"API_KEY\", \"value\": \"§\"}",
        "{\\\"api_key\\\": \\\"§\\\"}",
        "api_key = §",
        "api.key=§",
        "service.api-key: §",
        "//registry.acme.io/:_authToken=§",
        "<apiKey>§</apiKey>",
        "<apiKey>\n    §\n</apiKey>",
        "<property name=\"apiKey\" value=\"§\"/>",
        "<property name=\"apiKey\">§</property>",
        "<key>ApiKey</key>\n\t<string>§</string>",
        "<input type=\"hidden\" name=\"api_token\" value=\"§\">",
        "<div data-api-key=\"§\"></div>",
        "<meta name=\"api-token\" content=\"§\">",
        "Use `API_KEY=§` to sign in.",
        "    api_key: `§`,",
    ] {
        for value in ["{hex:32}", "{hex:40}", "{base62:40}"] {
            for seed in 0..5 {
                let secret = fill(value, seed).unwrap();
                let text = shape.replace('§', &secret);
                let all = found(&text);
                let wanted = (AssignmentLane::Token, secret, Confidence::Medium);
                if !all.contains(&wanted) {
                    missed.push(format!("{shape}: {all:?}"));
                }
            }
        }
    }
    missed.dedup();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_password_is_found_and_hardly_sure() {
    let mut missed = Vec::new();
    for shape in [
        "password = \"§\"",
        "DB_PASS=§",
        "password: §",
        "<password>§</password>",
        "<Setting name=\"password\" value=\"§\"/>",
        "{\"password\": \"§\"}",
        "machine h login me password §",
        "login me\n\tpassword §",
        "spring.datasource.password=§",
        "mysql --password=§ -h db",
        "CREATE USER me WITH PASSWORD '§';",
        "'DB_PASSWORD', '§'",
        "$password = '§';",
        "driver.login(password=\"§\")",
    ] {
        for seed in 0..5 {
            let secret = fill("{lower:4}{digit:2}{upper:2}", seed).unwrap();
            let all = found(&shape.replace('§', &secret));
            if !all.contains(&(AssignmentLane::Password, secret, Confidence::Low)) {
                missed.push(format!("{shape}: {all:?}"));
            }
        }
    }
    missed.dedup();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn what_is_no_secret_is_let_pass() {
    let mut told = Vec::new();
    for text in [
        "token = cfg.get(\"api_token_2f8a91c3d4\")",
        "api_key = os.environ[\"MY_SERVICE_API_KEY_V2\"]",
        "api_key = settings.API_KEY_FOR_SERVICE_2",
        "secret = \"${{SECRET_VALUE_FROM_ENV_1}}\"",
        "token = \"https://x.acme.io/{hex:16}\"",
        "key_file = \"/etc/ssl/private/server-2024.pem\"",
        "password = \"\"",
        "password: string",
        "payment token served retry id={hex:16} ms=5",
        "cache token id={hex:16}",
        "password = input(\"Password: \")",
        "apiKey: \"your-api-key-goes-here-123\"",
        "public_key = \"{base62:32}\"",
        "\"primary_key\": \"{base62:32}\"",
        "\"integrity\": \"sha512-{base62:32}==\"",
        "token: \"sha256-{base62:32}=\"",
        "tokenType = \"{base62:32}\"",
        "tokenId = \"{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}\"",
        "LoginPasswordLabel = \"login.form.password.label2\"",
        "api_token = \"prefix_\" + random_part_1f2e3d4c",
        "secret_key = SomeClassName2.SOME_CONSTANT_VALUE",
        "key = abcdefghijklmnopqrstuvwxyz0123456789",
        "token=\"xxxxxxxxxxxxxxxxxxxxxxxx\"",
        "access_token: 20240101123456789012",
        "Sec-WebSocket-Key: {base64:22}==",
        "assertThat(x).containsKeys(\"{hex:64}\")",
        "\"minipass\": \"^3.1.1\",",
        "rspauth={hex:32}",
        "restore-keys: linux-node-",
        "\"brainpoolP512t1.key\"",
        "hashPassword: sha512-{base62:40}",
        "to pass generic type information: <pre class=\"code\">",
        "var base64 = Buffer.from('user:pass', 'utf8')",
        "* \"git pull\" did not pass \"-v/-q\" options",
    ] {
        let text = fill(text, 7).unwrap();
        if !found(&text).is_empty() {
            told.push(format!("{text}: {:?}", found(&text)));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_after_any_name_are_answered(name in "(api_key|password|token)", bytes in "[\\x00-\\x7f]{0,80}", cut: usize) {
        let text = format!("{name}{bytes}");
        let all = text.as_bytes();
        for end in 0..all.len() {
            if let Some(a) = value_at(&all[..all.len() - cut % 3], end.min(all.len() - cut % 3)) {
                proptest::prop_assert!(a.secret.end <= all.len() && a.whole.start <= a.secret.start);
            }
        }
    }
}

#[test]
fn few_random_values_are_missed() {
    for shape in [
        "{hex:32}",
        "{hex:64}",
        "{base62:20}",
        "{base62:24}",
        "{base62:32}",
        "{base64:40}",
        "{base64:43}=",
        "{base64url:43}",
        "{base36:32}",
        "acme_live_{base62:24}",
        "{digit:12}-{base36:32}.apps",
    ] {
        let is_missed = |seed: &u64| {
            let all = found(&fill(&format!("client_secret = \"{shape}\""), *seed).unwrap());
            !all.iter().any(|(lane, _, sure)| (*lane, *sure) == (AssignmentLane::Token, Confidence::Medium))
        };
        let missed = (0..1000).filter(is_missed).count();
        assert!(missed < 35, "{shape}: {missed} of 1000");
    }
}

#[test]
fn nothing_is_said_before_the_value_was_looked_at() {
    let token = fill("{base62:24}", 1).unwrap();
    let mut values = 0;
    for shape in [
        "api_key = \"§\"",
        "api_key: §\n",
        "api_key:\n  \"§\"\n",
        "\"api_key\": \"§\",",
        "{\"name\": \"api_key\", \"value\": \"§\"}",
        "- name: \"API_KEY\"\n  value: §\n",
        "<api_key>§</api_key>",
        "<key>ApiKey</key> <string>§</string>",
        "api_key ||= '§'",
        "let api_key: Option<String> = Some(\"§\")",
        "ApiKey string = \"§\"",
        "api_key = os.getenv(\"API_KEY\") or \"§\"",
        "${API_KEY:-§}",
        "api_key[24] = \"§\"",
        "set(\"api_key\", \"§\")",
        "--api-key §",
    ] {
        for blanks in [1, 37] {
            let text = shape.replace(' ', &" ".repeat(blanks)).replace('§', &token);
            let bytes = text.as_bytes();
            for end in (0..bytes.len()).filter_map(|at| name_end(bytes, at).0) {
                if value_at(bytes, end).is_none() {
                    continue;
                }
                values += 1;
                for cut in end..bytes.len() {
                    // Of the front alone nothing may come, but not because of the front alone.
                    if let Look::Nothing { after, .. } = look(&bytes[..cut], end) {
                        assert!(end + after > cut, "{text}: {cut} and {after} behind {end}");
                    }
                }
            }
        }
    }
    assert!(values >= 16, "{values}");
}

/// What stands round names, in pieces small enough to be put together wrongly.
const PIECES: &[&str] = &[
    "key",
    "token",
    "password",
    "secret_value",
    "api_",
    "n",
    "0",
    "q8Zr1vT0xW3k",
    "=",
    ":",
    ",",
    ";",
    " ",
    "  ",
    "\t",
    "\n",
    "\n  ",
    "\"",
    "'",
    "`",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "</",
    "{",
    "}",
    "|",
    "+",
    "?",
    "*",
    "#",
    "$",
    "-",
    "--",
    ".",
    "value",
    "content",
    "String",
    "env",
    " || ",
    "\", \"",
    "new X(",
    "${",
    ":-",
    "<![CDATA[",
    "<string>",
    "</key>",
    "ENV ",
    "login ",
    "\u{e9}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "                                                            ",
];

fn some(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..most).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_was_not_looked_at_changes_nothing(
        text in some(24), front in some(4), back in some(6), name in prop::sample::select(WORDS),
    ) {
        let text = text.replacen('n', name, 1);
        let text = text.as_bytes();
        for at in 0..text.len() {
            let (end, seen) = name_end(text, at);
            let back_of = |seen: usize| if seen > text.len() { "" } else { back.as_str() };
            let Some(end) = end else {
                let other = [&text[..seen.min(text.len())], back_of(seen).as_bytes()].concat();
                prop_assert_eq!(name_end(&other, at).0, None);
                continue;
            };
            let Look::Nothing { before, after } = look(text, end) else { continue };
            let (from, to) = (end.saturating_sub(before), (end + after).min(text.len()));
            let front = if before > end { "" } else { front.as_str() };
            let other = [front.as_bytes(), &text[from..to], back_of(end + after).as_bytes()].concat();
            let looked = look(&other, front.len() + end - from).value();
            prop_assert_eq!(looked, None, "{:?} {:?}", String::from_utf8_lossy(text), String::from_utf8_lossy(&other));
        }
    }
}
