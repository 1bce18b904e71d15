//! Reading lists to their end.

use futures::FutureExt as _;

use super::*;

#[test]
fn pages_are_read_by_any_name_and_with_unknown_or_missing_members() {
    for name in ["values", "issueTypes", "fields", "results"] {
        let text = format!(r#"{{"{name}":[1,2],"total":2,"surprise":true}}"#);
        let read = all_pages(|_| std::future::ready(Ok(serde_json::from_str(&text).unwrap())));
        let all: Vec<i32> = read.now_or_never().unwrap().unwrap();
        assert_eq!(all, [1, 2], "{name}");
    }
    let field: CreateField = serde_json::from_str(r#"{"fieldId":"summary","surprise":1}"#).unwrap();
    assert_eq!(field.field_id, "summary");
    assert!(!field.required && field.allowed_values.is_empty());
}

#[test]
fn entries_that_are_half_empty_are_read_and_those_that_name_nothing_left_out() {
    let entries = serde_json::json!([
        { "fieldId": "labels", "name": null, "required": null, "hasDefaultValue": null, "allowedValues": null, "schema": null },
        { "name": "Of no field" },
        { "fieldId": "summary", "required": true },
    ]);
    let read: Vec<CreateField> = readable(serde_json::from_value(entries).unwrap()).unwrap();
    let names: Vec<_> = read.iter().map(|field| field.field_id.as_str()).collect();
    assert_eq!(names, ["labels", "summary"]);
    assert!(!read[0].required && read[1].is_demanded());
    let unreadable = readable::<CreateField>(vec![Value::Null]);
    assert_eq!(unreadable, Err(Trouble::Unreadable.into()));
}

#[tokio::test]
async fn reading_ends_at_the_total_at_the_last_page_and_at_an_empty_one() {
    for (total, is_last, pages) in [(Some(4), None, 2), (None, Some(true), 1), (None, None, 4)] {
        let mut calls = 0;
        let all = all_pages(|start| {
            calls += 1;
            let values = if start < 6 {
                vec![start, start + 1]
            } else {
                vec![]
            };
            let body = serde_json::json!({ "values": values, "total": total, "isLast": is_last });
            std::future::ready(Ok(serde_json::from_value(body).unwrap()))
        });
        let all: Vec<u64> = all.await.unwrap();
        assert_eq!(calls, pages);
        assert_eq!(all, (0..all.len() as u64).collect::<Vec<_>>());
    }
}
