//! The load generator of chatoxide's benchmarks. The program `load` drives a server with one of the [`scenario`]s and prints
//! a [`report`]; the program `bare` is the Socket.IO library alone, to compare with.

pub mod checker;
pub mod clock;
pub mod cpu;
pub mod crowd;
pub mod frame;
pub mod histogram;
pub mod options;
pub mod pacer;
pub mod packet;
pub mod report;
pub mod scenario;
pub mod socket;
pub mod users;
