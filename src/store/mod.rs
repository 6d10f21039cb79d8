//! What must survive a crash, in SQLite or Postgres: the inventory, rotations with their journal and
//! leases, sealed bytes, the audit chain.
//!
//! - `record`: the rows

pub mod record;
