//! Trees as they are written down, and read back.

use super::boost::BoostedTrees;
use super::tree::{Node, Tree};

/// A place in a tree. The root is the first of its tree; children come after their parents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TreeNode {
    /// Rows whose feature is at or below the threshold go left.
    Split {
        /// Position of the feature.
        feature: usize,
        /// Where it is cut; infinite where only missing values go right.
        threshold: f64,
        /// Where a row goes of which the feature is missing.
        missing_goes_left: bool,
        /// Position of the left child.
        left: usize,
        /// Position of the right child.
        right: usize,
        /// By how much the split made the second-order loss smaller.
        gain: f64,
    },
    /// What is added to the score of a row that ends here.
    Leaf(f64),
}

/// Nodes that make no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A tree without a root.
    #[error("tree {tree} has no nodes, expected a root")]
    Empty {
        /// Position of the tree.
        tree: usize,
    },
    /// A child that is not there, or stands before its parent.
    #[error(
        "node {node} of tree {tree} has the child {child}, expected one after it among {nodes} nodes"
    )]
    Child {
        /// Position of the tree.
        tree: usize,
        /// Position of the node.
        node: usize,
        /// The child's position.
        child: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A number that is none.
    #[error("node {node} of tree {tree} holds a number that is not finite")]
    NotFinite {
        /// Position of the tree.
        tree: usize,
        /// Position of the node.
        node: usize,
    },
    /// A feature that the rows lack.
    #[error("node {node} of tree {tree} asks for feature {feature}, expected one of {n_features}")]
    Feature {
        /// Position of the tree.
        tree: usize,
        /// Position of the node.
        node: usize,
        /// The feature.
        feature: usize,
        /// How many there are.
        n_features: usize,
    },
}

impl BoostedTrees {
    /// The nodes of each tree.
    #[must_use]
    pub fn nodes(&self) -> Vec<Vec<TreeNode>> {
        let node = |node: &Node| match *node {
            Node::Leaf(value) => TreeNode::Leaf(value),
            Node::Split { feature, threshold, missing_goes_left, left, right, gain, .. } => {
                TreeNode::Split {
                    feature: feature as usize,
                    threshold,
                    missing_goes_left,
                    left: left as usize,
                    right: right as usize,
                    gain,
                }
            }
        };
        self.trees.iter().map(|tree| tree.nodes.iter().map(node).collect()).collect()
    }

    /// The constant and the trees of these nodes, over `n_features` features.
    ///
    /// ```
    /// use clv_numerics::boosted_trees::{BoostedTrees, FeatureTable, Monotone, TreeNode};
    /// let split = TreeNode::Split {
    ///     feature: 0, threshold: 2.0, missing_goes_left: true, left: 1, right: 2, gain: 1.0,
    /// };
    /// let nodes = vec![vec![split, TreeNode::Leaf(-1.0), TreeNode::Leaf(1.0)]];
    /// let trees = BoostedTrees::of_nodes(0.5, &nodes, 1)?;
    /// let table = FeatureTable::new(vec![vec![2.0, 3.0]], vec![Monotone::Free])?;
    /// assert_eq!(trees.predict(&table, &[0.0, 0.0]), [-0.5, 1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TreeError`] where nodes make no tree.
    pub fn of_nodes(
        intercept: f64,
        nodes: &[Vec<TreeNode>],
        n_features: usize,
    ) -> Result<Self, TreeError> {
        if !intercept.is_finite() {
            return Err(TreeError::NotFinite { tree: 0, node: 0 });
        }
        let trees = nodes.iter().enumerate().map(|(tree, nodes)| {
            if nodes.is_empty() {
                return Err(TreeError::Empty { tree });
            }
            let read =
                |(at, node): (usize, &TreeNode)| read_node(tree, at, node, nodes, n_features);
            let nodes: Result<Vec<Node>, TreeError> = nodes.iter().enumerate().map(read).collect();
            Ok(Tree { nodes: nodes? })
        });
        Ok(Self { intercept, trees: trees.collect::<Result<_, _>>()? })
    }

    /// What the splits on each feature gained together, one number for each feature.
    #[must_use]
    pub fn gain_by_feature(&self, n_features: usize) -> Vec<f64> {
        let mut gains = vec![0.0; n_features];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            if let Node::Split { feature, gain, .. } = node {
                gains[*feature as usize] += gain;
            }
        }
        gains
    }
}

fn read_node(
    tree: usize,
    node: usize,
    written: &TreeNode,
    nodes: &[TreeNode],
    n_features: usize,
) -> Result<Node, TreeError> {
    match *written {
        TreeNode::Leaf(value) if value.is_finite() => Ok(Node::Leaf(value)),
        TreeNode::Leaf(_) => Err(TreeError::NotFinite { tree, node }),
        TreeNode::Split { threshold, .. } if threshold.is_nan() => {
            Err(TreeError::NotFinite { tree, node })
        }
        TreeNode::Split { feature, .. } if feature >= n_features => {
            Err(TreeError::Feature { tree, node, feature, n_features })
        }
        TreeNode::Split { feature, threshold, missing_goes_left, left, right, gain } => {
            // Every step down goes on in the list, so that no walk runs in a circle.
            if let Some(child) =
                [left, right].into_iter().find(|child| *child <= node || *child >= nodes.len())
            {
                return Err(TreeError::Child { tree, node, child, nodes: nodes.len() });
            }
            let short = |at: usize| u32::try_from(at).expect("a tree has few nodes");
            Ok(Node::Split {
                feature: short(feature),
                // Bins belong to the rows that a tree is grown on.
                last_bin: 0,
                threshold,
                missing_goes_left,
                left: short(left),
                right: short(right),
                gain,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_make_no_tree_are_refused() {
        let split = |feature, left, right| TreeNode::Split {
            feature,
            threshold: 0.0,
            missing_goes_left: true,
            left,
            right,
            gain: 0.0,
        };
        let leaf = TreeNode::Leaf(1.0);
        for (nodes, expected) in [
            (vec![], TreeError::Empty { tree: 0 }),
            (vec![split(0, 1, 0), leaf], TreeError::Child { tree: 0, node: 0, child: 0, nodes: 2 }),
            (
                vec![split(0, 1, 3), leaf, leaf],
                TreeError::Child { tree: 0, node: 0, child: 3, nodes: 3 },
            ),
            (
                vec![split(4, 1, 2), leaf, leaf],
                TreeError::Feature { tree: 0, node: 0, feature: 4, n_features: 4 },
            ),
            (vec![TreeNode::Leaf(f64::NAN)], TreeError::NotFinite { tree: 0, node: 0 }),
        ] {
            assert_eq!(BoostedTrees::of_nodes(0.0, &[nodes], 4), Err(expected));
        }
    }
}
