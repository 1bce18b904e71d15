//! Signatures of Standard Webhooks: HMAC-SHA-256 over id, time and body.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::connectors::WebhookCredentials;

/// One signature for each secret, with blanks between, so that a receiver may know either of them while they are changed.
pub(super) fn signatures(
    credentials: &WebhookCredentials,
    id: &str,
    time: i64,
    body: &[u8],
) -> String {
    let signed = credentials.keys().filter_map(|key| {
        // An HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(body);
        let digest = mac.finalize().into_bytes();
        Some(format!("v1,{}", BASE64_STANDARD.encode(digest)))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let credentials = WebhookCredentials::new(vec![secret.into()]).unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            signatures(
                &credentials,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                body
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn each_secret_signs() {
        let secrets = [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ];
        let credentials = WebhookCredentials::new(secrets.map(Into::into).to_vec()).unwrap();
        let both = signatures(&credentials, "id", 1, b"{}");
        let (first, second) = both.split_once(' ').unwrap();
        assert_ne!(first, second);
        assert!(first.starts_with("v1,") && second.starts_with("v1,"));
    }
}
