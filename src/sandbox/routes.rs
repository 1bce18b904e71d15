//! Which handler answers which call.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{MethodRouter, delete, get, post, put},
};

use super::{
    agile, answer::Refusal, attachments, browse, control, issues, links, meta,
    operation::Operation, people, properties, search, shared::Shared,
};

/// All routes of a sandbox.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let jira = Operation::ALL
        .iter()
        .fold(Router::new(), |router, operation| {
            router.route(operation.path(), handler(*operation))
        });
    jira.merge(control::routes())
        .route("/browse/{issue}", get(browse::page))
        .fallback(async || Refusal::message(404, "The sandbox has nothing here."))
        // The server has already read the body, up to its own limit.
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

fn handler(operation: Operation) -> MethodRouter<Arc<Shared>> {
    match operation {
        Operation::CreateIssue => post(issues::create),
        Operation::CreateIssues => post(issues::create_many),
        Operation::FetchIssues => post(issues::fetch),
        Operation::GetIssue => get(issues::get),
        Operation::EditIssue => put(issues::edit),
        Operation::DeleteIssue => delete(issues::delete),
        Operation::GetChangelog => get(properties::changelog),
        Operation::ListProperties => get(properties::list_properties),
        Operation::GetProperty => get(properties::get_property),
        Operation::SetProperty => put(properties::set_property),
        Operation::EditMeta => get(meta::edit_fields),
        Operation::CreateMetaTypes => get(meta::create_types),
        Operation::CreateMetaFields => get(meta::create_fields),
        Operation::SearchProjects => get(meta::projects),
        Operation::GetProject => get(meta::project),
        Operation::Configuration => get(meta::configuration),
        Operation::ServerInfo => get(meta::server_info),
        Operation::ListPriorities => get(meta::priorities),
        Operation::ListFields => get(meta::fields),
        Operation::AddAttachments => post(attachments::add),
        Operation::AttachmentMeta => get(attachments::meta),
        Operation::GetAttachment => get(attachments::get),
        Operation::GetAttachmentContent => get(attachments::content),
        Operation::DeleteAttachment => delete(attachments::delete),
        Operation::ListLinkTypes => get(links::types),
        Operation::CreateLink => post(links::create),
        Operation::GetLink => get(links::get),
        Operation::DeleteLink => delete(links::delete),
        Operation::MyPermissions => get(people::permissions),
        Operation::AssignableUsers => get(people::assignable),
        Operation::SearchUsers => get(people::search),
        Operation::GetUser => get(people::user),
        Operation::Myself => get(people::myself),
        Operation::SearchPost => post(search::post),
        Operation::SearchGet => get(search::get),
        Operation::ListBoards => get(agile::boards),
        Operation::GetBoard => get(agile::board),
        Operation::BoardConfiguration => get(agile::configuration),
        Operation::ListSprints => get(agile::sprints),
        Operation::GetSprint => get(agile::sprint),
        Operation::MoveToSprint => post(agile::move_to_sprint),
    }
}
