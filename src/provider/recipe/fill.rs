//! Values into requests: each is encoded for the slot it stands in, so that none can add a segment, a
//! parameter, a header or a field. Line ends are refused everywhere.

use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::wipe;
use crate::model::Secret;
use crate::model::credential::CallError;

const LINE_END: &str = "a value holds a line end or another control character";

/// Text with slots: `Bearer {token}`.
pub(super) struct Template(Vec<Piece>);

enum Piece {
    Text(String),
    Slot(String),
}

impl Template {
    /// Reads a template; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, braced) = rest.split_at(at);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            let name = braced.strip_prefix('{').and_then(|b| b.split_once('}'));
            let Some((name, behind)) = name.filter(|(name, _)| is_name(name)) else {
                return Err("a brace begins no slot such as {key_id}".into());
            };
            pieces.push(Piece::Slot(name.into()));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self(pieces))
    }

    /// Lists the slots' names.
    pub(super) fn slots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Slot(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

/// What slots are filled with.
#[derive(Default)]
pub(in crate::provider) struct Slots(Vec<(String, Filling)>);

enum Filling {
    Open(Value),
    Hidden(Secret),
}

impl Slots {
    /// Adds a value that anybody may see.
    #[must_use]
    pub(in crate::provider) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push((name.into(), Filling::Open(value.into())));
        self
    }

    /// Adds a secret.
    pub(in crate::provider) fn hide(&mut self, name: &str, secret: Secret) {
        self.0.push((name.into(), Filling::Hidden(secret)));
    }

    /// Returns a second copy, to be filled up for one call.
    #[must_use]
    pub(in crate::provider) fn again(&self) -> Self {
        let copy = |filling: &Filling| match filling {
            Filling::Open(value) => Filling::Open(value.clone()),
            Filling::Hidden(secret) => Filling::Hidden(secret.again()),
        };
        Self(self.0.iter().map(|(name, filling)| (name.clone(), copy(filling))).collect())
    }

    /// Tells whether something stands for a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Lists the secrets, so that what comes back can be searched for them.
    pub(in crate::provider) fn hidden(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().filter_map(|(_, filling)| match filling {
            Filling::Hidden(secret) => Some(secret),
            Filling::Open(_) => None,
        })
    }

    /// Fills a path.
    pub(super) fn path(&self, template: &Template) -> Result<String, CallError> {
        let filled = self.filled(template, percent)?;
        // A segment of dots is read as a way up, encoded or not.
        if filled.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(unfit("a path would lead upwards"));
        }
        Ok(filled.to_string())
    }

    /// Fills one parameter of a query.
    pub(super) fn query(&self, name: &str, template: &Template) -> Result<String, CallError> {
        let mut out = String::new();
        percent(name, &mut out);
        out.push('=');
        out += &self.filled(template, percent)?;
        Ok(out)
    }

    /// Fills a header.
    pub(super) fn header(&self, template: &Template) -> Result<Secret, CallError> {
        let filled = self.filled(template, |text, out| out.push_str(text))?;
        Ok(Secret::new(filled.as_bytes().to_vec()))
    }

    /// Fills a body: a text that is one slot takes the value as it is (`true` stays `true`).
    pub(super) fn json(&self, body: &Value) -> Result<Secret, CallError> {
        let mut filled = self.value(body)?;
        let bytes = serde_json::to_vec(&filled).map_err(|_| unfit("a body is no JSON"));
        wipe(&mut filled);
        bytes.map(Secret::new)
    }

    fn value(&self, body: &Value) -> Result<Value, CallError> {
        Ok(match body {
            Value::String(text) => {
                let template = Template::parse(text).map_err(CallError::NotSent)?;
                if let [Piece::Slot(name)] = &template.0[..]
                    && let Filling::Open(value) = self.find(name)?
                {
                    if value.as_str().is_some_and(|text| text.chars().any(char::is_control)) {
                        return Err(unfit(LINE_END));
                    }
                    return Ok(value.clone());
                }
                Value::String(self.filled(&template, |text, out| out.push_str(text))?.to_string())
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|v| self.value(v)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let filled = fields.iter().map(|(name, v)| Ok((name.clone(), self.value(v)?)));
                Value::Object(filled.collect::<Result<_, CallError>>()?)
            }
            other => other.clone(),
        })
    }

    fn find(&self, name: &str) -> Result<&Filling, CallError> {
        let found = self.0.iter().find(|(n, _)| n == name).map(|(_, filling)| filling);
        found.ok_or_else(|| CallError::NotSent(format!("nothing is known to stand for {{{name}}}")))
    }

    fn filled(
        &self,
        template: &Template,
        encode: impl Fn(&str, &mut String),
    ) -> Result<Zeroizing<String>, CallError> {
        let mut out = Zeroizing::new(String::with_capacity(4096));
        for piece in &template.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Slot(name) => match self.find(name)? {
                    Filling::Open(Value::String(text)) => encode(fits(text)?, &mut out),
                    Filling::Open(Value::Null | Value::Array(_) | Value::Object(_)) => {
                        return Err(CallError::NotSent(format!("what stands for {{{name}}} is no text")));
                    }
                    Filling::Open(plain) => encode(&plain.to_string(), &mut out),
                    Filling::Hidden(secret) => {
                        let text =
                            std::str::from_utf8(secret.expose()).map_err(|_| unfit("a secret is no text"))?;
                        encode(fits(text)?, &mut out);
                    }
                },
            }
        }
        Ok(out)
    }
}

fn unfit(why: &str) -> CallError {
    CallError::NotSent(format!("{why}: it is not sent"))
}

/// Refuses what is empty or holds a line end or another control character.
fn fits(text: &str) -> Result<&str, CallError> {
    if text.is_empty() {
        return Err(unfit("a value is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(unfit(LINE_END));
    }
    Ok(text)
}

/// Leaves what RFC 3986 calls unreserved, and encodes every other byte.
fn percent(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(value: &str) -> Slots {
        let mut slots = Slots::default().with("open", value).with("yes", true);
        slots.hide("hidden", Secret::new(value.as_bytes().to_vec()));
        slots
    }

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn each_slot_has_its_encoding() {
        let slots = slots("a/b?c=d&e#f \"é\u{202e}");
        let encoded = "a%2Fb%3Fc%3Dd%26e%23f%20%22%C3%A9%E2%80%AE";
        for name in ["open", "hidden"] {
            let t = template(&format!("/x/{{{name}}}/y"));
            assert_eq!(slots.path(&t).unwrap(), format!("/x/{encoded}/y"));
            assert_eq!(
                slots.query("q r", &template(&format!("{{{name}}}"))).unwrap(),
                format!("q%20r={encoded}")
            );
            let body =
                slots.json(&serde_json::json!({ "a": format!("<{{{name}}}>"), "b": "{yes}" })).unwrap();
            let read: Value = serde_json::from_slice(body.expose()).unwrap();
            assert_eq!(read, serde_json::json!({ "a": "<a/b?c=d&e#f \"é\u{202e}>", "b": true }));
        }
    }

    #[test]
    fn a_line_end_is_refused_in_every_slot() {
        for bad in ["a\r\nX: b", "a\nb", "a\rb", "\0", ""] {
            let slots = slots(bad);
            for name in ["{open}", "{hidden}"] {
                let t = || template(name);
                assert!(slots.path(&t()).is_err() && slots.query("q", &t()).is_err(), "{bad:?}");
                assert!(slots.header(&t()).is_err(), "{bad:?}");
                for body in [serde_json::json!({ "a": name }), serde_json::json!([format!("x{name}")])] {
                    assert!(slots.json(&body).is_err() || bad.is_empty(), "{bad:?} {body}");
                }
            }
        }
    }

    #[test]
    fn no_value_leads_upwards() {
        for bad in [".", ".."] {
            assert!(slots(bad).path(&template("/keys/{open}/rotate")).is_err());
        }
        assert_eq!(slots("...").path(&template("/keys/{open}")).unwrap(), "/keys/...");
    }

    #[test]
    fn what_is_no_slot_is_told() {
        for bad in ["{", "}", "{a b}", "{}", "a{b", "{{a}}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert!(Slots::default().path(&template("/{nothing}")).is_err());
    }

    proptest! {
        /// Whatever stands in a slot, the address keeps its host, its number of segments and parameters.
        #[test]
        fn any_value_stays_in_its_slot(value in "\\PC{1,40}") {
            let slots = slots(&value);
            let Ok(path) = slots.path(&template("/keys/{hidden}/rotate")) else {
                prop_assert!(value.chars().any(char::is_control) || value == "." || value == "..");
                return Ok(());
            };
            let text = format!("https://example.com{path}?{}", slots.query("q", &template("{open}")).unwrap());
            let url = reqwest::Url::parse(&text).unwrap();
            prop_assert_eq!(url.host_str(), Some("example.com"));
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, vec![("q".to_owned(), value.clone())]);
            prop_assert_eq!(url.fragment(), None);
            let body = slots.json(&serde_json::json!({ "a": "{hidden}" })).unwrap();
            let read: Value = serde_json::from_slice(body.expose()).unwrap();
            prop_assert_eq!(read, serde_json::json!({ "a": value }));
        }
    }
}
