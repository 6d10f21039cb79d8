//! Reads `[NAME/]SECRET_ID[#FIELD[,key_id=OTHER]]` and the table that says how it is reached.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::in_file::{Form, Unfit};
use super::super::json::Fields;
use super::super::network::{address, credential, settings};
use super::super::{Reach, Wrong};
use super::api::Api;
use crate::model::Secret;
use crate::model::credential::Credential;

const WRITE: &str = "awssm:SECRET_ID, awssm:SECRET_ID#FIELD or awssm:SECRET_ID#FIELD,key_id=OTHER";

/// The table `[destinations.awssm]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    region: Option<String>,
    url: Option<String>,
    access_key: String,
    secret_key: String,
    session_token: Option<String>,
}

/// The whole value is the secret.
struct Whole;

impl Form for Whole {
    fn read(&self, text: &[u8]) -> Result<Credential, Unfit> {
        Ok(Credential { key_id: None, secret: Secret::new(text.to_vec()) })
    }

    fn with(&self, _: &[u8], new: &Credential) -> Result<Zeroizing<Vec<u8>>, Unfit> {
        Ok(Zeroizing::new(new.secret.expose().to_vec()))
    }
}

/// Returns how the secret is asked for, and how the credential stands in its value.
pub(super) fn read(rest: &str, reach: &Reach) -> Result<(Api, Box<dyn Form>), Wrong> {
    let (table, place) = settings::<Settings>("awssm", rest, reach)?;
    let (id, form): (_, Box<dyn Form>) = match place.split_once('#') {
        Some((id, what)) => (id, Box::new(Fields::parse(what, WRITE)?)),
        None => (place, Box::new(Whole)),
    };
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&b);
    if id.is_empty() || id.len() > 2048 || !id.bytes().all(is_sign) {
        return Err(("it names no secret".into(), format!("write {WRITE}")));
    }
    let of_arn = id.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
    let region = table.region.as_deref().or(of_arn).unwrap_or_default();
    if region.is_empty() || !region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(("no region is named".into(), "write region = \"eu-central-1\", for one".into()));
    }
    let end = if region.starts_with("cn-") { ".cn" } else { "" };
    let url = table.url.unwrap_or_else(|| format!("https://secretsmanager.{region}.amazonaws.com{end}"));
    let url = address(&url)?.to_ascii_lowercase();
    let api = Api {
        id: id.into(),
        region: region.into(),
        host: host(&url)?,
        url,
        access: credential("access_key", &table.access_key)?,
        secret: credential("secret_key", &table.secret_key)?,
        session: table.session_token.map(|text| credential("session_token", &text)).transpose()?,
        door: reach.door.clone(),
    };
    Ok((api, form))
}

/// Returns what stands in the header `host` of a request to an address.
fn host(url: &str) -> Result<String, Wrong> {
    let (scheme, host) = url.split_once("://").unwrap_or_default();
    let host = host.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(host);
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]_".contains(&b);
    if host.is_empty() || !host.bytes().all(is_sign) {
        return Err((
            "its `url` is no address of a host".into(),
            "write https://HOST or https://HOST:PORT".into(),
        ));
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::tests::reach;
    use super::*;

    fn read(more: &str, rest: &str) -> Result<Api, Wrong> {
        let mut reach = reach(Path::new("/"), 7);
        let table = format!("[awssm]\naccess_key = 'env:A'\nsecret_key = 'env:B'\n{more}\n");
        reach.settings = toml::from_str(&table).unwrap();
        super::read(rest, &reach).map(|(api, _)| api)
    }

    #[test]
    fn a_region_says_where_it_is() {
        for (more, rest, host) in [
            ("region = 'eu-central-1'", "app/db", "secretsmanager.eu-central-1.amazonaws.com"),
            (
                "",
                "arn:aws:secretsmanager:us-west-2:1:secret:app-AbCdEf#x",
                "secretsmanager.us-west-2.amazonaws.com",
            ),
            ("region = 'cn-north-1'", "app", "secretsmanager.cn-north-1.amazonaws.com.cn"),
            ("region = 'r'\nurl = 'https://Vpce.example.com:443/'", "app", "vpce.example.com"),
            ("region = 'r'\nurl = 'http://127.0.0.1:5000'", "app", "127.0.0.1:5000"),
        ] {
            assert_eq!(read(more, rest).unwrap().host, host, "{rest}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        for (more, rest) in [
            ("", "app"),
            ("region = 'a/b'", "app"),
            ("region = 'r'", ""),
            ("region = 'r'", "a b"),
            ("region = 'r'", "app#"),
            ("region = 'r'\nurl = 'https://h/path'", "app"),
            ("region = 'r'\nsession_token = 'hunter2'", "app"),
        ] {
            let (why, fix) = read(more, rest).err().unwrap();
            assert!(!(why + &fix).contains("hunter2"), "{rest}");
        }
    }
}
