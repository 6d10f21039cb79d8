//! Uses of a key out of a file: CSV with a line of names, a JSON list, or one JSON object a line. For
//! providers that tell none, and for logs of one's own. The file comes from outside: it is bounded, and a
//! line that cannot be read is counted and told.

use jiff::Timestamp;
use serde_json::Value;

use super::review::Use;
use crate::model::rotation::Moment;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 256 << 20;
/// The most uses that are kept.
const MOST: usize = 2_000_000;

/// What a file held.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The uses.
    pub uses: Vec<Use>,
    /// Entries that could not be read.
    pub unread: u64,
    /// Uses whose time is missing or unreadable: they count as within the exposure.
    pub timeless: u64,
}

/// The names under which fields stand in exports and logs, compared without case, `_`, `-` and blanks.
const ID: &[&str] = &["id", "eventid", "requestid"];
const AT: &[&str] = &["at", "time", "timestamp", "createdat", "date", "datetime", "ts"];
const HOST: &[&str] = &["host", "targethost", "target", "domain", "destination", "service", "endpoint"];
const STATUS: &[&str] = &["status", "statuscode", "code", "responsestatus"];
const SENT: &[&str] = &["sent", "bytessent", "bytesout", "requestbytes", "upload"];
const RECEIVED: &[&str] = &["received", "bytesreceived", "bytesin", "responsebytes", "download"];
const ORIGIN: &[&str] =
    &["origin", "country", "ip", "ipaddress", "clientip", "sourceip", "region", "network"];

/// Reads a file's bytes.
///
/// # Errors
/// What the file is not, in words.
pub fn read(bytes: &[u8]) -> Result<Imported, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.as_bytes().first() {
        None => Err("it is empty".into()),
        Some(b'[') => {
            let list: Vec<Value> =
                serde_json::from_str(text).map_err(|e| format!("it is no JSON list: {e}"))?;
            Ok(gathered(list.into_iter().map(Some)))
        }
        Some(b'{') => {
            Ok(gathered(text.lines().filter(|l| !l.trim().is_empty()).map(|l| serde_json::from_str(l).ok())))
        }
        Some(_) => table(text),
    }
}

fn table(text: &str) -> Result<Imported, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|e| format!("its first line cannot be read: {e}"))?.clone();
    let known = |name: &str| {
        [ID, AT, HOST, STATUS, SENT, RECEIVED, ORIGIN].iter().any(|f| f.contains(&plain(name).as_str()))
    };
    if !names.iter().any(known) {
        return Err(
            "its first line names no field that is known: time, host, status, sent, received, ip, id".into(),
        );
    }
    let rows = reader.records().map(|record| {
        let record = record.ok()?;
        let cells = names.iter().zip(&record).map(|(name, cell)| (name.to_owned(), Value::from(cell)));
        Some(Value::Object(cells.collect()))
    });
    Ok(gathered(rows))
}

fn gathered(entries: impl Iterator<Item = Option<Value>>) -> Imported {
    let mut imported = Imported::default();
    for entry in entries {
        match entry.as_ref().and_then(Value::as_object).map(one) {
            Some(seen) if imported.uses.len() < MOST => {
                imported.timeless += u64::from(seen.at.is_none());
                imported.uses.push(seen);
            }
            _ => imported.unread += 1,
        }
    }
    imported
}

fn one(entry: &serde_json::Map<String, Value>) -> Use {
    let field = |names: &[&str]| {
        let found = names.iter().find_map(|name| entry.iter().find(|(key, _)| plain(key) == *name));
        found.map(|(_, value)| value).filter(|value| !value.is_null() && value.as_str() != Some(""))
    };
    let text = |names: &[&str]| {
        field(names).map(|v| v.as_str().map_or_else(|| v.to_string(), |text| text.trim().to_owned()))
    };
    let number =
        |names: &[&str]| field(names).and_then(|v| v.as_u64().or_else(|| v.as_str()?.trim().parse().ok()));
    Use {
        id: text(ID),
        at: field(AT).and_then(moment),
        host: text(HOST),
        status: number(STATUS).and_then(|s| u16::try_from(s).ok()),
        sent: number(SENT).unwrap_or(0),
        received: number(RECEIVED).unwrap_or(0),
        origin: text(ORIGIN),
    }
}

/// Reads a time: RFC 3339, or seconds or milliseconds since 1970.
fn moment(value: &Value) -> Option<Moment> {
    let text = value.as_str().map(str::trim);
    if let Some(at) = text.and_then(|text| text.parse::<Timestamp>().ok()) {
        return Some(at.as_millisecond());
    }
    let number = value.as_i64().or_else(|| text?.parse().ok())?;
    // Seconds until the year 5138; more are milliseconds.
    if number.abs() < 100_000_000_000 { number.checked_mul(1000) } else { Some(number) }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_use_is_read_from_each_form() {
        let wanted = Use {
            id: Some("e1".into()),
            at: Some(1_700_000_000_000),
            host: Some("api.example.com".into()),
            status: Some(402),
            sent: 7,
            received: 9,
            origin: Some("NL".into()),
        };
        for text in [
            "event_id,Timestamp,Target Host,status_code,bytesSent,bytes_received,country\ne1,2023-11-14T22:13:20Z,api.example.com,402,7,9,NL\n",
            r#"[{"id":"e1","at":1700000000,"host":"api.example.com","status":402,"sent":7,"received":"9","ip":"NL"}]"#,
            "{\"id\":\"e1\",\"ts\":1700000000000,\"target\":\"api.example.com\",\"code\":\"402\",\"sent\":7,\"received\":9,\"origin\":\"NL\"}\n",
        ] {
            let imported = read(text.as_bytes()).unwrap();
            assert_eq!(imported, Imported { uses: vec![wanted.clone()], unread: 0, timeless: 0 }, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted() {
        let imported = read(b"{\"host\":\"a\"}\nnot json\n{\"host\":\"b\",\"at\":\"yesterday\"}\n").unwrap();
        assert_eq!((imported.uses.len(), imported.unread, imported.timeless), (2, 1, 2));
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        for bytes in [&b""[..], b"\xff\xfe", b"name,colour\nann,red\n", b"[1,"] {
            assert!(read(bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_text_behind_a_header_does_no_harm(rest in ".{0,200}") {
            let _ = read(format!("time,host,sent\n{rest}").as_bytes());
        }
    }
}
