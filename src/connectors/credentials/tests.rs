//! Credentials are kept, and neither shown nor quoted.

use super::*;

const TOKEN: &str = "ATATT3x-planted-token";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn all() -> Vec<Credentials> {
    let jira = JiraCredentials::new("a@example.com", TOKEN.into()).unwrap();
    let github = GithubCredentials::new(TOKEN.into()).unwrap();
    vec![
        Credentials::Jira(jira.clone()),
        Credentials::Jira(
            jira.with_webhook_secret("planted-hook-secret".into())
                .unwrap(),
        ),
        Credentials::Slack(SlackCredentials::new(TOKEN.into()).unwrap()),
        Credentials::Github(github.clone()),
        Credentials::Github(
            github
                .with_webhook_secret("planted-hook-secret".into())
                .unwrap(),
        ),
        Credentials::Webhook(WebhookCredentials::new(vec![WHSEC.into()]).unwrap()),
    ]
}

#[test]
fn debug_never_shows_a_secret() {
    let text = format!("{:?}", all());
    assert!(text.contains("a@example.com"), "{text}");
    for secret in [TOKEN, WHSEC, "planted-hook-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn what_was_exposed_for_sealing_reads_back() {
    for credentials in all() {
        let bytes = credentials.expose().unwrap();
        let back = Credentials::from_exposed(&bytes).unwrap();
        assert_eq!(back.expose().unwrap(), bytes);
    }
    // As it was sealed before webhooks came in.
    let older = br#"{"jira":{"email":"a@example.com","api_token":"t"}}"#;
    let Credentials::Jira(older) = Credentials::from_exposed(older).unwrap() else {
        panic!("of another platform");
    };
    assert!(older.webhook_secret.is_none());
    let sealed = br#"{"jira":{"email":"a@example.com"}}"#;
    assert!(Credentials::from_exposed(sealed).is_err());
}

#[test]
fn broken_values_are_refused_without_being_quoted() {
    let cases = [
        ("a:b@example.com", TOKEN, ".email"),
        ("nobody", TOKEN, ".email"),
        ("a@example.com", "", ".api_token"),
        ("a@example.com", "two words", ".api_token"),
        ("a@example.com", "line\nbreak", ".api_token"),
    ];
    for (email, token, path) in cases {
        let broken = JiraCredentials::new(email, token.into()).unwrap_err();
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].path, path, "{email:?} {token:?}");
        assert!(token.is_empty() || !broken[0].rule.contains(token));
    }
    let secrets = |texts: &[&str]| {
        WebhookCredentials::new(texts.iter().map(|&text| text.into()).collect())
            .map_err(|faults| faults.into_iter().map(|f| f.path).collect::<Vec<_>>())
            .map(|_| ())
    };
    assert_eq!(secrets(&[]), Err(vec![".secrets".to_owned()]));
    assert_eq!(
        secrets(&[WHSEC, "whsec_c2hvcnQ=", "nonsense"]),
        Err(vec![".secrets[1]".to_owned(), ".secrets[2]".to_owned()])
    );
    assert_eq!(
        secrets(&[WHSEC, WHSEC]),
        Err(vec![".secrets[1]".to_owned()])
    );
}
