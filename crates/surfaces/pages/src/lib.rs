//! Answers told as pages: one HTML writer for the report and the dashboard.
