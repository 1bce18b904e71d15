//! Every RPC has a row: the least role that may ever call it. A lesser one is told so before anything of its request is looked at.

use std::time::Duration;

use docket::{domain::actor::Role, proto::FILE_DESCRIPTOR_SET};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use rstest::rstest;
use strum::IntoEnumIterator as _;
use tonic::{Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::reason;
use crate::support::{database::Kind, server::TestServer};

const EVERYBODY: &str = "END_USER";
const ENGINEERS: &str = "DEVOPS_ENGINEER";
const MANAGERS: &str = "MANAGER";
const ADMIN: &str = "ADMIN";

/// The contract's "Who": an RPC, and the least role that may ever call it.
const RPCS: [(&str, &str); 68] = [
    ("ExportService/AddSessionTickets", ENGINEERS),
    ("ExportService/ApplyFixes", ENGINEERS),
    ("ExportService/CancelExport", ENGINEERS),
    ("ExportService/CheckDrift", ENGINEERS),
    ("ExportService/CreateSession", ENGINEERS),
    ("ExportService/DeleteSession", ENGINEERS),
    ("ExportService/GetExport", ENGINEERS),
    ("ExportService/GetExportResults", ENGINEERS),
    ("ExportService/GetSession", ENGINEERS),
    ("ExportService/ListSessionTickets", ENGINEERS),
    ("ExportService/ListSessions", ENGINEERS),
    ("ExportService/PauseExport", ENGINEERS),
    ("ExportService/PlanExport", ENGINEERS),
    ("ExportService/ReorderSessionTickets", ENGINEERS),
    ("ExportService/ResumeExport", ENGINEERS),
    ("ExportService/RetryExport", ENGINEERS),
    ("ExportService/RevertExport", ENGINEERS),
    ("ExportService/SetTicketDependencies", ENGINEERS),
    ("ExportService/StartExport", ENGINEERS),
    ("ExportService/TestAdfConversion", ENGINEERS),
    ("ExportService/UpdateSession", ENGINEERS),
    ("ExportService/ValidateProject", ENGINEERS),
    ("ExportService/WatchExport", ENGINEERS),
    ("IntegrationService/CreateIntegration", MANAGERS),
    ("IntegrationService/DeleteIntegration", MANAGERS),
    ("IntegrationService/DiscoverFields", ENGINEERS),
    ("IntegrationService/GetIntegration", ENGINEERS),
    ("IntegrationService/ListIntegrations", ENGINEERS),
    ("IntegrationService/ListPlatforms", ENGINEERS),
    ("IntegrationService/SetIntegrationEnabled", MANAGERS),
    ("IntegrationService/TestIntegration", MANAGERS),
    ("IntegrationService/UpdateIntegration", MANAGERS),
    ("TicketService/AssignTicket", ENGINEERS),
    ("TicketService/BatchGetTickets", EVERYBODY),
    ("TicketService/BatchUpdateTickets", EVERYBODY),
    ("TicketService/CloseTicket", ENGINEERS),
    ("TicketService/CreateComment", EVERYBODY),
    ("TicketService/CreateTicket", EVERYBODY),
    ("TicketService/DeleteAttachment", EVERYBODY),
    ("TicketService/DeleteComment", EVERYBODY),
    ("TicketService/DeleteTicket", ADMIN),
    ("TicketService/DispatchTicket", EVERYBODY),
    ("TicketService/DownloadAttachment", EVERYBODY),
    ("TicketService/DraftTicket", EVERYBODY),
    ("TicketService/EscalateTicket", EVERYBODY),
    ("TicketService/ExplainSla", EVERYBODY),
    ("TicketService/FinishUpload", EVERYBODY),
    ("TicketService/GetTicket", EVERYBODY),
    ("TicketService/ListAllowedTransitions", EVERYBODY),
    ("TicketService/ListAttachments", EVERYBODY),
    ("TicketService/ListComments", EVERYBODY),
    ("TicketService/ListDispatchAttempts", EVERYBODY),
    ("TicketService/ListTicketAssignments", EVERYBODY),
    ("TicketService/ListTicketHistory", EVERYBODY),
    ("TicketService/ListTickets", EVERYBODY),
    ("TicketService/ReopenTicket", EVERYBODY),
    ("TicketService/ResolveTicket", ENGINEERS),
    ("TicketService/StartUpload", EVERYBODY),
    ("TicketService/TransitionTicket", EVERYBODY),
    ("TicketService/UndeleteTicket", ADMIN),
    ("TicketService/UpdateComment", EVERYBODY),
    ("TicketService/UpdateTicket", EVERYBODY),
    ("TicketService/UploadAttachment", EVERYBODY),
    ("TicketService/UploadChunk", EVERYBODY),
    ("TicketService/WatchTickets", EVERYBODY),
    ("UserService/GetMe", EVERYBODY),
    ("UserService/ListUsers", ENGINEERS),
    ("UserService/UpsertUsers", ADMIN),
];

#[test]
fn every_rpc_of_the_contract_has_a_row() {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut names: Vec<String> = Vec::new();
    for service in set.file.iter().flat_map(|file| &file.service) {
        let methods = service.method.iter();
        names.extend(methods.map(|method| format!("{}/{}", service.name(), method.name())));
    }
    names.sort();
    assert_eq!(names, RPCS.map(|(name, _)| name.to_owned()));
}

#[rstest]
#[tokio::test]
async fn a_role_that_may_never_call_is_told_so_whatever_it_sends(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    for role in Role::iter() {
        for (name, least) in RPCS {
            let least: Role = least.parse().unwrap();
            let answer = empty_call(&server, role, name).await;
            let case = format!("{role} calls {name}: {answer:?}");
            match answer {
                // Told of an RPC that is not served, to whomever.
                Err(status) if status.code() == Code::Unimplemented => (),
                Err(status) if role < least => {
                    assert_eq!(status.code(), Code::PermissionDenied, "{case}");
                    assert_eq!(reason(&status), "PERMISSION_DENIED", "{case}");
                }
                Err(status) => assert!(
                    matches!(status.code(), Code::InvalidArgument | Code::NotFound),
                    "{case}"
                ),
                Ok(()) => assert!(role >= least, "{case}"),
            }
        }
    }
}

/// Sends an empty message, and waits for the first answer.
async fn empty_call(server: &TestServer, role: Role, name: &str) -> Result<(), Status> {
    let path: PathAndQuery = format!("/docket.v1.{name}").parse().unwrap();
    let mut client = Grpc::new(server.authorized(role));
    client.ready().await.unwrap();
    let mut request = Request::new(());
    request.set_timeout(Duration::from_secs(10));
    let codec = ProstCodec::<(), ()>::default();
    let answer = client.server_streaming(request, path, codec).await?;
    answer.into_inner().message().await.map(drop)
}
