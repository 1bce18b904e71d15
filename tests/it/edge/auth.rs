//! Bearer tokens: every bad one is answered alike, and a good one names the caller.

use docket::proto::v1::{GetMeRequest, user_service_client::UserServiceClient};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use tonic::{Code, Request, Status, metadata::MetadataValue};

use super::{Edge, claims, now, probe, reason, sign};

/// The answer to a call with these `authorization` headers.
async fn answer(edge: &Edge, headers: &[String]) -> Status {
    let mut request = Request::new(GetMeRequest::default());
    for header in headers {
        let value = MetadataValue::try_from(header.as_str()).unwrap();
        request.metadata_mut().append("authorization", value);
    }
    let mut client = UserServiceClient::new(edge.channel().await);
    let answer = client.get_me(request).await;
    answer.err().unwrap_or_else(|| Status::new(Code::Ok, ""))
}

/// A token that claims to need no signature.
fn unsigned() -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let part = |value: serde_json::Value| BASE64.encode(value.to_string());
    let head = part(json!({"alg": "none", "typ": "JWT"}));
    format!("{head}.{}.", part(claims(json!({}))))
}

#[tokio::test]
async fn every_bad_token_is_answered_alike() {
    let edge = Edge::start().await;
    let secret = edge.config.tokens.secret.expose();
    let hs512 = jsonwebtoken::encode(
        &Header::new(Algorithm::HS512),
        &claims(json!({})),
        &EncodingKey::from_secret(secret),
    );
    let good = edge.token(json!({}));
    let bad = [
        ("garbage", "garbage".to_owned()),
        ("empty", String::new()),
        ("alg none", unsigned()),
        ("another algorithm", hs512.unwrap()),
        ("forged", sign(&[7; 32], json!({}))),
        ("cut", good[..good.len() - 4].to_owned()),
        ("expired", edge.token(json!({"exp": now() - 300}))),
        ("without exp", edge.token(json!({"exp": null}))),
        ("not yet valid", edge.token(json!({"nbf": now() + 300}))),
        ("wrong audience", edge.token(json!({"aud": "other"}))),
        ("wrong audiences", edge.token(json!({"aud": ["a", "b"]}))),
        ("without audience", edge.token(json!({"aud": null}))),
        ("wrong issuer", edge.token(json!({"iss": "other"}))),
        ("without issuer", edge.token(json!({"iss": null}))),
        ("unknown role", edge.token(json!({"role": "ROOT"}))),
        ("role in lower case", edge.token(json!({"role": "admin"}))),
        ("without role", edge.token(json!({"role": null}))),
        ("empty sub", edge.token(json!({"sub": ""}))),
        ("without sub", edge.token(json!({"sub": null}))),
        ("sub too long", edge.token(json!({"sub": "é".repeat(129)}))),
        (
            "name too long",
            edge.token(json!({"name": "n".repeat(256)})),
        ),
    ];
    let mut headers: Vec<(&str, Vec<String>)> = bad
        .into_iter()
        .map(|(name, token)| (name, vec![format!("Bearer {token}")]))
        .collect();
    headers.push(("another scheme", vec![format!("Basic {good}")]));
    headers.push(("no scheme", vec![good.clone()]));
    headers.push((
        "two headers",
        vec![format!("Bearer {good}"), format!("Bearer {good}")],
    ));

    let none = answer(&edge, &[]).await;
    assert_eq!(none.code(), Code::Unauthenticated);
    assert_eq!(reason(&none), "UNAUTHENTICATED");
    for (name, headers) in headers {
        let status = answer(&edge, &headers).await;
        assert_eq!(
            (status.code(), status.message(), status.details()),
            (none.code(), none.message(), none.details()),
            "{name}"
        );
    }
    let accepted = answer(&edge, &[format!("bearer {good}")]).await;
    assert_eq!(accepted.code(), Code::Ok);
}

#[tokio::test]
async fn the_claims_and_the_connection_make_the_actor() {
    let edge = Edge::start().await;
    let token = edge.token(json!({
        "role": "TEAM_LEAD", "team": "core", "name": "Ada", "email": "ada@example.com",
        "aud": ["other", "docket"], "nbf": now() - 5,
    }));
    let status = probe::call(edge.channel().await, "/test.Probe/Actor", &token)
        .await
        .unwrap_err();
    let expected = docket::domain::actor::Actor {
        user_id: "ada".parse().unwrap(),
        role: docket::domain::actor::Role::TeamLead,
        team: Some("core".to_owned()),
        display_name: "Ada".to_owned(),
        email: Some("ada@example.com".to_owned()),
        ip_address: Some([127, 0, 0, 1].into()),
    };
    let shown = format!("{expected:?}");
    assert_eq!(status.message(), shown);
}

#[tokio::test]
async fn the_sub_is_the_name_of_a_user_without_one() {
    let edge = Edge::start().await;
    let status = edge.probe("/test.Probe/Actor").await.unwrap_err();
    assert!(
        status.message().contains(r#"display_name: "ada""#),
        "{status:?}"
    );
    let longest = edge.token(json!({"sub": "é".repeat(128)}));
    let status = answer(&edge, &[format!("Bearer {longest}")]).await;
    assert_eq!(status.code(), Code::Ok);
}
