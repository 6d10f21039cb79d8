//! libsodium's sealed box: what only the holder of a key can read, and not even who wrote it.

use crypto_box::PublicKey;
use crypto_box::aead::OsRng;

use super::super::DestinationError;
use crate::model::Secret;

/// Seals a value for a key; the answer is base64, as GitHub takes it.
pub(super) fn seal(key: &[u8; 32], value: &Secret) -> Result<String, DestinationError> {
    let sealed = PublicKey::from(*key).seal(&mut OsRng, value.expose()).map_err(|_| {
        DestinationError::NotDone("the value could not be sealed for GitHub; try again".into())
    })?;
    Ok(data_encoding::BASE64.encode(&sealed))
}

#[cfg(test)]
mod tests {
    use crypto_box::SecretKey;

    use super::*;

    #[test]
    fn the_holder_of_the_key_reads_it_and_nobody_else() {
        let (holder, other) = (SecretKey::from([7; 32]), SecretKey::from([8; 32]));
        let sealed = seal(holder.public_key().as_bytes(), &Secret::new(b"hunter2".to_vec())).unwrap();
        let sealed = data_encoding::BASE64.decode(sealed.as_bytes()).unwrap();
        // The sender's key and the tag before the value.
        assert_eq!(sealed.len(), 48 + 7);
        assert_eq!(holder.unseal(&sealed).unwrap(), b"hunter2");
        assert!(other.unseal(&sealed).is_err());
        let mut bent = sealed.clone();
        bent[50] ^= 1;
        assert!(holder.unseal(&bent).is_err());
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let key = SecretKey::from([7; 32]).public_key();
        let seal = || seal(key.as_bytes(), &Secret::new(b"hunter2".to_vec())).unwrap();
        assert_ne!(seal(), seal());
    }
}
