//! The program as a user meets it: what is typed, what is printed, which exit status.

mod bad_input;
mod contract;
mod real_files;
mod report;
mod run;
