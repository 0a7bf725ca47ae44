//! Questions put to the data: a question, a snapshot, a model and a seed give an answer.
