//! Integrations: which to list, and how they are shown. Credentials go in elsewhere and never come out.

use super::{
    enums::Wire,
    etag, integration_config, page,
    time::{span, timestamp},
};
use crate::{
    app::{
        integrations::{Check, IntegrationView},
        pages::PageRequest,
    },
    db::integration::Filter,
    domain::{problem::Problem, session_ticket::name_query, ticket::short_text},
    error::{Result, Violations},
    proto::v1,
};

/// What ListIntegrations asks for.
pub(in crate::api) fn list(request: v1::ListIntegrationsRequest) -> Result<(Filter, PageRequest)> {
    let mut violations = Violations::new();
    let filter = request.filter.unwrap_or_default();
    let category = violations.check("filter.category", Wire::read(filter.category));
    let platform = filter.platform_name.as_deref();
    let platform = platform.map(|name| short_text(name, 255)).transpose();
    let platform = violations.check("filter.platform_name", platform);
    let status = violations.check("filter.status", Wire::read(filter.status));
    let query = filter.query.as_deref().map(name_query).transpose();
    let query = violations.check("filter.query", query);
    let page = page::request(&mut violations, request.page_size, request.page_token);
    let kind = category.zip(platform).zip(status);
    let parts = violations.settle(kind.zip(query).zip(page))?;
    let ((((category, platform_name), status), query), page) = parts;
    let filter = Filter {
        category,
        platform_name,
        enabled: filter.enabled,
        status,
        query,
    };
    Ok((filter, page))
}

/// The integration as everybody sees it.
pub(in crate::api) fn integration(view: IntegrationView) -> v1::Integration {
    let IntegrationView {
        integration,
        has_credentials,
    } = view;
    v1::Integration {
        id: integration.id.to_string(),
        name: integration.name,
        category: integration.category.number(),
        platform_name: integration.platform.name().to_owned(),
        enabled: integration.enabled,
        status: integration.status.number(),
        has_credentials,
        last_check_time: integration.last_check_time.map(timestamp),
        last_error: integration.last_error,
        dispatch_count: integration.dispatch_count,
        failure_count: integration.failure_count,
        etag: etag(integration.version),
        create_time: Some(timestamp(integration.create_time)),
        update_time: Some(timestamp(integration.update_time)),
        config: Some(integration_config::shown(integration.config)),
    }
}

/// The integration that a call with `validate_only` would have made: it has no id yet.
pub(in crate::api) fn planned(view: IntegrationView) -> v1::Integration {
    v1::Integration {
        id: String::new(),
        ..integration(view)
    }
}

/// What a check found.
pub(in crate::api) fn check(check: Check) -> v1::TestIntegrationResponse {
    v1::TestIntegrationResponse {
        ok: check.ok,
        latency: Some(span(check.latency)),
        account: check.account.unwrap_or_default(),
        problems: check.problems.into_iter().map(problem).collect(),
    }
}

/// A finding as everybody sees it.
pub(super) fn problem(problem: Problem) -> v1::Problem {
    v1::Problem {
        reason: problem.reason.to_string(),
        category: problem.category.number(),
        message: problem.message,
        field: problem.field,
        recommended_action: problem.recommended_action,
    }
}
