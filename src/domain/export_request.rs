//! What a person asks of a run under way (to pause, to go on, to stop) and what comes of it in each of the run's states.

use super::{export::ExportStatus, text_enum};

text_enum! {
    /// What a person asks of a run.
    ExportRequest {
        /// To halt at the next ticket's boundary.
        Pause,
        /// To go on.
        Resume,
        /// To stop at the next ticket's boundary.
        Cancel,
    }
}

/// What a request does to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// None: it is so already.
    Nothing,
    /// The worker that holds the run is asked, at the next ticket's boundary; `None` takes back what it was asked for.
    Ask(Option<ExportRequest>),
    /// Nobody works on the run: it moves at once.
    Move(ExportStatus),
}

/// A run as far as a request depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Where it stands.
    pub status: ExportStatus,
    /// What was asked of it and has had no effect yet.
    pub requested: Option<ExportRequest>,
    /// Whether a worker holds it.
    pub held: bool,
    /// Whether it goes on by itself at a time that Jira has set.
    pub waiting: bool,
}

impl ExportRequest {
    /// What the request does; `None` when the run has come to an end that it cannot change.
    pub fn effect(self, run: Standing) -> Option<Effect> {
        use ExportStatus::{Cancelled, Exporting, Paused, Pending};
        Some(match (self, run.status) {
            (Self::Cancel, Cancelled) => Effect::Nothing,
            (_, Pending | Exporting) => self.effect_under_way(run),
            // Only a person's word ends a person's pause; what waits for Jira alone becomes one.
            (Self::Pause, Paused) if run.waiting => Effect::Move(Paused),
            (Self::Pause, Paused) => Effect::Nothing,
            (Self::Resume, Paused) => Effect::Move(Exporting),
            (Self::Cancel, Paused) => Effect::Move(Cancelled),
            _ => return None,
        })
    }

    fn effect_under_way(self, run: Standing) -> Effect {
        match (self, run.requested) {
            (Self::Cancel, _) if !run.held => Effect::Move(ExportStatus::Cancelled),
            (Self::Cancel, Some(Self::Cancel)) => Effect::Nothing,
            (Self::Cancel, _) => Effect::Ask(Some(Self::Cancel)),
            (Self::Pause, Some(Self::Pause | Self::Cancel)) => Effect::Nothing,
            // Resumed, and not yet taken up.
            (Self::Pause, Some(Self::Resume)) => Effect::Move(ExportStatus::Paused),
            (Self::Pause, None) => Effect::Ask(Some(Self::Pause)),
            (Self::Resume, Some(Self::Pause)) => Effect::Ask(None),
            (Self::Resume, _) => Effect::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Effect::{Ask, Move, Nothing},
        ExportRequest::{Cancel, Pause, Resume},
        ExportStatus::{Cancelled, Completed, Exporting, Failed, Paused, Pending, Reverted},
        *,
    };

    fn run(status: ExportStatus, requested: Option<ExportRequest>, held: bool) -> Standing {
        Standing {
            status,
            requested,
            held,
            waiting: false,
        }
    }

    #[test]
    fn what_a_worker_holds_is_asked_for_and_the_rest_is_done_at_once() {
        let busy = run(Exporting, None, true);
        assert_eq!(Pause.effect(busy), Some(Ask(Some(Pause))));
        assert_eq!(Cancel.effect(busy), Some(Ask(Some(Cancel))));
        assert_eq!(Resume.effect(busy), Some(Nothing));
        for left in [run(Pending, None, false), run(Exporting, None, false)] {
            assert_eq!(Cancel.effect(left), Some(Move(Cancelled)));
            assert_eq!(Pause.effect(left), Some(Ask(Some(Pause))));
        }
        let paused = run(Paused, None, false);
        assert_eq!(Resume.effect(paused), Some(Move(Exporting)));
        assert_eq!(Cancel.effect(paused), Some(Move(Cancelled)));
        assert_eq!(Pause.effect(paused), Some(Nothing));
        let waiting = Standing {
            waiting: true,
            ..paused
        };
        assert_eq!(Pause.effect(waiting), Some(Move(Paused)));
    }

    #[test]
    fn a_later_word_takes_back_a_pause_and_never_a_cancellation() {
        let pausing = run(Exporting, Some(Pause), true);
        assert_eq!(Resume.effect(pausing), Some(Ask(None)));
        assert_eq!(Cancel.effect(pausing), Some(Ask(Some(Cancel))));
        let stopping = run(Exporting, Some(Cancel), true);
        for request in [Pause, Resume, Cancel] {
            assert_eq!(request.effect(stopping), Some(Nothing));
        }
        let resumed = run(Exporting, Some(Resume), false);
        assert_eq!(Pause.effect(resumed), Some(Move(Paused)));
    }

    #[test]
    fn an_end_is_an_end() {
        for status in [Completed, Failed, Reverted] {
            for request in [Pause, Resume, Cancel] {
                assert_eq!(request.effect(run(status, None, false)), None);
            }
        }
        let cancelled = run(Cancelled, None, false);
        assert_eq!(Cancel.effect(cancelled), Some(Nothing));
        assert_eq!(Pause.effect(cancelled), None);
        assert_eq!(Resume.effect(cancelled), None);
    }
}
