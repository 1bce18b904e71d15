//! An export loses no ticket and doubles none, whatever ends the process that works on it: real processes, ended for real.

mod bench;
mod check;
mod dispatch;
mod faults;
mod github;
mod lanes;
mod office;
mod process;
mod random;
mod replicas;
mod revert;
mod silence;
mod steps;
mod stop;
mod story;
mod watch;
