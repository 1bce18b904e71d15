//! The sandbox as a client sees it, every answer held against Jira's published contract.

mod adf;
mod control;
mod create;
mod faults;
mod fields;
mod meta;
pub mod openapi;
mod read;
mod relations;

use docket::sandbox::{Options, Sandbox, Site};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

/// A sandbox with a client that knows its account.
struct Jira {
    sandbox: Sandbox,
    client: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Jira {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with_site(site: Site) -> Self {
        let options = Options {
            site,
            ..Options::default()
        };
        Self::with(options).await
    }

    async fn with(options: Options) -> Self {
        Self {
            sandbox: Sandbox::start(options).await.unwrap(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.sandbox.url()))
            .basic_auth(Options::EMAIL, Some(Options::TOKEN))
    }

    /// Sends a request as it is; any answer is read and held against the contract.
    async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    /// Sends a call, and holds it and its answer against the contract.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let mut request = self.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let reply = self.send(request).await.unwrap();
        let checked =
            openapi::check_exchange(method.as_str(), path, body, reply.status, Some(&reply.body));
        checked.unwrap_or_else(|fault| panic!("{method} {path}: {fault}\n{}", reply.body));
        reply
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Creates a task with further fields.
    async fn create(&self, further: Value) -> Reply {
        self.post("/rest/api/3/issue", &issue(further)).await
    }

    /// Creates a task with further fields, and gives its key.
    async fn created(&self, further: Value) -> String {
        let reply = self.create(further).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body["key"].as_str().unwrap().to_owned()
    }
}

/// The body of a create: a task in DEMO with further fields, which may replace those.
fn issue(further: Value) -> Value {
    let mut fields = json!({
        "project": {"key": "DEMO"}, "issuetype": {"name": "Task"}, "summary": "A task",
    });
    for (id, value) in further.as_object().unwrap() {
        fields[id] = value.clone();
    }
    json!({"fields": fields})
}

/// A document of one paragraph.
fn document(text: &str) -> Value {
    let text = json!({"type": "text", "text": text});
    json!({"version": 1, "type": "doc", "content": [{"type": "paragraph", "content": [text]}]})
}
