//! Which variables a place means.

use super::super::Wrong;

/// What stands behind the `#` of a place: `SECRET[,key_id=OTHER][@WHERE]`.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::destination) struct Names {
    /// The variable that holds the secret.
    pub(in crate::destination) secret: String,
    /// The variable that holds the key id.
    pub(in crate::destination) key_id: Option<String>,
    /// Where, among several.
    pub(in crate::destination) at: Option<String>,
}

impl Names {
    /// Reads them.
    pub(in crate::destination) fn parse(text: &str) -> Result<Self, Wrong> {
        let (names, at) = match text.split_once('@') {
            Some((names, at)) => (names, Some(at.to_owned())),
            None => (text, None),
        };
        let (secret, key_id) = match names.split_once(",key_id=") {
            Some((secret, key_id)) => (secret, Some(key_id)),
            None => (names, None),
        };
        let is_variable = |name: &str| {
            let is_of_it = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            !name.is_empty()
                && name.len() <= 200
                && name.bytes().all(is_of_it)
                && !name.as_bytes()[0].is_ascii_digit()
        };
        if !is_variable(secret) || !key_id.is_none_or(is_variable) {
            let fix = "write #NAME or #NAME,key_id=OTHER, with letters, digits and `_`".into();
            return Err(("it names no variable".into(), fix));
        }
        if key_id.is_some_and(|id| id.eq_ignore_ascii_case(secret)) {
            let fix = "name another variable for the key id".into();
            return Err(("one variable cannot hold both".into(), fix));
        }
        Ok(Self { secret: secret.into(), key_id: key_id.map(Into::into), at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_or_what_is_wrong_is_told() {
        let names = |secret: &str, key_id: Option<&str>, at: Option<&str>| Names {
            secret: secret.into(),
            key_id: key_id.map(Into::into),
            at: at.map(Into::into),
        };
        assert_eq!(Names::parse("A").unwrap(), names("A", None, None));
        assert_eq!(Names::parse("A,key_id=B@prod x").unwrap(), names("A", Some("B"), Some("prod x")));
        for bad in ["", "A-B", "1A", "A,key_id=", "A,B", "A,key_id=A", "A,key_id=a", "A/../B", "A?x", "@x"] {
            assert!(Names::parse(bad).is_err(), "{bad}");
        }
    }
}
