//! Tests with real links and rules, in network namespaces that go with the test.

mod egress;
mod host;
mod links;
mod world;
