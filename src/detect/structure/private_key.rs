//! Private keys in text: which kind a block is, whether it is whole, and whether it is locked.

use super::{Shape, der, openssh, pem, pgp};

pub(super) fn check(secret: &[u8]) -> Shape {
    let Some(block) = pem::block(secret) else {
        return Shape::Unknown;
    };
    let label = block.label.trim();
    if !label.contains("PRIVATE") {
        return Shape::harmless("no private key");
    }
    if block.encrypted || label.contains("ENCRYPTED") {
        return Shape::harmless("encrypted");
    }
    let Some(bytes) = block.body else {
        return Shape::broken("its body is no base64");
    };
    if bytes.is_empty() {
        return Shape::broken("it has no body");
    }
    if label.starts_with("PGP") {
        return pgp::check(&bytes, block.armor_sum.as_deref());
    }
    if label.starts_with("OPENSSH") {
        return openssh::check(&bytes);
    }
    der::check(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    #[test]
    fn a_made_key_holds_and_a_cut_one_does_not() {
        let key = fill("{ed25519-pem}", 2).unwrap();
        assert_eq!(check(key.as_bytes()), Shape::holds("a whole Edwards-curve key"));
        let (head, body) = key.split_once('\n').unwrap();
        for rest in ["", "...", "<your key>", &body[..24], &body[4..], "TUlJRXZR"] {
            let text = format!("{head}\n{rest}\n{}", key.lines().last().unwrap());
            assert!(matches!(check(text.as_bytes()), Shape::Broken(_)), "{rest}");
        }
    }

    #[test]
    fn a_locked_key_is_harmless() {
        let key = fill("{ed25519-pem}", 2).unwrap();
        for locked in [
            key.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            key.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1),
            key.replacen('\n', "\\nProc-Type: 4,ENCRYPTED\\nDEK-Info: AES-128-CBC,00\\n\\n", 1),
        ] {
            assert_eq!(check(locked.as_bytes()), Shape::harmless("encrypted"), "{locked}");
        }
        assert!(matches!(check(key.replace("PRIVATE", "PUBLIC").as_bytes()), Shape::Harmless(_)));
    }
}
