//! Keeping the answer to a plan within what clients take: what repeats or can be asked for elsewhere goes first.

use std::collections::HashSet;

use super::{
    export_plan::{ExportPlan, PlanItem, Unsent},
    losses::Loss,
    pages::PAGE_BYTES,
};
use crate::{
    domain::problem::Problem,
    error::{Error, Reason, Result},
};

/// About how many bytes an item has, before anything is told of it.
const ITEM_BYTES: usize = 64;
/// About how many bytes a fallback or a problem has beside its texts.
const FRAME_BYTES: usize = 24;

/// Leaves out of a plan what does not fit: the losses of descriptions, which TestAdfConversion tells; then texts that an earlier item
/// has told; then the tickets of which there is nothing to tell. The hash stays that of the whole plan.
pub(super) fn fit(plan: &mut ExportPlan) -> Result<()> {
    for leave_out in [leave_out_losses, leave_out_repeated, leave_out_plain] {
        if weight(plan) <= PAGE_BYTES {
            return Ok(());
        }
        leave_out(&mut plan.items);
    }
    if weight(plan) <= PAGE_BYTES {
        return Ok(());
    }
    Err(Error::Exhausted {
        reason: Reason::MessageTooLarge,
        message: "the plan is larger than clients take; mend what is common to all tickets first, as ValidateProject tells it".to_owned(),
        retry_after: std::time::Duration::from_secs(60),
    })
}

fn leave_out_losses(items: &mut Vec<PlanItem>) {
    for item in items {
        item.losses.clear();
    }
}

/// A text is told once for each field and value that it is about.
fn leave_out_repeated(items: &mut Vec<PlanItem>) {
    let mut told: HashSet<String> = HashSet::new();
    for item in items {
        item.title.clear();
        for fallback in &mut item.fallbacks {
            once(&mut told, &mut fallback.reason);
            once(&mut told, &mut fallback.recommended_action);
        }
        for problem in &mut item.problems {
            once(&mut told, &mut problem.message);
            once(&mut told, &mut problem.recommended_action);
        }
    }
}

/// Leaves a text out that has been told.
fn once(told: &mut HashSet<String>, text: &mut String) {
    if told.contains(text.as_str()) {
        text.clear();
    } else {
        told.insert(text.clone());
    }
}

fn leave_out_plain(items: &mut Vec<PlanItem>) {
    items.retain(|item| {
        item.jira_key.is_some() || !(item.fallbacks.is_empty() && item.problems.is_empty())
    });
}

fn weight(plan: &ExportPlan) -> usize {
    plan.items.iter().map(item_weight).sum()
}

fn item_weight(item: &PlanItem) -> usize {
    let fallback = |it: &Unsent| {
        let texts = [
            &it.field,
            &it.wanted,
            &it.sent,
            &it.reason,
            &it.recommended_action,
            &item.title,
        ];
        texts.iter().map(|text| text.len() + 3).sum::<usize>() + FRAME_BYTES
    };
    let problem = |it: &Problem| {
        it.message.len() + it.field.len() + it.recommended_action.len() + 2 * FRAME_BYTES
    };
    ITEM_BYTES
        + item.fallbacks.iter().map(fallback).sum::<usize>()
        + item.problems.iter().map(problem).sum::<usize>()
        + item.losses.iter().map(Loss::weight).sum::<usize>()
}
