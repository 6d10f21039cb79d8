//! AWS's signature, version 4: a request is signed with a key that is made of the secret key, the day,
//! the region and the service. Written here because it is these few lines; the crates that know it
//! bring a runtime with them.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::Secret;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs, and for what.
pub(super) struct Signer<'a> {
    /// The access key's id.
    pub(super) access: &'a str,
    /// The secret key.
    pub(super) secret: &'a Secret,
    /// The region: `eu-central-1`.
    pub(super) region: &'a str,
    /// The service: `secretsmanager`.
    pub(super) service: &'a str,
    /// Now, as `20150830T123600Z`.
    pub(super) time: &'a str,
}

impl Signer<'_> {
    /// Returns the value of the header `authorization` for a request to `/`. The headers are all that is
    /// signed, by name in small letters and in this order.
    pub(super) fn authorization(&self, method: &str, headers: &[(&str, &Secret)], body: &[u8]) -> Secret {
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let long: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let mut asked = Zeroizing::new(Vec::with_capacity(long + names.len() + 128));
        asked.extend_from_slice(format!("{method}\n/\n\n").as_bytes());
        for (name, value) in headers {
            asked.extend_from_slice(format!("{name}:").as_bytes());
            asked.extend_from_slice(value.expose());
            asked.push(b'\n');
        }
        asked.extend_from_slice(format!("\n{names}\n{}", hash(body)).as_bytes());
        let day = self.time.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{}", self.time, hash(&asked));
        let first = Zeroizing::new([b"AWS4".as_slice(), self.secret.expose()].concat());
        let mut key = mac(&first, day);
        for part in [self.region, self.service, "aws4_request"] {
            key = mac(&key[..], part);
        }
        let signature = HEXLOWER.encode(&mac(&key[..], &to_sign)[..]);
        let access = self.access;
        let value =
            format!("{ALGORITHM} Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}");
        Secret::new(value.into_bytes())
    }
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn mac(key: &[u8], text: &str) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(service: &str, method: &str, headers: &[(&str, &str)], body: &str) -> String {
        // The key of AWS's published examples, in parts: no key stands in this repository whole.
        let key = ["wJalrXUtnFEMI", "K7MDENG+bPxRfiCYEXAMPLEKEY"].join("/");
        let signer = Signer {
            access: "AKIDEXAMPLE",
            secret: &Secret::new(key.into_bytes()),
            region: "us-east-1",
            service,
            time: "20150830T123600Z",
        };
        let values: Vec<_> = headers.iter().map(|(_, v)| Secret::new(v.as_bytes().to_vec())).collect();
        let headers: Vec<_> = headers.iter().map(|(name, _)| *name).zip(&values).collect();
        let value = signer.authorization(method, &headers, body.as_bytes());
        String::from_utf8(value.expose().to_vec()).unwrap()
    }

    #[test]
    fn the_published_examples_are_signed_as_published() {
        // AWS's test suite for version 4: get-vanilla, post-vanilla, post-x-www-form-urlencoded.
        let date = ("x-amz-date", "20150830T123600Z");
        let host = ("host", "example.amazonaws.com");
        assert_eq!(
            signed("service", "GET", &[host, date], ""),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        let post = signed("service", "POST", &[host, date], "");
        assert!(
            post.ends_with("=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            "{post}"
        );
        let form = ("content-type", "application/x-www-form-urlencoded");
        let form = signed("service", "POST", &[form, host, date], "Param1=value1");
        assert!(
            form.ends_with("=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
            "{form}"
        );
    }

    #[test]
    fn a_session_is_signed_as_the_program_of_aws_signs_it() {
        // Made with botocore 1.44's SigV4Auth.
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("host", "secretsmanager.us-east-1.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("x-amz-security-token", "the-session"),
            ("x-amz-target", "secretsmanager.DescribeSecret"),
        ];
        assert_eq!(
            signed("secretsmanager", "POST", &headers, "{}"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/secretsmanager/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, \
             Signature=8c5cfd8fc1f5fe710043cdcdddd23a3daa3e714e751242d0b2c18c037fcd0c9d"
        );
    }
}
