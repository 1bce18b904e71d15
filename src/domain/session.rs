//! A session of tickets: its states, and the order that dependencies allow.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    hash::Hash,
};

use super::text_enum;

text_enum! {
    /// How far a session has come.
    SessionStage {
        /// Tickets are being added.
        Upload,
        /// Tickets are being worked through.
        Processing,
        /// Tickets are being looked over.
        Review,
        /// Tickets are going, or went, to Jira.
        JiraExport,
        /// Every ticket is in Jira.
        Completed,
    }
}

text_enum! {
    /// What may be done with a session now.
    SessionStatus {
        /// Tickets may be added; an export may start.
        Active,
        /// An export runs.
        Exporting,
        /// Every ticket is in Jira.
        Completed,
        /// The export stopped at a failure; it may be retried.
        ExportFailed,
        /// The export was cancelled; it may be retried.
        Cancelled,
    }
}

impl SessionStage {
    /// Whether people set it; the others are set by the export itself.
    pub const fn is_settable(self) -> bool {
        matches!(self, Self::Upload | Self::Processing | Self::Review)
    }
}

/// A ticket as a node of the dependency graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<K> {
    /// Identifies the ticket.
    pub key: K,
    /// The wished position; smaller goes first among those that are free to go.
    pub order: i32,
    /// What has to go before it. Keys that are no nodes are taken as gone already.
    pub depends_on: Vec<K>,
}

/// The order in which every ticket comes after what it depends on: Kahn's algorithm, ties by `order`, then by place in the input.
/// `Err` holds one cycle, each element depending on the next and the last on the first.
pub fn dependency_order<K: Clone + Eq + Hash>(nodes: &[Node<K>]) -> Result<Vec<K>, Vec<K>> {
    let index: HashMap<&K, usize> = nodes
        .iter()
        .enumerate()
        .map(|(i, node)| (&node.key, i))
        .collect();
    let mut waits = vec![0_usize; nodes.len()];
    let mut frees: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        for &before in node.depends_on.iter().filter_map(|key| index.get(key)) {
            waits[i] += 1;
            frees[before].push(i);
        }
    }
    let mut ready: BinaryHeap<Reverse<(i32, usize)>> = (0..nodes.len())
        .filter(|&i| waits[i] == 0)
        .map(|i| Reverse((nodes[i].order, i)))
        .collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, i))) = ready.pop() {
        sorted.push(nodes[i].key.clone());
        for &next in &frees[i] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(Reverse((nodes[next].order, next)));
            }
        }
    }
    if sorted.len() == nodes.len() {
        Ok(sorted)
    } else {
        Err(cycle(nodes, &index, &waits))
    }
}

/// Walks from any ticket that never became free to one that it waits for, until a ticket comes up again.
fn cycle<K: Clone + Eq + Hash>(
    nodes: &[Node<K>],
    index: &HashMap<&K, usize>,
    waits: &[usize],
) -> Vec<K> {
    let blocked = |i: usize| {
        let before = nodes[i]
            .depends_on
            .iter()
            .filter_map(|key| index.get(key).copied());
        before.into_iter().find(|&j| waits[j] > 0)
    };
    let mut path: Vec<usize> = Vec::new();
    let mut seen = vec![usize::MAX; nodes.len()];
    let mut at = waits.iter().position(|&w| w > 0);
    while let Some(i) = at {
        if seen[i] != usize::MAX {
            return path[seen[i]..]
                .iter()
                .map(|&j| nodes[j].key.clone())
                .collect();
        }
        seen[i] = path.len();
        path.push(i);
        at = blocked(i);
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(key: usize, order: i32, depends_on: &[usize]) -> Node<usize> {
        Node {
            key,
            order,
            depends_on: depends_on.to_vec(),
        }
    }

    #[test]
    fn ties_go_by_order_and_then_by_place() {
        let nodes = [
            node(0, 2, &[]),
            node(1, 1, &[]),
            node(2, 1, &[]),
            node(3, 0, &[0]),
        ];
        assert_eq!(dependency_order(&nodes), Ok(vec![1, 2, 0, 3]));
    }

    #[test]
    fn what_is_no_node_is_taken_as_gone() {
        assert_eq!(dependency_order(&[node(0, 0, &[7])]), Ok(vec![0]));
    }

    #[test]
    fn a_ticket_that_depends_on_itself_is_a_cycle_of_one() {
        assert_eq!(dependency_order(&[node(0, 0, &[0])]), Err(vec![0]));
    }

    /// Up to 30 tickets with any dependencies among them.
    fn graphs() -> impl Strategy<Value = Vec<Node<usize>>> {
        (1_usize..30).prop_flat_map(|count| {
            let edges = prop::collection::vec((0..count, 0..count), 0..40);
            (prop::collection::vec(0..5_i32, count), edges).prop_map(|(orders, edges)| {
                let mut nodes: Vec<_> = orders
                    .into_iter()
                    .enumerate()
                    .map(|(key, order)| node(key, order, &[]))
                    .collect();
                for (from, to) in edges {
                    nodes[from].depends_on.push(to);
                }
                nodes
            })
        })
    }

    proptest! {
        #[test]
        fn everything_comes_after_what_it_depends_on_or_a_real_cycle_is_named(nodes in graphs()) {
            match dependency_order(&nodes) {
                Ok(order) => {
                    let mut sorted = order.clone();
                    sorted.sort_unstable();
                    prop_assert_eq!(sorted, (0..nodes.len()).collect::<Vec<_>>());
                    let place = |key: usize| order.iter().position(|&k| k == key);
                    for node in &nodes {
                        for &before in &node.depends_on {
                            prop_assert!(place(before) < place(node.key));
                        }
                    }
                }
                Err(cycle) => {
                    prop_assert!(!cycle.is_empty());
                    for (i, &key) in cycle.iter().enumerate() {
                        let next = cycle[(i + 1) % cycle.len()];
                        prop_assert!(nodes[key].depends_on.contains(&next));
                    }
                }
            }
        }
    }
}
