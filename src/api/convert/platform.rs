//! Platforms and the fields of their issues.

use super::enums::Wire as _;
use crate::{
    app::integration_fields::{FieldsQuestion, FoundField},
    domain::{
        integration::{Platform, project_key},
        platform::Field,
        session_ticket::jira_name,
    },
    error::{Result, Violations},
    proto::v1,
};

/// What DiscoverFields asks for.
pub(in crate::api) fn question(request: &v1::DiscoverFieldsRequest) -> Result<FieldsQuestion> {
    let mut violations = Violations::new();
    let integration = violations.check("id", request.id.parse());
    let key = violations.check("project_key", project_key(&request.project_key));
    let issue_type = request.issue_type.as_deref().map(jira_name).transpose();
    let issue_type = violations.check("issue_type", issue_type);
    let parts = violations.settle(integration.zip(key).zip(issue_type))?;
    let ((integration, project_key), issue_type) = parts;
    Ok(FieldsQuestion {
        integration,
        project_key,
        issue_type,
    })
}

/// A field as it was found.
pub(in crate::api) fn found(field: FoundField) -> v1::DiscoveredField {
    let allowed = field.allowed.into_iter();
    v1::DiscoveredField {
        id: field.id,
        name: field.name,
        required: field.required,
        r#type: field.kind,
        allowed_values: allowed
            .map(|value| v1::AllowedValue {
                id: value.id,
                name: value.name,
            })
            .collect(),
    }
}

/// A platform with what a form for it asks.
pub(in crate::api) fn platform(platform: Platform) -> v1::Platform {
    let fields = |fields: &[Field]| fields.iter().map(field).collect();
    v1::Platform {
        platform_name: platform.name().to_owned(),
        category: platform.category().number(),
        config_fields: fields(platform.config_fields()),
        credential_fields: fields(platform.credential_fields()),
    }
}

fn field(field: &Field) -> v1::PlatformField {
    let allowed = field.allowed_values.iter();
    v1::PlatformField {
        name: field.name.to_owned(),
        r#type: field.kind.to_owned(),
        required: field.required,
        secret: field.secret,
        description: field.description.to_owned(),
        default_value: field.default_value.map(str::to_owned),
        allowed_values: allowed.map(|&value| value.to_owned()).collect(),
    }
}
